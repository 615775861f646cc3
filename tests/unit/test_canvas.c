#include "tui/canvas.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "tui/cell.h"

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(canvas, .init = use_utf8);

static void
expect_row(const struct canvas *canvas, int y, const char *want)
{
	g_autofree char *text = canvas_text(canvas);
	g_auto(GStrv) rows = g_strsplit(text, "\n", -1);

	cr_expect_str_eq(rows[y], want, "row %d is '%s', not '%s'", y, rows[y], want);
}

/* Text in WIDTH columns at X of a pane of 10 columns. */
static const struct {
	const char *text;
	int x, width, used;
	const char *utf8, *ascii;
} texts[] = {
	{ "hello", 0, -1, 5, "hello", "hello" },
	{ "hello", 5, -1, 5, "     hello", "     hello" },
	{ "hello", 6, -1, 4, "      hel…", "      hel~" },
	{ "hello", 0, 3, 3, "he…", "he~" },
	{ "hello", 0, 1, 1, "…", "~" },
	{ "hello", 0, 0, 0, "", "" },
	{ "hello", 10, -1, 0, "", "" },
	{ "hello", -1, -1, 0, "", "" },
	{ "", 0, -1, 0, "", "" },
	{ "中文中文中", 0, -1, 10, "中文中文中", "??????????" },
	{ "中文中文中", 0, 9, 9, "中文中文…", "????????~" },
	{ "中文中文中", 0, 8, 8, "中文中…", "???????~" },
	{ "中文", 0, 1, 1, "…", "~" },
	{ "e\xcc\x81te\xcc\x81", 0, 3, 3, "e\xcc\x81te\xcc\x81", "ete" },
	{ "\033", 0, -1, 4, "\\x1b", "\\x1b" },
	{ "\033", 0, 3, 1, "…", "~" },
	{ "ab\033", 0, 5, 3, "ab…", "ab~" },
	{ "a▲▁█─│…", 0, -1, 7, "a▲▁█─│…", "a^_#-|~" },
};

Test(canvas, draws_and_cuts_text)
{
	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		for (int ascii = 0; ascii <= 1; ascii++) {
			struct canvas *canvas = canvas_new(1, 10, ascii);
			struct pane pane = pane_whole(canvas);
			int used = pane_text(&pane, 0, texts[i].x, texts[i].width, ROLE_INFO, texts[i].text);

			cr_expect_eq(used, texts[i].used, "text %zu used %d", i, used);
			expect_row(canvas, 0, ascii ? texts[i].ascii : texts[i].utf8);
			canvas_free(canvas);
		}
	}
}

Test(canvas, wide_characters_are_never_halved)
{
	static const struct {
		int x, width;
		const char *text, *want;
	} over[] = {
		{ 1, -1, "x", " x文" },
		{ 0, -1, "x", "x 文" },
		{ 2, -1, "x", "中x" },
		{ 3, -1, "x", "中 x" },
		{ 1, -1, "中", " 中" },
		{ 1, 2, "xyz", " x…" },
		{ 1, 2, "中x", " …" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(over); i++) {
		struct canvas *canvas = canvas_new(1, 4, false);
		struct pane pane = pane_whole(canvas);

		pane_text(&pane, 0, 0, -1, ROLE_NORMAL, "中文");
		pane_text(&pane, 0, over[i].x, over[i].width, ROLE_NORMAL, over[i].text);
		expect_row(canvas, 0, over[i].want);
		for (int x = 0; x < 4; x++) {
			const struct canvas_cell *cell = canvas_at(canvas, 0, x);

			cr_expect(!(cell->flags & CELL_CONTINUED) ||
					  (x > 0 && canvas_at(canvas, 0, x - 1)->ch[0] > 0x80),
				"sample %zu, column %d", i, x);
		}
		canvas_free(canvas);
	}
}

Test(canvas, fields_are_aligned_and_padded)
{
	struct canvas *canvas = canvas_new(3, 12, false);
	struct pane pane = pane_whole(canvas);

	for (int y = 0; y < 3; y++)
		pane_text(&pane, y, 0, -1, ROLE_NORMAL, "############");
	pane_field(&pane, 0, 2, 6, ALIGN_LEFT, ROLE_GOOD, "ab");
	pane_field(&pane, 1, 2, 6, ALIGN_RIGHT, ROLE_GOOD, "ab");
	pane_field(&pane, 2, 2, 6, ALIGN_RIGHT, ROLE_GOOD, "abcdefgh");
	expect_row(canvas, 0, "##ab    ####");
	expect_row(canvas, 1, "##    ab####");
	expect_row(canvas, 2, "##abcde…####");
	cr_expect_eq(canvas_at(canvas, 0, 7)->role, ROLE_GOOD);
	cr_expect_eq(canvas_at(canvas, 0, 8)->role, ROLE_NORMAL);
	canvas_free(canvas);
}

Test(canvas, panes_clip)
{
	struct canvas *canvas = canvas_new(4, 10, false);
	struct pane whole = pane_whole(canvas), inner = pane_sub(&whole, 1, 2, 2, 5);
	struct pane outside = pane_sub(&whole, -3, -3, 2, 2), beyond = pane_sub(&inner, 1, 3, 100, 100);

	pane_text(&inner, 0, 0, -1, ROLE_NORMAL, "abcdefgh");
	pane_text(&inner, 2, 0, -1, ROLE_NORMAL, "below");
	pane_text(&inner, -1, 0, -1, ROLE_NORMAL, "above");
	pane_fill(&inner, 0, 4, 100, ROLE_BAD);
	pane_text(&outside, 0, 0, -1, ROLE_NORMAL, "outside");
	pane_printf(&beyond, 0, 0, ROLE_NORMAL, "%d", 12345);
	cr_expect_eq(outside.rows * outside.cols, 0);
	cr_expect(beyond.y == 2 && beyond.x == 5 && beyond.rows == 1 && beyond.cols == 2);
	expect_row(canvas, 0, "");
	expect_row(canvas, 1, "  abcd");
	expect_row(canvas, 2, "     1…");
	expect_row(canvas, 3, "");
	cr_expect_eq(canvas_at(canvas, 1, 6)->role, ROLE_BAD);
	cr_expect_eq(canvas_at(canvas, 1, 7)->role, ROLE_NORMAL);
	canvas_free(canvas);
}

Test(canvas, restyling_leaves_the_text)
{
	struct canvas *canvas = canvas_new(1, 4, false);
	struct pane pane = pane_whole(canvas);

	pane_text(&pane, 0, 0, -1, ROLE_GOOD, "中ab");
	pane_restyle(&pane, 0, 0, 3, ROLE_COUNT, CELL_REVERSE);
	pane_restyle(&pane, 0, 2, -1, ROLE_CURSOR, CELL_UNDERLINE);
	expect_row(canvas, 0, "中ab");
	cr_expect_eq(canvas_at(canvas, 0, 0)->role, ROLE_GOOD);
	cr_expect_eq(canvas_at(canvas, 0, 0)->flags, CELL_REVERSE);
	cr_expect_eq(canvas_at(canvas, 0, 1)->flags, CELL_REVERSE | CELL_CONTINUED);
	cr_expect_eq(canvas_at(canvas, 0, 2)->role, ROLE_CURSOR);
	cr_expect_eq(canvas_at(canvas, 0, 2)->flags, CELL_REVERSE | CELL_UNDERLINE);
	cr_expect_eq(canvas_at(canvas, 0, 3)->flags, CELL_UNDERLINE);
	canvas_free(canvas);
}

Test(canvas, glyphs_fall_back)
{
	for (int ascii = 0; ascii <= 1; ascii++) {
		struct canvas *canvas = canvas_new(1, 3, ascii);
		struct pane pane = pane_whole(canvas);

		cr_expect_eq(canvas_ascii(canvas), ascii);
		pane_glyph(&pane, 0, 1, ROLE_GOOD, "●", '@');
		expect_row(canvas, 0, ascii ? " @" : " ●");
		canvas_free(canvas);
	}
}

Test(canvas, the_cursor_stays_inside)
{
	struct canvas *canvas = canvas_new(5, 10, false);
	int y, x;

	canvas_get_cursor(canvas, &y, &x);
	cr_expect(y == -1 && x == -1);
	canvas_set_cursor(canvas, 4, 9);
	canvas_get_cursor(canvas, &y, &x);
	cr_expect(y == 4 && x == 9);
	canvas_set_cursor(canvas, 4, 10);
	canvas_get_cursor(canvas, &y, &x);
	cr_expect(y == -1 && x == -1);
	canvas_set_cursor(canvas, 1, 1);
	canvas_resize(canvas, 3, 3);
	canvas_get_cursor(canvas, &y, &x);
	cr_expect(y == -1 && x == -1);
	cr_expect(canvas_rows(canvas) == 3 && canvas_cols(canvas) == 3);
	canvas_resize(canvas, 0, -5);
	cr_expect(canvas_rows(canvas) == 1 && canvas_cols(canvas) == 1);
	canvas_free(canvas);
}
