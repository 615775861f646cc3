/* rows: sort keys, and sorting by them. */
#include "views/rows_private.h"

#include "config/config.h"

#include <string.h>

#define EXTRACT_BATCH 64

/* ---- one row ---- */

/* Orders like the doubles. */
static uint64_t
key_of_number(double number)
{
	uint64_t bits;

	number += 0.0; /* -0 is 0 */
	memcpy(&bits, &number, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

uint64_t
rows_number_key(const struct value *value, bool descending)
{
	uint64_t key;

	if (value->type == VALUE_UNKNOWN)
		return KEY_LAST; /* in both directions */
	key = key_of_number(value->number);
	return descending ? ~key : key;
}

bool
rows_sorts_by_name(const struct rows *rows, const struct sort_key *key)
{
	return key->column == &rows->kind->columns[rows->kind->name_column];
}

/* What COLUMN says of the rows in words goes to TEXTS, numbers to the entries themselves. */
static void
extract_batch(struct rows *rows, const struct sort_key *key, int level, const struct row_ctx *ctx,
	struct entry **entries, size_t n)
{
	const char *texts[EXTRACT_BATCH];
	uint32_t numbers[EXTRACT_BATCH];
	struct value value;

	for (size_t i = 0; i < n; i++) {
		column_value(key->column, ctx, entries[i]->row, &value);
		texts[i] = value.type == VALUE_TEXT && value.text != value.buffer ? value.text : NULL;
		if (value.type == VALUE_TEXT && value.text == value.buffer)
			entries[i]->key[level] = texts_number(rows->texts[level], value.text);
		else if (value.type != VALUE_TEXT)
			entries[i]->key[level] = rows_number_key(&value, key->descending);
	}
	if (!(key->column->flags & COLUMN_TEXT))
		return;
	texts_numbers(rows->texts[level], texts, numbers, n);
	for (size_t i = 0; i < n; i++)
		if (numbers[i] != TEXTS_NONE)
			entries[i]->key[level] = numbers[i];
}

void
rows_extract_keys(struct rows *rows, const struct sort_key *key, int level, const struct row_ctx *ctx,
	struct entry *entries, const bool *needed, size_t n)
{
	struct entry *batch[EXTRACT_BATCH];
	size_t filled = 0;

	if (!key->column || rows_sorts_by_name(rows, key))
		return;
	for (size_t i = 0; i < n; i++) {
		if (needed[i])
			batch[filled++] = &entries[i];
		if (filled == EXTRACT_BATCH || (filled && i + 1 == n)) {
			extract_batch(rows, key, level, ctx, batch, filled);
			filled = 0;
		}
	}
}

/* ---- all rows ---- */

static void
sort_items(struct rows *rows)
{
	g_array_set_size(rows->scratch, rows->items->len);
	radix_sort(rows_items(rows), (struct keyed *)(void *)rows->scratch->data, rows->items->len);
}

static void
sort_by_name(struct rows *rows, bool descending)
{
	const uint32_t *rank = (const uint32_t *)(const void *)rows->name_rank->data;
	struct keyed *items = rows_items(rows);

	for (guint i = 0; i < rows->items->len; i++) {
		uint32_t own = rank[items[i].id];

		items[i].key = own == RANK_LAST ? KEY_LAST : descending ? UINT32_MAX - own : own;
	}
	sort_items(rows);
}

static void
sort_by_text(struct rows *rows, int level, bool descending)
{
	const uint32_t *ranks = texts_ranks(rows->texts[level]);
	const struct entry *entries = rows_entries(rows);
	struct keyed *items = rows_items(rows);

	for (guint i = 0; i < rows->items->len; i++) {
		uint64_t number = entries[items[i].id].key[level];

		if (number == KEY_LAST)
			items[i].key = KEY_LAST;
		else
			items[i].key = descending ? UINT32_MAX - ranks[number] : ranks[number];
	}
	sort_items(rows);
}

static void
sort_by_number(struct rows *rows, int level)
{
	const struct entry *entries = rows_entries(rows);
	struct keyed *items = rows_items(rows);

	for (guint i = 0; i < rows->items->len; i++)
		items[i].key = entries[items[i].id].key[level];
	sort_items(rows);
}

/* The last key first, for each sort keeps the order of those that it finds equal. */
void
rows_sort(struct rows *rows, const struct rows_query *query)
{
	const uint32_t *by_name = (const uint32_t *)(const void *)rows->by_name->data;
	const struct entry *entries = rows_entries(rows);
	bool sorted = false;
	guint n = 0;

	g_array_set_size(rows->items, rows->by_name->len);
	for (guint i = 0; i < rows->by_name->len; i++)
		if (entries[by_name[i]].wanted)
			rows_items(rows)[n++].id = by_name[i];
	g_array_set_size(rows->items, n);
	for (int level = SORT_KEYS - 1; level >= 0; level--) {
		const struct sort_key *key = &query->sort[level];

		/* they are in the order of their names at first */
		if (!key->column || (rows_sorts_by_name(rows, key) && !key->descending && !sorted))
			continue;
		sorted = true;
		if (rows_sorts_by_name(rows, key))
			sort_by_name(rows, key->descending);
		else if (key->column->flags & COLUMN_TEXT)
			sort_by_text(rows, level, key->descending);
		else
			sort_by_number(rows, level);
	}
}

/* ---- as typed ---- */

bool
sort_starts_high(const struct column *column)
{
	return !(column->flags & COLUMN_TEXT);
}

/* One of the words between commas. */
static bool
parse_key(const struct row_kind *kind, const char *text, struct sort_key *out, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(text, " \t", 2);
	const char *name = words[0] ? words[0] : "",
		   *direction = words[0] && words[1] ? g_strstrip(words[1]) : "";
	char sign = *name == '-' || *name == '+' ? *name++ : '\0';

	out->column = column_by_name(kind, name);
	if (!out->column) {
		g_autofree char *names = columns_names(kind);

		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s have no column '%s'; there are: %s",
			kind->plural, name, names);
		return false;
	}
	if (*direction && strcmp(direction, "up") != 0 && strcmp(direction, "down") != 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"'%s' is no direction; allowed: up, down", direction);
		return false;
	}
	out->descending = sort_starts_high(out->column);
	if (sign || *direction)
		out->descending = sign == '-' || strcmp(direction, "down") == 0;
	return true;
}

bool
sort_parse(const struct row_kind *kind, const char *text, struct sort_key *out, GError **error)
{
	g_auto(GStrv) words = g_strsplit(text, ",", -1);
	struct sort_key keys[SORT_KEYS] = { { NULL, false } };
	size_t n = 0;

	for (size_t i = 0; words[i]; i++) {
		char *word = g_strstrip(words[i]);

		if (n == SORT_KEYS) {
			g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
				"'%s' is one column too many; rows are sorted by %d", word, SORT_KEYS);
			return false;
		}
		if (!parse_key(kind, word, &keys[n++], error))
			return false;
	}
	if (n == 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "no column is named");
		return false;
	}
	memcpy(out, keys, sizeof(keys));
	return true;
}
