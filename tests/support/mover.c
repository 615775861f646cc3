#include "tests/support/mover.h"

#include "actions/registry.h"
#include "fleet/clock.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define END_MS 60000

struct mover {
	struct hands *hands;
	pthread_t supervisor;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	GQueue ended; /* guarded by lock, as below */
	bool stopping;
};

static void
job_ended(void *ctx, struct job *job)
{
	struct mover *mover = ctx;

	pthread_mutex_lock(&mover->lock);
	g_queue_push_tail(&mover->ended, job);
	pthread_cond_broadcast(&mover->cond);
	pthread_mutex_unlock(&mover->lock);
}

static void
nothing(void *ctx G_GNUC_UNUSED)
{
}

static void
no_poke(void *ctx G_GNUC_UNUSED, uint32_t host G_GNUC_UNUSED)
{
}

static struct timespec
in_ms(int64_t ms)
{
	int64_t us = clock_now_us() + ms * 1000;

	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

static void *
supervise(void *arg)
{
	struct mover *mover = arg;

	pthread_mutex_lock(&mover->lock);
	while (!mover->stopping) {
		struct timespec until = in_ms(250);

		pthread_cond_timedwait(&mover->cond, &mover->lock, &until);
		pthread_mutex_unlock(&mover->lock);
		hands_supervise(mover->hands, clock_now_us());
		pthread_mutex_lock(&mover->lock);
	}
	pthread_mutex_unlock(&mover->lock);
	return NULL;
}

struct mover *
mover_new(const struct conn_factory *factory)
{
	struct mover *mover = g_new0(struct mover, 1);
	pthread_condattr_t attr;

	pthread_mutex_init(&mover->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&mover->cond, &attr);
	pthread_condattr_destroy(&attr);
	g_queue_init(&mover->ended);
	mover->hands = hands_new(&(struct hands_opts){
		.factory = factory,
		.call_timeout_us = 20 * G_USEC_PER_SEC,
		.idle_us = G_USEC_PER_SEC,
		.ended = job_ended,
		.progress = nothing,
		.poke = no_poke,
		.ctx = mover,
	});
	cr_assert_eq(pthread_create(&mover->supervisor, NULL, supervise, mover), 0);
	return mover;
}

void
mover_free(struct mover *mover)
{
	hands_stop(mover->hands);
	cr_assert(hands_wait(mover->hands, END_MS));
	pthread_mutex_lock(&mover->lock);
	mover->stopping = true;
	pthread_cond_broadcast(&mover->cond);
	pthread_mutex_unlock(&mover->lock);
	pthread_join(mover->supervisor, NULL);
	hands_free(mover->hands);
	g_queue_clear_full(&mover->ended, (GDestroyNotify)job_free);
	pthread_cond_destroy(&mover->cond);
	pthread_mutex_destroy(&mover->lock);
	g_free(mover);
}

struct job *
mover_job(const char *vm, const uint8_t uuid[UUID_LEN], uint32_t from, uint32_t to, const char *const *params)
{
	const struct action *action = registry_find(false, "migrate");
	struct job *job = job_new();

	job->class = action->class;
	job->run = action->run;
	job->verb = action->name;
	job->done = action->done;
	job->target.host = from;
	memcpy(job->target.uuid, uuid, UUID_LEN);
	job->dest = to;
	job->vm_name = g_strdup(vm);
	job->host_name = g_strdup_printf("h%u", from);
	job->dest_name = g_strdup_printf("h%u", to);
	job->params = g_strdupv((char **)(uintptr_t)params);
	return job;
}

void
mover_begin(struct mover *mover, struct job *job)
{
	hands_submit(mover->hands, job);
}

struct job *
mover_end(struct mover *mover, int64_t timeout_ms)
{
	struct timespec until = in_ms(timeout_ms);
	struct job *job;

	pthread_mutex_lock(&mover->lock);
	while (g_queue_is_empty(&mover->ended) &&
		pthread_cond_timedwait(&mover->cond, &mover->lock, &until) == 0)
		;
	job = g_queue_pop_head(&mover->ended);
	pthread_mutex_unlock(&mover->lock);
	return job;
}
