/* list: drawing and the mouse. */
#include "views/list_private.h"

#define WHEEL_ROWS 3

/* ---- drawing ---- */

static void
draw_cell(void *ctx, size_t row, size_t column, struct cell *out)
{
	struct list *list = ctx;

	column_cell(list->columns->pdata[column], &list->env->row, rows_at(list->rows, row), out);
}

/* Rows of hosts that do not answer step back: their numbers are old. */
static enum role
row_role(void *ctx, size_t row)
{
	struct list *list = ctx;
	const struct host_snap *host = list->kind->host(rows_at(list->rows, row));

	return !host || host_snap_fresh(host, list->env->row.now_us) ? ROLE_NORMAL : ROLE_DIM;
}

static bool
row_marked(void *ctx, size_t row)
{
	struct list *list = ctx;
	struct row_key key = list->kind->key(rows_at(list->rows, row));
	size_t from, to;

	if (list->ranging && list_range_bounds(list, &from, &to) && row >= from && row <= to)
		return true;
	return g_hash_table_contains(list->marks, &key);
}

/* What is said instead of rows. */
static char *
empty_text(const struct list *list)
{
	const struct fleet_totals *totals = &list->env->totals;

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
		.sort_column = list_sort_place(list),
		.sort_descending = list->query.sort[0].descending,
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
			list->query.sort[0].descending = !list->query.sort[0].descending;
		else
			list_sort_by(list, clicked);
		list_sort_changed(list);
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
