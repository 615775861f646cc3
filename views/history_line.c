#include "views/history_line.h"

#include <math.h>
#include <string.h>

/* ---- numbers ---- */

#define UNKNOWN       0xffffu
#define MANTISSA_GONE 13           /* bits of a float's mantissa that are not kept */
#define EXPONENT_BASE (112u << 10) /* the float's exponent that becomes 0 */
#define LARGEST       (UNKNOWN - 1)

uint16_t
line_pack(double number)
{
	float single = (float)number;
	uint32_t bits;

	if (!(number >= 0))
		return UNKNOWN;
	memcpy(&bits, &single, sizeof(bits));
	bits = (bits + (1u << (MANTISSA_GONE - 1))) >> MANTISSA_GONE;
	return (uint16_t)(bits <= EXPONENT_BASE ? 0 : MIN(bits - EXPONENT_BASE, LARGEST));
}

double
line_unpack(uint16_t packed)
{
	uint32_t bits = (packed + EXPONENT_BASE) << MANTISSA_GONE;
	float single;

	if (packed == UNKNOWN)
		return NAN;
	memcpy(&single, &bits, sizeof(single));
	return packed ? (double)single : 0;
}

/* ---- rings ---- */

/* Point POINT of a ring, counted from the beginning of time, is at POINT % points. */
static const struct ring {
	size_t first; /* in struct line's points */
	int64_t points, steps;
} rings[HISTORY_SPAN_COUNT] = {
	[HISTORY_1M] = { 0, LINE_POINTS_1M, 1 },
	[HISTORY_15M] = { LINE_POINTS_1M, LINE_POINTS_15M, LINE_STEPS_15M },
	[HISTORY_1H] = { LINE_POINTS_1M + LINE_POINTS_15M, LINE_POINTS_1H, LINE_STEPS_1H },
};

size_t
history_points(enum history_span span)
{
	return (size_t)rings[span].points;
}

int64_t
history_step_us(enum history_span span)
{
	return rings[span].steps * LINE_STEP_US;
}

void
line_init(struct line *line)
{
	*line = (struct line){ 0 };
}

void
line_done(struct line *line)
{
	for (int series = 0; series < HISTORY_SERIES_COUNT; series++)
		g_clear_pointer(&line->points[series], g_free);
}

static void
all_unknown(uint16_t *points)
{
	memset(points, 0xff, LINE_POINTS * sizeof(*points));
}

/* Many series are never known: no driver tells all of them. Room is made for one with its first number. */
static uint16_t *
make_series(struct line *line, int series)
{
	if (!line->points[series]) {
		line->points[series] = g_new(uint16_t, LINE_POINTS);
		all_unknown(line->points[series]);
	}
	return line->points[series];
}

static size_t
place(enum history_span span, int64_t point)
{
	return rings[span].first + (size_t)(point % rings[span].points);
}

/* The mean of what is known in the POINTS FROM to TO of SPAN, whose ring must still hold them. */
static double
mean(const uint16_t *points, enum history_span span, int64_t from, int64_t to)
{
	double sum = 0;
	int n = 0;

	for (int64_t point = from; point <= to; point++) {
		double number = line_unpack(points[place(span, point)]);

		if (isnan(number))
			continue;
		sum += number;
		n++;
	}
	return n ? sum / n : NAN;
}

/* The points of the longer spans that end with STEP: means of those of the next shorter one. */
static void
fold(uint16_t *points, int64_t step)
{
	for (int span = HISTORY_15M; span < HISTORY_SPAN_COUNT; span++) {
		const struct ring *ring = &rings[span];
		int64_t finer = rings[span - 1].steps;

		if ((step + 1) % ring->steps == 0)
			points[place((enum history_span)span, step / ring->steps)] =
				line_pack(mean(points, (enum history_span)(span - 1),
					(step + 1 - ring->steps) / finer, step / finer));
	}
}

/* PACKED is what is known from step SINCE to STEP; between NEWEST, the last one there is, and SINCE nothing is. */
static void
put_series(uint16_t *points, int64_t newest, int64_t since, int64_t step, uint16_t packed)
{
	/* the newest step is not over: what comes last in it counts */
	for (int64_t i = MIN(newest, step - 1) + 1; i <= step; i++) {
		if (i > newest && i > 0)
			fold(points, i - 1);
		points[place(HISTORY_1M, i)] = i >= since ? packed : UNKNOWN;
	}
}

void
line_put(struct line *line, int64_t since_us, int64_t at_us, const double values[HISTORY_SERIES_COUNT])
{
	int64_t newest = line->at_us / LINE_STEP_US, step = at_us / LINE_STEP_US;
	int64_t since = MIN(since_us / LINE_STEP_US + 1, step);

	if (at_us < line->at_us)
		return;
	if (step - newest > LINE_POINTS_1H * LINE_STEPS_1H) { /* nothing in the rings counts any more */
		for (int series = 0; series < HISTORY_SERIES_COUNT; series++)
			line_forget(line, (enum history_series)series);
		line->mem_held = false;
		newest = since - 1;
	}
	line->at_us = at_us;
	for (int series = 0; series < HISTORY_SERIES_COUNT; series++) {
		uint16_t packed = line_pack(values[series]);

		if (packed != UNKNOWN || line->points[series])
			put_series(make_series(line, series), newest, since, step, packed);
	}
}

void
line_forget(struct line *line, enum history_series series)
{
	if (line->points[series])
		all_unknown(line->points[series]);
}

double
line_newest(const struct line *line, enum history_series series)
{
	const uint16_t *points = line->points[series];

	return points ? line_unpack(points[place(HISTORY_1M, line->at_us / LINE_STEP_US)]) : NAN;
}

/* A point of a longer span whose time is not over is made of what there is. */
static double
read_point(const struct line *line, enum history_series series, enum history_span span, int64_t point)
{
	const uint16_t *points = line->points[series];
	const struct ring *ring = &rings[span];
	int64_t newest = line->at_us / LINE_STEP_US, current = newest / ring->steps;

	if (point < 0 || point > current || point <= current - ring->points)
		return NAN;
	if (point == current)
		return mean(points, HISTORY_1M, current * ring->steps, newest);
	return line_unpack(points[place(span, point)]);
}

bool
line_read(const struct line *line, enum history_series series, enum history_span span, int64_t end_us,
	double *out)
{
	const struct ring *ring = &rings[span];
	int64_t first = end_us / (ring->steps * LINE_STEP_US) - ring->points + 1;
	double numbers[HISTORY_MAX_POINTS];
	bool known = false;

	for (int64_t i = 0; line->points[series] && i < ring->points; i++) {
		numbers[i] = read_point(line, series, span, first + i);
		known = known || !isnan(numbers[i]);
	}
	if (known)
		memcpy(out, numbers, (size_t)ring->points * sizeof(*out));
	return known;
}
