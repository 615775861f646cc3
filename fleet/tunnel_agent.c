#include "fleet/tunnel_agent.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fleet/clock.h"

/* Other ways to log in must still have their chance when it hangs. */
static const int64_t list_timeout_us = 3 * G_USEC_PER_SEC;

/* draft-miller-ssh-agent */
enum {
	AGENT_REQUEST_IDENTITIES = 11,
	AGENT_IDENTITIES_ANSWER = 12,
	AGENT_MESSAGE_MAX = 256 << 10,
};

struct tunnel_agent {
	const struct tunnel_wait *wait; /* outlives the agent */
	int fd;                         /* to the agent; the relay's once it runs */
	GArray *keys;                   /* struct tunnel_agent_key; constant after opening */
	GPtrArray *blobs;               /* GBytes of each key; constant after opening */
	int near_fd, far_fd;            /* libssh's end and the relay's; -1: no relay yet */
	pthread_t relay;
	atomic_uint shown; /* the key that is shown */
};

/* ---- messages: four bytes of length, then a type ---- */

static bool
move(int fd, guint8 *data, gsize len, bool out, const struct tunnel_wait *wait)
{
	while (len) {
		struct pollfd pfd = { fd, out ? POLLOUT : POLLIN, 0 };
		ssize_t n;

		if (tunnel_wait(wait, &pfd, 1, INT64_MAX) != WAITED_READY)
			return false;
		n = out ? send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT)
			: recv(fd, data, len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n > 0) {
			data += n;
			len -= (gsize)n;
		}
	}
	return true;
}

static guint32
read_u32(const guint8 *data)
{
	return (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];
}

static void
append_u32(GByteArray *out, guint32 value)
{
	guint8 bytes[] = { (guint8)(value >> 24), (guint8)(value >> 16), (guint8)(value >> 8),
		(guint8)value };

	g_byte_array_append(out, bytes, sizeof(bytes));
}

/* Without its length; NULL: the end, or nonsense. */
static GByteArray *
read_message(int fd, const struct tunnel_wait *wait)
{
	guint8 head[4];
	GByteArray *message;
	guint32 len;

	if (!move(fd, head, sizeof(head), false, wait))
		return NULL;
	len = read_u32(head);
	if (len == 0 || len > AGENT_MESSAGE_MAX)
		return NULL;
	message = g_byte_array_new();
	g_byte_array_set_size(message, len);
	if (move(fd, message->data, len, false, wait))
		return message;
	g_byte_array_unref(message);
	return NULL;
}

static bool
write_message(int fd, const GByteArray *message, const struct tunnel_wait *wait)
{
	g_autoptr(GByteArray) framed = g_byte_array_new();

	append_u32(framed, message->len);
	g_byte_array_append(framed, message->data, message->len);
	return move(fd, framed->data, framed->len, true, wait);
}

/* A length and so many bytes at *POS, which moves on. */
static bool
take_string(const GByteArray *message, gsize *pos, const guint8 **data, gsize *len)
{
	if (message->len - *pos < 4)
		return false;
	*len = read_u32(message->data + *pos);
	*pos += 4;
	if (message->len - *pos < *len)
		return false;
	*data = message->data + *pos;
	*pos += *len;
	return true;
}

static void
append_string(GByteArray *out, const guint8 *data, gsize len)
{
	append_u32(out, (guint32)len);
	g_byte_array_append(out, data, (guint)len);
}

/* ---- the list of keys ---- */

static void
key_clear(void *data)
{
	struct tunnel_agent_key *key = data;

	g_free(key->base64);
	g_free(key->comment);
}

static void
read_keys(struct tunnel_agent *agent, const GByteArray *answer)
{
	gsize pos = 5, blob_len, comment_len;
	const guint8 *blob, *comment;

	if (answer->len < pos || answer->data[0] != AGENT_IDENTITIES_ANSWER)
		return;
	while (take_string(answer, &pos, &blob, &blob_len) &&
		take_string(answer, &pos, &comment, &comment_len)) {
		struct tunnel_agent_key key = { .base64 = g_base64_encode(blob, blob_len),
			.comment = g_strndup((const char *)comment, comment_len) };

		g_array_append_val(agent->keys, key);
		g_ptr_array_add(agent->blobs, g_bytes_new(blob, blob_len));
	}
}

/* False: no answer. */
static bool
ask_for_keys(struct tunnel_agent *agent)
{
	struct tunnel_wait wait = *agent->wait;
	guint8 type = AGENT_REQUEST_IDENTITIES;
	g_autoptr(GByteArray) request = g_byte_array_append(g_byte_array_new(), &type, 1);
	g_autoptr(GByteArray) answer = NULL;

	wait.deadline_us = MIN(wait.deadline_us, clock_now_us() + list_timeout_us);
	if (!write_message(agent->fd, request, &wait))
		return false;
	answer = read_message(agent->fd, &wait);
	if (!answer)
		return false;
	read_keys(agent, answer);
	return true;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (g_strlcpy(address.sun_path, path, sizeof(address.sun_path)) >= sizeof(address.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

struct tunnel_agent *
tunnel_agent_open(const char *path, const struct tunnel_wait *wait, bool *silent)
{
	struct tunnel_agent *agent;
	int fd = connect_to(path);

	*silent = false;
	if (fd < 0)
		return NULL;
	agent = g_new0(struct tunnel_agent, 1);
	agent->wait = wait;
	agent->fd = fd;
	agent->keys = g_array_new(FALSE, TRUE, sizeof(struct tunnel_agent_key));
	g_array_set_clear_func(agent->keys, key_clear);
	agent->blobs = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
	agent->near_fd = agent->far_fd = -1;
	*silent = !ask_for_keys(agent);
	if (agent->keys->len == 0) {
		tunnel_agent_close(agent, NULL);
		return NULL;
	}
	return agent;
}

GArray *
tunnel_agent_keys(struct tunnel_agent *agent)
{
	return agent->keys;
}

/* ---- the relay ---- */

static GByteArray *
shown_key(struct tunnel_agent *agent)
{
	guint8 type = AGENT_IDENTITIES_ANSWER;
	GByteArray *answer = g_byte_array_append(g_byte_array_new(), &type, 1);
	unsigned i = atomic_load(&agent->shown);
	gsize len;
	const guint8 *blob = g_bytes_get_data(g_ptr_array_index(agent->blobs, i), &len);

	append_u32(answer, 1);
	append_string(answer, blob, len);
	append_string(answer, (const guint8 *)"", 0);
	return answer;
}

static GByteArray *
relay_answer(struct tunnel_agent *agent, const GByteArray *request)
{
	if (request->data[0] == AGENT_REQUEST_IDENTITIES)
		return shown_key(agent);
	if (!write_message(agent->fd, request, agent->wait))
		return NULL;
	return read_message(agent->fd, agent->wait);
}

static void *
relay_main(void *arg)
{
	struct tunnel_agent *agent = arg;

	for (;;) {
		g_autoptr(GByteArray) request = read_message(agent->far_fd, agent->wait);
		g_autoptr(GByteArray) answer = request ? relay_answer(agent, request) : NULL;

		if (!answer || !write_message(agent->far_fd, answer, agent->wait))
			break;
	}
	/* Whoever waits for an answer learns that there will be none. */
	shutdown(agent->far_fd, SHUT_RDWR);
	return NULL;
}

static bool
relay_start(struct tunnel_agent *agent, ssh_session session)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return false;
	agent->near_fd = pair[0];
	agent->far_fd = pair[1];
	if (pthread_create(&agent->relay, NULL, relay_main, agent)) {
		close(pair[0]);
		close(pair[1]);
		agent->near_fd = agent->far_fd = -1;
		return false;
	}
	ssh_set_agent_socket(session, agent->near_fd);
	return true;
}

int
tunnel_agent_login(struct tunnel_agent *agent, const struct tunnel_ssh *ssh, unsigned i, GError **error)
{
	atomic_store(&agent->shown, i);
	if (agent->near_fd < 0 && !relay_start(agent, ssh->session))
		return SSH_AUTH_DENIED;
	return TUNNEL_SSH_DRIVE(
		ssh, ssh_userauth_agent(ssh->session, NULL), SSH_AUTH_AGAIN, SSH_AUTH_ERROR, "login", error);
}

void
tunnel_agent_close(struct tunnel_agent *agent, ssh_session session)
{
	if (!agent)
		return;
	if (agent->near_fd >= 0) {
		/* Else libssh would keep the descriptor as long as the session. */
		ssh_set_agent_socket(session, SSH_INVALID_SOCKET);
		close(agent->near_fd);
		pthread_join(agent->relay, NULL);
		close(agent->far_fd);
	}
	close(agent->fd);
	g_array_unref(agent->keys);
	g_ptr_array_unref(agent->blobs);
	g_free(agent);
}
