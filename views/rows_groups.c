/* rows: groups – which there are, what they add up to, in which order they stand, and what is below them. */
#include "views/rows_private.h"

#include <string.h>

struct row_key
row_group_key(const char *name)
{
	struct row_key key = { .host = UINT32_MAX };
	uint64_t hash[2] = { UINT64_C(0xcbf29ce484222325), name ? 1 : 0 };

	for (const char *at = name; at && *at; at++) {
		hash[0] = (hash[0] ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
		hash[1] = (hash[1] + (unsigned char)*at) * UINT64_C(0x9e3779b97f4a7c15);
		hash[1] ^= hash[1] >> 29;
	}
	memcpy(key.uuid, hash, sizeof(key.uuid));
	return key;
}

static const char *
label_of(const struct rows *rows, const char *label, const void *row)
{
	const struct host_snap *host = rows->kind->host(row);

	return host && host->config && host->config->labels ? g_hash_table_lookup(host->config->labels, label)
							    : NULL;
}

void
rows_extract_groups(struct rows *rows, const struct grouping *grouping, const struct row_ctx *ctx,
	struct entry *entries, const bool *needed, size_t n)
{
	g_autofree const char **texts = g_new(const char *, n);
	g_autofree uint32_t *numbers = g_new(uint32_t, n);
	struct value value;

	for (size_t i = 0; i < n; i++) {
		texts[i] = NULL;
		if (!needed[i])
			continue;
		if (grouping->column) {
			column_value(grouping->column, ctx, entries[i].row, &value);
			texts[i] = value.type == VALUE_TEXT ? value.text : NULL;
		} else {
			texts[i] = label_of(rows, grouping->label, entries[i].row);
		}
		if (texts[i] == value.buffer)
			texts[i] = texts_at(rows->group_texts, texts_number(rows->group_texts, texts[i]));
	}
	texts_numbers(rows->group_texts, texts, numbers, n);
	for (size_t i = 0; i < n; i++)
		if (needed[i])
			entries[i].group = numbers[i];
}

/* ---- which there are ---- */

static struct row_group *
group_at(const struct rows *rows, uint32_t i)
{
	return &g_array_index(rows->groups, struct row_group, i);
}

/* As row_group_key() makes it of the text, once. */
static struct row_key
key_of_text(struct rows *rows, uint32_t number)
{
	for (guint i = rows->keys->len; i <= number; i++) {
		struct row_key key = row_group_key(texts_at(rows->group_texts, i));

		g_array_append_val(rows->keys, key);
	}
	return g_array_index(rows->keys, struct row_key, number);
}

/* The group of texts number NUMBER, made when there is none yet; the unknown ones' has the last place of group_of. */
static uint32_t
group_for(struct rows *rows, uint32_t number, const struct host_snap *host)
{
	guint at = number == NO_GROUP ? rows->group_of->len - 1 : number;
	uint32_t *group = &g_array_index(rows->group_of, uint32_t, at);

	if (*group == NO_GROUP) {
		const char *name = number == NO_GROUP ? NULL : texts_at(rows->group_texts, number);
		const struct row_group made = {
			.name = name,
			.host = host,
			.key = host   ? host_key(host)
			       : name ? key_of_text(rows, number)
				      : row_group_key(NULL),
			.text = number,
			.sums = NO_SUMS,
		};

		*group = rows->groups->len;
		g_array_append_val(rows->groups, made);
	}
	return *group;
}

/* Hosts without guests are hosts, too – but a filter looks for guests. */
static void
add_empty_hosts(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (query->scope < 0 || query->scope == snap->hosts[i]->index)
			group_for(
				rows, texts_number(rows->group_texts, snap->hosts[i]->name), snap->hosts[i]);
}

static void
prepare_groups(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query)
{
	bool empty_ones = query->grouping->hosts && !query->filter && !query->faults;

	for (size_t i = 0; empty_ones && i < snap->nhosts; i++)
		texts_number(rows->group_texts, snap->hosts[i]->name);
	g_array_set_size(rows->group_of, (guint)texts_count(rows->group_texts) + 1);
	for (guint i = 0; i < rows->group_of->len; i++)
		g_array_index(rows->group_of, uint32_t, i) = NO_GROUP;
	if (empty_ones)
		add_empty_hosts(rows, snap, query);
}

static void
count_row(struct rows *rows, const struct rows_query *query, const struct row_ctx *ctx, struct entry *entry)
{
	const struct host_snap *host = query->grouping->hosts ? rows->kind->host(entry->row) : NULL;
	struct row_group *group = group_at(rows, group_for(rows, entry->group, host));
	enum part part = rows->kind->part ? rows->kind->part(ctx, entry->row) : PART_ACTIVE;

	group->rows++;
	group->counted += part != PART_NONE;
	group->active += part == PART_ACTIVE;
}

/* ---- what they add up to ---- */

static void
note_column(struct rows *rows, const struct column *column)
{
	if (column && column->fold != FOLD_NONE && !g_ptr_array_find(rows->folded, column, NULL))
		g_ptr_array_add(rows->folded, (gpointer)(uintptr_t)column);
}

/* Those that groups are sorted by come first: their totals are needed of all groups, the others' of those on screen. */
static void
note_folded(struct rows *rows, const struct rows_query *query)
{
	g_ptr_array_set_size(rows->folded, 0);
	for (int i = 0; i < SORT_KEYS; i++)
		if (query->sort[i].column && !(query->sort[i].column->flags & COLUMN_TEXT))
			note_column(rows, query->sort[i].column);
	rows->nsorting = rows->folded->len;
	for (guint i = 0; query->totals && i < query->totals->len; i++)
		note_column(rows, query->totals->pdata[i]);
}

static void
fold_same(struct rows *rows, struct fold_sum *sum, const char *text)
{
	if (sum->state == FOLD_NOTHING) {
		sum->state = FOLD_ONE;
		sum->text = texts_number(rows->fold_texts, text);
	} else if (sum->state == FOLD_ONE && strcmp(texts_at(rows->fold_texts, sum->text), text) != 0) {
		sum->state = FOLD_MIXED;
	}
}

static void
fold_number(struct fold_sum *sum, enum fold fold, double number, double weight)
{
	bool first = sum->state == FOLD_NOTHING;

	if (fold == FOLD_MEAN && weight <= 0)
		return;
	sum->state = FOLD_ONE;
	if (fold == FOLD_MAX) {
		sum->value = first ? number : MAX(sum->value, number);
	} else {
		sum->value += fold == FOLD_MEAN ? number * weight : number;
		sum->weight += weight;
	}
}

/* Adds the row's part to SUMS of the columns FROM up to TO. */
static void
fold_row(struct rows *rows, const struct row_ctx *ctx, const struct entry *entry, struct fold_sum *sums,
	guint from, guint to)
{
	const struct row_kind *kind = rows->kind;
	enum part part = kind->part ? kind->part(ctx, entry->row) : PART_ACTIVE;
	double weight = kind->weight ? kind->weight(entry->row) : 1;

	for (guint i = from; part != PART_NONE && i < to; i++) {
		const struct column *column = rows->folded->pdata[i];
		struct fold_sum *sum = &sums[i - from];
		struct value value;

		if (sum->state == FOLD_MIXED || (column->fold != FOLD_SAME && part != PART_ACTIVE))
			continue;
		column_value(column, ctx, entry->row, &value);
		if (value.type == VALUE_TEXT && column->fold == FOLD_SAME)
			fold_same(rows, sum, value.text);
		else if (value.type == VALUE_NUMBER)
			fold_number(sum, column->fold, value.number, weight);
		else if (value.type == VALUE_UNKNOWN)
			sum->partial = true;
	}
}

/* The other columns' totals of a group, when they are asked for first. */
static void
fold_group(struct rows *rows, const struct row_ctx *ctx, struct row_group *group)
{
	const uint32_t *members = (const uint32_t *)(const void *)rows->members->data + group->first;

	group->sums = rows->asked->len;
	g_array_set_size(rows->asked, group->sums + rows->folded->len - rows->nsorting);
	for (unsigned i = 0; i < group->rows; i++)
		fold_row(rows, ctx, &rows_entries(rows)[members[i]],
			&g_array_index(rows->asked, struct fold_sum, group->sums), rows->nsorting,
			rows->folded->len);
}

static const struct fold_sum *
sum_of(struct rows *rows, const struct row_ctx *ctx, guint number, guint at)
{
	struct row_group *group = group_at(rows, number);

	if (at < rows->nsorting)
		return &g_array_index(rows->sums, struct fold_sum, number * rows->nsorting + at);
	if (group->sums == NO_SUMS)
		fold_group(rows, ctx, group);
	return &g_array_index(rows->asked, struct fold_sum, group->sums + at - rows->nsorting);
}

bool
rows_total_of(struct rows *rows, const struct row_ctx *ctx, const struct row_group *group,
	const struct column *column, struct value *out)
{
	const struct fold_sum *sum;
	guint at;

	out->type = VALUE_UNKNOWN;
	if (!g_ptr_array_find(rows->folded, column, &at))
		return true;
	sum = sum_of(rows, ctx, (guint)(group - group_at(rows, 0)), at);
	if (sum->state != FOLD_ONE)
		return true;
	if (column->fold == FOLD_SAME)
		value_text(out, texts_at(rows->fold_texts, sum->text));
	else
		value_number(out, column->fold == FOLD_MEAN ? sum->value / sum->weight : sum->value);
	return !sum->partial;
}

/* ---- their order ---- */

static void
sort_groups(struct rows *rows, const struct row_ctx *ctx, struct keyed *items, const struct sort_key *by,
	bool by_name)
{
	const uint32_t *ranks = texts_ranks(rows->group_texts);

	for (guint i = 0; i < rows->groups->len; i++) {
		const struct row_group *group = group_at(rows, items[i].id);
		struct value value;

		if (by_name && !group->name) {
			items[i].key = KEY_LAST;
		} else if (by_name) {
			uint32_t rank = ranks[group->text];

			items[i].key = by->descending ? UINT32_MAX - rank : rank;
		} else {
			rows_total_of(rows, ctx, group, by->column, &value);
			items[i].key = rows_number_key(&value, by->descending);
		}
	}
	radix_sort(items, items + rows->groups->len, rows->groups->len);
}

/* As their rows are, by what the group says of the same columns; in the end by name. ITEMS has room for twice the groups. */
static void
order_groups(
	struct rows *rows, const struct rows_query *query, const struct row_ctx *ctx, struct keyed *items)
{
	const struct sort_key by_name = { NULL, false };

	for (guint i = 0; i < rows->groups->len; i++)
		items[i] = (struct keyed){ .id = i };
	sort_groups(rows, ctx, items, &by_name, true);
	for (int level = SORT_KEYS - 1; level >= 0; level--) {
		const struct sort_key *key = &query->sort[level];
		bool named = key->column &&
			     (key->column == query->grouping->column || rows_sorts_by_name(rows, key));

		if (named || (key->column && !(key->column->flags & COLUMN_TEXT)))
			sort_groups(rows, ctx, items, key, named);
	}
}

/* ---- lines ---- */

static bool
is_folded(const struct folding *folding, const struct row_group *group)
{
	return folding->all != (folding->except && g_hash_table_size(folding->except) &&
				       g_hash_table_contains(folding->except, &group->key));
}

/* The sorted items by group, in their order. */
static void
deal_out(struct rows *rows)
{
	const struct keyed *items = rows_items(rows);
	uint32_t start = 0;

	g_array_set_size(rows->members, rows->items->len);
	for (guint i = 0; i < rows->groups->len; i++) {
		group_at(rows, i)->first = start;
		start += group_at(rows, i)->rows;
	}
	for (guint i = 0; i < rows->items->len; i++) {
		uint32_t group = group_for(rows, rows_entries(rows)[items[i].id].group, NULL);

		g_array_index(rows->members, uint32_t, group_at(rows, group)->first++) = items[i].id;
	}
	for (guint i = 0; i < rows->groups->len; i++)
		group_at(rows, i)->first -= group_at(rows, i)->rows;
}

static void
make_lines(struct rows *rows, const struct rows_query *query, const struct keyed *order)
{
	const uint32_t *members = (const uint32_t *)(const void *)rows->members->data;

	g_array_set_size(rows->lines, 0);
	for (guint i = 0; i < rows->groups->len; i++) {
		struct row_group *group = group_at(rows, order[i].id);
		uint32_t line = order[i].id | LINE_GROUP;

		group->folded = is_folded(&query->folding, group);
		g_array_append_val(rows->lines, line);
		if (!group->folded)
			g_array_append_vals(rows->lines, members + group->first, group->rows);
	}
}

static struct fold_sum *
sorting_sums(struct rows *rows, const struct entry *entry)
{
	return &g_array_index(
		rows->sums, struct fold_sum, group_for(rows, entry->group, NULL) * rows->nsorting);
}

void
rows_make_groups(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	struct entry *entries = rows_entries(rows);
	struct keyed *items;

	prepare_groups(rows, snap, query);
	for (guint i = 0; i < rows->entries->len; i++)
		if (entries[i].wanted)
			count_row(rows, query, ctx, &entries[i]);
	note_folded(rows, query);
	texts_clear(rows->fold_texts);
	g_array_set_size(rows->sums, 0);
	g_array_set_size(rows->sums, rows->groups->len * rows->nsorting);
	g_array_set_size(rows->asked, 0);
	for (guint i = 0; rows->nsorting && i < rows->entries->len; i++)
		if (entries[i].wanted)
			fold_row(rows, ctx, &entries[i], sorting_sums(rows, &entries[i]), 0, rows->nsorting);
	items = g_new(struct keyed, 2 * rows->groups->len + 1);
	deal_out(rows);
	order_groups(rows, query, ctx, items);
	make_lines(rows, query, items);
	g_free(items);
}

/* ---- looking up ---- */

size_t
rows_parent(const struct rows *rows, size_t i)
{
	size_t n = rows_count(rows);

	if (rows->groups->len == 0)
		return n;
	while (!rows_group_at(rows, i))
		i--;
	return i;
}

void
rows_members(const struct rows *rows, const struct row_group *group, GPtrArray *out)
{
	const uint32_t *members = (const uint32_t *)(const void *)rows->members->data + group->first;

	for (unsigned i = 0; i < group->rows; i++)
		g_ptr_array_add(out, (gpointer)(uintptr_t)rows_entries(rows)[members[i]].row);
}
