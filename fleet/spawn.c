#include "fleet/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/error.h"

enum { OUTPUT_MAX = 1 << 20 };

extern char **environ;

static void
add_stream(posix_spawn_file_actions_t *actions, int fd, int as)
{
	if (fd >= 0)
		posix_spawn_file_actions_adddup2(actions, fd, as);
	else
		posix_spawn_file_actions_addopen(actions, as, "/dev/null", as == 0 ? O_RDONLY : O_WRONLY, 0);
}

static void
set_clean_state(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
}

pid_t
spawn_start(const struct spawn *spawn, GError **error)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	pid_t pid = -1;
	int rc;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	add_stream(&actions, spawn->in, STDIN_FILENO);
	add_stream(&actions, spawn->out, STDOUT_FILENO);
	add_stream(&actions, spawn->err, STDERR_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	set_clean_state(&attr);
	/* The array is not written to; POSIX only could not say so. */
	rc = posix_spawnp(
		&pid, spawn->argv[0], &actions, &attr, (char *const *)(uintptr_t)spawn->argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (rc) {
		g_set_error(error, FLEET_ERROR, rc == ENOENT ? FLEET_ERROR_UNSUPPORTED : FLEET_ERROR_FAILED,
			"can't run %s: %s", spawn->argv[0], g_strerror(rc));
		return -1;
	}
	return pid;
}

static int
reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void
spawn_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(-pid, SIGKILL);
	reap(pid);
}

struct stream {
	int fd; /* -1: ended */
	GString *text;
};

static void
stream_read(struct stream *stream)
{
	char buf[4096];
	ssize_t n = read(stream->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		close(stream->fd);
		stream->fd = -1;
		return;
	}
	if (stream->text->len < OUTPUT_MAX)
		g_string_append_len(stream->text, buf, MIN((gsize)n, OUTPUT_MAX - stream->text->len));
}

/* Both streams to their ends, and the process to its own: one may close its output and stay. */
static bool
collect(struct stream streams[2], int process, const char *name, int64_t deadline_us, int cancel_fd,
	GError **error)
{
	bool ended = false;

	while (streams[0].fd >= 0 || streams[1].fd >= 0 || !ended) {
		struct pollfd fds[] = { { streams[0].fd, POLLIN, 0 }, { streams[1].fd, POLLIN, 0 },
			{ cancel_fd, POLLIN, 0 }, { ended ? -1 : process, POLLIN, 0 } };
		int64_t left_us = deadline_us - clock_now_us();

		if (left_us <= 0) {
			g_set_error(error, FLEET_ERROR, FLEET_ERROR_TIMEOUT, "%s did not end in time", name);
			return false;
		}
		if (poll(fds, G_N_ELEMENTS(fds), (int)MIN(left_us / 1000 + 1, 60000)) <= 0)
			continue;
		if (fds[2].revents) {
			g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
			return false;
		}
		for (unsigned i = 0; i < 2; i++) {
			if (fds[i].revents)
				stream_read(&streams[i]);
		}
		ended |= fds[3].revents != 0;
	}
	return true;
}

static bool
open_pipes(int out[2], int err[2], GError **error)
{
	if (pipe2(out, O_CLOEXEC) == 0) {
		if (pipe2(err, O_CLOEXEC) == 0)
			return true;
		close(out[0]);
		close(out[1]);
	}
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't make a pipe: %s", g_strerror(errno));
	return false;
}

bool
spawn_capture(const char *const *argv, int64_t deadline_us, int cancel_fd, struct spawn_output *output,
	GError **error)
{
	struct stream streams[2];
	int out[2], err[2];
	bool ok = false;
	pid_t pid;

	if (!open_pipes(out, err, error))
		return false;
	pid = spawn_start(&(struct spawn){ argv, -1, out[1], err[1] }, error);
	close(out[1]);
	close(err[1]);
	streams[0] = (struct stream){ out[0], g_string_new(NULL) };
	streams[1] = (struct stream){ err[0], g_string_new(NULL) };
	if (pid > 0) {
		int process = pidfd_open(pid, 0);

		if (process < 0)
			g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't watch %s: %s", argv[0],
				g_strerror(errno));
		else
			ok = collect(streams, process, argv[0], deadline_us, cancel_fd, error);
		if (process >= 0)
			close(process);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (streams[i].fd >= 0)
			close(streams[i].fd);
	}
	if (ok) {
		output->status = reap(pid);
		output->out = g_string_free(streams[0].text, FALSE);
		output->err = g_string_free(streams[1].text, FALSE);
		return true;
	}
	spawn_end(pid);
	g_string_free(streams[0].text, TRUE);
	g_string_free(streams[1].text, TRUE);
	return false;
}

void
spawn_output_done(struct spawn_output *output)
{
	g_clear_pointer(&output->out, g_free);
	g_clear_pointer(&output->err, g_free);
}
