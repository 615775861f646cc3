/* list: drawing and the mouse. */
#include "views/list_private.h"

#define WHEEL_ROWS 3

/* ---- drawing ---- */

static void
draw_cell(void *ctx, size_t row, size_t column, struct cell *out)
{
	struct list *list = ctx;
	const struct row_group *group = rows_group_at(list->rows, row);

	if (group) {
		list_group_cell(list, group, list->columns->pdata[column], out);
		return;
	}
	column_cell(list->columns->pdata[column], &list->env->row, rows_at(list->rows, row), out);
	list_indent_cell(list, list->columns->pdata[column], out);
}

/* Rows of hosts that do not answer step back: their numbers are old. */
static enum role
row_role(void *ctx, size_t row)
{
	struct list *list = ctx;
	const struct row_group *group = rows_group_at(list->rows, row);
	const struct host_snap *host = group ? group->host : list->kind->host(rows_at(list->rows, row));

	return !host || host_snap_fresh(host, list->env->row.now_us) ? ROLE_NORMAL : ROLE_DIM;
}

static bool
row_marked(void *ctx, size_t row)
{
	struct list *list = ctx;
	return list_is_marked(list, row);
}

/* What is said instead of rows. */
static char *
empty_text(const struct list *list)
{
	const struct fleet_totals *totals = &list->env->totals;

	if (rows_total(list->rows) == 0 && list->kind->none)
		return g_strdup(list->kind->none);
	if (rows_total(list->rows) == 0 && totals->by_link[LINK_CONNECTING])
		return g_strdup_printf("connecting to %u hosts", totals->by_link[LINK_CONNECTING]);
	if (rows_total(list->rows) == 0)
		return g_strdup_printf("no %s", list->kind->plural);
	if (list->filter)
		return g_strdup_printf("no %s%s matches '%s' (Esc clears the filter)",
			list->query.faults ? "faulty " : "", list->kind->singular, filter_text(list->filter));
	return g_strdup_printf("no %s deserves attention (Esc shows all)", list->kind->singular);
}

struct table_source
list_table_source(struct list *list, const char *empty)
{
	return (struct table_source){
		.ctx = list,
		.nrows = rows_count(list->rows),
		.columns = (const struct table_column *)(const void *)list->table_columns->data,
		.ncolumns = list->table_columns->len,
		.cell = draw_cell,
		.row_role = row_role,
		.marked = row_marked,
		.sort_column = list_sort_place(list, 0),
		.sort_descending = list->query.sort[0].descending,
		.second_column = list_sort_place(list, 1),
		.second_descending = list->query.sort[1].descending,
		.empty = empty,
	};
}

void
list_draw(struct list *list, const struct pane *pane)
{
	g_autofree char *empty = rows_count(list->rows) == 0 ? empty_text(list) : NULL;
	struct table_source source = list_table_source(list, empty);

	list_fit_columns(list, pane->cols);
	table_draw(&list->table, pane, &source);
	list->pane = *pane;
}

static int
draw_followed(struct list *list, const struct pane *pane, int y, int x)
{
	size_t at = rows_find(list->rows, &list->wanted);
	struct value value = { .type = VALUE_UNKNOWN };

	if (at < rows_count(list->rows) && rows_at(list->rows, at))
		column_value(&list->kind->columns[list->kind->name_column], &list->env->row,
			rows_at(list->rows, at), &value);
	return pane_printf(pane, y, x, ROLE_INFO, "following %s",
		       value.type == VALUE_TEXT ? value.text : "a row that is not shown") +
	       2;
}

int
list_draw_standing(struct list *list, const struct pane *pane, int y)
{
	unsigned hidden, marks = list_marks(list, &hidden);
	int x = 0;

	if (marks)
		x += pane_printf(pane, y, x, ROLE_MARKED, "%u marked", marks) + 1;
	if (marks && hidden)
		x += pane_printf(pane, y, x, ROLE_MARKED, "(%u hidden)", hidden) + 1;
	x += marks ? 1 : 0;
	if (list->follow)
		x += draw_followed(list, pane, y, x);
	return x;
}

void
list_shown(const struct list *list, size_t *first, size_t *count)
{
	size_t n = rows_count(list->rows);

	*first = MIN(list->table.top, n);
	*count = MIN(list->table.page, n - *first);
}

/* ---- mouse ---- */

static bool
click(struct list *list, struct input input)
{
	struct table_source source = list_table_source(list, NULL);
	size_t row, column;
	bool header;

	table_hit(&list->table, &list->pane, &source, input.y, input.x, &row, &column, &header);
	if (header && column < source.ncolumns) {
		const struct column *clicked = list->columns->pdata[column];

		if (clicked == list->query.sort[0].column)
			list_sort_invert(list);
		else
			list_sort_by(list, clicked);
	} else if (row < source.nrows) {
		list->table.cursor = row;
		list_place_cursor(list);
		return input.button == MOUSE_LEFT_DOUBLE;
	}
	return false;
}

bool
list_mouse(struct list *list, struct input input)
{
	if (input.button == MOUSE_LEFT || input.button == MOUSE_LEFT_DOUBLE)
		return click(list, input);
	for (int i = 0; i < WHEEL_ROWS; i++)
		list_move(list, input.button == MOUSE_WHEEL_UP ? TABLE_UP : TABLE_DOWN);
	return false;
}
