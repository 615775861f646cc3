#include "tui/vt.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(vt, .init = use_utf8);

#define ROWS 4
#define COLS 12

/* The screen as text, trailing blank lines cut. */
static char *
shown(const struct vt *vt, bool ascii)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, ascii);
	struct pane pane = pane_whole(canvas);
	char *text;

	vt_draw(vt, &pane);
	text = canvas_text(canvas);
	while (g_str_has_suffix(text, "\n\n"))
		text[strlen(text) - 1] = '\0';
	canvas_free(canvas);
	return text;
}

static char *
output(struct vt *vt)
{
	GByteArray *out = vt_output(vt);
	char *text = g_strndup(out->len ? (const char *)out->data : "", out->len);

	g_byte_array_set_size(out, 0);
	return text;
}

static const struct {
	const char *bytes;
	const char *utf8, *ascii; /* ASCII NULL: the same */
	const char *answer;       /* NULL: none */
} feeds[] = {
	{ "login: ", "login:\n", NULL, NULL }, { "a\r\nb\r\n", "a\nb\n", NULL, NULL },
	{ "\033[31mred\033[0m", "red\n", NULL, NULL }, { "caf\xc3\xa9", "café\n", "caf?\n", NULL },
	{ "e\xcc\x81x", "e\xcc\x81x\n", "ex\n", NULL }, { "中x", "中x\n", "??x\n", NULL },
	{ "12345678901中", "12345678901\n中\n", "12345678901\n??\n", NULL },
	{ "\033[2;3Hat\033[1;1Hhome", "home\n  at\n", NULL, NULL },
	{ "\033[?1049hvi\033[?1049l$", "$\n", NULL, NULL }, { "┌─┐", "┌─┐\n", "+-+\n", NULL },
	/* what must not get out */
	{ "\a\aok", "ok\n", NULL, NULL }, { "\033]0;title\007ok", "ok\n", NULL, NULL },
	{ "\033]52;c;ZXZpbA==\007ok", "ok\n", NULL, NULL }, { "\033]52;c;?\007ok", "ok\n", NULL, NULL },
	{ "\033P$qm\033\\ok", "ok\n", NULL, NULL }, { "\033P$qrm -rf\r\033\\ok", "ok\n", NULL, NULL },
	{ "\033[21tok", "ok\n", NULL, NULL },
	{ "\033#P$qx\033\\\033\r]0;t\007\033(0q\033(Bok", "─ok\n", "-ok\n", NULL },
	{ "\005ok", "ok\n", NULL, NULL },          /* answerback */
	{ "a\xe2\x80\xaez", "az\n", NULL, NULL },  /* right to left from here */
	{ "a\xe2\x80\x8bz", "az\n", NULL, NULL },  /* of no width */
	{ "a\xc2\x9b@z", "a?@z\n", NULL, NULL },   /* CSI as one character */
	{ "a\xee\x80\x80z", "a?z\n", NULL, NULL }, /* private use */
	{ "a\xff\xfez", "a??z\n", NULL, NULL },    /* no UTF-8 */
	{ "a\xe4\xb8z", "a??z\n", NULL, NULL },    /* the beginning of a character */
	{ "\033[999999999;999999999Hx\033[99999999999999@\033[9999999L", "", NULL, NULL },
	/* questions that are answered */
	{ "\033[c", "\n", NULL, "\033[?1;2c" }, { "\033[5n", "\n", NULL, "\033[0n" },
	{ "ab\033[6n", "ab\n", NULL, "\033[1;3R" },
	{ "\033[999;999H\033[6n", "\n", NULL, "\033[4;12R" }, /* how `resize` finds the size */
};

static void
check_feed(size_t i, size_t step)
{
	struct vt *vt = vt_new(ROWS, COLS);
	size_t len = strlen(feeds[i].bytes);

	for (size_t at = 0; at < len; at += step)
		vt_feed(vt, feeds[i].bytes + at, MIN(step, len - at));

	g_autofree char *utf8 = shown(vt, false), *ascii = shown(vt, true), *answer = output(vt);

	if (*feeds[i].utf8) {
		cr_expect_str_eq(utf8, feeds[i].utf8, "feed %zu by %zu shows '%s'", i, step, utf8);
		cr_expect_str_eq(ascii, feeds[i].ascii ? feeds[i].ascii : feeds[i].utf8,
			"feed %zu by %zu shows '%s'", i, step, ascii);
	}
	cr_expect_str_eq(answer, feeds[i].answer ? feeds[i].answer : "", "feed %zu by %zu answers", i, step);
	vt_free(vt);
}

Test(vt, feeds_become_cells_however_they_are_cut)
{
	static const size_t steps[] = { 1, 2, 3, 1000 };

	for (size_t i = 0; i < G_N_ELEMENTS(feeds); i++)
		for (size_t s = 0; s < G_N_ELEMENTS(steps); s++)
			check_feed(i, steps[s]);
}

static struct canvas_cell
first_cell(const char *bytes)
{
	struct vt *vt = vt_new(ROWS, COLS);
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	struct pane pane = pane_whole(canvas);
	struct canvas_cell cell;

	vt_feed(vt, bytes, strlen(bytes));
	vt_draw(vt, &pane);
	cell = *canvas_at(canvas, 0, 0);
	canvas_free(canvas);
	vt_free(vt);
	return cell;
}

Test(vt, colours_and_attributes)
{
	static const struct {
		const char *bytes;
		int fg, bg; /* -1: its own */
		uint8_t flags;
	} styles[] = {
		{ "x", -1, -1, 0 },
		{ "\033[1mx", -1, -1, CELL_BOLD },
		{ "\033[4;7mx", -1, -1, CELL_UNDERLINE | CELL_REVERSE },
		{ "\033[?5hx", -1, -1, CELL_REVERSE },
		{ "\033[31mx", 1, -1, 0 },
		{ "\033[97;44mx", 15, 4, 0 },
		{ "\033[38;5;208mx", 208, -1, 0 },
		{ "\033[38;2;255;0;0mx", 196, -1, 0 },
		{ "\033[48;2;8;8;8mx", -1, 232, 0 },
		{ "\033[38;2;255;255;255mx", 231, -1, 0 },
		{ "\033[31;39mx", -1, -1, 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(styles); i++) {
		struct canvas_cell cell = first_cell(styles[i].bytes);
		int fg = cell.flags & CELL_FG ? cell.fg : -1, bg = cell.flags & CELL_BG ? cell.bg : -1;

		cr_expect_eq(cell.ch[0], 'x', "style %zu", i);
		cr_expect(fg == styles[i].fg && bg == styles[i].bg, "style %zu: %d on %d", i, fg, bg);
		cr_expect_eq(cell.flags & (CELL_BOLD | CELL_UNDERLINE | CELL_REVERSE), styles[i].flags,
			"style %zu: flags %x", i, cell.flags);
	}
}

#define K(code_)                                             \
	{                                                    \
		.type = INPUT_KEY, .key = {.code = (code_) } \
	}
#define KM(code_, mods_)                                                      \
	{                                                                     \
		.type = INPUT_KEY, .key = {.code = (code_), .mods = (mods_) } \
	}
#define KB(code_, byte_)                                                       \
	{                                                                      \
		.type = INPUT_KEY, .key = { .code = (code_) }, .byte = (byte_) \
	}
#define P(code_)                                               \
	{                                                      \
		.type = INPUT_PASTE, .key = {.code = (code_) } \
	}

Test(vt, keys_become_what_a_terminal_sends)
{
	static const struct {
		const char *before; /* what the guest has asked for */
		struct input input[3];
		const char *want;
	} keys[] = {
		{ "", { K('a') }, "a" },
		{ "", { K(0xe9) }, "\xc3\xa9" },
		{ "", { KM('c', KEY_MOD_CTRL) }, "\003" },
		{ "", { KM('i', KEY_MOD_CTRL) }, "\t" },
		{ "", { KM('\\', KEY_MOD_CTRL) }, "\034" },
		{ "", { KM(']', KEY_MOD_CTRL) }, "\035" },
		{ "", { KM('b', KEY_MOD_ALT) }, "\033b" },
		{ "", { KM('x', KEY_MOD_ALT | KEY_MOD_CTRL) }, "\033\030" },
		{ "", { KB(KEY_CODE_ENTER, '\r') }, "\r" },
		{ "", { KB(KEY_CODE_ENTER, '\n') }, "\n" },
		{ "", { KB(KEY_CODE_BACKSPACE, 0x7f) }, "\177" },
		{ "", { KB(KEY_CODE_BACKSPACE, '\b') }, "\b" },
		{ "", { KB(KEY_CODE_TAB, '\t') }, "\t" },
		{ "", { K(KEY_CODE_ESC) }, "\033" },
		{ "", { K(KEY_CODE_BACKTAB) }, "\033[Z" },
		{ "", { K(KEY_CODE_UP) }, "\033[A" },
		{ "\033[?1h", { K(KEY_CODE_UP) }, "\033OA" },
		{ "", { KM(KEY_CODE_UP, KEY_MOD_CTRL) }, "\033[1;5A" },
		{ "", { { .type = INPUT_KEY, .key = { .code = KEY_CODE_LEFT }, .shift = true } },
			"\033[1;2D" },
		{ "", { K(KEY_CODE_PGUP), K(KEY_CODE_DELETE) }, "\033[5~\033[3~" },
		{ "", { K(KEY_CODE_F1), K(KEY_CODE_F12) }, "\033OP\033[24~" },
		{ "", { P('a'), P('\n'), K('b') }, "a\rb" },
		{ "\033[?2004h", { P('a'), P('\n'), K('b') }, "\033[200~a\r\033[201~b" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		struct vt *vt = vt_new(ROWS, COLS);

		vt_feed(vt, keys[i].before, strlen(keys[i].before));
		for (size_t k = 0; k < G_N_ELEMENTS(keys[i].input); k++)
			vt_input(vt, keys[i].input[k]);
		g_autofree char *text = output(vt), *escaped = g_strescape(text, NULL);

		cr_expect_str_eq(text, keys[i].want, "keys %zu send '%s'", i, escaped);
		vt_free(vt);
	}
}

Test(vt, null_is_a_character_too)
{
	struct vt *vt = vt_new(ROWS, COLS);

	vt_input(vt, (struct input)KM(' ', KEY_MOD_CTRL));
	cr_assert_eq(vt_output(vt)->len, 1);
	cr_expect_eq(vt_output(vt)->data[0], 0);
	vt_free(vt);
}

static void
feed_lines(struct vt *vt, int from, int to)
{
	for (int i = from; i <= to; i++) {
		g_autofree char *line = g_strdup_printf("\r\n%d", i);

		vt_feed(vt, line, strlen(line));
	}
}

static void
expect_shown(const struct vt *vt, const char *want)
{
	g_autofree char *text = shown(vt, false);

	cr_expect_str_eq(text, want, "it shows '%s'", text);
}

Test(vt, what_has_left_the_screen_can_be_looked_at)
{
	struct vt *vt = vt_new(ROWS, COLS);

	feed_lines(vt, 1, 10);
	expect_shown(vt, "7\n8\n9\n10\n");
	vt_scroll(vt, 2);
	expect_shown(vt, "5\n6\n7\n8\n");
	feed_lines(vt, 11, 12); /* who reads is not disturbed */
	expect_shown(vt, "5\n6\n7\n8\n");
	vt_scroll(vt, 100);
	expect_shown(vt, "\n1\n2\n3\n");
	vt_input(vt, (struct input)K('x'));
	expect_shown(vt, "9\n10\n11\n12\n");
	feed_lines(vt, 13, VT_SCROLLBACK + 100);
	vt_scroll(vt, 1000000);
	cr_expect_eq(vt_scrolled(vt), VT_SCROLLBACK);
	vt_free(vt);
}

Test(vt, pages_of_a_program_with_a_screen_of_its_own_are_not_kept)
{
	struct vt *vt = vt_new(ROWS, COLS);

	vt_feed(vt, "\033[?1049h", 8);
	feed_lines(vt, 1, 50);
	vt_feed(vt, "\033[?1049l", 8);
	vt_scroll(vt, 100);
	cr_expect_eq(vt_scrolled(vt), 0);
	vt_free(vt);
}

Test(vt, takes_another_size)
{
	struct vt *vt = vt_new(ROWS, COLS);
	int rows, cols;

	feed_lines(vt, 1, 3);
	vt_resize(vt, 2, 40);
	vt_size(vt, &rows, &cols);
	cr_expect(rows == 2 && cols == 40);
	expect_shown(vt, "2\n3\n");
	vt_scroll(vt, 1);
	expect_shown(vt, "1\n2\n");
	vt_resize(vt, 0, -5); /* never so small that a wide character has no room */
	vt_size(vt, &rows, &cols);
	cr_expect(rows >= 2 && cols >= 4);
	vt_feed(vt, "中\033#6中中中中中中", 24);
	vt_resize(vt, 500, 500);
	vt_feed(vt, "x", 1);
	vt_free(vt);
}

Test(vt, who_asks_without_end_is_not_answered_without_end)
{
	struct vt *vt = vt_new(ROWS, COLS);

	for (int i = 0; i < 100000; i++)
		vt_feed(vt, "\033[6n", 4);
	cr_expect_leq(vt_output(vt)->len, 1024);
	vt_free(vt);
}

Test(vt, a_string_without_end_takes_no_memory_without_end)
{
	struct vt *vt = vt_new(ROWS, COLS);
	g_autofree char *much = g_strnfill(1 << 20, 'A');

	vt_feed(vt, "\033]0;", 4);
	for (int i = 0; i < 64; i++)
		vt_feed(vt, much, 1 << 20);
	vt_feed(vt, "\007\033[H\033[Jok", 9);
	expect_shown(vt, "ok\n");
	vt_free(vt);
}

Test(vt, cursor_is_where_the_guest_has_it)
{
	struct vt *vt = vt_new(ROWS, COLS);
	struct canvas *canvas = canvas_new(10, 20, false);
	struct pane whole = pane_whole(canvas), pane = pane_sub(&whole, 2, 3, ROWS, COLS);
	int y, x;

	vt_feed(vt, "\033[2;5H", 6);
	vt_draw(vt, &pane);
	canvas_get_cursor(canvas, &y, &x);
	cr_expect(y == 3 && x == 7, "%d,%d", y, x);
	canvas_set_cursor(canvas, -1, -1);
	vt_feed(vt, "\033[?25l", 6);
	vt_draw(vt, &pane);
	canvas_get_cursor(canvas, &y, &x);
	cr_expect_eq(y, -1);
	canvas_free(canvas);
	vt_free(vt);
}
