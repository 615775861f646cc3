/*
 * tunnel_agent: the ssh agent's keys, offered one at a time. Private to fleet/tunnel*.c.
 *
 * libssh offers all keys of an agent in the agent's order. ssh offers the configured ones first and, with
 * IdentitiesOnly, no others, so a relay stands between libssh and the agent that shows one key at a time. It also ends
 * a wait for an agent that does not answer.
 */
#pragma once

#include "fleet/tunnel_ssh.h"

struct tunnel_agent;

struct tunnel_agent_key {
	char *base64; /* public key, or certificate */
	char *comment;
	bool used; /* the login's mark */
};

/* The agent at PATH with at least one key, or NULL: none there, or empty, or *SILENT: it does not answer within three seconds.
 * Blocks. */
struct tunnel_agent *tunnel_agent_open(const char *path, const struct tunnel_wait *wait, bool *silent);
/* Ends the relay; SESSION forgets the agent. Accepts NULL. */
void tunnel_agent_close(struct tunnel_agent *agent, ssh_session session);

/* struct tunnel_agent_key; owned by AGENT. */
GArray *tunnel_agent_keys(struct tunnel_agent *agent);

/* Logs in with key I. SSH_AUTH_ERROR with or without ERROR set. Blocks. */
int tunnel_agent_login(struct tunnel_agent *agent, const struct tunnel_ssh *ssh, unsigned i, GError **error);
