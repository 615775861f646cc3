#include "tui/cell.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tui/glyph.h"

int
text_width(const char *text)
{
	struct glyph glyph;
	int width = 0;

	while ((text = glyph_next(text, &glyph)))
		width += glyph.width;
	return width;
}

char *
text_harmless(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 1);
	struct glyph glyph;

	while ((text = glyph_next(text, &glyph))) {
		if (glyph.ch[0] == 0)
			g_string_append(out, glyph.escape);
		for (int i = 0; i < GLYPH_CHARS && glyph.ch[i]; i++)
			g_string_append_unichar(out, glyph.ch[i]);
	}
	return g_string_free(out, FALSE);
}

/* Drops the first bytes of a character whose rest was cut off, so that a cut name does not end in an escape. */
static void
drop_partial_char(char *text, size_t len)
{
	for (size_t back = 1; back <= MIN(len, 3); back++) {
		unsigned char byte = (unsigned char)text[len - back];

		if ((byte & 0xc0) == 0x80)
			continue;
		if (byte >= 0xc0 && g_utf8_get_char_validated(text + len - back, back) == (gunichar)-2)
			text[len - back] = '\0';
		return;
	}
}

void
cell_set(struct cell *cell, enum role role, const char *text)
{
	cell->role = role;
	if (g_strlcpy(cell->text, text, sizeof(cell->text)) >= sizeof(cell->text))
		drop_partial_char(cell->text, sizeof(cell->text) - 1);
}

void
cell_printf(struct cell *cell, enum role role, const char *format, ...)
{
	va_list args;
	int len;

	cell->role = role;
	va_start(args, format);
	len = vsnprintf(cell->text, sizeof(cell->text), format, args);
	va_end(args);
	if (len >= (int)sizeof(cell->text))
		drop_partial_char(cell->text, sizeof(cell->text) - 1);
}

void
cell_unknown(struct cell *cell)
{
	cell_set(cell, ROLE_DIM, "-");
}
