/*
 * page: a scrollable page of sections, for what is not a table of rows: host, VM, help. Sections flow into as many columns
 * as the screen has room for. Rebuilt at each update; only the scroll position stays. UI thread only.
 */
#pragma once

#include "tui/canvas.h"

#include <stdbool.h>
#include <stddef.h>

struct page;

/* LEAST: columns of the screen that a column of sections needs. */
struct page *page_new(int least);
void page_free(struct page *page); /* accepts NULL */
void page_clear(struct page *page);

/* Begins a section; everything below goes into it. */
void page_section(struct page *page, const char *title);
/* "LABEL  value"; long values wrap. */
void page_field(struct page *page, const char *label, enum role role, const char *format, ...) G_GNUC_PRINTF(4, 5);
void page_text(struct page *page, enum role role, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* A row of a small table: each text in its own width, cut when longer; NULL is drawn as "-". */
struct page_cell {
	const char *text;
	int width;
	enum align align;
	enum role role;
};
void page_cells(struct page *page, const struct page_cell *cells, size_t n);

void page_draw(struct page *page, const struct pane *pane);
bool page_request(struct page *page, int request); /* true: done */
void page_scroll(struct page *page, int by);
