/* clock: the one source of time, so that tests can freeze it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Microseconds of CLOCK_MONOTONIC. Any thread. */
int64_t clock_now_us(void);

#define CLOCK_TEXT 40
/* WALL_US as "2026-11-22T08:35:12.123Z"; "" for what is no time. Pure. */
void clock_wall_text(int64_t wall_us, char out[CLOCK_TEXT]);

/* Microseconds since the epoch, for showing; frozen by VIRT_FLEET_NOW (seconds since the epoch) for golden screens.
 * Any thread. */
int64_t clock_wall_us(void);

/* What VIRT_FLEET_NOW says, 0 when it is not set; false: it is no time. Any thread. */
bool clock_frozen(int64_t *seconds);
