#include "fleet/timeline.h"

#include "fleet/clock.h"

#include <pthread.h>

struct timeline {
	pthread_mutex_t lock;
	/* guarded by lock */
	struct event **ring; /* entry SEQ at SEQ % capacity, one reference each */
	size_t capacity;     /* constant */
	uint64_t newest;     /* 0: none */
};

bool
event_has_uuid(const struct event *event)
{
	return !event->subject.is_host && event->subject.host != EVENT_NO_HOST;
}

struct timeline *
timeline_new(size_t capacity)
{
	struct timeline *timeline = g_new0(struct timeline, 1);

	timeline->capacity = MAX(capacity, 1);
	timeline->ring = g_new0(struct event *, timeline->capacity);
	pthread_mutex_init(&timeline->lock, NULL);
	return timeline;
}

void
timeline_free(struct timeline *timeline)
{
	if (!timeline)
		return;
	for (size_t i = 0; i < timeline->capacity; i++)
		event_unref(timeline->ring[i]);
	pthread_mutex_destroy(&timeline->lock);
	g_free(timeline->ring);
	g_free(timeline);
}

void
timeline_add(struct timeline *timeline, struct event *event)
{
	struct event *old, **slot;

	event->refs = 1;
	if (!event->at_us)
		event->at_us = clock_now_us();
	if (!event->wall_us)
		event->wall_us = clock_wall_us();
	pthread_mutex_lock(&timeline->lock);
	event->seq = ++timeline->newest;
	slot = &timeline->ring[event->seq % timeline->capacity];
	old = *slot;
	*slot = event;
	pthread_mutex_unlock(&timeline->lock);
	event_unref(old);
}

void
timeline_tell(struct timeline *timeline, const struct telling *telling)
{
	struct event *event;

	if (!timeline)
		return;
	event = g_new0(struct event, 1);
	event->at_us = telling->at_us;
	event->wall_us = telling->wall_us;
	event->kind = telling->kind;
	event->level = telling->level;
	event->subject = telling->subject;
	event->host = g_strdup(telling->host);
	event->vm = g_strdup(telling->vm);
	event->what = g_strdup(telling->what);
	event->detail = g_strdup(telling->detail);
	timeline_add(timeline, event);
}

/* The number of the oldest entry that is left. Lock held. */
static uint64_t
oldest_locked(const struct timeline *timeline)
{
	return timeline->newest > timeline->capacity ? timeline->newest - timeline->capacity + 1 : 1;
}

static void
append_ref(GPtrArray *out, const struct event *event)
{
	g_ptr_array_add(out, (gpointer)(uintptr_t)event_ref(event));
}

void
timeline_since(struct timeline *timeline, uint64_t seq, GPtrArray *out)
{
	pthread_mutex_lock(&timeline->lock);
	for (uint64_t i = MAX(seq + 1, oldest_locked(timeline)); i <= timeline->newest; i++)
		append_ref(out, timeline->ring[i % timeline->capacity]);
	pthread_mutex_unlock(&timeline->lock);
}

void
timeline_latest(struct timeline *timeline, bool (*match)(const struct event *event, const void *ctx),
	const void *ctx, size_t n, GPtrArray *out)
{
	pthread_mutex_lock(&timeline->lock);
	for (uint64_t i = timeline->newest; n > 0 && i >= oldest_locked(timeline); i--) {
		const struct event *event = timeline->ring[i % timeline->capacity];

		if (match && !match(event, ctx))
			continue;
		append_ref(out, event);
		n--;
	}
	pthread_mutex_unlock(&timeline->lock);
}

uint64_t
timeline_newest(struct timeline *timeline)
{
	uint64_t newest;

	pthread_mutex_lock(&timeline->lock);
	newest = timeline->newest;
	pthread_mutex_unlock(&timeline->lock);
	return newest;
}

uint64_t
timeline_oldest(struct timeline *timeline)
{
	uint64_t oldest;

	pthread_mutex_lock(&timeline->lock);
	oldest = oldest_locked(timeline);
	pthread_mutex_unlock(&timeline->lock);
	return oldest;
}

const struct event *
event_ref(const struct event *event)
{
	__atomic_add_fetch(&((struct event *)(uintptr_t)event)->refs, 1, __ATOMIC_RELAXED);
	return event;
}

void
event_unref(gpointer data)
{
	struct event *event = data;

	if (!event || __atomic_sub_fetch(&event->refs, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	g_free(event->host);
	g_free(event->vm);
	g_free(event->what);
	g_free(event->detail);
	g_free(event);
}

const char *
event_kind_name(enum event_kind kind)
{
#define EVENT_KIND_NAME(id, name, help) [EVENT_KIND_##id] = name,
	static const char *const names[EVENT_KIND_COUNT] = { EVENT_KINDS(EVENT_KIND_NAME) };
#undef EVENT_KIND_NAME

	return names[kind];
}

const char *
event_level_name(enum event_level level)
{
#define EVENT_LEVEL_NAME(id, name, help) [EVENT_##id] = name,
	static const char *const names[EVENT_LEVEL_COUNT] = { EVENT_LEVELS(EVENT_LEVEL_NAME) };
#undef EVENT_LEVEL_NAME

	return names[level];
}
