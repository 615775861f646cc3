/* hand: one thread of hands – its connections, and what it does with a job. */
#include "fleet/hands_private.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/thread.h"

#include <errno.h>

#define HAND_STACK (512 * 1024)

/* ---- connections ---- */

void
hand_cut_locked(struct hands *hands, struct hand_link *link)
{
	link->cutting = true;
	link->deadline_us = 0;
	pthread_mutex_unlock(&hands->lock);
	link->conn->ops->cancel(link->conn);
	pthread_mutex_lock(&hands->lock);
	link->cutting = false;
	pthread_cond_broadcast(&hands->changed);
}

static struct hand_link *
link_of_locked(struct hand *hand, const struct conn *conn)
{
	for (guint i = 0; i < hand->links->len; i++) {
		struct hand_link *link = hand->links->pdata[i];

		if (link->conn == conn)
			return link;
	}
	g_assert_not_reached();
}

static void
set_limit(struct hand *hand, struct conn *conn, int64_t us)
{
	struct hand_link *link;

	pthread_mutex_lock(&hand->hands->lock);
	link = link_of_locked(hand, conn);
	link->deadline_us = us ? clock_now_us() + us : 0;
	pthread_mutex_unlock(&hand->hands->lock);
}

void
hand_begin(struct hand *hand, struct conn *conn, int64_t us)
{
	set_limit(hand, conn, us);
}

void
hand_end(struct hand *hand, struct conn *conn)
{
	set_limit(hand, conn, 0);
}

/* CONN, which failed, was cut: then ERROR gets the words for that. True when it was. */
static bool
explain_cut(struct hand *hand, struct conn *conn, GError **error)
{
	struct hand_link *link;
	bool late, stopped;

	pthread_mutex_lock(&hand->hands->lock);
	link = link_of_locked(hand, conn);
	late = link->late;
	stopped = link->stopped;
	pthread_mutex_unlock(&hand->hands->lock);
	if (!late && !stopped)
		return false;
	g_clear_error(error);
	if (late)
		g_set_error_literal(
			error, FLEET_ERROR, FLEET_ERROR_TIMEOUT, "no answer in time; the connection was cut");
	else
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "virt-fleet is ending");
	return true;
}

/* CONN is among the links from now on, and can be cut. Not when all ends, unless a move needs it. */
static bool
link_add(struct hand *hand, struct conn *conn)
{
	struct hands *hands = hand->hands;
	bool welcome;

	pthread_mutex_lock(&hands->lock);
	welcome = !hands->stopping || hand->moving;
	if (welcome) {
		struct hand_link *link = g_new0(struct hand_link, 1);

		link->conn = conn;
		g_ptr_array_add(hand->links, link);
	}
	pthread_mutex_unlock(&hands->lock);
	return welcome;
}

static void
link_drop(struct hand *hand, struct conn *conn)
{
	struct hands *hands = hand->hands;
	struct hand_link *link;

	pthread_mutex_lock(&hands->lock);
	link = link_of_locked(hand, conn);
	while (link->cutting)
		pthread_cond_wait(&hands->changed, &hands->lock);
	g_ptr_array_remove_fast(hand->links, link);
	pthread_mutex_unlock(&hands->lock);
	conn->ops->free(conn);
	g_free(link);
	if (hand->conn == conn)
		hand->conn = NULL;
}

struct conn *
hand_connect(struct hand *hand, uint32_t host, GError **error)
{
	struct hands *hands = hand->hands;
	const struct conn_factory *factory = &hands->factory;
	struct conn *conn = factory->make(factory->ctx, host, CONN_PURPOSE_JOB, NULL);
	g_autoptr(GError) failed = NULL;
	bool ok;

	if (!link_add(hand, conn)) {
		conn->ops->free(conn);
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "virt-fleet is ending");
		return NULL;
	}
	hand_begin(hand, conn, hands->opts.call_timeout_us);
	ok = conn->ops->open(conn, &failed);
	hand_end(hand, conn);
	if (ok)
		return conn;
	explain_cut(hand, conn, &failed);
	link_drop(hand, conn);
	g_propagate_error(error, g_steal_pointer(&failed));
	return NULL;
}

/* A connection that was idle may have ended meanwhile, which only a question tells for sure. */
static bool
still_answers(struct hand *hand)
{
	struct conn *conn = hand->conn;
	bool ok;

	if (!conn->ops->ping)
		return true;
	hand_begin(hand, conn, hand->hands->opts.call_timeout_us);
	ok = conn->ops->ping(conn, NULL);
	hand_end(hand, conn);
	return ok;
}

/* Has the hand connected: as it was left by the last job, or anew. */
static bool
hand_reach(struct hand *hand, struct job *job, GError **error)
{
	struct job_progress progress;

	if (hand->conn && !still_answers(hand))
		link_drop(hand, hand->conn);
	if (hand->conn)
		return true;
	job_gauge_get(job->gauge, &progress);
	progress.phase = "connecting";
	job_gauge_set(job->gauge, &progress);
	hand_progress(hand);
	hand->conn = hand_connect(hand, hand->host, error);
	progress.phase = NULL;
	job_gauge_set(job->gauge, &progress);
	return hand->conn != NULL;
}

/* What JOB leaves: its host's connection, unless that was lost. */
static void
hand_tidy(struct hand *hand, const GError *error)
{
	for (guint i = hand->links->len; i-- > 0;) {
		struct hand_link *link = hand->links->pdata[i];

		if (link->conn != hand->conn || fleet_error_is_link(error))
			link_drop(hand, link->conn);
	}
}

void
hand_progress(struct hand *hand)
{
	hand->hands->opts.progress(hand->hands->opts.ctx);
}

/* ---- jobs ---- */

static void
set_moving(struct hand *hand, bool moving)
{
	pthread_mutex_lock(&hand->hands->lock);
	hand->moving = moving;
	pthread_mutex_unlock(&hand->hands->lock);
}

/* A move knows itself how long each of its steps may take, a console has the operator's time. */
static bool
run_in_time(struct hand *hand, struct job *job, GError **error)
{
	int64_t limit_us = job->timeout_ms ? job->timeout_ms * 1000 : hand->hands->opts.call_timeout_us;
	bool is_move = job->class == JOB_MOVE, ok;

	job->state = JOB_RUNNING;
	set_moving(hand, is_move);
	hand_begin(hand, hand->conn, job->class == JOB_SHORT ? limit_us : 0);
	ok = job->run(job, hand->conn, error);
	hand_end(hand, hand->conn);
	set_moving(hand, false);
	if (!ok && !is_move)
		explain_cut(hand, hand->conn, error);
	return ok;
}

/* What can be given up: what has not begun, and a move, which then says so. */
static bool
gave_up(const struct job *job, const GError *error)
{
	return job_gauge_cancelled(job->gauge) && (job->state != JOB_RUNNING || job->class == JOB_MOVE) &&
	       g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CANCELLED);
}

/* What became of one that was begun nobody here can know when the link was lost under it. */
static enum job_state
state_after(const struct job *job, bool ok, const GError *error)
{
	if (ok)
		return job->awaited == VM_STATE_UNKNOWN ? JOB_DONE : JOB_WAITING;
	if (gave_up(job, error))
		return JOB_CANCELLED;
	if (job->state == JOB_RUNNING && fleet_error_is_link(error))
		return JOB_UNKNOWN;
	return JOB_FAILED;
}

static bool
is_wanted(const struct job *job, GError **error)
{
	if (!job_gauge_cancelled(job->gauge))
		return true;
	g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled before it began");
	return false;
}

/* False: it was not begun, *ERROR says why. */
static bool
prepare(struct hand *hand, struct job *job, GError **error)
{
	return is_wanted(job, error) && hand_reach(hand, job, error) && is_wanted(job, error) &&
	       (!job->prepare || job->prepare(job, error));
}

static void
poke_hosts(const struct hands *hands, const struct job *job)
{
	hands->opts.poke(hands->opts.ctx, job->target.host);
	if (job->class == JOB_MOVE)
		hands->opts.poke(hands->opts.ctx, job->dest);
}

static void
hand_run(struct hand *hand, struct job *job)
{
	struct hands *hands = hand->hands;
	g_autoptr(GError) error = NULL;
	bool begun, ok = false;

	job->hand = hand;
	job->started_us = clock_now_us();
	begun = prepare(hand, job, &error);
	if (begun)
		ok = run_in_time(hand, job, &error);
	job->state = state_after(job, ok, error);
	job->error = error ? g_strdup(error->message) : NULL;
	job->ended_us = clock_now_us();
	if (begun && job->settle && job->state != JOB_WAITING)
		job->settle(job, error);
	hand_tidy(hand, error);
	job->hand = NULL;
	if (begun)
		poke_hosts(hands, job);
}

/* ---- the clerk ---- */

/* The code that says of JOB's end what its state does. */
static enum fleet_error
code_of(const struct job *job)
{
	return job->state == JOB_UNKNOWN     ? FLEET_ERROR_GONE
	       : job->state == JOB_CANCELLED ? FLEET_ERROR_CANCELLED
					     : FLEET_ERROR_FAILED;
}

void
hand_settle(struct job *job)
{
	g_autoptr(GError) error = NULL;

	if (job->state != JOB_DONE)
		g_set_error_literal(
			&error, FLEET_ERROR, (gint)code_of(job), job->error ? job->error : "no reason given");
	if (job->settle)
		job->settle(job, error);
}

/* ---- the thread ---- */

/* The next job; NULL: there was none for long, or all ends, and nobody will give it another. */
static struct job *
hand_wait(struct hand *hand)
{
	struct hands *hands = hand->hands;
	int64_t end_us = clock_now_us() + hands->opts.idle_us;
	struct timespec until = { .tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000 };
	struct job *job;

	pthread_mutex_lock(&hands->lock);
	hand->idle = g_queue_is_empty(&hand->jobs);
	while (g_queue_is_empty(&hand->jobs) && !hands->stopping)
		if (pthread_cond_timedwait(&hand->work, &hands->lock, &until) == ETIMEDOUT)
			break;
	job = g_queue_pop_head(&hand->jobs);
	hand->idle = false;
	hand->ending = !job;
	pthread_mutex_unlock(&hands->lock);
	return job;
}

static void
hand_leave(struct hand *hand)
{
	struct hands *hands = hand->hands;

	if (hand->conn)
		link_drop(hand, hand->conn);
	pthread_mutex_lock(&hands->lock);
	g_ptr_array_remove_fast(hands->living, hand);
	g_ptr_array_add(hands->gone, hand);
	pthread_cond_broadcast(&hands->changed);
	pthread_mutex_unlock(&hands->lock);
}

static void *
hand_main(void *arg)
{
	struct hand *hand = arg;
	struct job *job;

	thread_stand_back();
	while ((job = hand_wait(hand))) {
		if (hand->host == HAND_CLERK)
			hand_settle(job);
		else
			hand_run(hand, job);
		hands_end(hand->hands, hand, job);
	}
	hand_leave(hand);
	return NULL;
}

static struct hand *
hand_new(struct hands *hands, uint32_t host)
{
	struct hand *hand = g_new0(struct hand, 1);
	pthread_condattr_t attr;

	hand->hands = hands;
	hand->host = host;
	hand->links = g_ptr_array_new();
	g_queue_init(&hand->jobs);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&hand->work, &attr);
	pthread_condattr_destroy(&attr);
	return hand;
}

static void
hand_done(struct hand *hand)
{
	g_assert(hand->links->len == 0);
	g_ptr_array_free(hand->links, TRUE);
	pthread_cond_destroy(&hand->work);
	g_queue_clear(&hand->jobs);
	g_free(hand);
}

struct hand *
hand_start_locked(struct hands *hands, uint32_t host, struct job *job)
{
	struct hand *hand = hand_new(hands, host);
	g_autofree char *name = g_strdup_printf("job:%.11s", host == HAND_CLERK ? "-"
							     : job->host_name   ? job->host_name
										: "?");
	pthread_attr_t attr;
	int failed;

	g_queue_push_tail(&hand->jobs, job);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HAND_STACK);
	failed = pthread_create(&hand->thread, &attr, hand_main, hand);
	pthread_attr_destroy(&attr);
	if (failed) {
		hand_done(hand);
		return NULL;
	}
	pthread_setname_np(hand->thread, name);
	g_ptr_array_add(hands->living, hand);
	return hand;
}

void
hand_free(struct hand *hand)
{
	pthread_join(hand->thread, NULL);
	hand_done(hand);
}
