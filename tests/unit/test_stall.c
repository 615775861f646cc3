/* What is told of moves that get nowhere. */
#include "actions/stall.h"

#include <criterion/criterion.h>

#define LIMIT_S 10

static struct stall stall;

static void
begin(void)
{
	stall_begin(&stall, LIMIT_S * 1000, 0);
}

TestSuite(stall, .init = begin);

/* What is told at second S when so much is left in pass PASS. */
static struct job_progress
judge(int s, int64_t left, int64_t pass)
{
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;

	progress.phase = "copying memory";
	progress.mem_left = left;
	progress.iteration = pass;
	stall_judge(&stall, &progress, s * INT64_C(1000000));
	return progress;
}

Test(stall, nothing_copied_is_told_after_the_limit_until_it_goes_on)
{
	struct job_progress progress;

	judge(1, 1000, 1);
	cr_expect_eq(judge(10, 1000, 1).stalled_ms, -1);
	progress = judge(11, 1000, 1);
	cr_expect_eq(progress.stalled_ms, 10000);
	cr_expect_not(progress.rewritten);
	cr_expect_eq(judge(12, 900, 1).stalled_ms, -1);
}

Test(stall, a_guest_that_writes_as_fast_is_told_though_bytes_come_and_go)
{
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;
	int s = 0;

	for (int pass = 1; pass <= 6; pass++)
		for (int64_t left = 1000 - pass; left > 0; left -= 250) {
			progress = judge(++s, left, pass);
			cr_expect(pass > 2 || progress.stalled_ms < 0, "in second %d", s);
		}
	cr_expect_geq(progress.stalled_ms, LIMIT_S * 1000);
	cr_expect(progress.rewritten);
}

Test(stall, passes_that_begin_with_less_each_take_as_long_as_they_like)
{
	int s = 0;

	for (int pass = 1; pass <= 4; pass++)
		for (int64_t left = 10000 >> pass; left > 0; left -= 50)
			cr_expect_eq(judge(s += 5, left, pass).stalled_ms, -1, "in second %d", s);
}

Test(stall, what_is_not_known_is_no_stall)
{
	for (int s = 0; s < 100; s++)
		cr_expect_eq(judge(s, -1, -1).stalled_ms, -1);
}

Test(stall, has_words)
{
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;

	cr_expect_null(job_stall_text(&progress));
	progress.stalled_ms = 12500;
	g_autofree char *still = job_stall_text(&progress);
	cr_expect_str_eq(still, "nothing copied for 12s");
	progress.stalled_ms = 300000;
	progress.rewritten = true;
	g_autofree char *busy = job_stall_text(&progress);
	cr_expect_str_eq(busy, "no nearer its end for 5m: the guest writes as fast as it is copied");
}
