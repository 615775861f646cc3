#include "fleet/tunnel_pipe.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/tunnel_error.h"

enum {
	CHUNK = 32 << 10,
	READS_PER_STEP = 8, /* of the local end, so that one pipe can't keep the others waiting */
	WORDS_MAX = 400,
};

struct pipe {
	struct watch watch; /* of the listening socket, then of the connection */
	ssh_session session;
	size_t user; /* constant */
	ssh_channel channel;
	enum pipe_state state;
	char *path, *command; /* one of them */
	void (*ready)(void *ctx);
	void *ctx;

	struct tunnel_exec_result result;
	GString *words; /* why it failed, or the end of what the command said on stderr */

	struct local_socket local;
	int fd;              /* the one connection; -1: none yet */
	bool readable;       /* fd has something */
	bool hung_up;        /* fd's peer has closed, not just said all it had to say */
	bool local_eof;      /* fd will not say any more, and the far end knows */
	bool remote_eof;     /* the far end won't, and fd's peer knows */
	GByteArray *to_near; /* came over the channel, not yet taken by fd; seldom anything */
	GByteArray *to_far;  /* came from fd, not yet taken by the channel, as during a rekey */
};

static void
local_ready(struct watch *watch, uint32_t events)
{
	struct pipe *pipe = (struct pipe *)watch;

	if (events & ~(uint32_t)EPOLLOUT)
		pipe->readable = true;
	if (events & (EPOLLHUP | EPOLLERR))
		pipe->hung_up = true;
	pipe->ready(pipe->ctx);
}

static struct pipe *
pipe_new(const struct pipe_opts *opts)
{
	struct pipe *pipe = g_new0(struct pipe, 1);

	pipe->session = opts->session;
	pipe->user = opts->user;
	pipe->channel = ssh_channel_new(opts->session);
	g_assert(pipe->channel);
	pipe->ready = opts->ready;
	pipe->ctx = opts->ctx;
	pipe->fd = pipe->local.fd = -1;
	pipe->words = g_string_new(NULL);
	pipe->to_near = g_byte_array_new();
	pipe->to_far = g_byte_array_new();
	watch_init(&pipe->watch, opts->epoll_fd, -1, local_ready);
	return pipe;
}

struct pipe *
pipe_new_unix(const struct pipe_opts *opts, const char *path)
{
	struct pipe *pipe = pipe_new(opts);

	pipe->path = g_strdup(path);
	return pipe;
}

struct pipe *
pipe_new_exec(const struct pipe_opts *opts, const char *command)
{
	struct pipe *pipe = pipe_new(opts);

	pipe->command = g_strdup(command);
	return pipe;
}

static void
close_near(struct pipe *pipe)
{
	watch_set(&pipe->watch, 0);
	pipe->watch.fd = -1;
	local_socket_close(&pipe->local);
	if (pipe->fd >= 0)
		close(pipe->fd);
	pipe->fd = -1;
}

void
pipe_free(struct pipe *pipe)
{
	close_near(pipe);
	tunnel_exec_result_done(&pipe->result);
	g_byte_array_unref(pipe->to_near);
	g_byte_array_unref(pipe->to_far);
	g_string_free(pipe->words, TRUE);
	g_free(pipe->path);
	g_free(pipe->command);
	g_free(pipe);
}

enum pipe_state
pipe_state(const struct pipe *pipe)
{
	return pipe->state;
}

size_t
pipe_user(const struct pipe *pipe)
{
	return pipe->user;
}

const char *
pipe_words(const struct pipe *pipe)
{
	return pipe->words->str;
}

const struct tunnel_exec_result *
pipe_result(const struct pipe *pipe)
{
	return &pipe->result;
}

/* ---- opening ---- */

static bool
go_to(struct pipe *pipe, enum pipe_state state)
{
	pipe->state = state;
	return true;
}

static bool
fail(struct pipe *pipe)
{
	g_autofree char *words = tunnel_error_words(pipe->session);

	g_string_assign(pipe->words, words);
	return go_to(pipe, PIPE_FAILED);
}

static int
ask_for_channel(struct pipe *pipe)
{
	return pipe->path ? ssh_channel_open_forward_unix(pipe->channel, pipe->path, "localhost", 0)
			  : ssh_channel_open_session(pipe->channel);
}

static bool
step_opening(struct pipe *pipe)
{
	int rc = ask_for_channel(pipe);

	if (rc == SSH_AGAIN)
		return false;
	if (rc != SSH_OK)
		return fail(pipe);
	return go_to(pipe, pipe->command ? PIPE_STARTING : PIPE_OPEN);
}

static bool
step_starting(struct pipe *pipe)
{
	int rc = ssh_channel_request_exec(pipe->channel, pipe->command);

	if (rc == SSH_AGAIN)
		return false;
	return rc == SSH_OK ? go_to(pipe, PIPE_MARKING) : fail(pipe);
}

/* All there is, so that libssh does not open the window wider while the rest is still unread. */
static bool
read_channel(struct pipe *pipe, int is_stderr, GByteArray *into)
{
	int left = ssh_channel_poll(pipe->channel, is_stderr);
	guint8 chunk[CHUNK];
	bool any = false;

	while (left > 0) {
		int n = ssh_channel_read_nonblocking(
			pipe->channel, chunk, (uint32_t)MIN(left, CHUNK), is_stderr);

		if (n <= 0)
			break;
		g_byte_array_append(into, chunk, (guint)n);
		left -= n;
		any = true;
	}
	return any;
}

static void
read_words(struct pipe *pipe)
{
	g_autoptr(GByteArray) said = NULL;

	if (!pipe->command)
		return;
	said = g_byte_array_new();
	if (!read_channel(pipe, 1, said))
		return;
	g_string_append_len(pipe->words, (const char *)said->data, said->len);
	if (pipe->words->len > WORDS_MAX)
		g_string_erase(pipe->words, 0, (gssize)(pipe->words->len - WORDS_MAX));
}

static bool
step_marking(struct pipe *pipe)
{
	read_words(pipe);
	read_channel(pipe, 0, pipe->to_near);
	tunnel_exec_parse(pipe->to_near, &pipe->result);
	if (pipe->result.state == EXEC_OPEN)
		return go_to(pipe, PIPE_OPEN);
	if (pipe->result.state != EXEC_WAITS || ssh_channel_is_eof(pipe->channel) ||
		ssh_channel_is_closed(pipe->channel))
		return go_to(pipe, PIPE_FAILED);
	return false;
}

/* libssh can't take a question back: a channel that opens after all is closed then. */
static bool
step_unwanted(struct pipe *pipe)
{
	int rc = ask_for_channel(pipe);

	if (rc == SSH_AGAIN)
		return false;
	return go_to(pipe, PIPE_CLOSING);
}

/* ---- listening ---- */

void
pipe_listen(struct pipe *pipe, struct local_socket *local)
{
	g_assert(pipe->state == PIPE_OPEN);
	pipe->local = *local;
	*local = (struct local_socket){ .fd = -1 };
	pipe->watch.fd = pipe->local.fd;
	go_to(pipe, PIPE_LISTENING);
}

static bool
step_listening(struct pipe *pipe)
{
	if (ssh_channel_is_closed(pipe->channel) || ssh_channel_is_eof(pipe->channel))
		return go_to(pipe, PIPE_CLOSING);
	if (!pipe->readable)
		return false;
	pipe->readable = false;
	pipe->fd = local_socket_accept(&pipe->local);
	if (pipe->fd < 0)
		return false;
	watch_set(&pipe->watch, 0);
	local_socket_close(&pipe->local);
	pipe->watch.fd = pipe->fd;
	return go_to(pipe, PIPE_FLOWING);
}

/* ---- flowing ---- */

/* Gives fd what it takes; the rest stays. False: nobody is there any more. */
static bool
write_near(struct pipe *pipe)
{
	gsize done = 0;

	while (done < pipe->to_near->len) {
		ssize_t n =
			send(pipe->fd, pipe->to_near->data + done, pipe->to_near->len - done, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			break;
		done += (gsize)n;
	}
	if (done)
		g_byte_array_remove_range(pipe->to_near, 0, (guint)done);
	/* A burst's room is given back: there are a thousand of these. */
	if (pipe->to_near->len == 0 && done > CHUNK) {
		g_byte_array_unref(pipe->to_near);
		pipe->to_near = g_byte_array_new();
	}
	return true;
}

/* Far end → fd. The channel is only read while fd has taken all that came before. */
static bool
pull(struct pipe *pipe)
{
	read_words(pipe);
	do {
		if (pipe->to_near->len == 0 && !read_channel(pipe, 0, pipe->to_near))
			return false;
		if (!write_near(pipe))
			return go_to(pipe, PIPE_CLOSING);
	} while (pipe->to_near->len == 0);
	return false;
}

/* Gives the channel what it takes; the rest stays. False: it is closed. */
static bool
write_far(struct pipe *pipe, const guint8 *data, gsize len)
{
	int n = ssh_channel_write(pipe->channel, data, (uint32_t)len);

	if (n < 0)
		return false;
	if ((gsize)n < len)
		g_byte_array_append(pipe->to_far, data + n, (guint)(len - (gsize)n));
	return true;
}

static bool
may_write_far(const struct pipe *pipe)
{
	return pipe->to_far->len == 0 && !(ssh_get_status(pipe->session) & SSH_WRITE_PENDING) &&
	       ssh_channel_window_size(pipe->channel) > 0;
}

static bool
push_rest(struct pipe *pipe)
{
	g_autoptr(GByteArray) rest = NULL;

	if (pipe->to_far->len == 0 || (ssh_get_status(pipe->session) & SSH_WRITE_PENDING))
		return false;
	rest = g_steal_pointer(&pipe->to_far);
	pipe->to_far = g_byte_array_new();
	return write_far(pipe, rest->data, rest->len) ? false : go_to(pipe, PIPE_CLOSING);
}

/* What fd had to say is over. Waiting for a frozen daemon to close its side too would keep the channel for nobody. */
static bool
end_far(struct pipe *pipe)
{
	if (pipe->hung_up)
		return go_to(pipe, PIPE_CLOSING);
	pipe->local_eof = true;
	ssh_channel_send_eof(pipe->channel);
	return false;
}

/* fd → far end. */
static bool
push(struct pipe *pipe)
{
	guint8 chunk[CHUNK];

	if (push_rest(pipe))
		return true;
	for (unsigned i = 0; i < READS_PER_STEP && pipe->readable && may_write_far(pipe); i++) {
		size_t room = MIN(sizeof(chunk), ssh_channel_window_size(pipe->channel));
		ssize_t n = recv(pipe->fd, chunk, room, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return go_to(pipe, PIPE_CLOSING);
		/* Less than there was room for: that was all. */
		pipe->readable = n == (ssize_t)room;
		if (n == 0)
			return end_far(pipe);
		if (n > 0 && !write_far(pipe, chunk, (gsize)n))
			return go_to(pipe, PIPE_CLOSING);
	}
	return false;
}

/* Ends of either direction that the other side has to learn of. */
static bool
pass_ends(struct pipe *pipe)
{
	if (pipe->to_near->len)
		return false;
	if (ssh_channel_is_closed(pipe->channel) || (pipe->local_eof && pipe->remote_eof))
		return go_to(pipe, PIPE_CLOSING);
	if (pipe->remote_eof || !ssh_channel_is_eof(pipe->channel))
		return false;
	pipe->remote_eof = true;
	shutdown(pipe->fd, SHUT_WR);
	return pipe->local_eof;
}

static bool
step_flowing(struct pipe *pipe)
{
	return pull(pipe) || push(pipe) || pass_ends(pipe);
}

/* ---- closing ---- */

void
pipe_drop(struct pipe *pipe)
{
	if (pipe->state == PIPE_OPENING || pipe->state == PIPE_UNWANTED)
		go_to(pipe, PIPE_UNWANTED);
	else if (pipe->state != PIPE_GONE)
		go_to(pipe, PIPE_CLOSING);
}

/* Freeing an open channel before its last message is out would forget it: the far end's half would stay. */
static bool
step_closing(struct pipe *pipe)
{
	close_near(pipe);
	if (ssh_channel_is_open(pipe->channel) && ssh_channel_close(pipe->channel) == SSH_AGAIN)
		return false;
	ssh_channel_free(pipe->channel);
	pipe->channel = NULL;
	return go_to(pipe, PIPE_GONE);
}

static bool
step_nothing(struct pipe *pipe)
{
	(void)pipe;
	return false;
}

static bool (*const steps[])(struct pipe *pipe) = {
	[PIPE_OPENING] = step_opening,
	[PIPE_STARTING] = step_starting,
	[PIPE_MARKING] = step_marking,
	[PIPE_OPEN] = step_nothing,
	[PIPE_FAILED] = step_nothing,
	[PIPE_UNWANTED] = step_unwanted,
	[PIPE_LISTENING] = step_listening,
	[PIPE_FLOWING] = step_flowing,
	[PIPE_CLOSING] = step_closing,
	[PIPE_GONE] = step_nothing,
};

bool
pipe_step(struct pipe *pipe)
{
	return steps[pipe->state](pipe);
}

void
pipe_rest(struct pipe *pipe)
{
	uint32_t events = 0;

	if (pipe->state == PIPE_LISTENING)
		events = EPOLLIN;
	if (pipe->state == PIPE_FLOWING && pipe->to_near->len)
		events |= EPOLLOUT;
	if (pipe->state == PIPE_FLOWING && !pipe->local_eof && may_write_far(pipe))
		events |= EPOLLIN;
	if (pipe->watch.fd >= 0)
		watch_set(&pipe->watch, events);
}
