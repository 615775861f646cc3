/*
 * events: the time line as other views show it – what was told of one host or guest, what was told at all, and in which
 * words and looks. UI thread only.
 */
#pragma once

#include "fleet/timeline.h"
#include "views/env.h"

/* What rows of events (views/columns.h) are gathered from: a copy of the time line, zeroed at first. */
struct event_source {
	GPtrArray *held; /* const struct event *, oldest first, a reference each; NULL: none yet */
};

void event_source_done(struct event_source *source);

/* The event that ROW's key (event_rows.key) belongs to; NULL: it is too old. Borrowed from SOURCE. */
const struct event *event_source_find(const struct event_source *source, const struct row_key *key);

/* The at most N newest entries about KEY, newest first, in a new array that holds a reference each (g_ptr_array_unref()).
 * A host's are those of its guests, too; a guest's are those of other hosts that it has left, too. Without a time line:
 * none. */
GPtrArray *events_about(const struct env *env, const struct row_key *key, size_t n);
/* The same of everything that is at least as bad as LEAST. */
GPtrArray *events_latest(const struct env *env, enum event_level least, size_t n);

const struct look *event_look(enum event_level level);

#define EVENT_CLOCK 16 /* room for a time, at most 9 columns wide */
/* When it was, in local time: "13:02:11" within 12 hours before NOW_US, else "11-21 13h". */
void event_clock(const struct event *event, int64_t now_us, char out[EVENT_CLOCK]);
/* "web-3@kvm017", "kvm017"; caller frees. */
char *event_subject(const struct event *event);
/* "crashed", "lost: connection refused"; caller frees. */
char *event_words(const struct event *event);
