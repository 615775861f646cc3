/* A key or a style from any text; a key's spelling means the same key again. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_key(const char *text)
{
	struct keyspec key, again;
	g_autofree char *spelling = NULL;

	if (!keyspec_parse(text, &key, NULL))
		return;
	spelling = keyspec_format(key);
	g_assert(keyspec_parse(spelling, &again, NULL) && keyspec_equal(key, again));
}

static void
check_style(const char *text)
{
	struct theme *theme = theme_new("default");
	const struct style *style = &theme->styles[ROLE_WARN];
	g_autoptr(GError) error = NULL;

	g_assert(theme_set(theme, ROLE_WARN, text, &error) == (error == NULL));
	g_assert(style->fg >= -1 && style->fg <= 255 && style->bg >= -1 && style->bg <= 255);
	g_assert(style->fg16 >= -1 && style->fg16 <= 15 && style->bg16 >= -1 && style->bg16 <= 15);
	theme_free(theme);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	check_key(text);
	check_style(text);
	return 0;
}
