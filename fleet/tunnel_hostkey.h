/* tunnel_hostkey: is this the host we know? Private to fleet/tunnel*.c. */
#pragma once

#include "fleet/asks.h"
#include "fleet/knownhosts.h"
#include "fleet/tunnel_ssh.h"

struct tunnel_hostkey {
	struct knownhosts *known;
	struct asks *asks;
	uint32_t index; /* of the host, for asks */
	bool last_try;  /* asking the host for another of its keys is no longer possible */
};

/* The key types to ask HOST for first: those it is known with. NULL-terminated, newly allocated. */
char **tunnel_hostkey_types(struct knownhosts *known, const struct sshconf_host *host);

enum tunnel_trust {
	TRUST_YES,
	TRUST_NO,    /* ERROR is set: HOSTKEY_UNKNOWN or _CHANGED */
	TRUST_OTHER, /* the host may have another key that is known: connect again, knownhosts_types() knows better now */
};

/* Judges the key of a session after its handshake as ssh does. *TEXT: the fingerprint and why, newly allocated. Never
 * waits for the operator. */
enum tunnel_trust tunnel_hostkey_check(const struct tunnel_hostkey *hostkey, const struct tunnel_ssh *ssh, char **text,
                                       GError **error);
