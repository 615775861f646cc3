/* groups: a row per tenant, site, tag, … with what its guests are and use together. */
#include "views/groups_view.h"
#include "views/catalog.h"
#include "views/groups.h"
#include "views/request.h"
#include "views/stack.h"
#include "views/summary.h"

#include <string.h>

static const struct binding group_keys[] = {
	{ "b", REQ_GROUP_BY },
	{ NULL, 0 },
};

/* ---- the line under the table ---- */

/* What crashed, whatever its state is called, is told as crashed. */
static void
add_group(struct vm_totals *to, const struct group *group)
{
	vm_totals_join(to, &group->totals, true);
	to->guests.by_state[VM_STATE_CRASHED] += group->crashed;
}

/* Of all groups a guest counts once, though it may be in several of them. */
static void
totals_shown(struct view *view, struct vm_totals *totals)
{
	const struct rows *rows = list_rows(view->list);
	const struct groups_totals *all = groups_totals(view->state);

	memset(totals, 0, sizeof(*totals));
	if (rows_matched(rows) == rows_total(rows)) {
		add_group(totals, &all->all);
		return;
	}
	for (size_t i = 0; i < rows_matched(rows); i++)
		add_group(totals, rows_data(rows)[i]);
}

/* "2340 tenants", "12 of 2340 tenants", "2201 tenants, 60 VMs have none, 300 not read yet". */
static void
append_count(GString *text, struct view *view)
{
	const struct groups_totals *all = groups_totals(view->state);
	const struct rows *rows = list_rows(view->list);
	size_t matched = rows_matched(rows), total = rows_total(rows);
	size_t named = total - (all->nameless > 0);
	g_autofree char *noun = groups_by_noun(view->state, named);
	unsigned none = all->nameless - all->unread;

	if (matched < total)
		g_string_append_printf(text, "%zu of ", matched);
	g_string_append_printf(text, "%zu %s", named, noun);
	if (none)
		g_string_append_printf(text, ", %u VM%s none", none, none == 1 ? " has" : "s have");
	if (all->unread)
		g_string_append_printf(
			text, ", %u VM%s not read yet", all->unread, all->unread == 1 ? " is" : "s are");
}

static char *
groups_summary(struct view *view)
{
	const struct groups *groups = view->state;
	const char *dot = env_dot(view->env);
	GString *text = g_string_new(NULL);
	struct vm_totals totals;

	totals_shown(view, &totals);
	append_count(text, view);
	if (groups->by == GROUP_BY_TAG)
		g_string_append_printf(text, "%sa VM counts in each of its tags", dot);
	g_string_append_printf(text, "%s%u VMs", dot, totals.guests.vms);
	summary_states(text, &totals.guests);
	summary_sums(text, dot, &totals);
	return g_string_free(text, FALSE);
}

static char *
groups_title(struct view *view)
{
	g_autofree char *by = groups_by_name(view->state);

	return g_strdup_printf("groups by %s", by);
}

/* ---- requests ---- */

bool
groups_view_choose(struct view *view, const char *text, GError **error)
{
	if (!groups_choose(view->state, text, error))
		return false;
	/* marks, filter and cursor were about other groups */
	list_request(view->list, REQ_UNMARK);
	list_set_filter(view->list, NULL, QUERY_WHOLE, NULL, NULL);
	list_request(view->list, REQ_FIRST);
	return true;
}

/* By the next thing, and after the last by the first. */
static void
choose_next(struct view *view)
{
	g_auto(GStrv) choices = groups_choices(view->env->snap);
	g_autofree char *now = groups_by_name(view->state);
	size_t i = 0;

	while (choices[i] && strcmp(choices[i], now) != 0)
		i++;
	groups_view_choose(view, choices[i] && choices[i + 1] ? choices[i + 1] : choices[0], NULL);
}

/* The guests of the marked groups, or of the one under the cursor, as they stand on the screen. */
static bool
query_of_selection(struct view *view, GString *query, GError **error)
{
	g_autoptr(GArray) chosen = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	unsigned hidden;

	list_selection(view->list, chosen, &hidden);
	if (chosen->len > QUERY_TERMS_MAX) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%u groups are marked; the VMs of %d at most can be shown together", chosen->len,
			QUERY_TERMS_MAX);
		return false;
	}
	for (guint i = 0; i < chosen->len; i++) {
		const struct group *group =
			groups_find(view->state, &g_array_index(chosen, struct row_key, i));

		if (!group)
			continue;
		if (query->len)
			g_string_append(query, " or ");
		group_query(group, query);
	}
	return true;
}

static void
open_guests(struct view *view)
{
	struct env *env = view->env;
	g_autoptr(GString) query = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	bool ok = query_of_selection(view, query, &error);

	if (ok && query->len) {
		stack_push(env->stack, &vms_view);
		ok = list_open_filtered(stack_front(env->stack)->list, query->str, &error);
		if (!ok)
			stack_back(env->stack);
	}
	if (!ok)
		env_notice(env, ROLE_BAD, "%s", error->message);
}

static bool
groups_request(struct view *view, int request)
{
	if (request == REQ_GROUP_BY)
		choose_next(view);
	else if (request == REQ_OPEN)
		open_guests(view);
	else
		return false;
	return true;
}

static bool
groups_view_prepare(struct view *view, const struct fleet_snap *snap, int64_t now_us, size_t guests)
{
	return groups_prepare(view->state, snap, now_us, guests);
}

static void
groups_finish(struct view *view)
{
	groups_done(view->state);
}

const struct view_ops groups_view = {
	.name = "groups",
	.help = "A row per tenant, site, tag, hypervisor, state, label: what its VMs are and use",
	.target = TARGET_NONE,
	.keys = group_keys,
	.kind = &group_rows,
	.state_size = sizeof(struct groups),
	.prepare = groups_view_prepare,
	.request = groups_request,
	.summary = groups_summary,
	.title = groups_title,
	.done = groups_finish,
};
