/* column_table: what the column tables of host_rows.c and vm_rows.c are written with. */
#pragma once

#include "views/columns.h"
#include "views/history.h"

#define TEXT_INFO(field_name, field_help) \
	&(const struct field_info) { .name = field_name, .help = field_help }
#define NUMBER_INFO(field_name, field_unit, field_help) \
	&(const struct field_info) { .name = field_name, .unit = field_unit, .help = field_help }

/* What column.value and column.cell are given, for functions that need not all of it. */
#define VALUE_ARGS                                                                                       \
	const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, \
		struct value *out
#define CELL_ARGS                                                                                        \
	const struct column *column G_GNUC_UNUSED, const struct row_ctx *ctx G_GNUC_UNUSED, const void *row, \
		struct cell *out

/* ---- column_values.c: what several tables say ---- */

/* Adds TEXT to the list in VALUE's buffer, unless it is there already; begin with the buffer empty. */
void value_append(struct value *value, const char *text);

/* What the config says of a host; CONFIG may be NULL. */
void place_site(const struct host_static *config, struct value *out);
void place_tags(const struct host_static *config, struct value *out);
void place_labels(const struct host_static *config, struct value *out);

/* KEY's SERIES of the last five minutes as a sparkline as wide as COLUMN, of FULL or of its own largest number. */
void trend_cell(const struct column *column, const struct row_ctx *ctx, const struct row_key *key,
                enum history_series series, double full, struct cell *out);
