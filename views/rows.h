/*
 * rows: the rows of a table – gathered from a snapshot, filtered, sorted by two columns and then by name, and, when asked
 * for, gathered in groups: a line for the group, and below it a line per row unless it is folded. Rows are pointers into
 * the snapshot, which is referenced here for as long.
 *
 * Made for 100,000 rows, of which all may change at once: each row yields one number per sort column, and numbers are
 * sorted without comparisons. What is known of rows whose host did not change is kept; the order of names, which decides
 * among equals, is kept for as long as no guest comes or goes. UI thread only.
 */
#pragma once

#include "views/columns.h"
#include "views/filter.h"
#include "views/natural.h"

struct rows;

#define SORT_KEYS 2

struct sort_key {
	const struct column *column; /* NULL: none; the name decides in the end */
	bool descending;
};

/* What groups rows: the text of a column. */
struct grouping {
	const struct column *column; /* NULL: the label */
	const char *label;           /* of a row's host; borrowed */
	bool hosts;                  /* groups are hosts, those without rows included */
};

/* Which groups are folded: ALL but EXCEPT, or EXCEPT alone. */
struct folding {
	bool all;
	GHashTable *except; /* struct row_key *; borrowed */
};

struct rows_query {
	struct filter *filter;         /* NULL: all rows */
	bool faults;                   /* only rows that deserve attention */
	int64_t scope;                 /* only this host's rows; -1: all */
	struct sort_key sort[SORT_KEYS];
	const struct grouping *grouping; /* NULL: no groups */
	struct folding folding;
	const GPtrArray *totals;       /* const struct column *: what groups are to have totals of; NULL: none */
};

/* A group's line. Valid until the next update. */
struct row_group {
	const char *name;             /* NULL: rows of which it is not known */
	const struct host_snap *host; /* of grouping.hosts; else NULL */
	struct row_key key;
	unsigned rows;                /* in it, Domain-0 included */
	unsigned counted, active;     /* of these: without Domain-0, and running now */
	bool folded;
	uint32_t first, text, sums;   /* private to rows: where its members begin, its name's number, where its totals on demand
	                               * begin */
};

/* SOURCE: what KIND gathers its rows from, borrowed; NULL for kinds whose rows are parts of hosts. */
struct rows *rows_new(const struct row_kind *kind, void *source);
void rows_free(struct rows *rows); /* accepts NULL */

/* Makes the rows anew from SNAP. Unknown values sort last, whatever the direction. */
void rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
                 const struct row_ctx *ctx);

/* Lines from top to bottom: rows, and groups. */
size_t rows_count(const struct rows *rows);
const void *rows_at(const struct rows *rows, size_t i);                   /* NULL: a group */
const struct row_group *rows_group_at(const struct rows *rows, size_t i); /* NULL: a row */
struct row_key rows_key_at(const struct rows *rows, size_t i);
/* Where KEY's line is, or rows_count(): not shown. */
size_t rows_find(const struct rows *rows, const struct row_key *key);
/* Whether KEY's row was gathered, shown or not; of kinds that gather. */
bool rows_gathered(const struct rows *rows, const struct row_key *key);
/* Of KEYS, a set of struct row_key, those whose rows are there, shown or not: the same pointers; caller unrefs. One pass over
 * all rows, however many keys there are. */
GHashTable *rows_living(const struct rows *rows, GHashTable *keys);
/* The line of the group that line I is in, or is; rows_count(): in none. */
size_t rows_parent(const struct rows *rows, size_t i);

size_t rows_total(const struct rows *rows); /* before filtering, within the scope */
/* All rows that match, in folded groups too, but in the order of the snapshot: for sums, which are made fastest so. */
const void *const *rows_data(const struct rows *rows);
size_t rows_matched(const struct rows *rows);
/* Those of GROUP, as far as they match, appended to OUT. */
void rows_members(const struct rows *rows, const struct row_group *group, GPtrArray *out);
/* What COLUMN says of all of GROUP together, made when it is asked for first, with the time of the update in CTX; unknown
 * unless it is among query.totals. False: not all rows that should be in
 * it say something. */
bool rows_total_of(struct rows *rows, const struct row_ctx *ctx, const struct row_group *group,
                   const struct column *column, struct value *out);
/* Changes when what matches, or what is known of it, may be something else; another order of the same is not. */
unsigned rows_contents(const struct rows *rows);
/* How often there were other rows than before: guests came or went, or the filter is another one. */
unsigned rows_rosters(const struct rows *rows);

/* The key of a group called NAME (NULL: the unnamed one) that is no host. No row has it. */
struct row_key row_group_key(const char *name);

/* "cpu", "cpu down", "cpu,-name": up to SORT_KEYS columns of KIND into OUT[SORT_KEYS]. A bare one is looked at from its natural end –
 * numbers from the highest, words from A; "-" before it or "down" behind: descending; "+" or "up": ascending. False with
 * CONFIG_ERROR_VALUE. */
bool sort_parse(const struct row_kind *kind, const char *text, struct sort_key *out, GError **error);
/* The natural end of COLUMN: whether it is looked at from the highest. */
bool sort_starts_high(const struct column *column);
