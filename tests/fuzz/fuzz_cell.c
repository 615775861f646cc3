/* Any bytes as text: what is drawn must be harmless, fit, and agree with what was measured. */
#include <locale.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/canvas.h"
#include "tui/cell.h"
#include "tui/wrap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_harmless(const char *text)
{
	g_autofree char *harmless = text_harmless(text), *again = text_harmless(harmless);

	g_assert(g_utf8_validate(harmless, -1, NULL));
	g_assert_cmpstr(harmless, ==, again);
	g_assert_cmpint(text_width(harmless), ==, text_width(text));
	for (const char *at = harmless; *at; at = g_utf8_next_char(at)) {
		GUnicodeType type = g_unichar_type(g_utf8_get_char(at));

		g_assert(type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT &&
			 type != G_UNICODE_PRIVATE_USE);
	}
}

/* No half of a wide character without the other. */
static void
check_row(const struct canvas *canvas, int y)
{
	for (int x = 0; x < canvas_cols(canvas); x++) {
		const struct canvas_cell *cell = canvas_at(canvas, y, x);

		g_assert(!(cell->flags & CELL_CONTINUED) == (cell->ch[0] != 0));
		g_assert(!(cell->flags & CELL_CONTINUED) ||
			 (x > 0 && canvas_at(canvas, y, x - 1)->ch[0] >= 0x80));
	}
}

static void
check_drawing(const char *text, bool ascii, int x, int width)
{
	struct canvas *canvas = canvas_new(2, 20, ascii);
	struct pane whole = pane_whole(canvas), pane = pane_sub(&whole, 0, 1, 2, 17);
	int used, room = CLAMP(pane.cols - x, 0, pane.cols);

	pane_text(&pane, 0, 0, -1, ROLE_NORMAL, "中中中中中中中中中");
	used = pane_text(&pane, 0, x, width, ROLE_BAD, text);
	g_assert_cmpint(used, <=, width < 0 ? room : MIN(width, room));
	if (width < 0 && x >= 0 && text_width(text) <= room)
		g_assert_cmpint(used, ==, text_width(text));
	pane_field(&pane, 1, x, width, ALIGN_RIGHT, ROLE_BAD, text);
	check_row(canvas, 0);
	check_row(canvas, 1);
	g_assert(canvas_at(canvas, 0, 18)->role == ROLE_NORMAL &&
		 canvas_at(canvas, 0, 0)->role == ROLE_NORMAL);
	canvas_free(canvas);
}

static void
check_wrap(const char *text, int width)
{
	g_autoptr(GPtrArray) rows = text_wrap(text, width);

	for (guint i = 0; i < rows->len; i++)
		g_assert_cmpint(text_width(rows->pdata[i]), <=, MAX(width, 2));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = NULL;
	struct cell cell;

	if (size < 3)
		return 0;
	setlocale(LC_ALL, data[0] & 1 ? "C" : "C.UTF-8");
	text = g_strndup((const char *)data + 3, size - 3);
	check_harmless(text);
	check_drawing(text, data[0] & 2, data[1] % 24 - 2, data[2] % 24 - 1);
	check_wrap(text, data[1] % 40);
	cell_set(&cell, ROLE_NORMAL, text);
	g_assert(g_str_has_prefix(text, cell.text));
	cell_printf(&cell, ROLE_NORMAL, "%s", text);
	g_assert(g_str_has_prefix(text, cell.text));
	return 0;
}
