/* tunnel_attempt: one login under way, shared by the files that try one method each. Private to fleet/tunnel*.c. */
#pragma once

#include "fleet/tunnel_login.h"

/* How a method, or one key of it, went. */
enum attempt_outcome {
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
	GPtrArray *skipped; /* char *: keys that could not be used, and why */
	GHashTable *used;   /* what was accepted in an earlier round; not to be used twice */
	unsigned agent_tried;
	char *password; /* the one tried last; wiped at the end */
	char *how;
	GError **error;
};

/* Calls libssh's CALL until it is done; its result, or SSH_AUTH_ERROR with FAILURE set. Blocks. */
#define ATTEMPT_DRIVE(attempt, call, failure) \
	TUNNEL_SSH_DRIVE((attempt)->ssh, call, SSH_AUTH_AGAIN, SSH_AUTH_ERROR, "login", failure)

/* What RC of libssh means for the attempt; WHAT was tried. Takes FAILURE, which may be NULL. */
enum attempt_outcome attempt_judge(struct attempt *attempt, int rc, GError *failure, const char *what);
/* Adds words to one of the lists. */
void attempt_note(GPtrArray *list, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* GIVE_UP: the operator was asked for the WHAT of OF. */
enum attempt_outcome attempt_wait_for_secret(struct attempt *attempt, const char *what, const char *of);

/* The methods. Block. */
enum attempt_outcome attempt_publickey(struct attempt *attempt);
enum attempt_outcome attempt_interactive(struct attempt *attempt);
enum attempt_outcome attempt_password(struct attempt *attempt);
