/*
 * canvas: a grid of cells that views draw into; knows no terminal. tui/term.c paints it with ncurses, `virt-fleet
 * snapshot` prints it as text, and tests read it. Text is made harmless on its way in: control and bidi characters
 * never reach a cell.
 */
#pragma once

#include "config/theme.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cell_flag {
	CELL_REVERSE = 1 << 0,
	CELL_BOLD = 1 << 1,
	CELL_UNDERLINE = 1 << 2,
	CELL_CONTINUED = 1 << 3, /* right half of a wide character */
	CELL_FG = 1 << 4,        /* fg counts, in place of the role's */
	CELL_BG = 1 << 5,        /* bg counts */
};

/* One column of one line: a base character with up to two combining ones. */
struct canvas_cell {
	gunichar ch[3];
	uint8_t role;  /* enum role */
	uint8_t flags; /* enum cell_flag */
	uint8_t fg, bg; /* xterm's palette; what a guest's console asked for, 0 elsewhere */
};

struct canvas;

enum align { ALIGN_LEFT, ALIGN_RIGHT };

/* ASCII: graphic characters drawn through canvas_glyph() fall back, and other non-ASCII text becomes '?'. */
struct canvas *canvas_new(int rows, int cols, bool ascii);
void canvas_free(struct canvas *canvas);
void canvas_resize(struct canvas *canvas, int rows, int cols);
void canvas_clear(struct canvas *canvas);
int canvas_rows(const struct canvas *canvas);
int canvas_cols(const struct canvas *canvas);
bool canvas_ascii(const struct canvas *canvas);
const struct canvas_cell *canvas_at(const struct canvas *canvas, int y, int x);

/* Where the terminal's cursor shall stand (input line), or -1,-1: hidden. */
void canvas_set_cursor(struct canvas *canvas, int y, int x);
void canvas_get_cursor(const struct canvas *canvas, int *y, int *x);

/* The whole grid as lines of UTF-8, trailing blanks cut; caller frees. */
char *canvas_text(const struct canvas *canvas);

/* A rectangle of a canvas with its own origin; drawing is clipped to it. A value: copy it freely. */
struct pane {
	struct canvas *canvas;
	int y, x, rows, cols;
};

struct pane pane_whole(struct canvas *canvas);
struct pane pane_sub(const struct pane *pane, int y, int x, int rows, int cols); /* clipped to PANE */

/* Draws UTF-8 TEXT from (Y,X) in at most WIDTH columns (-1: to the pane's edge); longer text ends in '…' ('~' in ASCII).
 * Returns the columns used. */
int pane_text(const struct pane *pane, int y, int x, int width, enum role role, const char *text);
/* The same, in a field of exactly WIDTH columns, padded by ALIGN. */
void pane_field(const struct pane *pane, int y, int x, int width, enum align align, enum role role, const char *text);
int pane_printf(const struct pane *pane, int y, int x, enum role role, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* GLYPH on UTF-8, ASCII on others. */
void pane_glyph(const struct pane *pane, int y, int x, enum role role, const char *glyph, char ascii);
/* N cells as they are, whose characters went through glyph_next() and whose wide ones are whole; clipped. */
void pane_cells(const struct pane *pane, int y, int x, const struct canvas_cell *cells, int n);
void pane_fill(const struct pane *pane, int y, int x, int width, enum role role); /* blanks */
/* Gives ROLE and FLAGS to cells that are already drawn (cursor row, marks). ROLE_COUNT: leave the role. */
void pane_restyle(const struct pane *pane, int y, int x, int width, enum role role, uint8_t flags);
