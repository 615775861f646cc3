/* The ranges of hostspec_expand(): "kvm[001-120].dc1", "rack[1,3]-node[7-9]". */
#include "config/error.h"
#include "config/hostspec.h"
#include "config/words.h"

#include <string.h>

#define NUMBER_DIGITS 9 /* a longer number is a slip, not a range */

static bool
is_number(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= NUMBER_DIGITS && strspn(text, "0123456789") == len;
}

/* Appends what ITEM of a range stands for: "7", or "001-120" padded as its first number is. */
static bool
expand_item(const char *item, GPtrArray *out, size_t limit, GError **error)
{
	g_auto(GStrv) ends = g_strsplit(item, "-", 2);
	g_autofree char *quoted = words_quote(item);
	int width;
	guint64 first, last;

	for (size_t i = 0; i < 2 && ends[i] != NULL; i++)
		g_strstrip(ends[i]);
	if (ends[0] == NULL || !is_number(ends[0]) || (ends[1] != NULL && !is_number(ends[1])))
		return config_fail(error, CONFIG_ERROR_VALUE,
			"%s in a range is no number and no FIRST-LAST; allowed: [001-120], [1,3,7-9]",
			quoted);
	if (ends[1] == NULL) {
		g_ptr_array_add(out, g_strdup(ends[0]));
		return true;
	}
	first = g_ascii_strtoull(ends[0], NULL, 10);
	last = g_ascii_strtoull(ends[1], NULL, 10);
	width = ends[0][0] == '0' ? (int)strlen(ends[0]) : 1;
	if (first > last)
		return config_fail(error, CONFIG_ERROR_VALUE, "the range %s runs backwards", quoted);
	if (out->len + (last - first) >= limit)
		return config_fail(error, CONFIG_ERROR_VALUE, "the ranges make more than %zu names", limit);
	for (guint64 i = first; i <= last; i++)
		g_ptr_array_add(out, g_strdup_printf("%0*" G_GUINT64_FORMAT, width, i));
	return true;
}

static bool
expand_range(const char *range, GPtrArray *out, size_t limit, GError **error)
{
	g_auto(GStrv) items = g_strsplit(range, ",", -1);

	for (size_t i = 0; items[i] != NULL; i++) {
		if (!expand_item(items[i], out, limit, error))
			return false;
	}
	return out->len > 0 || config_fail(error, CONFIG_ERROR_VALUE,
				       "the range '[]' is empty; allowed: [001-120], [1,3,7-9]");
}

/* Replaces the names in *NAMES by each of them with each of TAILS behind it. */
static bool
append_all(GPtrArray **names, const GPtrArray *tails, size_t limit, GError **error)
{
	GPtrArray *product = g_ptr_array_new_with_free_func(g_free);

	if (tails->len > limit / MAX((*names)->len, 1)) {
		g_ptr_array_unref(product);
		return config_fail(error, CONFIG_ERROR_VALUE, "the ranges make more than %zu names", limit);
	}
	for (guint i = 0; i < (*names)->len; i++) {
		for (guint j = 0; j < tails->len; j++)
			g_ptr_array_add(product, g_strconcat((*names)->pdata[i], tails->pdata[j], NULL));
	}
	g_ptr_array_unref(*names);
	*names = product;
	return true;
}

/* Takes the next piece off *TEXT: a range in brackets, or what stands before one, as the strings it stands
 * for. */
static bool
next_piece(const char **text, GPtrArray *out, size_t limit, GError **error)
{
	const char *close = **text == '[' ? strchr(*text, ']') : NULL;
	g_autofree char *inside = NULL;
	size_t len;

	if (**text == '[') {
		if (close == NULL)
			return config_fail(error, CONFIG_ERROR_VALUE,
				"the range '[' is not closed; allowed: [001-120], [1,3,7-9]");
		inside = g_strndup(*text + 1, (gsize)(close - *text - 1));
		if (strchr(inside, ':') == NULL) {
			*text = close + 1;
			return expand_range(inside, out, limit, error);
		}
		len = (size_t)(close + 1 - *text); /* an IPv6 address */
	} else {
		len = strcspn(*text, "[");
	}
	g_ptr_array_add(out, g_strndup(*text, len));
	*text += len;
	return true;
}

char **
hostspec_expand(const char *text, size_t limit, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(names, g_strdup(""));
	while (*text != '\0') {
		g_autoptr(GPtrArray) tails = g_ptr_array_new_with_free_func(g_free);

		if (!next_piece(&text, tails, limit, error) || !append_all(&names, tails, limit, error))
			return NULL;
	}
	g_ptr_array_add(names, NULL);
	g_ptr_array_set_free_func(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
