/*
 * queue: acts on their way – a sliding window over all that is asked for, with caps over all, per host, and for moves per
 * source and per target; never a barrier between batches. Single acts overtake bulks. Keeps what ended for the view `jobs`.
 *
 * Who may go next is found without looking through those that wait, so that each event costs the same with ten of them and
 * with ten thousand. A host that takes long, or did not answer, comes after all others: its acts time out alone.
 *
 * Main thread only (console, or `do`); nothing here blocks. Pure but for submit(), settle() and ended(), which must not call
 * back.
 */
#pragma once

#include "actions/plan.h"

struct queue;

struct queue_opts {
	unsigned parallel;  /* acts at once in all, without those that are WAITING; urgent ones do not wait for this cap */
	unsigned per_host;  /* short acts at once on one host */
	unsigned moves_out, moves_in; /* moves at once from, and to, one host */
	unsigned kept;      /* ended ones that are remembered, without those of batches under way */
	int64_t await_ms;   /* so long WAITING ones wait whose job does not say */
	void (*submit)(void *ctx, struct job *job); /* takes: it comes back by queue_done() */
	void (*settle)(void *ctx, struct job *job); /* takes: one that was WAITING has its outcome; it, too, comes back */
	void (*ended)(void *ctx, const struct job *job); /* it has its last state; NULL: nobody asks */
	void *ctx;
};

/* One act as the view shows it. The queue changes it as it goes on; what it was when it ended stays,
 * but for queue_found(). */
struct queue_entry {
	unsigned refs;           /* private to queue.c */
	uint64_t serial, batch;
	uint64_t ending;         /* 1, 2, … in the order of ending; 0: not yet */
	const struct action *action;
	enum job_class class;
	struct row_key target;
	char *vm_name, *host_name, *dest_name; /* dest NULL: none */
	char **params;           /* as in struct job */
	enum job_state state;
	char *error, *remark;    /* NULL: none */
	int64_t queued_us, started_us, ended_us; /* 0: not yet */
	int64_t deadline_us;     /* WAITING: until then; else 0 */
	struct job_gauge *gauge; /* a reference */
	bool urgent;
	bool late;               /* it was asked to go and did not within its time: force may be offered */
};

struct queue *queue_new(const struct queue_opts *opts);
/* Jobs that were not submitted are dropped. Accepts NULL. */
void queue_free(struct queue *queue);

/* Adds JOBS (struct job *, taken; the array stays the caller's) of ACTION as one batch; returns its id, which they get,
 * too. URGENT ones are done before all others that wait. */
uint64_t queue_add(struct queue *queue, const struct action *action, GPtrArray *jobs, bool urgent, int64_t now_us);
/* JOB came back: takes it. WAITING ones stay under way. */
void queue_done(struct queue *queue, struct job *job, int64_t now_us);
/* It turned out what became of the act SERIAL, whose outcome was unknown: WHERE ("runs on kvm1") takes the place of its error.
 * It stays UNKNOWN, as it ended. No such, or another state: nothing. */
void queue_found(struct queue *queue, uint64_t serial, const char *where);
/* Looks whether what WAITING ones wait for has happened in SNAP, or their time is over; and which hosts take long. To be
 * called with each new snapshot, and once a second. */
void queue_observe(struct queue *queue, const struct fleet_snap *snap, int64_t now_us);

void queue_pause(struct queue *queue, bool paused, int64_t now_us); /* what has begun goes on */
bool queue_paused(const struct queue *queue);
/* Queued ones end as CANCELLED, and WAITING ones, too: nobody waits for them any longer. Those that run are asked to give
 * up (a move is aborted). False: no such, or it has ended. */
bool queue_cancel(struct queue *queue, uint64_t serial, int64_t now_us);
unsigned queue_cancel_batch(struct queue *queue, uint64_t batch, int64_t now_us); /* 0: all batches */
/* Before the end of the program: what is queued is cancelled, and of WAITING ones nobody will know; running ones go on. */
void queue_close(struct queue *queue, int64_t now_us);

/* What did not go well, for a new plan: of all entries that PICK says true of (NULL: what failed, or nobody knows of) those
 * of the newest batch that has some. PICK is asked about cancelled ones, too. */
struct queue_retry {
	const struct action *action; /* NULL: nothing failed */
	GArray *keys;                /* struct row_key: the guests */
	char **params;               /* what all of them had; NULL: nothing */
};
void queue_failed(const struct queue *queue, bool (*pick)(const void *ctx, const struct queue_entry *entry),
                  const void *ctx, struct queue_retry *out);
void queue_retry_done(struct queue_retry *retry); /* frees what is in it */
/* The guests that are LATE and still there (struct row_key, caller unrefs); how many. */
GArray *queue_late(const struct queue *queue);
unsigned queue_late_count(const struct queue *queue);

/* All that is known, the newest first: struct queue_entry *, borrowed, valid until the next call that changes the queue; an
 * entry, as long as somebody has a reference. */
const GPtrArray *queue_entries(struct queue *queue);
const struct queue_entry *queue_find(const struct queue *queue, uint64_t serial); /* NULL: not known any more */
struct queue_entry *queue_entry_ref(struct queue_entry *entry);
void queue_entry_unref(gpointer entry); /* accepts NULL */
uint64_t queue_version(const struct queue *queue); /* another one: entries are not as they were */

/* Guests with an act that is queued or runs: a set of struct row_key, borrowed. Of what only takes its time (WAITING) the
 * next act makes an end. */
GHashTable *queue_busy(const struct queue *queue);
unsigned queue_count(const struct queue *queue, enum job_state state); /* of those that are known */
unsigned queue_pending(const struct queue *queue); /* queued, running and waiting */
unsigned queue_moves(const struct queue *queue);   /* moves that run */
