#include "views/batch.h"

#include "tui/cell.h"
#include "views/density.h"
#include "views/filter.h"
#include "views/groups.h"
#include "views/rows.h"
#include "views/units.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <string.h>

#define TABLE_GAP 2

struct batch {
	const struct config *config;
	const struct row_kind *kind;
	struct groups *groups; /* what group_rows are gathered from; NULL for other kinds */
	GPtrArray *columns;    /* const struct column * */
	struct filter *filter;
	void (*print)(
		const struct batch *batch, const struct rows *rows, const struct row_ctx *ctx, FILE *out);
};

/* ---- table ---- */

static void
print_padded(FILE *out, const char *text, int width, enum align align, bool last)
{
	int blanks = MAX(width - text_width(text), 0);

	if (align == ALIGN_RIGHT)
		fprintf(out, "%*s%s", blanks, "", text);
	else
		fprintf(out, "%s%*s", text, last ? 0 : blanks, "");
	fputs(last ? "\n" : "  ", out);
}

static char *
cell_text(const struct column *column, const struct row_ctx *ctx, const void *row)
{
	struct cell cell = { .role = ROLE_NORMAL };

	column_cell(column, ctx, row, &cell);
	return text_harmless(cell.text);
}

/* Every cell as wide as the widest of its column: nobody scrolls in a pipe. */
static void
print_table(const struct batch *batch, const struct rows *rows, const struct row_ctx *ctx, FILE *out)
{
	size_t n = rows_count(rows), ncolumns = batch->columns->len;
	g_autofree int *widths = g_new0(int, ncolumns);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ncolumns; j++)
			g_ptr_array_add(texts, cell_text(batch->columns->pdata[j], ctx, rows_at(rows, i)));
	for (size_t j = 0; j < ncolumns; j++) {
		const struct column *column = batch->columns->pdata[j];

		widths[j] = text_width(column->title);
		for (size_t i = 0; i < n; i++)
			widths[j] = MAX(widths[j], text_width(texts->pdata[i * ncolumns + j]));
	}
	for (size_t j = 0; j < ncolumns; j++) {
		const struct column *column = batch->columns->pdata[j];

		print_padded(out, column->title, widths[j], column->align, j + 1 == ncolumns);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ncolumns; j++) {
			const struct column *column = batch->columns->pdata[j];

			print_padded(out, texts->pdata[i * ncolumns + j], widths[j], column->align,
				j + 1 == ncolumns);
		}
}

/* ---- JSON ---- */

/* UTF-8 as JSON wants it; control characters are escaped by cJSON. */
static void
json_add(cJSON *object, const struct column *column, const struct row_ctx *ctx, const void *row)
{
	struct value value;
	const char *name = column->info->name;

	column_value(column, ctx, row, &value);
	if (value.type == VALUE_NUMBER) {
		cJSON_AddNumberToObject(object, name, value.number);
	} else if (value.type == VALUE_FLAG) {
		cJSON_AddBoolToObject(object, name, value.number != 0);
	} else if (value.type == VALUE_TEXT) {
		g_autofree char *valid = g_utf8_make_valid(value.text, -1);

		cJSON_AddStringToObject(object, name, valid);
	}
}

/* An array with one object on each line: whole JSON, and still one can grep it. */
static void
print_json(const struct batch *batch, const struct rows *rows, const struct row_ctx *ctx, FILE *out)
{
	size_t n = rows_count(rows);

	fputs("[", out);
	for (size_t i = 0; i < n; i++) {
		cJSON *object = cJSON_CreateObject();
		char *text;

		for (guint j = 0; j < batch->columns->len; j++)
			json_add(object, batch->columns->pdata[j], ctx, rows_at(rows, i));
		text = cJSON_PrintUnformatted(object);
		fprintf(out, "%s%s", i ? ",\n" : "\n", text);
		cJSON_free(text);
		cJSON_Delete(object);
	}
	fputs(n ? "\n]\n" : "]\n", out);
}

/* ---- CSV, as RFC 4180 but with line feeds alone ---- */

static void
print_csv_text(FILE *out, const char *text)
{
	g_autofree char *harmless = text_harmless(text);

	/* a leading = + - @ would be a formula to a spreadsheet, and names come from strangers */
	if (strchr("=+-@", *harmless) && *harmless)
		fputs("\"'", out);
	else
		fputc('"', out);
	for (const char *at = harmless; *at; at++) {
		if (*at == '"')
			fputc('"', out);
		fputc(*at, out);
	}
	fputc('"', out);
}

static void
print_csv_value(FILE *out, const struct column *column, const struct row_ctx *ctx, const void *row)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	struct value value;

	column_value(column, ctx, row, &value);
	if (value.type == VALUE_NUMBER)
		fputs(g_ascii_formatd(number, sizeof(number), "%.15g", value.number), out);
	else if (value.type == VALUE_FLAG)
		fputs(value.number != 0 ? "true" : "false", out);
	else if (value.type == VALUE_TEXT)
		print_csv_text(out, value.text);
}

static void
print_csv(const struct batch *batch, const struct rows *rows, const struct row_ctx *ctx, FILE *out)
{
	size_t n = rows_count(rows);

	for (guint j = 0; j < batch->columns->len; j++)
		fprintf(out, "%s%s", j ? "," : "",
			((const struct column *)batch->columns->pdata[j])->info->name);
	fputc('\n', out);
	for (size_t i = 0; i < n; i++) {
		for (guint j = 0; j < batch->columns->len; j++) {
			if (j)
				fputc(',', out);
			print_csv_value(out, batch->columns->pdata[j], ctx, rows_at(rows, i));
		}
		fputc('\n', out);
	}
}

/* ---- making one ---- */

static const struct {
	const char *name;
	void (*print)(
		const struct batch *batch, const struct rows *rows, const struct row_ctx *ctx, FILE *out);
	const char *columns; /* when none are asked for */
	bool facts_only;     /* no pictures */
} formats[] = {
	{ "table", print_table, "default", false },
	{ "json", print_json, "all", true },
	{ "csv", print_csv, "all", true },
};

static bool
choose_format(struct batch *batch, const struct batch_opts *opts, const char **columns, bool *facts_only,
	GError **error)
{
	const char *name = opts->format ? opts->format : "table";

	for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
		if (strcmp(formats[i].name, name) != 0)
			continue;
		batch->print = formats[i].print;
		*columns = opts->columns ? opts->columns : formats[i].columns;
		*facts_only = formats[i].facts_only;
		return true;
	}
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"'%s' is no format; allowed are: table, json, csv", name);
	return false;
}

static bool
choose(struct batch *batch, const struct batch_opts *opts, GError **error)
{
	const char *columns;
	bool facts_only;

	batch->kind = row_kind_by_name(opts->what);
	if (!batch->kind) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"'%s' can't be listed; allowed are: hosts, vms, groups", opts->what);
		return false;
	}
	if (batch->kind == &group_rows)
		batch->groups = g_new0(struct groups, 1);
	if (batch->groups && opts->by && !groups_choose(batch->groups, opts->by, error))
		return false;
	if (!choose_format(batch, opts, &columns, &facts_only, error))
		return false;
	batch->columns = columns_parse(batch->kind, columns, error);
	if (!batch->columns)
		return false;
	for (guint i = batch->columns->len; facts_only && i-- > 0;)
		if (((const struct column *)batch->columns->pdata[i])->flags & COLUMN_SCREEN)
			g_ptr_array_remove_index(batch->columns, i);
	batch->filter = opts->where
				? filter_new(batch->kind, opts->config, opts->where, QUERY_WHOLE, NULL, error)
				: NULL;
	return !opts->where || batch->filter;
}

struct batch *
batch_new(const struct batch_opts *opts, GError **error)
{
	struct batch *batch = g_new0(struct batch, 1);

	batch->config = opts->config;
	if (choose(batch, opts, error))
		return batch;
	batch_free(batch);
	return NULL;
}

void
batch_free(struct batch *batch)
{
	if (!batch)
		return;
	g_clear_pointer(&batch->columns, g_ptr_array_unref);
	if (batch->groups)
		groups_done(batch->groups);
	g_free(batch->groups);
	filter_free(batch->filter);
	g_free(batch);
}

static bool
any_column(const struct batch *batch, unsigned flags)
{
	for (guint i = 0; i < batch->columns->len; i++)
		if (((const struct column *)batch->columns->pdata[i])->flags & flags)
			return true;
	return false;
}

bool
batch_needs_rates(const struct batch *batch)
{
	return any_column(batch, COLUMN_RATE);
}

bool
batch_needs_facts(const struct batch *batch)
{
	return batch->filter || any_column(batch, COLUMN_FACT);
}

bool
batch_print(
	const struct batch *batch, const struct fleet_snap *snap, int64_t now_us, FILE *out, GError **error)
{
	struct row_ctx ctx = { .config = batch->config, .now_us = now_us, .ascii = batch->config->ascii };
	const struct rows_query query = { .filter = batch->filter, .scope = -1 };
	struct rows *rows = rows_new(batch->kind, batch->groups);

	ctx.size = density_size(snap, now_us);
	rows_update(rows, snap, &query, &ctx);
	batch->print(batch, rows, &ctx, out);
	rows_free(rows);
	if (fflush(out) == 0 && !ferror(out))
		return true;
	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errno), "can't write the list: %s",
		g_strerror(errno));
	return false;
}

char *
batch_columns_help(const char *what)
{
	const struct row_kind *kind = row_kind_by_name(what);
	GString *text = g_string_new(NULL);

	for (size_t i = 0; kind && i < kind->ncolumns; i++) {
		const struct column *column = &kind->columns[i];

		g_string_append_printf(text, "%-14s %-18s %s\n", column->info->name, column_type_name(column),
			column->info->help);
	}
	return g_string_free(text, !kind);
}
