#include "fleet/tunnel_login.h"

#include <string.h>

#include "fleet/tunnel_attempt.h"
#include "fleet/tunnel_error.h"

/* sshd wants few factors; more rounds than this are a loop. */
enum { ROUNDS_MAX = 4 };

/* ---- what the methods share ---- */

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

enum attempt_outcome
attempt_judge(struct attempt *a, int rc, GError *failure, const char *what)
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
				"IdentityFile in ~/.ssh/config say which to use");
		else
			set_lost(a);
		return GIVE_UP;
	}
}

void
attempt_note(GPtrArray *list, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(list, g_strdup_vprintf(format, args));
	va_end(args);
}

enum attempt_outcome
attempt_wait_for_secret(struct attempt *a, const char *what, const char *of)
{
	tunnel_error_set(a->error, FLEET_ERROR_NEEDS_SECRET, "waits for the %s of %s", what, of);
	return GIVE_UP;
}

/* ---- the methods in order ---- */

static const struct {
	const char *name;
	int flag;
	enum attempt_outcome (*try)(struct attempt *attempt); /* NULL: we can't */
} methods[] = {
	{ "publickey", SSH_AUTH_METHOD_PUBLICKEY, attempt_publickey },
	{ "keyboard-interactive", SSH_AUTH_METHOD_INTERACTIVE, attempt_interactive },
	{ "password", SSH_AUTH_METHOD_PASSWORD, attempt_password },
	{ "gssapi-with-mic", SSH_AUTH_METHOD_GSSAPI_MIC, NULL },
	{ "hostbased", SSH_AUTH_METHOD_HOSTBASED, NULL },
};

/* Costs a round trip, so only when nothing was denied yet that would have told the same. */
static enum attempt_outcome
learn_methods(struct attempt *a)
{
	GError *failure = NULL;
	int rc = ATTEMPT_DRIVE(a, ssh_userauth_none(a->ssh->session, NULL), &failure);

	return attempt_judge(a, rc, failure, "none");
}

static enum attempt_outcome
try_method(struct attempt *a, const char *name)
{
	enum attempt_outcome outcome = GO_ON;

	for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (strcmp(methods[i].name, name) || !methods[i].try)
			continue;
		if (!a->offered && methods[i].flag != SSH_AUTH_METHOD_PUBLICKEY)
			outcome = learn_methods(a);
		if (outcome == GO_ON && (!a->offered || (a->offered & methods[i].flag)))
			outcome = methods[i].try(a);
	}
	return outcome;
}

static enum attempt_outcome
try_all(struct attempt *a)
{
	enum attempt_outcome outcome = ONE_OF_SEVERAL;

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

	for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++) {
		if (offered & methods[i].flag)
			g_ptr_array_add(names, (void *)(uintptr_t)methods[i].name);
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
	enum attempt_outcome outcome = try_all(&attempt);

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
