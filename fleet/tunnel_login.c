#include "fleet/tunnel_login.h"

#include <string.h>

#include "fleet/tunnel_agent.h"
#include "fleet/tunnel_error.h"

/* sshd wants few factors; more rounds than this are a loop. */
enum { ROUNDS_MAX = 4 };

/* How a method, or one key of it, went. */
enum outcome {
	LOGGED_IN,
	GO_ON,          /* denied or not possible: the next */
	ONE_OF_SEVERAL, /* accepted, and the server wants another method too */
	GIVE_UP,        /* error is set */
};

struct attempt {
	const struct tunnel_login *login;
	const struct tunnel_ssh *ssh;
	int offered;        /* SSH_AUTH_METHOD_…; 0: not known yet */
	GPtrArray *tried;   /* char *, for the words of a denial */
	GHashTable *used;   /* what was accepted in an earlier round; not to be used twice */
	GPtrArray *skipped; /* char *: keys that could not be used, and why */
	unsigned agent_tried;
	char *password; /* the one tried last; wiped at the end */
	char *how;
	GError **error;
};

static const struct {
	const char *name;
	int flag;
} method_flags[] = {
	{ "publickey", SSH_AUTH_METHOD_PUBLICKEY },
	{ "keyboard-interactive", SSH_AUTH_METHOD_INTERACTIVE },
	{ "password", SSH_AUTH_METHOD_PASSWORD },
	{ "gssapi-with-mic", SSH_AUTH_METHOD_GSSAPI_MIC },
	{ "hostbased", SSH_AUTH_METHOD_HOSTBASED },
};

/* ---- what libssh's results mean ---- */

static void
set_lost(struct attempt *a)
{
	g_autofree char *words = tunnel_error_words(a->ssh->session);

	tunnel_error_set(a->error, FLEET_ERROR_REFUSED, "login: %s: %s", a->ssh->wait->peer, words);
}

/* sshd hangs up when it has seen too many keys: that is a denied login, not a lost line. */
static bool
was_too_many(ssh_session session)
{
	return strstr(ssh_get_error(session), "Too many authentication failures") != NULL;
}

static enum outcome
judge(struct attempt *a, int rc, GError *failure, const char *what)
{
	a->offered = ssh_userauth_list(a->ssh->session, NULL);
	if (failure) {
		g_propagate_error(a->error, failure);
		return GIVE_UP;
	}
	switch (rc) {
	case SSH_AUTH_SUCCESS:
		a->how = g_strdup(what);
		return LOGGED_IN;
	case SSH_AUTH_PARTIAL:
		g_hash_table_add(a->used, g_strdup(what));
		return ONE_OF_SEVERAL;
	case SSH_AUTH_DENIED:
		return GO_ON;
	default:
		if (ssh_is_connected(a->ssh->session))
			return GO_ON;
		if (was_too_many(a->ssh->session))
			tunnel_error_set(a->error, FLEET_ERROR_LOGIN,
				"too many keys were offered before the right one; IdentitiesOnly and "
				"IdentityFile in "
				"~/.ssh/config say which to use");
		else
			set_lost(a);
		return GIVE_UP;
	}
}

#define DRIVE(a, call, failure) \
	TUNNEL_SSH_DRIVE((a)->ssh, call, SSH_AUTH_AGAIN, SSH_AUTH_ERROR, "login", failure)

/* ---- public keys ---- */

static void note(GPtrArray *list, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
note(GPtrArray *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(list, g_strdup_vprintf(format, args));
	va_end(args);
}

static enum outcome
offer_key(struct attempt *a, ssh_key key, const char *shown, const char *extra)
{
	g_autofree char *what = g_strdup_printf("publickey %s%s", shown, extra);
	GError *failure = NULL;
	int rc;

	if (g_hash_table_contains(a->used, what))
		return GO_ON;
	note(a->tried, "%s%s", shown, extra);
	rc = DRIVE(a, ssh_userauth_publickey(a->ssh->session, NULL, key), &failure);
	return judge(a, rc, failure, what);
}

static enum outcome
offer_certificates(struct attempt *a, const struct tunnel_key *key)
{
	enum outcome outcome = GO_ON;

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

static enum outcome
offer_ready(struct attempt *a, const struct tunnel_key *key)
{
	enum outcome outcome = offer_certificates(a, key);

	return outcome == GO_ON ? offer_key(a, key->private_key, key->shown, "") : outcome;
}

/* Would the server take it? Else nobody need type its passphrase. */
static enum outcome
probe_locked(struct attempt *a, const struct tunnel_key *key, bool *welcome)
{
	GError *failure = NULL;
	enum outcome outcome;
	int rc;

	*welcome = true;
	if (!key->public_key)
		return GO_ON;
	rc = DRIVE(a, ssh_userauth_try_publickey(a->ssh->session, NULL, key->public_key), &failure);
	if (rc == SSH_AUTH_SUCCESS)
		return GO_ON;
	*welcome = false;
	outcome = judge(a, rc, failure, key->shown);
	if (outcome == GO_ON)
		note(a->tried, "%s", key->shown);
	return outcome;
}

static enum outcome
wait_for_secret(struct attempt *a, const char *what, const char *of)
{
	tunnel_error_set(a->error, FLEET_ERROR_NEEDS_SECRET, "waits for the %s of %s", what, of);
	return GIVE_UP;
}

/* False: SECRET is not the key's. */
static bool
offer_unlocked(struct attempt *a, const struct tunnel_key *locked, const char *secret, enum outcome *outcome)
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

static enum outcome
offer_locked(struct attempt *a, const struct tunnel_key *key)
{
	g_autofree char *text = g_strdup_printf("Passphrase of %s", key->shown);
	const char *what = "passphrase";
	enum outcome outcome;
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
			break;
		case ASK_PENDING:
			return wait_for_secret(a, what, key->shown);
		case ASK_NO:
		default:
			note(a->skipped, "%s needs its passphrase", key->shown);
			return GO_ON;
		}
	}
}

static enum outcome
offer_file(struct attempt *a, const struct tunnel_key *key)
{
	switch (key->state) {
	case KEY_READY:
		return offer_ready(a, key);
	case KEY_LOCKED:
		return offer_locked(a, key);
	case KEY_BAD:
		if (!g_str_has_suffix(key->path, ".pub"))
			note(a->skipped, "%s: %s", key->shown, key->why);
		return GO_ON;
	case KEY_MISSING:
	default:
		return GO_ON;
	}
}

static enum outcome
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
	return judge(a, rc, failure, what);
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
static enum outcome
offer_from_agent(struct attempt *a, struct tunnel_agent *agent, GPtrArray *files)
{
	GArray *keys = tunnel_agent_keys(agent);
	enum outcome outcome = GO_ON;

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

static enum outcome
offer_files(struct attempt *a, struct tunnel_agent *agent, GPtrArray *files)
{
	enum outcome outcome = GO_ON;

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
		note(a->skipped, "the agent does not answer");
	return agent;
}

static enum outcome
try_publickey(struct attempt *a)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(unref_key);
	struct tunnel_agent *agent = open_agent(a);
	enum outcome outcome = GO_ON;

	for (char **path = a->ssh->host->identity_files; *path; path++)
		g_ptr_array_add(files, tunnel_keys_get(a->login->keys, *path));
	if (agent)
		outcome = offer_from_agent(a, agent, files);
	if (outcome == GO_ON)
		outcome = offer_files(a, agent, files);
	tunnel_agent_close(agent, a->ssh->session);
	return outcome;
}

/* ---- passwords ---- */

static char *
password_subject(const struct attempt *a)
{
	return g_strdup_printf("%s@%s", a->ssh->host->user, a->ssh->host->name);
}

/* LOGGED_IN stands for "a->password is it"; GIVE_UP: there is none yet; GO_ON: there never will be. REMARK: a second line
 * for the question, or NULL. */
static enum outcome
get_password(struct attempt *a, const char *remark)
{
	g_autofree char *subject = password_subject(a);
	g_autofree char *text =
		g_strdup_printf("Password of %s%s%s", subject, remark ? "\n" : "", remark ? remark : "");

	g_clear_pointer(&a->password, asks_wipe);
	switch (asks_get(a->login->asks, ASK_PASSWORD, subject, text, a->login->index, &a->password)) {
	case ASK_YES:
		return LOGGED_IN;
	case ASK_PENDING:
		return wait_for_secret(a, "password", subject);
	case ASK_NO:
	default:
		return GO_ON;
	}
}

/* Ask again rather than try the same by another method. */
static enum outcome
password_was_wrong(struct attempt *a)
{
	g_autofree char *subject = password_subject(a);
	enum outcome outcome;

	asks_reject(a->login->asks, ASK_PASSWORD, subject, a->password);
	outcome = get_password(a, "The last one was wrong");
	if (outcome != LOGGED_IN)
		return outcome;
	/* Somebody was quick. It is for the next connection, and that won't be waited for: there is nothing to wait for. */
	tunnel_error_set(
		a->error, FLEET_ERROR_LOGIN, "the password of %s was wrong; there is a new one", subject);
	return GIVE_UP;
}

static enum outcome
try_password(struct attempt *a)
{
	GError *failure = NULL;
	enum outcome outcome = get_password(a, NULL);
	int rc;

	if (outcome != LOGGED_IN)
		return outcome;
	note(a->tried, "password");
	rc = DRIVE(a, ssh_userauth_password(a->ssh->session, NULL, a->password), &failure);
	outcome = judge(a, rc, failure, "password");
	return outcome == GO_ON ? password_was_wrong(a) : outcome;
}

/* One hidden question is a password by another name. *ANSWERED: it was. */
static enum outcome
answer_questions(struct attempt *a, bool *answered)
{
	ssh_session session = a->ssh->session;
	int questions = ssh_userauth_kbdint_getnprompts(session);
	g_autofree char *remark = NULL;
	const char *prompt;
	enum outcome outcome;
	char echo = 0;

	if (questions == 0)
		return LOGGED_IN;
	prompt = ssh_userauth_kbdint_getprompt(session, 0, &echo);
	if (questions > 1 || echo || *answered) {
		note(a->skipped, "keyboard-interactive asks more than a password");
		return GO_ON;
	}
	remark = prompt ? tunnel_error_clean(g_strdup_printf("The host asks: %s", prompt)) : NULL;
	outcome = get_password(a, remark);
	if (outcome == LOGGED_IN) {
		ssh_userauth_kbdint_setanswer(session, 0, a->password);
		*answered = true;
	}
	return outcome;
}

static enum outcome
try_interactive(struct attempt *a)
{
	bool answered = false;

	for (;;) {
		GError *failure = NULL;
		int rc = DRIVE(a, ssh_userauth_kbdint(a->ssh->session, NULL, NULL), &failure);
		enum outcome outcome;

		if (rc != SSH_AUTH_INFO) {
			outcome = judge(a, rc, failure, "keyboard-interactive");
			if (outcome == GO_ON && answered) {
				note(a->tried, "keyboard-interactive");
				return password_was_wrong(a);
			}
			return outcome;
		}
		outcome = answer_questions(a, &answered);
		if (outcome != LOGGED_IN)
			return outcome;
	}
}

/* ---- in order ---- */

static const struct {
	const char *name;
	int flag;
	enum outcome (*try)(struct attempt *attempt);
} methods[] = {
	{ "publickey", SSH_AUTH_METHOD_PUBLICKEY, try_publickey },
	{ "keyboard-interactive", SSH_AUTH_METHOD_INTERACTIVE, try_interactive },
	{ "password", SSH_AUTH_METHOD_PASSWORD, try_password },
};

/* Costs a round trip, so only when nothing was denied yet that would have told the same. */
static enum outcome
learn_methods(struct attempt *a)
{
	GError *failure = NULL;
	int rc = DRIVE(a, ssh_userauth_none(a->ssh->session, NULL), &failure);

	return judge(a, rc, failure, "none");
}

static enum outcome
try_method(struct attempt *a, const char *name)
{
	enum outcome outcome = GO_ON;

	for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, name))
			continue;
		if (!a->offered && methods[i].flag != SSH_AUTH_METHOD_PUBLICKEY)
			outcome = learn_methods(a);
		if (outcome == GO_ON && (!a->offered || (a->offered & methods[i].flag)))
			outcome = methods[i].try(a);
	}
	return outcome;
}

static enum outcome
try_all(struct attempt *a)
{
	enum outcome outcome = ONE_OF_SEVERAL;

	for (unsigned round = 0; round < ROUNDS_MAX && outcome == ONE_OF_SEVERAL; round++) {
		outcome = GO_ON;
		for (char **name = a->ssh->host->preferred; *name && outcome == GO_ON; name++)
			outcome = try_method(a, *name);
	}
	return outcome;
}

static char *
join(GPtrArray *list)
{
	g_ptr_array_add(list, NULL);
	return g_strjoinv(", ", (char **)list->pdata);
}

static char *
offered_text(int offered)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(method_flags); i++) {
		if (offered & method_flags[i].flag)
			g_ptr_array_add(names, (void *)(uintptr_t)method_flags[i].name);
	}
	g_ptr_array_add(names, NULL);
	return g_strjoinv(",", (char **)names->pdata);
}

static void
set_denied(struct attempt *a)
{
	g_autofree char *tried = NULL, *skipped = NULL, *offered = offered_text(a->offered);
	bool none_tried, none_skipped = a->skipped->len == 0;

	if (a->agent_tried)
		g_ptr_array_insert(a->tried, 0,
			g_strdup_printf("agent (%u key%s)", a->agent_tried, a->agent_tried == 1 ? "" : "s"));
	none_tried = a->tried->len == 0;
	tried = join(a->tried);
	skipped = join(a->skipped);
	tunnel_error_set(a->error, FLEET_ERROR_LOGIN, "%s may not log in: %s%s%s%s; server offers %s",
		a->ssh->host->user, none_tried ? "there was no key to try" : "no key was accepted: ", tried,
		none_skipped ? "" : "; not usable: ", skipped, *offered ? offered : "nothing");
}

bool
tunnel_login(const struct tunnel_login *login, const struct tunnel_ssh *ssh, char **how, GError **error)
{
	struct attempt attempt = { .login = login,
		.ssh = ssh,
		.tried = g_ptr_array_new_with_free_func(g_free),
		.skipped = g_ptr_array_new_with_free_func(g_free),
		.used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.error = error };
	enum outcome outcome = try_all(&attempt);

	if (outcome == LOGGED_IN)
		*how = tunnel_error_clean(g_steal_pointer(&attempt.how));
	else if (outcome != GIVE_UP)
		set_denied(&attempt);
	g_ptr_array_unref(attempt.tried);
	g_ptr_array_unref(attempt.skipped);
	g_hash_table_unref(attempt.used);
	asks_wipe(attempt.password);
	g_free(attempt.how);
	return outcome == LOGGED_IN;
}
