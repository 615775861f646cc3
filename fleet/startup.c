#include "fleet/startup.h"

#include "fleet/clock.h"

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

struct startup {
	int64_t quiet_us, patience_us; /* constant */
	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	size_t coming;
	int64_t step_us; /* time of the last step */
	bool open;
	bool watched; /* one of those who wait looks at the clock for all */
};

struct startup *
startup_new(size_t hosts, int64_t quiet_us, int64_t patience_us)
{
	struct startup *startup = g_new0(struct startup, 1);
	pthread_condattr_t attr;

	pthread_mutex_init(&startup->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&startup->cond, &attr);
	pthread_condattr_destroy(&attr);
	startup->quiet_us = quiet_us;
	startup->patience_us = patience_us;
	startup->coming = hosts;
	startup->open = hosts == 0;
	startup->step_us = clock_now_us();
	return startup;
}

void
startup_free(struct startup *startup)
{
	if (!startup)
		return;
	pthread_cond_destroy(&startup->cond);
	pthread_mutex_destroy(&startup->lock);
	g_free(startup);
}

static void
open_locked(struct startup *startup)
{
	startup->open = true;
	pthread_cond_broadcast(&startup->cond);
}

void
startup_step(struct startup *startup)
{
	pthread_mutex_lock(&startup->lock);
	startup->step_us = clock_now_us();
	pthread_mutex_unlock(&startup->lock);
}

void
startup_arrived(struct startup *startup)
{
	pthread_mutex_lock(&startup->lock);
	startup->step_us = clock_now_us();
	if (--startup->coming == 0)
		open_locked(startup);
	pthread_mutex_unlock(&startup->lock);
}

/* Sleeps until somebody opens, or everybody has been quiet for long enough, or END_US. */
static void
watch_locked(struct startup *startup, int64_t end_us)
{
	startup->watched = true;
	while (!startup->open) {
		int64_t until_us = MIN(end_us, startup->step_us + startup->quiet_us);
		struct timespec until = { .tv_sec = until_us / 1000000,
			.tv_nsec = until_us % 1000000 * 1000 };

		if (until_us <= clock_now_us())
			open_locked(startup);
		else
			pthread_cond_timedwait(&startup->cond, &startup->lock, &until);
	}
}

void
startup_wait(struct startup *startup)
{
	pthread_mutex_lock(&startup->lock);
	if (!startup->open && !startup->watched)
		watch_locked(startup, clock_now_us() + startup->patience_us);
	while (!startup->open)
		pthread_cond_wait(&startup->cond, &startup->lock);
	pthread_mutex_unlock(&startup->lock);
}

void
startup_open(struct startup *startup)
{
	pthread_mutex_lock(&startup->lock);
	open_locked(startup);
	pthread_mutex_unlock(&startup->lock);
}
