/* pulse: the fleet by site and by hypervisor. */
#include "views/catalog.h"
#include "views/pulse.h"
#include "views/units.h"

#include <stdio.h>

#define NAME_LEAST 10
#define NAME_MOST  16
#define GAP        2

/* What is said of a part; those that do not fit are left out from the end. */
static void
part_hosts(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	cell_printf(out, totals->all.up < totals->all.hosts ? ROLE_WARN : ROLE_NORMAL, "%u/%u",
		totals->all.up, totals->all.hosts);
}

static void
part_running(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	char text[UNIT_TEXT];

	unit_thousands(text, totals->all.guests.running);
	cell_set(out, ROLE_NORMAL, text);
}

static void
set_pct(const struct config *config, enum threshold threshold, const struct sum *part,
	const struct sum *whole, struct cell *out)
{
	double pct = sum_pct(part, whole);
	char text[UNIT_TEXT];

	if (pct < 0)
		return;
	unit_format(text, UNIT_PCT, pct);
	cell_set(out, threshold_role(config, threshold, pct), text);
}

static void
part_cpu(const struct fleet_totals *totals, const struct config *config, struct cell *out)
{
	set_pct(config, THRESHOLD_CPU, &totals->cores_used, &totals->pcpus, out);
}

static void
part_mem(const struct fleet_totals *totals, const struct config *config, struct cell *out)
{
	set_pct(config, THRESHOLD_MEM, &totals->mem_used, &totals->mem_total, out);
}

static void
part_promised(const struct fleet_totals *totals, const struct config *config, struct cell *out)
{
	set_pct(config, THRESHOLD_NONE, &totals->mem_promised, &totals->promised_total, out);
}

static void
part_fit(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	char text[UNIT_TEXT];

	if (!totals->fit.covered)
		return;
	unit_thousands(text, totals->fit.value);
	cell_set(out, ROLE_NORMAL, text);
}

static void
part_ratio(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	double ratio = totals_vcpu_ratio(totals);

	if (ratio >= 0)
		cell_printf(out, ROLE_NORMAL, "%.1f:1", ratio);
}

static void
set_rate(const struct sum *a, const struct sum *b, struct cell *out)
{
	char text[UNIT_TEXT];

	if (!a->covered && !b->covered)
		return;
	unit_format(text, UNIT_BYTES_S, a->value + b->value);
	cell_set(out, ROLE_NORMAL, text);
}

static void
part_net(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	set_rate(&totals->net_rx, &totals->net_tx, out);
}

static void
part_disk(const struct fleet_totals *totals, const struct config *config G_GNUC_UNUSED, struct cell *out)
{
	set_rate(&totals->disk_rd, &totals->disk_wr, out);
}

static const struct field {
	const char *title;
	int width;
	void (*cell)(const struct fleet_totals *totals, const struct config *config, struct cell *out);
} fields[] = {
	{ "hosts", 7, part_hosts },
	{ "running", 7, part_running },
	{ "CPU", 4, part_cpu },
	{ "memory", 6, part_mem },
	{ "promised", 8, part_promised },
	{ "fits", 6, part_fit },
	{ "vCPU:pCPU", 9, part_ratio },
	{ "net/s", 5, part_net },
	{ "disk/s", 6, part_disk },
};

static int
draw_titles(const struct pane *pane, int y, int name_width, const char *title)
{
	int x = name_width;

	pane_text(pane, y, 0, name_width, ROLE_COLUMN, title);
	for (size_t i = 0; i < G_N_ELEMENTS(fields) && x + GAP + fields[i].width <= pane->cols; i++) {
		pane_field(pane, y, x + GAP, fields[i].width, ALIGN_RIGHT, ROLE_COLUMN, fields[i].title);
		x += GAP + fields[i].width;
	}
	return x;
}

static void
draw_part(struct view *view, const struct pane *pane, int y, int name_width, const struct part_totals *part)
{
	int x = name_width;

	pane_text(pane, y, 0, name_width, part->name ? ROLE_NORMAL : ROLE_DIM,
		part->name ? part->name : "(none)");
	for (size_t i = 0; i < G_N_ELEMENTS(fields) && x + GAP + fields[i].width <= pane->cols; i++) {
		struct cell cell;

		cell_unknown(&cell);
		fields[i].cell(&part->totals, view->env->config, &cell);
		pane_field(pane, y, x + GAP, fields[i].width, ALIGN_RIGHT, cell.role, cell.text);
		x += GAP + fields[i].width;
	}
}

/* A table of PARTS; FIELD is what a query calls them. Returns the rows used. */
static int
draw_table(
	struct view *view, const struct pane *pane, const GArray *parts, const char *title, const char *field)
{
	struct pulse *pulse = view->state;
	int name_width = NAME_LEAST, n = (int)parts->len, room = pane->rows - 1,
	    shown = n <= room ? n : room - 1, width;

	for (int i = 0; i < shown; i++) {
		const char *name = g_array_index(parts, struct part_totals, i).name;

		name_width = CLAMP(name ? text_width(name) : 0, name_width, NAME_MOST);
	}
	width = draw_titles(pane, 0, name_width, title);
	for (int i = 0; i < shown; i++) {
		const struct part_totals *part = &g_array_index(parts, struct part_totals, i);
		g_autofree char *query = part->name ? g_strdup_printf("%s=\"%s\"", field, part->name) : NULL;
		struct spot spot = { .section = PULSE_PARTS, .table = &hosts_view, .query = query };

		draw_part(view, pane, i + 1, name_width, part);
		spots_add(pulse->spots, pane, i + 1, 0, width, &spot);
	}
	if (shown < n && room > 0)
		pane_printf(pane, room, 0, ROLE_DIM, "and %d more: 4 shows them", n - MAX(shown, 0));
	return MIN(n, MAX(room, 0)) + 1;
}

/* Nobody gave the hosts sites. */
static bool
all_nameless(const GArray *parts)
{
	return parts->len == 1 && !g_array_index(parts, struct part_totals, 0).name;
}

int
pulse_draw_parts(struct view *view, const struct pane *pane)
{
	struct pulse *pulse = view->state;
	int y = 0, rows = (int)pulse->hypervisors->len + 1;
	struct pane below;

	if (!all_nameless(pulse->sites))
		y = draw_table(view, pane, pulse->sites, "site", "site") + 1;
	if (y && y + rows > pane->rows)
		return y - 1;
	below = pane_sub(pane, y, 0, rows, pane->cols);
	return y + draw_table(view, &below, pulse->hypervisors, "hypervisor", "hv");
}
