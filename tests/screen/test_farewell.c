/* The real binary's end while a guest is on the move, or an act under way: nothing is broken and nothing goes untold. */
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define DEADLINE 30000

struct run {
	char *folder, *log;
	struct screen *screen;
};

static void
expect(struct run *run, const char *text)
{
	g_autofree char *shown = NULL;

	if (screen_wait_text(run->screen, text, DEADLINE))
		return;
	shown = screen_text(run->screen);
	cr_assert_fail("'%s' did not come:\n%s", text, shown);
}

static struct run
run_start(void)
{
	const char *binary = getenv("VIRT_FLEET");
	struct run run = { .folder = g_dir_make_tmp("vf-end-XXXXXX", NULL) };

	cr_assert(run.folder);
	run.log = g_build_filename(run.folder, "events.jsonl", NULL);
	run.screen = screen_start((const char *const[]){ binary ? binary : "build/release/virt-fleet",
					  "--demo=4x40", "--event-log", run.log, "--view", "vms", NULL },
		NULL, 24, 120);
	expect(&run, "4/4 hosts up");
	return run;
}

static void
run_done(struct run *run)
{
	screen_free(run->screen);
	g_unlink(run->log);
	g_rmdir(run->folder);
	g_free(run->log);
	g_free(run->folder);
}

/* Sets a guest on its way, which takes some seconds. */
static void
set_off(struct run *run)
{
	screen_send(run->screen, "/name=proxy-1\r");
	expect(run, "1 of 40 VMs");
	expect(run, "kvm001"); /* its facts have been read when its tenant is shown */
	expect(run, "arctic-telecom");
	screen_send(run->screen, ":migrate to=kvm002 copy=all bandwidth=4G\r");
	expect(run, "[Cancel]");
	screen_send(run->screen, SCREEN_TAB SCREEN_ENTER);
	expect(run, "1 under way");
}

static void
expect_told(const struct run *run, const char *what)
{
	g_autofree char *text = NULL;
	g_autofree char *member = g_strdup_printf("\"what\":\"%s\"", what);

	cr_assert(g_file_get_contents(run->log, &text, NULL, NULL));
	cr_expect_not_null(strstr(text, member), "%s is not in\n%s", what, text);
}

/* Simulated moves fail now and then: what counts is that it came to its own end, and that this is told. */
static void
expect_own_end(const struct run *run)
{
	g_autofree char *text = NULL;

	cr_assert(g_file_get_contents(run->log, &text, NULL, NULL));
	cr_expect(strstr(text, "\"what\":\"migrate done\"") || strstr(text, "\"what\":\"migrate failed\""),
		"no end is in\n%s", text);
}

static void
expect_end(const struct run *run)
{
	int status = screen_exit_status(run->screen, 2 * DEADLINE);

	cr_assert(status >= 0 && WIFEXITED(status), "status %x", (unsigned)status);
	cr_expect_eq(WEXITSTATUS(status), 0);
}

Test(farewell, a_lost_terminal_does_not_stop_a_move)
{
	struct run run = run_start();

	set_off(&run);
	screen_hang_up(run.screen);
	expect_end(&run);
	expect_own_end(&run);
	run_done(&run);
}

/* In write(2), for which nobody makes room. */
static bool
is_stuck(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/syscall", (int)pid), *text = NULL;

	return g_file_get_contents(path, &text, NULL, NULL) && strtol(text, NULL, 10) == SYS_write;
}

static void
stick(const struct run *run)
{
	int64_t end = g_get_monotonic_time() + DEADLINE * INT64_C(1000);

	while (!is_stuck(screen_pid(run->screen))) {
		cr_assert_lt(g_get_monotonic_time(), end);
		screen_send(run->screen, SCREEN_CTRL('l'));
		g_usleep(1000);
	}
}

/* As when the network between it and the operator is gone, and later the terminal. */
Test(farewell, a_terminal_that_nobody_reads_does_not_stop_a_move_either)
{
	struct run run = run_start();

	set_off(&run);
	stick(&run);
	screen_hang_up(run.screen);
	expect_end(&run);
	expect_own_end(&run);
	run_done(&run);
}

/* The terminal stays, unread. */
Test(farewell, sigterm_ends_it_although_nobody_reads_the_terminal)
{
	struct run run = run_start();
	int status;

	set_off(&run);
	stick(&run);
	screen_signal(run.screen, SIGTERM);
	status = screen_exit_status_unread(run.screen, 2 * DEADLINE);
	cr_assert(
		status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
	expect_own_end(&run);
	run_done(&run);
}

Test(farewell, whoever_quits_waits_for_the_move_or_aborts_it_then)
{
	struct run run = run_start();

	set_off(&run);
	screen_send(run.screen, "q");
	expect(&run, "A guest is on the move.");
	screen_send(run.screen, SCREEN_TAB SCREEN_ENTER);
	expect(&run, "waiting for 1 guest on the move");
	cr_expect(screen_is_sane(run.screen));
	screen_send(run.screen, SCREEN_CTRL('c'));
	expect(&run, "migrate proxy-1: cancelled");
	expect_end(&run);
	expect_told(&run, "migrate cancelled");
	run_done(&run);
}

Test(farewell, aborting_is_one_of_the_answers)
{
	struct run run = run_start();

	set_off(&run);
	screen_send(run.screen, "q");
	expect(&run, "Abort and quit");
	screen_send(run.screen, SCREEN_LEFT SCREEN_ENTER);
	expect_end(&run);
	expect_told(&run, "migrate cancelled");
	run_done(&run);
}

Test(farewell, the_second_sigterm_aborts)
{
	struct run run = run_start();

	set_off(&run);
	screen_signal(run.screen, SIGTERM);
	expect(&run, "waiting for 1 guest on the move");
	screen_signal(run.screen, SIGHUP); /* which does not */
	screen_signal(run.screen, SIGTERM);
	expect_end(&run);
	expect_told(&run, "migrate cancelled");
	run_done(&run);
}

Test(farewell, nobody_goes_to_the_background_with_a_move)
{
	struct run run = run_start();

	set_off(&run);
	screen_send(run.screen, SCREEN_CTRL('z'));
	expect(&run, "that would break it");
	screen_send(run.screen, "q");
	expect(&run, "Abort and quit");
	screen_send(run.screen, SCREEN_LEFT SCREEN_ENTER);
	expect_end(&run);
	run_done(&run);
}
