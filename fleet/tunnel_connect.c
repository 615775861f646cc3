#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/tunnel_dial.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_hostkey.h"
#include "fleet/tunnel_login.h"
#include "fleet/tunnel_private.h"
#include "fleet/tunnel_ssh.h"

/* An sshd with too many at its door drops some; these tries are spread over about six seconds. */
enum { DROPPED_MAX = 6 };
static const int64_t dropped_pause_us = 100000;

/* One call of tunnel_connect(), on its thread's stack. */
struct connect {
	struct tunnel *tunnel;
	struct tunnels *tunnels;
	const struct conn_listener *listener;
	struct sshconf_host *host;
	struct addrinfo *addresses; /* NULL behind a proxy */
	struct tunnel_wait wait;
	int64_t step_began_us;
	bool tcp_reported, last_hostkey_try;

	struct dialled dialled;
	struct tunnel_ssh ssh;
};

/* Reports STEP, which began when the one before it ended. */
static void
connect_report(struct connect *c, enum conn_step step, const char *text, const GError *error)
{
	int64_t now_us = clock_now_us();

	if (c->listener && c->listener->step)
		c->listener->step(c->listener->ctx, step, error == NULL, now_us - c->step_began_us,
			error ? error->message : text);
	c->step_began_us = now_us;
}

static bool
connect_fail(struct connect *c, enum conn_step step, GError *failure, GError **error)
{
	connect_report(c, step, NULL, failure);
	g_propagate_error(error, failure);
	return false;
}

/* Waiting for one's turn is nobody's slowness: the deadline moves on. */
static bool
connect_enter(struct connect *c, struct gate *gate, struct gate_pass *pass, const char *key, GError **error)
{
	int64_t before_us = clock_now_us(), waited_us;

	if (!gate_enter(gate, pass, key)) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
		return false;
	}
	waited_us = clock_now_us() - before_us;
	c->wait.deadline_us += waited_us;
	c->step_began_us += waited_us;
	return true;
}

static bool
connect_configure(struct connect *c, GError **error)
{
	const struct hostspec *spec = c->tunnel->spec;

	c->host = sshconf_resolve(c->tunnels->conf, spec->host, spec->user, spec->port, c->wait.deadline_us,
		c->wait.cancel_fd, error);
	if (!c->host)
		return false;
	if (c->host->connect_timeout_s > 0)
		c->wait.deadline_us = MIN(c->wait.deadline_us,
			clock_now_us() + c->host->connect_timeout_s * (int64_t)G_USEC_PER_SEC);
	c->wait.peer = c->host->hostname;
	c->ssh.host = c->host;
	return true;
}

static bool
connect_resolve(struct connect *c, GError **error)
{
	if (!connect_enter(c, c->tunnels->names, &c->tunnel->at_names, "", error))
		return false;
	c->addresses = dial_resolve(c->host, error);
	gate_leave(c->tunnels->names, &c->tunnel->at_names);
	return c->addresses != NULL;
}

static bool
connect_name(struct connect *c, GError **error)
{
	g_autofree char *address = NULL;
	GError *failure = NULL;

	if (!connect_configure(c, &failure))
		return connect_fail(c, CONN_STEP_NAME, failure, error);
	if (dial_needs_proxy(c->host)) {
		connect_report(c, CONN_STEP_NAME, c->host->hostname, NULL);
		return true;
	}
	if (!connect_resolve(c, &failure))
		return connect_fail(c, CONN_STEP_NAME, failure, error);
	address = dial_address_text(c->addresses);
	connect_report(c, CONN_STEP_NAME, address, NULL);
	return true;
}

/* What the host shares with those it has to take turns with. */
static char *
gate_key(const struct connect *c)
{
	g_autofree char *address = NULL;

	if (!c->addresses)
		return dial_proxy_text(c->host);
	address = dial_address_text(c->addresses);
	return g_strdup_printf("%s %u", address, c->host->port);
}

static bool
connect_dial(struct connect *c, GError **error)
{
	if (c->addresses)
		return dial_tcp(c->host, c->addresses, &c->wait, &c->dialled, error);
	return dial_proxy(c->host, c->tunnels->ssh_config, &c->dialled, error);
}

static void
connect_hang_up(struct connect *c)
{
	ssh_free(c->ssh.session);
	c->ssh.session = NULL;
	if (c->ssh.fd >= 0)
		close(c->ssh.fd);
	c->ssh.fd = -1;
	dialled_done(&c->dialled);
	c->wait.peer = c->host->hostname;
}

/* A proxy's own words say more than that the line is dead. *DROPPED: they say that a jump host hung up on it. */
static void
add_proxy_words(struct connect *c, GError **failure, bool *dropped)
{
	g_autofree char *words = dial_proxy_words(c->dialled.err_fd);

	*dropped &= c->addresses || (words && strstr(words, "kex_exchange_identification"));
	if (words && *failure) {
		int code = (*failure)->code;

		g_clear_error(failure);
		tunnel_error_set(failure, (enum fleet_error)code, "%s: %s", c->dialled.peer, words);
	}
}

static bool
connect_handshake(struct connect *c, bool *dropped, GError **error)
{
	g_auto(GStrv) types = tunnel_hostkey_types(c->tunnels->known, c->host);
	GError *failure = NULL;
	int fd = c->dialled.fd;

	*dropped = false;
	c->wait.peer = c->dialled.peer;
	c->ssh.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (c->ssh.fd < 0) {
		tunnel_error_set(error, FLEET_ERROR_FAILED, "can't copy a descriptor: %s", g_strerror(errno));
		return false;
	}
	c->ssh.session = tunnel_ssh_new(c->host, types, error);
	if (!c->ssh.session)
		return false;
	c->dialled.fd = -1;
	if (tunnel_ssh_handshake(&c->ssh, fd, dropped, &failure))
		return true;
	add_proxy_words(c, &failure, dropped);
	g_propagate_error(error, failure);
	return false;
}

/* An early hang-up is answered by coming again, a little later than the others that were dropped too. */
static bool
connect_pause(struct connect *c, unsigned dropped, GError **error)
{
	int64_t step_us = dropped_pause_us << dropped;
	int64_t until_us = clock_now_us() + step_us / 2 + g_random_int_range(0, (gint32)step_us / 2);
	enum tunnel_waited waited = tunnel_wait(&c->wait, NULL, 0, until_us);

	if (waited == WAITED_UNTIL)
		return true;
	if (waited == WAITED_CANCELLED)
		tunnel_wait_error(&c->wait, waited, "handshake", error);
	return false;
}

/* TCP, banner, key exchange; also once more when sshd was too busy. STEP is where it ended. */
static bool
connect_transport(struct connect *c, enum conn_step *step, GError **error)
{
	for (unsigned tries = 0;; tries++) {
		GError *failure = NULL;
		bool dropped;

		*step = CONN_STEP_TCP;
		if (!connect_dial(c, error))
			return false;
		*step = CONN_STEP_HOSTKEY;
		if (!c->tcp_reported)
			connect_report(c, CONN_STEP_TCP, c->dialled.peer, NULL);
		c->tcp_reported = true;
		if (connect_handshake(c, &dropped, &failure))
			return true;
		connect_hang_up(c);
		if (!dropped || tries >= DROPPED_MAX || !connect_pause(c, tries, error)) {
			if (error && *error)
				g_clear_error(&failure);
			else
				g_propagate_error(error, failure);
			return false;
		}
		g_error_free(failure);
	}
}

static enum tunnel_trust
connect_hostkey(struct connect *c, char **text, GError **error)
{
	const struct tunnel_hostkey hostkey = { .known = c->tunnels->known,
		.asks = c->tunnels->asks,
		.index = c->tunnel->index,
		.last_try = c->last_hostkey_try };

	return tunnel_hostkey_check(&hostkey, &c->ssh, text, error);
}

/* Up to a host key that is trusted. */
static bool
connect_trusted(struct connect *c, GError **error)
{
	g_autofree char *text = NULL;
	enum conn_step step = CONN_STEP_TCP;
	enum tunnel_trust trust = TRUST_OTHER;
	GError *failure = NULL;

	while (trust == TRUST_OTHER) {
		if (!connect_transport(c, &step, &failure))
			return connect_fail(c, step, failure, error);
		trust = connect_hostkey(c, &text, &failure);
		if (trust == TRUST_OTHER) {
			connect_hang_up(c);
			c->last_hostkey_try = true;
		}
	}
	if (trust == TRUST_NO)
		return connect_fail(c, CONN_STEP_HOSTKEY, failure, error);
	connect_report(c, CONN_STEP_HOSTKEY, text, NULL);
	return true;
}

static bool
connect_login(struct connect *c, GError **error)
{
	const struct tunnel_login login = {
		.keys = c->tunnels->keys, .asks = c->tunnels->asks, .index = c->tunnel->index
	};
	g_autofree char *how = NULL;
	GError *failure = NULL;

	if (!tunnel_login(&login, &c->ssh, &how, &failure))
		return connect_fail(c, CONN_STEP_LOGIN, failure, error);
	connect_report(c, CONN_STEP_LOGIN, how, NULL);
	return true;
}

/* The session goes to the pump, unless somebody cancelled in the last moment. */
static bool
connect_hand_over(struct connect *c, GError **error)
{
	struct pump_link *link = pump_adopt(c->tunnels->pump, c->ssh.session, c->ssh.fd, c->dialled.pid);
	struct share share = share_new(c->tunnels->shared, c->tunnel->index, link, c->host->hostname);

	c->ssh.session = NULL;
	c->ssh.fd = -1;
	c->dialled.pid = 0;
	return tunnel_take_share(c->tunnel, &share, error);
}

static bool
connect_run(struct connect *c, GError **error)
{
	g_autofree char *key = NULL;
	bool ok;

	if (!connect_name(c, error))
		return false;
	key = gate_key(c);
	if (!connect_enter(c, c->tunnels->handshakes, &c->tunnel->at_handshakes, key, error))
		return false;
	ok = connect_trusted(c, error) && connect_login(c, error) && connect_hand_over(c, error);
	connect_hang_up(c);
	gate_leave(c->tunnels->handshakes, &c->tunnel->at_handshakes);
	return ok;
}

/* False: it was cancelled before. */
static bool
connect_begin(struct connect *c, GError **error)
{
	struct tunnel *tunnel = c->tunnel;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool cancelled;

	if (fd < 0) {
		tunnel_error_set(error, FLEET_ERROR_FAILED, "can't make an eventfd: %s", g_strerror(errno));
		return false;
	}
	pthread_mutex_lock(&tunnel->lock);
	g_assert(!tunnel->share.session && tunnel->cancel_fd < 0);
	cancelled = tunnel->cancelled;
	tunnel->cancel_fd = fd;
	pthread_mutex_unlock(&tunnel->lock);
	c->wait.cancel_fd = fd;
	if (cancelled)
		eventfd_write(fd, 1);
	return true;
}

static void
connect_end(struct connect *c)
{
	struct tunnel *tunnel = c->tunnel;

	pthread_mutex_lock(&tunnel->lock);
	tunnel->cancel_fd = -1;
	pthread_mutex_unlock(&tunnel->lock);
	close(c->wait.cancel_fd);
	if (c->addresses)
		freeaddrinfo(c->addresses);
	sshconf_host_free(c->host);
}

/* All has been done by whoever began the session. */
static bool
connect_beside(struct tunnel *tunnel, GError **error)
{
	struct share share = share_join(tunnel->tunnels->shared, tunnel->index);

	if (share.session)
		return tunnel_take_share(tunnel, &share, error);
	tunnel_error_set(error, FLEET_ERROR_GONE, "the host is not connected now");
	return false;
}

bool
tunnel_connect(struct tunnel *tunnel, const struct conn_listener *listener, GError **error)
{
	int64_t now_us = clock_now_us();
	struct connect c = { .tunnel = tunnel,
		.tunnels = tunnel->tunnels,
		.listener = listener,
		.wait = { .deadline_us = now_us + tunnel->tunnels->connect_timeout_us,
			.peer = tunnel->spec->host },
		.step_began_us = now_us,
		.dialled = { .fd = -1, .err_fd = -1 },
		.ssh = { .fd = -1 } };
	bool ok;

	if (tunnel->beside)
		return connect_beside(tunnel, error);
	c.ssh.wait = &c.wait;
	if (!connect_begin(&c, error))
		return false;
	ok = connect_run(&c, error);
	connect_end(&c);
	return ok;
}
