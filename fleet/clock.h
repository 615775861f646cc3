/* clock: the one source of time, so that tests can freeze it. */
#pragma once

#include <stdint.h>

/* Microseconds of CLOCK_MONOTONIC. Any thread. */
int64_t clock_now_us(void);

/* Microseconds since the epoch, for showing; frozen by VIRT_FLEET_NOW (seconds since the epoch) for golden screens.
 * Any thread. */
int64_t clock_wall_us(void);
