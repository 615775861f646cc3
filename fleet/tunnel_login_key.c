#include <string.h>

#include "fleet/tunnel_agent.h"
#include "fleet/tunnel_attempt.h"

static enum attempt_outcome
offer_key(struct attempt *a, ssh_key key, const char *shown, const char *extra)
{
	g_autofree char *what = g_strdup_printf("publickey %s%s", shown, extra);
	GError *failure = NULL;
	int rc;

	if (g_hash_table_contains(a->used, what))
		return GO_ON;
	attempt_note(a->tried, "%s%s", shown, extra);
	rc = ATTEMPT_DRIVE(a, ssh_userauth_publickey(a->ssh->session, NULL, key), &failure);
	return attempt_judge(a, rc, failure, what);
}

static enum attempt_outcome
offer_certificates(struct attempt *a, const struct tunnel_key *key)
{
	enum attempt_outcome outcome = GO_ON;

	for (char **file = a->ssh->host->certificate_files; *file && outcome == GO_ON; file++) {
		g_autofree char *shown = tunnel_key_shown(*file);
		ssh_key joined = tunnel_key_with_certificate(key, *file);

		if (joined)
			outcome = offer_key(a, joined, shown, "");
		ssh_key_free(joined);
	}
	if (outcome == GO_ON && key->certificate)
		outcome = offer_key(a, key->certificate, key->shown, "-cert.pub");
	return outcome;
}

static enum attempt_outcome
offer_ready(struct attempt *a, const struct tunnel_key *key)
{
	enum attempt_outcome outcome = offer_certificates(a, key);

	return outcome == GO_ON ? offer_key(a, key->private_key, key->shown, "") : outcome;
}

/* Would the server take it? Else nobody need type its passphrase. */
static enum attempt_outcome
probe_locked(struct attempt *a, const struct tunnel_key *key, bool *welcome)
{
	GError *failure = NULL;
	enum attempt_outcome outcome;
	int rc;

	*welcome = true;
	if (!key->public_key)
		return GO_ON;
	rc = ATTEMPT_DRIVE(a, ssh_userauth_try_publickey(a->ssh->session, NULL, key->public_key), &failure);
	if (rc == SSH_AUTH_SUCCESS)
		return GO_ON;
	*welcome = false;
	outcome = attempt_judge(a, rc, failure, key->shown);
	if (outcome == GO_ON)
		attempt_note(a->tried, "%s", key->shown);
	return outcome;
}

/* False: SECRET is not the key's. */
static bool
offer_unlocked(
	struct attempt *a, const struct tunnel_key *locked, const char *secret, enum attempt_outcome *outcome)
{
	struct tunnel_key *key = tunnel_keys_unlock(a->login->keys, locked->path, secret);
	bool fits = key->state == KEY_READY;

	if (fits)
		*outcome = offer_ready(a, key);
	else
		asks_reject(a->login->asks, ASK_PASSPHRASE, locked->path, secret);
	tunnel_key_unref(key);
	return fits;
}

static enum attempt_outcome
offer_locked(struct attempt *a, const struct tunnel_key *key)
{
	g_autofree char *text = g_strdup_printf("Passphrase of %s", key->shown);
	const char *what = "passphrase";
	enum attempt_outcome outcome;
	bool welcome, fits;

	outcome = probe_locked(a, key, &welcome);
	if (outcome != GO_ON || !welcome)
		return outcome;
	/* A wrong one is asked for again at once: only who has asked is poked when the answer comes. */
	for (;;) {
		char *secret = NULL;

		switch (asks_get(a->login->asks, ASK_PASSPHRASE, key->path, text, a->login->index, &secret)) {
		case ASK_YES:
			fits = offer_unlocked(a, key, secret, &outcome);
			asks_wipe(secret);
			if (fits)
				return outcome;
			what = "right passphrase";
			g_free(text);
			text = g_strdup_printf("Passphrase of %s\nThe last one was wrong", key->shown);
			break;
		case ASK_PENDING:
			return attempt_wait_for_secret(a, what, key->shown);
		case ASK_NO:
		default:
			attempt_note(a->skipped, "%s needs its passphrase", key->shown);
			return GO_ON;
		}
	}
}

static enum attempt_outcome
offer_file(struct attempt *a, const struct tunnel_key *key)
{
	switch (key->state) {
	case KEY_READY:
		return offer_ready(a, key);
	case KEY_LOCKED:
		return offer_locked(a, key);
	case KEY_BAD:
		if (!g_str_has_suffix(key->path, ".pub"))
			attempt_note(a->skipped, "%s: %s", key->shown, key->why);
		return GO_ON;
	case KEY_MISSING:
	default:
		return GO_ON;
	}
}

static enum attempt_outcome
offer_agent_key(struct attempt *a, struct tunnel_agent *agent, unsigned i, const char *shown)
{
	struct tunnel_agent_key *key = &g_array_index(tunnel_agent_keys(agent), struct tunnel_agent_key, i);
	g_autofree char *what = g_strdup_printf("publickey %s (agent)", shown);
	GError *failure = NULL;
	int rc;

	key->used = true;
	if (g_hash_table_contains(a->used, what))
		return GO_ON;
	a->agent_tried++;
	rc = tunnel_agent_login(agent, a->ssh, i, &failure);
	return attempt_judge(a, rc, failure, what);
}

/* The agent's index of the same key, or -1. */
static int
find_in_agent(struct tunnel_agent *agent, const char *base64)
{
	GArray *keys = agent ? tunnel_agent_keys(agent) : NULL;

	for (guint i = 0; keys && base64 && i < keys->len; i++) {
		if (strcmp(g_array_index(keys, struct tunnel_agent_key, i).base64, base64) == 0)
			return (int)i;
	}
	return -1;
}

/* Keys the configuration names and the agent holds, then the agent's others, then files. */
static enum attempt_outcome
offer_from_agent(struct attempt *a, struct tunnel_agent *agent, GPtrArray *files)
{
	GArray *keys = tunnel_agent_keys(agent);
	enum attempt_outcome outcome = GO_ON;

	for (guint i = 0; i < files->len && outcome == GO_ON; i++) {
		const struct tunnel_key *file = files->pdata[i];
		int held = find_in_agent(agent, file->public_base64);

		if (held >= 0)
			outcome = offer_agent_key(a, agent, (unsigned)held, file->shown);
	}
	for (guint i = 0; i < keys->len && outcome == GO_ON && !a->ssh->host->identities_only; i++) {
		const struct tunnel_agent_key *key = &g_array_index(keys, struct tunnel_agent_key, i);

		if (!key->used)
			outcome = offer_agent_key(a, agent, i, key->comment);
	}
	return outcome;
}

static enum attempt_outcome
offer_files(struct attempt *a, struct tunnel_agent *agent, GPtrArray *files)
{
	enum attempt_outcome outcome = GO_ON;

	for (guint i = 0; i < files->len && outcome == GO_ON; i++) {
		const struct tunnel_key *file = files->pdata[i];

		if (find_in_agent(agent, file->public_base64) < 0)
			outcome = offer_file(a, file);
	}
	return outcome;
}

static void
unref_key(void *key)
{
	tunnel_key_unref(key);
}

static struct tunnel_agent *
open_agent(struct attempt *a)
{
	const char *path = a->ssh->host->agent;
	struct tunnel_agent *agent;
	bool silent;

	if (!path)
		return NULL;
	agent = tunnel_agent_open(path, a->ssh->wait, &silent);
	if (silent)
		attempt_note(a->skipped, "the agent does not answer");
	return agent;
}

enum attempt_outcome
attempt_publickey(struct attempt *a)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(unref_key);
	struct tunnel_agent *agent = open_agent(a);
	enum attempt_outcome outcome = GO_ON;

	for (char **path = a->ssh->host->identity_files; *path; path++)
		g_ptr_array_add(files, tunnel_keys_get(a->login->keys, *path));
	if (agent)
		outcome = offer_from_agent(a, agent, files);
	if (outcome == GO_ON)
		outcome = offer_files(a, agent, files);
	tunnel_agent_close(agent, a->ssh->session);
	return outcome;
}
