/* host_values: what a host's numbers and facts come to, for the table in host_rows.c. As struct column wants them. */
#pragma once

#include "views/column_table.h"

/* The domain that the host itself is, among its guests; NULL: it is none. */
const struct vm *host_own_domain(const struct host_snap *host);

void host_fit(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_site(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_tags(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_labels(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_types(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_ready(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_overhead(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_mem_free(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_since(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_cells(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_topology(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_mhz(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void host_why(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
/* the text of host_facts at column->field */
void host_fact(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
