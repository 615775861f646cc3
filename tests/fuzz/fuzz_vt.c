/* Any bytes as what a guest writes, in any pieces and at any size of the screen: what is drawn is harmless and whole, and
 * what goes back to the guest are answers to a terminal's questions and nothing of what it wrote. */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tui/glyph.h"
#include "tui/vt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cells(const struct vt *vt, bool ascii)
{
	struct canvas *canvas = canvas_new(9, 21, ascii);
	struct pane whole = pane_whole(canvas), pane = pane_sub(&whole, 1, 1, 8, 20);

	vt_draw(vt, &pane);
	for (int y = 0; y < 9; y++) {
		for (int x = 0; x < 21; x++) {
			const struct canvas_cell *cell = canvas_at(canvas, y, x);

			g_assert(!(cell->flags & CELL_CONTINUED) == (cell->ch[0] != 0));
			g_assert(!(cell->flags & CELL_CONTINUED) ||
				 (x > 0 && canvas_at(canvas, y, x - 1)->ch[0] >= 0x80));
			g_assert(!cell->ch[0] || !glyph_is_harmful(cell->ch[0]));
			g_assert(!ascii || cell->ch[0] < 0x80);
		}
	}
	canvas_free(canvas);
}

static void
check_answers(struct vt *vt)
{
	const GByteArray *out = vt_output(vt);

	g_assert(out->len <= 1024);
	for (guint i = 0; i < out->len; i++)
		g_assert(strchr("\033[?>;cnR", out->data[i]) || g_ascii_isdigit((char)out->data[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vt *vt;
	size_t step;

	if (size < 2)
		return 0;
	setlocale(LC_ALL, "C.UTF-8");
	vt = vt_new(data[0] % 12, data[0] / 12);
	step = 1 + data[1] % 32;
	for (size_t at = 2; at < size; at += step) {
		vt_feed(vt, (const char *)data + at, MIN(step, size - at));
		if (data[at] == 'Z')
			vt_resize(vt, data[at] % 9, (int)(at % 23));
		vt_scroll(vt, data[at] == 'Y' ? 3 : -1);
	}
	check_cells(vt, false);
	check_cells(vt, true);
	check_answers(vt);
	vt_free(vt);
	return 0;
}
