/*
 * filter: which rows a table shows – the query language (fleet/query.h) over the columns of a kind of rows. Each column
 * that is not just a picture is a field. Pure but for memos. UI thread only.
 */
#pragma once

#include "fleet/query.h"
#include "views/columns.h"

struct filter;

/* Compiles TEXT for rows of KIND. CONFIG: whose hosts' labels there are; NULL: none. NULL with CONFIG_ERROR_VALUE; then
 * *FAULT (may be NULL) is where it is wrong. A text without terms matches everything. */
struct filter *filter_new(const struct row_kind *kind, const struct config *config, const char *text, enum query_mode mode,
                          struct query_fault *fault, GError **error);
struct filter *filter_ref(struct filter *filter); /* one more to be freed */
void filter_free(struct filter *filter); /* accepts NULL */
const char *filter_text(const struct filter *filter);
bool filter_match(struct filter *filter, const struct row_ctx *ctx, const void *row);
/* True: FILTER matches no row that OTHER, of the same kind, does not match at the same time. False: nobody knows. */
bool filter_narrows(const struct filter *filter, const struct filter *other);
/* True: it matches the same rows for as long as column_lasts() says so of what it looks at. */
bool filter_lasts(const struct filter *filter);
/* There is another snapshot: call it before each round of matching. */
void filter_forget(struct filter *filter);
/* Calls FN for each column that it looks at, some maybe several times. */
void filter_each_column(const struct filter *filter, void (*fn)(const struct column *column, void *ctx), void *ctx);
/* The flags of all columns that it looks at, together: what must be known, and whether an unchanged row may match anew. */
unsigned filter_flags(const struct filter *filter);

/* Adds to NEED what it has to know of hosts. */
void filter_need(const struct filter *filter, struct snap_need *need);

/* How TEXT can go on, for tui/prompt.h, with values that are in SNAP now (NULL: none): NULL-terminated whole texts, caller
 * frees; NULL: no idea. ROW: as for matching. */
char **filter_complete(const struct row_kind *kind, const struct row_ctx *row, const struct fleet_snap *snap, const char *text);
