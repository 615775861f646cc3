#include "tui/frame.h"

static void
draw_row(const struct pane *box, int y, const char *left, const char *line, const char *right,
	const char *ascii)
{
	pane_glyph(box, y, 0, ROLE_DIALOG, left, ascii[0]);
	for (int x = 1; x < box->cols - 1; x++)
		pane_glyph(box, y, x, ROLE_DIALOG, line, ascii[1]);
	pane_glyph(box, y, box->cols - 1, ROLE_DIALOG, right, ascii[2]);
}

void
frame_draw(const struct pane *box, const char *title)
{
	draw_row(box, 0, "┌", "─", "┐", "+-+");
	for (int y = 1; y < box->rows - 1; y++)
		draw_row(box, y, "│", " ", "│", "| |");
	draw_row(box, box->rows - 1, "└", "─", "┘", "+-+");
	if (*title && box->cols > 6) {
		int used = pane_text(box, 0, 3, box->cols - 6, ROLE_TITLE, title);

		pane_text(box, 0, 2, 1, ROLE_DIALOG, " ");
		pane_text(box, 0, 3 + used, 1, ROLE_DIALOG, " ");
	}
}

void
frame_draw_more(const struct pane *box, const struct pane *inner, bool above, bool below)
{
	if (above)
		pane_glyph(box, inner->y - box->y, box->cols - 1, ROLE_KEY, "▲", '^');
	if (below)
		pane_glyph(box, inner->y - box->y + inner->rows - 1, box->cols - 1, ROLE_KEY, "▼", 'v');
}

bool
pane_holds(const struct pane *pane, int y, int x)
{
	return y >= pane->y && y < pane->y + pane->rows && x >= pane->x && x < pane->x + pane->cols;
}
