#include "views/rows.h"

#include <limits.h>
#include <string.h>

#define KEYS      4
#define KEY_BYTES sizeof(uint64_t)

/* A row with its extracted sort keys: the beginnings of what it is sorted by and of its name. Few comparisons need a look
 * at the row, which would be a cache miss. */
struct entry {
	uint64_t key[KEYS];
	const void *row;
	uint32_t host; /* slot */
};

struct rows {
	const struct row_kind *kind;
	void *source;        /* what kind->gather() takes them from */
	GPtrArray *gathered; /* by it */
	size_t total;
	GArray *entries; /* struct entry, in order */
	GArray *order;   /* const void *: their rows */

	/* What the entries were made from: those of hosts for which it still holds are taken over. */
	const struct fleet_snap *snap; /* one reference; NULL before the first update */
	struct rows_query query;       /* its filter is not to be used, for it may be gone … */
	char *filter;                  /* … but its text; NULL: none */
	GByteArray *links;             /* enum link_state per host: rows look another way when it changes */

	/* scratch, kept for its memory */
	GArray *fresh, *merged, *runs;
};

/* How two entries compare when their keys are equal. */
struct order {
	const struct rows *rows;
	const struct row_ctx *ctx;
	const struct column *column; /* NULL: by name alone */
	bool descending;
};

struct rows *
rows_new(const struct row_kind *kind, void *source)
{
	struct rows *rows = g_new0(struct rows, 1);

	rows->kind = kind;
	rows->source = source;
	rows->gathered = g_ptr_array_new();
	rows->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->order = g_array_new(FALSE, FALSE, sizeof(const void *));
	rows->links = g_byte_array_new();
	rows->fresh = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->merged = g_array_new(FALSE, FALSE, sizeof(struct entry));
	rows->runs = g_array_new(FALSE, FALSE, sizeof(size_t));
	return rows;
}

void
rows_free(struct rows *rows)
{
	if (!rows)
		return;
	fleet_snap_unref(rows->snap);
	g_ptr_array_free(rows->gathered, TRUE);
	g_array_free(rows->entries, TRUE);
	g_array_free(rows->order, TRUE);
	g_byte_array_free(rows->links, TRUE);
	g_array_free(rows->fresh, TRUE);
	g_array_free(rows->merged, TRUE);
	g_array_free(rows->runs, TRUE);
	g_free(rows->filter);
	g_free(rows);
}

static struct entry *
entries_of(const GArray *array)
{
	return (struct entry *)(void *)array->data;
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
	const struct entry *entries = entries_of(rows->entries);
	size_t n = rows_count(rows);

	for (size_t i = 0; i < n; i++) {
		struct row_key candidate;

		if (entries[i].host != key->host)
			continue;
		candidate = rows->kind->key(entries[i].row);
		if (row_key_equal(&candidate, key))
			return i;
	}
	return n;
}

bool
rows_gathered(const struct rows *rows, const struct row_key *key)
{
	for (guint i = 0; i < rows->gathered->len; i++) {
		struct row_key candidate = rows->kind->key(rows->gathered->pdata[i]);

		if (row_key_equal(&candidate, key))
			return true;
	}
	return false;
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

/* The beginning of TEXT in NKEYS numbers that compare like natural_compare(): lower case, and each run of digits led by
 * how many there are, without its leading zeros. Returns whether that was all of TEXT. */
static bool
key_of_text(const char *text, uint64_t *key, size_t nkeys)
{
	unsigned char bytes[KEYS * KEY_BYTES] = { 0 };
	size_t at = 0, size = nkeys * KEY_BYTES;

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
			continue;
		}
		bytes[at++] = (unsigned char)g_ascii_tolower(*text++);
	}
	for (size_t i = 0; i < nkeys; i++) {
		uint64_t part;

		memcpy(&part, &bytes[i * KEY_BYTES], KEY_BYTES);
		key[i] = GUINT64_FROM_BE(part);
	}
	return at < size;
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
	struct value value;

	column_value(column, ctx, row, &value);
	return value.type == VALUE_TEXT ? value.text : "";
}

static void
entry_init(struct entry *entry, const struct order *order, const void *row)
{
	const char *name = row_name(order->rows->kind, order->ctx, row);
	uint64_t *key = entry->key;
	struct value value;

	entry->row = row;
	entry->host = order->rows->kind->key(row).host;
	if (!order->column) {
		key_of_text(name, key, KEYS);
		return;
	}
	column_value(order->column, order->ctx, row, &value);
	if (value.type == VALUE_UNKNOWN) {
		key[0] = UINT64_MAX; /* last in both directions */
		key_of_text(name, &key[1], KEYS - 1);
	} else if (value.type == VALUE_TEXT) {
		bool all = key_of_text(value.text, key, 2);

		for (size_t i = 0; order->descending && i < 2; i++)
			key[i] = ~key[i];
		/* names count only among equal texts */
		key[2] = key[3] = 0;
		if (all)
			key_of_text(name, &key[2], KEYS - 2);
	} else {
		key[0] = key_of_number(value.number);
		if (order->descending)
			key[0] = ~key[0];
		key_of_text(name, &key[1], KEYS - 1);
	}
}

/* The texts of the sort column, for keys that were too short; unknown ones have equal keys and are equal. */
static int
compare_texts(const struct order *order, const void *a, const void *b)
{
	struct value left, right;
	int difference;

	if (!order->column || !(order->column->flags & COLUMN_TEXT))
		return 0;
	column_value(order->column, order->ctx, a, &left);
	column_value(order->column, order->ctx, b, &right);
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

	for (size_t i = 0; i < KEYS; i++)
		if (a->key[i] != b->key[i])
			return a->key[i] < b->key[i] ? -1 : 1;
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

/* Notes in RUNS where each ascending run of ENTRIES begins, and their end. */
static void
find_runs(const struct order *order, const GArray *entries, GArray *runs)
{
	const struct entry *entry = entries_of(entries);
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
merge_pass(const struct order *order, const GArray *from, GArray *to, GArray *runs)
{
	size_t nruns = runs->len - 1, kept = 0, end = 0;
	size_t *start = (size_t *)(void *)runs->data;

	for (size_t i = 0; i < nruns; i += 2) {
		size_t middle = start[i + 1];

		end = i + 2 <= nruns ? start[i + 2] : middle;
		merge_two(order, entries_of(from), start[i], middle, end, entries_of(to));
		start[kept++] = start[i];
	}
	start[kept++] = end;
	g_array_set_size(runs, (guint)kept);
}

static void
swap(GArray **a, GArray **b)
{
	GArray *other = *a;

	*a = *b;
	*b = other;
}

static void
sort_fresh(struct rows *rows, const struct order *order)
{
	find_runs(order, rows->fresh, rows->runs);
	g_array_set_size(rows->merged, rows->fresh->len);
	while (rows->runs->len > 2) {
		merge_pass(order, rows->fresh, rows->merged, rows->runs);
		swap(&rows->fresh, &rows->merged);
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
add_row(struct rows *rows, const struct rows_query *query, const struct order *order, const void *row)
{
	struct entry entry;

	if (!row_wanted(rows, query, order->ctx, row))
		return;
	entry_init(&entry, order, row);
	g_array_append_val(rows->fresh, entry);
}

static void
add_host(struct rows *rows, const struct rows_query *query, const struct order *order,
	const struct host_snap *host)
{
	size_t n = rows->kind->count(host);

	for (size_t i = 0; i < n; i++)
		add_row(rows, query, order, rows->kind->at(host, i));
}

static bool
same_query(const struct rows *rows, const struct rows_query *query)
{
	const char *filter = query->filter ? filter_text(query->filter) : NULL;

	return rows->snap && g_strcmp0(rows->filter, filter) == 0 && rows->query.faults == query->faults &&
	       rows->query.scope == query->scope && rows->query.sort == query->sort &&
	       rows->query.descending == query->descending;
}

static bool
same_host(const struct rows *rows, const struct fleet_snap *snap, size_t slot, enum link_state link)
{
	return slot < rows->snap->nhosts && rows->snap->hosts[slot] == snap->hosts[slot] &&
	       rows->links->data[slot] == link;
}

/* Gathers anew the rows of hosts that changed, or of all when what is asked for did. KEEP: per host, whether its old
 * entries still hold. */
static void
gather(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct order *order, bool *keep)
{
	bool reuse = same_query(rows, query) && !(query->sort && query->sort->flags & COLUMN_VOLATILE);
	g_autofree uint8_t *links = g_new(uint8_t, snap->nhosts + 1);

	rows->total = 0;
	g_array_set_size(rows->fresh, 0);
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		enum link_state link = host_snap_link(host, order->ctx->now_us);

		keep[i] = reuse && same_host(rows, snap, i, link);
		links[i] = (uint8_t)link;
		if (query->scope >= 0 && query->scope != host->index)
			continue;
		rows->total += rows->kind->count(host);
		if (!keep[i])
			add_host(rows, query, order, host);
	}
	g_byte_array_set_size(rows->links, 0);
	g_byte_array_append(rows->links, links, (guint)snap->nhosts);
}

/* Rows that are not parts of hosts: all anew. */
static void
gather_source(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct order *order, bool *keep)
{
	memset(keep, 0, snap->nhosts * sizeof *keep);
	g_array_set_size(rows->fresh, 0);
	g_ptr_array_set_size(rows->gathered, 0);
	rows->kind->gather(rows->source, snap, order->ctx, rows->gathered);
	rows->total = rows->gathered->len;
	for (guint i = 0; i < rows->gathered->len; i++)
		add_row(rows, query, order, rows->gathered->pdata[i]);
}

/* Old entries that still hold and fresh ones, both in order, become the new order. */
static void
join(struct rows *rows, const struct order *order, const bool *keep, size_t nhosts)
{
	const struct entry *old = entries_of(rows->entries), *fresh = entries_of(rows->fresh);
	size_t nold = rows->entries->len, nfresh = rows->fresh->len, next = 0;

	g_array_set_size(rows->merged, 0);
	for (size_t i = 0; i < nold; i++) {
		if (old[i].host >= nhosts || !keep[old[i].host])
			continue;
		while (next < nfresh && entry_compare(order, &fresh[next], &old[i]) < 0)
			g_array_append_val(rows->merged, fresh[next++]);
		g_array_append_val(rows->merged, old[i]);
	}
	g_array_append_vals(rows->merged, fresh + next, (guint)(nfresh - next));
	swap(&rows->entries, &rows->merged);
}

static void
note_rows(struct rows *rows)
{
	const struct entry *entries = entries_of(rows->entries);

	g_array_set_size(rows->order, rows->entries->len);
	for (size_t i = 0; i < rows->entries->len; i++)
		g_array_index(rows->order, const void *, i) = entries[i].row;
}

void
rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
	const struct row_ctx *ctx)
{
	bool by_name = query->sort == &rows->kind->columns[rows->kind->name_column] && !query->descending;
	const struct order order = { .rows = rows,
		.ctx = ctx,
		.column = by_name ? NULL : query->sort,
		.descending = query->descending };
	g_autofree bool *keep = g_new(bool, snap->nhosts + 1);

	fleet_snap_ref(snap);
	if (rows->kind->gather)
		gather_source(rows, snap, query, &order, keep);
	else
		gather(rows, snap, query, &order, keep);
	sort_fresh(rows, &order);
	join(rows, &order, keep, snap->nhosts);
	note_rows(rows);
	fleet_snap_unref(rows->snap);
	rows->snap = snap;
	rows->query = *query;
	g_free(rows->filter);
	rows->filter = query->filter ? g_strdup(filter_text(query->filter)) : NULL;
}
