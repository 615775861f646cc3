/*
 * history: how the numbers of every guest, every host and the fleet went in the last minute, quarter of an hour and hour.
 * Rings of 16-bit floats, made for a series once it is known: 304 bytes each, at most 2.2 KB per guest that ever ran, 210 MB
 * for 100,000; and 10 ms to take over new numbers of all of these. Fed by the console with each new snapshot, read by rows, pulse, map and pages. UI thread only.
 */
#pragma once

#include "fleet/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history;

/* _(ENUM, "name") – of a guest, a host, the fleet; in the units of the fields of the same meaning */
#define HISTORY_SERIES(_)                                                                      \
	_(CPU, "CPU")            /* % */                                                      \
	_(READY, "ready")        /* %; guests; a host's, the fleet's: of its worst guest */   \
	_(MEM, "memory")         /* %; of a guest: used or rss of its memory; a host's: used */ \
	_(NET_RX, "received")    /* bytes/s */                                                \
	_(NET_TX, "sent")                                                                     \
	_(DISK_RD, "read")                                                                    \
	_(DISK_WR, "written")

enum history_series {
#define HISTORY_SERIES_ENUM(id, name) HISTORY_##id,
	HISTORY_SERIES(HISTORY_SERIES_ENUM)
#undef HISTORY_SERIES_ENUM
		HISTORY_SERIES_COUNT
};

enum history_span { HISTORY_1M, HISTORY_15M, HISTORY_1H, HISTORY_SPAN_COUNT };
#define HISTORY_MAX_POINTS 60

struct history *history_new(void);
void history_free(struct history *history); /* accepts NULL */

/* Takes over the numbers of the hosts that were sampled since the last call; forgets guests that have been gone for
 * a minute; the line of one that was migrated goes on on its new host. Where a host was silent, its lines and its guests'
 * have a gap. */
void history_feed(struct history *history, const struct fleet_snap *snap, int64_t now_us);

/* The same in parts of about GUESTS guests, so that there is time for something else between them: with *PART all zero at first,
 * until true. SNAP stays the same meanwhile. */
struct history_part {
	size_t host;  /* private */
	bool matched; /* private */
};
bool history_feed_part(struct history *history, const struct fleet_snap *snap, int64_t now_us,
                       struct history_part *part, size_t guests);

/* Points of SPAN, and how long one lasts. */
size_t history_points(enum history_span span);
int64_t history_step_us(enum history_span span);

/* KEY's SERIES over SPAN, oldest first, NAN where nothing was known, into OUT[history_points(span)]; KEY NULL: the fleet.
 * The last point is the newest one, or NOW_US when the host is silent. False: nothing at all is known, OUT untouched. */
bool history_read(const struct history *history, const struct row_key *key, enum history_series series,
                  enum history_span span, int64_t now_us, double *out);

struct history_look {
	unsigned series; /* 1 << HISTORY_…; the sum of several */
	enum history_span span;
	double full;     /* what fills a bar; 0: the largest number, rounded up to 1, 2 or 5 times a power of ten */
};

/* The same as bar_spark() wants it, from the first known point on. Returns how many points; HISTORY NULL: none. */
size_t history_spark(const struct history *history, const struct row_key *key, const struct history_look *look,
                     int64_t now_us, uint8_t out[HISTORY_MAX_POINTS]);
