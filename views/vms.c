/* vms: a row per guest, over all hosts or of one. */
#include "views/catalog.h"
#include "views/units.h"

#include <string.h>

static void
append_states(GString *text, const struct guest_totals *guests)
{
	g_string_append_printf(text, ": %u running", guests->running);
	for (int i = 0; i < VM_STATE_COUNT; i++)
		if (guests->by_state[i])
			g_string_append_printf(
				text, ", %u %s", guests->by_state[i], vm_state_name((enum vm_state)i));
	if (guests->unknown)
		g_string_append_printf(text, ", %u unknown", guests->unknown);
}

static void
append_sum(GString *text, const char *dot, const char *what, enum unit unit, const struct sum *sum)
{
	char number[UNIT_TEXT];

	if (!sum->covered)
		return;
	unit_format_long(number, unit, sum->value);
	g_string_append_printf(text, "%s%s %s", dot, what, number);
}

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

	totals_vms(rows_data(rows), n, &view->env->row, &totals);
	if (n == rows_total(rows))
		g_string_printf(text, "%u VMs", totals.guests.vms);
	else
		g_string_printf(text, "%u of %u VMs", totals.guests.vms, guests_in_all(view));
	append_states(text, &totals.guests);
	append_sum(text, dot, "vCPUs", UNIT_COUNT, &totals.vcpus);
	if (sum_pct(&totals.cores_used, &totals.cpu_vcpus) >= 0)
		g_string_append_printf(
			text, "%sCPU %.0f%%", dot, sum_pct(&totals.cores_used, &totals.cpu_vcpus));
	append_sum(text, dot, "memory", UNIT_BYTES, &totals.mem);
	append_sum(text, dot, "net", UNIT_BYTES_S, &totals.net);
	append_sum(text, dot, "disk", UNIT_BYTES_S, &totals.disk);
	return g_string_free(text, FALSE);
}

static char *
vms_title(struct view *view)
{
	return view->scoped ? g_strdup_printf("vms of %s", view->subject_name) : g_strdup("vms");
}

const struct view_ops vms_view = {
	.name = "vms",
	.help = "A row per VM over all hosts",
	.target = TARGET_VM,
	.kind = &vm_rows,
	.summary = vms_summary,
	.title = vms_title,
};
