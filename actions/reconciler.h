/*
 * reconciler: the thread that has actions/reconcile.h look at the fleet, and tells the time line and the journal what it has
 * found. It sleeps as long as no case is open.
 */
#pragma once

#include "actions/journal.h"
#include "actions/reconcile.h"

struct config;
struct reconciler;

struct reconciler_opts {
	struct timeline *timeline;
	struct journal *journal; /* NULL: none */
	const struct fleet_snap *(*snapshot)(void *ctx); /* a reference; any thread */
	void (*changed)(void *ctx);                      /* something was found; any thread */
	void *ctx;
};

/* What has become of a job of this run. */
struct finding {
	uint64_t serial; /* the job's */
	char *where;     /* fate_text() */
};

/* NULL: there can't be another thread. */
struct reconciler *reconciler_new(const struct reconciler_opts *opts);
/* Ends the thread; what is open stays unknown. Accepts NULL. */
void reconciler_free(struct reconciler *reconciler);

/* JOB has ended; if it is a move and its outcome unknown, that is looked for. Any thread, never blocks for long. */
void reconciler_add_job(struct reconciler *reconciler, const struct job *job);
/* Takes one finding out, after changed() was called, until false; caller frees its text. Accepts NULL. Any thread, never
 * blocks for long. */
bool reconciler_take(struct reconciler *reconciler, struct finding *out);
/* An earlier run has lost the end of LOST; if that is a move between hosts of CONFIG, it is looked for. */
void reconciler_add_lost(struct reconciler *reconciler, const struct config *config, const struct journal_lost *lost);
