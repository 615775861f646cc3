/* list: which columns, how wide, and by which of them the rows are sorted. */
#include "views/list_private.h"

#include "tui/cell.h"

#include <string.h>

/* How wide COLUMN is to be: as its widest text so far, for it must not twitch when that text goes, but no more than its
 * share of the screen. */
static int
fitted_width(const struct list *list, guint at, int cols)
{
	const struct column *column = list->columns->pdata[at];
	int most = MIN(column->max_width, cols * column->flex / 16);

	return CLAMP(g_array_index(list->widest, int, at), column->width, MAX(column->width, most));
}

void
list_fit_columns(struct list *list, int cols)
{
	for (guint i = 0; i < list->columns->len; i++) {
		const struct column *column = list->columns->pdata[i];

		if (column->flags & COLUMN_FIT)
			g_array_index(list->table_columns, struct table_column, i).width =
				fitted_width(list, i, cols);
	}
}

static void
measure_column(struct list *list, guint at)
{
	const struct column *column = list->columns->pdata[at];
	int *widest = &g_array_index(list->widest, int, at);
	size_t n = rows_count(list->rows);

	for (size_t i = 0; i < n && *widest < column->max_width; i++) {
		struct value value;

		column_value(column, &list->env->row, rows_at(list->rows, i), &value);
		if (value.type == VALUE_TEXT && strlen(value.text) > (size_t)*widest)
			*widest = MAX(*widest, text_width(value.text));
	}
}

void
list_measure_columns(struct list *list)
{
	for (guint i = 0; i < list->columns->len; i++)
		if (((const struct column *)list->columns->pdata[i])->flags & COLUMN_FIT)
			measure_column(list, i);
}

static void
apply_columns(struct list *list, GPtrArray *columns)
{
	if (list->columns)
		g_ptr_array_unref(list->columns);
	list->columns = columns;
	g_array_set_size(list->table_columns, 0);
	g_array_set_size(list->widest, 0);
	g_array_set_size(list->widest, columns->len);
	for (guint i = 0; i < columns->len; i++) {
		const struct column *column = columns->pdata[i];
		struct table_column table_column = {
			.title = column->title,
			.width = column->width,
			.max_width = column->max_width,
			.flex = column->flags & COLUMN_FIT ? 0 : column->flex,
			/* what was asked for must not vanish for want of room: it can be scrolled to */
			.priority = list->chosen ? 0 : column->priority,
			.align = column->align,
			.sticky = column->flags & COLUMN_STICKY,
		};

		g_array_append_val(list->table_columns, table_column);
	}
}

bool
list_set_columns(struct list *list, const char *text, GError **error)
{
	bool by_name = strcmp(text, "default") != 0 && strcmp(text, "wide") != 0 && strcmp(text, "all") != 0;
	g_autofree char *with_light = g_strconcat("light,", text, NULL);
	bool automatic = strcmp(text, "default") == 0;
	GPtrArray *columns = columns_parse(list->kind,
		automatic ? "wide"
		: by_name ? with_light
			  : text,
		error);

	if (!columns)
		return false;
	list->chosen = !automatic;
	apply_columns(list, columns);
	list_measure_columns(list);
	return true;
}

void
list_toggle_wide(struct list *list)
{
	list->wide = !list->wide;
	list_set_columns(list, list->wide ? "wide" : "default", NULL);
}

/* ---- sorting ---- */

size_t
list_sort_place(const struct list *list)
{
	guint i;

	for (i = 0; i < list->columns->len; i++)
		if (list->columns->pdata[i] == (gpointer)(uintptr_t)list->query.sort[0].column)
			break;
	return i;
}

/* A new order is looked at from its top, unless a row is being followed. */
void
list_sort_changed(struct list *list)
{
	list->placed = list->placed && list->follow;
	list_update(list);
}

/* Numbers are looked at from the highest, words from A. */
void
list_sort_by(struct list *list, const struct column *column)
{
	if (column != list->query.sort[0].column)
		list->query.sort[1] = list->query.sort[0];
	list->query.sort[0] = (struct sort_key){ column, sort_starts_high(column) };
}

/* To the next column on the screen. */
void
list_sort_move(struct list *list, int by)
{
	struct table_source source = list_table_source(list, NULL);
	g_autofree size_t *shown = g_new(size_t, source.ncolumns);
	size_t n = table_shown(&list->table, &list->pane, &source, shown), at = 0;

	while (at < n && shown[at] != source.sort_column)
		at++;
	at = at == n ? 0 : (at + n + (size_t)(by + (int)n)) % n;
	list_sort_by(list, list->columns->pdata[shown[at]]);
	env_notice(list->env, ROLE_STATUS, "sorted by %s: %s", list->query.sort[0].column->info->name,
		list->query.sort[0].column->info->help);
}

bool
list_set_sort(struct list *list, const char *text, GError **error)
{
	if (!sort_parse(list->kind, text, list->query.sort, error))
		return false;
	list_sort_changed(list);
	return true;
}
