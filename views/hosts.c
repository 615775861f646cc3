/* hosts: a row per host. */
#include "actions/maintenance.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/summary.h"
#include "views/units.h"

#include <string.h>

/* ": 219 up, 1 slow, 1 refused" – all states that occur, the good one first. */
static void
append_links(GString *text, const struct fleet_totals *totals)
{
	g_string_append_printf(text, ": %u %s", totals->by_link[LINK_UP], link_state_word(LINK_UP));
	for (int i = 0; i < LINK_STATE_COUNT; i++)
		if (i != LINK_UP && totals->by_link[i])
			g_string_append_printf(
				text, ", %u %s", totals->by_link[i], link_state_word((enum link_state)i));
}

static void
append_pct(GString *text, const char *before, const char *what, double pct, const char *after)
{
	if (pct >= 0)
		g_string_append_printf(text, "%s%s%.0f%%%s", before, what, pct, after);
}

/* " · 2 in maintenance", of those shown. */
static void
append_maintenance(GString *text, const char *dot, struct view *view)
{
	const struct rows *rows = list_rows(view->list);
	unsigned n = 0;

	for (size_t i = 0; i < rows_matched(rows); i++)
		n += maintenance_covers(
			view->env->maintenance, ((const struct host_snap *)rows_data(rows)[i])->config);
	if (n)
		g_string_append_printf(text, "%s%u in maintenance", dot, n);
}

static char *
hosts_summary(struct view *view)
{
	const struct rows *rows = list_rows(view->list);
	const char *dot = env_dot(view->env);
	size_t n = rows_matched(rows);
	GString *text = g_string_new(NULL);
	struct fleet_totals totals;

	totals_hosts(rows_data(rows), n, &view->env->row, &totals);
	if (n == rows_total(rows))
		g_string_printf(text, "%zu hosts", n);
	else
		g_string_printf(text, "%zu of %zu hosts", n, rows_total(rows));
	append_links(text, &totals);
	append_maintenance(text, dot, view);
	append_pct(text, dot, "CPU ", sum_pct(&totals.cores_used, &totals.pcpus), "");
	if (totals.pcpus.covered)
		summary_cover(text, totals.pcpus.covered, (unsigned)n, "hosts");
	append_pct(text, dot, "memory ", sum_pct(&totals.mem_used, &totals.mem_total), " used");
	if (totals.mem_total.covered && totals.mem_total.covered != totals.pcpus.covered)
		summary_cover(text, totals.mem_total.covered, (unsigned)n, "hosts");
	append_pct(text, ", ", "", sum_pct(&totals.mem_promised, &totals.promised_total), " promised");
	if (totals_vcpu_ratio(&totals) >= 0)
		g_string_append_printf(text, "%svCPU:pCPU %.1f:1", dot, totals_vcpu_ratio(&totals));
	if (totals.fit.covered)
		g_string_append_printf(text, "%s%.0f more fit", dot, totals.fit.value);
	return g_string_free(text, FALSE);
}

static const struct binding host_keys[] = {
	{ "m", REQ_MAINTENANCE },
	{ "R", REQ_RETURN },
	{ NULL, 0 },
};

const struct view_ops hosts_view = {
	.name = "hosts",
	.help = "A row per host",
	.target = TARGET_HOST,
	.keys = host_keys,
	.kind = &host_rows,
	.summary = hosts_summary,
};
