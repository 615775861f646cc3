/* targets: where chosen guests can go, the best first, and how they are to go. */
#include "views/targets_view.h"
#include "views/catalog.h"
#include "views/looks.h"
#include "views/request.h"
#include "views/units.h"

#include "actions/registry.h"

#include <string.h>

static const struct binding target_keys[] = {
	MOVE_FORM_KEYS,
	{ "o", REQ_MOVE_OFFLINE },
	{ NULL, 0 },
};

/* ---- the guests ---- */

struct guests {
	unsigned count, hosts;
	const struct vm *first; /* NULL: all are gone */
	double mem, vcpus;      /* of those that are known */
};

static struct guests
guests_of(const struct migrating *migrating)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(NULL, NULL);
	struct guests guests = { 0 };

	for (guint i = 0; migrating->keys && i < migrating->keys->len; i++) {
		const struct vm *vm = fleet_snap_find_vm(
			migrating->env->snap, &g_array_index(migrating->keys, struct row_key, i));

		if (!vm)
			continue;
		guests.first = guests.first ? guests.first : vm;
		guests.count++;
		guests.mem += VM_HAS(vm, VM_MEM) ? vm->value[VM_MEM] : 0;
		guests.vcpus += VM_HAS(vm, VM_VCPUS) ? vm->value[VM_VCPUS] : 0;
		g_hash_table_add(hosts, GUINT_TO_POINTER(vm->host->index));
	}
	guests.hosts = g_hash_table_size(hosts);
	return guests;
}

/* What the drivers of all the guests' hosts take; where that is not known, everything: the job will say. */
static uint32_t
features_of(const struct migrating *migrating)
{
	uint32_t features = UINT32_MAX;

	for (guint i = 0; migrating->keys && i < migrating->keys->len; i++) {
		const struct row_key *key = &g_array_index(migrating->keys, struct row_key, i);
		const struct fleet_snap *snap = migrating->env->snap;

		if (key->host < snap->nhosts && snap->hosts[key->host]->facts)
			features &= snap->hosts[key->host]->facts->moves;
	}
	return features;
}

static void
targets_chosen(struct view *view)
{
	struct migrating *migrating = view->state;

	migrating->env = view->env;
	migrating->keys = g_array_copy(view->env->chosen);
	if (migrating->keys->len == 1)
		migrating->looks =
			looks_new(view->env->fleet, &g_array_index(migrating->keys, struct row_key, 0));
	migrating->stale = true;
}

void
targets_view_looked(struct view *view, const struct job *job)
{
	struct migrating *migrating = view->ops == &targets_view ? view->state : NULL;

	if (migrating && migrating->looks && looks_done(migrating->looks, job)) {
		migrating->stale = true;
		list_update(view->list);
	}
}

/* ---- requests ---- */

static const struct target_row *
row_of(const struct migrating *migrating, const struct row_key *key)
{
	for (guint i = 0; migrating->rows && i < migrating->rows->len; i++) {
		const struct target_row *row = &g_array_index(migrating->rows, struct target_row, i);

		if (row->place.host->index == key->host)
			return row;
	}
	return NULL;
}

/* What can be done about a host that lacks the storage, as the reason alone would be a dead end. */
static void
tell_copy(struct view *view, const char *host)
{
	g_autofree char *key = keys_label(keys_of(view->env->keys, view->ops->name), REQ_MOVE_COPY);

	env_notice(view->env, ROLE_WARN,
		"not to %s: %s copies its storage; or :migrate %s unsafe if it is shared", host,
		key ? key : ":migrate with copy=all", host);
}

static void
migrate_to(struct view *view, const struct target_row *row)
{
	struct migrating *migrating = view->state;
	g_auto(GStrv) params = move_form_params(&migrating->form, row->place.host->name);

	if (row->place.verdict == VERDICT_COPY)
		tell_copy(view, row->place.host->name);
	else if (row->place.fits == 0)
		env_notice(view->env, ROLE_WARN, "not to %s: %s", row->place.host->name,
			row->place.why   ? row->place.why
			: migrating->own ? migrating->own
					 : "none of them can go");
	else
		env_act(view->env, &(struct env_act){
					   .action = registry_find(view->env->readonly, "migrate"),
					   .keys = migrating->keys,
					   .params = params,
				   });
}

static bool
targets_request(struct view *view, int request)
{
	struct migrating *migrating = view->state;
	const struct target_row *row;
	struct row_key key;
	const char *why;

	if (!migrating->env)
		return false;
	if (move_form_request(&migrating->form, request, features_of(migrating), &why)) {
		if (why)
			env_notice(view->env, ROLE_WARN, "%s", why);
		migrating->stale = true;
		list_update(view->list);
		return true;
	}
	if (request != REQ_OPEN)
		return false;
	row = list_current(view->list, &key) ? row_of(migrating, &key) : NULL;
	if (row)
		migrate_to(view, row);
	return true;
}

/* ---- drawing ---- */

static int
targets_head(struct view *view, const struct pane *pane)
{
	struct migrating *migrating = view->state;
	const char *dot = env_dot(view->env);
	char mem[UNIT_TEXT];
	struct guests guests;
	int y = 1;

	if (!migrating->env)
		return 0;
	guests = guests_of(migrating);
	unit_format(mem, UNIT_BYTES, guests.mem);
	if (guests.count == 1)
		pane_printf(pane, 0, 0, ROLE_TITLE, "%s on %s%s%s memory%s%.0f vCPUs", guests.first->name,
			guests.first->host->name, dot, mem, dot, guests.vcpus);
	else
		pane_printf(pane, 0, 0, ROLE_TITLE, "%u guests on %u host%s%s%s memory%s%.0f vCPUs",
			guests.count, guests.hosts, guests.hosts == 1 ? "" : "s", dot, mem, dot,
			guests.vcpus);
	if (migrating->own)
		pane_text(pane, y++, 0, -1, ROLE_WARN, migrating->own);
	return y + move_form_draw(&migrating->form, pane, y, keys_of(view->env->keys, view->ops->name),
			   features_of(migrating));
}

static char *
targets_summary(struct view *view)
{
	const struct migrating *migrating = view->state;
	const char *dot = env_dot(view->env);
	unsigned by_verdict[VERDICT_NO + 1] = { 0 };
	g_autofree char *asked = NULL;

	if (!migrating->env)
		return g_strdup("choose guests in the view vms first, then press M");
	if (migrating->looks && looks_count(migrating->looks))
		asked = g_strdup_printf("%s%u asked themselves", dot, looks_count(migrating->looks));
	for (guint i = 0; migrating->rows && i < migrating->rows->len; i++)
		by_verdict[g_array_index(migrating->rows, struct target_row, i).place.verdict]++;
	return g_strdup_printf(
		"%u fit%s, %u with caution, %u if storage is copied, %u can't%s%sEnter: move there",
		by_verdict[VERDICT_FITS], by_verdict[VERDICT_FITS] == 1 ? "s" : "",
		by_verdict[VERDICT_CAUTION], by_verdict[VERDICT_COPY], by_verdict[VERDICT_NO],
		asked ? asked : "", dot);
}

static char *
targets_title(struct view *view)
{
	const struct migrating *migrating = view->state;
	struct guests guests;

	if (!migrating->env)
		return g_strdup("migrate");
	guests = guests_of(migrating);
	return guests.count == 1 ? g_strdup_printf("migrate %s", guests.first->name)
				 : g_strdup_printf("migrate %u guests", guests.count);
}

static void
targets_done(struct view *view)
{
	struct migrating *migrating = view->state;

	if (migrating->keys)
		g_array_unref(migrating->keys);
	if (migrating->rows)
		g_array_unref(migrating->rows);
	g_free(migrating->own);
	looks_free(migrating->looks);
	fleet_snap_unref(migrating->snap);
}

const struct view_ops targets_view = {
	.name = "targets",
	.help = "Where the chosen VMs can go, the best first, and how",
	.target = TARGET_NONE,
	.keys = target_keys,
	.verb = "migrate",
	.kind = &target_rows,
	.state_size = sizeof(struct migrating),
	.chosen = targets_chosen,
	.request = targets_request,
	.head = targets_head,
	.summary = targets_summary,
	.title = targets_title,
	.done = targets_done,
};
