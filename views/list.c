#include "views/list.h"

#include "tui/cell.h"
#include "tui/table.h"
#include "views/request.h"

#include <string.h>

#define WHEEL_ROWS 3
#define CHECK_US   INT64_C(10000000)

struct list {
	const struct row_kind *kind;
	struct env *env;
	struct rows *rows;
	struct table table;
	struct pane pane; /* of the last draw, for the mouse */

	GPtrArray *columns;    /* const struct column *, as shown */
	GArray *table_columns; /* struct table_column, the same */
	unsigned updates;
	int64_t checked_us;  /* when marks and widths were looked through last … */
	size_t checked_rows; /* … and how many rows there were */

	GArray *widest; /* int: of each COLUMN_FIT column, the width of its widest text */
	bool chosen;    /* by :columns or `w`; else they come and go with the room there is */
	bool wide;

	struct rows_query query;
	struct filter *filter; /* query's; NULL: none */

	/* The row the operator put the cursor on. Until he does, the cursor stays at the top, whatever comes there. */
	bool placed;
	struct row_key wanted;
	bool follow;

	GHashTable *marks; /* struct row_key */
	bool ranging;
	struct row_key anchor; /* where the range began */
};

/* ---- columns ---- */

/* How wide COLUMN is to be: as its widest text so far, for it must not twitch when that text goes, but no more than its
 * share of the screen. */
static int
fitted_width(const struct list *list, guint at, int cols)
{
	const struct column *column = list->columns->pdata[at];
	int most = MIN(column->max_width, cols * column->flex / 16);

	return CLAMP(g_array_index(list->widest, int, at), column->width, MAX(column->width, most));
}

static void
fit_columns(struct list *list, int cols)
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

static void
measure_columns(struct list *list)
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
	measure_columns(list);
	return true;
}

static guint
sort_place(const struct list *list)
{
	guint i;

	for (i = 0; i < list->columns->len; i++)
		if (list->columns->pdata[i] == (gpointer)(uintptr_t)list->query.sort)
			break;
	return i;
}

/* A new order is looked at from its top, unless a row is being followed. */
static void
sort_changed(struct list *list)
{
	list->placed = list->placed && list->follow;
	list_update(list);
}

/* Numbers are looked at from the highest, words from A. */
static void
sort_by(struct list *list, const struct column *column)
{
	list->query.sort = column;
	list->query.descending = !(column->flags & COLUMN_TEXT);
}

static struct table_source table_source(struct list *list, const char *empty);

/* To the next column on the screen. */
static void
sort_move(struct list *list, int by)
{
	struct table_source source = table_source(list, NULL);
	g_autofree size_t *shown = g_new(size_t, source.ncolumns);
	size_t n = table_shown(&list->table, &list->pane, &source, shown), at = 0;

	while (at < n && shown[at] != source.sort_column)
		at++;
	at = at == n ? 0 : (at + n + (size_t)(by + (int)n)) % n;
	sort_by(list, list->columns->pdata[shown[at]]);
	env_notice(list->env, ROLE_STATUS, "sorted by %s: %s", list->query.sort->info->name,
		list->query.sort->info->help);
}

bool
list_set_sort(struct list *list, const char *text, GError **error)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 2);
	const struct column *column = words[0] ? column_by_name(list->kind, words[0]) : NULL;
	const char *direction = words[0] && words[1] ? g_strstrip(words[1]) : "";

	if (!column) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s have no column '%s'; Tab shows them",
			list->kind->plural, words[0] ? words[0] : "");
		return false;
	}
	if (*direction && strcmp(direction, "up") != 0 && strcmp(direction, "down") != 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"'%s' is no direction; allowed: up, down", direction);
		return false;
	}
	sort_by(list, column);
	if (*direction)
		list->query.descending = strcmp(direction, "down") == 0;
	sort_changed(list);
	return true;
}

/* ---- life ---- */

struct list *
list_new(const struct row_kind *kind, struct env *env, int64_t scope)
{
	struct list *list = g_new0(struct list, 1);

	list->kind = kind;
	list->env = env;
	list->rows = rows_new(kind);
	list->table_columns = g_array_new(FALSE, FALSE, sizeof(struct table_column));
	list->widest = g_array_new(FALSE, TRUE, sizeof(int));
	list->marks = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	list->query.scope = scope;
	list->query.sort = kind->sort ? column_by_name(kind, kind->sort) : &kind->columns[kind->name_column];
	list_set_columns(list, "default", NULL);
	return list;
}

void
list_free(struct list *list)
{
	if (!list)
		return;
	rows_free(list->rows);
	filter_free(list->filter);
	g_ptr_array_unref(list->columns);
	g_array_free(list->table_columns, TRUE);
	g_array_free(list->widest, TRUE);
	g_hash_table_destroy(list->marks);
	g_free(list);
}

const struct rows *
list_rows(const struct list *list)
{
	return list->rows;
}

const struct row_kind *
list_kind(const struct list *list)
{
	return list->kind;
}

unsigned
list_marks(const struct list *list)
{
	return g_hash_table_size(list->marks);
}

const char *
list_filter(const struct list *list)
{
	return list->filter ? filter_text(list->filter) : "";
}

bool
list_faults(const struct list *list)
{
	return list->query.faults;
}

/* ---- the cursor ---- */

bool
list_current(const struct list *list, struct row_key *key)
{
	if (list->table.cursor >= rows_count(list->rows))
		return false;
	*key = list->kind->key(rows_at(list->rows, list->table.cursor));
	return true;
}

/* The cursor is where the operator wants it. */
static void
place_cursor(struct list *list)
{
	list->placed = list_current(list, &list->wanted);
	list->follow = false;
}

/* The guest with KEY's uuid on another host, when it has left its own. */
static bool
find_moved(const struct list *list, struct row_key *key)
{
	size_t n = rows_count(list->rows);

	for (size_t i = 0; i < n; i++) {
		struct row_key candidate = list->kind->key(rows_at(list->rows, i));

		if (memcmp(candidate.uuid, key->uuid, UUID_LEN) == 0) {
			*key = candidate;
			return true;
		}
	}
	return false;
}

static bool
row_exists(const struct list *list, const struct row_key *key)
{
	return key->is_host || fleet_snap_find_vm(list->env->snap, key);
}

/* After an update: back onto the wanted row. When that is only hidden the cursor rests nearby and returns to it; when it
 * is gone for good, and not being followed, its place is taken by what is there. */
static void
restore_cursor(struct list *list)
{
	size_t n = rows_count(list->rows), at;

	if (!list->placed) {
		list->table.cursor = list->table.top = 0;
		return;
	}
	at = rows_find(list->rows, &list->wanted);
	if (at == n && list->follow && !list->wanted.is_host && !row_exists(list, &list->wanted) &&
		find_moved(list, &list->wanted))
		at = rows_find(list->rows, &list->wanted);
	if (at < n) {
		list->table.cursor = at;
		return;
	}
	list->table.cursor = n == 0 ? 0 : MIN(list->table.cursor, n - 1);
	if (!list->follow && !row_exists(list, &list->wanted))
		list->placed = list_current(list, &list->wanted);
}

/* ---- marks ---- */

static void
mark(struct list *list, const struct row_key *key, bool on)
{
	if (on)
		g_hash_table_add(list->marks, g_memdup2(key, sizeof(*key)));
	else
		g_hash_table_remove(list->marks, key);
}

/* The rows between the anchor and the cursor; the anchor may have been filtered away. */
static bool
range_bounds(const struct list *list, size_t *from, size_t *to)
{
	size_t n = rows_count(list->rows), anchor;

	if (!list->ranging || n == 0)
		return false;
	anchor = rows_find(list->rows, &list->anchor);
	if (anchor == n)
		anchor = list->table.cursor;
	*from = MIN(anchor, list->table.cursor);
	*to = MAX(anchor, list->table.cursor);
	return true;
}

static void
range_end(struct list *list)
{
	size_t from, to;

	if (range_bounds(list, &from, &to)) {
		for (size_t i = from; i <= to; i++) {
			struct row_key key = list->kind->key(rows_at(list->rows, i));

			mark(list, &key, true);
		}
	}
	list->ranging = false;
}

static void
invert_marks(struct list *list)
{
	size_t n = rows_count(list->rows);

	for (size_t i = 0; i < n; i++) {
		struct row_key key = list->kind->key(rows_at(list->rows, i));

		mark(list, &key, !g_hash_table_contains(list->marks, &key));
	}
}

/* Marks of rows that are gone must not count. */
static void
drop_dead_marks(struct list *list)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, list->marks);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (!row_exists(list, key))
			g_hash_table_iter_remove(&iter);
}

void
list_selection(struct list *list, GArray *keys, unsigned *hidden)
{
	size_t n = rows_count(list->rows);
	unsigned shown = 0;
	struct row_key key;

	range_end(list);
	*hidden = 0;
	if (list_marks(list) == 0) {
		if (list_current(list, &key))
			g_array_append_val(keys, key);
		return;
	}
	/* in the order of the screen, then the hidden ones */
	for (size_t i = 0; i < n; i++) {
		key = list->kind->key(rows_at(list->rows, i));
		if (g_hash_table_contains(list->marks, &key)) {
			g_array_append_val(keys, key);
			shown++;
		}
	}
	*hidden = list_marks(list) - shown;
	if (*hidden) {
		GHashTableIter iter;
		gpointer marked;

		g_hash_table_iter_init(&iter, list->marks);
		while (g_hash_table_iter_next(&iter, &marked, NULL))
			if (rows_find(list->rows, marked) == n)
				g_array_append_vals(keys, marked, 1);
	}
}

/* ---- updates ---- */

/* Looking through all rows and marks is for when there are others, and now and then. */
static bool
check_due(struct list *list)
{
	size_t n = rows_count(list->rows);

	if (n == list->checked_rows && list->env->row.now_us < list->checked_us + CHECK_US)
		return false;
	list->checked_rows = n;
	list->checked_us = list->env->row.now_us;
	return true;
}

void
list_update(struct list *list)
{
	list->query.filter = list->filter;
	rows_update(list->rows, list->env->snap, &list->query, &list->env->row);
	list->updates++;
	if (check_due(list)) {
		measure_columns(list);
		drop_dead_marks(list);
	}
	restore_cursor(list);
}

unsigned
list_updates(const struct list *list)
{
	return list->updates;
}

bool
list_set_filter(struct list *list, const char *text, size_t *error_at, GError **error)
{
	struct filter *filter = NULL;

	if (text && *text && !(filter = filter_new(list->kind, text, error_at, error)))
		return false;
	filter_free(list->filter);
	list->filter = filter;
	list_update(list);
	/* what the new filter hides is no longer what the operator looks at */
	if (list->placed && !list->follow && rows_find(list->rows, &list->wanted) == rows_count(list->rows)) {
		list->placed = false;
		restore_cursor(list);
	}
	return true;
}

/* ---- requests ---- */

static void
move(struct list *list, enum table_move how)
{
	table_move(&list->table, rows_count(list->rows), how);
	place_cursor(list);
}

static void
go_first(struct list *list)
{
	move(list, TABLE_FIRST);
	list->placed = list->ranging;
}

static void
mark_row(struct list *list)
{
	struct row_key key;

	if (list->ranging) {
		range_end(list);
		return;
	}
	if (list_current(list, &key))
		mark(list, &key, !g_hash_table_contains(list->marks, &key));
	move(list, TABLE_DOWN);
}

static void
range(struct list *list)
{
	if (list->ranging) {
		range_end(list);
		return;
	}
	list->ranging = list_current(list, &list->anchor);
	place_cursor(list);
	env_notice(list->env, ROLE_STATUS, "range: move, then v or Space to mark it, Esc to leave it");
}

static void
follow(struct list *list)
{
	struct row_key key;
	bool was = list->follow;

	if (!list_current(list, &key))
		return;
	place_cursor(list);
	list->follow = !was;
	env_notice(list->env, ROLE_STATUS,
		list->follow ? "following this row wherever it goes" : "no longer following");
}

static void
toggle_wide(struct list *list)
{
	list->wide = !list->wide;
	list_set_columns(list, list->wide ? "wide" : "default", NULL);
}

/* One layer: range, marks, filter. False: nothing to back out of here. */
static bool
back(struct list *list)
{
	if (list->ranging) {
		list->ranging = false;
		return true;
	}
	if (list_marks(list)) {
		g_hash_table_remove_all(list->marks);
		return true;
	}
	if (!list->filter && !list->query.faults)
		return false;
	list->query.faults = false;
	list_set_filter(list, NULL, NULL, NULL);
	return true;
}

static void
scroll_columns(struct list *list, int by)
{
	const struct table_source source = {
		.columns = (const struct table_column *)(const void *)list->table_columns->data,
		.ncolumns = list->table_columns->len,
	};

	table_scroll_columns(&list->table, &source, by);
}

bool
list_request(struct list *list, int request)
{
	switch (request) {
	case REQ_DOWN:
		move(list, TABLE_DOWN);
		return true;
	case REQ_UP:
		move(list, TABLE_UP);
		return true;
	case REQ_PAGE_DOWN:
		move(list, TABLE_PAGE_DOWN);
		return true;
	case REQ_PAGE_UP:
		move(list, TABLE_PAGE_UP);
		return true;
	case REQ_FIRST:
		go_first(list);
		return true;
	case REQ_LAST:
		move(list, TABLE_LAST);
		return true;
	case REQ_LEFT:
		scroll_columns(list, -1);
		return true;
	case REQ_RIGHT:
		scroll_columns(list, 1);
		return true;
	case REQ_MARK:
		mark_row(list);
		return true;
	case REQ_RANGE:
		range(list);
		return true;
	case REQ_INVERT:
		invert_marks(list);
		return true;
	case REQ_UNMARK:
		g_hash_table_remove_all(list->marks);
		list->ranging = false;
		return true;
	case REQ_SORT_LEFT:
	case REQ_SORT_RIGHT:
		sort_move(list, request == REQ_SORT_LEFT ? -1 : 1);
		sort_changed(list);
		return true;
	case REQ_SORT_INVERT:
		list->query.descending = !list->query.descending;
		sort_changed(list);
		return true;
	case REQ_FOLLOW:
		follow(list);
		return true;
	case REQ_WIDE:
		toggle_wide(list);
		return true;
	case REQ_FAULTS:
		list->query.faults = !list->query.faults;
		list_update(list);
		return true;
	case REQ_BACK:
		return back(list);
	default:
		return false;
	}
}

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

	return host_snap_fresh(host, list->env->row.now_us) ? ROLE_NORMAL : ROLE_DIM;
}

static bool
row_marked(void *ctx, size_t row)
{
	struct list *list = ctx;
	struct row_key key = list->kind->key(rows_at(list->rows, row));
	size_t from, to;

	if (list->ranging && range_bounds(list, &from, &to) && row >= from && row <= to)
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

static struct table_source
table_source(struct list *list, const char *empty)
{
	return (struct table_source){
		.ctx = list,
		.nrows = rows_count(list->rows),
		.columns = (const struct table_column *)(const void *)list->table_columns->data,
		.ncolumns = list->table_columns->len,
		.cell = draw_cell,
		.row_role = row_role,
		.marked = row_marked,
		.sort_column = sort_place(list),
		.sort_descending = list->query.descending,
		.empty = empty,
	};
}

void
list_draw(struct list *list, const struct pane *pane)
{
	g_autofree char *empty = rows_count(list->rows) == 0 ? empty_text(list) : NULL;
	struct table_source source = table_source(list, empty);

	fit_columns(list, pane->cols);
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
	struct table_source source = table_source(list, NULL);
	size_t row, column;
	bool header;

	table_hit(&list->table, &list->pane, &source, input.y, input.x, &row, &column, &header);
	if (header && column < source.ncolumns) {
		const struct column *clicked = list->columns->pdata[column];

		if (clicked == list->query.sort)
			list->query.descending = !list->query.descending;
		else
			sort_by(list, clicked);
		sort_changed(list);
	} else if (row < source.nrows) {
		list->table.cursor = row;
		place_cursor(list);
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
		move(list, input.button == MOUSE_WHEEL_UP ? TABLE_UP : TABLE_DOWN);
	return false;
}
