/*
 * queue: acts on their way – a sliding window over all that is asked for, with caps over all, per host, and for moves per
 * source and per target; never a barrier between batches. Single acts overtake bulks. Keeps what ended for the view `jobs`.
 * Main thread only (console, or `do`); nothing here blocks. Pure but for submit() and settle().
 */
#pragma once

#include "actions/plan.h"

struct queue;

struct queue_opts {
	unsigned parallel;  /* acts at once in all, without those that are WAITING */
	unsigned per_host;  /* short acts at once on one host */
	unsigned moves_out, moves_in; /* moves at once from, and to, one host */
	unsigned kept;      /* ended ones that are remembered */
	void (*submit)(void *ctx, struct job *job); /* takes: it comes back by queue_done() */
	void (*settle)(void *ctx, struct job *job); /* takes: one that was WAITING has its outcome */
	void *ctx;
};

/* One act as the view shows it; belongs to the queue, valid until its next call. */
struct queue_entry {
	uint64_t serial, batch;
	const struct action *action;
	struct row_key target;
	char *vm_name, *host_name, *dest_name; /* dest NULL: none */
	enum job_state state;
	char *error, *remark;
	int64_t queued_us, started_us, ended_us; /* 0: not yet */
	struct job_gauge *gauge;
	bool held_by_pause;
};

struct queue *queue_new(const struct queue_opts *opts);
/* Jobs that were not submitted are dropped. Accepts NULL. */
void queue_free(struct queue *queue);

/* Adds JOBS (struct job *, taken; the array stays the caller's) of ACTION as one batch; returns its id. URGENT ones are done
 * before all others that wait. */
uint64_t queue_add(struct queue *queue, const struct action *action, GPtrArray *jobs, bool urgent, int64_t now_us);
/* JOB came back: takes it. WAITING ones stay under way. */
void queue_done(struct queue *queue, struct job *job, int64_t now_us);
/* Looks whether what WAITING ones wait for has happened in SNAP, or their time is over. */
void queue_observe(struct queue *queue, const struct fleet_snap *snap, int64_t now_us);

void queue_pause(struct queue *queue, bool paused); /* what has begun goes on */
bool queue_paused(const struct queue *queue);
/* Waiting ones end as CANCELLED; those under way are asked to give up (a move is aborted). False: no such, or it has ended. */
bool queue_cancel(struct queue *queue, uint64_t serial, int64_t now_us);
unsigned queue_cancel_batch(struct queue *queue, uint64_t batch, int64_t now_us); /* 0: all batches */
/* The guests (struct row_key, caller unrefs) on which ACTION failed or whose outcome is unknown in BATCH (0: in all), for a new plan. */
GArray *queue_failed(const struct queue *queue, uint64_t batch, const struct action **action);

/* All that is known, the newest first: struct queue_entry *, borrowed, valid until the next call that changes the queue. */
const GPtrArray *queue_entries(const struct queue *queue);
uint64_t queue_version(const struct queue *queue); /* another one: entries are not as they were */
/* Guests with an act queued or under way: a set of struct row_key, borrowed. */
GHashTable *queue_busy(const struct queue *queue);
unsigned queue_pending(const struct queue *queue); /* queued, running and waiting */
unsigned queue_moves(const struct queue *queue);   /* moves under way */
