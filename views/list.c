/* list: life, cursor, updates; list_requests.c has the requests, and other files what they do. */
#include "views/list_private.h"

#include "views/prefs.h"

#include <string.h>

#define CHECK_US INT64_C(10000000)

struct list *
list_new(const struct row_kind *kind, struct env *env, int64_t scope, void *source)
{
	struct list *list = g_new0(struct list, 1);
	struct sort_key sort[SORT_KEYS] = { { .column = &kind->columns[kind->name_column] } };

	list->kind = kind;
	list->env = env;
	list->rows = rows_new(kind, source);
	list->table_columns = g_array_new(FALSE, FALSE, sizeof(struct table_column));
	list->widest = g_array_new(FALSE, TRUE, sizeof(int));
	list->widths = g_array_new(FALSE, TRUE, sizeof(int));
	list->folds = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	list->marks = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	list->query.scope = scope;
	list->query.folding.except = list->folds;
	if (kind->sort)
		sort_parse(kind, kind->sort, sort, NULL);
	prefs_sort(env->config, kind, sort);
	memcpy(list->query.sort, sort, sizeof(sort));
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
	g_array_free(list->widths, TRUE);
	g_hash_table_destroy(list->marks);
	g_hash_table_destroy(list->folds);
	g_free(list->label);
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
	*key = rows_key_at(list->rows, list->table.cursor);
	return true;
}

/* The cursor is where the operator wants it. */
void
list_place_cursor(struct list *list)
{
	list->placed = list_current(list, &list->wanted);
	list->follow = false;
}

void
list_put_cursor(struct list *list, const struct row_key *key)
{
	size_t at = rows_find(list->rows, key);

	if (at == rows_count(list->rows))
		return;
	list->table.cursor = at;
	list_place_cursor(list);
}

/* The guest with KEY's uuid on another host, when it has left its own. */
static bool
find_moved(const struct list *list, struct row_key *key)
{
	const void *const *data = rows_data(list->rows);
	size_t n = rows_matched(list->rows);

	for (size_t i = 0; i < n; i++) {
		struct row_key candidate = list->kind->key(data[i]);

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
	if (rows_find(list->rows, key) < rows_count(list->rows))
		return true; /* a group, perhaps */
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
	if (rows_rosters(list->rows) == list->rosters && list->env->row.now_us < list->checked_us + CHECK_US)
		return false;
	list->rosters = rows_rosters(list->rows);
	list->checked_us = list->env->row.now_us;
	return true;
}

void
list_update(struct list *list)
{
	list->query.filter = list->filter;
	list->query.totals = list->columns;
	rows_update(list->rows, list->env->snap, &list->query, &list->env->row);
	list->updates++;
	if (check_due(list)) {
		list->measured = 0;
		list_drop_dead_marks(list);
	}
	list_measure_columns(list);
	restore_cursor(list);
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

/* TEXT is typed at the moment. A word that nothing matches may be on its way to be a column's name. */
static void
type_filter(struct list *list, const char *text)
{
	const struct config *config = list->env->config;
	struct filter *without;

	use_filter(list, filter_new(list->kind, config, text, QUERY_TYPING, NULL, NULL));
	if (rows_matched(list->rows) > 0)
		return;
	without = filter_new(list->kind, config, text, QUERY_TYPING_FIELD, NULL, NULL);
	if (strcmp(filter_text(without), list_filter(list)) != 0)
		use_filter(list, without);
	else
		filter_free(without);
}

bool
list_set_filter(
	struct list *list, const char *text, enum query_mode mode, struct query_fault *fault, GError **error)
{
	struct query_fault where = { 0 };
	struct filter *filter = NULL;
	bool whole = true;

	if (text && *text) {
		filter = filter_new(list->kind, list->env->config, text, QUERY_WHOLE, &where, error);
		whole = filter != NULL;
	}
	if (fault)
		*fault = where;
	if (text && *text && mode == QUERY_TYPING && (whole || where.incomplete)) {
		filter_free(filter);
		type_filter(list, text);
	} else if (whole) {
		use_filter(list, filter);
	}
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

void
list_move(struct list *list, enum table_move how)
{
	table_move(&list->table, rows_count(list->rows), how);
	list_place_cursor(list);
}
