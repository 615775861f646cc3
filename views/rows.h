/*
 * rows: the rows of a table – gathered from a snapshot, filtered, sorted by a column and then by name. Rows are pointers
 * into the snapshot, which is referenced here for as long. Made for 100,000 rows: sort keys are extracted once, the rows of
 * hosts that did not change are taken over from the last update in their order, and the others are sorted among themselves
 * and merged in. UI thread only.
 */
#pragma once

#include "views/columns.h"
#include "views/filter.h"

struct rows;

struct rows_query {
	struct filter *filter;       /* NULL: all rows */
	bool faults;                 /* only rows that deserve attention */
	int64_t scope;               /* only this host's rows; -1: all */
	const struct column *sort;   /* NULL: by name */
	bool descending;
};

/* SOURCE: what KIND gathers its rows from, borrowed; NULL for kinds whose rows are parts of hosts. */
struct rows *rows_new(const struct row_kind *kind, void *source);
void rows_free(struct rows *rows); /* accepts NULL */

/* Makes the rows anew from SNAP. Unknown values sort last, whatever the direction. */
void rows_update(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
                 const struct row_ctx *ctx);

size_t rows_count(const struct rows *rows);
size_t rows_total(const struct rows *rows); /* before filtering, within the scope */
const void *rows_at(const struct rows *rows, size_t i);
const void *const *rows_data(const struct rows *rows);
/* Where KEY's row is, or rows_count(): not shown. */
size_t rows_find(const struct rows *rows, const struct row_key *key);
/* Whether KEY's row was gathered, shown or not; of kinds that gather. */
bool rows_gathered(const struct rows *rows, const struct row_key *key);

/* Compares as people do: digits by value, letters without case; 0 only for equal bytes. */
int natural_compare(const char *a, const char *b);
