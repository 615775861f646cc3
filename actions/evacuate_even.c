/* evacuate: making hosts of a site more alike. */
#include "actions/evacuate_private.h"

#include <string.h>

#define EVEN_ENOUGH 0.10   /* the fullest host is so much fuller than the least full: nothing to do */
#define LEAST_GAIN  0.0005 /* of a move worth its while: by so much the squares of the scores fall */

/* Hosts among which guests are moved. */
struct group {
	GPtrArray *hosts;  /* const struct host_snap * */
	GHashTable *tired; /* those that nothing more can be taken from */
};

static void
group_free(gpointer pointer)
{
	struct group *group = pointer;

	g_ptr_array_unref(group->hosts);
	g_hash_table_unref(group->tired);
	g_free(group);
}

static bool
is_alike(const struct host_snap *a, const struct host_snap *b)
{
	return a->facts->hypervisor == b->facts->hypervisor && hosts_same_site(a, b);
}

static void
group_add(GPtrArray *groups, const struct host_snap *host)
{
	struct group *group;

	for (guint i = 0; i < groups->len; i++) {
		group = groups->pdata[i];
		if (is_alike(group->hosts->pdata[0], host)) {
			g_ptr_array_add(group->hosts, (gpointer)(uintptr_t)host);
			return;
		}
	}
	group = g_new(struct group, 1);
	*group = (struct group){ g_ptr_array_new(), g_hash_table_new(NULL, NULL) };
	g_ptr_array_add(group->hosts, (gpointer)(uintptr_t)host);
	g_ptr_array_add(groups, group);
}

static GPtrArray *
groups_of(const struct targets *targets, const char *site)
{
	GPtrArray *groups = g_ptr_array_new_with_free_func(group_free);
	const struct fleet_snap *snap = targets->opts.snap;

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		if (!evacuate_takes_part(targets, host, host) || evacuate_score(targets, host) < 0)
			continue;
		if (!site || (host->config && g_strcmp0(host->config->site, site) == 0))
			group_add(groups, host);
	}
	return groups;
}

static struct spread
groups_spread(const struct targets *targets, const GPtrArray *groups)
{
	struct spread spread = { 0 };

	for (guint i = 0; i < groups->len; i++) {
		const struct group *group = groups->pdata[i];

		for (guint j = 0; j < group->hosts->len; j++)
			spread_add(&spread, evacuate_score(targets, group->hosts->pdata[j]));
	}
	spread_end(&spread);
	return spread;
}

/* The fullest host that still has something to give; NULL: the group is even, or nothing can be done. *LEAST: the lowest
 * score. */
static const struct host_snap *
fullest(const struct targets *targets, const struct group *group, double *least)
{
	const struct host_snap *full = NULL;

	*least = 2;
	for (guint i = 0; i < group->hosts->len; i++) {
		const struct host_snap *host = group->hosts->pdata[i];
		double score = evacuate_score(targets, host);

		*least = MIN(*least, score);
		if (!g_hash_table_contains(group->tired, host) &&
			(!full || score > evacuate_score(targets, full)))
			full = host;
	}
	return full && evacuate_score(targets, full) - *least > EVEN_ENOUGH ? full : NULL;
}

struct step {
	const struct vm *vm;
	const struct host_snap *to; /* NULL: none */
	double gain, before, after; /* the scores of `to` */
};

/* How much more alike the two hosts become, as the fall of the sum of their squares. */
static void
try_step(struct targets *targets, const struct vm *vm, const struct host_snap *to, struct step *best)
{
	const struct config *config = targets->opts.config;
	struct room left = targets->rooms[vm->host->index], taken = room_with(targets->rooms[to->index], vm);
	double from_before = evacuate_score(targets, vm->host), to_before = evacuate_score(targets, to);
	double from_after, to_after = room_score(&taken, config), gain;

	room_change(&left, vm, -1);
	from_after = room_score(&left, config);
	gain = from_before * from_before + to_before * to_before - from_after * from_after -
	       to_after * to_after;
	if (from_after < 0 || to_after < 0 || gain < LEAST_GAIN || gain <= best->gain ||
		to_after >= from_before)
		return;
	if (evacuate_has_room(targets, &taken) && targets_quick(targets, vm, to, NULL) == VERDICT_FITS)
		*best = (struct step){ vm, to, gain, to_before, to_after };
}

static struct step
best_step(struct targets *targets, const struct group *group, const struct host_snap *from, GHashTable *moved)
{
	struct step best = { 0 };

	for (size_t i = 0; i < from->nvms; i++) {
		const struct vm *vm = &from->vms[i];

		if (!evacuate_has_life(vm) || g_hash_table_contains(moved, vm))
			continue;
		for (guint j = 0; j < group->hosts->len; j++)
			if (group->hosts->pdata[j] != from)
				try_step(targets, vm, group->hosts->pdata[j], &best);
	}
	return best;
}

/* One move in the group where hosts differ most; false: there is none. */
static bool
make_step(struct targets *targets, const GPtrArray *groups, GHashTable *moved, struct relocation *moves)
{
	const struct host_snap *worst = NULL;
	struct group *group = NULL;
	double widest = 0, least;
	struct step step;

	for (guint i = 0; i < groups->len; i++) {
		const struct host_snap *full = fullest(targets, groups->pdata[i], &least);
		double width = full ? evacuate_score(targets, full) - least : 0;

		if (width > widest) {
			widest = width;
			worst = full;
			group = groups->pdata[i];
		}
	}
	if (!worst)
		return false;
	step = best_step(targets, group, worst, moved);
	if (step.to) {
		g_autofree char *why = g_strdup_printf("%s %.0f%% full, it %.0f%%, then %.0f%%", worst->name,
			100 * evacuate_score(targets, worst), 100 * step.before, 100 * step.after);

		relocation_add(moves, step.vm, step.to, VERDICT_FITS, why);
		targets_put(targets, step.vm, step.to);
		g_hash_table_add(moved, (gpointer)(uintptr_t)step.vm);
	} else {
		g_hash_table_add(group->tired, (gpointer)(uintptr_t)worst);
	}
	return true;
}

struct relocation *
evacuate_even_plan(struct targets *targets, const char *site, unsigned most)
{
	struct relocation *moves = relocation_new(RELOCATION_EVEN, site);
	g_autoptr(GPtrArray) groups = groups_of(targets, site);
	g_autoptr(GHashTable) moved = g_hash_table_new(NULL, NULL);

	moves->before = groups_spread(targets, groups);
	while (moves->list->len < most && make_step(targets, groups, moved, moves))
		;
	moves->after = groups_spread(targets, groups);
	return moves;
}
