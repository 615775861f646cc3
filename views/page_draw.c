/* page: drawing. */
#include "views/page_private.h"

#include "tui/bar.h"
#include "tui/cell.h"

#define HEAD_METER   8
#define CUT_LEAST    16 /* columns that words without a number are worth being cut to */
#define METER_LEAST  8
#define METER_MOST   20
#define NUMBER_WIDTH 6 /* units of four columns, and "/s" */
#define GAP          2
#define ROOMY        30 /* rows from which on a blank line parts head and blocks */

/* ---- head ---- */

static int
piece_width(const struct piece *piece)
{
	int width = text_width(piece->text);

	if (piece->label)
		width += text_width(piece->label) + 1;
	return width + (piece->meter ? HEAD_METER + 1 : 0);
}

static void
draw_piece(const struct pane *pane, int y, int x, const struct piece *piece)
{
	if (piece->label)
		x += pane_text(pane, y, x, -1, ROLE_DIM, piece->label) + 1;
	if (piece->meter) {
		bar_meter(pane, y, x, HEAD_METER, piece->role == ROLE_NORMAL ? ROLE_GRAPH : piece->role,
			piece->pct);
		x += HEAD_METER + 1;
	}
	pane_text(pane, y, x, -1, piece->role, piece->text);
}

static void
draw_head_line(const struct pane *pane, int y, const GArray *pieces)
{
	int x = 0;

	for (guint i = 0; i < pieces->len; i++) {
		const struct piece *piece = &g_array_index(pieces, struct piece, i);
		int width = piece_width(piece);

		if (i > 0 && x + width > pane->cols && (piece->label || x + CUT_LEAST > pane->cols))
			return;
		draw_piece(pane, y, x, piece);
		x += width + (width == 1 ? 1 : GAP); /* a sign belongs to what follows */
	}
}

/* Returns the lines it took. */
static int
draw_head(const struct page *page, const struct pane *pane)
{
	int n = MIN((int)page->head->len, pane->rows / 4);

	for (int y = 0; y < n; y++)
		draw_head_line(pane, y, page->head->pdata[y]);
	return n + (n && pane->rows >= ROOMY ? 1 : 0);
}

/* ---- lines ---- */

static void
draw_title(const struct pane *pane, int y, const struct section *section, bool focused)
{
	int x = 0;

	if (focused) {
		pane_glyph(pane, y, 0, ROLE_KEY, "▸", '>');
		x = 2;
	}
	x += pane_text(pane, y, x, -1, ROLE_TITLE, section->title);
	if (section->note && x + GAP + text_width(section->note) <= pane->cols)
		pane_text(pane, y, pane->cols - text_width(section->note), -1, ROLE_COLUMN, section->note);
}

static void
draw_label(const struct pane *pane, int y, const struct section *section, const struct placed *placed)
{
	int at = placed->line->kind == LINE_GRAPH ? placed->parts - 1 : 0; /* a graph stands on its label */

	if (placed->part == at && placed->line->label)
		pane_field(pane, y, 1, section->label_width, ALIGN_LEFT, ROLE_DIM, placed->line->label);
}

static enum role
bar_role(enum role role)
{
	return role == ROLE_NORMAL ? ROLE_GRAPH : role;
}

static void
draw_meter(const struct pane *pane, int y, int x, const struct line *line)
{
	int width = CLAMP((pane->cols - x) / 3, METER_LEAST, METER_MOST);

	bar_meter(pane, y, x, width, bar_role(line->role), line->pct);
	pane_text(pane, y, x + width + 1, -1, line->role, line->text);
}

static void
draw_graph(const struct pane *pane, int y, int x, const struct placed *placed)
{
	const struct line *line = placed->line;
	int width = pane->cols - x - 2 * (GAP + NUMBER_WIDTH);

	bar_graph_row(pane, y, x, width, bar_role(line->role), line->values, line->nvalues, placed->part,
		placed->parts);
	if (placed->part + 1 < placed->parts)
		return;
	x += width + GAP;
	pane_field(pane, y, x, NUMBER_WIDTH, ALIGN_RIGHT, line->role, line->text);
	pane_field(pane, y, x + NUMBER_WIDTH + GAP, NUMBER_WIDTH, ALIGN_RIGHT, ROLE_DIM, line->most);
}

static void
draw_cells(const struct pane *pane, int y, const struct line *line)
{
	int x = 1, used = -GAP;

	for (guint i = 0; i < line->cells->len; i++)
		used += g_array_index(line->cells, struct line_cell, i).cell.width + GAP;
	for (guint i = 0; i < line->cells->len; i++) {
		const struct line_cell *own = &g_array_index(line->cells, struct line_cell, i);
		const struct page_cell *cell = &own->cell;
		int width = cell->width ? cell->width : MAX(pane->cols - 1 - used, 0);

		/* the last one takes what is left */
		if (i + 1 == line->cells->len && cell->align == ALIGN_LEFT)
			width = pane->cols - x;
		if (own->meter)
			bar_meter(pane, y, x, cell->width, bar_role(cell->role), own->pct);
		else
			pane_field(pane, y, x, width, cell->align, cell->role, cell->text);
		x += width + GAP;
	}
}

/* One character after the other: each has a role of its own. Returns the columns that had no room. */
static int
draw_strip(const struct page *page, const struct pane *pane, int y, int x, const struct line *line)
{
	int room = pane->cols - x, hidden = MAX((int)line->nvalues - room, 0), left = MIN(page->left, hidden);
	const char *at = g_utf8_offset_to_pointer(line->text, left);

	for (int i = 0; i < room && *at; i++) {
		const char *next = at + g_utf8_skip[(guchar)*at];
		char one[8] = { 0 };

		g_strlcpy(one, at, MIN((size_t)(next - at) + 1, sizeof(one)));
		pane_text(pane, y, x + i, 1, (enum role)line->values[left + i], one);
		at = next;
	}
	if (left > 0)
		pane_glyph(pane, y, x, ROLE_KEY, "‹", '<');
	if (left < hidden)
		pane_glyph(pane, y, pane->cols - 1, ROLE_KEY, "›", '>');
	return hidden;
}

static void
draw_placed(struct page *page, const struct pane *pane, int y, const struct block *block,
	const struct placed *placed, bool focused)
{
	const struct section *section = block->section;
	const struct line *line = placed->line;
	int x = section->label_width + 3;

	if (!line) {
		draw_title(pane, y, section, focused);
		return;
	}
	draw_label(pane, y, section, placed);
	switch (line->kind) {
	case LINE_FIELD:
		pane_text(pane, y, x, -1, line->role, placed->text);
		break;
	case LINE_TEXT:
		pane_text(pane, y, 1, -1, line->role, placed->text);
		break;
	case LINE_METER:
		draw_meter(pane, y, x, line);
		break;
	case LINE_GRAPH:
		draw_graph(pane, y, x, placed);
		break;
	case LINE_CELLS:
		draw_cells(pane, y, line);
		break;
	case LINE_STRIP:
		page->hidden = MAX(page->hidden, draw_strip(page, pane, y, x, line));
		break;
	}
}

static void
draw_block(struct page *page, const struct pane *body, const struct block *block, bool focused)
{
	struct pane column = pane_sub(body, 0, block->x, body->rows, block->width);

	for (int i = 0; i < (int)block->placed->len; i++) {
		int y = block->y + i - page->top;

		if (y >= 0 && y < body->rows)
			draw_placed(page, &column, y, block, &g_array_index(block->placed, struct placed, i),
				focused);
	}
}

void
page_draw(struct page *page, const struct pane *pane)
{
	int head = draw_head(page, pane);
	int edge = pane->cols - 1; /* is the arrows' */
	struct pane body = pane_sub(pane, head, 0, pane->rows - head, MAX(edge, 1));
	g_autoptr(GArray) blocks = page_layout(page, body.rows, body.cols);

	page->shown = body.rows;
	page->hidden = 0;
	page_scroll(page, 0);
	for (guint i = 0; i < blocks->len; i++)
		draw_block(page, &body, &g_array_index(blocks, struct block, i), (int)i == page->focus);
	if (page->top > 0)
		pane_glyph(pane, head, edge, ROLE_KEY, "▲", '^');
	if (page->top + page->shown < page->height)
		pane_glyph(pane, pane->rows - 1, edge, ROLE_KEY, "▼", 'v');
}
