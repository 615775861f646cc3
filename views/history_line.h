/*
 * history_line: the rings of one row of history.c – a guest, a host or the fleet. Numbers are put in for the time since
 * the ones before; the points of the longer spans are means of the shortest one's. UI thread only, pure.
 */
#pragma once

#include "views/history.h"

#include <stdint.h>

/* The points of a span, and the steps of the shortest one that each is the mean of: these lie all in its ring, and each
 * span's points begin where some of the next shorter one do. */
#define LINE_STEP_US    INT64_C(2500000)
#define LINE_POINTS_1M  24
#define LINE_POINTS_15M 60
#define LINE_STEPS_15M  6
#define LINE_POINTS_1H  60
#define LINE_STEPS_1H   24
#define LINE_POINTS     (LINE_POINTS_1M + LINE_POINTS_15M + LINE_POINTS_1H)

struct line {
	int64_t at_us; /* when the newest numbers were taken, 0: none yet */
	bool mem_held; /* a guest's HISTORY_MEM is of what its host holds of it, not of what it uses */
	uint16_t *points[HISTORY_SERIES_COUNT]; /* LINE_POINTS of them, packed; NULL: nothing was ever known of this series */
};

void line_init(struct line *line);
void line_done(struct line *line); /* accepts one that is all zeros */

/* VALUES, NAN where not known, were taken at AT_US and hold for the time since SINCE_US. What lies between the numbers
 * before and SINCE_US stays unknown. Numbers older than those before are ignored. */
void line_put(struct line *line, int64_t since_us, int64_t at_us, const double values[HISTORY_SERIES_COUNT]);

/* Makes all of SERIES unknown. */
void line_forget(struct line *line, enum history_series series);

/* SERIES over the SPAN that ends with END_US, oldest first, NAN where not known, into OUT[history_points(span)]; false:
 * nothing is known, OUT is untouched. */
bool line_read(const struct line *line, enum history_series series, enum history_span span, int64_t end_us, double *out);

/* SERIES at at_us, NAN: not known. */
double line_newest(const struct line *line, enum history_series series);

/* A number in 16 bits: 6 of exponent, 10 of mantissa, no sign. Percents and bytes per second need no scale: from 0.0001 to
 * 5e14 it is right to 0.1 %; less is 0. NAN and negative numbers are unknown. */
uint16_t line_pack(double number);
double line_unpack(uint16_t packed);
