#include "fleet/tunnel_hostkey.h"

#include <string.h>

#include "fleet/tunnel_error.h"
#include "fleet/tunnel_keys.h"

/* What the host showed. */
struct shown {
	char *type; /* "ssh-ed25519" */
	char *base64;
	char *fingerprint; /* "SHA256:…" */
	char *name;        /* as in known_hosts */
	char **files;      /* user's, then global */
};

static void
shown_done(struct shown *shown)
{
	g_free(shown->type);
	g_free(shown->base64);
	g_free(shown->fingerprint);
	g_free(shown->name);
	g_free(shown->files);
}

static char *
key_base64(ssh_key key)
{
	char *text = NULL, *copy;

	if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK)
		return NULL;
	copy = g_strdup(text);
	ssh_string_free_char(text);
	return copy;
}

static char *
key_fingerprint(ssh_key key)
{
	unsigned char *hash = NULL;
	size_t len = 0;
	char *text, *copy;

	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len))
		return NULL;
	text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	copy = g_strdup(text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	return copy;
}

/* Borrows the strings. */
static char **
all_files(const struct sshconf_host *host)
{
	GPtrArray *files = g_ptr_array_new();

	for (char **file = host->user_known_hosts; *file; file++)
		g_ptr_array_add(files, *file);
	for (char **file = host->global_known_hosts; *file; file++)
		g_ptr_array_add(files, *file);
	g_ptr_array_add(files, NULL);
	return (char **)g_ptr_array_free(files, FALSE);
}

char **
tunnel_hostkey_types(struct knownhosts *known, const struct sshconf_host *host)
{
	g_autofree char *name = knownhosts_name(host->hostname, host->port, host->host_key_alias);
	g_autofree char **files = all_files(host);

	return knownhosts_types(known, files, name);
}

static bool
look_at_key(const struct tunnel_ssh *ssh, struct shown *shown, GError **error)
{
	ssh_key key = NULL;

	if (ssh_get_server_publickey(ssh->session, &key) == SSH_OK) {
		shown->type = g_strdup(ssh_key_type_to_char(ssh_key_type(key)));
		shown->base64 = key_base64(key);
		shown->fingerprint = key_fingerprint(key);
		ssh_key_free(key);
	}
	shown->name = knownhosts_name(ssh->host->hostname, ssh->host->port, ssh->host->host_key_alias);
	shown->files = all_files(ssh->host);
	if (shown->type && shown->base64 && shown->fingerprint)
		return true;
	tunnel_error_set(error, FLEET_ERROR_PROTOCOL, "%s: can't read its host key", ssh->wait->peer);
	return false;
}

/* "ED25519", as ssh calls them. */
static char *
short_type(const char *type)
{
	if (g_str_has_prefix(type, "ecdsa"))
		return g_strdup("ECDSA");
	return g_ascii_strup(g_str_has_prefix(type, "ssh-") ? type + strlen("ssh-") : type, -1);
}

/* Notes it in the user's first file. A file that can't be written costs a question next time, not this connection. */
static char *
accept_key(const struct tunnel_hostkey *hostkey, const struct tunnel_ssh *ssh, const struct shown *shown,
	const char *why)
{
	const char *file = ssh->host->user_known_hosts[0];
	g_autoptr(GError) error = NULL;

	if (!file)
		return g_strdup_printf(
			"%s new, %s; no known_hosts file to note it in", shown->fingerprint, why);
	if (!knownhosts_add(hostkey->known, file, shown->name, ssh->host->hash_known_hosts, shown->type,
		    shown->base64, &error))
		return g_strdup_printf("%s new, %s; %s", shown->fingerprint, why, error->message);
	return g_strdup_printf("%s new, %s", shown->fingerprint, why);
}

static char *
question(const struct tunnel_ssh *ssh, const struct shown *shown, const struct known_result *known)
{
	g_autofree char *type = short_type(shown->type);
	const char *file = ssh->host->user_known_hosts[0];
	g_autofree char *shown_file = file ? tunnel_key_shown(file) : NULL;

	return g_strdup_printf("The host key of %s (%s) is not known.\n%s %s\n%sAccept it%s%s?", shown->name,
		ssh->wait->peer, type, shown->fingerprint,
		known->ca ? "A certificate authority is trusted for this host, but certificates can't be "
			    "checked "
			    "here.\n"
			  : "",
		file ? " and note it in " : "", file ? shown_file : "");
}

static bool
ask(const struct tunnel_hostkey *hostkey, const struct tunnel_ssh *ssh, const struct shown *shown,
	const struct known_result *known, char **text, GError **error)
{
	g_autofree char *type = short_type(shown->type);
	g_autofree char *subject = g_strdup_printf("%s %s", shown->name, shown->fingerprint);
	g_autofree char *full = question(ssh, shown, known);

	switch (asks_get(hostkey->asks, ASK_HOSTKEY, subject, full, hostkey->index, NULL)) {
	case ASK_YES:
		*text = accept_key(hostkey, ssh, shown, "accepted by you");
		return true;
	case ASK_PENDING:
		tunnel_error_set(error, FLEET_ERROR_HOSTKEY_UNKNOWN,
			"host key of %s unknown: %s %s, waits for your decision", shown->name, type,
			shown->fingerprint);
		return false;
	case ASK_NO:
	default:
		tunnel_error_set(error, FLEET_ERROR_HOSTKEY_UNKNOWN,
			"host key of %s unknown: %s %s, not accepted; `ssh %s` once notes it", shown->name,
			type, shown->fingerprint, ssh->host->name);
		return false;
	}
}

static bool
judge_new(const struct tunnel_hostkey *hostkey, const struct tunnel_ssh *ssh, const struct shown *shown,
	const struct known_result *known, char **text, GError **error)
{
	switch (ssh->host->strict) {
	case SSHCONF_STRICT_ACCEPT_NEW:
		*text = accept_key(hostkey, ssh, shown, "StrictHostKeyChecking accept-new");
		return true;
	case SSHCONF_STRICT_NO:
		*text = accept_key(hostkey, ssh, shown, "StrictHostKeyChecking no, taken as accept-new");
		return true;
	case SSHCONF_STRICT_YES:
		tunnel_error_set(error, FLEET_ERROR_HOSTKEY_UNKNOWN,
			"host key of %s unknown: %s, refused by StrictHostKeyChecking yes", shown->name,
			shown->fingerprint);
		return false;
	case SSHCONF_STRICT_ASK:
	default:
		return ask(hostkey, ssh, shown, known, text, error);
	}
}

/* May the host have a key that we know besides the one it showed? */
static bool
other_key_is_known(const struct known_result *known, const char *type)
{
	return known->status == KNOWN_CHANGED && !g_strv_contains((const char *const *)known->types, type);
}

enum tunnel_trust
tunnel_hostkey_check(
	const struct tunnel_hostkey *hostkey, const struct tunnel_ssh *ssh, char **text, GError **error)
{
	struct known_result known = { .status = KNOWN_NO };
	struct shown shown = { 0 };
	enum tunnel_trust trust = TRUST_NO;

	if (look_at_key(ssh, &shown, error)) {
		known = knownhosts_check(hostkey->known, shown.files, shown.name, shown.type, shown.base64);
		if (known.status == KNOWN_YES) {
			*text = g_strdup_printf("%s known", shown.fingerprint);
			trust = TRUST_YES;
		} else if (known.status == KNOWN_NO) {
			trust = judge_new(hostkey, ssh, &shown, &known, text, error) ? TRUST_YES : TRUST_NO;
		} else if (known.status == KNOWN_REVOKED) {
			tunnel_error_set(error, FLEET_ERROR_HOSTKEY_CHANGED,
				"host key of %s is revoked: %s, see %s", shown.name, shown.fingerprint,
				known.where);
		} else if (!hostkey->last_try && other_key_is_known(&known, shown.type)) {
			trust = TRUST_OTHER;
		} else {
			tunnel_error_set(error, FLEET_ERROR_HOSTKEY_CHANGED,
				"host key of %s has changed: now %s %s, another one in %s. Somebody may be "
				"listening in, "
				"or the host was installed anew",
				shown.name, shown.type, shown.fingerprint, known.where);
		}
	}
	known_result_done(&known);
	shown_done(&shown);
	return trust;
}
