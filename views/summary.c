#include "views/summary.h"

#include "views/units.h"

#define COVER_ENOUGH 0.99

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

void
summary_hosts(GString *text, const struct fleet_totals *totals)
{
	unsigned connecting = totals->by_link[LINK_CONNECTING];

	if (connecting)
		g_string_append_printf(
			text, " of %u/%u hosts", totals->all.hosts - connecting, totals->all.hosts);
	if (totals->silent > connecting)
		g_string_append_printf(text, " (%u host%s unknown)", totals->silent - connecting,
			totals->silent - connecting == 1 ? "" : "s");
}

void
summary_cover(GString *text, unsigned covered, unsigned n, const char *what)
{
	if (covered < n)
		g_string_append_printf(text, " of %u/%u %s", covered, n, what);
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
	/* some guests have just started at any time; that is not worth a word */
	if (cpu >= 0 && totals->cores_used.covered < (double)totals->guests.running * COVER_ENOUGH)
		summary_cover(text, totals->cores_used.covered, totals->guests.running, "VMs");
	append_sum(text, dot, "memory", UNIT_BYTES, &totals->mem);
	append_sum(text, dot, "net", UNIT_BYTES_S, &totals->net);
	append_sum(text, dot, "disk", UNIT_BYTES_S, &totals->disk);
}
