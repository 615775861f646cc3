/* outcome: how a batch of jobs goes, told in one line: "started 12; 2 failed: host does not answer". UI thread only. */
#pragma once

#include "actions/action.h"
#include "fleet/timeline.h"

#include <glib.h>

struct outcome;

/* TOTAL jobs with the id BATCH will end. */
struct outcome *outcome_new(const struct action *action, uint64_t batch, unsigned total);
void outcome_free(struct outcome *outcome); /* accepts NULL */
uint64_t outcome_batch(const struct outcome *outcome);
/* JOB ended; it stays the caller's. */
void outcome_add(struct outcome *outcome, const struct job *job);
bool outcome_complete(const struct outcome *outcome);
/* How bad it is, so far: a failure is EVENT_BAD, an outcome that nobody knows EVENT_WARN. */
enum event_level outcome_level(const struct outcome *outcome);
/* The line, for a batch under way or complete. Caller frees. */
char *outcome_text(const struct outcome *outcome);
