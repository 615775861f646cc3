/* rows: life, gathering, and looking up; rows_names.c, rows_keys.c and rows_groups.c have the order, rows_living.c
 * what is still there. */
#include "views/rows_private.h"

#include <string.h>

#define TEXTS_MOST 2 /* times as many different texts as rows: those of rows that are gone are forgotten */

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
	for (int i = 0; i < SORT_KEYS; i++)
		rows->texts[i] = texts_new();
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
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (!rows)
		return;
	GArray *const arrays[] = { rows->blocks, rows->new_blocks, rows->entries, rows->new_entries,
		rows->by_name, rows->name_rank, rows->items, rows->scratch, rows->lines, rows->groups,
		rows->group_of, rows->sums, rows->members };

	for (size_t i = 0; i < G_N_ELEMENTS(arrays); i++)
		g_array_free(arrays[i], TRUE);
	for (int i = 0; i < SORT_KEYS; i++)
		texts_free(rows->texts[i]);
	texts_free(rows->group_texts);
	texts_free(rows->fold_texts);
	g_ptr_array_free(rows->gathered, TRUE);
	g_ptr_array_free(rows->data, TRUE);
	g_ptr_array_free(rows->folded, TRUE);
	fleet_snap_unref(rows->snap);
	g_free(rows->filter);
	g_free(rows->label);
	g_free(rows);
}

/* ---- what can be kept ---- */

/* What of the old entries' holds for the new query. */
struct reuse {
	bool matches, keys[SORT_KEYS], groups;
};

static bool
same_grouping(const struct rows *rows, const struct grouping *grouping)
{
	if (!grouping || !rows->grouped)
		return !grouping && !rows->grouped;
	return rows->grouping.column == grouping->column && rows->grouping.hosts == grouping->hosts &&
	       g_strcmp0(rows->label, grouping->label) == 0;
}

static struct reuse
what_holds(const struct rows *rows, const struct rows_query *query)
{
	const char *filter = query->filter ? filter_text(query->filter) : NULL;
	struct reuse reuse = {
		.matches = rows->snap && g_strcmp0(rows->filter, filter) == 0 &&
			   rows->query.faults == query->faults &&
			   !(query->filter && filter_flags(query->filter) & COLUMN_VOLATILE),
		.groups = same_grouping(rows, query->grouping),
	};

	for (int i = 0; i < SORT_KEYS; i++)
		reuse.keys[i] = rows->query.sort[i].column == query->sort[i].column &&
				rows->query.sort[i].descending == query->sort[i].descending &&
				!(query->sort[i].column && query->sort[i].column->flags & COLUMN_VOLATILE);
	return reuse;
}

/* Numbers of words grow without end where words come and go. */
static void
forget_texts(struct rows *rows, struct reuse *reuse)
{
	for (int i = 0; i < SORT_KEYS; i++) {
		if (reuse->keys[i] && texts_count(rows->texts[i]) <= TEXTS_MOST * (rows->entries->len + 1))
			continue;
		texts_clear(rows->texts[i]);
		reuse->keys[i] = false;
	}
	if (!reuse->groups || texts_count(rows->group_texts) > TEXTS_MOST * (rows->entries->len + 1)) {
		texts_clear(rows->group_texts);
		reuse->groups = false;
	}
}

/* ---- gathering ---- */

/* What an update works with. */
struct update {
	const struct fleet_snap *snap;
	const struct rows_query *query;
	const struct row_ctx *ctx;
	struct reuse reuse;
	bool *kept; /* per block: its old entries' rows are still the very same */
	bool *same; /* … or at least their names */
};

static bool
row_wanted(const struct rows *rows, const struct update *update, const void *row)
{
	const struct rows_query *query = update->query;

	return (!query->faults || rows->kind->fault(update->ctx, row, NULL, 0) != SEVERITY_NONE) &&
	       (!query->filter || filter_match(query->filter, update->ctx, row));
}

/* Fills in what does not hold from before. */
static void
fill_entry(struct rows *rows, const struct update *update, struct entry *entry, bool kept)
{
	bool was_wanted = kept && entry->wanted;

	if (!kept || !update->reuse.matches)
		entry->wanted = row_wanted(rows, update, entry->row);
	if (!entry->wanted)
		return;
	for (int i = 0; i < SORT_KEYS; i++)
		if (!was_wanted || !update->reuse.keys[i])
			rows_extract_key(rows, &update->query->sort[i], i, update->ctx, entry);
	if (update->query->grouping && (!was_wanted || !update->reuse.groups))
		rows_extract_group(rows, update->query->grouping, entry, update->ctx);
}

static void
fill_block(struct rows *rows, const struct update *update, guint at)
{
	const struct block *block = &g_array_index(rows->new_blocks, struct block, at);
	struct entry *entries = (struct entry *)(void *)rows->new_entries->data + block->first;
	bool kept = update->kept[at];

	if (kept && block->n)
		memcpy(entries, rows_entries(rows) + g_array_index(rows->blocks, struct block, at).first,
			block->n * sizeof(*entries));
	if (kept && update->reuse.matches && update->reuse.keys[0] && update->reuse.keys[1] &&
		update->reuse.groups)
		return;
	for (uint32_t i = 0; i < block->n; i++) {
		if (!kept)
			entries[i].row = rows->kind->gather ? rows->gathered->pdata[i]
							    : rows->kind->at(update->snap->hosts[at], i);
		fill_entry(rows, update, &entries[i], kept);
	}
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

static void
compare_blocks(const struct rows *rows, struct update *update)
{
	for (guint i = 0; i < rows->new_blocks->len; i++) {
		const struct block *now = &g_array_index(rows->new_blocks, struct block, i), *then;

		update->same[i] = update->kept[i] = false;
		if (i >= rows->blocks->len || (rows->kind->gather && !rows->kind->gathered))
			continue;
		then = &g_array_index(rows->blocks, struct block, i);
		update->same[i] = now->roster == then->roster && now->n == then->n;
		if (rows->kind->gather)
			continue;
		update->kept[i] = update->same[i] && rows->snap->hosts[i] == update->snap->hosts[i] &&
				  now->link == then->link;
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
	update->kept = g_new(bool, rows->new_blocks->len + 1);
	update->same = g_new(bool, rows->new_blocks->len + 1);
	compare_blocks(rows, update);
	for (guint i = 0; i < rows->new_blocks->len; i++)
		fill_block(rows, update, i);
	swap(&rows->blocks, &rows->new_blocks);
	swap(&rows->entries, &rows->new_entries);
	rows_order_names(rows, update->ctx, rows->new_blocks, update->same);
	g_free(update->kept);
	g_free(update->same);
}

/* ---- updating ---- */

static void
note_data(struct rows *rows)
{
	const struct entry *entries = rows_entries(rows);

	g_ptr_array_set_size(rows->data, 0);
	for (guint i = 0; i < rows->entries->len; i++)
		if (entries[i].wanted)
			g_ptr_array_add(rows->data, (gpointer)(uintptr_t)entries[i].row);
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
	g_free(rows->filter);
	rows->filter = query->filter ? g_strdup(filter_text(query->filter)) : NULL;
	g_free(rows->label);
	rows->label = query->grouping ? g_strdup(query->grouping->label) : NULL;
	rows->grouping = query->grouping ? *query->grouping : (struct grouping){ 0 };
}

void
rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	struct update update = { .snap = snap, .query = query, .ctx = ctx, .reuse = what_holds(rows, query) };

	fleet_snap_ref(snap);
	if (query->filter)
		filter_forget(query->filter);
	forget_texts(rows, &update.reuse);
	if (!update.reuse.matches)
		rows->rosters++;
	if (rows->kind->gather || !update.reuse.matches || rows->snap != snap ||
		rows->updated_us != ctx->now_us || rows->query.scope != query->scope)
		rows->contents++;
	rows->updated_us = ctx->now_us;
	gather(rows, &update);
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
