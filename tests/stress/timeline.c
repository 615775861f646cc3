/*
 * Many threads write into a short time line while others read all of it, what is new, and the latest. A plain program,
 * because Criterion does not start under ThreadSanitizer. Ends with 0 when each reader saw them whole and in order, and
 * none was lost in between.
 */
#include "fleet/timeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { WRITERS = 12, READERS = 4, ENTRIES = 4000, CAPACITY = 64 };

struct world {
	struct timeline *timeline;
	atomic_uint writing, wrong;
};

struct writer {
	struct world *world;
	pthread_t thread;
	unsigned number;
};

static void *
write_main(void *arg)
{
	struct writer *writer = arg;
	char host[16], what[16];

	for (unsigned i = 0; i < ENTRIES; i++) {
		snprintf(host, sizeof(host), "h%u", writer->number);
		snprintf(what, sizeof(what), "%u", i);
		timeline_tell(
			writer->world->timeline, &(struct telling){ .subject = { .host = writer->number },
							 .host = host,
							 .what = what,
							 .detail = i % 3 ? NULL : "more" });
	}
	atomic_fetch_sub(&writer->world->writing, 1);
	return NULL;
}

/* Numbers go up by one each, and each writer's entries come in its order. */
static uint64_t
check(struct world *world, const GPtrArray *events, uint64_t seen, int64_t last[WRITERS])
{
	uint64_t seq = 0;

	for (guint i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];
		int64_t number = g_ascii_strtoll(event->what, NULL, 10);

		if (event->seq <= seen || (seq && event->seq != seq + 1) ||
			number <= last[event->subject.host] || event->host[0] != 'h')
			atomic_fetch_add(&world->wrong, 1);
		last[event->subject.host] = number;
		seq = event->seq;
	}
	return events->len ? seq : seen;
}

static bool
is_first_writers(const struct event *event, const void *ctx)
{
	(void)ctx;
	return event->subject.host == 0;
}

static void *
read_main(void *arg)
{
	struct world *world = arg;
	int64_t last[WRITERS];
	uint64_t seen = 0;

	memset(last, 0xff, sizeof(last)); /* -1 */
	while (atomic_load(&world->writing)) {
		g_autoptr(GPtrArray) fresh = g_ptr_array_new_with_free_func(event_unref);
		g_autoptr(GPtrArray) latest = g_ptr_array_new_with_free_func(event_unref);

		timeline_since(world->timeline, seen, fresh);
		seen = check(world, fresh, seen, last);
		timeline_latest(world->timeline, is_first_writers, NULL, 3, latest);
		if (timeline_newest(world->timeline) < seen || latest->len > 3)
			atomic_fetch_add(&world->wrong, 1);
	}
	return NULL;
}

int
main(void)
{
	struct world world = { .timeline = timeline_new(CAPACITY) };
	struct writer writers[WRITERS];
	pthread_t readers[READERS];
	uint64_t newest;
	unsigned wrong;

	atomic_store(&world.writing, WRITERS);
	for (unsigned i = 0; i < READERS; i++)
		pthread_create(&readers[i], NULL, read_main, &world);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ .world = &world, .number = i };
		pthread_create(&writers[i].thread, NULL, write_main, &writers[i]);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	newest = timeline_newest(world.timeline);
	wrong = atomic_load(&world.wrong);
	timeline_free(world.timeline);
	printf("timeline: %u entries of %u threads, %u wrong\n", (unsigned)newest, (unsigned)WRITERS, wrong);
	return newest == WRITERS * ENTRIES && wrong == 0 ? 0 : 1;
}
