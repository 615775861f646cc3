#include "fleet/tunnel_ssh.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "fleet/tunnel_error.h"

static const char default_hostkeys[] =
	"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
	"rsa-sha2-512,rsa-sha2-256";

/* ALGORITHM signs with keys of TYPE. */
static bool
is_of_type(const char *algorithm, const char *type)
{
	if (strcmp(type, "ssh-rsa") == 0)
		return strcmp(algorithm, "ssh-rsa") == 0 || g_str_has_prefix(algorithm, "rsa-sha2-");
	return strcmp(algorithm, type) == 0;
}

static bool
is_of_any_type(const char *algorithm, char **types)
{
	for (; *types; types++) {
		if (is_of_type(algorithm, *types))
			return true;
	}
	return false;
}

/* Those of ALL whose keys are (or are not) of TYPES, without certificates, which libssh can't check. */
static void
append_algorithms(GString *list, char **all, char **types, bool wanted)
{
	for (; *all; all++) {
		if (strstr(*all, "-cert-") || is_of_any_type(*all, types) != wanted)
			continue;
		g_string_append_printf(list, "%s%s", list->len ? "," : "", *all);
	}
}

/* As ssh orders them: a key that is known first, or a host with two keys would seem to have changed its one. */
static char *
hostkey_order(const struct sshconf_host *host, char **known_types)
{
	g_auto(GStrv) all =
		g_strsplit(host->hostkey_algorithms ? host->hostkey_algorithms : default_hostkeys, ",", -1);
	GString *list = g_string_new(NULL);

	append_algorithms(list, all, known_types, true);
	append_algorithms(list, all, known_types, false);
	return g_string_free(list, FALSE);
}

struct algorithms {
	const char *keyword, *list;
	enum ssh_options_e option, option_back; /* both directions */
};

static bool
set_algorithms(ssh_session session, const struct sshconf_host *host, char **known_types, GError **error)
{
	g_autofree char *hostkeys = hostkey_order(host, known_types);
	const struct algorithms wanted[] = {
		{ "HostKeyAlgorithms", hostkeys, SSH_OPTIONS_HOSTKEYS, SSH_OPTIONS_HOSTKEYS },
		{ "KexAlgorithms", host->kex_algorithms, SSH_OPTIONS_KEY_EXCHANGE, SSH_OPTIONS_KEY_EXCHANGE },
		{ "Ciphers", host->ciphers, SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C },
		{ "MACs", host->macs, SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C },
		{ "PubkeyAcceptedAlgorithms", host->pubkey_algorithms, SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES,
			SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const struct algorithms *set = &wanted[i];

		if (!set->list || !*set->list)
			continue;
		if (ssh_options_set(session, set->option, set->list) < 0 ||
			(set->option_back != set->option &&
				ssh_options_set(session, set->option_back, set->list) < 0)) {
			tunnel_error_set(error, FLEET_ERROR_PROTOCOL, "ssh config: libssh has none of %s %s",
				set->keyword, set->list);
			return false;
		}
	}
	return true;
}

ssh_session
tunnel_ssh_new(const struct sshconf_host *host, char **known_types, GError **error)
{
	ssh_session session = ssh_new();
	bool no = false;

	g_assert(session);
	/* ssh -G has read the configuration, knownhosts.c the known hosts: libssh is to read nothing itself. */
	ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no);
	ssh_options_set(session, SSH_OPTIONS_SSH_DIR, "/");
	ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
	ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
	ssh_options_set(session, SSH_OPTIONS_USER, host->user);
	if (!set_algorithms(session, host, known_types, error)) {
		ssh_free(session);
		return NULL;
	}
	ssh_set_blocking(session, 0);
	return session;
}

void
tunnel_ssh_quickack(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

bool
tunnel_ssh_pause(const struct tunnel_ssh *ssh, const char *doing, GError **error)
{
	struct pollfd fd = { ssh->fd, POLLIN, 0 };
	enum tunnel_waited waited;

	if (ssh_get_poll_flags(ssh->session) & SSH_WRITE_PENDING)
		fd.events |= POLLOUT;
	tunnel_ssh_quickack(ssh->fd);
	waited = tunnel_wait(ssh->wait, &fd, 1, INT64_MAX);
	if (waited == WAITED_READY)
		return true;
	tunnel_wait_error(ssh->wait, waited, doing, error);
	return false;
}

/* libssh tells these apart in words only. */
static bool
hung_up(const char *words)
{
	static const char *const ends[] = { "disconnected", "Connection reset", "Broken pipe" };

	for (unsigned i = 0; i < G_N_ELEMENTS(ends); i++) {
		if (strstr(words, ends[i]))
			return true;
	}
	return false;
}

static void
set_handshake_error(const struct tunnel_ssh *ssh, bool dropped, GError **error)
{
	g_autofree char *words = tunnel_error_words(ssh->session);

	if (dropped && !ssh_get_serverbanner(ssh->session))
		tunnel_error_set(
			error, FLEET_ERROR_REFUSED, "%s: %s before any word of ssh", ssh->wait->peer, words);
	else
		tunnel_error_set(error, dropped ? FLEET_ERROR_REFUSED : FLEET_ERROR_PROTOCOL, "%s: %s",
			ssh->wait->peer, words);
}

bool
tunnel_ssh_handshake(const struct tunnel_ssh *ssh, int fd, bool *dropped, GError **error)
{
	g_autoptr(GError) local = NULL;
	int rc;

	*dropped = false;
	ssh_options_set(ssh->session, SSH_OPTIONS_FD, &fd);
	rc = TUNNEL_SSH_DRIVE(ssh, ssh_connect(ssh->session), SSH_AGAIN, SSH_ERROR, "handshake", &local);
	if (rc == SSH_OK) {
		/* libssh has made it blocking; the pump must never wait in send(). */
		fcntl(ssh->fd, F_SETFL, fcntl(ssh->fd, F_GETFL) | O_NONBLOCK);
		return true;
	}
	if (local) {
		g_propagate_error(error, g_steal_pointer(&local));
		return false;
	}
	*dropped = hung_up(ssh_get_error(ssh->session));
	set_handshake_error(ssh, *dropped, error);
	return false;
}
