/* list: marks, and the range that is being marked. */
#include "views/list_private.h"

static void
mark(struct list *list, const struct row_key *key, bool on)
{
	if (on)
		g_hash_table_add(list->marks, g_memdup2(key, sizeof(*key)));
	else
		g_hash_table_remove(list->marks, key);
}

/* The rows between the anchor and the cursor; the anchor may have been filtered away. */
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

	if (list_range_bounds(list, &from, &to)) {
		for (size_t i = from; i <= to; i++) {
			struct row_key key = list->kind->key(rows_at(list->rows, i));

			mark(list, &key, true);
		}
	}
	list->ranging = false;
}

void
list_invert_marks(struct list *list)
{
	size_t n = rows_count(list->rows);

	for (size_t i = 0; i < n; i++) {
		struct row_key key = list->kind->key(rows_at(list->rows, i));

		mark(list, &key, !g_hash_table_contains(list->marks, &key));
	}
}

/* Marks of rows that are gone must not count. */
void
list_drop_dead_marks(struct list *list)
{
	/* nearly all rows may be marked, and looking through all of them for each mark would take too long */
	g_autoptr(GHashTable) alive =
		list->kind->gather && list_marks(list) ? rows_gathered_keys(list->rows) : NULL;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, list->marks);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (alive ? !g_hash_table_contains(alive, key) : !list_row_exists(list, key))
			g_hash_table_iter_remove(&iter);
}

void
list_selection(struct list *list, GArray *keys, unsigned *hidden)
{
	size_t n = rows_count(list->rows);
	unsigned shown = 0;
	struct row_key key;

	list_range_end(list);
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

void
list_mark_row(struct list *list)
{
	struct row_key key;

	if (list->ranging) {
		list_range_end(list);
		return;
	}
	if (list_current(list, &key))
		mark(list, &key, !g_hash_table_contains(list->marks, &key));
	list_move(list, TABLE_DOWN);
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
	env_notice(list->env, ROLE_STATUS, "range: move, then v or Space to mark it, Esc to leave it");
}
