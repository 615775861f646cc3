/* list: which columns, how wide, and by which of them the rows are sorted. */
#include "views/list_private.h"

#include "tui/cell.h"
#include "views/prefs.h"

#include <stdlib.h>
#include <string.h>

#define MEASURED_AT_ONCE 8192 /* rows; the others' turn comes with the next updates */
#define WIDTH_MOST       200
#define INDENT           2

/* ---- widths ---- */

static const struct column *
column_at(const struct list *list, guint at)
{
	return list->columns->pdata[at];
}

/* How wide COLUMN is to be: as its widest text so far, for it must not twitch when that text goes, but no more than its
 * share of the screen. */
static int
fitted_width(const struct list *list, guint at, int cols)
{
	const struct column *column = column_at(list, at);
	int most = MIN(column->max_width, cols * column->flex / 16);
	int widest = g_array_index(list->widest, int, at);

	if (list->query.grouping && column == &list->kind->columns[list->kind->name_column])
		widest += INDENT;
	return CLAMP(widest, column->width, MAX(column->width, most));
}

static void
measure_text(struct list *list, guint at, const char *text)
{
	int *widest = &g_array_index(list->widest, int, at);

	if (strlen(text) > (size_t)*widest)
		*widest = MAX(*widest, text_width(text));
}

static void
measure_row(struct list *list, guint at, const void *row)
{
	struct value value;

	column_value(column_at(list, at), &list->env->row, row, &value);
	if (value.type == VALUE_TEXT)
		measure_text(list, at, value.text);
}

void
list_measure_columns(struct list *list)
{
	const void *const *data = rows_data(list->rows);
	size_t from = MIN(list->measured, rows_matched(list->rows));
	size_t to = MIN(from + MEASURED_AT_ONCE, rows_matched(list->rows));

	for (guint i = 0; i < list->columns->len; i++)
		for (size_t j = from; column_at(list, i)->flags & COLUMN_FIT && j < to; j++)
			measure_row(list, i, data[j]);
	list->measured = to;
}

/* What is about to be shown is not to be cut because its turn has not come. */
static void
measure_page(struct list *list)
{
	size_t n = rows_count(list->rows), first = MIN(list->table.top, n),
	       last = MIN(first + list->table.page, n);

	for (guint i = 0; i < list->columns->len; i++) {
		for (size_t j = first; column_at(list, i)->flags & COLUMN_FIT && j < last; j++) {
			const struct row_group *group = rows_group_at(list->rows, j);

			if (!group)
				measure_row(list, i, rows_at(list->rows, j));
			else if (group->name &&
				 column_at(list, i) == &list->kind->columns[list->kind->name_column])
				measure_text(list, i, group->name);
		}
	}
}

void
list_fit_columns(struct list *list, int cols)
{
	measure_page(list);
	for (guint i = 0; i < list->columns->len; i++)
		if (column_at(list, i)->flags & COLUMN_FIT && !g_array_index(list->widths, int, i))
			g_array_index(list->table_columns, struct table_column, i).width =
				fitted_width(list, i, cols);
}

/* ---- choosing ---- */

static struct table_column
table_column(const struct list *list, const struct column *column, int width)
{
	return (struct table_column){
		.title = column->title,
		.width = width ? width : column->width,
		.max_width = column->max_width,
		.flex = width || column->flags & COLUMN_FIT ? 0 : column->flex,
		/* what was asked for must not vanish for want of room: it can be scrolled to */
		.priority = list->chosen ? 0 : column->priority,
		.align = column->align,
		.sticky = column->flags & COLUMN_STICKY,
	};
}

static void
apply_columns(struct list *list, GPtrArray *columns, const GArray *widths)
{
	if (list->columns)
		g_ptr_array_unref(list->columns);
	list->columns = columns;
	g_array_set_size(list->table_columns, 0);
	g_array_set_size(list->widest, 0);
	g_array_set_size(list->widest, columns->len);
	g_array_set_size(list->widths, 0);
	g_array_append_vals(list->widths, widths->data, widths->len);
	list->measured = 0;
	for (guint i = 0; i < columns->len; i++) {
		struct table_column made =
			table_column(list, column_at(list, i), g_array_index(widths, int, i));

		g_array_append_val(list->table_columns, made);
	}
}

/* "name=20"; 0: no width is asked for. */
static bool
parse_width(const char *word, int *width, GError **error)
{
	const char *number = strchr(word, '=');
	char *end;
	long value;

	*width = 0;
	if (!number)
		return true;
	value = strtol(number + 1, &end, 10);
	if (end != number + 1 && !*end && value >= 1 && value <= WIDTH_MOST) {
		*width = (int)value;
		return true;
	}
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "'%s' is no width; allowed: 1 to %d", number + 1,
		WIDTH_MOST);
	return false;
}

static bool parse_words(const struct list *list, const char *text, bool sets, GPtrArray *columns,
	GArray *widths, GError **error);

/* A column, one of the words that stand for several, or – unless we are in one – a set of the config's. */
static bool
parse_word(const struct list *list, const char *word, bool sets, GPtrArray *columns, GArray *widths,
	GError **error)
{
	g_autofree char *name = g_strndup(word, strcspn(word, "="));
	const char *set = sets ? prefs_columns(list->env->config, list->kind, name) : NULL;
	g_autoptr(GPtrArray) named = NULL;
	int width;

	if (set)
		return parse_words(list, set, false, columns, widths, error);
	if (!parse_width(word, &width, error) || !(named = columns_parse(list->kind, name, error)))
		return false;
	for (guint i = 0; i < named->len; i++) {
		if (g_ptr_array_find(columns, named->pdata[i], NULL))
			continue;
		g_ptr_array_add(columns, named->pdata[i]);
		g_array_append_val(widths, width);
	}
	return true;
}

static bool
parse_words(const struct list *list, const char *text, bool sets, GPtrArray *columns, GArray *widths,
	GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, ", ", -1);

	for (size_t i = 0; words[i]; i++)
		if (*words[i] && !parse_word(list, words[i], sets, columns, widths, error))
			return false;
	if (columns->len == 0)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "no column is named");
	return columns->len > 0;
}

bool
list_set_columns(struct list *list, const char *text, GError **error)
{
	bool automatic =
		strcmp(text, "default") == 0 && !prefs_columns(list->env->config, list->kind, "default");
	g_autoptr(GPtrArray) columns = g_ptr_array_new();
	g_autoptr(GArray) widths = g_array_new(FALSE, TRUE, sizeof(int));

	/* the state's light goes with whatever is chosen */
	if (!parse_word(list, list->kind->columns[0].info->name, false, columns, widths, error) ||
		!parse_words(list, automatic ? "wide" : text, true, columns, widths, error))
		return false;
	list->chosen = !automatic;
	list->wide = strcmp(text, "wide") == 0;
	apply_columns(list, g_steal_pointer(&columns), widths);
	list_measure_columns(list);
	return true;
}

void
list_toggle_wide(struct list *list)
{
	list_set_columns(list, list->wide ? "default" : "wide", NULL);
	if (list->wide)
		env_notice(list->env, ROLE_STATUS, "wide: %u columns, Left and Right scroll; w goes back",
			list->columns->len);
	else
		env_notice(list->env, ROLE_STATUS, "as many columns as there is room for");
}

/* ---- sorting ---- */

size_t
list_sort_place(const struct list *list, int level)
{
	guint i;

	for (i = 0; i < list->columns->len; i++)
		if (column_at(list, i) == list->query.sort[level].column)
			break;
	return i;
}

/* Says what rows are sorted by now, and makes them anew. */
static void
sort_changed(struct list *list)
{
	const struct sort_key *keys = list->query.sort;

	env_notice(list->env, ROLE_STATUS, "sorted by %s%s%s%s: %s", keys[0].column->info->name,
		keys[0].descending ? ", the highest first" : ", the lowest first",
		keys[1].column ? ", then by " : "", keys[1].column ? keys[1].column->info->name : "",
		keys[0].column->info->help);
	list_update(list);
}

void
list_sort_by(struct list *list, const struct column *column)
{
	if (column != list->query.sort[0].column)
		list->query.sort[1] = list->query.sort[0];
	list->query.sort[0] = (struct sort_key){ column, sort_starts_high(column) };
	sort_changed(list);
}

void
list_sort_invert(struct list *list)
{
	list->query.sort[0].descending = !list->query.sort[0].descending;
	sort_changed(list);
}

void
list_sort_move(struct list *list, int by)
{
	struct table_source source = list_table_source(list, NULL);
	g_autofree size_t *shown = g_new(size_t, source.ncolumns);
	size_t n = table_shown(&list->table, &list->pane, &source, shown), at = 0;

	while (at < n && shown[at] != source.sort_column)
		at++;
	at = at == n ? 0 : (at + n + (size_t)(by + (int)n)) % n;
	list_sort_by(list, column_at(list, (guint)shown[at]));
}

bool
list_set_sort(struct list *list, const char *text, GError **error)
{
	if (!sort_parse(list->kind, text, list->query.sort, error))
		return false;
	sort_changed(list);
	return true;
}
