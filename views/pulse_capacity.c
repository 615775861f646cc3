/* pulse: how full the fleet is. */
#include "views/pulse.h"
#include "views/units.h"

#include "tui/bar.h"

#include <stdio.h>

#define BARS_TALL 3 /* rows of the histogram where there is room */

static void
add_density(const struct pulse *pulse, GString *out)
{
	const struct density *density = &pulse->density;

	g_string_append_printf(out, "%.1f VMs/host, %u to %u, median %.0f", density->mean, density->min,
		density->max, density->median);
}

static void
add_ratio(const struct fleet_totals *totals, GString *out)
{
	if (totals_vcpu_ratio(totals) >= 0)
		g_string_append_printf(
			out, "%s%.1f:1", out->len ? "  vCPU:pCPU " : "", totals_vcpu_ratio(totals));
}

static void
add_fit(const struct fleet_totals *totals, GString *out)
{
	char mem[UNIT_TEXT], fit[UNIT_TEXT];

	if (!totals->fit.covered)
		return;
	unit_format(mem, UNIT_BYTES, totals->size.mem_bytes);
	unit_thousands(fit, totals->fit.value);
	g_string_append_printf(out, "%s more VMs of %.0f vCPU, %s", fit, totals->size.vcpus, mem);
}

static void
add_ksm(struct view *view, GString *out)
{
	const struct sum *saved = &view->env->totals.ksm_saved;
	char bytes[UNIT_TEXT], cover[PULSE_COVER];

	if (!saved->covered)
		return;
	unit_format(bytes, UNIT_BYTES, saved->value);
	g_string_append_printf(out, "%s saved%s", bytes, pulse_cover(view, saved, cover));
}

static void
draw_label(const struct pane *pane, int y, const char *label, GString *text)
{
	pane_text(pane, y, 0, PULSE_LABEL - 1, ROLE_DIM, label);
	pane_text(pane, y, PULSE_LABEL, -1, text->len ? ROLE_NORMAL : ROLE_DIM,
		text->len ? text->str : "not known");
	g_string_truncate(text, 0);
}

/* Part of a column of a histogram in the ROWth row from below, in percent of that row. */
static uint8_t
bar_part(unsigned count, unsigned most, int row, int rows)
{
	int part = (int)(count * 100u * (unsigned)rows / MAX(most, 1)) - 100 * row;

	return (uint8_t)CLAMP(part, 0, 100);
}

/* Hosts by how many guests they run, ROWS high, one column a bin, the ends of the scale at both sides. */
static void
draw_histogram(const struct density *density, const struct pane *pane, int y, int x, int rows)
{
	unsigned most = 0;

	for (unsigned i = 0; i < density->nbins; i++)
		most = MAX(most, density->bins[i]);
	x += pane_printf(pane, y + rows - 1, x, ROLE_DIM, "%u ", density->min);
	for (int row = 0; row < rows; row++)
		for (unsigned i = 0; i < density->nbins; i++) {
			uint8_t part = bar_part(density->bins[i], most, row, rows);

			if (part || (row == 0 && density->bins[i]))
				bar_spark(pane, y + rows - 1 - row, x + (int)i, 1, ROLE_GRAPH, &part, 1);
		}
	pane_printf(pane, y + rows - 1, x + (int)density->nbins, ROLE_DIM, " %u", density->max);
}

int
pulse_draw_capacity_short(struct view *view, const struct pane *pane)
{
	const struct pulse *pulse = view->state;
	const struct fleet_totals *totals = &view->env->totals;
	g_autoptr(GString) text = g_string_new(NULL);

	add_density(pulse, text);
	add_ratio(totals, text);
	draw_label(pane, 0, "density", text);
	add_fit(totals, text);
	if (totals->ksm_saved.value > 0) {
		g_string_append(text, text->len ? "  KSM " : "KSM ");
		add_ksm(view, text);
	}
	draw_label(pane, 1, "fits", text);
	return 2;
}

int
pulse_draw_capacity(struct view *view, const struct pane *pane)
{
	const struct pulse *pulse = view->state;
	const struct fleet_totals *totals = &view->env->totals;
	const struct density *density = &pulse->density;
	g_autoptr(GString) text = g_string_new(NULL);
	struct sum hosts = { .covered = density->hosts };
	char a[UNIT_TEXT], b[UNIT_TEXT], cover[PULSE_COVER];
	int y = 0, x;

	x = pane_text(pane, y, 0, -1, ROLE_COLUMN, "density and room");
	pane_text(pane, y++, x, -1, ROLE_DIM, pulse_cover(view, &hosts, cover));
	add_density(pulse, text);
	draw_label(pane, y++, "density", text);
	if (density->nbins > 1) { /* else all run the same number */
		draw_histogram(density, pane, y, PULSE_LABEL, BARS_TALL);
		y += BARS_TALL;
	}
	add_ratio(totals, text);
	if (text->len) {
		unit_thousands(a, totals->vcpus.value);
		unit_thousands(b, totals->vcpu_pcpus.value);
		g_string_append_printf(text, ", %s vCPUs on %s CPUs", a, b);
	}
	draw_label(pane, y++, "vCPU:pCPU", text);
	add_fit(totals, text);
	draw_label(pane, y++, "fits", text);
	add_ksm(view, text);
	draw_label(pane, y++, "KSM", text);
	return y;
}
