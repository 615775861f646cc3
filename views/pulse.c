/* pulse: the whole fleet on one screen, before the first key is pressed. */
#include "views/catalog.h"
#include "views/request.h"
#include "views/stack.h"
#include "views/toplist.h"
#include "views/trouble.h"
#include "views/units.h"

#include "tui/bar.h"
#include "tui/cell.h"

#include <math.h>
#include <string.h>

#define RING_POINTS  150
#define RING_STEP_US 2000000 /* 5 minutes in all */
#define LABEL_WIDTH  9
#define COUNT_WIDTH  7
#define LISTS_MOST   15 /* rows of a top list */

enum series { SERIES_CPU, SERIES_MEM, SERIES_NET, SERIES_DISK, SERIES_COUNT };

struct pulse {
	double ring[SERIES_COUNT][RING_POINTS]; /* NAN: not known */
	size_t npoints;                         /* the newest is the last one */
	int64_t last_us;
};

/* ---- history ---- */

static double
sum_or_nan(const struct sum *a, const struct sum *b)
{
	return a->covered || b->covered ? a->value + b->value : NAN;
}

static double
pct_or_nan(const struct sum *part, const struct sum *whole)
{
	double pct = sum_pct(part, whole);

	return pct < 0 ? NAN : pct;
}

static void
pulse_observe(struct view *view)
{
	struct pulse *pulse = view->state;
	const struct fleet_totals *totals = &view->env->totals;
	const double now[SERIES_COUNT] = {
		[SERIES_CPU] = pct_or_nan(&totals->cores_used, &totals->pcpus),
		[SERIES_MEM] = pct_or_nan(&totals->mem_used, &totals->mem_total),
		[SERIES_NET] = sum_or_nan(&totals->net_rx, &totals->net_tx),
		[SERIES_DISK] = sum_or_nan(&totals->disk_rd, &totals->disk_wr),
	};

	if (pulse->npoints && view->env->row.now_us < pulse->last_us + RING_STEP_US)
		return;
	if (!pulse->npoints && isnan(now[SERIES_CPU]))
		return; /* the first numbers begin it */
	pulse->last_us = view->env->row.now_us;
	if (pulse->npoints == RING_POINTS) {
		for (int i = 0; i < SERIES_COUNT; i++)
			memmove(&pulse->ring[i][0], &pulse->ring[i][1], (RING_POINTS - 1) * sizeof(double));
		pulse->npoints--;
	}
	for (int i = 0; i < SERIES_COUNT; i++)
		pulse->ring[i][pulse->npoints] = now[i];
	pulse->npoints++;
}

/* Shares on a scale to 100; rates, which know no limit, on one to their own maximum. */
static void
draw_history(const struct pulse *pulse, const struct pane *pane, int y, int x, int width, enum series series)
{
	uint8_t values[RING_POINTS];
	double scale = 100;

	if (series == SERIES_NET || series == SERIES_DISK) {
		scale = 1;
		for (size_t i = 0; i < pulse->npoints; i++)
			scale = fmax(scale, pulse->ring[series][i]);
	}
	for (size_t i = 0; i < pulse->npoints; i++)
		values[i] = isnan(pulse->ring[series][i])
				    ? SPARK_UNKNOWN
				    : (uint8_t)CLAMP(100 * pulse->ring[series][i] / scale, 0, 100);
	bar_spark(pane, y, x, width, ROLE_GRAPH, values, pulse->npoints);
}

/* ---- counts, at the left ---- */

static void
draw_count(const struct pane *pane, int y, int x, enum role role, unsigned count)
{
	char text[UNIT_TEXT];

	unit_thousands(text, count);
	pane_field(pane, y, x, COUNT_WIDTH, ALIGN_RIGHT, count ? role : ROLE_DIM, text);
}

/* One column: a hypervisor's, or all. */
static int
draw_part(
	const struct pane *pane, int x, const char *title, const struct host_totals *part, const bool *states)
{
	g_autofree char *hosts = g_strdup_printf("%u/%u", part->up, part->hosts);
	int y = 0;

	pane_field(pane, y++, x, COUNT_WIDTH, ALIGN_RIGHT, ROLE_COLUMN, title);
	pane_field(pane, y++, x, COUNT_WIDTH, ALIGN_RIGHT, part->up < part->hosts ? ROLE_WARN : ROLE_NORMAL,
		hosts);
	draw_count(pane, y++, x, ROLE_NORMAL, part->guests.running);
	for (int i = 0; i < VM_STATE_COUNT; i++)
		if (states[i])
			draw_count(pane, y++, x,
				vm_look((enum vm_state)i)->role == ROLE_BAD ? ROLE_BAD : ROLE_NORMAL,
				i == VM_STATE_UNKNOWN ? part->guests.unknown : part->guests.by_state[i]);
	return y;
}

/* Returns the rows used; *USED: the columns. */
static int
draw_counts(const struct fleet_totals *totals, const struct pane *pane, int *used)
{
	bool states[VM_STATE_COUNT] = {
		[VM_STATE_OFF] = true,
		[VM_STATE_CRASHED] = true,
		[VM_STATE_UNKNOWN] = totals->all.guests.unknown > 0,
	};
	unsigned kinds = 0;
	int x = LABEL_WIDTH, y = 1, rows;

	pane_text(pane, y++, 0, -1, ROLE_DIM, "hosts");
	pane_text(pane, y++, 0, -1, ROLE_DIM, "running");
	for (int i = 0; i < VM_STATE_COUNT; i++) {
		states[i] = states[i] || totals->all.guests.by_state[i] > 0;
		if (states[i])
			pane_text(pane, y++, 0, LABEL_WIDTH, ROLE_DIM, vm_state_name((enum vm_state)i));
	}
	for (int i = 0; i < HYPERVISOR_COUNT; i++) {
		if (totals->by_hypervisor[i].hosts == 0 || i == HYPERVISOR_UNKNOWN)
			continue;
		draw_part(pane, x, hypervisor_title((enum hypervisor)i), &totals->by_hypervisor[i], states);
		x += COUNT_WIDTH + 1;
		kinds++;
	}
	if (totals->by_hypervisor[HYPERVISOR_UNKNOWN].hosts && kinds) {
		draw_part(pane, x, "?", &totals->by_hypervisor[HYPERVISOR_UNKNOWN], states);
		x += COUNT_WIDTH + 1;
	}
	rows = draw_part(pane, x, "all", &totals->all, states);
	*used = x + COUNT_WIDTH;
	return rows;
}

/* ---- measures, at the right ---- */

static const char *
sum_text(char out[UNIT_TEXT], enum unit unit, const struct sum *sum)
{
	if (sum->covered)
		unit_format_long(out, unit, sum->value);
	else
		strcpy(out, "-");
	return out;
}

static void
draw_pct(const struct pane *pane, int y, int x, const struct env *env, enum threshold threshold, double pct)
{
	char text[UNIT_TEXT] = "-";

	if (pct >= 0)
		unit_format(text, UNIT_PCT, pct);
	pane_field(pane, y, x, 4, ALIGN_RIGHT,
		pct < 0 ? ROLE_DIM : threshold_role(env->config, threshold, pct), text);
}

static int
draw_measures(struct view *view, const struct pane *pane)
{
	static const char *const labels[] = { "CPU", "memory", "promised", "net", "disk" };
	const struct fleet_totals *totals = &view->env->totals;
	const struct pulse *pulse = view->state;
	int numbers = 26, spark = MAX(pane->cols - LABEL_WIDTH - 6 - numbers, 0), x = LABEL_WIDTH + spark + 1;
	char a[UNIT_TEXT], b[UNIT_TEXT];

	for (int i = 0; i < (int)G_N_ELEMENTS(labels); i++)
		pane_text(pane, i, 0, LABEL_WIDTH, ROLE_DIM, labels[i]);
	draw_history(pulse, pane, 0, LABEL_WIDTH, spark, SERIES_CPU);
	draw_history(pulse, pane, 1, LABEL_WIDTH, spark, SERIES_MEM);
	draw_history(pulse, pane, 3, LABEL_WIDTH, spark, SERIES_NET);
	draw_history(pulse, pane, 4, LABEL_WIDTH, spark, SERIES_DISK);
	draw_pct(pane, 0, x, view->env, THRESHOLD_CPU, sum_pct(&totals->cores_used, &totals->pcpus));
	draw_pct(pane, 1, x, view->env, THRESHOLD_MEM, sum_pct(&totals->mem_used, &totals->mem_total));
	draw_pct(pane, 2, x, view->env, THRESHOLD_NONE, sum_pct(&totals->mem_promised, &totals->mem_total));
	x += 5;
	if (totals->pcpus.covered) {
		unit_thousands(a, totals->cores_used.value);
		unit_thousands(b, totals->pcpus.value);
		pane_printf(pane, 0, x, ROLE_NORMAL, " %s of %s cores", a, b);
	}
	pane_printf(pane, 1, x, ROLE_NORMAL, " %s of %s", sum_text(a, UNIT_BYTES, &totals->mem_used),
		sum_text(b, UNIT_BYTES, &totals->mem_total));
	pane_printf(pane, 2, x, ROLE_NORMAL, " %s", sum_text(a, UNIT_BYTES, &totals->mem_promised));
	x -= 5;
	pane_printf(pane, 3, x, ROLE_NORMAL, " in %-6s out %s", sum_text(a, UNIT_BYTES_S, &totals->net_rx),
		sum_text(b, UNIT_BYTES_S, &totals->net_tx));
	pane_printf(pane, 4, x, ROLE_NORMAL, " rd %-6s wr  %s", sum_text(a, UNIT_BYTES_S, &totals->disk_rd),
		sum_text(b, UNIT_BYTES_S, &totals->disk_wr));
	return (int)G_N_ELEMENTS(labels);
}

static void
draw_density(const struct fleet_totals *totals, const struct pane *pane, int y)
{
	GString *text = g_string_new(NULL);
	char mem[UNIT_TEXT];

	if (totals->all.up)
		g_string_append_printf(text, "%.1f VMs/host (%u to %u)",
			(double)totals->all.guests.running / totals->all.up, totals->density_min,
			totals->density_max);
	if (totals_vcpu_ratio(totals) >= 0)
		g_string_append_printf(text, "  vCPU:pCPU %.1f:1", totals_vcpu_ratio(totals));
	if (totals->fit.covered) {
		unit_format(mem, UNIT_BYTES, totals->size.mem_bytes);
		g_string_append_printf(
			text, "  fits %.0f of %.0f vCPU/%s", totals->fit.value, totals->size.vcpus, mem);
	}
	if (totals->silent)
		g_string_append_printf(
			text, "  %u host%s unknown", totals->silent, totals->silent == 1 ? "" : "s");
	pane_text(pane, y, 0, -1, ROLE_DIM, "density");
	pane_text(pane, y, LABEL_WIDTH, -1, ROLE_NORMAL, text->len ? text->str : "-");
	g_string_free(text, TRUE);
}

/* ---- all together ---- */

static void
pulse_draw(struct view *view, const struct pane *pane)
{
	const struct env *env = view->env;
	struct pane top = pane_sub(pane, 0, 1, pane->rows, pane->cols - 1);
	struct pane right;
	int counts, used, y, room, lists;

	counts = draw_counts(&env->totals, &top, &used);
	right = pane_sub(&top, 0, used + 3, top.rows, top.cols - used - 3);
	y = MAX(counts, draw_measures(view, &right)) + 1;
	draw_density(&env->totals, &top, y);
	y += 2;
	/* two titles and a blank line between; the lists give way to what is wrong */
	room = pane->rows - y - 3;
	lists = CLAMP(room / 2, 0, LISTS_MOST);
	if (lists > 0) {
		struct pane area = pane_sub(pane, y, 0, lists + 1, pane->cols);

		toplist_draw(env, &area);
		y += lists + 2;
	}
	if (y < pane->rows) {
		struct pane area = pane_sub(pane, y, 0, pane->rows - y, pane->cols);

		trouble_draw(env, &area);
	}
}

/* Enter leads to the hosts: the troubled ones when there are some. */
static bool
pulse_request(struct view *view, int request)
{
	g_autoptr(GArray) troubles = NULL;

	if (request != REQ_OPEN)
		return false;
	troubles = trouble_find(view->env->snap, &view->env->row);
	stack_open(view->env->stack, &hosts_view, NULL);
	if (troubles->len && !list_faults(stack_front(view->env->stack)->list))
		view_request(stack_front(view->env->stack), REQ_FAULTS);
	return true;
}

const struct view_ops pulse_view = {
	.name = "pulse",
	.help = "The whole fleet on one screen",
	.target = TARGET_NONE,
	.draw = pulse_draw,
	.state_size = sizeof(struct pulse),
	.observe = pulse_observe,
	.request = pulse_request,
};
