/* rows: which rows are still there. */
#include "views/rows_private.h"

static void
note(const struct rows *rows, const void *row, GHashTable *keys, GHashTable *living)
{
	struct row_key key = rows->kind->key(row);
	gpointer own;

	if (g_hash_table_lookup_extended(keys, &key, &own, NULL))
		g_hash_table_add(living, own);
}

GHashTable *
rows_living(const struct rows *rows, GHashTable *keys)
{
	GHashTable *living = g_hash_table_new(NULL, NULL);

	if (g_hash_table_size(keys) == 0)
		return living;
	for (guint i = 0; i < rows->gathered->len; i++)
		note(rows, rows->gathered->pdata[i], keys, living);
	for (size_t i = 0; !rows->kind->gather && i < rows->snap->nhosts; i++)
		for (size_t j = 0; j < rows->kind->count(rows->snap->hosts[i]); j++)
			note(rows, rows->kind->at(rows->snap->hosts[i], j), keys, living);
	return living;
}
