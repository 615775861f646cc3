/* work: verbs on their way – submitted jobs, and what became of them, told on the status line. UI thread only. */
#pragma once

#include "actions/plan.h"
#include "views/env.h"

struct work;

struct work *work_new(struct env *env);
void work_free(struct work *work); /* accepts NULL */

/* Hands PLAN's jobs to the fleet. */
void work_submit(struct work *work, const struct plan *plan);
/* JOB came back; takes ownership. */
void work_done(struct work *work, struct job *job);
/* The guests whose jobs have not come back: a set of struct row_key, borrowed. */
GHashTable *work_busy(const struct work *work);
/* Jobs that have not come back. */
unsigned work_pending(const struct work *work);
