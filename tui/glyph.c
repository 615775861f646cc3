#include "tui/glyph.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct char_range {
	gunichar first, last;
};

/* Letters and marks that show nothing or change their neighbour's width, though Unicode does not call them format
 * characters: with them two names can look alike, or a row shear. */
static const struct char_range invisible[] = {
	{ 0x034f, 0x034f }, /* combining grapheme joiner */
	{ 0x115f, 0x1160 }, /* Hangul fillers */
	{ 0x17b4, 0x17b5 }, /* Khmer inherent vowels */
	{ 0x180b, 0x180f }, /* Mongolian variation selectors */
	{ 0x2800, 0x2800 }, /* Braille blank */
	{ 0x3164, 0x3164 }, /* Hangul filler */
	{ 0xfe00, 0xfe0f }, /* variation selectors */
	{ 0xffa0, 0xffa0 }, /* halfwidth Hangul filler */
	{ 0xfff9,
		0xfffd }, /* interlinear annotation; the replacement character, which would hide what it replaced */
	{ 0xe0000, 0xe0fff }, /* tags, more variation selectors */
};

bool
glyph_is_harmful(gunichar ch)
{
	switch (g_unichar_type(ch)) {
	case G_UNICODE_CONTROL:
	case G_UNICODE_FORMAT:
	case G_UNICODE_UNASSIGNED:
	case G_UNICODE_PRIVATE_USE:
	case G_UNICODE_SURROGATE:
	case G_UNICODE_LINE_SEPARATOR:
	case G_UNICODE_PARAGRAPH_SEPARATOR:
		return true;
	default:
		break;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(invisible); i++) {
		if (ch >= invisible[i].first && ch <= invisible[i].last)
			return true;
	}
	return false;
}

/* Columns of CH, below 0 when it can't be shown. libc's answer counts because ncurses asks it too; the C locale has none
 * for anything beyond ASCII, and there GLib's tables keep measuring and cutting in agreement with a UTF-8 locale. */
static int
char_width(gunichar ch)
{
	int width = wcwidth((wchar_t)ch);

	if (width >= 0 || MB_CUR_MAX > 1)
		return width;
	if (g_unichar_iszerowidth(ch))
		return 0;
	return g_unichar_iswide(ch) ? 2 : 1;
}

/* Decodes the character at TEXT and returns its bytes; 0 when they are not UTF-8. */
static size_t
char_decode(const char *text, gunichar *out)
{
	gunichar ch = g_utf8_get_char_validated(text, -1);

	if (ch == (gunichar)-1 || ch == (gunichar)-2)
		return 0;
	*out = ch;
	return (size_t)g_unichar_to_utf8(ch, NULL);
}

/* Takes the combining marks that follow a base. */
static const char *
glyph_take_marks(const char *text, struct glyph *out)
{
	for (int n = 1; n < GLYPH_CHARS && (unsigned char)*text >= 0x80; n++) {
		gunichar ch;
		size_t bytes = char_decode(text, &ch);

		if (bytes == 0 || glyph_is_harmful(ch) || char_width(ch) != 0)
			break;
		out->ch[n] = ch;
		text += bytes;
	}
	return text;
}

static void
glyph_set_escape(struct glyph *out, const char *format, unsigned value)
{
	static const char digits[] = "0123456789abcdef";
	char *at = out->escape;

	/* No printf: this is the one place where a hostile name could slow a frame down. */
	while (*format != '#')
		*at++ = *format++;
	for (int shift = 20; shift >= 0; shift -= 4) {
		if (shift <= 4 || value >> shift)
			*at++ = digits[value >> shift & 15];
	}
	while (*++format)
		*at++ = *format;
	*at = '\0';
	out->width = (int)(at - out->escape);
}

const char *
glyph_next(const char *text, struct glyph *out)
{
	unsigned char byte = (unsigned char)*text;
	gunichar ch;
	size_t bytes;
	int width;

	if (byte == '\0')
		return NULL;
	memset(out->ch, 0, sizeof(out->ch));
	if (byte == '\n' || byte == '\t')
		byte = ' ';
	if (byte >= 0x20 && byte < 0x7f) {
		out->ch[0] = byte;
		out->width = 1;
		return glyph_take_marks(text + 1, out);
	}

	bytes = byte < 0x80 ? 0 : char_decode(text, &ch);
	if (bytes == 0) {
		glyph_set_escape(out, "\\x#", byte);
		return text + 1;
	}
	width = glyph_is_harmful(ch) ? -1 : char_width(ch);
	if (width <= 0) {
		glyph_set_escape(out, "\\u{#}", ch);
		return text + bytes;
	}
	out->ch[0] = ch;
	out->width = width;
	return glyph_take_marks(text + bytes, out);
}

struct look_alike {
	gunichar first, last;
	const char *ascii; /* one for each, or one for all */
};

static const struct look_alike look_alikes[] = {
	{ 0x00a0, 0x00a0, " " },        /* no-break space */
	{ 0x00b0, 0x00b0, "o" },        /* ° */
	{ 0x00b1, 0x00b1, "+" },        /* ± */
	{ 0x00b5, 0x00b5, "u" },        /* µ */
	{ 0x00b7, 0x00b7, "." },        /* · */
	{ 0x00d7, 0x00d7, "x" },        /* × */
	{ 0x2000, 0x200a, " " },        /* spaces of many widths */
	{ 0x2010, 0x2015, "-" },        /* hyphens and dashes */
	{ 0x2018, 0x201b, "'" },        /* single quotes */
	{ 0x201c, 0x201f, "\"" },       /* double quotes */
	{ 0x2022, 0x2022, "*" },        /* • */
	{ 0x2026, 0x2026, "~" },        /* … */
	{ 0x2190, 0x2195, "<^>v-|" },   /* arrows */
	{ 0x2212, 0x2212, "-" },        /* minus */
	{ 0x2264, 0x2265, "<>" },       /* ≤ ≥ */
	{ 0x2500, 0x2501, "-" },        /* ─ ━ */
	{ 0x2502, 0x2503, "|" },        /* │ ┃ */
	{ 0x2504, 0x257f, "+" },        /* corners and crossings */
	{ 0x2581, 0x2588, "_.:-=+*#" }, /* ▁ to █; '_' because a blank would read as no data */
	{ 0x2589, 0x258f, "##*+=-:" },  /* ▉ to ▏ */
	{ 0x2591, 0x2593, ".:#" },      /* shades */
	{ 0x25a0, 0x25a0, "#" },        /* ■ */
	{ 0x25b2, 0x25b5, "^" },        /* ▲ */
	{ 0x25b6, 0x25b9, ">" },        /* ▶ */
	{ 0x25bc, 0x25bf, "v" },        /* ▼ */
	{ 0x25c0, 0x25c3, "<" },        /* ◀ */
	{ 0x25c6, 0x25c6, "*" },        /* ◆ */
	{ 0x25cb, 0x25cb, "o" },        /* ○ */
	{ 0x25cf, 0x25d5, "*oooooo" },  /* ● and its phases */
	{ 0x26a0, 0x26a0, "!" },        /* ⚠ */
	{ 0x2713, 0x2718, "vvxxxx" },   /* ticks and crosses */
};

char
glyph_ascii(gunichar ch)
{
	if (ch < 0x80)
		return (char)ch;
	for (size_t i = 0; i < G_N_ELEMENTS(look_alikes); i++) {
		const struct look_alike *it = &look_alikes[i];

		if (ch >= it->first && ch <= it->last)
			return it->ascii[1] ? it->ascii[ch - it->first] : it->ascii[0];
	}
	return '?';
}
