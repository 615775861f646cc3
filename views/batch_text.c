/* batch: rows as a table, and as CSV. */
#include "views/batch_private.h"

#include "tui/cell.h"

#include <string.h>

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
void
batch_print_table(const struct batch_page *page, FILE *out)
{
	size_t n = page->rows->len, ncolumns = page->columns->len;
	g_autofree int *widths = g_new0(int, ncolumns);
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);

	for (size_t j = 0; j < ncolumns; j++)
		g_ptr_array_add(texts, g_strdup(batch_column(page, j)->title));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ncolumns; j++)
			g_ptr_array_add(
				texts, cell_text(batch_column(page, j), page->ctx, page->rows->pdata[i]));
	for (size_t i = 0; i < texts->len; i++)
		widths[i % ncolumns] = MAX(widths[i % ncolumns], text_width(texts->pdata[i]));
	if (page->time)
		fprintf(out, "%s%s\n", page->first ? "" : "\n", page->time);
	for (size_t i = 0; i < texts->len; i++) {
		size_t j = i % ncolumns;

		print_padded(
			out, texts->pdata[i], widths[j], batch_column(page, j)->align, j + 1 == ncolumns);
	}
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

void
batch_print_csv(const struct batch_page *page, FILE *out)
{
	if (page->first) {
		fputs(page->time ? "time," : "", out);
		for (guint j = 0; j < page->columns->len; j++)
			fprintf(out, "%s%s", j ? "," : "", batch_column(page, j)->info->name);
		fputc('\n', out);
	}
	for (guint i = 0; i < page->rows->len; i++) {
		if (page->time)
			fprintf(out, "\"%s\",", page->time);
		for (guint j = 0; j < page->columns->len; j++) {
			if (j)
				fputc(',', out);
			print_csv_value(out, batch_column(page, j), page->ctx, page->rows->pdata[i]);
		}
		fputc('\n', out);
	}
}
