/* list, of the real binary: streams, what ends them, and what is said of hosts that do not answer. */
#include <criterion/criterion.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 20000
#define LINE        512

struct stream {
	GPid pid;
	FILE *out;
};

static const char *
program(void)
{
	const char *path = g_getenv("VIRT_FLEET");

	cr_assert_not_null(path, "VIRT_FLEET must name the program to test (make check-integration does)");
	return path;
}

static struct stream
stream_start(const char *what, const char *columns)
{
	const char *argv[] = { program(), "list", what, "--demo=3x10", "--watch=500ms", "-o", "csv",
		"--columns", columns, NULL };
	struct stream stream;
	int out;

	cr_assert(g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
		NULL, NULL, &stream.pid, NULL, &out, NULL, NULL));
	stream.out = fdopen(out, "r");
	setvbuf(stream.out, NULL, _IONBF, 0);
	return stream;
}

static void
stream_read(struct stream *stream, char line[LINE])
{
	struct pollfd fd = { .fd = fileno(stream->out), .events = POLLIN };

	cr_assert_eq(poll(&fd, 1, DEADLINE_MS), 1, "nothing comes");
	cr_assert_not_null(fgets(line, LINE, stream->out), "it has ended");
}

/* Its exit code; it must end by itself. */
static int
stream_end(struct stream *stream)
{
	int64_t end = g_get_monotonic_time() + DEADLINE_MS * INT64_C(1000);
	int status;
	pid_t pid;

	if (stream->out)
		fclose(stream->out);
	while ((pid = waitpid(stream->pid, &status, WNOHANG)) == 0 && g_get_monotonic_time() < end)
		g_usleep(10000);
	if (pid == 0) {
		kill(stream->pid, SIGKILL);
		waitpid(stream->pid, &status, 0);
		cr_assert_fail("it did not end");
	}
	cr_assert(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

/* Rows come again and again, each round with a later time, until a signal asks for the end. */
Test(list, streams_until_it_is_stopped)
{
	static const int stops[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < G_N_ELEMENTS(stops); i++) {
		struct stream stream = stream_start("hosts", "name");
		char head[LINE], first[LINE], line[LINE];
		unsigned rounds = 1;

		stream_read(&stream, head);
		cr_expect_str_eq(head, "time,name\n");
		for (stream_read(&stream, first); rounds<3; rounds += strcmp(line, first)> 0) {
			stream_read(&stream, line);
			cr_expect(g_str_has_prefix(line, "\"20") && strstr(line, "Z\",\""), "%s", line);
		}
		kill(stream.pid, stops[i]);
		cr_expect_eq(stream_end(&stream), 0);
	}
}

Test(list, a_stream_ends_when_nobody_reads_it)
{
	static const char *const what[] = { "hosts", "events" };

	for (size_t i = 0; i < G_N_ELEMENTS(what); i++) {
		struct stream stream = stream_start(what[i], "age");
		char line[LINE];

		stream_read(&stream, line);
		fclose(stream.out);
		stream.out = NULL;
		cr_expect_eq(stream_end(&stream), 0, "%s", what[i]);
	}
}

Test(list, names_hosts_that_do_not_answer_once)
{
	const char *argv[] = { program(), "list", "hosts", "-F", "none", "root@127.0.0.1:1", "-o", "json",
		"--columns=name,state", NULL };
	g_autofree char *out = NULL, *complaint = NULL;
	int status;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
		&complaint, &status, NULL));
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	cr_expect_str_eq(out, "[\n{\"name\":\"127.0.0.1\",\"state\":\"refused\"}\n]\n");
	cr_expect(g_str_has_prefix(complaint, "virt-fleet: 127.0.0.1: refused: "), "%s", complaint);
	cr_expect_eq(g_strstr_len(complaint + strlen("virt-fleet: 127.0.0.1: refused: "), -1, "127.0.0.1: "),
		NULL, "%s", complaint);
	cr_expect_eq(strchr(complaint, '\n'), complaint + strlen(complaint) - 1, "%s", complaint);
}

Test(list, points_at_what_is_wrong_in_a_query)
{
	const char *argv[] = { program(), "list", "vms", "--demo=1x1", "--where", "web state=runing", NULL };
	g_autofree char *out = NULL, *complaint = NULL;
	int status;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
		&complaint, &status, NULL));
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 2);
	cr_expect_str_eq(out, "");
	cr_expect(strstr(complaint, "did you mean 'running'?"), "%s", complaint);
	cr_expect(g_str_has_suffix(complaint, "\n  web state=runing\n            ^^^^^^\n"), "%s", complaint);
}
