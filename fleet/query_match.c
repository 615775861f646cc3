/* query: comparing texts. */
#include "fleet/query_private.h"

#include "config/config.h"

#include <string.h>

/* Bounds what a pattern such as (a+)+$ may cost on one text; patterns themselves can only lower it. */
#define REGEX_LIMITS "(*LIMIT_MATCH=2000)"

struct query_pattern
query_pattern_new(const char *text, bool glob)
{
	struct query_pattern pattern = { .unicode =
						 !g_str_is_ascii(text) && g_utf8_validate(text, -1, NULL) };

	pattern.text = pattern.unicode ? g_utf8_casefold(text, -1) : g_ascii_strdown(text, -1);
	pattern.glob = glob && strpbrk(text, "*?") != NULL;
	return pattern;
}

/* The end of the character at TEXT. */
static const char *
after_character(const char *text)
{
	for (text++; ((unsigned char)*text & 0xc0) == 0x80; text++)
		;
	return text;
}

/* GLOB is in lower case; a "*" is matched by as little as will do. */
static bool
glob_matches(const char *glob, const char *text)
{
	const char *star = NULL, *retry = NULL;

	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			retry = text;
		} else if (*glob == '?') {
			glob++;
			text = after_character(text);
		} else if (*glob && *glob == g_ascii_tolower(*text)) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = retry = after_character(retry);
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

static bool
equals(const struct query_pattern *pattern, const char *text)
{
	return pattern->glob ? glob_matches(pattern->text, text)
			     : g_ascii_strcasecmp(pattern->text, text) == 0;
}

/* g_ascii_tolower(), which is a call: hundreds of thousands of texts are looked through between two frames. */
static inline char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* strstr(3) that ignores the case of ASCII in TEXT; WORD is in lower case and not empty. */
static bool
contains(const char *text, const char *word)
{
	const char first = word[0];

	for (; *text; text++) {
		size_t i = 1;

		if (lower(*text) != first)
			continue;
		while (word[i] && lower(text[i]) == word[i])
			i++;
		if (!word[i])
			return true;
	}
	return false;
}

/* Beyond ASCII both are folded first. */
static bool
compare(const struct query_pattern *pattern, const char *text,
	bool (*how)(const struct query_pattern *pattern, const char *text))
{
	if (!pattern->unicode)
		return how(pattern, text);
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	g_autofree char *folded = g_utf8_casefold(text, -1);

	return how(pattern, folded);
}

static bool
within(const struct query_pattern *pattern, const char *text)
{
	return contains(text, pattern->text);
}

bool
query_pattern_equals(const struct query_pattern *pattern, const char *text)
{
	return compare(pattern, text, equals);
}

bool
query_pattern_within(const struct query_pattern *pattern, const char *text)
{
	return compare(pattern, text, within);
}

/* memmem(3) finds by words of the machine what contains() finds by bytes. */
bool
query_pattern_within_lower(const struct query_pattern *pattern, const char *text)
{
	return strstr(text, pattern->text) != NULL;
}

/* GLib tells place and reason within a sentence, "… ‘pattern’ at char 20: reason", which may be translated. */
static const char *
regex_reason(const char *message, const char *pattern, size_t *at)
{
	const char *said = strstr(message, pattern), *colon;
	guint64 character;

	if (!said)
		return message;
	said += strlen(pattern);
	while (*said && !g_ascii_isdigit(*said))
		said++;
	character = g_ascii_strtoull(said, (gchar **)(uintptr_t)&colon, 10);
	if (!g_str_has_prefix(colon, ": "))
		return message;
	character = MIN(character, (guint64)g_utf8_strlen(pattern, -1));
	if (character >= strlen(REGEX_LIMITS))
		*at = (size_t)(g_utf8_offset_to_pointer(pattern, (glong)character) - pattern) -
		      strlen(REGEX_LIMITS);
	return colon + 2;
}

GRegex *
query_regex_new(const char *text, size_t *at, GError **error)
{
	g_autofree char *pattern = g_strconcat(REGEX_LIMITS, text, NULL);
	g_autoptr(GError) failure = NULL;
	GRegex *regex;

	*at = 0;
	if (!g_utf8_validate(text, -1, NULL)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "no valid UTF-8");
		return NULL;
	}
	regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, &failure);
	if (!regex)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s",
			regex_reason(failure->message, pattern, at));
	return regex;
}

/* PCRE takes texts for valid UTF-8 without a look, and names come from strangers. A text on which the pattern runs into its
 * limit does not match. */
bool
query_regex_match(const GRegex *regex, const char *text)
{
	g_autofree char *valid = NULL;

	if (!g_utf8_validate(text, -1, NULL))
		text = valid = g_utf8_make_valid(text, -1);
	return g_regex_match(regex, text, 0, NULL);
}
