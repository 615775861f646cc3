#include "tui/wrap.h"

#include <stdbool.h>

#include "tui/cell.h"
#include "tui/glyph.h"

/* A blank may carry a combining mark, and then it is to be seen. */
static bool
glyph_is_blank(const struct glyph *glyph)
{
	return glyph->ch[0] == ' ' && glyph->ch[1] == 0;
}

static const char *
skip_blanks(const char *line)
{
	struct glyph glyph;
	const char *after;

	while ((after = glyph_next(line, &glyph)) && glyph_is_blank(&glyph))
		line = after;
	return line;
}

/* The end of the row of at most WIDTH columns that begins at LINE: after its last whole word, or, when the first word
 * alone is too long, after what fits of it. Blanks may hang over: they are cut off. */
static const char *
row_end(const char *line, int width)
{
	const char *at = line, *word_end = line, *after;
	bool in_word = false;
	struct glyph glyph;
	int used = 0;

	while ((after = glyph_next(at, &glyph))) {
		bool blank = glyph_is_blank(&glyph);

		if (blank && in_word)
			word_end = at;
		in_word = !blank;
		used += glyph.width;
		if (used > width && !blank)
			return word_end > line ? word_end : at;
		at = after;
	}
	return at;
}

/* Appends LINE, which holds no newline. Its own indentation stays; the blanks where it breaks go. */
static void
wrap_line(GPtrArray *rows, const char *line, int width)
{
	do {
		const char *end = row_end(line, width);

		g_ptr_array_add(rows, g_strchomp(g_strndup(line, (gsize)(end - line))));
		line = skip_blanks(end);
	} while (*line);
}

GPtrArray *
text_wrap(const char *text, int width)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (size_t i = 0; lines[i]; i++) {
		g_autofree char *line = text_harmless(lines[i]);

		wrap_line(rows, line, MAX(width, 2));
	}
	if (rows->len == 0)
		g_ptr_array_add(rows, g_strdup(""));
	return rows;
}
