/*
 * knownhosts: ssh's known_hosts files, read once for all hosts and again when they change. Knows nothing of
 * connections: keys are their type and base64 text, as in the files.
 *
 * Hashed names are slow to search, a keyed hash per line and host, so a key is looked up first, and names only when
 * that did not answer.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum known {
	KNOWN_NO,      /* the host is in none of the files */
	KNOWN_YES,     /* with this key */
	KNOWN_CHANGED, /* with other keys only */
	KNOWN_REVOKED, /* this key is marked @revoked */
};

struct known_result {
	enum known status;
	char *where;       /* "/path:LINE" of the entry that decided; NULL with KNOWN_NO */
	char **types;      /* key types the host is known with; never NULL */
	bool ca;           /* an @cert-authority is trusted for the host */
};
void known_result_done(struct known_result *result);

struct knownhosts;

struct knownhosts *knownhosts_new(void);
void knownhosts_free(struct knownhosts *known);

/* The name under which ssh keeps HOSTNAME: ALIAS if there is one, else "[host]:port" unless the port is 22. */
char *knownhosts_name(const char *hostname, uint16_t port, const char *alias);

/* Whether NAME is known with this key by any of FILES (missing ones are skipped). Any thread; reads files. */
struct known_result knownhosts_check(struct knownhosts *known, char **files, const char *name, const char *type,
                                     const char *key);

/* Key types NAME is known with as far as can be told cheaply: not from hashed names that were never searched. Never
 * NULL. Any thread; reads files. */
char **knownhosts_types(struct knownhosts *known, char **files, const char *name);

/* Appends an entry to FILE, made with mode 0600 in a folder of 0700 if need be; HASHED: as HashKnownHosts. FLEET_ERROR_FAILED.
 * Any thread. */
bool knownhosts_add(struct knownhosts *known, const char *file, const char *name, bool hashed, const char *type,
                    const char *key, GError **error);
