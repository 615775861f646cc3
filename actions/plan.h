/*
 * plan: what a verb on a selection comes to, before anything happens: how many guests on which hosts, what is left out
 * and why. Pure over a snapshot; the jobs are made from it once the operator has said yes. UI thread only.
 */
#pragma once

#include "actions/action.h"
#include "fleet/snapshot.h"

#include <glib.h>

/* One guest that will be acted on. */
struct plan_target {
	struct row_key key;
	char *name, *host, *tenant; /* tenant NULL: none */
};

/* Guests left out for one reason. */
struct plan_refusal {
	const char *why; /* static */
	unsigned count;
	char *example;   /* one of their names, NULL: none has one */
};

struct plan {
	const struct action *action;
	GPtrArray *targets;  /* struct plan_target */
	GPtrArray *refusals; /* struct plan_refusal */
	unsigned hosts;      /* that the targets are on */
};

/* ACTION (or its `otherwise`, where that is what can be done) on the guests that KEYS, an array of struct row_key, name
 * in SNAP. BUSY: a set of struct row_key, guests on which an act is under way, which are left out; NULL: none. */
struct plan *plan_new(const struct action *action, const struct fleet_snap *snap, const GArray *keys, GHashTable *busy);
void plan_free(struct plan *plan); /* accepts NULL */

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
