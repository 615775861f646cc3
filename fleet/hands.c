#include "fleet/hands_private.h"

#include "fleet/clock.h"
#include "fleet/error.h"

/* ---- life ---- */

struct hands *
hands_new(const struct hands_opts *opts)
{
	struct hands *hands = g_new0(struct hands, 1);
	pthread_condattr_t attr;

	hands->opts = *opts;
	hands->factory = *opts->factory;
	pthread_mutex_init(&hands->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&hands->changed, &attr);
	pthread_condattr_destroy(&attr);
	hands->living = g_ptr_array_new();
	hands->gone = g_ptr_array_new();
	return hands;
}

/* Joins the threads that have ended, which is over at once. */
static void
bury(struct hands *hands)
{
	GPtrArray *gone;

	pthread_mutex_lock(&hands->lock);
	gone = hands->gone;
	hands->gone = g_ptr_array_new();
	pthread_mutex_unlock(&hands->lock);
	for (guint i = 0; i < gone->len; i++)
		hand_free(gone->pdata[i]);
	g_ptr_array_free(gone, TRUE);
}

void
hands_free(struct hands *hands)
{
	if (!hands)
		return;
	bury(hands);
	g_assert(hands->living->len == 0);
	g_ptr_array_free(hands->living, TRUE);
	g_ptr_array_free(hands->gone, TRUE);
	pthread_cond_destroy(&hands->changed);
	pthread_mutex_destroy(&hands->lock);
	g_free(hands);
}

/* ---- jobs ---- */

static void
count_in_locked(struct hands *hands, const struct job *job)
{
	hands->busy += job_is_act(job);
	hands->moves += job->class == JOB_MOVE;
}

/* Whoever hears of it may have the next job for this hand at once. */
void
hands_end(struct hands *hands, struct hand *hand, struct job *job)
{
	pthread_mutex_lock(&hands->lock);
	hands->busy -= job_is_act(job);
	hands->moves -= job->class == JOB_MOVE;
	if (hand)
		hand->idle = true;
	pthread_mutex_unlock(&hands->lock);
	hands->opts.ended(hands->opts.ctx, job);
}

/* An idle hand of HOST, or the clerk, who has many at once. NULL: none. */
static struct hand *
find_locked(struct hands *hands, uint32_t host)
{
	for (guint i = 0; i < hands->living->len; i++) {
		struct hand *hand = hands->living->pdata[i];

		if (hand->host == host && !hand->ending && (hand->idle || host == HAND_CLERK))
			return hand;
	}
	return NULL;
}

/* False: there is nobody to do it. */
static bool
give_locked(struct hands *hands, uint32_t host, struct job *job)
{
	struct hand *hand = find_locked(hands, host);

	if (!hand)
		return hand_start_locked(hands, host, job) != NULL;
	hand->idle = false;
	g_queue_push_tail(&hand->jobs, job);
	pthread_cond_signal(&hand->work);
	return true;
}

void
hands_submit(struct hands *hands, struct job *job)
{
	const char *refusal = NULL;

	pthread_mutex_lock(&hands->lock);
	job->queued_us = job->queued_us ? job->queued_us : clock_now_us();
	count_in_locked(hands, job);
	if (hands->stopping)
		refusal = "virt-fleet is ending";
	else if (!give_locked(hands, job->target.host, job))
		refusal = "can't start another thread";
	pthread_mutex_unlock(&hands->lock);
	if (!refusal)
		return;
	job->state = JOB_FAILED;
	job->error = g_strdup(refusal);
	job->ended_us = clock_now_us();
	hands_end(hands, NULL, job);
}

/* An act has its end in the journal even when we end: so this is never refused. */
void
hands_settle(struct hands *hands, struct job *job)
{
	bool given;

	pthread_mutex_lock(&hands->lock);
	count_in_locked(hands, job);
	given = give_locked(hands, HAND_CLERK, job);
	pthread_mutex_unlock(&hands->lock);
	if (given)
		return;
	hand_settle(job);
	hands_end(hands, NULL, job);
}

unsigned
hands_busy(struct hands *hands, bool moves)
{
	unsigned busy;

	pthread_mutex_lock(&hands->lock);
	busy = moves ? hands->moves : hands->busy;
	pthread_mutex_unlock(&hands->lock);
	return busy;
}

/* ---- cutting ---- */

/* Some connection that fits and is not being cut yet. */
static struct hand_link *
find_link_locked(struct hands *hands, bool (*fits)(const struct hand *, const struct hand_link *, int64_t),
	int64_t now_us)
{
	for (guint i = 0; i < hands->living->len; i++) {
		struct hand *hand = hands->living->pdata[i];

		for (guint j = 0; j < hand->links->len; j++) {
			struct hand_link *link = hand->links->pdata[j];

			if (!link->late && !link->stopped && fits(hand, link, now_us))
				return link;
		}
	}
	return NULL;
}

static bool
is_late(const struct hand *hand, const struct hand_link *link, int64_t now_us)
{
	(void)hand;
	return link->deadline_us && now_us > link->deadline_us;
}

static bool
may_be_stopped(const struct hand *hand, const struct hand_link *link, int64_t now_us)
{
	(void)link;
	(void)now_us;
	return !hand->moving;
}

void
hands_supervise(struct hands *hands, int64_t now_us)
{
	struct hand_link *link;

	pthread_mutex_lock(&hands->lock);
	while ((link = find_link_locked(hands, is_late, now_us))) {
		link->late = true;
		hand_cut_locked(hands, link);
	}
	pthread_mutex_unlock(&hands->lock);
	bury(hands);
}

void
hands_stop(struct hands *hands)
{
	struct hand_link *link;

	pthread_mutex_lock(&hands->lock);
	hands->stopping = true;
	for (guint i = 0; i < hands->living->len; i++)
		pthread_cond_signal(&((struct hand *)hands->living->pdata[i])->work);
	while ((link = find_link_locked(hands, may_be_stopped, 0))) {
		link->stopped = true;
		hand_cut_locked(hands, link);
	}
	pthread_mutex_unlock(&hands->lock);
}

bool
hands_wait(struct hands *hands, int64_t timeout_ms)
{
	int64_t end_us = clock_now_us() + timeout_ms * 1000;
	struct timespec until = { .tv_sec = end_us / 1000000, .tv_nsec = end_us % 1000000 * 1000 };
	bool ended;

	pthread_mutex_lock(&hands->lock);
	while (hands->living->len > 0 && pthread_cond_timedwait(&hands->changed, &hands->lock, &until) == 0)
		;
	ended = hands->living->len == 0;
	pthread_mutex_unlock(&hands->lock);
	return ended;
}
