#include "tui/canvas.h"

#include <stdarg.h>
#include <string.h>

#include "tui/cell.h"
#include "tui/glyph.h"

struct canvas {
	int rows, cols;
	bool ascii;
	int cursor_y, cursor_x;
	struct canvas_cell *cells; /* row by row */
};

static const struct canvas_cell blank = { .ch = { ' ' }, .role = ROLE_NORMAL };

struct canvas *
canvas_new(int rows, int cols, bool ascii)
{
	struct canvas *canvas = g_new0(struct canvas, 1);

	canvas->ascii = ascii;
	canvas_resize(canvas, rows, cols);
	return canvas;
}

void
canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	g_free(canvas->cells);
	g_free(canvas);
}

void
canvas_resize(struct canvas *canvas, int rows, int cols)
{
	canvas->rows = MAX(rows, 1);
	canvas->cols = MAX(cols, 1);
	g_free(canvas->cells);
	canvas->cells = g_new0(struct canvas_cell, (size_t)canvas->rows * (size_t)canvas->cols);
	canvas_clear(canvas);
}

void
canvas_clear(struct canvas *canvas)
{
	size_t n = (size_t)canvas->rows * (size_t)canvas->cols;

	for (size_t i = 0; i < n; i++)
		canvas->cells[i] = blank;
	canvas_set_cursor(canvas, -1, -1);
}

int
canvas_rows(const struct canvas *canvas)
{
	return canvas->rows;
}

int
canvas_cols(const struct canvas *canvas)
{
	return canvas->cols;
}

bool
canvas_ascii(const struct canvas *canvas)
{
	return canvas->ascii;
}

const struct canvas_cell *
canvas_at(const struct canvas *canvas, int y, int x)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

void
canvas_set_cursor(struct canvas *canvas, int y, int x)
{
	bool inside = y >= 0 && y < canvas->rows && x >= 0 && x < canvas->cols;

	canvas->cursor_y = inside ? y : -1;
	canvas->cursor_x = inside ? x : -1;
}

void
canvas_get_cursor(const struct canvas *canvas, int *y, int *x)
{
	*y = canvas->cursor_y;
	*x = canvas->cursor_x;
}

char *
canvas_text(const struct canvas *canvas)
{
	GString *out = g_string_sized_new((size_t)canvas->rows * ((size_t)canvas->cols + 1));

	for (int y = 0; y < canvas->rows; y++) {
		gsize start = out->len;

		for (int x = 0; x < canvas->cols; x++) {
			const struct canvas_cell *cell = canvas_at(canvas, y, x);

			if (cell->flags & CELL_CONTINUED)
				continue;
			for (size_t i = 0; i < G_N_ELEMENTS(cell->ch) && cell->ch[i]; i++)
				g_string_append_unichar(out, cell->ch[i]);
		}
		while (out->len > start && out->str[out->len - 1] == ' ')
			g_string_truncate(out, out->len - 1);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

static struct canvas_cell *
row_at(struct canvas *canvas, int y)
{
	return &canvas->cells[(size_t)y * (size_t)canvas->cols];
}

/* No half of a wide character may stay behind when the columns from FIRST up to END are overwritten: the left half
 * before them is blanked first, the right half after them last. */
static void
row_cut_left(struct canvas_cell *row, int first)
{
	if (row[first].flags & CELL_CONTINUED)
		memcpy(row[first - 1].ch, blank.ch, sizeof(blank.ch));
}

static void
row_cut_right(struct canvas_cell *row, int cols, int end)
{
	if (end < cols && row[end].flags & CELL_CONTINUED) {
		row[end].ch[0] = ' ';
		row[end].flags &= (uint8_t)~CELL_CONTINUED;
	}
}

static void
row_put_char(struct canvas_cell *row, int x, gunichar ch, enum role role)
{
	row[x] = (struct canvas_cell){ .ch = { ch }, .role = (uint8_t)role };
}

static void
row_put_glyph(struct canvas_cell *row, int x, const struct glyph *glyph, bool ascii, enum role role)
{
	for (int i = 0; i < glyph->width; i++) {
		if (glyph->ch[0] == 0)
			row_put_char(row, x + i, (guchar)glyph->escape[i], role);
		else if (ascii)
			row_put_char(row, x + i, (guchar)glyph_ascii(glyph->ch[0]), role);
		else
			row[x + i] = (struct canvas_cell){ .role = (uint8_t)role, .flags = CELL_CONTINUED };
	}
	if (glyph->ch[0] && !ascii) {
		row[x].flags = 0;
		memcpy(row[x].ch, glyph->ch, sizeof(row[x].ch));
	}
}

/* Puts the sign of a cut text after USED of LIMIT columns, or over the last character when they are all used. Returns
 * the columns used then. */
static int
row_put_ellipsis(struct canvas_cell *row, int used, int limit, bool ascii, enum role role)
{
	int x = MIN(used, limit - 1), end = x + 1;

	if (x < used && row[x].flags & CELL_CONTINUED)
		row_put_char(row, x--, ' ', role);
	row_put_char(row, x, ascii ? '~' : 0x2026, role);
	return end;
}

static int
row_put_text(struct canvas_cell *row, int limit, bool ascii, enum role role, const char *text)
{
	struct glyph glyph;
	int used = 0;

	while ((text = glyph_next(text, &glyph))) {
		if (used + glyph.width > limit)
			return row_put_ellipsis(row, used, limit, ascii, role);
		row_put_glyph(row, used, &glyph, ascii, role);
		used += glyph.width;
	}
	return used;
}

struct pane
pane_whole(struct canvas *canvas)
{
	return (struct pane){ .canvas = canvas, .rows = canvas->rows, .cols = canvas->cols };
}

struct pane
pane_sub(const struct pane *pane, int y, int x, int rows, int cols)
{
	int top = CLAMP(y, 0, pane->rows), left = CLAMP(x, 0, pane->cols);
	int bottom = CLAMP(y + rows, top, pane->rows), right = CLAMP(x + cols, left, pane->cols);

	return (struct pane){
		.canvas = pane->canvas,
		.y = pane->y + top,
		.x = pane->x + left,
		.rows = bottom - top,
		.cols = right - left,
	};
}

/* The part of WIDTH columns from X (-1: all) that lies in PANE; 0 when none does. */
static int
pane_clip(const struct pane *pane, int y, int x, int width)
{
	if (y < 0 || y >= pane->rows || x < 0 || x >= pane->cols)
		return 0;
	return width < 0 ? pane->cols - x : MIN(width, pane->cols - x);
}

int
pane_text(const struct pane *pane, int y, int x, int width, enum role role, const char *text)
{
	int limit = pane_clip(pane, y, x, width), at = pane->x + x, used;
	struct canvas_cell *row;

	if (limit <= 0 || *text == '\0')
		return 0;
	row = row_at(pane->canvas, pane->y + y);
	row_cut_left(row, at);
	used = row_put_text(row + at, limit, pane->canvas->ascii, role, text);
	row_cut_right(row, pane->canvas->cols, at + used);
	return used;
}

void
pane_field(
	const struct pane *pane, int y, int x, int width, enum align align, enum role role, const char *text)
{
	int shift = align == ALIGN_RIGHT ? MAX(width - text_width(text), 0) : 0;

	pane_fill(pane, y, x, width, role);
	pane_text(pane, y, x + shift, width - shift, role, text);
}

int
pane_printf(const struct pane *pane, int y, int x, enum role role, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	return pane_text(pane, y, x, -1, role, text);
}

void
pane_glyph(const struct pane *pane, int y, int x, enum role role, const char *glyph, char ascii)
{
	const char fallback[] = { ascii, '\0' };

	pane_text(pane, y, x, -1, role, pane->canvas->ascii ? fallback : glyph);
}

void
pane_cells(const struct pane *pane, int y, int x, const struct canvas_cell *cells, int n)
{
	int limit = pane_clip(pane, y, x, n), at = pane->x + x;
	struct canvas_cell *row;

	if (limit <= 0)
		return;
	if (limit < n && cells[limit].flags & CELL_CONTINUED)
		limit--; /* a wide one that is cut is not shown at all */
	row = row_at(pane->canvas, pane->y + y);
	row_cut_left(row, at);
	for (int i = 0; i < limit; i++) {
		struct canvas_cell cell = cells[i];

		if (pane->canvas->ascii && cell.flags & CELL_CONTINUED)
			cell = row[at + i - 1];
		else if (pane->canvas->ascii)
			cell.ch[0] = (guchar)glyph_ascii(cell.ch[0]), cell.ch[1] = cell.ch[2] = 0;
		row[at + i] = cell;
	}
	row_cut_right(row, pane->canvas->cols, at + limit);
}

void
pane_fill(const struct pane *pane, int y, int x, int width, enum role role)
{
	int limit = pane_clip(pane, y, x, width), at = pane->x + x;
	struct canvas_cell *row;

	if (limit <= 0)
		return;
	row = row_at(pane->canvas, pane->y + y);
	row_cut_left(row, at);
	for (int i = 0; i < limit; i++)
		row_put_char(row, at + i, ' ', role);
	row_cut_right(row, pane->canvas->cols, at + limit);
}

void
pane_restyle(const struct pane *pane, int y, int x, int width, enum role role, uint8_t flags)
{
	int limit = pane_clip(pane, y, x, width);
	struct canvas_cell *cell;

	if (limit <= 0)
		return;
	cell = row_at(pane->canvas, pane->y + y) + pane->x + x;
	for (int i = 0; i < limit; i++, cell++) {
		if (role != ROLE_COUNT)
			cell->role = (uint8_t)role;
		cell->flags |= flags & (uint8_t)~CELL_CONTINUED;
	}
}
