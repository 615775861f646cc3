/*
 * words: the small change of good error messages: quoting what was read, listing what is allowed, guessing
 * what was meant. Pure. Any thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* TEXT between single quotes, control characters escaped and long texts cut, newly allocated. */
char *words_quote(const char *text);

/* The one of CANDIDATES (NULL-terminated) that TEXT is most likely a slip of, or NULL when none is near. */
const char *words_nearest(const char *text, const char *const *candidates);

/* "; allowed WHERE: a, b, c; did you mean 'b'?" for TEXT, newly allocated; the question only when there is
 * something to ask. WHERE is "" or begins with a blank. */
char *words_allowed(const char *where, const char *text, const char *const *candidates);

/* True when TEXT is valid UTF-8 without control characters, line breaks and invisible format characters
 * (bidi overrides hide among those). */
bool words_are_clean(const char *text);
