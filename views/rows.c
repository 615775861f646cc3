/* rows: life, updating, and looking up; rows_gather.c has which rows there are and match, rows_names.c, rows_keys.c and
 * rows_groups.c their order, rows_living.c what is still there. */
#include "views/rows_private.h"

#include <string.h>

struct rows *
rows_new(const struct row_kind *kind, void *source)
{
	struct rows *rows = g_new0(struct rows, 1);

	rows->kind = kind;
	rows->source = source;
	rows->gathered = g_ptr_array_new();
	rows->blocks = g_array_new(FALSE, FALSE, sizeof(struct block));
	rows->new_blocks = g_array_new(FALSE, FALSE, sizeof(struct block));
	rows->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->new_entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->by_name = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	rows->name_rank = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	rows->shelf = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)texts_free);
	rows->items = g_array_new(FALSE, FALSE, sizeof(struct keyed));
	rows->scratch = g_array_new(FALSE, FALSE, sizeof(struct keyed));
	rows->lines = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	rows->data = g_ptr_array_new();
	rows->group_texts = texts_new();
	rows->fold_texts = texts_new();
	rows->groups = g_array_new(FALSE, FALSE, sizeof(struct row_group));
	rows->group_of = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	rows->folded = g_ptr_array_new();
	rows->members = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	rows->sums = g_array_new(FALSE, TRUE, sizeof(struct fold_sum));
	rows->asked = g_array_new(FALSE, TRUE, sizeof(struct fold_sum));
	rows->keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (!rows)
		return;
	GArray *const arrays[] = { rows->blocks, rows->new_blocks, rows->entries, rows->new_entries,
		rows->by_name, rows->name_rank, rows->items, rows->scratch, rows->lines, rows->groups,
		rows->group_of, rows->sums, rows->asked, rows->keys, rows->members };

	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_free(arrays[i], TRUE);
	g_hash_table_destroy(rows->shelf);
	texts_free(rows->group_texts);
	texts_free(rows->fold_texts);
	g_ptr_array_free(rows->gathered, TRUE);
	g_ptr_array_free(rows->data, TRUE);
	g_ptr_array_free(rows->folded, TRUE);
	fleet_snap_unref(rows->snap);
	filter_free(rows->filter);
	g_free(rows->label);
	g_free(rows);
}

/* ---- updating ---- */

static void
note_data(struct rows *rows)
{
	const struct entry *entries = rows_entries(rows);
	guint n = 0;

	g_ptr_array_set_size(rows->data, (gint)rows->entries->len);
	for (guint i = 0; i < rows->entries->len; i++)
		if (entries[i].wanted)
			rows->data->pdata[n++] = (gpointer)(uintptr_t)entries[i].row;
	g_ptr_array_set_size(rows->data, (gint)n);
}

static void
note_lines(struct rows *rows)
{
	const struct keyed *items = rows_items(rows);

	g_array_set_size(rows->lines, rows->items->len);
	for (guint i = 0; i < rows->items->len; i++)
		g_array_index(rows->lines, uint32_t, i) = items[i].id;
}

static void
note_query(struct rows *rows, const struct rows_query *query)
{
	rows->query = *query;
	rows->grouped = query->grouping != NULL;
	filter_free(rows->filter);
	rows->filter = query->filter ? filter_ref(query->filter) : NULL;
	g_free(rows->label);
	rows->label = query->grouping ? g_strdup(query->grouping->label) : NULL;
	rows->grouping = query->grouping ? *query->grouping : (struct grouping){ 0 };
}

void
rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	bool others;

	fleet_snap_ref(snap);
	if (query->filter)
		filter_forget(query->filter);
	others = rows_gather(rows, snap, query, ctx);
	rows->rosters += others;
	rows->contents += rows->kind->gather || others || rows->snap != snap ||
			  rows->updated_us != ctx->now_us || rows->query.scope != query->scope;
	rows->updated_us = ctx->now_us;
	rows_sort(rows, query);
	note_data(rows);
	note_query(rows, query);
	g_array_set_size(rows->groups, 0);
	if (query->grouping)
		rows_make_groups(rows, snap, query, ctx);
	else
		note_lines(rows);
	fleet_snap_unref(rows->snap);
	rows->snap = snap;
}

/* ---- looking up ---- */

size_t
rows_count(const struct rows *rows)
{
	return rows->lines->len;
}

size_t
rows_total(const struct rows *rows)
{
	return rows->entries->len;
}

size_t
rows_matched(const struct rows *rows)
{
	return rows->data->len;
}

unsigned
rows_contents(const struct rows *rows)
{
	return rows->contents;
}

unsigned
rows_rosters(const struct rows *rows)
{
	return rows->rosters;
}

const void *const *
rows_data(const struct rows *rows)
{
	return (const void *const *)rows->data->pdata;
}

const struct row_group *
rows_group_at(const struct rows *rows, size_t i)
{
	uint32_t line = g_array_index(rows->lines, uint32_t, i);

	return line & LINE_GROUP ? &g_array_index(rows->groups, struct row_group, line & ~LINE_GROUP) : NULL;
}

const void *
rows_at(const struct rows *rows, size_t i)
{
	uint32_t line = g_array_index(rows->lines, uint32_t, i);

	return line & LINE_GROUP ? NULL : rows_entries(rows)[line].row;
}

struct row_key
rows_key_at(const struct rows *rows, size_t i)
{
	const struct row_group *group = rows_group_at(rows, i);

	return group ? group->key : rows->kind->key(rows_at(rows, i));
}

/* The number of KEY's entry among those of its block. */
static bool
find_entry(const struct rows *rows, const struct row_key *key, uint32_t *id)
{
	guint at = rows->kind->gather ? 0 : key->host;
	const struct block *block;

	if (at >= rows->blocks->len)
		return false;
	block = &g_array_index(rows->blocks, struct block, at);
	for (*id = block->first; *id < block->first + block->n; (*id)++) {
		struct row_key candidate = rows->kind->key(rows_entries(rows)[*id].row);

		if (row_key_equal(&candidate, key))
			return true;
	}
	return false;
}

bool
rows_gathered(const struct rows *rows, const struct row_key *key)
{
	uint32_t id;

	return find_entry(rows, key, &id);
}

static bool
find_group(const struct rows *rows, const struct row_key *key, uint32_t *line)
{
	for (guint i = 0; i < rows->groups->len; i++) {
		if (!row_key_equal(&g_array_index(rows->groups, struct row_group, i).key, key))
			continue;
		*line = i | LINE_GROUP;
		return true;
	}
	return false;
}

size_t
rows_find(const struct rows *rows, const struct row_key *key)
{
	const uint32_t *lines = (const uint32_t *)(const void *)rows->lines->data;
	size_t n = rows_count(rows), i = 0;
	uint32_t line;

	if (!find_group(rows, key, &line) && !find_entry(rows, key, &line))
		return n;
	while (i < n && lines[i] != line)
		i++;
	return i;
}
