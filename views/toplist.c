#include "views/toplist.h"

#include "views/units.h"

#include <stdio.h>
#include <string.h>

#define LIST_LEAST 26 /* columns of a list */
#define ROWS_MOST  32
#define GAP        2

struct toplist {
	const char *title;
	const struct row_kind *kind;
	const char *column;
	const char *with; /* a second column to show, NULL: none */
};

/* In the order in which they deserve room. */
static const struct toplist lists[] = {
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

/* Puts a row where it belongs among the N largest. */
static size_t
top_insert(struct top *top, size_t n, size_t most, double number, const void *row)
{
	size_t at = n;

	while (at > 0 && top[at - 1].number < number)
		at--;
	if (at == most)
		return n;
	n = MIN(n + 1, most);
	memmove(&top[at + 1], &top[at], (n - at - 1) * sizeof(*top));
	top[at] = (struct top){ .number = number, .row = row };
	return n;
}

/* Zero is nobody's top. */
static size_t
top_collect(const struct toplist *list, const struct env *env, struct top *top, size_t most)
{
	const struct column *column = column_by_name(list->kind, list->column);
	size_t n = 0;

	for (size_t i = 0; i < env->snap->nhosts; i++) {
		const struct host_snap *host = env->snap->hosts[i];
		size_t count = host_snap_fresh(host, env->row.now_us) ? list->kind->count(host) : 0;

		for (size_t j = 0; j < count; j++) {
			const void *row = list->kind->at(host, j);
			struct value value;

			if (list->kind == &vm_rows && ((const struct vm *)row)->is_dom0)
				continue;
			column_value(column, &env->row, row, &value);
			if (value.type == VALUE_NUMBER && value.number > 0)
				n = top_insert(top, n, most, value.number, row);
		}
	}
	return n;
}

static void
draw_row(const struct toplist *list, const struct env *env, const void *row, const struct pane *pane, int y)
{
	const struct column *name = &list->kind->columns[list->kind->name_column];
	const struct column *with = column_by_name(list->kind, list->with);
	int number_width = 6, with_width = CLAMP((pane->cols - number_width) / 3, 6, 12);
	int name_width = pane->cols - number_width - with_width - 1;
	struct cell cell;

	column_cell(name, &env->row, row, &cell);
	pane_field(pane, y, 0, name_width, ALIGN_LEFT, ROLE_NORMAL, cell.text);
	column_cell(with, &env->row, row, &cell);
	if (list->kind == &host_rows)
		g_strlcat(cell.text, " VMs", sizeof(cell.text));
	pane_field(pane, y, name_width + 1, with_width, ALIGN_LEFT, ROLE_DIM, cell.text);
	column_cell(column_by_name(list->kind, list->column), &env->row, row, &cell);
	pane_field(pane, y, pane->cols - number_width, number_width, ALIGN_RIGHT, cell.role, cell.text);
}

static void
draw_list(const struct toplist *list, const struct env *env, const struct pane *pane)
{
	struct top top[ROWS_MOST];
	size_t n = top_collect(list, env, top, (size_t)CLAMP(pane->rows - 1, 0, ROWS_MOST));

	pane_text(pane, 0, 0, -1, ROLE_COLUMN, list->title);
	for (size_t i = 0; i < n; i++)
		draw_row(list, env, top[i].row, pane, (int)i + 1);
	if (n == 0)
		pane_text(pane, 1, 0, -1, ROLE_DIM, "-");
}

void
toplist_draw(const struct env *env, const struct pane *pane)
{
	int inner = pane->cols - 2;
	int n = CLAMP((inner + GAP) / (LIST_LEAST + GAP - 2), 1, (int)G_N_ELEMENTS(lists));
	int width = (inner - (n - 1) * GAP) / n;

	for (int i = 0; i < n; i++) {
		struct pane area = pane_sub(pane, 0, 1 + i * (width + GAP), pane->rows, width);

		draw_list(&lists[i], env, &area);
	}
}
