#include "tui/cell.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#include "tui/glyph.h"
#include "tui/wrap.h"

static const char *const locales[] = { "C.UTF-8", "C" };

/* What is allowed through stays as it is; the rest is written out. Width is what a terminal shows. */
static const struct {
	const char *text, *harmless;
	int width;
} samples[] = {
	{ "", "", 0 },
	{ "kvm017", "kvm017", 6 },
	{ "a\nb\tc", "a b c", 5 },
	{ "Zürich", "Zürich", 6 },
	{ "中文", "中文", 4 },
	{ "e\xcc\x81x", "e\xcc\x81x", 2 },
	{ "😀", "😀", 2 },
	{ "▁▂▃…●", "▁▂▃…●", 5 },
	/* terminal control */
	{ "\x1b[31mred", "\\x1b[31mred", 11 },
	{ "\x07\r\x7f", "\\x07\\x0d\\x7f", 12 },
	{ "\xc2\x9b"
	  "31m",
		"\\u{9b}31m", 9 },
	/* text that changes what stands around it */
	{ "\xe2\x80\xae"
	  "cod",
		"\\u{202e}cod", 11 },
	{ "\xe2\x81\xa6\xe2\x81\xa9", "\\u{2066}\\u{2069}", 16 },
	{ "\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u{200e}\\u{200f}\\u{61c}", 23 },
	/* text that hides */
	{ "a\xe2\x80\x8b"
	  "b",
		"a\\u{200b}b", 10 },
	{ "\xe2\x80\x8d\xe2\x80\x8c\xe2\x81\xa0", "\\u{200d}\\u{200c}\\u{2060}", 24 },
	{ "\xef\xbb\xbfx", "\\u{feff}x", 9 },
	{ "\xc2\xad", "\\u{ad}", 6 },
	{ "\xe3\x85\xa4", "\\u{3164}", 8 },
	{ "x\xef\xb8\x8f", "x\\u{fe0f}", 9 },
	{ "\xf3\xa0\x81\x81", "\\u{e0041}", 9 },
	{ "\xe2\x80\xa8\xe2\x80\xa9", "\\u{2028}\\u{2029}", 16 },
	/* text that means nothing to others */
	{ "\xee\x80\x80", "\\u{e000}", 8 },
	{ "\xcd\xb8", "\\u{378}", 7 },
	{ "\xf4\x8f\xbf\xbf", "\\u{10ffff}", 10 },
	{ "\xef\xbf\xbd", "\\u{fffd}", 8 },
	/* broken UTF-8: a lone byte, overlong, surrogate, too large, cut off */
	{ "a\xff"
	  "b",
		"a\\xffb", 6 },
	{ "\xc0\xaf", "\\xc0\\xaf", 8 },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80", 12 },
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80", 16 },
	{ "ab\xe4\xb8", "ab\\xe4\\xb8", 10 },
	/* combining marks: two of them, no base, too many */
	{ "a\xcc\x81\xcc\x82", "a\xcc\x81\xcc\x82", 1 },
	{ "\xcc\x81", "\\u{301}", 7 },
	{ "a\xcc\x81\xcc\x82\xcc\x83", "a\xcc\x81\xcc\x82\\u{303}", 8 },
};

Test(cell, strange_text_is_made_harmless_in_any_locale)
{
	for (size_t l = 0; l < G_N_ELEMENTS(locales); l++) {
		cr_assert(setlocale(LC_ALL, locales[l]));
		for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
			g_autofree char *harmless = text_harmless(samples[i].text);

			cr_expect_str_eq(
				harmless, samples[i].harmless, "%s, sample %zu: %s", locales[l], i, harmless);
			cr_expect_eq(text_width(samples[i].text), samples[i].width, "%s, sample %zu: %d",
				locales[l], i, text_width(samples[i].text));
		}
	}
}

Test(cell, harmless_text_stays_as_it_is)
{
	setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < G_N_ELEMENTS(samples); i++) {
		g_autofree char *once = text_harmless(samples[i].text), *twice = text_harmless(once);

		cr_expect_str_eq(once, twice);
	}
}

Test(cell, all_characters_are_either_shown_or_written_out)
{
	setlocale(LC_ALL, "C.UTF-8");
	for (gunichar ch = 1; ch <= 0x10ffff; ch++) {
		char text[8] = { 0 };
		struct glyph glyph;

		if (!g_unichar_validate(ch))
			continue;
		g_unichar_to_utf8(ch, text);
		cr_assert_eq(*glyph_next(text, &glyph), '\0', "U+%04X", ch);
		if (glyph.ch[0])
			cr_assert(glyph.width == 1 || glyph.width == 2, "U+%04X: %d", ch, glyph.width);
		else
			cr_assert_eq(glyph.width, (int)strlen(glyph.escape), "U+%04X", ch);
		cr_assert(glyph_ascii(ch) >= (ch < ' ' ? 0 : ' '), "U+%04X", ch);
	}
}

Test(cell, text_is_cut_at_a_character)
{
	struct cell cell;
	char room[sizeof(cell.text)];
	GString *text = g_string_new(NULL);

	for (int i = 0; i < 50; i++)
		g_string_append(text, "中");
	/* 95 bytes have room for 31 characters of three bytes and two more bytes, which go. */
	cell_set(&cell, ROLE_GOOD, text->str);
	cr_expect_eq(cell.role, ROLE_GOOD);
	cr_expect_eq(strlen(cell.text), 93);
	cr_expect(g_utf8_validate(cell.text, -1, NULL));
	cell_printf(&cell, ROLE_BAD, "%s", text->str);
	cr_expect_eq(cell.role, ROLE_BAD);
	cr_expect_eq(strlen(cell.text), 93);

	memset(room, 'x', sizeof(room));
	room[sizeof(room) - 1] = '\0';
	cell_set(&cell, ROLE_NORMAL, room);
	cr_expect_str_eq(cell.text, room, "what just fits is not cut");
	cell_printf(&cell, ROLE_NORMAL, "%sy", room);
	cr_expect_str_eq(cell.text, room);
	g_string_free(text, TRUE);
}

Test(cell, unknown_is_a_dim_dash)
{
	struct cell cell;

	cell_unknown(&cell);
	cr_expect_str_eq(cell.text, "-");
	cr_expect_eq(cell.role, ROLE_DIM);
}

static const struct {
	const char *text;
	int width;
	const char *lines; /* joined by '|' */
} wraps[] = {
	{ "", 10, "" },
	{ "one two three", 20, "one two three" },
	{ "one two three", 9, "one two|three" },
	{ "one two three", 7, "one two|three" },
	{ "one two three", 3, "one|two|thr|ee" },
	{ "one\n\ntwo", 10, "one||two" },
	{ "  indented text", 10, "  indented|text" },
	{ "中文中文", 5, "中文|中文" },
	{ "ends  ", 10, "ends" },
	{ "evil\033[2J", 80, "evil\\x1b[2J" },
	{ "a \xcc\x81"
	  "bcde",
		3,
		"a \xcc\x81"
		"b|cde" },
	{ "abc \xcc\x81"
	  "de",
		3,
		"abc| \xcc\x81"
		"de" },
	{ "narrow", 0, "na|rr|ow" },
};

Test(wrap, breaks_between_words)
{
	setlocale(LC_ALL, "C.UTF-8");
	for (size_t i = 0; i < G_N_ELEMENTS(wraps); i++) {
		g_autoptr(GPtrArray) rows = text_wrap(wraps[i].text, wraps[i].width);
		g_autofree char *joined = NULL;

		g_ptr_array_add(rows, NULL);
		joined = g_strjoinv("|", (char **)rows->pdata);
		cr_expect_str_eq(
			joined, wraps[i].lines, "'%s' in %d: %s", wraps[i].text, wraps[i].width, joined);
	}
}
