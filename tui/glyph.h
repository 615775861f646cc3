/*
 * glyph: a text's next visible unit – a character with its combining marks, or the written-out form of one that is not
 * let through. All that is drawn or measured goes through here, so width, cutting and harmlessness agree. Pure.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define GLYPH_CHARS 3 /* a base and two combining marks, as in struct canvas_cell; further marks are written out */

struct glyph {
	gunichar ch[GLYPH_CHARS]; /* unused ones 0; ch[0] 0: see escape */
	int width;                /* columns: 1 or 2; of an escape its length */
	char escape[12];          /* "\x1b", "\u{202e}" */
};

/* Takes one glyph off TEXT: returns what follows, or NULL at its end (OUT is then untouched). */
const char *glyph_next(const char *text, struct glyph *out);

/* Of a character by itself: it is one that glyph_next() writes out whatever stands before it. Combining marks are not. */
bool glyph_is_harmful(gunichar ch);

/* What an ASCII screen shows for CH: a look-alike, or '?'. */
char glyph_ascii(gunichar ch);
