/* history: reading. */
#include "views/history_private.h"

#include "tui/bar.h"
#include "views/units.h"

#include <math.h>
#include <string.h>

/* KEY's line, when it is out of date, and how far it runs ahead of the clock; NULL: nothing is known. */
static const struct line *
find_line(const struct history *history, const struct row_key *key, int64_t *stale_us, int64_t *shift_us)
{
	const struct host *host;
	const struct guest *guest;

	*stale_us = FLEET_STALE_US;
	*shift_us = 0;
	if (!key)
		return &history->fleet;
	host = key->host < history->nhosts ? history->hosts[key->host] : NULL;
	if (!host)
		return NULL;
	*stale_us = host->stale_us;
	if (key->is_host)
		return &host->line;
	guest = history_find_guest(host, key->uuid, 0);
	*shift_us = history_shift_us(key->uuid);
	/* a guest is as present as its host */
	if (guest && guest->line)
		*stale_us += host->line.at_us - (guest->line->at_us - *shift_us);
	return guest ? guest->line : NULL;
}

bool
history_read(const struct history *history, const struct row_key *key, enum history_series series,
	enum history_span span, int64_t now_us, double *out)
{
	int64_t stale_us, shift_us;
	const struct line *line = find_line(history, key, &stale_us, &shift_us);
	int64_t end_us = now_us + shift_us;

	if (line && end_us - line->at_us <= stale_us)
		end_us = MIN(line->at_us, end_us);
	return line && line_read(line, series, span, end_us, out);
}

/* Adds SERIES to NUMBERS where it is known; what only one of them knows is that one's. */
static bool
add_series(const struct history *history, const struct row_key *key, enum history_series series,
	enum history_span span, int64_t now_us, double numbers[HISTORY_MAX_POINTS])
{
	double more[HISTORY_MAX_POINTS];

	if (!history_read(history, key, series, span, now_us, more))
		return false;
	for (size_t i = 0; i < history_points(span); i++)
		history_sum(&numbers[i], more[i]);
	return true;
}

size_t
history_spark(const struct history *history, const struct row_key *key, const struct history_look *look,
	int64_t now_us, uint8_t out[HISTORY_MAX_POINTS])
{
	double numbers[HISTORY_MAX_POINTS], largest = 0, full;
	size_t points = history_points(look->span), first = 0;
	bool known = false;

	for (size_t i = 0; i < points; i++)
		numbers[i] = NAN;
	for (int i = 0; history && i < HISTORY_SERIES_COUNT; i++)
		if (look->series >> i & 1u)
			known = add_series(
					history, key, (enum history_series)i, look->span, now_us, numbers) ||
				known;
	if (!known)
		return 0;
	while (isnan(numbers[first]))
		first++;
	for (size_t i = first; i < points; i++)
		largest = fmax(largest, numbers[i]);
	full = look->full > 0 ? look->full : unit_round_up(largest);
	for (size_t i = first; i < points; i++)
		out[i - first] = isnan(numbers[i]) ? SPARK_UNKNOWN
						   : (uint8_t)CLAMP(100 * numbers[i] / full + 0.5, 0, 100);
	return points - first;
}
