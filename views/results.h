/*
 * results: what became of acts, guest by guest, for scripts and for the eye. Members in JSON: host, name, uuid, verb, dest
 * (where a move went), result ("done", "failed", "cancelled", "unknown", "left out", "denied", "planned"), error (why, when
 * there is something to say), remark (of a planned one what it would be given of its own), took_s.
 */
#pragma once

#include "actions/plan.h"

#include <stdio.h>

struct results;

struct results *results_new(void);
void results_free(struct results *results); /* accepts NULL */

/* JOB has its last state. */
void results_add_job(struct results *results, const struct job *job);
/* Those that PLAN leaves out; with PLANNED also those that it would be done to. */
void results_add_plan(struct results *results, const struct plan *plan, bool planned);

/* What results can be printed as, NULL-terminated. */
const char *const *results_formats(void);
/* FORMAT: one of these. By host and name. */
void results_print(struct results *results, const char *format, FILE *out);
