/* hands_private: what hands.c (who has which job) and hand.c (one thread and its connections) share. */
#pragma once

#include "fleet/hands.h"

#include <pthread.h>

/* The hand of no host: it only calls settle(). */
#define HAND_CLERK UINT32_MAX

struct hands {
	struct hands_opts opts;      /* constant */
	struct conn_factory factory; /* constant */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* a hand has ended, or a cut is over */
	/* guarded by lock */
	GPtrArray *living;    /* struct hand * */
	GPtrArray *gone;      /* struct hand *, whose threads are to be joined */
	unsigned busy, moves; /* jobs without consoles, and those of them that are moves */
	bool stopping;
};

/* A connection of a hand. All but the conn itself is guarded by hands->lock. */
struct hand_link {
	struct conn *conn;   /* constant; the hand's thread's, or whom it gave it to */
	int64_t deadline_us; /* of the step under way, 0: none */
	bool cutting;        /* somebody is inside conn->ops->cancel(): it may not be freed */
	bool late;           /* it was cut because of its deadline … */
	bool stopped;        /* … because of hands_stop() */
};

struct hand {
	struct hands *hands; /* constant */
	uint32_t host;       /* constant; HAND_CLERK: none */
	pthread_t thread;

	pthread_cond_t work;
	/* guarded by hands->lock */
	GQueue jobs;      /* struct job *, given and not begun */
	bool idle;        /* may be given one */
	bool ending;      /* will not take any more */
	bool moving;      /* runs a move, whose connections are not cut at the end */
	GPtrArray *links; /* struct hand_link *; written by whoever has its job.run() */

	struct conn *conn; /* to its host, one of the links, NULL: none; hand's thread only */
};

/* A hand with JOB to begin with, among the living. NULL when there can't be another thread. Lock held. */
struct hand *hand_start_locked(struct hands *hands, uint32_t host, struct job *job);
/* Its thread is joined first. */
void hand_free(struct hand *hand);
/* Cuts LINK; lets the lock go meanwhile. */
void hand_cut_locked(struct hands *hands, struct hand_link *link);

/* Calls the settle() of JOB, which was WAITING. Blocks on the disk. */
void hand_settle(struct job *job);

/* JOB, which HAND (NULL: nobody) had, goes back. No lock held. */
void hands_end(struct hands *hands, struct hand *hand, struct job *job);
