/* rows: the order of their names, which decides among equals and changes only when rows come or go. */
#include "views/rows_private.h"

#include <string.h>

static const char unnamed[] = "\xff"; /* behind all others */

static const char *
entry_name(const struct rows *rows, const struct row_ctx *ctx, const struct entry *entry)
{
	const struct column *column = &rows->kind->columns[rows->kind->name_column];
	struct value value;

	column_value(column, ctx, entry->row, &value);
	return value.type == VALUE_TEXT ? value.text : unnamed;
}

static GPtrArray *
collect_names(const struct rows *rows, const struct row_ctx *ctx)
{
	GPtrArray *names = g_ptr_array_sized_new(rows->entries->len);

	for (guint i = 0; i < rows->entries->len; i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)entry_name(rows, ctx, &rows_entries(rows)[i]));
	return names;
}

/* The numbers, in order, of the entries whose blocks are the same as before, by their new numbers. */
static GArray *
take_over(const struct rows *rows, const GArray *old, const bool *same)
{
	GArray *kept = g_array_sized_new(FALSE, FALSE, sizeof(uint32_t), rows->by_name->len);
	g_autofree uint32_t *renumbered = g_new(uint32_t, rows->by_name->len + 1);

	for (guint i = 0; i < old->len; i++) {
		const struct block *block = &g_array_index(old, struct block, i);

		for (uint32_t j = 0; j < block->n; j++)
			renumbered[block->first + j] =
				i < rows->blocks->len && same[i]
					? g_array_index(rows->blocks, struct block, i).first + j
					: UINT32_MAX;
	}
	for (guint i = 0; i < rows->by_name->len; i++) {
		uint32_t id = renumbered[g_array_index(rows->by_name, uint32_t, i)];

		if (id != UINT32_MAX)
			g_array_append_val(kept, id);
	}
	return kept;
}

static GArray *
collect_fresh(const struct rows *rows, const bool *same)
{
	GArray *fresh = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (guint i = 0; i < rows->blocks->len; i++) {
		const struct block *block = &g_array_index(rows->blocks, struct block, i);

		for (uint32_t j = 0; !same[i] && j < block->n; j++) {
			uint32_t id = block->first + j;

			g_array_append_val(fresh, id);
		}
	}
	return fresh;
}

static int
compare(const GPtrArray *names, uint32_t a, uint32_t b)
{
	int difference = natural_compare(names->pdata[a], names->pdata[b]);

	return difference ? difference : (a > b) - (a < b);
}

/* The first place from FROM on in KEPT whose entry does not come before ID. */
static guint
place_of(const GPtrArray *names, const GArray *kept, guint from, uint32_t id)
{
	guint low = from, high = kept->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (compare(names, g_array_index(kept, uint32_t, middle), id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Both in order; few come among many. */
static void
merge(struct rows *rows, const GPtrArray *names, const GArray *kept, const GArray *fresh)
{
	const uint32_t *from = (const uint32_t *)(const void *)kept->data;
	guint at = 0;

	g_array_set_size(rows->by_name, 0);
	for (guint i = 0; i < fresh->len; i++) {
		uint32_t id = g_array_index(fresh, uint32_t, i);
		guint place = place_of(names, kept, at, id);

		g_array_append_vals(rows->by_name, from + at, place - at);
		g_array_append_val(rows->by_name, id);
		at = place;
	}
	g_array_append_vals(rows->by_name, from + at, kept->len - at);
}

static void
note_ranks(struct rows *rows, const GPtrArray *names)
{
	const uint32_t *by_name = (const uint32_t *)(const void *)rows->by_name->data;
	uint32_t rank = 0;

	g_array_set_size(rows->name_rank, rows->by_name->len);
	for (guint i = 0; i < rows->by_name->len; i++) {
		if (i && strcmp(names->pdata[by_name[i - 1]], names->pdata[by_name[i]]) != 0)
			rank = i;
		g_array_index(rows->name_rank, uint32_t, by_name[i]) =
			names->pdata[by_name[i]] == unnamed ? RANK_LAST : rank;
	}
}

void
rows_order_names(struct rows *rows, const struct row_ctx *ctx, const GArray *old, const bool *same)
{
	bool all_same = old->len == rows->blocks->len;

	for (guint i = 0; all_same && i < rows->blocks->len; i++)
		all_same = same[i];
	if (all_same)
		return;
	g_autoptr(GPtrArray) names = collect_names(rows, ctx);
	g_autoptr(GArray) kept = take_over(rows, old, same), fresh = collect_fresh(rows, same);

	rows->rosters++;
	natural_sort((const char *const *)names->pdata, (uint32_t *)(void *)fresh->data, fresh->len);
	merge(rows, names, kept, fresh);
	note_ranks(rows, names);
}
