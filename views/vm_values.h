/* vm_values: what a guest's numbers and facts come to, for the table in vm_rows.c. As struct column wants them. */
#pragma once

#include "views/column_table.h"

/* the slower of reads and writes */
void vm_latency(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_cores(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_ops(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_since(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_uuid(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_id(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_autostart(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_persistent(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_dom0(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_pinned(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_console(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_disks(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_nics(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_hostdevs(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_macs(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_cards(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_storage(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_buses(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_site(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_tags(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
void vm_labels(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
/* sorts by what the picture ends with */
void vm_trend(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
/* the text of vm_facts at column->field */
void vm_fact(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);

void vm_cores_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out);
void vm_trend_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out);
