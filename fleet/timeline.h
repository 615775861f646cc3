/*
 * timeline: what happened in the fleet, in order – guests started and stopped by anybody, hosts lost and found, numbers
 * that crossed a threshold, our own acts. Bounded: the oldest entries go. Entries are immutable and shared by reference.
 * Any thread may add; one lock inside.
 */
#pragma once

#include "fleet/model.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timeline;

/* _(ENUM, "name: the query's kind=…, JSON", "help") */
#define EVENT_KINDS(_)                                                          \
	_(GUEST, "guest", "a guest was started, stopped, moved, by anybody")    \
	_(HOST, "host", "a host was lost or found")                             \
	_(LIMIT, "limit", "a number crossed a threshold of the config")         \
	_(ACT, "act", "what virt-fleet was asked to do, and how it ended")

enum event_kind {
#define EVENT_KIND_ENUM(id, name, help) EVENT_KIND_##id,
	EVENT_KINDS(EVENT_KIND_ENUM)
#undef EVENT_KIND_ENUM
		EVENT_KIND_COUNT
};

/* _(ENUM, "name", "help") */
#define EVENT_LEVELS(_)                                                         \
	_(INFO, "info", "it happened, no more")                                 \
	_(GOOD, "good", "it is well again")                                     \
	_(WARN, "warn", "worth a look")                                         \
	_(BAD, "bad", "something is lost or broken")

enum event_level {
#define EVENT_LEVEL_ENUM(id, name, help) EVENT_##id,
	EVENT_LEVELS(EVENT_LEVEL_ENUM)
#undef EVENT_LEVEL_ENUM
		EVENT_LEVEL_COUNT
};

/* The host of a subject that is not in this fleet: only its names are known, not what row and uuid they stand for. */
#define EVENT_NO_HOST UINT32_MAX

struct event {
	gint refs;              /* private to timeline.c */
	uint64_t seq;           /* 1, 2, … in the order of adding; set by timeline_add() */
	int64_t at_us, wall_us; /* clock_now_us(), clock_wall_us() */
	enum event_kind kind;
	enum event_level level;
	struct row_key subject; /* a host's when is_host; host EVENT_NO_HOST: not in the fleet */
	char *host, *vm;        /* names as they were; vm NULL: about the host */
	char *what;             /* one word or two: "started", "crashed", "lost", "up", "cpu high", "shutdown failed" */
	char *detail;           /* more words, NULL: none */
};

struct timeline *timeline_new(size_t capacity);
void timeline_free(struct timeline *timeline); /* nobody adds any more; accepts NULL */

/* Takes EVENT (g_new0, strings g_malloc'ed); sets seq and refs, and the times where they are 0. Any thread, never blocks
 * for long. */
void timeline_add(struct timeline *timeline, struct event *event);

/* The same of borrowed parts, which are copied; TIMELINE NULL: nobody is told. Any thread. */
struct telling {
	int64_t at_us, wall_us; /* 0: now */
	enum event_kind kind;
	enum event_level level;
	struct row_key subject;
	const char *host, *vm, *what, *detail; /* vm, detail NULL: none */
};
void timeline_tell(struct timeline *timeline, const struct telling *telling);

/* Appends the entries with a number above SEQ to OUT, oldest first, a reference each (make OUT with event_unref as its
 * free function). Any thread. */
void timeline_since(struct timeline *timeline, uint64_t seq, GPtrArray *out);

/* Appends to OUT the at most N newest entries that MATCH (NULL: any) says true of, newest first, a reference each. MATCH is
 * called with the lock held: pure and quick. Any thread. */
void timeline_latest(struct timeline *timeline, bool (*match)(const struct event *event, const void *ctx),
                     const void *ctx, size_t n, GPtrArray *out);

/* The newest number, 0: nothing happened yet; the lowest one that is kept. Any thread. */
uint64_t timeline_newest(struct timeline *timeline);
uint64_t timeline_oldest(struct timeline *timeline);

const struct event *event_ref(const struct event *event);
/* Whether EVENT is about a guest whose uuid is known. */
bool event_has_uuid(const struct event *event);
void event_unref(gpointer event); /* accepts NULL */
const char *event_kind_name(enum event_kind kind);
const char *event_level_name(enum event_level level);
