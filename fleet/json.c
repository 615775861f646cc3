#include "fleet/json.h"

#include <cjson/cJSON.h>
#include <glib.h>
#include <stdbool.h>

struct cJSON *
json_text(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	return cJSON_CreateString(valid);
}

void
json_add_text(struct cJSON *object, const char *name, const char *text)
{
	if (text)
		cJSON_AddItemToObject(object, name, json_text(text));
}

/* What cJSON leaves as it is but a terminal does not: control, format and bidi characters. */
static bool
is_strange(gunichar c)
{
	GUnicodeType type = g_unichar_type(c);

	return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
	       type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

/* They occur in strings alone, where JSON has an escape for them. */
static char *
escape_strange(const char *json)
{
	GString *out = g_string_new(NULL);

	for (const char *at = json; *at; at = g_utf8_find_next_char(at, NULL)) {
		gunichar c = g_utf8_get_char(at);

		if (!is_strange(c))
			g_string_append_unichar(out, c);
		else if (c < 0x10000)
			g_string_append_printf(out, "\\u%04x", c);
		else /* as UTF-16 has it */
			g_string_append_printf(
				out, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
	}
	return g_string_free(out, FALSE);
}

char *
json_print(struct cJSON *object)
{
	char *raw = cJSON_PrintUnformatted(object);
	char *text = escape_strange(raw);

	cJSON_free(raw);
	cJSON_Delete(object);
	return text;
}
