#include "views/toplist.h"

#include "views/units.h"

#include <string.h>

#define LIST_LEAST 26 /* columns of a list … */
#define LIST_WIDE  31 /* … where there is room for all that matter */
#define WIDE       150
#define ROWS_MOST  20
#define GAP        2

/* In the order in which they deserve room. */
static const struct kind {
	const char *title;
	const struct row_kind *rows;
	const char *column;
	const char *with; /* a second column to show */
} kinds[] = {
	{ "busiest hosts", &host_rows, "cpu", "running" },
	{ "busiest VMs, in cores", &vm_rows, "cores", "host" },
	{ "waiting for a CPU", &vm_rows, "ready", "host" },
	{ "fullest hosts", &host_rows, "mem", "running" },
	{ "most disk traffic", &vm_rows, "disk", "host" },
	{ "most network traffic", &vm_rows, "net", "host" },
	{ "slowest disks", &vm_rows, "latency", "host" },
};

struct top {
	double number;
	const void *row;
};

struct toplists {
	struct toplist {
		const struct column *column;
		struct top tops[ROWS_MOST];
		size_t n;
	} lists[G_N_ELEMENTS(kinds)];
};

/* ---- finding ---- */

/* Puts a row where it belongs among the largest. Zero is nobody's top. */
static void
offer(struct toplist *list, double number, const void *row)
{
	size_t at = list->n;

	while (at > 0 && list->tops[at - 1].number < number)
		at--;
	if (at == ROWS_MOST || number <= 0)
		return;
	list->n = MIN(list->n + 1, ROWS_MOST);
	memmove(&list->tops[at + 1], &list->tops[at], (list->n - at - 1) * sizeof(list->tops[0]));
	list->tops[at] = (struct top){ .number = number, .row = row };
}

static void
offer_row(struct toplists *lists, const struct row_kind *rows, const struct env *env, const void *row)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct value value;

		if (kinds[i].rows != rows)
			continue;
		column_value(lists->lists[i].column, &env->row, row, &value);
		if (value.type == VALUE_NUMBER)
			offer(&lists->lists[i], value.number, row);
	}
}

struct toplists *
toplists_find(const struct env *env)
{
	struct toplists *lists = g_new0(struct toplists, 1);

	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		lists->lists[i].column = column_by_name(kinds[i].rows, kinds[i].column);
	for (size_t i = 0; i < env->snap->nhosts; i++) {
		const struct host_snap *host = env->snap->hosts[i];

		if (!host_snap_fresh(host, env->row.now_us))
			continue;
		offer_row(lists, &host_rows, env, host);
		for (size_t j = 0; j < host->nvms; j++)
			if (!host->vms[j].is_dom0)
				offer_row(lists, &vm_rows, env, &host->vms[j]);
	}
	return lists;
}

void
toplists_free(struct toplists *lists)
{
	g_free(lists);
}

/* ---- drawing ---- */

static void
draw_row(const struct kind *kind, const struct env *env, const void *row, const struct pane *pane, int y)
{
	const struct row_kind *rows = kind->rows;
	const struct column *name = &rows->columns[rows->name_column];
	const struct column *with = column_by_name(rows, kind->with);
	int number_width = 6, with_width = CLAMP((pane->cols - number_width) / 3, 6, 12);
	int name_width = pane->cols - number_width - with_width - 1;
	struct cell cell;

	column_cell(name, &env->row, row, &cell);
	pane_field(pane, y, 0, name_width, ALIGN_LEFT, ROLE_NORMAL, cell.text);
	column_cell(with, &env->row, row, &cell);
	if (rows == &host_rows)
		g_strlcat(cell.text, " VMs", sizeof(cell.text));
	pane_field(pane, y, name_width + 1, with_width, ALIGN_LEFT, ROLE_DIM, cell.text);
	column_cell(column_by_name(rows, kind->column), &env->row, row, &cell);
	pane_field(pane, y, pane->cols - number_width, number_width, ALIGN_RIGHT, cell.role, cell.text);
}

void
toplists_draw(const struct toplists *lists, const struct env *env, const struct pane *pane,
	struct spots *spots, unsigned section)
{
	int inner = pane->cols - 2, least = pane->cols < WIDE ? LIST_LEAST : LIST_WIDE;
	int n = CLAMP((inner + GAP) / (least + GAP - 2), 1, (int)G_N_ELEMENTS(kinds));
	int width = (inner - (n - 1) * GAP) / n;

	for (int i = 0; i < n; i++) {
		const struct toplist *list = &lists->lists[i];
		struct pane area = pane_sub(pane, 0, 1 + i * (width + GAP), pane->rows, width);

		pane_text(&area, 0, 0, -1, ROLE_COLUMN, kinds[i].title);
		for (size_t j = 0; j < list->n && (int)j + 1 < area.rows; j++) {
			struct spot spot = { .section = section + (unsigned)i,
				.key = kinds[i].rows->key(list->tops[j].row) };

			draw_row(&kinds[i], env, list->tops[j].row, &area, (int)j + 1);
			spots_add(spots, &area, (int)j + 1, 0, area.cols, &spot);
		}
		if (list->n == 0)
			pane_text(&area, 1, 0, -1, ROLE_DIM, "none");
	}
}
