/*
 * units: numbers as people read them. Everything fits a fixed width, so that columns do not jitter from frame to frame.
 * Pure. Any thread.
 */
#pragma once

#include "fleet/model.h"

#include <stdint.h>

#define UNIT_TEXT 24 /* room for any text below */

/* VALUE in UNIT: "3.2G" (powers of 1024, for bytes and bytes per second alike), "41%", "1.2k", "0.4ms", "4m", "2.3:1".
 * Never longer than unit_width(UNIT), but for counts and ratios that are out of this world. */
void unit_format(char out[UNIT_TEXT], enum unit unit, double value);
/* The same for running text, where "bytes per second" must be said: "1.2G/s". */
void unit_format_long(char out[UNIT_TEXT], enum unit unit, double value);
int unit_width(enum unit unit);

/* An age or a duration: "0s", "59s", "4m", "47h", "12d", "3y". Negative ones are "0s": clocks of two machines differ. */
void unit_age(char out[UNIT_TEXT], int64_t us);

/* A whole number with thousands separated: "11,100". */
void unit_thousands(char out[UNIT_TEXT], double value);

/* The next of 1, 2, 5, 10, 20, …: what fills a graph of numbers without a limit, so that its scale seldom changes. */
double unit_round_up(double number);

/* What the raw number in JSON and CSV means: "bytes", "percent", … */
const char *unit_name(enum unit unit);
