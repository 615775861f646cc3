#include "config/command.h"

#include "config/error.h"
#include "config/words.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STDERR_KEPT 4096 /* bytes of its complaints that are read; more are thrown away */
#define REAP_MS     10   /* how often an ending program is looked after */

extern char **environ;

struct command {
	const char *name;
	pid_t pid;
	int out, err; /* our ends of its pipes, -1 once at their end */
	int64_t deadline_us;
	size_t limit;
	GString *output, *complaint;
};

static int
ms_left(const struct command *command)
{
	int64_t left = (command->deadline_us - g_get_monotonic_time()) / 1000;

	return (int)CLAMP(left, 0, G_MAXINT);
}

/* Signals as a fresh program expects them, a process group of its own so that all of it can be killed. */
static int
spawn(struct command *command, const char *const *argv, const int out[2], const int err[2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, dfl;
	int rc;

	sigemptyset(&none);
	sigemptyset(&dfl);
	sigaddset(&dfl, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &dfl);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	rc = posix_spawnp(&command->pid, argv[0], &actions, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return rc;
}

static bool
start(struct command *command, const char *const *argv, GError **error)
{
	int out[2], err[2], rc;

	if (pipe2(out, O_CLOEXEC) < 0)
		return config_fail(
			error, CONFIG_ERROR_FILE, "%s can't be run: %s", command->name, g_strerror(errno));
	if (pipe2(err, O_CLOEXEC) < 0) {
		rc = errno;
		close(out[0]);
		close(out[1]);
		return config_fail(
			error, CONFIG_ERROR_FILE, "%s can't be run: %s", command->name, g_strerror(rc));
	}
	rc = spawn(command, argv, out, err);
	close(out[1]);
	close(err[1]);
	command->out = out[0];
	command->err = err[0];
	return rc == 0 ||
	       config_fail(error, CONFIG_ERROR_FILE, "%s can't be run: %s", command->name, g_strerror(rc));
}

/* Reads what is there into TEXT; closes *FD at its end. */
static void
drain(int *fd, GString *text)
{
	char buffer[16384];
	ssize_t n;

	do {
		n = read(*fd, buffer, sizeof(buffer));
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		g_string_append_len(text, buffer, n);
	} else {
		close(*fd);
		*fd = -1;
	}
}

static bool
fail_time(const struct command *command, GError **error)
{
	return config_fail(
		error, CONFIG_ERROR_FILE, "%s takes too long; see inventory.timeout", command->name);
}

static bool
read_output(struct command *command, GError **error)
{
	while (command->out >= 0 || command->err >= 0) {
		struct pollfd fds[] = { { .fd = command->out, .events = POLLIN },
			{ .fd = command->err, .events = POLLIN } };
		int n = poll(fds, G_N_ELEMENTS(fds), ms_left(command));

		if (n == 0)
			return fail_time(command, error);
		if (n > 0 && fds[0].revents != 0)
			drain(&command->out, command->output);
		if (n > 0 && fds[1].revents != 0)
			drain(&command->err, command->complaint);
		if (command->output->len > command->limit)
			return config_fail(error, CONFIG_ERROR_FILE, "%s prints more than %zu MiB",
				command->name, command->limit >> 20);
		if (command->complaint->len > STDERR_KEPT)
			g_string_erase(
				command->complaint, 0, (gssize)(command->complaint->len - STDERR_KEPT));
	}
	return true;
}

/* Waits for the program's end; it may go on after closing its output. */
static bool
reap(struct command *command, int *status, GError **error)
{
	for (;;) {
		pid_t pid = waitpid(command->pid, status, WNOHANG);

		if (pid == command->pid) {
			command->pid = -1;
			return true;
		}
		if (pid < 0 && errno != EINTR)
			return config_fail(
				error, CONFIG_ERROR_FILE, "%s is lost: %s", command->name, g_strerror(errno));
		if (ms_left(command) == 0)
			return fail_time(command, error);
		poll(NULL, 0, REAP_MS);
	}
}

static bool
check_status(const struct command *command, int status, GError **error)
{
	g_autofree char *last = NULL, *quoted = NULL;
	const char *newline;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	last = g_strchomp(g_strdup(command->complaint->str));
	newline = strrchr(last, '\n');
	quoted = words_quote(newline ? newline + 1 : last);
	return config_fail(error, CONFIG_ERROR_FILE, "%s ended with %s %d%s%s", command->name,
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), *last ? " and said " : "",
		*last ? quoted : "");
}

static void
finish(struct command *command)
{
	if (command->out >= 0)
		close(command->out);
	if (command->err >= 0)
		close(command->err);
	if (command->pid > 0) {
		kill(-command->pid, SIGKILL);
		while (waitpid(command->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	g_string_free(command->complaint, TRUE);
}

char *
command_run(const char *const *argv, int64_t timeout_ms, size_t limit, GError **error)
{
	g_autofree char *name = words_quote(argv[0]);
	struct command command = {
		.name = name,
		.pid = -1,
		.out = -1,
		.err = -1,
		.deadline_us = g_get_monotonic_time() + timeout_ms * 1000,
		.limit = limit,
		.output = g_string_new(NULL),
		.complaint = g_string_new(NULL),
	};
	int status = 0;
	bool ok = start(&command, argv, error) && read_output(&command, error) &&
		  reap(&command, &status, error) && check_status(&command, status, error);

	finish(&command);
	return g_string_free(command.output, !ok);
}
