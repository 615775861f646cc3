/* wrap: a text broken into lines for a box. Pure. */
#pragma once

#include <glib.h>

/* TEXT, made harmless, in lines of at most WIDTH columns (at least 2): broken at its newlines, between words, and inside
 * words that are too long. char *, at least one; caller unrefs. */
GPtrArray *text_wrap(const char *text, int width);
