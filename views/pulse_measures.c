/* pulse: what the fleet does now, and how it went. */
#include "views/history.h"
#include "views/pulse.h"
#include "views/units.h"

#include "tui/bar.h"
#include "tui/cell.h"

#include <stdio.h>
#include <string.h>

#define PCT_WIDTH     5  /* " 47% " */
#define NUMBERS_LEAST 22 /* numbers are seldom shorter: the histories shall not twitch */
#define SPARK_TWO     60 /* columns that are enough for two spans side by side */
#define NARROW        60
#define YOUNG         4 /* points of a quarter of an hour after which it is worth showing */

/* ---- what is shown ---- */

static const struct measure {
	const char *label;
	unsigned series; /* as in struct history_look; 0: no history */
	enum unit unit;
	enum threshold threshold;
	size_t part, whole;         /* of struct fleet_totals: a share … */
	const char *first, *second; /* … or, when set, two rates with a word before each */
} measures[] = {
#define SUM(member) G_STRUCT_OFFSET(struct fleet_totals, member)
	{ "CPU", 1u << HISTORY_CPU, UNIT_COUNT, THRESHOLD_CPU, SUM(cores_used), SUM(pcpus), NULL, NULL },
	{ "memory", 1u << HISTORY_MEM, UNIT_BYTES, THRESHOLD_MEM, SUM(mem_used), SUM(mem_total), NULL, NULL },
	{ "promised", 0, UNIT_BYTES, THRESHOLD_NONE, SUM(mem_promised), SUM(promised_total), NULL, NULL },
	{ "net", 1u << HISTORY_NET_RX | 1u << HISTORY_NET_TX, UNIT_BYTES_S, THRESHOLD_NONE, SUM(net_rx),
		SUM(net_tx), "in", "out" },
	{ "disk", 1u << HISTORY_DISK_RD | 1u << HISTORY_DISK_WR, UNIT_BYTES_S, THRESHOLD_NONE, SUM(disk_rd),
		SUM(disk_wr), "rd", "wr" },
#undef SUM
};

static const struct sum *
sum_of(const struct fleet_totals *totals, size_t offset)
{
	return (const struct sum *)(const void *)((const char *)totals + offset);
}

const char *
pulse_cover(const struct view *view, const struct sum *sum, char out[PULSE_COVER])
{
	unsigned hosts = view->env->totals.all.hosts;

	*out = '\0';
	if (sum->covered < hosts)
		snprintf(out, PULSE_COVER, " of %u/%u hosts", sum->covered, hosts);
	return out;
}

/* What most numbers cover stands in the title, and needs no word in each line. */
static unsigned
usual_cover(const struct fleet_totals *totals)
{
	unsigned most = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(measures); i++)
		most = MAX(most, sum_of(totals, measures[i].part)->covered);
	return most;
}

static void
amount(const struct measure *measure, const struct sum *sum, bool brief, char out[UNIT_TEXT])
{
	if (measure->unit == UNIT_COUNT)
		unit_thousands(out, sum->value);
	else if (brief)
		unit_format(out, measure->unit, sum->value);
	else
		unit_format_long(out, measure->unit, sum->value);
}

/* The numbers of a line: " 47% 6,041/12,880 cores", "in 2.5G/s out 2.4G/s". What they cover is said where it is not what
 * most do; that costs a NARROW screen the words for which there is another way. */
struct words {
	char pct[UNIT_TEXT]; /* "": no share */
	char text[3 * UNIT_TEXT + PULSE_COVER];
	enum role role;
};

static void
fill_text(const struct measure *measure, const struct sum *part, const struct sum *whole, bool narrow,
	const char *cover, struct words *words)
{
	char a[UNIT_TEXT], b[UNIT_TEXT];
	bool brief = narrow && *cover;

	amount(measure, part, brief, a);
	amount(measure, whole, brief, b);
	if (brief && measure->first)
		snprintf(words->text, sizeof(words->text), "%s %s %s %s (%u hosts)", measure->first, a,
			measure->second, b, part->covered);
	else if (brief)
		snprintf(words->text, sizeof(words->text), "%s", cover + 1);
	else if (measure->first)
		snprintf(words->text, sizeof(words->text), "%s %s %s %s%s", measure->first, a,
			measure->second, b, cover);
	else
		snprintf(words->text, sizeof(words->text),
			measure->unit == UNIT_COUNT ? "%s/%s cores%s" : "%s of %s%s", a, b, cover);
}

static void
fill_words(struct view *view, const struct measure *measure, bool narrow, struct words *words)
{
	const struct fleet_totals *totals = &view->env->totals;
	const struct sum *part = sum_of(totals, measure->part), *whole = sum_of(totals, measure->whole);
	double pct = measure->first ? -1 : sum_pct(part, whole);
	char cover[PULSE_COVER] = "";

	*words = (struct words){ .role = ROLE_NORMAL };
	if (!part->covered || !whole->covered) {
		snprintf(words->text, sizeof(words->text), "not known");
		words->role = ROLE_DIM;
		return;
	}
	if (part->covered < usual_cover(totals))
		pulse_cover(view, part, cover);
	fill_text(measure, part, whole, narrow, cover, words);
	if (pct >= 0) {
		unit_format(words->pct, UNIT_PCT, pct);
		words->role = threshold_role(view->env->config, measure->threshold, pct);
	}
}

/* ---- how it went ---- */

static size_t
read_history(const struct env *env, const struct measure *measure, enum history_span span, uint8_t *points)
{
	const struct history_look look = {
		.series = measure->series, .span = span, .full = measure->first ? 0 : 100
	};

	return history_spark(env->history, NULL, &look, env->row.now_us, points);
}

/* Columns X to X + WIDTH: SPAN, whose name goes into the title line. */
struct graph {
	enum history_span span;
	int x, width;
};

/* The longest span that has something to show; where there is room the next longer one before it. Returns how many. */
static int
choose_graphs(const struct env *env, int x, int width, struct graph graphs[2])
{
	uint8_t points[HISTORY_MAX_POINTS];
	size_t quarter = read_history(env, &measures[0], HISTORY_15M, points);
	enum history_span span = quarter > YOUNG ? HISTORY_15M : HISTORY_1M;
	int half = (width - 2) / 2;

	if (width < SPARK_TWO) {
		graphs[0] = (struct graph){ span, x, width };
		return 1;
	}
	graphs[0] = (struct graph){ (enum history_span)(span + 1), x, half };
	graphs[1] = (struct graph){ span, x + width - half, half };
	return 2;
}

static void
draw_title(const struct pane *pane, const struct graph *graph)
{
	static const char *const names[HISTORY_SPAN_COUNT] = { "1 min", "15 min", "1 hour" };
	const char *name = names[graph->span];
	int width = text_width(name);

	if (width <= graph->width)
		pane_text(pane, 0, graph->x + graph->width - width, width, ROLE_COLUMN, name);
}

static void
draw_graph(const struct env *env, const struct pane *pane, int y, const struct graph *graph,
	const struct measure *measure)
{
	uint8_t points[HISTORY_MAX_POINTS];
	size_t n = read_history(env, measure, graph->span, points);

	bar_spark(pane, y, graph->x, graph->width, ROLE_GRAPH, points, n);
}

/* ---- together ---- */

static void
draw_numbers_title(struct view *view, const struct pane *pane, int x)
{
	struct sum usual = { .covered = usual_cover(&view->env->totals) };
	char cover[PULSE_COVER];

	pane_text(pane, 0, x + pane_text(pane, 0, x, -1, ROLE_COLUMN, "now"), -1, ROLE_DIM,
		pulse_cover(view, &usual, cover));
}

int
pulse_draw_measures(struct view *view, const struct pane *pane)
{
	struct words words[G_N_ELEMENTS(measures)];
	struct graph graphs[2];
	int widest = NUMBERS_LEAST, n, spark, x;

	for (size_t i = 0; i < G_N_ELEMENTS(measures); i++) {
		fill_words(view, &measures[i], pane->cols < NARROW, &words[i]);
		widest = MAX(widest, text_width(words[i].text) + (*words[i].pct ? PCT_WIDTH : 0));
	}
	spark = MAX(pane->cols - PULSE_LABEL - 1 - widest, 0);
	x = PULSE_LABEL + spark + 1;
	n = choose_graphs(view->env, PULSE_LABEL, spark, graphs);
	for (int i = 0; i < n; i++)
		draw_title(pane, &graphs[i]);
	draw_numbers_title(view, pane, x);
	for (int i = 0; i < (int)G_N_ELEMENTS(measures); i++) {
		int y = i + 1, at = x;

		pane_text(pane, y, 0, PULSE_LABEL - 1, ROLE_DIM, measures[i].label);
		for (int j = 0; j < n && measures[i].series; j++)
			draw_graph(view->env, pane, y, &graphs[j], &measures[i]);
		if (*words[i].pct) {
			pane_field(pane, y, at, PCT_WIDTH - 1, ALIGN_RIGHT, words[i].role, words[i].pct);
			at += PCT_WIDTH;
		}
		pane_text(pane, y, at, -1, *words[i].pct ? ROLE_NORMAL : words[i].role, words[i].text);
	}
	return (int)G_N_ELEMENTS(measures) + 1;
}
