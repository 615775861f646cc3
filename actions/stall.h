/*
 * stall: whether a move gets nearer its end. What is left to copy goes up and down with what the guest writes, so that a pass
 * over its memory counts only if it began with less than every one before. Pure; whoever has it.
 */
#pragma once

#include "fleet/jobs.h"

struct stall {
	int64_t limit_us;         /* shorter ones are not told */
	int64_t left, changed_us; /* bytes as they were last, and when they changed */
	int64_t pass, start, low; /* which pass it is; bytes: the least that one began with, the least of this one */
	int64_t nearer_us;        /* when it came nearer its end */
	bool gains;               /* this pass began with less than any before */
	const char *phase;        /* static; what is copied */
};

void stall_begin(struct stall *stall, int64_t limit_ms, int64_t now_us);
/* PROGRESS, as it was read at NOW_US, is told whether it stalls: stalled_ms and rewritten. */
void stall_judge(struct stall *stall, struct job_progress *progress, int64_t now_us);
