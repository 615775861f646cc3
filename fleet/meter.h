/*
 * meter: rates of many counters that have names ("block.vda.rd.bytes"), each with the times at which it was read itself.
 * Pure: no clock, no I/O.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct meter;

struct meter *meter_new(void);
void meter_free(struct meter *meter); /* accepts NULL */

/* The counter NAME stands at VALUE at NOW_US. *RATE becomes its growth per second since it was read before – since the
 * time before that when the two lie too near to each other. False, and *RATE untouched: not known, because it is new, was
 * not read for long, or went backwards. */
bool meter_rate(struct meter *meter, const char *name, uint64_t value, int64_t now_us, double *rate);
