/* tunnel_login: agent, keys, certificates, keyboard-interactive and password, in the order ssh would. Private to
 * fleet/tunnel*.c. */
#pragma once

#include "fleet/asks.h"
#include "fleet/tunnel_keys.h"
#include "fleet/tunnel_ssh.h"

struct tunnel_login {
	struct tunnel_keys *keys;
	struct asks *asks;
	uint32_t index; /* of the host, for asks */
};

/* Logs in. *HOW: "publickey ~/.ssh/id_ed25519", newly allocated. Asks but never waits for the operator. Errors: LOGIN,
 * with all that was tried; NEEDS_SECRET; REFUSED, TIMEOUT, CANCELLED. Blocks. */
bool tunnel_login(const struct tunnel_login *login, const struct tunnel_ssh *ssh, char **how, GError **error);
