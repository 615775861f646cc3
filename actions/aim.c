#include "actions/aim.h"

#include "actions/evacuate.h"
#include "config/config.h"

#include <string.h>

struct move_wish
aim_wish(char *const *params)
{
	const char *copy = action_param(params, "copy");

	return (struct move_wish){
		.copy = !copy                      ? COPY_NONE
			: strcmp(copy, "all") == 0 ? COPY_ALL
						   : COPY_INCREMENTAL,
		.offline = action_param(params, "offline") != NULL,
		.unsafe = action_param(params, "unsafe") != NULL,
	};
}

struct targets_opts
aim_targets_opts(const struct plan_opts *opts)
{
	return (struct targets_opts){
		.snap = opts->snap,
		.config = opts->config,
		.maintenance = opts->maintenance,
		.released = opts->released,
		.incoming = opts->incoming,
		.wish = aim_wish(opts->params),
		.now_us = opts->now_us,
	};
}

/* ---- one guest ---- */

/* Where each goes elsewhere, it is a param of each, so that it can be tried again, and the journal has it. */
static void
give(const struct plan *plan, struct plan_target *target, const struct host_snap *host)
{
	target->dest = host->index;
	target->dest_name = g_strdup(host->name);
	if (g_strcmp0(action_param(plan->params, "to"), host->name) != 0) {
		target->params = g_new0(char *, 3);
		target->params[0] = g_strdup("to");
		target->params[1] = g_strdup(host->name);
	}
}

/* Sends target I of PLAN to HOST, or leaves it out: what was possible when it was planned may be so no longer. */
static void
send_to(struct plan *plan, guint i, struct targets *targets, const struct plan_opts *opts,
	const struct host_snap *host)
{
	struct plan_target *target = plan->targets->pdata[i];
	const struct vm *vm = fleet_snap_find_vm(opts->snap, &target->key);

	const char *what = NULL;

	if (targets_quick(targets, vm, host, &what) <= VERDICT_CAUTION) {
		give(plan, target, host);
		targets_put(targets, vm, host);
	} else {
		g_autofree char *cause = g_strdup_printf("can't go to %s: %s", host->name, what);
		g_autofree char *words = NULL;

		targets_judge(targets, vm, host, &words);
		plan_refuse(plan, i, cause, words);
	}
}

/* Whether they can be given up is to be known before they begin. */
static void
note_abort(struct plan *plan, const struct fleet_snap *snap)
{
	guint stubborn = 0;

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];
		const struct host_facts *facts = snap->hosts[target->key.host]->facts;

		stubborn += facts && !(facts->moves & MOVE_BIT(ABORT));
	}
	if (stubborn == 0 && action_param(plan->params, "postcopy"))
		plan->note =
			g_strdup("It can be given up until it runs there, from when on memory only follows.");
	else if (stubborn == 0)
		plan->note = g_strdup("It can be given up until its end: then the guest stays where it is.");
	else if (stubborn == plan->targets->len)
		plan->note = g_strdup("Once begun it can't be given up: the driver offers no way.");
	else
		plan->note =
			g_strdup_printf("%u of them can't be given up once they have begun: their driver "
					"offers no way.",
				stubborn);
}

/* What is at stake when somebody insists; storage that is copied along need not be shared. */
static void
note_unsafe(struct plan *plan, const struct move_wish *wish)
{
	g_autofree char *before = NULL;

	if (!wish->unsafe || wish->offline || wish->copy != COPY_NONE)
		return;
	before = g_steal_pointer(&plan->note);
	plan->note = g_strconcat(before,
		" Unsafe: its disks must be on storage that both hosts share, else it loses them.", NULL);
}

/* ---- all to one host ---- */

static const struct host_snap *
find_host(const struct fleet_snap *snap, const char *name)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (strcmp(snap->hosts[i]->name, name) == 0)
			return snap->hosts[i];
	return NULL;
}

static const struct host_snap *
host_wanted(const struct plan_opts *opts, GError **error)
{
	const char *to = action_param(opts->params, "to");
	const struct host_snap *host = to ? find_host(opts->snap, to) : NULL;

	if (!to)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "where to? type: migrate to=HOST");
	else if (!host)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no host '%s'", to);
	return host;
}

/* From the last to the first: one that is left out is replaced by the last. */
static void
send_all(struct plan *plan, struct targets *targets, const struct plan_opts *opts,
	const struct host_snap *host)
{
	for (guint i = plan->targets->len; i-- > 0;)
		send_to(plan, i, targets, opts, host);
}

/* ---- as a list of moves says ---- */

/* A list of thousands, to be found by their guests: struct row_key in the list to the place in it, from 1 on. */
static GHashTable *
places_of(const struct relocation *moves)
{
	GHashTable *places = g_hash_table_new(row_key_hash, row_key_equal_g);

	for (guint i = 0; i < moves->list->len; i++)
		g_hash_table_insert(
			places, &((struct move *)moves->list->pdata[i])->guest, GUINT_TO_POINTER(i + 1));
	return places;
}

/* 0: it is not in the list. */
static guint
place_of(GHashTable *places, const struct row_key *guest)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(places, guest));
}

static gint
compare_places(gconstpointer a, gconstpointer b, gpointer places)
{
	guint left = place_of(places, &(*(const struct plan_target *const *)a)->key);
	guint right = place_of(places, &(*(const struct plan_target *const *)b)->key);

	return (gint)left - (gint)right;
}

static GHashTable *
stays_of(const struct relocation *moves)
{
	GHashTable *stays = g_hash_table_new(row_key_hash, row_key_equal_g);

	for (guint i = 0; i < moves->stays->len; i++) {
		struct stay *stay = moves->stays->pdata[i];

		g_hash_table_insert(stays, &stay->guest, stay);
	}
	return stays;
}

static void
leave_out(struct plan *plan, guint i, const struct stay *stay)
{
	if (!stay)
		plan_refuse(plan, i, "not in the plan that was shown", NULL);
	else if (stay->cause)
		plan_refuse(plan, i, stay->cause, stay->why);
	else
		plan_refuse(plan, i, stay->why, NULL);
}

static void
send_as_planned(struct plan *plan, struct targets *targets, const struct plan_opts *opts,
	const struct relocation *moves)
{
	g_autoptr(GHashTable) places = places_of(moves), stays = stays_of(moves);

	for (guint i = plan->targets->len; i-- > 0;) {
		const struct plan_target *target = plan->targets->pdata[i];
		guint place = place_of(places, &target->key);
		const struct move *move = place ? moves->list->pdata[place - 1] : NULL;

		if (move && move->dest < opts->snap->nhosts)
			send_to(plan, i, targets, opts, opts->snap->hosts[move->dest]);
		else
			leave_out(plan, i, g_hash_table_lookup(stays, &target->key));
	}
	/* the order is part of the plan: the largest first */
	g_ptr_array_sort_with_data(plan->targets, compare_places, places);
}

bool
aim_migrate(struct plan *plan, const struct plan_opts *opts, GError **error)
{
	const struct targets_opts asked = aim_targets_opts(opts);
	const struct host_snap *host = opts->relocation ? NULL : host_wanted(opts, error);
	struct targets *targets;

	if (!host && !opts->relocation)
		return false;
	targets = targets_new(&asked);
	if (host)
		send_all(plan, targets, opts, host);
	else
		send_as_planned(plan, targets, opts, opts->relocation);
	targets_free(targets);
	note_abort(plan, opts->snap);
	note_unsafe(plan, &asked.wish);
	return true;
}

/* ---- hosts that are emptied ---- */

/* The hosts that the guests of PLAN are on, each once, as pointers into the snapshot. */
static GPtrArray *
hosts_of(const struct plan *plan, const struct fleet_snap *snap)
{
	GPtrArray *hosts = g_ptr_array_new();

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];
		gpointer host = (gpointer)(uintptr_t)snap->hosts[target->key.host];

		if (!g_ptr_array_find(hosts, host, NULL))
			g_ptr_array_add(hosts, host);
	}
	return hosts;
}

static GArray *
keys_of(const struct plan *plan)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	for (guint i = 0; i < plan->targets->len; i++)
		g_array_append_val(keys, ((const struct plan_target *)plan->targets->pdata[i])->key);
	return keys;
}

bool
aim_evacuate(struct plan *plan, const struct plan_opts *opts, GError **error G_GNUC_UNUSED)
{
	const struct targets_opts asked = aim_targets_opts(opts);
	struct targets *targets = targets_new(&asked);
	g_autoptr(GPtrArray) hosts = hosts_of(plan, opts->snap);
	g_autoptr(GArray) keys = keys_of(plan);
	struct relocation *moves = opts->relocation ? NULL : evacuate_hosts_plan(targets, hosts, keys);

	/* what the planner has placed takes room: it is judged again as if nothing had happened */
	targets_free(targets);
	targets = targets_new(&asked);
	send_as_planned(plan, targets, opts, moves ? moves : opts->relocation);
	targets_free(targets);
	relocation_free(moves);
	note_abort(plan, opts->snap);
	note_unsafe(plan, &asked.wish);
	return true;
}
