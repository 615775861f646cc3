/* vms: a row per guest, over all hosts or of one. */
#include "views/catalog.h"
#include "views/summary.h"

/* Before filtering. */
static unsigned
guests_in_all(struct view *view)
{
	const struct host_snap *host = view->scoped ? view_subject_host(view) : NULL;

	return host && host->listed ? (unsigned)host->value[HOST_VMS] : view->env->totals.all.guests.vms;
}

static char *
vms_summary(struct view *view)
{
	const struct rows *rows = list_rows(view->list);
	const char *dot = env_dot(view->env);
	size_t n = rows_matched(rows);
	GString *text = g_string_new(NULL);
	struct vm_totals totals;

	if (n == rows_total(rows) && !view->scoped)
		totals_all_vms(view->env->snap, &view->env->row, &totals);
	else
		totals_vms(rows_data(rows), n, &view->env->row, &totals);
	if (n == rows_total(rows))
		g_string_printf(text, "%u VMs", totals.guests.vms);
	else
		g_string_printf(text, "%u of %u VMs", totals.guests.vms, guests_in_all(view));
	if (!view->scoped)
		summary_hosts(text, &view->env->totals);
	summary_states(text, &totals.guests);
	summary_sums(text, dot, &totals);
	return g_string_free(text, FALSE);
}

static char *
vms_title(struct view *view)
{
	const char *group = list_group(view->list);

	if (view->scoped)
		return g_strdup_printf("vms of %s", view->subject_name);
	return group ? g_strdup_printf("vms by %s", group) : g_strdup("vms");
}

const struct view_ops vms_view = {
	.name = "vms",
	.help = "A row per VM over all hosts",
	.target = TARGET_VM,
	.kind = &vm_rows,
	.summary = vms_summary,
	.title = vms_title,
};
