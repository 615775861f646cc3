#include "actions/stall.h"

/* All that is left to copy; -1: not known. */
static int64_t
bytes_left(const struct job_progress *progress)
{
	if (progress->mem_left < 0 && progress->disk_left < 0)
		return -1;
	return MAX(progress->mem_left, 0) + MAX(progress->disk_left, 0);
}

/* Memory after disks, or nothing known before: what was left then says nothing. */
static void
start_anew(struct stall *stall, const char *phase)
{
	stall->phase = phase;
	stall->left = stall->pass = -1;
	stall->start = INT64_MAX;
}

/* An eighth less is less: each pass differs a little from the last. */
static void
start_pass(struct stall *stall, int64_t pass, int64_t left)
{
	stall->pass = pass;
	stall->gains = left < stall->start - stall->start / 8;
	stall->start = MIN(stall->start, left);
	stall->low = INT64_MAX;
}

void
stall_begin(struct stall *stall, int64_t limit_ms, int64_t now_us)
{
	*stall = (struct stall){ .limit_us = limit_ms * 1000, .changed_us = now_us, .nearer_us = now_us };
	start_anew(stall, NULL);
}

void
stall_judge(struct stall *stall, struct job_progress *progress, int64_t now_us)
{
	int64_t left = bytes_left(progress), pass = MAX(progress->iteration, 1);
	bool told;

	if (left < 0 || progress->phase != stall->phase)
		start_anew(stall, progress->phase);
	if (left < 0 || left != stall->left)
		stall->changed_us = now_us;
	if (pass != stall->pass)
		start_pass(stall, pass, left);
	if (left < 0 || (stall->gains && left < stall->low))
		stall->nearer_us = now_us;
	stall->left = left;
	stall->low = MIN(stall->low, left);
	told = now_us - stall->nearer_us >= stall->limit_us;
	progress->stalled_ms = told ? (now_us - stall->nearer_us) / 1000 : -1;
	progress->rewritten = told && now_us - stall->changed_us < stall->limit_us;
}
