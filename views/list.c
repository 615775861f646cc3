/* list: life, cursor, updates, requests; list_columns.c, list_marks.c and list_draw.c have the rest. */
#include "views/list_private.h"

#include "views/request.h"

#include <string.h>

#define CHECK_US INT64_C(10000000)

struct list *
list_new(const struct row_kind *kind, struct env *env, int64_t scope, void *source)
{
	struct list *list = g_new0(struct list, 1);

	list->kind = kind;
	list->env = env;
	list->rows = rows_new(kind, source);
	list->table_columns = g_array_new(FALSE, FALSE, sizeof(struct table_column));
	list->widest = g_array_new(FALSE, TRUE, sizeof(int));
	list->marks = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	list->query.scope = scope;
	list->query.sort[0].column = &kind->columns[kind->name_column];
	if (kind->sort)
		sort_parse(kind, kind->sort, list->query.sort, NULL);
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
	g_free(list->home);
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
void
list_place_cursor(struct list *list)
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

bool
list_row_exists(const struct list *list, const struct row_key *key)
{
	if (list->kind->gather)
		return rows_gathered(list->rows, key);
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
	if (at == n && list->follow && !list->wanted.is_host && !list_row_exists(list, &list->wanted) &&
		find_moved(list, &list->wanted))
		at = rows_find(list->rows, &list->wanted);
	if (at < n) {
		list->table.cursor = at;
		return;
	}
	list->table.cursor = n == 0 ? 0 : MIN(list->table.cursor, n - 1);
	if (!list->follow && !list_row_exists(list, &list->wanted))
		list->placed = list_current(list, &list->wanted);
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
		list_measure_columns(list);
		list_drop_dead_marks(list);
	}
	restore_cursor(list);
}

unsigned
list_updates(const struct list *list)
{
	return list->updates;
}

static void
use_filter(struct list *list, struct filter *filter)
{
	filter_free(list->filter);
	list->filter = filter;
	list_update(list);
	/* what the new filter hides is no longer what the operator looks at */
	if (list->placed && !list->follow && rows_find(list->rows, &list->wanted) == rows_count(list->rows)) {
		list->placed = false;
		restore_cursor(list);
	}
}

bool
list_set_filter(
	struct list *list, const char *text, enum query_mode mode, struct query_fault *fault, GError **error)
{
	const struct config *config = list->env->config;
	struct query_fault where = { 0 };
	struct filter *filter = NULL;
	bool whole = true;

	if (text && *text) {
		filter = filter_new(list->kind, config, text, QUERY_WHOLE, &where, error);
		whole = filter != NULL;
		if (mode == QUERY_TYPING && (whole || where.incomplete)) {
			filter_free(filter);
			filter = filter_new(list->kind, config, text, QUERY_TYPING, NULL, NULL);
		}
	}
	if (fault)
		*fault = where;
	if (whole || filter)
		use_filter(list, filter);
	return whole;
}

bool
list_open_filtered(struct list *list, const char *text, GError **error)
{
	if (!list_set_filter(list, text, QUERY_WHOLE, NULL, error))
		return false;
	g_free(list->home);
	list->home = g_strdup(text);
	return true;
}

/* ---- requests ---- */

void
list_move(struct list *list, enum table_move how)
{
	table_move(&list->table, rows_count(list->rows), how);
	list_place_cursor(list);
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
	if (strcmp(list_filter(list), list->home ? list->home : "") == 0 && !list->query.faults)
		return false;
	list->query.faults = false;
	list_set_filter(list, list->home, QUERY_WHOLE, NULL, NULL);
	return true;
}

static void
act_scroll(struct list *list, int by)
{
	const struct table_source source = {
		.columns = (const struct table_column *)(const void *)list->table_columns->data,
		.ncolumns = list->table_columns->len,
	};

	table_scroll_columns(&list->table, &source, by);
}

static void
act_move(struct list *list, int how)
{
	list_move(list, (enum table_move)how);
}

static void
act_first(struct list *list, int unused G_GNUC_UNUSED)
{
	list_move(list, TABLE_FIRST);
	list->placed = list->ranging; /* lets go of the row, but for a range that is being made */
}

static void
act_mark(struct list *list, int unused G_GNUC_UNUSED)
{
	list_mark_row(list);
}

static void
act_range(struct list *list, int unused G_GNUC_UNUSED)
{
	list_range(list);
}

static void
act_invert(struct list *list, int unused G_GNUC_UNUSED)
{
	list_invert_marks(list);
}

static void
act_unmark(struct list *list, int unused G_GNUC_UNUSED)
{
	g_hash_table_remove_all(list->marks);
	list->ranging = false;
}

static void
act_sort(struct list *list, int by)
{
	list_sort_move(list, by);
	list_sort_changed(list);
}

static void
act_sort_invert(struct list *list, int unused G_GNUC_UNUSED)
{
	list->query.sort[0].descending = !list->query.sort[0].descending;
	list_sort_changed(list);
}

static void
act_follow(struct list *list, int unused G_GNUC_UNUSED)
{
	struct row_key key;
	bool was = list->follow;

	if (!list_current(list, &key))
		return;
	list_place_cursor(list);
	list->follow = !was;
	env_notice(list->env, ROLE_STATUS,
		list->follow ? "following this row wherever it goes" : "no longer following");
}

static void
act_wide(struct list *list, int unused G_GNUC_UNUSED)
{
	list_toggle_wide(list);
}

static void
act_faults(struct list *list, int unused G_GNUC_UNUSED)
{
	list->query.faults = !list->query.faults;
	list_update(list);
}

bool
list_request(struct list *list, int request)
{
	static const struct {
		void (*act)(struct list *list, int argument);
		int argument;
	} acts[REQ_COUNT] = {
		[REQ_DOWN] = { act_move, TABLE_DOWN },
		[REQ_UP] = { act_move, TABLE_UP },
		[REQ_PAGE_DOWN] = { act_move, TABLE_PAGE_DOWN },
		[REQ_PAGE_UP] = { act_move, TABLE_PAGE_UP },
		[REQ_FIRST] = { act_first, 0 },
		[REQ_LAST] = { act_move, TABLE_LAST },
		[REQ_LEFT] = { act_scroll, -1 },
		[REQ_RIGHT] = { act_scroll, 1 },
		[REQ_MARK] = { act_mark, 0 },
		[REQ_RANGE] = { act_range, 0 },
		[REQ_INVERT] = { act_invert, 0 },
		[REQ_UNMARK] = { act_unmark, 0 },
		[REQ_SORT_LEFT] = { act_sort, -1 },
		[REQ_SORT_RIGHT] = { act_sort, 1 },
		[REQ_SORT_INVERT] = { act_sort_invert, 0 },
		[REQ_FOLLOW] = { act_follow, 0 },
		[REQ_WIDE] = { act_wide, 0 },
		[REQ_FAULTS] = { act_faults, 0 },
	};

	if (request == REQ_BACK)
		return back(list);
	if (request < 0 || request >= REQ_COUNT || !acts[request].act)
		return false;
	acts[request].act(list, acts[request].argument);
	return true;
}
