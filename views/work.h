/*
 * work: verbs on their way – the queue, between the console and the fleet – and what became of them, told on the status
 * line and in the time line. UI thread only.
 */
#pragma once

#include "actions/plan.h"
#include "actions/queue.h"
#include "views/env.h"

struct work;

struct work *work_new(struct env *env);
/* What was queued is dropped. Accepts NULL. */
void work_free(struct work *work);

/* Queues PLAN's jobs. */
void work_submit(struct work *work, const struct plan *plan);
/* JOB came back; takes ownership. */
void work_done(struct work *work, struct job *job);
/* It was found what became of the act SERIAL: WHERE is fate_text(). */
void work_found(struct work *work, uint64_t serial, const char *where);
/* SNAP is the newest, shown or not: has what is waited for happened in it? */
void work_observe(struct work *work, const struct fleet_snap *snap);

/* Whom to ask what is queued, and whom to tell to pause and to cancel. */
struct queue *work_queue(const struct work *work);
/* The guests with acts that have not ended: a set of struct row_key, borrowed. */
GHashTable *work_busy(const struct work *work);
/* Jobs that have not ended. */
unsigned work_pending(const struct work *work);
