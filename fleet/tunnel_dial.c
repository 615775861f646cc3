#include "fleet/tunnel_dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/spawn.h"
#include "fleet/tunnel_error.h"

/* RFC 8305's connection attempt delay. */
static const int64_t stagger_us = 250000;

char *
dial_address_text(const struct addrinfo *address)
{
	char text[NI_MAXHOST];

	if (getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
		return g_strdup("?");
	return g_strdup(text);
}

struct addrinfo *
dial_resolve(const struct sshconf_host *host, GError **error)
{
	struct addrinfo hints = { .ai_family = host->family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char port[8];
	int rc;

	g_snprintf(port, sizeof(port), "%u", host->port);
	rc = getaddrinfo(host->hostname, port, &hints, &found);
	if (rc) {
		tunnel_error_set(error, FLEET_ERROR_NAME, "%s: %s", host->hostname,
			rc == EAI_SYSTEM ? g_strerror(errno) : gai_strerror(rc));
		return NULL;
	}
	return found;
}

/* ---- TCP ---- */

/* Attempts to connect that are under way. */
struct race {
	const struct sshconf_host *host;
	const struct addrinfo *order[TUNNEL_WAIT_FDS];
	unsigned naddresses, started;
	int fds[TUNNEL_WAIT_FDS];         /* one per started address, -1: failed */
	int failure;                      /* errno of the most telling failure */
	const struct addrinfo *failed_at; /* there */
};

/* Addresses of the two families in turn, each in the resolver's order. */
static void
race_order(struct race *race, const struct addrinfo *addresses)
{
	const struct addrinfo *same = addresses, *other = addresses;
	int family = addresses->ai_family;

	while (race->naddresses < TUNNEL_WAIT_FDS && (same || other)) {
		while (same && same->ai_family != family)
			same = same->ai_next;
		if (same) {
			race->order[race->naddresses++] = same;
			same = same->ai_next;
		}
		while (other && other->ai_family == family)
			other = other->ai_next;
		if (other && race->naddresses < TUNNEL_WAIT_FDS) {
			race->order[race->naddresses++] = other;
			other = other->ai_next;
		}
	}
}

static void
race_note_failure(struct race *race, unsigned i, int failure)
{
	if (race->fds[i] >= 0)
		close(race->fds[i]);
	race->fds[i] = -1;
	if (race->failure != ECONNREFUSED) {
		race->failure = failure;
		race->failed_at = race->order[i];
	}
}

static bool
bind_source(const struct sshconf_host *host, int fd, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *source;
	int rc;

	if (!host->bind_address)
		return true;
	if (getaddrinfo(host->bind_address, NULL, &hints, &source)) {
		errno = EADDRNOTAVAIL;
		return false;
	}
	rc = bind(fd, source->ai_addr, source->ai_addrlen);
	freeaddrinfo(source);
	return rc == 0;
}

static void
race_start_next(struct race *race)
{
	unsigned i = race->started++;
	const struct addrinfo *to = race->order[i];

	race->fds[i] = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (race->fds[i] < 0 || !bind_source(race->host, race->fds[i], to->ai_family) ||
		(connect(race->fds[i], to->ai_addr, to->ai_addrlen) && errno != EINPROGRESS))
		race_note_failure(race, i, errno);
}

/* The winner's index, or -1. */
static int
race_look(struct race *race, const struct pollfd *fds)
{
	for (unsigned i = 0; i < race->started; i++) {
		int failure = 0;
		socklen_t len = sizeof(failure);

		if (race->fds[i] < 0 || !fds[i].revents)
			continue;
		getsockopt(race->fds[i], SOL_SOCKET, SO_ERROR, &failure, &len);
		if (!failure)
			return (int)i;
		race_note_failure(race, i, failure);
	}
	return -1;
}

static bool
race_is_lost(const struct race *race)
{
	for (unsigned i = 0; i < race->started; i++) {
		if (race->fds[i] >= 0)
			return false;
	}
	return race->started == race->naddresses;
}

static bool
race_any_running(const struct race *race)
{
	for (unsigned i = 0; i < race->started; i++) {
		if (race->fds[i] >= 0)
			return true;
	}
	return false;
}

static void
race_set_failure(const struct race *race, GError **error)
{
	g_autofree char *at = dial_address_text(race->failed_at);
	bool refused = race->failure == ECONNREFUSED || race->failure == ECONNRESET;

	tunnel_error_set(error, refused ? FLEET_ERROR_REFUSED : FLEET_ERROR_UNREACHABLE, "%s port %u: %s", at,
		race->host->port, g_strerror(race->failure));
}

/* The winner's index, or -1 with an error. */
static int
race_run(struct race *race, const struct tunnel_wait *wait, GError **error)
{
	int64_t next_us = 0;

	for (;;) {
		struct pollfd fds[TUNNEL_WAIT_FDS];
		enum tunnel_waited waited;
		int winner;

		if (race->started < race->naddresses &&
			(clock_now_us() >= next_us || !race_any_running(race))) {
			race_start_next(race);
			next_us = clock_now_us() + stagger_us;
		}
		if (race_is_lost(race)) {
			race_set_failure(race, error);
			return -1;
		}
		for (unsigned i = 0; i < race->started; i++)
			fds[i] = (struct pollfd){ race->fds[i], POLLOUT, 0 };
		waited = tunnel_wait(
			wait, fds, race->started, race->started < race->naddresses ? next_us : INT64_MAX);
		if (waited == WAITED_CANCELLED) {
			tunnel_wait_error(wait, waited, "TCP", error);
			return -1;
		}
		if (waited == WAITED_DEADLINE) {
			race->failure = ETIMEDOUT;
			race->failed_at = race->order[0];
			race_set_failure(race, error);
			return -1;
		}
		winner = waited == WAITED_READY ? race_look(race, fds) : -1;
		if (winner >= 0)
			return winner;
	}
}

bool
dial_tcp(const struct sshconf_host *host, const struct addrinfo *addresses, const struct tunnel_wait *wait,
	struct dialled *dialled, GError **error)
{
	struct race race = { .host = host };
	g_autofree char *address = NULL;
	int winner, one = 1;

	race_order(&race, addresses);
	winner = race_run(&race, wait, error);
	for (unsigned i = 0; i < race.started; i++) {
		if ((int)i != winner && race.fds[i] >= 0)
			close(race.fds[i]);
	}
	if (winner < 0)
		return false;
	setsockopt(race.fds[winner], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(race.fds[winner], SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	address = dial_address_text(race.order[winner]);
	*dialled = (struct dialled){ .fd = race.fds[winner],
		.err_fd = -1,
		.peer = g_strdup_printf("%s port %u", address, host->port) };
	return true;
}

/* ---- proxies ---- */

bool
dial_needs_proxy(const struct sshconf_host *host)
{
	return host->proxy_command || host->proxy_jump;
}

char *
dial_proxy_text(const struct sshconf_host *host)
{
	return host->proxy_command ? g_strdup_printf("ProxyCommand %s", host->proxy_command)
				   : g_strdup_printf("ProxyJump %s", host->proxy_jump);
}

static void
add_arg(GPtrArray *argv, const char *arg)
{
	g_ptr_array_add(argv, g_strdup(arg));
}

/* As ssh since 9.6: a name out of somebody's inventory must not become words of a shell. */
static bool
is_plain_word(const char *text)
{
	return !strpbrk(text, "'`\"$\\;&<>|(){} \t\n");
}

static bool
proxy_command_argv(const struct sshconf_host *host, GPtrArray *argv, GError **error)
{
	const char *shell = g_getenv("SHELL");
	g_autofree char *command = sshconf_expand(host, host->proxy_command);

	if (!is_plain_word(host->hostname) || !is_plain_word(host->name) || !is_plain_word(host->user)) {
		tunnel_error_set(error, FLEET_ERROR_FAILED,
			"%s@%s holds characters that a ProxyCommand must not see", host->user,
			host->hostname);
		return false;
	}
	if (!command) {
		tunnel_error_set(error, FLEET_ERROR_FAILED, "ssh config: unknown token in ProxyCommand %s",
			host->proxy_command);
		return false;
	}
	add_arg(argv, shell && *shell ? shell : "/bin/sh");
	add_arg(argv, "-c");
	g_ptr_array_add(argv, g_strdup_printf("exec %s", command));
	return true;
}

/* "user@host:port" or "ssh://user@host:port", IPv6 in brackets. Fields newly allocated, NULL when not given. */
static void
split_jump(const char *jump, char **user, char **name, char **port)
{
	g_autofree char *text = g_strdup(g_str_has_prefix(jump, "ssh://") ? jump + strlen("ssh://") : jump);
	char *at = strrchr(text, '@'), *rest = at ? at + 1 : text, *colon, *bracket;

	*user = at ? g_strndup(text, (gsize)(at - text)) : NULL;
	g_strdelimit(rest, "/", '\0');
	bracket = *rest == '[' ? strchr(rest, ']') : NULL;
	colon = strrchr(bracket ? bracket : rest, ':');
	*port = colon ? g_strdup(colon + 1) : NULL;
	if (bracket)
		*name = g_strndup(rest + 1, (gsize)(bracket - rest - 1));
	else
		*name = g_strndup(rest, colon ? (gsize)(colon - rest) : strlen(rest));
}

/* As OpenSSH does it: the last jump is connected to through the ones before. */
static void
proxy_jump_argv(const struct sshconf_host *host, const char *ssh_config, GPtrArray *argv)
{
	const char *comma = strrchr(host->proxy_jump, ',');
	g_autofree char *before =
		comma ? g_strndup(host->proxy_jump, (gsize)(comma - host->proxy_jump)) : NULL;
	g_autofree char *user = NULL, *name = NULL, *port = NULL;

	split_jump(comma ? comma + 1 : host->proxy_jump, &user, &name, &port);
	add_arg(argv, "ssh");
	/* There is no terminal to ask on. */
	add_arg(argv, "-oBatchMode=yes");
	if (user) {
		add_arg(argv, "-l");
		add_arg(argv, user);
	}
	if (port) {
		add_arg(argv, "-p");
		add_arg(argv, port);
	}
	if (before) {
		add_arg(argv, "-J");
		add_arg(argv, before);
	}
	if (ssh_config) {
		add_arg(argv, "-F");
		add_arg(argv, ssh_config);
	}
	add_arg(argv, "-W");
	g_ptr_array_add(argv, g_strdup_printf("[%s]:%u", host->hostname, host->port));
	add_arg(argv, "--");
	add_arg(argv, name);
}

static bool
proxy_start(GPtrArray *argv, struct dialled *dialled, GError **error)
{
	int pair[2], err[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		tunnel_error_set(
			error, FLEET_ERROR_FAILED, "can't make a socket pair: %s", g_strerror(errno));
		return false;
	}
	/* Datagrams: a proxy that says more than anybody reads is neither blocked nor killed, it loses words. */
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, err)) {
		tunnel_error_set(
			error, FLEET_ERROR_FAILED, "can't make a socket pair: %s", g_strerror(errno));
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	dialled->pid = spawn_start(
		&(struct spawn){ (const char *const *)argv->pdata, pair[1], pair[1], err[1] }, error);
	close(pair[1]);
	close(err[1]);
	if (dialled->pid < 0) {
		close(pair[0]);
		close(err[0]);
		return false;
	}
	dialled->fd = pair[0];
	dialled->err_fd = err[0];
	return true;
}

bool
dial_proxy(const struct sshconf_host *host, const char *ssh_config, struct dialled *dialled, GError **error)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
	struct dialled made = { 0 };

	if (host->proxy_command) {
		if (!proxy_command_argv(host, argv, error))
			return false;
	} else {
		proxy_jump_argv(host, ssh_config, argv);
	}
	g_ptr_array_add(argv, NULL);
	if (!proxy_start(argv, &made, error))
		return false;
	made.peer = dial_proxy_text(host);
	*dialled = made;
	return true;
}

char *
dial_proxy_words(int err_fd)
{
	g_autoptr(GString) words = g_string_new(NULL);
	char line[512];
	ssize_t n;

	while (err_fd >= 0 && (n = recv(err_fd, line, sizeof(line), MSG_DONTWAIT)) > 0) {
		if (words->len > sizeof(line))
			g_string_truncate(words, 0);
		g_string_append_len(words, line, n);
	}
	g_strchomp(words->str);
	return *words->str ? tunnel_error_clean(g_strdup(words->str)) : NULL;
}

void
dialled_done(struct dialled *dialled)
{
	if (dialled->fd >= 0)
		close(dialled->fd);
	if (dialled->err_fd >= 0)
		close(dialled->err_fd);
	spawn_end(dialled->pid);
	g_free(dialled->peer);
	*dialled = (struct dialled){ .fd = -1, .err_fd = -1 };
}
