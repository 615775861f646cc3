#include "views/rows.h"

#include <limits.h>
#include <string.h>

/* A row with its extracted sort keys: most comparisons need no look at the row. */
struct entry {
	uint64_t key[2];
	const void *row;
};

struct rows {
	const struct row_kind *kind;
	const struct fleet_snap *snap; /* one reference; NULL before the first update */
	size_t total;
	GArray *order; /* const void *: the result, and the start of the next one */
	/* scratch, kept for their memory */
	GArray *entries, *merged, *runs;
	GArray *base; /* size_t per host: place of its first row in gathering order */
	GByteArray *seen;
};

/* How two entries compare when their keys are equal. */
struct order {
	const struct rows *rows;
	const struct row_ctx *ctx;
	const struct column *column; /* NULL: by name alone */
	bool descending;
};

struct rows *
rows_new(const struct row_kind *kind)
{
	struct rows *rows = g_new0(struct rows, 1);

	rows->kind = kind;
	rows->order = g_array_new(FALSE, FALSE, sizeof(const void *));
	rows->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->merged = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->runs = g_array_new(FALSE, FALSE, sizeof(size_t));
	rows->base = g_array_new(FALSE, FALSE, sizeof(size_t));
	rows->seen = g_byte_array_new();
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (!rows)
		return;
	fleet_snap_unref(rows->snap);
	g_array_free(rows->order, TRUE);
	g_array_free(rows->entries, TRUE);
	g_array_free(rows->merged, TRUE);
	g_array_free(rows->runs, TRUE);
	g_array_free(rows->base, TRUE);
	g_byte_array_free(rows->seen, TRUE);
	g_free(rows);
}

size_t
rows_count(const struct rows *rows)
{
	return rows->order->len;
}

size_t
rows_total(const struct rows *rows)
{
	return rows->total;
}

const void *
rows_at(const struct rows *rows, size_t i)
{
	return g_array_index(rows->order, const void *, i);
}

const void *const *
rows_data(const struct rows *rows)
{
	return (const void *const *)(const void *)rows->order->data;
}

size_t
rows_find(const struct rows *rows, const struct row_key *key)
{
	size_t n = rows_count(rows);

	for (size_t i = 0; i < n; i++) {
		const void *row = rows_at(rows, i);
		struct row_key candidate;

		if (rows->kind->host(row)->index != key->host)
			continue;
		candidate = rows->kind->key(row);
		if (row_key_equal(&candidate, key))
			return i;
	}
	return n;
}

/* ---- sort keys ---- */

/* Orders like the doubles. */
static uint64_t
key_of_number(double number)
{
	uint64_t bits;

	number += 0.0; /* -0 is 0 */
	memcpy(&bits, &number, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/* The first bytes of TEXT, arranged so that comparing them as numbers compares like natural_compare(): lower case, and
 * each run of digits led by how many there are, without its leading zeros. Equal keys say nothing. */
static void
key_of_text(const char *text, uint64_t *key, size_t nkeys)
{
	unsigned char bytes[2 * sizeof(uint64_t)] = { 0 };
	size_t at = 0, size = nkeys * sizeof(uint64_t);

	while (*text && at < size) {
		if (g_ascii_isdigit(*text)) {
			size_t digits;

			while (*text == '0' && g_ascii_isdigit(text[1]))
				text++;
			digits = strspn(text, "0123456789");
			bytes[at++] = (unsigned char)('0' + MIN(digits, 9));
			if (digits >= 9 && at < size)
				bytes[at++] = (unsigned char)MIN(digits - 9, UCHAR_MAX);
			for (; digits && at < size; digits--)
				bytes[at++] = (unsigned char)*text++;
			if (digits)
				break;
			continue;
		}
		bytes[at++] = (unsigned char)g_ascii_tolower(*text++);
	}
	for (size_t i = 0; i < nkeys; i++) {
		key[i] = 0;
		for (size_t j = 0; j < sizeof(uint64_t); j++)
			key[i] = key[i] << 8 | bytes[i * sizeof(uint64_t) + j];
	}
}

int
natural_compare(const char *a, const char *b)
{
	const char *left = a, *right = b;

	while (*left && *right) {
		int difference;

		if (g_ascii_isdigit(*left) && g_ascii_isdigit(*right)) {
			size_t nleft, nright;

			while (*left == '0' && g_ascii_isdigit(left[1]))
				left++;
			while (*right == '0' && g_ascii_isdigit(right[1]))
				right++;
			nleft = strspn(left, "0123456789");
			nright = strspn(right, "0123456789");
			if (nleft != nright)
				return nleft < nright ? -1 : 1;
			difference = memcmp(left, right, nleft);
			if (difference)
				return difference;
			left += nleft;
			right += nright;
			continue;
		}
		difference = (unsigned char)g_ascii_tolower(*left) - (unsigned char)g_ascii_tolower(*right);
		if (difference)
			return difference;
		left++;
		right++;
	}
	if (*left || *right)
		return *left ? 1 : -1;
	return strcmp(a, b);
}

static const char *
row_name(const struct row_kind *kind, const struct row_ctx *ctx, const void *row)
{
	const struct column *column = &kind->columns[kind->name_column];
	struct value value = { .type = VALUE_UNKNOWN };

	column->value(column, ctx, row, &value);
	return value.type == VALUE_TEXT ? value.text : "";
}

static void
entry_init(struct entry *entry, const struct order *order, const void *row)
{
	struct value value = { .type = VALUE_UNKNOWN };

	entry->row = row;
	if (!order->column) {
		key_of_text(row_name(order->rows->kind, order->ctx, row), entry->key, 2);
		return;
	}
	order->column->value(order->column, order->ctx, row, &value);
	switch (value.type) {
	case VALUE_NUMBER:
	case VALUE_FLAG:
		entry->key[0] = key_of_number(value.number);
		if (order->descending)
			entry->key[0] = ~entry->key[0];
		key_of_text(row_name(order->rows->kind, order->ctx, row), &entry->key[1], 1);
		break;
	case VALUE_TEXT:
		key_of_text(value.text, entry->key, 2);
		for (size_t i = 0; order->descending && i < 2; i++)
			entry->key[i] = ~entry->key[i];
		break;
	case VALUE_UNKNOWN:
		entry->key[0] = entry->key[1] = UINT64_MAX; /* last in both directions */
		break;
	}
}

/* The texts of the sort column, for keys that were too short; unknown ones have equal keys and are equal. */
static int
compare_texts(const struct order *order, const void *a, const void *b)
{
	struct value left = { .type = VALUE_UNKNOWN }, right = { .type = VALUE_UNKNOWN };
	int difference;

	if (!order->column || !(order->column->flags & COLUMN_TEXT))
		return 0;
	order->column->value(order->column, order->ctx, a, &left);
	order->column->value(order->column, order->ctx, b, &right);
	if (left.type != VALUE_TEXT || right.type != VALUE_TEXT)
		return (left.type != VALUE_TEXT) - (right.type != VALUE_TEXT);
	difference = natural_compare(left.text, right.text);
	return order->descending ? -difference : difference;
}

/* By column, name, host, uuid: a total order, so that equal rows never dance. */
static int
entry_compare(const struct order *order, const struct entry *a, const struct entry *b)
{
	const struct row_kind *kind = order->rows->kind;
	struct row_key left, right;
	int difference;

	if (a->key[0] != b->key[0])
		return a->key[0] < b->key[0] ? -1 : 1;
	if (a->key[1] != b->key[1])
		return a->key[1] < b->key[1] ? -1 : 1;
	difference = compare_texts(order, a->row, b->row);
	if (!difference)
		difference = natural_compare(
			row_name(kind, order->ctx, a->row), row_name(kind, order->ctx, b->row));
	if (difference)
		return difference;
	left = kind->key(a->row);
	right = kind->key(b->row);
	if (left.host != right.host)
		return left.host < right.host ? -1 : 1;
	return memcmp(left.uuid, right.uuid, UUID_LEN);
}

/* ---- natural merge sort ---- */

/* Notes in rows->runs where each ascending run of ENTRIES begins, and its end. */
static void
find_runs(const struct order *order, GArray *entries, GArray *runs)
{
	const struct entry *entry = (const struct entry *)(const void *)entries->data;
	size_t n = entries->len;

	g_array_set_size(runs, 0);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || entry_compare(order, &entry[i - 1], &entry[i]) > 0)
			g_array_append_val(runs, i);
	g_array_append_val(runs, n);
}

static void
merge_two(const struct order *order, const struct entry *from, size_t start, size_t middle, size_t end,
	struct entry *to)
{
	size_t left = start, right = middle;

	for (size_t i = start; i < end; i++) {
		bool take_left = left < middle &&
				 (right == end || entry_compare(order, &from[left], &from[right]) <= 0);

		to[i] = take_left ? from[left++] : from[right++];
	}
}

/* Merges neighbouring runs of FROM into TO and notes the new, half as many runs. */
static void
merge_pass(const struct order *order, GArray *from, GArray *to, GArray *runs)
{
	size_t nruns = runs->len - 1, kept = 0, end = 0;
	size_t *start = (size_t *)(void *)runs->data;

	for (size_t i = 0; i < nruns; i += 2) {
		size_t middle = start[i + 1];

		end = i + 2 <= nruns ? start[i + 2] : middle;
		merge_two(order, (const struct entry *)(const void *)from->data, start[i], middle, end,
			(struct entry *)(void *)to->data);
		start[kept++] = start[i];
	}
	start[kept++] = end;
	g_array_set_size(runs, (guint)kept);
}

static void
sort_entries(struct rows *rows, const struct order *order)
{
	find_runs(order, rows->entries, rows->runs);
	g_array_set_size(rows->merged, rows->entries->len);
	while (rows->runs->len > 2) {
		GArray *swap = rows->entries;

		merge_pass(order, rows->entries, rows->merged, rows->runs);
		rows->entries = rows->merged;
		rows->merged = swap;
	}
}

/* ---- gathering ---- */

static bool
row_wanted(
	const struct rows *rows, const struct rows_query *query, const struct row_ctx *ctx, const void *row)
{
	return (!query->faults || rows->kind->fault(ctx, row, NULL, 0) != SEVERITY_NONE) &&
	       (!query->filter || filter_match(query->filter, ctx, row));
}

static void
rows_add(struct rows *rows, const struct rows_query *query, const struct order *order, const void *row)
{
	struct entry entry;

	if (!row_wanted(rows, query, order->ctx, row))
		return;
	entry_init(&entry, order, row);
	g_array_append_val(rows->entries, entry);
}

static bool
host_in_scope(const struct rows_query *query, const struct host_snap *host)
{
	return query->scope < 0 || query->scope == host->index;
}

/* Numbers all rows within the scope, in gathering order, none of them seen. */
static void
number_rows(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query)
{
	rows->total = 0;
	g_array_set_size(rows->base, (guint)snap->nhosts);
	for (size_t i = 0; i < snap->nhosts; i++) {
		g_array_index(rows->base, size_t, i) = rows->total;
		if (host_in_scope(query, snap->hosts[i]))
			rows->total += rows->kind->count(snap->hosts[i]);
	}
	g_byte_array_set_size(rows->seen, (guint)rows->total);
	if (rows->total)
		memset(rows->seen->data, 0, rows->total);
}

/* Adds the rows of the last order that are still in their old place, in that order. */
static void
add_old_rows(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct order *order)
{
	const struct row_kind *kind = rows->kind;

	for (size_t i = 0; i < rows->order->len; i++) {
		const void *old = rows_at(rows, i), *row;
		uint32_t slot = kind->host(old)->index;
		size_t index = kind->index(old);
		const struct host_snap *host;
		struct row_key was, is;

		if (slot >= snap->nhosts)
			continue;
		host = snap->hosts[slot];
		if (!host_in_scope(query, host) || index >= kind->count(host))
			continue;
		row = kind->at(host, index);
		was = kind->key(old);
		is = kind->key(row);
		if (row != old && !row_key_equal(&was, &is))
			continue;
		rows->seen->data[g_array_index(rows->base, size_t, slot) + index] = 1;
		rows_add(rows, query, order, row);
	}
}

static void
add_new_rows(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct order *order)
{
	size_t at = 0;

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		size_t n = host_in_scope(query, host) ? rows->kind->count(host) : 0;

		for (size_t j = 0; j < n; j++, at++)
			if (!rows->seen->data[at])
				rows_add(rows, query, order, rows->kind->at(host, j));
	}
}

void
rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	const struct order order = {
		.rows = rows,
		.ctx = ctx,
		.column = query->sort == &rows->kind->columns[rows->kind->name_column] && !query->descending
				  ? NULL
				  : query->sort,
		.descending = query->descending,
	};

	fleet_snap_ref(snap);
	g_array_set_size(rows->entries, 0);
	number_rows(rows, snap, query);
	add_old_rows(rows, snap, query, &order);
	add_new_rows(rows, snap, query, &order);
	sort_entries(rows, &order);
	g_array_set_size(rows->order, rows->entries->len);
	for (size_t i = 0; i < rows->entries->len; i++)
		g_array_index(rows->order, const void *, i) =
			g_array_index(rows->entries, struct entry, i).row;
	fleet_snap_unref(rows->snap);
	rows->snap = snap;
}
