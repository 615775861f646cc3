/* page_private: shared by views/page*.c alone. */
#pragma once

#include "views/page.h"

#include <glib.h>

#define PAGE_COLUMNS_MOST 3

enum line_kind { LINE_FIELD, LINE_TEXT, LINE_METER, LINE_GRAPH, LINE_CELLS, LINE_STRIP };

struct line_cell {
	struct page_cell cell; /* its text is ours */
	bool meter;
	double pct;
};

struct line {
	enum line_kind kind;
	char *label, *text, *most;
	enum role role;
	double pct;      /* LINE_METER */
	bool major;      /* LINE_GRAPH */
	uint8_t *values; /* LINE_GRAPH: what to draw; LINE_STRIP: a role for each character */
	size_t nvalues;
	GArray *cells;   /* LINE_CELLS: struct line_cell */
};

struct section {
	char *title, *note;
	GPtrArray *lines; /* struct line */
	int label_width;
	bool wide;
};

struct piece {
	char *label, *text;
	enum role role;
	bool meter;
	double pct;
};

/* One line of the screen, within its block. */
struct placed {
	const struct line *line; /* NULL: the block's title */
	char *text;              /* this part of the line; NULL: none */
	int part, parts;         /* of the lines that LINE takes */
};

/* A section where it stands on the page. */
struct block {
	const struct section *section;
	GArray *placed; /* struct placed */
	int y, x, width;
};

struct page {
	int least;
	GPtrArray *head;     /* GArray of struct piece, a line each */
	GPtrArray *sections; /* struct section */
	int top, left;       /* lines; columns of the strips */
	int focus;           /* the block that Tab went to, -1: none */

	/* Of the last draw. */
	GArray *tops;     /* int: where each section began */
	GArray *columns;  /* int: which column each section stood in … */
	guint signature;  /* … when titles and columns were these */
	int height, shown;
	int hidden;       /* columns of the longest strip that had no room */
};

/* ---- page_layout.c ---- */

/* The blocks of PAGE in a pane of ROWS, the head not counted, and COLS; an array of struct block with a clear function, caller unrefs. Sets what is
 * known of the last draw but for SHOWN. */
GArray *page_layout(struct page *page, int rows, int cols);
