/* note: what the operator asked for, in the time line. */
#pragma once

#include "actions/journal.h"
#include "config/config.h"
#include "fleet/jobs.h"
#include "fleet/timeline.h"

/* Writes how JOB stands: "shutdown asked", "shutdown done", "shutdown failed" and why. TIMELINE NULL: nowhere. Any thread. */
void note_job(struct timeline *timeline, const struct job *job);
/* Writes that an earlier run did not see the end of LOST. It is about the guest only if CONFIG has the host. */
void note_lost(struct timeline *timeline, const struct config *config, const struct journal_lost *lost);
