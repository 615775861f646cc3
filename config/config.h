/*
 * config: everything decided before the first screen. Immutable after config_load(); any thread may read it.
 */
#pragma once

#include "config/hostspec.h"
#include "config/keyspec.h"
#include "config/theme.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CONFIG_ERROR (config_error_quark())
GQuark config_error_quark(void);

enum config_error {
	CONFIG_ERROR_FILE,   /* can't be read */
	CONFIG_ERROR_SYNTAX, /* not YAML */
	CONFIG_ERROR_KEY,    /* unknown or repeated key */
	CONFIG_ERROR_VALUE,  /* wrong type, out of range, unknown word */
};

struct config_host {
	char *name; /* what the screen shows and what is unique: the name after range expansion, or for a URI
	             * its host and path; "user@" and ":port" are part of it only when two hosts need them */
	struct hostspec *spec;
	bool maintenance;   /* never a target of moves */
	char *site;         /* NULL: none */
	char **tags;        /* NULL-terminated, sorted, never NULL */
	GHashTable *labels; /* char * to char *, never NULL */
	char *migration_address; /* where other hosts find it for migrations; NULL: as we find it */
	char *origin;       /* "config.yaml:12:5" or "command line", for messages */
};

/* A binding from the config's "keys:" section: view NULL is the generic table, request a request's or an
 * action's name, checked by the one who knows them (views/), with origin for the message. */
struct config_key {
	char *view;
	struct keyspec key;
	char *request; /* "none" unbinds */
	char *origin;
};

/* Where something stands in the <metadata> of a guest's XML. */
struct config_metadata {
	char *namespace; /* what xmlns= says, "*" at its end: however it goes on; NULL: any */
	char *path;      /* elements from <metadata> down, "owner/project"; NULL: nowhere */
	char *attribute; /* NULL: the text in the element */
};

/* What the config's "views:" says of one table: checked by the one who knows its columns (views/), with the origins for
 * the message. */
struct config_word {
	char *text; /* "cpu" or "name=20" */
	char *origin;
};

struct config_set {
	char *name;       /* "default": what is shown at first */
	char *origin;
	GPtrArray *words; /* struct config_word * */
	char *text;       /* all of them, with commas between */
};

struct config_view {
	char *name, *origin;
	GPtrArray *sets;  /* struct config_set * */
	char *sort, *sort_origin; /* NULL: none */
};

/* A guard rail: which verbs and guests it is about is read by the one who knows them (actions/guard.h). */
enum config_guard_kind { GUARD_DENY, GUARD_CONFIRM, GUARD_MAX };

struct config_guard {
	enum config_guard_kind kind;
	char *text;   /* "stop where tag=prod", "50", "stop 10" */
	char *origin;
};

struct config {
	GPtrArray *hosts; /* struct config_host *, in the order of the file, then of the command line */
	GPtrArray *keys;  /* struct config_key * */
	GPtrArray *views; /* struct config_view * */
	GPtrArray *guards; /* struct config_guard *, in the order of the file */
	struct theme *theme;
	GPtrArray *themes; /* struct theme *: the file's own ones */

	/* _ms times and counts, each with its range in the schema table (config/schema.c) */
	int64_t interval_ms;        /* refresh of a host, default 2000 */
	int64_t connect_timeout_ms; /* name, TCP, host key and login together, default 10000 */
	int64_t slow_ms;            /* an answer that takes longer makes a host "slow", default 2000 */
	int64_t call_timeout_ms;    /* hard limit of one step; then its tunnel is cut, default 15000 */
	bool xen_tools;             /* default yes: xentop is asked on Xen hosts, too */
	int64_t keepalive_ms;       /* default 5000; three missed cut the link */
	int64_t retry_min_ms, retry_max_ms; /* back-off bounds, default 1000 and 60000 */
	int64_t connect_parallel;   /* handshakes at once in all, default 64 */
	int64_t gate_parallel;      /* … to one address or through one jump host, default 8 */
	int64_t calls_per_second;   /* per host, for drivers without bulk statistics, default 10 */
	int64_t fleet_calls_per_second; /* likewise, all hosts together, default 200 */
	int64_t events_kept;        /* entries of the time line, default 5000 */
	char *journal_path;         /* NULL: journal.jsonl in the user's state folder */
	int64_t journal_max_mib;    /* default 10; then it is rotated */
	bool journal_syslog;
	int64_t jobs_parallel;      /* acts at once in all, default 16 */
	int64_t jobs_per_host;      /* … on one host, without moves, default 2 */
	int64_t moves_out, moves_in; /* moves at once from, and to, one host, default 2 */
	int64_t shutdown_wait_ms;   /* for a guest that was asked to go, default 120000 */
	int64_t jobs_kept;          /* ended ones that are remembered, default 5000 */
	int64_t confirm_type_count; /* from this many guests on the count is typed, default 20 */
	int64_t cpu_warn_pct, cpu_bad_pct;   /* default 70, 90 */
	int64_t mem_warn_pct, mem_bad_pct;   /* default 85, 95 */
	int64_t ready_warn_pct, ready_bad_pct; /* default 5, 10 */
	int64_t vcpu_cap_pct;       /* vCPU:pCPU cap for headroom, in percent: 400 is 4:1 */
	bool ascii;                 /* no UTF-8 graphics */
	bool mouse;

	/* Whose a guest is: the first of these that says something */
	struct config_metadata tenant_metadata;
	char *tenant_regex;         /* NULL: none; its first group is the tenant */
	char **tenant_match;        /* what it is matched on, in this order: "name", "title", "description" */
	char *tenant_label;         /* of the guest's host; NULL: none */

	struct host_settings *defaults; /* config/ only: what hosts leave open, for config_select() */
};

/* The compiled-in default configuration (config/defaults.yaml), as --dump-config prints it. */
const char *config_defaults_text(void);

/* The path of the user's config: $XDG_CONFIG_HOME/virt-fleet/config.yaml, else /etc/virt-fleet/config.yaml,
 * whichever exists first; NULL when neither does. Caller frees. */
char *config_find(void);

/* Defaults, then PATH over them when not NULL. NULL with CONFIG_ERROR on the first error; its message is
 * "file:line:column: what is wrong; what is allowed". Blocks on the file (and runs the inventory command,
 * if one is configured, within its time limit). */
struct config *config_load(const char *path, GError **error);

/* As config_load() on a text held in memory; NAME stands for the file in messages. */
struct config *config_parse(const char *text, size_t len, const char *name, GError **error);

/* Replaces the fleet by what the command line names: HOSTS ("[user@]name[:port]", ranges allowed) and URIS
 * (virsh -c), each NULL-terminated or NULL; names nothing: the config's fleet stays. A HOST that the config
 * knows by name keeps the config's settings, but for a user or port given with it. False with CONFIG_ERROR,
 * and the config unchanged, when one can't be read or comes twice. */
bool config_select(struct config *config, const char *const *hosts, const char *const *uris, GError **error);

/* The theme called NAME, built-in or the file's own, is the one in use; false with CONFIG_ERROR_VALUE that says which there are. */
bool config_set_theme(struct config *config, const char *name, GError **error);

/* Sets one scalar option by its path in the schema ("refresh", "ui.ascii"), as the file would; ORIGIN
 * stands for file, line and column in the message. PATH is a field of struct config: another is a
 * programmer's error and aborts. For the command line. */
bool config_set(struct config *config, const char *path, const char *value, const char *origin,
                GError **error);

void config_free(struct config *config);
