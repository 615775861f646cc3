#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/spawn.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_pump_private.h"
#include "fleet/tunnel_ssh.h"

enum {
	ROUNDS_MAX = 16,   /* of one session before the others have their turn */
	READ_BYTES = 4096, /* what libssh takes off the wire at once */
};

/* ---- as others see them ---- */

void
link_unref(struct pump_link *link)
{
	if (!g_atomic_int_dec_and_test(&link->refs))
		return;
	close(link->fd);
	pthread_mutex_destroy(&link->lock);
	g_free(link->why);
	g_free(link);
}

bool
pump_link_alive(struct pump_link *link, char **why)
{
	bool alive;

	pthread_mutex_lock(&link->lock);
	alive = link->alive;
	if (!alive && why)
		*why = g_strdup(link->why);
	pthread_mutex_unlock(&link->lock);
	return alive;
}

void
pump_link_cut(struct pump_link *link)
{
	shutdown(link->fd, SHUT_RDWR);
}

int64_t
pump_link_rtt_us(struct pump_link *link)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return 0;
	return info.tcpi_rtt;
}

char *
pump_link_address(struct pump_link *link)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char text[NI_MAXHOST];

	if (getpeername(link->fd, (struct sockaddr *)&peer, &len) || peer.ss_family == AF_UNIX ||
		getnameinfo((struct sockaddr *)&peer, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
		return NULL;
	return g_strdup(text);
}

/* ---- pump thread ---- */

void
link_end(struct pump_link *link, const char *words)
{
	if (!link->session)
		return;
	pthread_mutex_lock(&link->lock);
	link->alive = false;
	link->why = g_strdup(words);
	pthread_mutex_unlock(&link->lock);
	requests_fail(link, words);
	for (guint i = 0; i < link->pipes->len; i++)
		g_ptr_array_add(link->pump->dead_pipes, link->pipes->pdata[i]);
	g_ptr_array_set_size(link->pipes, 0);
	watch_set(&link->watch, 0);
	ssh_event_free(link->event);
	ssh_free(link->session);
	link->session = NULL;
	/* Our own descriptor would keep the connection open. */
	shutdown(link->fd, SHUT_RDWR);
	spawn_end(link->proxy);
	link->proxy = 0;
}

static bool
session_has_ended(ssh_session session)
{
	return !ssh_is_connected(session) || (ssh_get_status(session) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

static bool
link_step_pipes(struct pump_link *link)
{
	bool any = false;

	for (guint i = 0; i < link->pipes->len;) {
		struct pipe *pipe = link->pipes->pdata[i];

		any |= pipe_step(pipe);
		if (pipe_state(pipe) == PIPE_GONE) {
			g_ptr_array_add(link->pump->dead_pipes, pipe);
			g_ptr_array_remove_index(link->pipes, i);
		} else {
			i++;
		}
	}
	return any;
}

/* Until nothing is left that no event would tell of: a step may take bytes off the wire that belong to a pipe which
 * had its turn already. False: the session has ended. */
static bool
link_run(struct pump_link *link)
{
	bool more = true;

	for (unsigned round = 0; round < ROUNDS_MAX && more; round++) {
		uint64_t before = link->traffic.in_bytes, polled;

		ssh_event_dopoll(link->event, 0);
		polled = link->traffic.in_bytes;
		more = link_step_pipes(link);
		more |= requests_look(link);
		if (session_has_ended(link->session))
			return false;
		/* A full read is seldom the last one. */
		more |= link->traffic.in_bytes != polled || polled - before >= READ_BYTES;
	}
	if (more && !link->is_busy) {
		link->is_busy = true;
		g_ptr_array_add(link->pump->busy, link);
	}
	return true;
}

void
link_service(struct pump_link *link)
{
	uint32_t events = EPOLLIN;

	if (!link->session)
		return;
	if (!link_run(link)) {
		g_autofree char *words = tunnel_error_words(link->session);

		link_end(link, words);
		return;
	}
	for (guint i = 0; i < link->pipes->len; i++)
		pipe_rest(link->pipes->pdata[i]);
	if (ssh_get_status(link->session) & SSH_WRITE_PENDING)
		events |= EPOLLOUT;
	watch_set(&link->watch, events);
	/* The end of every longer answer waits in the far end's Nagle for our acknowledgement, which our kernel would
	 * hold back for 40 ms; the option lasts only until the next bytes come. */
	tunnel_ssh_quickack(link->fd);
}

void
link_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	link_service((struct pump_link *)watch);
}
