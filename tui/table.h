/*
 * table: a scrolling table of rows it knows nothing about. The owner keeps rows, identity and marks; the table keeps cursor,
 * scroll and layout, and draws. Where there are marks there is a column for them at the left, in whose title – and at the
 * right edge – an arrow says that there are more columns on that side. UI thread only.
 */
#pragma once

#include "tui/canvas.h"
#include "tui/cell.h"

#include <stdbool.h>
#include <stddef.h>

struct table_column {
	const char *title;
	int width;      /* columns; the least it may be cut to when flex is set */
	int max_width;  /* with flex: the most it may grow to; 0: no limit */
	int flex;       /* share of what is left over, 0: fixed */
	int priority;   /* 0: always shown; higher ones go first when the screen is narrow */
	enum align align;
	bool sticky;    /* stays at the left when scrolled horizontally */
};

struct table_source {
	void *ctx;
	size_t nrows;
	const struct table_column *columns;
	size_t ncolumns;
	void (*cell)(void *ctx, size_t row, size_t column, struct cell *out);
	enum role (*row_role)(void *ctx, size_t row); /* ROLE_NORMAL: nothing special; NULL: never */
	bool (*marked)(void *ctx, size_t row);        /* NULL: none */
	size_t sort_column;                           /* ncolumns: unsorted */
	bool sort_descending;
	size_t second_column;                         /* decides among equal ones; ncolumns: none on screen */
	bool second_descending;
	const char *empty;                            /* shown instead of rows: "no guest matches 'web'" */
};

struct table {
	size_t cursor, top; /* rows */
	size_t left;        /* first scrollable column */
	size_t page;        /* rows that fitted at the last draw */
};

enum table_move { TABLE_UP, TABLE_DOWN, TABLE_PAGE_UP, TABLE_PAGE_DOWN, TABLE_FIRST, TABLE_LAST };

void table_draw(struct table *table, const struct pane *pane, const struct table_source *source);
void table_move(struct table *table, size_t nrows, enum table_move move);
void table_scroll_columns(struct table *table, const struct table_source *source, int by);
/* Where a click at (Y,X) of the screen, as in struct input, landed in the pane drawn last: *ROW (or nrows: none), *COLUMN (or ncolumns); header true for the titles. */
void table_hit(const struct table *table, const struct pane *pane, const struct table_source *source, int y, int x,
               size_t *row, size_t *column, bool *header);
/* The columns on screen in the pane drawn last, from left to right, into SHOWN, which has room for all; returns how many. */
size_t table_shown(const struct table *table, const struct pane *pane, const struct table_source *source,
                   size_t *shown);
