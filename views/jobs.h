/* jobs: the queue as the screen shows it. UI thread only. */
#pragma once

#include "actions/queue.h"
#include "views/columns.h"

/* What rows of jobs (job_rows) are gathered from: the entries of the queue as they were, zeroed at first. */
struct job_source {
	GPtrArray *held; /* struct queue_entry *, the newest first, a reference each; NULL: none yet */
	uint64_t version;
};

void job_source_done(struct job_source *source);

/* The job that a row's key stands for. */
uint64_t job_key_serial(const struct row_key *key);

const struct look *job_look(enum job_state state);
const char *job_state_name(enum job_state state); /* "running" */

/* Microseconds that are left, as far as can be told: of a move by its speed, of what is waited for until its time is
 * over; -1: not known. */
int64_t job_left_us(const struct queue_entry *entry, int64_t now_us);
