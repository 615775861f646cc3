/* batch_private: shared by views/batch*.c alone. */
#pragma once

#include "views/batch.h"
#include "views/columns.h"

/* The rows of one printing, in order. */
struct batch_page {
	const GPtrArray *columns; /* const struct column * */
	const GPtrArray *rows;    /* const void * */
	const struct row_ctx *ctx;
	const char *time;         /* of a stream, "2026-11-22T13:02:11Z"; NULL: rows say no time */
	bool first;               /* nothing was printed before */
};

typedef void (*batch_printer)(const struct batch_page *page, FILE *out);

/* ---- batch_text.c ---- */

void batch_print_table(const struct batch_page *page, FILE *out);
void batch_print_csv(const struct batch_page *page, FILE *out);

/* ---- batch_json.c ---- */

void batch_print_json(const struct batch_page *page, FILE *out);
void batch_print_jsonl(const struct batch_page *page, FILE *out); /* a line per row */

static inline const struct column *
batch_column(const struct batch_page *page, size_t i)
{
	return page->columns->pdata[i];
}
