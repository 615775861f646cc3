#include "views/summary.h"

#include "views/units.h"

void
summary_states(GString *text, const struct guest_totals *guests)
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

void
summary_sums(GString *text, const char *dot, const struct vm_totals *totals)
{
	double cpu = sum_pct(&totals->cores_used, &totals->cpu_vcpus);

	append_sum(text, dot, "vCPUs", UNIT_COUNT, &totals->vcpus);
	if (cpu >= 0)
		g_string_append_printf(text, "%sCPU %.0f%%", dot, cpu);
	append_sum(text, dot, "memory", UNIT_BYTES, &totals->mem);
	append_sum(text, dot, "net", UNIT_BYTES_S, &totals->net);
	append_sum(text, dot, "disk", UNIT_BYTES_S, &totals->disk);
}
