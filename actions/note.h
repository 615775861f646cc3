/* note: what the operator asked for, in the time line. */
#pragma once

#include "fleet/jobs.h"
#include "fleet/timeline.h"

/* Writes how JOB stands: "shutdown asked", "shutdown done", "shutdown failed" and why. TIMELINE NULL: nowhere. Any thread. */
void note_job(struct timeline *timeline, const struct job *job);
