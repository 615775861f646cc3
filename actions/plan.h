/*
 * plan: what a verb on a selection comes to, before anything happens: how many guests on which hosts, what is left out
 * and why, what each has of its own. Pure over a snapshot; the jobs are made from it once the operator has said yes. UI
 * thread only.
 */
#pragma once

#include "actions/action.h"
#include "fleet/snapshot.h"

#include <glib.h>

struct guards;
struct maintenance;
struct relocation;

/* One guest that will be acted on. */
struct plan_target {
	struct row_key key;
	char *name, *host, *tenant; /* tenant NULL: none */
	/* what aim() gives it */
	uint32_t dest;   /* with dest_name: the host it goes to */
	char *dest_name; /* NULL: it goes nowhere */
	char **params;   /* of this guest alone, beside the plan's; NULL: none */
	char *detail;    /* of one that is left out: what of its refusal's reason is its own; NULL: nothing */
};

/* Guests left out for one reason. */
struct plan_refusal {
	char *why;
	bool denied;       /* by a guard rail */
	GPtrArray *guests; /* struct plan_target; of one that is gone the name and host are NULL */
};

struct plan {
	const struct action *action;
	char **params;       /* as of action_params(); NULL: none */
	GPtrArray *targets;  /* struct plan_target */
	GPtrArray *refusals; /* struct plan_refusal */
	unsigned hosts;      /* that the targets are on */
	char *confirm;       /* the guard that wants the count typed, in words; NULL: none */
	char *released;      /* the host that comes out of maintenance when all this begins; NULL: none */
	char *note;          /* what else is to be known before it begins, in words; NULL: nothing */
	char *blocked;       /* why nothing may come of all this, in words; then there are no targets; NULL: nothing */
};

struct plan_opts {
	const struct action *action;
	char *const *params;            /* NULL: none */
	const struct fleet_snap *snap;
	const GArray *keys;             /* struct row_key: guests, or hosts where the action takes these */
	GHashTable *busy;               /* set of struct row_key with an act under way, which are left out; NULL: none */
	struct guards *guards;          /* of the config; NULL: none */
	int64_t now_us;                 /* for guards about ages */
	/* for aim(), that is, where guests are moved */
	const struct config *config;
	const struct maintenance *maintenance; /* NULL: the config alone says which hosts are in it */
	const char *released;                  /* a host that is about to be released; NULL: none */
	const GArray *incoming;                /* struct incoming (actions/targets.h): other moves under way; NULL: none */
	const struct relocation *relocation;   /* who goes where, as it was shown; NULL: to be found now */
};

/* The action (or its `otherwise`, where that is what can be done) on the guests that are meant. Everything is copied. */
struct plan *plan_new(const struct plan_opts *opts);
void plan_free(struct plan *plan); /* accepts NULL */

/* How many guests there would be targets of, without choosing anything for them; of none, *WHY_NOT is a reason (borrowed of
 * the guards, or static; NULL: no guest is meant). For a menu: what many guests have in common is looked at once. */
guint plan_survey(const struct plan_opts *opts, const char **why_not);

/* For aim(): leaves target I out after all, because of WHY, which counts it with others, and DETAIL, which is of this guest
 * alone (NULL: nothing); both are copied. The last target takes its place. */
void plan_refuse(struct plan *plan, guint i, const char *why, const char *detail);

/* Whether the operator has to type how many guests there are: many, or some for which a guard wants it. */
bool plan_types_count(const struct plan *plan, const struct config *config);
/* "Force off 3 guests on 2 hosts", "Force off web-1 on kvm017". Caller frees. */
char *plan_title(const struct plan *plan);
/* "Force off 3". Caller frees. */
char *plan_button(const struct plan *plan);
/* Several lines: effect, guests, hosts, tenants, what is left out. Caller frees. */
char *plan_text(const struct plan *plan);
/* "nothing to shut down: 2 not running, 1 host does not answer". Caller frees. */
char *plan_nothing(const struct plan *plan);

/* A job for each target, all with BATCH as their id, to be kept in JOURNAL (borrowed; NULL: in none): an array of struct
 * job *, whose jobs the caller owns. */
GPtrArray *plan_jobs(const struct plan *plan, uint64_t batch, int64_t now_us, struct journal *journal);
