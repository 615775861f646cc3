/* plan: who should go where, before anything moves. */
#include "views/plan_view.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/units.h"

#include "actions/evacuate.h"
#include "actions/maintenance.h"
#include "actions/queue.h"
#include "actions/registry.h"

#include <string.h>

#define EVEN_MOST \
	20 /* moves of one plan: those that bring the most come first, and then it is time to look again */

static const struct binding keys[] = {
	MOVE_FORM_KEYS,
	{ "y", REQ_COPY },
	{ "r", REQ_REPLAN },
	{ "u", REQ_EVEN },
	{ "C", REQ_CANCEL_BATCH },
	{ NULL, 0 },
};

/* ---- planning ---- */

static struct targets_opts
opts_of(const struct planning *planning, const char *released)
{
	const struct env *env = planning->env;

	return (struct targets_opts){
		.snap = env->snap,
		.config = env->config,
		.maintenance = env->maintenance,
		.released = released,
		.incoming = env->incoming,
		.wish = move_form_wish(&planning->form),
		.now_us = env->row.now_us,
	};
}

/* The host that the plan is about, as it is now; NULL: none, or it is gone. */
static const struct host_snap *
host_at(const struct planning *planning, guint i)
{
	const struct fleet_snap *snap = planning->env->snap;
	uint32_t index = g_array_index(planning->hosts, struct row_key, i).host;

	return index < snap->nhosts ? snap->hosts[index] : NULL;
}

static struct relocation *
plan_evacuation(struct planning *planning, struct targets *targets)
{
	g_autoptr(GPtrArray) hosts = g_ptr_array_new();

	for (guint i = 0; i < planning->hosts->len; i++)
		if (host_at(planning, i))
			g_ptr_array_add(hosts, (gpointer)(uintptr_t)host_at(planning, i));
	return hosts->len ? evacuate_hosts_plan(targets, hosts, NULL) : NULL;
}

static struct relocation *
plan_return(struct planning *planning, struct targets *targets)
{
	const struct host_snap *host = host_at(planning, 0);
	const struct maintenance_note *note =
		host ? maintenance_find(planning->env->maintenance, host->name) : NULL;

	return note ? evacuate_return_plan(targets, host, note) : NULL;
}

static struct relocation *
plan_even(struct planning *planning, struct targets *targets)
{
	return evacuate_even_plan(targets, planning->site, EVEN_MOST);
}

static void
row_clear(gpointer row)
{
	queue_entry_unref(((struct plan_row *)row)->entry);
}

static void
make_rows(struct planning *planning)
{
	const struct relocation *relocation = planning->relocation;

	g_clear_pointer(&planning->rows, g_array_unref);
	planning->rows = g_array_new(FALSE, TRUE, sizeof(struct plan_row));
	g_array_set_clear_func(planning->rows, row_clear);
	for (guint i = 0; relocation && i < relocation->list->len; i++) {
		struct plan_row row = { .number = i + 1, .move = relocation->list->pdata[i] };

		g_array_append_val(planning->rows, row);
	}
	for (guint i = 0; relocation && i < relocation->stays->len; i++) {
		struct plan_row row = { .stay = relocation->stays->pdata[i] };

		g_array_append_val(planning->rows, row);
	}
	planning->roster++;
}

static void
make_plan(struct view *view)
{
	static struct relocation *(*const makers[])(struct planning *, struct targets *) = {
		[RELOCATION_EVACUATE] = plan_evacuation,
		[RELOCATION_RETURN] = plan_return,
		[RELOCATION_EVEN] = plan_even,
	};
	struct planning *planning = view->state;
	const struct host_snap *host = planning->kind == RELOCATION_RETURN ? host_at(planning, 0) : NULL;
	const struct targets_opts opts = opts_of(planning, host ? host->name : NULL);
	struct targets *targets = targets_new(&opts);
	struct relocation *old = planning->relocation;

	planning->relocation = makers[planning->kind](planning, targets);
	planning->made_us = view->env->now_us;
	make_rows(planning);
	relocation_free(old);
	targets_free(targets);
	view_update(view);
}

static void
begin(struct view *view, enum relocation_kind kind, const GArray *hosts, const char *site)
{
	struct planning *planning = view->state;

	planning->env = view->env;
	planning->kind = kind;
	g_clear_pointer(&planning->hosts, g_array_unref);
	planning->hosts = hosts ? g_array_copy((GArray *)(uintptr_t)hosts) : NULL;
	g_free(planning->site);
	planning->site = g_strdup(site);
	list_request(view->list, REQ_UNMARK);
	list_set_filter(view->list, NULL, QUERY_WHOLE, NULL, NULL);
	make_plan(view);
	list_request(view->list, REQ_FIRST);
}

void
plan_view_evacuate(struct view *view, const GArray *hosts)
{
	begin(view, RELOCATION_EVACUATE, hosts, NULL);
}

void
plan_view_return(struct view *view, const struct row_key *host)
{
	g_autoptr(GArray) hosts = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	g_array_append_vals(hosts, host, 1);
	begin(view, RELOCATION_RETURN, hosts, NULL);
}

void
plan_view_even(struct view *view, const char *site)
{
	begin(view, RELOCATION_EVEN, NULL, site);
}

static void
plan_chosen(struct view *view)
{
	plan_view_evacuate(view, view->env->chosen);
}

/* ---- requests ---- */

/* Hosts are emptied by the verb for it, which also keeps them out of service; all else is a migration each. */
static void
run_plan(struct view *view)
{
	const struct planning *planning = view->state;
	bool evacuates = planning->kind == RELOCATION_EVACUATE;
	const struct host_snap *host = planning->kind == RELOCATION_RETURN ? host_at(planning, 0) : NULL;
	g_auto(GStrv) params = move_form_params(&planning->form, NULL);
	g_autoptr(GArray) guests = relocation_keys(planning->relocation);

	if (view->env->readonly)
		env_notice(view->env, ROLE_WARN, "nothing is moved in read-only mode");
	else if (guests->len == 0)
		env_notice(view->env, ROLE_STATUS, "there is nothing to move");
	else
		env_act(view->env, &(struct env_act){
					   .action = registry_find(false, evacuates ? "evacuate" : "migrate"),
					   .keys = guests,
					   .params = params,
					   .relocation = planning->relocation,
					   .released = host ? host->name : NULL,
				   });
}

static void
copy_commands(struct view *view)
{
	const struct planning *planning = view->state;
	const struct move_wish wish = move_form_wish(&planning->form);
	g_autofree char *text =
		relocation_virsh(planning->relocation, view->env->snap, view->env->config, &wish);
	g_autoptr(GError) error = NULL;

	if (env_copy(view->env, text, &error))
		env_notice(view->env, ROLE_STATUS, "the plan is on the clipboard, as virsh commands");
	else
		env_notice(view->env, ROLE_BAD, "%s", error->message);
}

/* What has not ended of the plan is given up. */
static void
stop(struct view *view)
{
	const struct planning *planning = view->state;
	unsigned n = 0;

	for (guint i = 0; planning->rows && view->env->row.queue && i < planning->rows->len; i++) {
		const struct plan_row *row = &g_array_index(planning->rows, struct plan_row, i);

		if (row->entry)
			n += queue_cancel(view->env->row.queue, row->entry->serial, view->env->now_us);
	}
	view_update(view);
	env_notice(
		view->env, ROLE_STATUS, n ? "%u moves are given up" : "none of these moves is under way", n);
}

static void
change_form(struct view *view, const char *why)
{
	struct planning *planning = view->state;

	if (why)
		env_notice(view->env, ROLE_WARN, "%s", why);
	else if (planning->relocation)
		make_plan(view);
}

static bool
plan_request(struct view *view, int request)
{
	struct planning *planning = view->state;
	const char *why;

	if (request == REQ_EVEN)
		plan_view_even(view, NULL);
	else if (!planning->relocation)
		return request == REQ_OPEN || request == REQ_COPY || request == REQ_CANCEL_BATCH;
	else if (request == REQ_OPEN)
		run_plan(view);
	else if (request == REQ_COPY)
		copy_commands(view);
	else if (request == REQ_REPLAN)
		make_plan(view);
	else if (request == REQ_CANCEL_BATCH)
		stop(view);
	else if (move_form_request(&planning->form, request, UINT32_MAX, &why))
		change_form(view, why);
	else
		return false;
	return true;
}

/* ---- drawing ---- */

static unsigned
count_targets(const struct relocation *relocation)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(NULL, NULL);

	for (guint i = 0; i < relocation->list->len; i++)
		g_hash_table_add(
			hosts, GUINT_TO_POINTER(((const struct move *)relocation->list->pdata[i])->dest));
	return g_hash_table_size(hosts);
}

static void
draw_sums(const struct env *env, const struct pane *pane, const struct relocation *relocation)
{
	g_autofree char *title = relocation_title(relocation);
	const char *dot = env_dot(env);
	char size[UNIT_TEXT], takes[UNIT_TEXT];
	unsigned unknown, hosts = count_targets(relocation);
	double bytes = relocation_bytes(relocation, &unknown);
	int x;

	unit_format(size, UNIT_BYTES, bytes);
	unit_age(takes, (int64_t)(move_seconds(bytes) * 1e6));
	x = pane_printf(pane, 0, 0, ROLE_TITLE, "%s", title);
	x += pane_printf(pane, 0, x, ROLE_NORMAL, "%s%u move%s to %u host%s, %u can't", dot,
		relocation->list->len, relocation->list->len == 1 ? "" : "s", hosts, hosts == 1 ? "" : "s",
		relocation->stays->len);
	if (relocation->off)
		x += pane_printf(pane, 0, x, ROLE_NORMAL, ", %u off stay%s", relocation->off,
			relocation->off == 1 ? "s" : "");
	pane_printf(pane, 0, x, ROLE_NORMAL, "%s%s%s, %s on a gigabit", dot, size, unknown ? " or more" : "",
		takes);
}

/* How full the hosts are by memory promised or vCPUs, before and after. */
static void
draw_spread(const struct env *env, const struct pane *pane, const struct relocation *relocation)
{
	const struct spread *before = &relocation->before, *after = &relocation->after;
	const char *arrow = env->row.ascii ? "->" : "→";

	if (before->hosts == 0)
		return;
	pane_printf(pane, 1, 0, ROLE_NORMAL,
		"%u host%s: %.0f to %.0f%% full, mean %.0f, spread %.1f  %s  %.0f to %.0f%%, mean %.0f, "
		"spread %.1f",
		before->hosts, before->hosts == 1 ? "" : "s", before->least, before->most, before->mean,
		before->deviation, arrow, after->least, after->most, after->mean, after->deviation);
}

static int
plan_head(struct view *view, const struct pane *pane)
{
	const struct planning *planning = view->state;

	if (!planning->relocation)
		return 0;
	draw_sums(view->env, pane, planning->relocation);
	draw_spread(view->env, pane, planning->relocation);
	return 2 + move_form_draw(
			   &planning->form, pane, 2, keys_of(view->env->keys, view->ops->name), UINT32_MAX);
}

static char *
plan_summary(struct view *view)
{
	const struct planning *planning = view->state;
	const char *dot = env_dot(view->env);

	if (!planning->relocation)
		return g_strdup_printf(
			"no plan%sE on hosts plans to empty them, R to bring their VMs back, u here to "
			"even all sites out, :even SITE one",
			dot);
	return g_strdup_printf(
		"Enter: do it%sy: copy as virsh commands%sr: plan anew%sC: give up what has not ended", dot,
		dot, dot);
}

static char *
plan_title_of(struct view *view)
{
	const struct planning *planning = view->state;
	g_autofree char *title = planning->relocation ? relocation_title(planning->relocation) : NULL;

	return title ? g_strdup_printf("plan: %s", title) : g_strdup("plan");
}

static void
plan_done(struct view *view)
{
	struct planning *planning = view->state;

	g_clear_pointer(&planning->rows, g_array_unref);
	g_clear_pointer(&planning->hosts, g_array_unref);
	relocation_free(planning->relocation);
	g_free(planning->site);
}

const struct view_ops plan_view = {
	.name = "plan",
	.help = "Advice: which VMs to move where, before they move",
	.target = TARGET_NONE,
	.keys = keys,
	.verb = "evacuate",
	.kind = &plan_rows,
	.state_size = sizeof(struct planning),
	.chosen = plan_chosen,
	.request = plan_request,
	.head = plan_head,
	.summary = plan_summary,
	.title = plan_title_of,
	.done = plan_done,
};
