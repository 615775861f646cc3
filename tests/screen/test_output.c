/* What the real binary's output does to readers who don't read, and without one. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 8000

/* Runs the binary with ARGS, its stdout OUT (-1: closed) and without stderr. */
static pid_t
start(const char *const *args, int out)
{
	const char *binary = getenv("VIRT_FLEET");
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(open("/dev/null", O_RDWR), STDERR_FILENO);
	if (out < 0)
		close(STDOUT_FILENO);
	else
		dup2(out, STDOUT_FILENO);
	execv(binary ? binary : "build/release/virt-fleet", (char **)(uintptr_t)args);
	_exit(127);
}

/* Its exit status as of waitpid(); -1: it did not end in time, and was killed. */
static int
end_of(pid_t pid)
{
	int status;

	for (int waited = 0; waited < DEADLINE_MS; waited += 20) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		g_usleep(20000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return -1;
}

/* Whether FD, a pipe's end for writing, takes nothing any more before the deadline. */
static bool
gets_full(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	for (int waited = 0; waited < DEADLINE_MS; waited += 20) {
		if (poll(&room, 1, 0) == 0)
			return true;
		g_usleep(20000);
	}
	return false;
}

Test(output, a_stream_ends_although_nobody_reads_it)
{
	static const char *const args[] = { "virt-fleet", "list", "vms", "--demo", "--watch", "500ms", "-o",
		"jsonl", NULL };
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
		int ends[2], status;
		pid_t pid;

		cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
		pid = start(args, ends[1]);
		cr_assert(gets_full(ends[1]));
		kill(pid, signals[i]);
		status = end_of(pid);
		cr_expect(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: status %d",
			strsignal(signals[i]), status);
		close(ends[0]);
		close(ends[1]);
	}
}

/* What do says and how it ends, over simulated guests and without a terminal. */
Test(output, do_refuses_in_words)
{
	static const struct {
		const char *args;
		int status;
		const char *err;
	} cases[] = {
		{ "do", 2, "do what? a verb is missing; allowed: start, shutdown" },
		{ "do stpo", 2, "did you mean 'stop'?" },
		{ "do console --where x", 2, "'console' is no verb" },
		{ "do stop", 2, "--where says to which guests" },
		{ "do evacuate", 2, "--where says to which hosts" },
		{ "do stop now=1 --where x", 2, "stop: what is 'now=1'? type: stop" },
		{ "do shutdown wait=1s --where x", 2, "wait can't be '1s'; allowed: Wait so long" },
		{ "do stop --to kvm2 --where x", 2, "stop: what is 'to=kvm2'?" },
		{ "do stop --where cpu>", 2, "--where: " },
		{ "do stop --where x -o csv", 2, "allowed are: table, json, jsonl" },
		{ "do stop --where x --parallel 0", 2, "--parallel: '0' is no such number" },
		{ "do stop --where x --readonly", 2, "with --readonly there are no verbs" },
		{ "do stop --where nothing-like-it", 1, "no guest matches" },
		{ "do stop --where state=running", 2,
			"nothing is done: this hurts guests, and nobody can be asked" },
		{ "do start --where Domain-0", 1, "no guest matches" },
		{ "list vms --yes", 2, "--yes does not go with list" },
	};
	const char *binary = getenv("VIRT_FLEET");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *line = g_strdup_printf(
			"%s %s --demo=3x12", binary ? binary : "build/release/virt-fleet", cases[i].args);
		g_auto(GStrv) argv = g_strsplit(line, " ", -1);
		g_autofree char *err = NULL;
		int status;

		cr_assert(g_spawn_sync(
			NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &err, &status, NULL));
		cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].status, "%s: %d",
			cases[i].args, WEXITSTATUS(status));
		cr_expect(strstr(err, cases[i].err), "%s: %s", cases[i].args, err);
	}
}

Test(output, a_closed_output_is_a_failure)
{
	static const char *const args[][6] = { { "virt-fleet", "list", "hosts", "--demo=2x4" },
		{ "virt-fleet", "snapshot", "--demo=2x4" }, { "virt-fleet", "--version" } };

	for (size_t i = 0; i < G_N_ELEMENTS(args); i++) {
		int status = end_of(start(args[i], -1));

		cr_expect(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1, "row %zu: status %d",
			i, status);
	}
}
