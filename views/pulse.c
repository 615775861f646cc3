/* pulse: the whole fleet on one screen, before the first key is pressed. */
#include "views/catalog.h"
#include "views/density.h"
#include "views/history.h"
#include "views/request.h"
#include "views/stack.h"
#include "views/toplist.h"
#include "views/trouble.h"
#include "views/units.h"

#include "tui/bar.h"
#include "tui/cell.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH   9
#define COUNT_LEAST   5
#define COUNT_GAP     2
#define PCT_WIDTH     4
#define NUMBERS_LEAST 22 /* measures in words are seldom shorter: their histories shall not twitch */
#define MEASURES      5
#define LISTS_MOST    15 /* rows of a top list */

/* ---- history ---- */

/* Shares on a scale to 100; rates, which know no limit, on one to their own maximum. */
static void
draw_history(
	const struct env *env, const struct pane *pane, int y, int x, int width, enum history_series series)
{
	bool share = series == HISTORY_CPU || series == HISTORY_MEM;
	uint8_t points[HISTORY_MAX_POINTS];
	size_t n = history_spark(
		env->history, NULL, series, HISTORY_15M, env->row.now_us, share ? 100 : 0, points);

	bar_spark(pane, y, x, width, ROLE_GRAPH, points, n);
}

/* ---- counts, at the left ---- */

/* The states that deserve a row. */
struct state_rows {
	enum vm_state states[VM_STATE_COUNT];
	size_t n;
};

static unsigned
count_of(const struct host_totals *part, enum vm_state state)
{
	return state == VM_STATE_UNKNOWN ? part->guests.unknown : part->guests.by_state[state];
}

static struct state_rows
choose_states(const struct host_totals *all)
{
	struct state_rows rows = { .n = 0 };

	for (int i = 0; i < VM_STATE_COUNT; i++)
		if (i == VM_STATE_OFF || i == VM_STATE_CRASHED || count_of(all, (enum vm_state)i))
			rows.states[rows.n++] = (enum vm_state)i;
	return rows;
}

/* One column, a hypervisor's or that of all, from X on; returns where it ends. */
static int
draw_part(const struct pane *pane, int x, const char *title, const struct host_totals *part,
	const struct state_rows *rows)
{
	g_autofree char *hosts = g_strdup_printf("%u/%u", part->up, part->hosts);
	char text[UNIT_TEXT];
	int width = MAX(text_width(hosts), COUNT_LEAST), y = 0;

	pane_field(pane, y++, x, width, ALIGN_RIGHT, ROLE_COLUMN, title);
	pane_field(pane, y++, x, width, ALIGN_RIGHT, part->up < part->hosts ? ROLE_WARN : ROLE_NORMAL, hosts);
	unit_thousands(text, part->guests.running);
	pane_field(pane, y++, x, width, ALIGN_RIGHT, ROLE_NORMAL, text);
	for (size_t i = 0; i < rows->n; i++) {
		unsigned count = count_of(part, rows->states[i]);
		bool bad = vm_look(rows->states[i])->role == ROLE_BAD;

		unit_thousands(text, count);
		pane_field(pane, y++, x, width, ALIGN_RIGHT,
			!count ? ROLE_DIM
			: bad  ? ROLE_BAD
			       : ROLE_NORMAL,
			text);
	}
	return x + width;
}

/* Returns the rows used; *USED: the columns. */
static int
draw_counts(const struct fleet_totals *totals, const struct pane *pane, int *used)
{
	struct state_rows rows = choose_states(&totals->all);
	int x = LABEL_WIDTH, y = 1;
	bool several = false;

	pane_text(pane, y++, 0, -1, ROLE_DIM, "hosts");
	pane_text(pane, y++, 0, -1, ROLE_DIM, "running");
	for (size_t i = 0; i < rows.n; i++)
		pane_text(pane, y++, 0, LABEL_WIDTH - 1, ROLE_DIM, vm_state_name(rows.states[i]));
	for (int i = HYPERVISOR_UNKNOWN + 1; i < HYPERVISOR_COUNT; i++) {
		if (totals->by_hypervisor[i].hosts == 0)
			continue;
		x = draw_part(
			    pane, x, hypervisor_title((enum hypervisor)i), &totals->by_hypervisor[i], &rows) +
		    COUNT_GAP;
		several = true;
	}
	if (several && totals->by_hypervisor[HYPERVISOR_UNKNOWN].hosts)
		x = draw_part(pane, x, "?", &totals->by_hypervisor[HYPERVISOR_UNKNOWN], &rows) + COUNT_GAP;
	*used = draw_part(pane, x, "all", &totals->all, &rows);
	return y;
}

/* ---- measures, at the right ---- */

/* A line: what, its history, a share in percent, and the same in words. */
struct measure {
	const char *label;
	enum history_series series; /* HISTORY_SERIES_COUNT: no history */
	enum threshold threshold;
	double pct; /* below 0: not known; NAN: no share */
	char text[2 * UNIT_TEXT + 16];
};

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
fill_measures(const struct fleet_totals *totals, struct measure measures[MEASURES])
{
	struct measure *cpu = &measures[0], *used = &measures[1], *promised = &measures[2];
	struct measure *net = &measures[3], *disk = &measures[4];
	char a[UNIT_TEXT] = "-", b[UNIT_TEXT] = "-";

	if (totals->pcpus.covered) {
		unit_thousands(a, totals->cores_used.value);
		unit_thousands(b, totals->pcpus.value);
	}
	*cpu = (struct measure){ .label = "CPU",
		.series = HISTORY_CPU,
		.threshold = THRESHOLD_CPU,
		.pct = sum_pct(&totals->cores_used, &totals->pcpus) };
	snprintf(cpu->text, sizeof(cpu->text), "%s/%s cores", a, b);
	*used = (struct measure){ .label = "memory",
		.series = HISTORY_MEM,
		.threshold = THRESHOLD_MEM,
		.pct = sum_pct(&totals->mem_used, &totals->mem_total) };
	snprintf(used->text, sizeof(used->text), "%s of %s", sum_text(a, UNIT_BYTES, &totals->mem_used),
		sum_text(b, UNIT_BYTES, &totals->mem_total));
	*promised = (struct measure){ .label = "promised",
		.series = HISTORY_SERIES_COUNT,
		.pct = sum_pct(&totals->mem_promised, &totals->promised_total) };
	snprintf(
		promised->text, sizeof(promised->text), "%s", sum_text(a, UNIT_BYTES, &totals->mem_promised));
	*net = (struct measure){ .label = "net", .series = HISTORY_NET_RX, .pct = NAN };
	snprintf(net->text, sizeof(net->text), "in %s out %s", sum_text(a, UNIT_BYTES_S, &totals->net_rx),
		sum_text(b, UNIT_BYTES_S, &totals->net_tx));
	*disk = (struct measure){ .label = "disk", .series = HISTORY_DISK_WR, .pct = NAN };
	snprintf(disk->text, sizeof(disk->text), "rd %s wr %s", sum_text(a, UNIT_BYTES_S, &totals->disk_rd),
		sum_text(b, UNIT_BYTES_S, &totals->disk_wr));
}

static void
draw_measure(struct view *view, const struct pane *pane, int y, const struct measure *measure, int spark)
{
	int x = LABEL_WIDTH + spark + 1;
	char text[UNIT_TEXT] = "-";

	pane_text(pane, y, 0, LABEL_WIDTH - 1, ROLE_DIM, measure->label);
	if (measure->series != HISTORY_SERIES_COUNT)
		draw_history(view->env, pane, y, LABEL_WIDTH, spark, measure->series);
	if (isnan(measure->pct)) {
		pane_text(pane, y, x, -1, ROLE_NORMAL, measure->text);
		return;
	}
	if (measure->pct >= 0)
		unit_format(text, UNIT_PCT, measure->pct);
	pane_field(pane, y, x, PCT_WIDTH, ALIGN_RIGHT,
		measure->pct < 0 ? ROLE_DIM
				 : threshold_role(view->env->config, measure->threshold, measure->pct),
		text);
	pane_text(pane, y, x + PCT_WIDTH + 1, -1, ROLE_NORMAL, measure->text);
}

/* The histories take what the words leave. */
static int
draw_measures(struct view *view, const struct pane *pane)
{
	struct measure measures[MEASURES];
	int widest = NUMBERS_LEAST;

	fill_measures(&view->env->totals, measures);
	for (int i = 0; i < MEASURES; i++)
		widest = MAX(
			widest, text_width(measures[i].text) + (isnan(measures[i].pct) ? 0 : PCT_WIDTH + 1));
	for (int i = 0; i < MEASURES; i++)
		draw_measure(view, pane, i, &measures[i], MAX(pane->cols - LABEL_WIDTH - 1 - widest, 0));
	return MEASURES;
}

static void
draw_density(const struct env *env, const struct pane *pane, int y)
{
	const struct fleet_totals *totals = &env->totals;
	GString *text = g_string_new(NULL);
	char mem[UNIT_TEXT];
	struct density density;

	density_of(env->snap, env->row.now_us, 1, &density);
	if (density.hosts)
		g_string_append_printf(
			text, "%.1f VMs/host (%u to %u)", density.mean, density.min, density.max);
	if (totals_vcpu_ratio(totals) >= 0)
		g_string_append_printf(text, "  vCPU:pCPU %.1f:1", totals_vcpu_ratio(totals));
	if (totals->fit.covered) {
		unit_format(mem, UNIT_BYTES, totals->size.mem_bytes);
		g_string_append_printf(
			text, "  fits %.0f of %.0f vCPU/%s", totals->fit.value, totals->size.vcpus, mem);
	}
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
	right = pane_sub(&top, 0, used + 2, top.rows, top.cols - used - 2);
	y = MAX(counts, draw_measures(view, &right)) + 1;
	draw_density(env, &top, y);
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
	.request = pulse_request,
};
