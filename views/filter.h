/*
 * filter: which rows a table shows. Words are ANDed; each must occur, in any case, in some searched column of the row;
 * "!word" must not. What a term can be is known to filter.c alone: the query language grows there. Pure but for a memo
 * of the host looked at last. UI thread only.
 */
#pragma once

#include "views/columns.h"

struct filter;

/* Compiles TEXT for rows of KIND. NULL with CONFIG_ERROR_VALUE; then *ERROR_AT (may be NULL) is the byte of TEXT that is
 * wrong. A text without words matches everything. */
struct filter *filter_new(const struct row_kind *kind, const char *text, size_t *error_at, GError **error);
void filter_free(struct filter *filter); /* accepts NULL */
const char *filter_text(const struct filter *filter);
bool filter_match(struct filter *filter, const struct row_ctx *ctx, const void *row);
