#include "fleet/chronicler.h"

#include "fleet/clock.h"

#include <pthread.h>

/* How often it looks: a person does not see the difference. */
#define LOOK_US 250000

/* More than so many events between two looks are dropped: what they changed, the snapshots tell. */
#define POSTED_MOST 65536

struct posted {
	uint32_t index;
	struct conn_event event; /* its name is ours */
	struct moment when;
};

struct chronicler {
	struct chronicler_opts opts; /* constant */
	struct chronicle *chronicle; /* the thread's */
	pthread_t thread;
	bool started; /* whoever starts and frees it */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	GArray *posted;       /* struct posted */
	uint64_t begun, done; /* looks; one at a time */
	bool hurry;           /* somebody waits for the next one */
	bool stop;
};

static GArray *
posted_new(void)
{
	return g_array_new(FALSE, FALSE, sizeof(struct posted));
}

struct chronicler *
chronicler_new(const struct chronicler_opts *opts)
{
	struct chronicler *chronicler = g_new0(struct chronicler, 1);
	pthread_condattr_t attr;

	chronicler->opts = *opts;
	chronicler->chronicle = chronicle_new(opts->config, opts->timeline);
	chronicler->posted = posted_new();
	pthread_mutex_init(&chronicler->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&chronicler->cond, &attr);
	pthread_condattr_destroy(&attr);
	return chronicler;
}

static void
look(struct chronicler *chronicler)
{
	const struct fleet_snap *snap = chronicler->opts.snapshot(chronicler->opts.ctx);

	chronicle_look(chronicler->chronicle, snap,
		(struct moment){ .now_us = clock_now_us(), .wall_us = clock_wall_us() });
	fleet_snap_unref(snap);
}

static void
write_down(struct chronicler *chronicler, GArray *posted)
{
	for (guint i = 0; i < posted->len; i++) {
		struct posted *one = &g_array_index(posted, struct posted, i);

		chronicle_event(chronicler->chronicle, one->index, &one->event, one->when);
		g_free((char *)(uintptr_t)one->event.name);
	}
	g_array_unref(posted);
}

/* Sleeps until the next look; takes what was posted. False: that was the last. */
static bool
wait_look(struct chronicler *chronicler, GArray **posted)
{
	int64_t due = clock_now_us() + LOOK_US;
	struct timespec until = { .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };
	bool goes_on;

	pthread_mutex_lock(&chronicler->lock);
	chronicler->done = chronicler->begun;
	pthread_cond_broadcast(&chronicler->cond);
	while (!chronicler->stop && !chronicler->hurry &&
		pthread_cond_timedwait(&chronicler->cond, &chronicler->lock, &until) == 0)
		;
	goes_on = !chronicler->stop;
	chronicler->hurry = false;
	chronicler->begun++;
	*posted = chronicler->posted;
	chronicler->posted = posted_new();
	pthread_mutex_unlock(&chronicler->lock);
	return goes_on;
}

static void *
chronicler_main(void *arg)
{
	struct chronicler *chronicler = arg;
	bool goes_on = true;

	look(chronicler); /* so that there is something to compare with, and hosts have names */
	while (goes_on) {
		uint64_t newest = timeline_newest(chronicler->opts.timeline);
		GArray *posted;

		goes_on = wait_look(chronicler, &posted);
		write_down(chronicler, posted);
		if (goes_on)
			look(chronicler);
		if (timeline_newest(chronicler->opts.timeline) != newest)
			chronicler->opts.changed(chronicler->opts.ctx);
	}
	return NULL;
}

void
chronicler_start(struct chronicler *chronicler)
{
	int failed = pthread_create(&chronicler->thread, NULL, chronicler_main, chronicler);

	g_assert(!failed);
	pthread_setname_np(chronicler->thread, "chronicler");
	chronicler->started = true;
}

void
chronicler_stop(struct chronicler *chronicler)
{
	pthread_mutex_lock(&chronicler->lock);
	chronicler->stop = true;
	pthread_cond_broadcast(&chronicler->cond);
	pthread_mutex_unlock(&chronicler->lock);
}

void
chronicler_catch_up(struct chronicler *chronicler)
{
	uint64_t wanted;

	pthread_mutex_lock(&chronicler->lock);
	wanted = chronicler->begun + 1; /* one under way may have begun too early */
	while (!chronicler->stop && chronicler->done < wanted) {
		chronicler->hurry = true;
		pthread_cond_broadcast(&chronicler->cond);
		pthread_cond_wait(&chronicler->cond, &chronicler->lock);
	}
	pthread_mutex_unlock(&chronicler->lock);
}

void
chronicler_free(struct chronicler *chronicler)
{
	if (!chronicler)
		return;
	chronicler_stop(chronicler);
	if (chronicler->started)
		pthread_join(chronicler->thread, NULL);
	for (guint i = 0; i < chronicler->posted->len; i++)
		g_free((char *)(uintptr_t)g_array_index(chronicler->posted, struct posted, i).event.name);
	g_array_unref(chronicler->posted);
	chronicle_free(chronicler->chronicle);
	pthread_cond_destroy(&chronicler->cond);
	pthread_mutex_destroy(&chronicler->lock);
	g_free(chronicler);
}

void
chronicler_post(struct chronicler *chronicler, uint32_t index, const struct conn_event *event)
{
	struct posted posted = {
		.index = index,
		.event = *event,
		.when = { .now_us = clock_now_us(), .wall_us = clock_wall_us() },
	};

	pthread_mutex_lock(&chronicler->lock);
	if (chronicler->posted->len < POSTED_MOST) {
		posted.event.name = g_strdup(event->name);
		g_array_append_val(chronicler->posted, posted);
	}
	pthread_mutex_unlock(&chronicler->lock);
}
