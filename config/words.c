#include "config/words.h"

#include <string.h>

#define QUOTE_MAX    64 /* characters of a text repeated in a message */
#define DISTANCE_LEN 64 /* longer words are no slips of ours */

/* g_utf8_next_char() without its cast that drops const. */
static const char *
next_char(const char *p)
{
	return p + g_utf8_skip[(guchar)*p];
}

char *
words_quote(const char *text)
{
	GString *out = g_string_new("'");
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	int n = 0;

	for (const char *p = valid; *p != '\0'; p = next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (++n > QUOTE_MAX) {
			g_string_append(out, "…");
			break;
		}
		if (g_unichar_isprint(c))
			g_string_append_unichar(out, c);
		else
			g_string_append_printf(out, "\\u%04x", c);
	}
	g_string_append_c(out, '\'');
	return g_string_free(out, FALSE);
}

/* Edits between A and B, where two neighbours swapped ("prot" for "port") count as one edit. */
static unsigned
distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned d[DISTANCE_LEN + 1][DISTANCE_LEN + 1];

	if (la > DISTANCE_LEN || lb > DISTANCE_LEN)
		return G_MAXUINT;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			unsigned change =
				d[i - 1][j - 1] + (g_ascii_tolower(a[i - 1]) != g_ascii_tolower(b[j - 1]));

			d[i][j] = MIN(change, MIN(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = MIN(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[la][lb];
}

const char *
words_nearest(const char *text, const char *const *candidates)
{
	/* A third of the word may be wrong: one letter of "port", three of "hypervisor". */
	unsigned best = MAX(1, strlen(text) / 3) + 1;
	const char *found = NULL;

	for (size_t i = 0; candidates[i] != NULL; i++) {
		unsigned edits = distance(text, candidates[i]);

		if (edits < best && edits < strlen(candidates[i])) {
			best = edits;
			found = candidates[i];
		}
	}
	return found;
}

char *
words_allowed(const char *where, const char *text, const char *const *candidates)
{
	const char *nearest = words_nearest(text, candidates);
	GString *out = g_string_new(NULL);

	g_string_append_printf(out, "; allowed%s: ", where);
	for (size_t i = 0; candidates[i] != NULL; i++)
		g_string_append_printf(out, "%s%s", i == 0 ? "" : ", ", candidates[i]);
	if (nearest != NULL)
		g_string_append_printf(out, "; did you mean '%s'?", nearest);
	return g_string_free(out, FALSE);
}

bool
words_are_clean(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	for (const char *p = text; *p != '\0'; p = next_char(p)) {
		switch (g_unichar_type(g_utf8_get_char(p))) {
		case G_UNICODE_CONTROL:
		case G_UNICODE_FORMAT:
		case G_UNICODE_LINE_SEPARATOR:
		case G_UNICODE_PARAGRAPH_SEPARATOR:
		case G_UNICODE_SURROGATE:
			return false;
		default:
			break;
		}
	}
	return true;
}
