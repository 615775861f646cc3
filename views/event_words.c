#include "views/events.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define CLOCK_US  (12 * 3600 * INT64_C(1000000)) /* so long a clock is not mistaken for yesterday's */

#define LOOK_INFO "·", '.', ROLE_DIM
#define LOOK_GOOD "●", '*', ROLE_GOOD
#define LOOK_WARN "◐", '~', ROLE_WARN
#define LOOK_BAD  "✕", 'x', ROLE_BAD

const struct look *
event_look(enum event_level level)
{
#define EVENT_LOOK(id, name, text) [EVENT_##id] = { LOOK_##id, text },
	static const struct look looks[EVENT_LEVEL_COUNT] = { EVENT_LEVELS(EVENT_LOOK) };
#undef EVENT_LOOK

	return &looks[level];
}

void
event_clock(const struct event *event, int64_t now_us, char out[EVENT_CLOCK])
{
	time_t when = (time_t)(event->wall_us / 1000000);
	struct tm tm;

	if (!localtime_r(&when, &tm) ||
		!strftime(out, EVENT_CLOCK, now_us - event->at_us < CLOCK_US ? "%H:%M:%S" : "%m-%d %Hh", &tm))
		snprintf(out, EVENT_CLOCK, "-");
}

char *
event_subject(const struct event *event)
{
	return event->vm ? g_strdup_printf("%s@%s", event->vm, event->host) : g_strdup(event->host);
}

char *
event_words(const struct event *event)
{
	return event->detail ? g_strdup_printf("%s: %s", event->what, event->detail) : g_strdup(event->what);
}

/* ---- for other views ---- */

static GPtrArray *
latest(const struct env *env, bool (*match)(const struct event *event, const void *ctx), const void *ctx,
	size_t n)
{
	GPtrArray *events = g_ptr_array_new_with_free_func(event_unref);

	if (env->timeline)
		timeline_latest(env->timeline, match, ctx, n, events);
	return events;
}

struct subject {
	const struct fleet_snap *snap;
	struct row_key key;
};

/* Copies of a guest may have its uuid on other hosts: only where it is gone from was it the same guest. */
static bool
is_about(const struct event *event, const void *ctx)
{
	const struct subject *subject = ctx;

	if (subject->key.is_host)
		return event->subject.host == subject->key.host;
	return event_has_uuid(event) && memcmp(event->subject.uuid, subject->key.uuid, UUID_LEN) == 0 &&
	       (event->subject.host == subject->key.host ||
		       !fleet_snap_find_vm(subject->snap, &event->subject));
}

GPtrArray *
events_about(const struct env *env, const struct row_key *key, size_t n)
{
	const struct subject subject = { .snap = env->snap, .key = *key };

	return latest(env, is_about, &subject, n);
}

static bool
is_at_least(const struct event *event, const void *least)
{
	return event->level >= *(const enum event_level *)least;
}

GPtrArray *
events_latest(const struct env *env, enum event_level least, size_t n)
{
	return latest(env, is_at_least, &least, n);
}
