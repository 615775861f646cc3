/* Children that end, fail, hang with open and with closed output. */
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/spawn.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOREVER_US INT64_C(30000000) /* far more than what ends by itself needs */
#define SHORT_US   INT64_C(200000)

static bool
capture(const char *script, int64_t limit_us, int cancel_fd, struct spawn_output *output, GError **error)
{
	return spawn_capture((const char *const[]){ "sh", "-c", script, NULL }, clock_now_us() + limit_us,
		cancel_fd, output, error);
}

Test(spawn, keeps_both_streams_and_the_status)
{
	struct spawn_output output;
	GError *error = NULL;

	cr_assert(capture("echo out; echo err >&2; exit 3", FOREVER_US, -1, &output, &error));
	cr_expect_str_eq(output.out, "out\n");
	cr_expect_str_eq(output.err, "err\n");
	cr_expect(WIFEXITED(output.status) && WEXITSTATUS(output.status) == 3);
	spawn_output_done(&output);
}

Test(spawn, ends_what_takes_too_long)
{
	static const char *const scripts[] = {
		"while :; do :; done",
		"exec >&- 2>&-; while :; do :; done", /* its output ends, it does not */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
		struct spawn_output output;
		g_autoptr(GError) error = NULL;

		cr_assert_not(capture(scripts[i], SHORT_US, -1, &output, &error));
		cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_TIMEOUT), "%s", error->message);
		cr_expect_eq(waitpid(-1, NULL, WNOHANG), -1, "a child is left");
	}
}

Test(spawn, can_be_cancelled)
{
	struct spawn_output output;
	g_autoptr(GError) error = NULL;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	cr_assert_eq(write(fds[1], "x", 1), 1);
	cr_assert_not(capture("while :; do :; done", FOREVER_US, fds[0], &output, &error));
	cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CANCELLED), "%s", error->message);
}

Test(spawn, says_that_there_is_no_such_program)
{
	struct spawn_output output;
	g_autoptr(GError) error = NULL;

	cr_assert_not(spawn_capture((const char *const[]){ "/nonexistent/program", NULL },
		clock_now_us() + FOREVER_US, -1, &output, &error));
	cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED), "%s", error->message);
}
