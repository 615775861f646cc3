/*
 * action: a verb – what an operator can do to a guest, or to a host and so to its guests. One const struct per verb, all of
 * them in registry.c; menu, keys, `:` commands and their completion, `do` on the command line, help and manual are made
 * from these.
 *
 * The way from a verb to what is done: the words behind it become params (action_params()); the rows that are meant become
 * a plan (plan_new()), which choose(), possible() and aim() shape; the plan becomes jobs (plan_jobs()), which run() does.
 */
#pragma once

#include "fleet/jobs.h"
#include "fleet/model.h"

#include <stdbool.h>

/* What a row of a view is, and so which verbs are on offer. */
enum target { TARGET_NONE, TARGET_HOST, TARGET_VM };

enum action_flag {
	ACTION_HURTS = 1 << 0,  /* asks even for a single guest; the button is red */
	ACTION_ONE = 1 << 1,    /* on one row only, never on marks or a query */
	ACTION_SCREEN = 1 << 2, /* goes on on the operator's screen: makes no jobs, has no run() */
	ACTION_ASKS = 1 << 3,   /* asks even for a single guest, too, but hurts nobody at once */
};

/* What may stand behind a verb. */
enum arg_kind {
	ARG_WORD,   /* one of words */
	ARG_FLAG,   /* its name alone; the value is "yes" */
	ARG_HOST,   /* a host of the fleet, by the name that the screen shows */
	ARG_CPUSET, /* "0-3,8" */
	ARG_NUMBER, /* of unit, from min to max: "100M", "300ms" */
	ARG_TEXT,   /* any word */
};

struct action_arg {
	const char *name; /* "to": typed as to=kvm2, and a member of params in the journal; NULL ends a table */
	const char *help;
	enum arg_kind kind;
	const char *const *words; /* ARG_WORD: what is allowed, NULL-terminated */
	enum unit unit;           /* ARG_NUMBER */
	double min, max;
	bool bare;                /* its value may be typed without the name; of several the first that has none and takes it */
	bool needed;              /* in a command; views have their own ways to ask for it */
};

struct plan;
struct plan_opts;

struct action {
	const char *name;   /* "shutdown": after `:` and `do`, in the config's keys and guards, in the journal */
	const char *help;   /* one line */
	const char *key;    /* default binding, NULL: none */
	const char *verb;   /* begins the question and the button: "Force off" */
	const char *doing;  /* "forcing off" */
	const char *done;   /* "forced off" */
	const char *effect; /* what it means for the guest, in a sentence */
	const char *needs;  /* what it can be done to: "a running guest"; NULL: any */
	enum target target;
	unsigned flags;     /* enum action_flag */
	const struct action_arg *args; /* ends with name NULL; NULL: takes none */
	unsigned timeout_s; /* of run() for one guest; 0: as long as it takes */
	enum vm_act act;    /* what the driver must be able to do, and what vm_act_run() does */
	enum job_class class;
	enum vm_state awaited; /* after run() the job waits for this state; UNKNOWN: it is done at once */
	unsigned await_s;      /* … so long, unless the param "wait" says otherwise */
	/* Done instead when none of the chosen guests can do this one but some can do that one: P also resumes. */
	const struct action *otherwise;
	/* What it comes to for a guest: guard rails about that verb hold for this one, too. NULL: nothing else. */
	const struct action *guarded_as;

	/* What the words together must be, beyond what args says; NULL: no more. False with CONFIG_ERROR_VALUE. */
	bool (*check)(char *const *params, GError **error);
	/* TARGET_HOST: appends the guests (struct row_key) that a chosen host means. UI thread, pure. */
	void (*choose)(const struct host_snap *host, GArray *keys);
	/* UI thread, pure. False: *WHY_NOT is static text. NULL: always. To be asked by action_possible(). */
	bool (*possible)(const struct vm *vm, const char **why_not);
	/* All targets are chosen: gives them what each has of its own – dest, params – or refuses some (plan_refuse()). UI
	 * thread, pure; NULL: nothing to give. False with an error in words: nothing comes of the whole plan. */
	bool (*aim)(struct plan *plan, const struct plan_opts *opts, GError **error);
	/* Runs on a hand's thread, blocks. */
	bool (*run)(struct job *job, struct conn *conn, GError **error);
};

/* Can ACTION be done to VM? False: *WHY_NOT is static text: Domain-0, a host that does not answer, a move under way, what
 * the host's driver can't, what the guest's state does not allow. Pure. */
bool action_possible(const struct action *action, const struct vm *vm, const char **why_not);

/* WORDS (NULL-terminated) as ACTION's params: names and values in turn, NULL-terminated, never NULL; caller frees. NULL
 * with CONFIG_ERROR_VALUE in words that say what is allowed. */
char **action_params(const struct action *action, const char *const *words, GError **error);
/* Whether WORD can only be one of ACTION's, and not a host's name or a URI: name=value, a flag, one of an argument's words. */
bool action_owns(const struct action *action, const char *word);
/* The value of NAME in PARAMS (may be NULL); NULL: not given. */
const char *action_param(char *const *params, const char *name);
/* "migrate HOST [live|offline] [bandwidth=RATE]": how it is typed. Caller frees. */
char *action_usage(const struct action *action);
/* How one of them is typed: "to=HOST", "live|offline". Caller frees. */
char *action_arg_usage(const struct action_arg *arg);
/* How the word PREFIX, one behind ACTION, can go on: names with "=", and values. HOSTS: names of hosts, NULL-terminated
 * (NULL: none are offered). NULL-terminated whole words, never NULL; caller frees. */
char **action_complete(const struct action *action, const char *prefix, const char *const *hosts);
