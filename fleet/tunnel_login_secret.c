#include "fleet/tunnel_attempt.h"
#include "fleet/tunnel_error.h"

static char *
password_subject(const struct attempt *a)
{
	return g_strdup_printf("%s@%s", a->ssh->host->user, a->ssh->host->name);
}

/* LOGGED_IN stands for "a->password is it"; GIVE_UP: there is none yet; GO_ON: there never will be. REMARK: a second line
 * for the question, or NULL. */
static enum attempt_outcome
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
		return attempt_wait_for_secret(a, "password", subject);
	case ASK_NO:
	default:
		return GO_ON;
	}
}

/* Ask again rather than try the same by another method. */
static enum attempt_outcome
password_was_wrong(struct attempt *a)
{
	g_autofree char *subject = password_subject(a);
	enum attempt_outcome outcome;

	asks_reject(a->login->asks, ASK_PASSWORD, subject, a->password);
	outcome = get_password(a, "The last one was wrong");
	if (outcome != LOGGED_IN)
		return outcome;
	/* Somebody was quick. It is for the next connection, and that won't be waited for: there is nothing to wait for. */
	tunnel_error_set(
		a->error, FLEET_ERROR_LOGIN, "the password of %s was wrong; there is a new one", subject);
	return GIVE_UP;
}

enum attempt_outcome
attempt_password(struct attempt *a)
{
	GError *failure = NULL;
	enum attempt_outcome outcome = get_password(a, NULL);
	int rc;

	if (outcome != LOGGED_IN)
		return outcome;
	attempt_note(a->tried, "password");
	rc = ATTEMPT_DRIVE(a, ssh_userauth_password(a->ssh->session, NULL, a->password), &failure);
	outcome = attempt_judge(a, rc, failure, "password");
	return outcome == GO_ON ? password_was_wrong(a) : outcome;
}

/* One hidden question is a password by another name. *ANSWERED: it was. */
static enum attempt_outcome
answer_questions(struct attempt *a, bool *answered)
{
	ssh_session session = a->ssh->session;
	int questions = ssh_userauth_kbdint_getnprompts(session);
	g_autofree char *remark = NULL;
	const char *prompt;
	enum attempt_outcome outcome;
	char echo = 0;

	if (questions == 0)
		return LOGGED_IN;
	prompt = ssh_userauth_kbdint_getprompt(session, 0, &echo);
	if (questions > 1 || echo || *answered) {
		attempt_note(a->skipped, "keyboard-interactive asks more than a password");
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

enum attempt_outcome
attempt_interactive(struct attempt *a)
{
	bool answered = false;

	for (;;) {
		GError *failure = NULL;
		int rc = ATTEMPT_DRIVE(a, ssh_userauth_kbdint(a->ssh->session, NULL, NULL), &failure);
		enum attempt_outcome outcome;

		if (rc != SSH_AUTH_INFO) {
			outcome = attempt_judge(a, rc, failure, "keyboard-interactive");
			if (outcome == GO_ON && answered) {
				attempt_note(a->tried, "keyboard-interactive");
				return password_was_wrong(a);
			}
			return outcome;
		}
		outcome = answer_questions(a, &answered);
		if (outcome != LOGGED_IN)
			return outcome;
	}
}
