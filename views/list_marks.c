/* list: marks, and the range that is being marked. */
#include "views/list_private.h"

/* Domain-0 is never a target, so it is never marked. */
static bool
may_be_marked(const struct list *list, const void *row)
{
	return row && (!list->kind->part || list->kind->part(&list->env->row, row) != PART_NONE);
}

static void
mark(struct list *list, const void *row, bool on)
{
	struct row_key key = list->kind->key(row);

	list->marked++;
	if (on)
		g_hash_table_add(list->marks, g_memdup2(&key, sizeof(key)));
	else
		g_hash_table_remove(list->marks, &key);
}

static bool
has_mark(const struct list *list, const void *row)
{
	struct row_key key = list->kind->key(row);

	return g_hash_table_contains(list->marks, &key);
}

void
list_unmark(struct list *list)
{
	g_hash_table_remove_all(list->marks);
	list->ranging = false;
	list->marked++;
}

/* ---- the range ---- */

/* The lines between the anchor and the cursor; the anchor may have been filtered away. */
bool
list_range_bounds(const struct list *list, size_t *from, size_t *to)
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

void
list_range_end(struct list *list)
{
	size_t from, to;

	if (list_range_bounds(list, &from, &to))
		for (size_t i = from; i <= to; i++)
			if (may_be_marked(list, rows_at(list->rows, i)))
				mark(list, rows_at(list->rows, i), true);
	list->ranging = false;
}

void
list_range(struct list *list)
{
	if (list->ranging) {
		list_range_end(list);
		return;
	}
	list->ranging = list_current(list, &list->anchor);
	list_place_cursor(list);
	env_notice(list->env, ROLE_STATUS, "range: move, then v or Space marks it, Esc leaves it");
}

/* ---- counting ---- */

bool
list_has_marks(const struct list *list)
{
	return list->ranging || g_hash_table_size(list->marks) > 0;
}

bool
list_is_marked(const struct list *list, size_t line)
{
	const void *row = rows_at(list->rows, line);
	size_t from, to;

	if (!row)
		return false;
	if (list_range_bounds(list, &from, &to) && line >= from && line <= to && may_be_marked(list, row))
		return true;
	return has_mark(list, row);
}

/* Where all rows are shown no mark is hidden, for marks die with their rows. Else a pass over all rows: made once for each
 * update and each mark. */
static unsigned
count_hidden(struct list *list)
{
	size_t n = rows_count(list->rows);
	unsigned shown = 0;

	if (!list->query.grouping && n == rows_total(list->rows))
		return 0;
	if (list->seen.updates == list->updates && list->seen.marked == list->marked)
		return list->seen.hidden;
	for (size_t i = 0; g_hash_table_size(list->marks) && i < n; i++)
		shown += rows_at(list->rows, i) && has_mark(list, rows_at(list->rows, i));
	list->seen.updates = list->updates;
	list->seen.marked = list->marked;
	return list->seen.hidden = g_hash_table_size(list->marks) - shown;
}

unsigned
list_marks(struct list *list, unsigned *hidden)
{
	unsigned n = g_hash_table_size(list->marks);
	size_t from, to;

	if (hidden)
		*hidden = count_hidden(list);
	if (list_range_bounds(list, &from, &to))
		for (size_t i = from; i <= to; i++)
			n += may_be_marked(list, rows_at(list->rows, i)) &&
			     !has_mark(list, rows_at(list->rows, i));
	return n;
}

/* ---- marking ---- */

void
list_invert_marks(struct list *list)
{
	size_t n = rows_count(list->rows);

	list_range_end(list);
	for (size_t i = 0; i < n; i++) {
		const void *row = rows_at(list->rows, i);

		if (may_be_marked(list, row))
			mark(list, row, !has_mark(list, row));
	}
}

/* All of the group, folded or not – or none of it, when all are marked already. */
static void
mark_group(struct list *list, const struct row_group *group)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new();
	bool all = true;

	rows_members(list->rows, group, rows);
	for (guint i = 0; i < rows->len; i++)
		all = all && (!may_be_marked(list, rows->pdata[i]) || has_mark(list, rows->pdata[i]));
	for (guint i = 0; i < rows->len; i++)
		if (may_be_marked(list, rows->pdata[i]))
			mark(list, rows->pdata[i], !all);
}

void
list_mark_row(struct list *list)
{
	const struct row_group *group;
	const void *row;

	if (list->ranging) {
		list_range_end(list);
		return;
	}
	if (list->table.cursor >= rows_count(list->rows))
		return;
	row = rows_at(list->rows, list->table.cursor);
	group = rows_group_at(list->rows, list->table.cursor);
	if (group)
		mark_group(list, group);
	else if (may_be_marked(list, row))
		mark(list, row, !has_mark(list, row));
	else
		env_notice(list->env, ROLE_STATUS, "Domain-0 is never a target and can't be marked");
	list_move(list, TABLE_DOWN);
}

/* ---- what is chosen ---- */

void
list_drop_dead_marks(struct list *list)
{
	g_autoptr(GHashTable) living = rows_living(list->rows, list->marks);
	GHashTableIter iter;
	gpointer key;

	list->marked++;
	g_hash_table_iter_init(&iter, list->marks);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (!g_hash_table_contains(living, key))
			g_hash_table_iter_remove(&iter);
}

/* Appends the marks that are not among KEYS. */
static void
append_hidden(const struct list *list, GArray *keys)
{
	g_autoptr(GHashTable) shown = g_hash_table_new(row_key_hash, row_key_equal_g);
	g_autoptr(GPtrArray) hidden = g_ptr_array_new();
	GHashTableIter iter;
	gpointer marked;

	for (guint i = 0; i < keys->len; i++)
		g_hash_table_add(shown, &g_array_index(keys, struct row_key, i));
	g_hash_table_iter_init(&iter, list->marks);
	while (g_hash_table_iter_next(&iter, &marked, NULL))
		if (!g_hash_table_contains(shown, marked))
			g_ptr_array_add(hidden, marked);
	for (guint i = 0; i < hidden->len; i++)
		g_array_append_vals(keys, hidden->pdata[i], 1);
}

void
list_selection(struct list *list, GArray *keys, unsigned *hidden)
{
	size_t n = rows_count(list->rows);
	struct row_key key;

	list_range_end(list);
	*hidden = 0;
	if (!list_has_marks(list)) {
		if (list->table.cursor < n && rows_at(list->rows, list->table.cursor) &&
			list_current(list, &key))
			g_array_append_val(keys, key);
		return;
	}
	/* in the order of the screen, then the hidden ones */
	for (size_t i = 0; i < n; i++) {
		if (!rows_at(list->rows, i) || !has_mark(list, rows_at(list->rows, i)))
			continue;
		key = rows_key_at(list->rows, i);
		g_array_append_val(keys, key);
	}
	*hidden = g_hash_table_size(list->marks) - keys->len;
	if (*hidden)
		append_hidden(list, keys);
}
