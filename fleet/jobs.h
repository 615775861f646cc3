/*
 * jobs: one act on one guest, on its way through a host's thread. Made by the UI, run by the host's thread between two
 * polls (or by a thread with its own connection), given back to the UI through the mailbox.
 */
#pragma once

#include "fleet/conn.h"

struct journal;

/* UNKNOWN: begun, and then the link was lost under it. */
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED, JOB_UNKNOWN };

struct job {
	uint64_t id;       /* of the batch it belongs to */
	struct row_key target;
	char *vm_name, *host_name; /* as they were when asked */
	const char *verb;  /* static: the action's name */
	const char *done;  /* static: "started", for the status line */
	/* On the host's thread, blocking. Only run() counts against timeout_ms: what is done before and after it waits for
	 * this machine and not for the host. */
	bool (*prepare)(struct job *job, GError **error); /* false: it is not run; NULL: nothing to prepare */
	bool (*run)(struct job *job, struct conn *conn, GError **error);
	void (*settle)(struct job *job, const GError *error); /* what was run has ended, well with NULL; NULL: nobody asks */
	enum vm_act act;
	struct journal *journal; /* borrowed; NULL: none */
	uint64_t number;         /* of the act in the journal */
	int64_t timeout_ms; /* of run(); then its host's link is cut and the outcome is unknown */
	enum job_state state;
	char *error;       /* why it failed or nobody knows, in words; NULL else */
	int64_t queued_us, started_us, ended_us;
};

struct job *job_new(void);
void job_free(struct job *job);
