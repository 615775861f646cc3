/* queue_private: shared by actions/queue*.c alone. */
#pragma once

#include "actions/queue.h"

/* As many acts at once as there is room for: under way are never more than USED of MOST. */
struct cap {
	uint64_t key;
	unsigned used, most;
	bool slow;         /* its host takes long: others come first */
	GHashTable *lanes; /* set of struct lane *: those that wait for it */
};

#define CAPS_MOST 2

/* All of the same host, or for moves of the same two, that wait: what holds for the first holds for the others. */
struct lane {
	uint64_t key;
	struct cap *caps[CAPS_MOST]; /* NULL: no more */
	GQueue urgent, usual;        /* struct task, in their order */
	bool ready;                  /* it is in the tree of those that could go … */
	struct turn {
		bool usual, slow;
		uint64_t serial;
	} turn; /* … at this place */
};

/* The window: who waits, who may go, how many are under way. */
struct lanes {
	unsigned parallel, per_host, moves_out, moves_in; /* as in struct queue_opts */
	unsigned running;
	GHashTable *caps, *lanes; /* by their keys */
	GTree *ready;             /* struct lane * by turn */
};

struct batch {
	uint64_t id;
	unsigned left; /* that have not ended */
	GQueue ended;  /* struct task */
};

struct task {
	struct queue_entry entry; /* first */
	struct job *job;          /* ours: queued or WAITING; NULL: it is out, or ended */
	struct batch *batch;      /* NULL: it is complete */
	struct lane *lane;        /* while it is queued */
	struct cap *caps[CAPS_MOST]; /* while it runs: what it takes up */
	bool running;
	bool busy;                /* it is counted in queue.busy */
	GList all_link;           /* in queue.all */
	GList link;               /* in its lane, then in queue.running, then in batch.ended, then in queue.past */
	int64_t seen_us;          /* of WAITING and late ones: of the sample that was looked at last */
	int64_t acted_us;         /* … when it was asked to go */
};

/* What fails is remembered longer than what went well. */
enum past { PAST_WELL, PAST_BADLY, PAST_COUNT };

struct queue {
	struct queue_opts opts;
	struct lanes lanes;
	bool paused, closed;
	uint64_t last_serial, last_batch, last_ending, version;
	GQueue all;           /* struct task, the newest first; a reference each */
	GQueue running;       /* struct task */
	GQueue past[PAST_COUNT]; /* struct task of complete batches, in the order of ending */
	GHashTable *tasks;    /* by serial */
	GHashTable *batches;  /* under way, by id; owned */
	GHashTable *busy;     /* row_key, owned, to how many acts are queued or run */
	GHashTable *watched;  /* row_key in the task to struct task: WAITING ones, and those that were late */
	GPtrArray *entries;   /* of all, as they were at … */
	uint64_t entries_version;
	unsigned counts[JOB_UNKNOWN + 1];
	unsigned moves, late;
};

/* ---- queue_lanes.c ---- */

void lanes_init(struct lanes *lanes, const struct queue_opts *opts);
void lanes_done(struct lanes *lanes);
/* TASK waits from now on. */
void lanes_add(struct lanes *lanes, struct task *task);
/* … or no more. */
void lanes_remove(struct lanes *lanes, struct task *task);
/* The one that goes next; it waits no more and takes up its caps. NULL: there is none, or no room for it. */
struct task *lanes_next(struct lanes *lanes);
/* TASK no longer takes up anything. */
void lanes_release(struct lanes *lanes, struct task *task);
/* TASK, which runs, takes long, or did not get an answer: others come before the next ones of its hosts. Or it went well. */
void lanes_judge(struct lanes *lanes, struct task *task, bool slow);

/* ---- queue.c ---- */

void queue_changed(struct queue *queue);
void queue_set_state(struct queue *queue, struct task *task, enum job_state state);
/* Hands TASK's job, which was WAITING, to settle() with its outcome. ERROR is taken, NULL: none. */
void queue_settle(struct queue *queue, struct task *task, enum job_state state, char *error, int64_t now_us);

/* ---- queue_past.c ---- */

/* TASK has ended: it is remembered for a while. It may be gone when this returns. */
void queue_bury(struct queue *queue, struct task *task);

/* ---- queue_await.c ---- */

/* TASK's job is WAITING from now on. */
void queue_await(struct queue *queue, struct task *task, int64_t now_us);
/* Nobody looks at the guest for its sake any more. */
void queue_unwatch(struct queue *queue, struct task *task);
/* Somebody does something else to the guest: what was asked of it is not waited for, and no force is offered. */
void queue_supersede(struct queue *queue, const struct row_key *target, int64_t now_us);
/* For a short act. */
bool queue_takes_long(const struct task *task, int64_t now_us);
