/*
 * page: a scrollable page of blocks, for what is not a table of rows: host, VM, help. A short head stays at the top; the
 * blocks below it stand in as many columns as the screen has room for, the first ones at the top. Content is built anew at
 * each update; scroll position, focus and columns stay. UI thread only.
 */
#pragma once

#include "tui/canvas.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;

/* LEAST: columns of the screen that a column of blocks needs. */
struct page *page_new(int least);
void page_free(struct page *page); /* accepts NULL */
void page_clear(struct page *page);

/* Begins a line of the head, and adds "LABEL text" or "LABEL ████── text" to it (LABEL may be NULL; PCT below 0: unknown).
 * What has no room any more is left out, and all that follows it; words without a LABEL are cut if need be. */
void page_head(struct page *page);
void page_piece(struct page *page, const char *label, enum role role, const char *format, ...) G_GNUC_PRINTF(4, 5);
void page_piece_meter(struct page *page, const char *label, enum role role, double pct, const char *format, ...)
	G_GNUC_PRINTF(5, 6);

/* Begins a block; everything below goes into it. A wide one takes the whole width. */
void page_section(struct page *page, const char *title);
void page_section_wide(struct page *page, const char *title);
/* A word at the right of the block's title. */
void page_note(struct page *page, const char *text);

/* "LABEL  value"; long values wrap. */
void page_field(struct page *page, const char *label, enum role role, const char *format, ...) G_GNUC_PRINTF(4, 5);
void page_text(struct page *page, enum role role, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* "LABEL  ████──  text"; PCT below 0: unknown. */
void page_meter(struct page *page, const char *label, enum role role, double pct, const char *format, ...)
	G_GNUC_PRINTF(5, 6);

/* "LABEL  ▁▂▃▅▆  now  most": VALUES of 0..100 or SPARK_UNKNOWN, oldest first, copied. Where the screen is high a graph has
 * several lines, a MAJOR one more of them. */
struct page_graph {
	const char *label;
	const uint8_t *values;
	size_t n;
	enum role role;       /* of the number */
	const char *now, *most;
	bool major;
};
void page_graph(struct page *page, const struct page_graph *graph);

/* A row of a small table: each text in its own width, cut when longer; NULL is drawn as "-". One of them may have the width
 * 0: it takes what the others leave. */
struct page_cell {
	const char *text;
	int width;
	enum align align;
	enum role role;
};
void page_cells(struct page *page, const struct page_cell *cells, size_t n);
/* Cell I of the row just added is drawn as a meter of PCT instead. */
void page_cells_meter(struct page *page, size_t i, double pct);

/* A row of one-column signs behind a label, which left and right scroll when it is too long: TEXT of single-width
 * characters, with a role each in ROLES (copied). */
void page_strip(struct page *page, const char *label, const char *text, const uint8_t *roles);

void page_draw(struct page *page, const struct pane *pane);
bool page_request(struct page *page, int request); /* true: done */
void page_scroll(struct page *page, int by);
