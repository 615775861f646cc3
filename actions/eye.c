#include "actions/eye.h"

#include "actions/stall.h"
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/thread.h"

#include <pthread.h>

#define LOOK_US  INT64_C(500000)
#define CALL_US  INT64_C(15000000)
#define RETRY_US INT64_C(2000000) /* between two tries to see again */
#define STACK    (512 * 1024)

struct eye {
	struct eye_opts opts; /* constant, but for conn, which is the thread's */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool closing; /* guarded by lock */

	/* the eye's thread only */
	struct job_progress last; /* as told last */
	struct stall stall;
	int64_t retry_us; /* blind: when to try again */
	bool given_up, blind, switched;
};

/* ---- what it says ---- */

static void
tell(struct eye *eye, const char *phase)
{
	if (phase)
		eye->last.phase = phase;
	job_gauge_set(eye->opts.job->gauge, &eye->last);
	hand_progress(eye->opts.job->hand);
}

/* ---- what it asks ---- */

static bool
ask(struct eye *eye, struct job_progress *out, GError **error)
{
	const struct eye_opts *opts = &eye->opts;
	bool ok;

	hand_begin(opts->job->hand, opts->conn, CALL_US);
	ok = opts->conn->ops->move_progress(opts->conn, opts->job->target.uuid, false, out, error);
	hand_end(opts->job->hand, opts->conn);
	return ok;
}

static bool
act(struct eye *eye, bool (*call)(struct conn *, const uint8_t[UUID_LEN], GError **), GError **error)
{
	const struct eye_opts *opts = &eye->opts;
	bool ok;

	hand_begin(opts->job->hand, opts->conn, CALL_US);
	ok = call(opts->conn, opts->job->target.uuid, error);
	hand_end(opts->job->hand, opts->conn);
	return ok;
}

static void
look_failed(struct eye *eye, const GError *error)
{
	eye->blind = fleet_error_is_link(error);
	if (!eye->blind)
		return;
	eye->last = JOB_PROGRESS_UNKNOWN;
	eye->retry_us = clock_now_us() + RETRY_US;
	tell(eye, "moving, out of sight");
}

/* The move has a connection of its own and goes on: who can't see it can't give it up either. */
static void
open_again(struct eye *eye)
{
	const struct job *job = eye->opts.job;
	struct conn *conn;

	if (clock_now_us() < eye->retry_us)
		return;
	conn = hand_connect(job->hand, job->target.host, NULL);
	eye->retry_us = clock_now_us() + RETRY_US;
	if (!conn)
		return;
	eye->opts.conn = conn;
	eye->blind = false;
}

static void
look(struct eye *eye)
{
	g_autoptr(GError) error = NULL;
	struct job_progress progress;

	if (!ask(eye, &progress, &error)) {
		look_failed(eye, error);
		return;
	}
	if (!progress.phase) /* not begun, or about to end */
		return;
	eye->last = progress;
	stall_judge(&eye->stall, &eye->last, clock_now_us());
	if (eye->last.stalled_ms >= 0 && !eye->last.rewritten)
		eye->last.speed = -1; /* libvirt goes on saying what it was when the last byte went */
	tell(eye, eye->switched ? "runs there, memory follows" : NULL);
}

/* There may be nothing to give up yet, or no answer: then it is tried again. */
static void
give_up(struct eye *eye)
{
	g_autoptr(GError) error = NULL;

	if (act(eye, eye->opts.conn->ops->move_abort, &error))
		tell(eye, "giving up");
	else if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED))
		tell(eye, "can't be given up");
	eye->given_up = !g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE) &&
			!g_error_matches(error, FLEET_ERROR, FLEET_ERROR_BUSY) && !fleet_error_is_link(error);
	look_failed(eye, error);
}

/* Once all memory has been copied, so that the guest waits for little of it. */
static void
switch_over(struct eye *eye)
{
	if (eye->last.iteration >= 2)
		eye->switched = act(eye, eye->opts.conn->ops->move_post_copy, NULL);
}

/* ---- the thread ---- */

static bool
is_closing(struct eye *eye)
{
	int64_t end_us = clock_now_us() + LOOK_US;
	struct timespec until = { .tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000 };
	bool closing;

	pthread_mutex_lock(&eye->lock);
	while (!eye->closing && pthread_cond_timedwait(&eye->cond, &eye->lock, &until) == 0)
		;
	closing = eye->closing;
	pthread_mutex_unlock(&eye->lock);
	return closing;
}

static void *
eye_main(void *arg)
{
	struct eye *eye = arg;

	thread_stand_back();
	if (eye->blind)
		tell(eye, "moving, out of sight");
	while (!is_closing(eye)) {
		if (eye->blind)
			open_again(eye);
		if (eye->blind)
			continue;
		look(eye);
		if (!eye->given_up && !eye->blind && job_gauge_cancelled(eye->opts.job->gauge))
			give_up(eye);
		if (!eye->switched && !eye->blind && eye->opts.wants & MOVE_BIT(POST_COPY))
			switch_over(eye);
	}
	return NULL;
}

static void
eye_free(struct eye *eye)
{
	pthread_cond_destroy(&eye->cond);
	pthread_mutex_destroy(&eye->lock);
	g_free(eye);
}

struct eye *
eye_open(const struct eye_opts *opts)
{
	struct eye *eye = g_new0(struct eye, 1);
	pthread_condattr_t condattr;
	pthread_attr_t attr;
	int failed;

	eye->opts = *opts;
	eye->blind = !opts->conn;
	eye->last = JOB_PROGRESS_UNKNOWN;
	stall_begin(&eye->stall, opts->stall_ms, clock_now_us());
	pthread_mutex_init(&eye->lock, NULL);
	pthread_condattr_init(&condattr);
	pthread_condattr_setclock(&condattr, CLOCK_MONOTONIC);
	pthread_cond_init(&eye->cond, &condattr);
	pthread_condattr_destroy(&condattr);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	failed = pthread_create(&eye->thread, &attr, eye_main, eye);
	pthread_attr_destroy(&attr);
	if (failed) {
		eye_free(eye);
		return NULL;
	}
	pthread_setname_np(eye->thread, "eye");
	return eye;
}

void
eye_close(struct eye *eye)
{
	if (!eye)
		return;
	pthread_mutex_lock(&eye->lock);
	eye->closing = true;
	pthread_cond_signal(&eye->cond);
	pthread_mutex_unlock(&eye->lock);
	pthread_join(eye->thread, NULL);
	eye_free(eye);
}
