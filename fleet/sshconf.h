/*
 * sshconf: what ~/.ssh/config says about a host, by asking `ssh -G`, the only exact reader of it. One answer is shared
 * by all hosts that must get the same one: a run costs 7 ms of CPU, and a fleet is mostly one Host block.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum sshconf_strict {
	SSHCONF_STRICT_ASK,
	SSHCONF_STRICT_YES,
	SSHCONF_STRICT_ACCEPT_NEW,
	SSHCONF_STRICT_NO,
};

/* One host's settings. Strings are NULL when not set; lists are NULL-terminated and never NULL. */
struct sshconf_host {
	char *name;     /* as ssh was told */
	char *hostname; /* where to connect */
	char *user;
	uint16_t port;
	int family;            /* AF_UNSPEC, AF_INET, AF_INET6 */
	int connect_timeout_s; /* 0: none */
	char *bind_address;

	char *proxy_command; /* tokens not expanded */
	char *proxy_jump;

	char *host_key_alias;
	char **user_known_hosts, **global_known_hosts; /* paths */
	enum sshconf_strict strict;
	bool hash_known_hosts;

	char **identity_files, **certificate_files; /* paths, tokens expanded */
	bool identities_only;
	char *agent;      /* path of the agent's socket; NULL: none */
	char **preferred; /* authentication methods in order */

	char *hostkey_algorithms, *kex_algorithms, *ciphers, *macs, *pubkey_algorithms;
};

void sshconf_host_free(struct sshconf_host *host);

/* Reads the output of `ssh -G NAME`. NULL with FLEET_ERROR_PROTOCOL when it is none. Any thread. */
struct sshconf_host *sshconf_parse(const char *name, const char *output, GError **error);
/* What ssh would do with no configuration at all. USER NULL: who runs this; PORT 0: 22. */
struct sshconf_host *sshconf_defaults(const char *name, const char *user, uint16_t port);
/* TEXT with ssh's tokens (%h …), ~ and ${VARIABLE} replaced, newly allocated; NULL when one is unknown. */
char *sshconf_expand(const struct sshconf_host *host, const char *text);

struct sshconf;

/* FILE: ssh -F; NULL: ssh's own default. */
struct sshconf *sshconf_new(const char *file);
void sshconf_free(struct sshconf *conf);

/* The settings for NAME, newly allocated. USER NULL and PORT 0: as ssh decides. Answers are kept for seconds, so
 * that a changed file counts at the next connection. Any thread; blocks for a run of ssh at most until DEADLINE_US or until
 * CANCEL_FD (-1: none) is readable; many callers share one run. Without ssh installed: sshconf_defaults(). Errors:
 * FAILED with ssh's words, TIMEOUT, CANCELLED. */
struct sshconf_host *sshconf_resolve(struct sshconf *conf, const char *name, const char *user, uint16_t port,
                                     int64_t deadline_us, int cancel_fd, GError **error);
/* Whoever waits for another's run looks at its CANCEL_FD. Any thread, never blocks. */
void sshconf_wake(struct sshconf *conf);
/* How often ssh was run. Any thread. */
unsigned sshconf_runs(struct sshconf *conf);

/* What a set of ssh_config files makes of host names: which of their Host lines match. */
struct sshconf_classes;

/* FILES: their texts. */
struct sshconf_classes *sshconf_classes_new(char **files);
void sshconf_classes_free(struct sshconf_classes *classes);
/* Equal for hosts that must get the same answer but for their name, newly allocated; NULL: NAME must be asked for
 * itself. Pure. */
char *sshconf_class(const struct sshconf_classes *classes, const char *name, const char *user, uint16_t port);
/* ANSWER was given for the host NAME: may it be used for others of its class? Pure. */
bool sshconf_may_share(const struct sshconf_classes *classes, const char *name, const char *answer);
/* ANSWER as it would have been given for NAME instead. Pure. */
char *sshconf_rename(const char *answer, const char *from, const char *name);
/* ssh's wildcards: * and ?. Pure. */
bool sshconf_glob(const char *pattern, const char *text);
