/* rows: which rows there are, which of them match, and what they are sorted and grouped by – for as much as possible taken over
 * from the last update. */
#include "views/rows_private.h"

#include <string.h>

#define SHELF_MOST 6 /* columns whose words are kept in order */
#define TEXTS_MOST 2 /* times as many different texts as rows: those of rows that are gone are forgotten */

/* ---- what can be kept ---- */

/* What of the old entries' holds for the new query. */
struct reuse {
	bool matches; /* … or NARROWS: what did not match does not */
	bool narrows, keys[SORT_KEYS], groups;
};

static bool
same_grouping(const struct rows *rows, const struct grouping *grouping)
{
	if (!grouping || !rows->grouped)
		return !grouping && !rows->grouped;
	return rows->grouping.column == grouping->column && rows->grouping.hosts == grouping->hosts &&
	       g_strcmp0(rows->label, grouping->label) == 0;
}

static bool
filter_is_volatile(const struct filter *filter)
{
	return filter && filter_flags(filter) & COLUMN_VOLATILE;
}

static bool
same_filter(const struct filter *a, const struct filter *b)
{
	return a && b ? strcmp(filter_text(a), filter_text(b)) == 0 : a == b;
}

/* Everything that matches now matched before. */
static bool
narrows(const struct rows *rows, const struct rows_query *query)
{
	if (!rows->snap || (rows->query.faults && !query->faults) || filter_is_volatile(rows->filter))
		return false;
	return !rows->filter || (query->filter && filter_narrows(query->filter, rows->filter));
}

static bool
is_volatile(const struct column *column)
{
	return column && column->flags & COLUMN_VOLATILE;
}

static bool
same_key(const struct sort_key *a, const struct sort_key *b)
{
	return a->column == b->column && a->descending == b->descending;
}

/* Words have the same number in both directions. */
static bool
same_numbers(const struct sort_key *a, const struct sort_key *b)
{
	return same_key(a, b) || (a->column == b->column && a->column && a->column->flags & COLUMN_TEXT);
}

static struct reuse
what_holds(const struct rows *rows, const struct rows_query *query)
{
	struct reuse reuse = {
		.matches = rows->snap && same_filter(rows->filter, query->filter) &&
			   rows->query.faults == query->faults && !filter_is_volatile(query->filter),
		.narrows = narrows(rows, query),
		.groups = same_grouping(rows, query->grouping) &&
			  !(query->grouping && is_volatile(query->grouping->column)),
	};

	for (int i = 0; i < SORT_KEYS; i++)
		reuse.keys[i] = same_numbers(&rows->query.sort[i], &query->sort[i]) &&
				!is_volatile(query->sort[i].column);
	return reuse;
}

/* What of it holds for rows whose numbers are other ones, but not their facts. */
static struct reuse
what_lasts(const struct reuse *reuse, const struct rows_query *query)
{
	bool lasts = !query->faults && (!query->filter || filter_lasts(query->filter));
	struct reuse lasting = {
		.matches = reuse->matches && lasts,
		.groups = reuse->groups && (!query->grouping || !query->grouping->column ||
						   column_lasts(query->grouping->column)),
	};

	for (int i = 0; i < SORT_KEYS; i++)
		lasting.keys[i] =
			reuse->keys[i] && (!query->sort[i].column || column_lasts(query->sort[i].column));
	return lasting;
}

/* The first key becomes the second when another one is chosen: no need to look at all rows for it again. */
static void
move_first_key(struct rows *rows, const struct rows_query *query)
{
	if (SORT_KEYS != 2 || !same_key(&rows->query.sort[0], &query->sort[1]) ||
		same_key(&rows->query.sort[1], &query->sort[1]) || !query->sort[1].column)
		return;
	rows->texts[1] = rows->texts[0];
	for (guint i = 0; i < rows->entries->len; i++)
		rows_entries(rows)[i].key[1] = rows_entries(rows)[i].key[0];
	rows->query.sort[1] = rows->query.sort[0];
	rows->query.sort[0] = (struct sort_key){ NULL, false };
}

static gboolean
is_unused(gpointer column G_GNUC_UNUSED, gpointer texts, gpointer pointer)
{
	const struct rows *rows = pointer;

	for (int i = 0; i < SORT_KEYS; i++)
		if (rows->texts[i] == texts)
			return FALSE;
	return TRUE;
}

static void
find_texts(struct rows *rows, const struct rows_query *query)
{
	for (int i = 0; i < SORT_KEYS; i++) {
		gpointer column = (gpointer)(uintptr_t)query->sort[i].column;

		rows->texts[i] = column ? g_hash_table_lookup(rows->shelf, column) : NULL;
		if (!column || rows->texts[i])
			continue;
		rows->texts[i] = texts_new();
		g_hash_table_insert(rows->shelf, column, rows->texts[i]);
	}
	if (g_hash_table_size(rows->shelf) > SHELF_MOST)
		g_hash_table_foreach_remove(rows->shelf, is_unused, rows);
}

/* Numbers of words grow without end where words come and go. */
static bool
too_many(const struct rows *rows, const struct texts *texts)
{
	return texts && texts_count(texts) > TEXTS_MOST * (rows->entries->len + 1);
}

static void
forget_texts(struct rows *rows, struct reuse *reuse)
{
	for (int i = 0; i < SORT_KEYS; i++) {
		if (!too_many(rows, rows->texts[i]))
			continue;
		texts_clear(rows->texts[i]);
		memset(reuse->keys, 0, sizeof(reuse->keys));
	}
	if (!reuse->groups || too_many(rows, rows->group_texts)) {
		texts_clear(rows->group_texts);
		g_array_set_size(rows->keys, 0);
		reuse->groups = false;
	}
}

/* ---- gathering ---- */

/* What a block still is. */
enum block_is {
	BLOCK_OTHER,
	BLOCK_NAMED,   /* of the same names … */
	BLOCK_LASTING, /* … and the same in all columns that last … */
	BLOCK_KEPT,    /* … and the very same rows */
};

/* What an update works with. */
struct update {
	const struct fleet_snap *snap;
	const struct rows_query *query;
	const struct row_ctx *ctx;
	struct reuse reuse[BLOCK_KEPT + 1];
	enum block_is *is; /* per block */
	bool *same;        /* … whether it is BLOCK_NAMED at least */
	GArray *needed;    /* bool, by entry of a block */
};

static bool
row_wanted(const struct rows *rows, const struct update *update, const void *row)
{
	const struct rows_query *query = update->query;

	return (!query->faults || rows->kind->fault(update->ctx, row, NULL, 0) != SEVERITY_NONE) &&
	       (!query->filter || filter_match(query->filter, update->ctx, row));
}

/* Which rows match, and in *needed those of which nothing is known that is known of rows that matched before. */
static void
match_rows(struct rows *rows, const struct update *update, const struct reuse *reuse, struct entry *entries,
	uint32_t n)
{
	bool *fresh = (bool *)(void *)update->needed->data;

	for (uint32_t i = 0; i < n; i++) {
		bool was = entries[i].wanted;

		if (!reuse->matches && (was || !reuse->narrows))
			entries[i].wanted = row_wanted(rows, update, entries[i].row);
		fresh[i] = entries[i].wanted && !was;
	}
}

static void
fill_entries(struct rows *rows, const struct update *update, const struct reuse *reuse, struct entry *entries,
	uint32_t n)
{
	const struct rows_query *query = update->query;
	bool *fresh = (bool *)(void *)update->needed->data, *wanted = fresh + n;

	for (uint32_t i = 0; i < n; i++)
		wanted[i] = entries[i].wanted;
	for (int i = 0; i < SORT_KEYS; i++)
		rows_extract_keys(
			rows, &query->sort[i], i, update->ctx, entries, reuse->keys[i] ? fresh : wanted, n);
	if (query->grouping)
		rows_extract_groups(
			rows, query->grouping, update->ctx, entries, reuse->groups ? fresh : wanted, n);
}

static bool
holds_all(const struct reuse *reuse)
{
	return reuse->matches && reuse->keys[0] && reuse->keys[1] && reuse->groups;
}

static void
fill_block(struct rows *rows, const struct update *update, guint at)
{
	const struct block *block = &g_array_index(rows->new_blocks, struct block, at);
	struct entry *entries = (struct entry *)(void *)rows->new_entries->data + block->first;
	enum block_is is = update->is[at];
	const struct reuse *reuse = &update->reuse[is];

	if (block->n == 0)
		return;
	if (is >= BLOCK_LASTING)
		memcpy(entries, rows_entries(rows) + g_array_index(rows->blocks, struct block, at).first,
			block->n * sizeof(*entries));
	else
		memset(entries, 0, block->n * sizeof(*entries));
	for (uint32_t i = 0; is < BLOCK_KEPT && i < block->n; i++)
		entries[i].row = rows->kind->gather ? rows->gathered->pdata[i]
						    : rows->kind->at(update->snap->hosts[at], i);
	if (is >= BLOCK_LASTING && holds_all(reuse))
		return;
	g_array_set_size(update->needed, 2 * block->n);
	match_rows(rows, update, reuse, entries, block->n);
	fill_entries(rows, update, reuse, entries, block->n);
}

/* How many rows the host has for us, and whether they are those it had. */
static struct block
host_block(const struct rows *rows, const struct update *update, const struct host_snap *host, uint32_t first)
{
	bool inside = update->query->scope < 0 || update->query->scope == host->index;

	return (struct block){
		.first = first,
		.n = inside ? (uint32_t)rows->kind->count(host) : 0,
		.roster = inside && rows->kind->roster ? rows->kind->roster(host) : 1,
		.facts = inside && rows->kind->facts ? rows->kind->facts(host) : 0,
		.link = (uint8_t)host_snap_link(host, update->ctx->now_us),
	};
}

static void
make_blocks(struct rows *rows, const struct update *update)
{
	uint32_t first = 0;

	g_array_set_size(rows->new_blocks, 0);
	if (rows->kind->gather) {
		struct block block = { 0 };

		g_ptr_array_set_size(rows->gathered, 0);
		rows->kind->gather(rows->source, update->snap, update->ctx, rows->gathered);
		block.n = rows->gathered->len;
		block.roster = rows->kind->gathered ? rows->kind->gathered(rows->source) : 0;
		g_array_append_val(rows->new_blocks, block);
		first = block.n;
	}
	for (size_t i = 0; !rows->kind->gather && i < update->snap->nhosts; i++) {
		struct block block = host_block(rows, update, update->snap->hosts[i], first);

		g_array_append_val(rows->new_blocks, block);
		first += block.n;
	}
	g_array_set_size(rows->new_entries, first);
}

static enum block_is
compare_block(const struct rows *rows, const struct update *update, guint at)
{
	const struct block *now = &g_array_index(rows->new_blocks, struct block, at), *then;

	if (at >= rows->blocks->len || (rows->kind->gather && !rows->kind->gathered))
		return BLOCK_OTHER;
	then = &g_array_index(rows->blocks, struct block, at);
	if (now->roster != then->roster || now->n != then->n)
		return BLOCK_OTHER;
	if (rows->kind->gather || now->link != then->link)
		return BLOCK_NAMED;
	if (rows->snap->hosts[at] == update->snap->hosts[at])
		return BLOCK_KEPT;
	return rows->kind->facts && now->facts == then->facts ? BLOCK_LASTING : BLOCK_NAMED;
}

static void
compare_blocks(const struct rows *rows, struct update *update)
{
	for (guint i = 0; i < rows->new_blocks->len; i++) {
		update->is[i] = compare_block(rows, update, i);
		update->same[i] = update->is[i] >= BLOCK_NAMED;
	}
}

static void
swap(GArray **a, GArray **b)
{
	GArray *other = *a;

	*a = *b;
	*b = other;
}

static void
gather(struct rows *rows, struct update *update)
{
	make_blocks(rows, update);
	update->is = g_new(enum block_is, rows->new_blocks->len + 1);
	update->same = g_new(bool, rows->new_blocks->len + 1);
	update->needed = g_array_new(FALSE, FALSE, sizeof(bool));
	compare_blocks(rows, update);
	for (guint i = 0; i < rows->new_blocks->len; i++)
		fill_block(rows, update, i);
	swap(&rows->blocks, &rows->new_blocks);
	swap(&rows->entries, &rows->new_entries);
	rows_order_names(rows, update->ctx, rows->new_blocks, update->same);
	g_array_unref(update->needed);
	g_free(update->is);
	g_free(update->same);
}

bool
rows_gather(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	struct update update = { .snap = snap, .query = query, .ctx = ctx };
	struct reuse *kept = &update.reuse[BLOCK_KEPT];

	move_first_key(rows, query);
	find_texts(rows, query);
	*kept = what_holds(rows, query);
	forget_texts(rows, kept);
	update.reuse[BLOCK_LASTING] = what_lasts(kept, query);
	gather(rows, &update);
	return !kept->matches;
}
