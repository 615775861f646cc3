/*
 * jobs: one act on one guest, on its way. Made by the UI thread, queued by actions/queue.h, done by a hand (a thread with a
 * connection of its own, fleet/hands.h), given back to the UI thread through the mailbox. It belongs to whoever has it; what
 * others may see of it meanwhile is its gauge.
 */
#pragma once

#include "fleet/conn.h"

struct hand;
struct journal;

/* WAITING: asked for, and the guest takes its time (shutdown). UNKNOWN: begun, and then the link was lost under it. */
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_WAITING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_UNKNOWN };

/* What a job needs of its hosts, for the caps of the queue. */
enum job_class {
	JOB_SHORT, /* one call */
	JOB_MOVE,  /* a migration: a source and a target, minutes to hours; nobody cuts its tunnels */
	JOB_LOOK,  /* a question before an act, of a source and a target; not for the queue */
	JOB_CONSOLE, /* what an operator looks at: as long as he does; not for the queue */
};

/* How far a job is. Numbers: -1 unknown. */
struct job_progress {
	const char *phase; /* static: "connecting", "copying memory", "checking"; NULL: none */
	int64_t mem_total, mem_left, disk_total, disk_left; /* bytes */
	int64_t speed, dirty;                               /* bytes per second */
	int64_t iteration, downtime_ms, throttle_pct;       /* downtime: expected, once it is over: real */
	int64_t stalled_ms; /* it has come no nearer its end for so long; -1: not worth telling */
	bool rewritten;     /* … though it is copied: the guest writes as fast */
};

#define JOB_PROGRESS_UNKNOWN                                                                                     \
	((struct job_progress){ .mem_total = -1, .mem_left = -1, .disk_total = -1, .disk_left = -1, .speed = -1, \
		.dirty = -1, .iteration = -1, .downtime_ms = -1, .throttle_pct = -1, .stalled_ms = -1 })

/* What to say of one that stalls; caller frees. NULL: it does not. */
char *job_stall_text(const struct job_progress *progress);

/* Shared by a job's thread and whoever watches it. Any thread; never blocks. */
struct job_gauge;
struct job_gauge *job_gauge_new(void); /* one reference */
struct job_gauge *job_gauge_ref(struct job_gauge *gauge);
void job_gauge_unref(struct job_gauge *gauge); /* accepts NULL */
void job_gauge_set(struct job_gauge *gauge, const struct job_progress *progress);
void job_gauge_get(struct job_gauge *gauge, struct job_progress *out);
/* Asks the job to give up; what can be given up is up to it. */
void job_gauge_cancel(struct job_gauge *gauge);
bool job_gauge_cancelled(struct job_gauge *gauge);

struct job {
	uint64_t id;       /* of the batch it belongs to */
	uint64_t serial;   /* of this job in this process, given by the queue */
	enum job_class class;
	struct row_key target;
	char *vm_name, *host_name; /* as they were when asked */
	uint32_t dest;     /* JOB_MOVE: the host it goes to */
	char *dest_name;   /* NULL: none */
	char **params;     /* NULL-terminated, name and value in turn, as the journal has them; NULL: none */
	const char *verb;  /* static: the action's name */
	const char *done;  /* static: "started", for the status line */
	/* On the hand's thread, blocking. Only run() counts against timeout_ms: what is done before and after it waits for
	 * this machine and not for the host. */
	bool (*prepare)(struct job *job, GError **error); /* false: it is not run; NULL: nothing to prepare */
	bool (*run)(struct job *job, struct conn *conn, GError **error);
	void (*settle)(struct job *job, const GError *error); /* what was run has ended, well with NULL; NULL: nobody asks */
	enum vm_act act;
	enum vm_state awaited;   /* after run() it is WAITING until the guest is in this state; UNKNOWN: it is done at once */
	int64_t await_ms;        /* … at most so long; then it failed, and force may be offered */
	struct hand *hand;       /* while it runs: for hand_connect() and the like */
	struct job_gauge *gauge; /* one reference; never NULL */
	struct journal *journal; /* borrowed; NULL: none */
	uint64_t number;         /* of the act in the journal */
	int64_t timeout_ms; /* of run(); then its connection is cut and the outcome is unknown; 0: the usual of a call */
	enum job_state state;
	char *error;       /* why it failed or nobody knows, in words; NULL else */
	char *remark;      /* what to say of one that is done: "downtime 38 ms"; NULL: nothing */
	int64_t queued_us, started_us, ended_us;
	GArray *found;     /* JOB_LOOK: struct take_finding; NULL: not told. Freed with the job */
	struct {
		int fd;     /* the job's end of a socket pair, closed with the job; -1: none */
		bool force; /* take it over from whoever has it */
		bool taken; /* it failed because somebody has it */
	} console;         /* JOB_CONSOLE */
};

/* Something is done for an operator, which the end of the program waits for. */
static inline bool
job_is_act(const struct job *job)
{
	return job->class == JOB_SHORT || job->class == JOB_MOVE;
}

struct job *job_new(void);
void job_free(struct job *job);
/* The value of the parameter NAME, NULL: not given. */
const char *job_param(const struct job *job, const char *name);
