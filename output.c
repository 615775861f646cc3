#include "output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

static bool
fail(int number, GError **error)
{
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number), "can't write the output: %s",
		g_strerror(number));
	return false;
}

/* Makes no use of O_NONBLOCK, which the shell and others who have FD would get, too: a pipe with room at all takes
 * PIPE_BUF bytes without waiting. */
bool
output_write(int fd, int stop_fd, const char *text, size_t size, GError **error)
{
	while (size) {
		struct pollfd fds[] = { { .fd = fd, .events = POLLOUT },
			{ .fd = stop_fd, .events = POLLIN } };
		ssize_t n;

		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		if (fds[1].revents)
			return fail(EINTR, error);
		n = write(fd, text, MIN(size, PIPE_BUF));
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return fail(errno, error);
		text += MAX(n, 0);
		size -= (size_t)MAX(n, 0);
	}
	return true;
}
