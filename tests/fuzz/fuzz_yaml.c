/* A whole config from any bytes: an answer or an error with its place, never anything else. */
#include "config/config.h"
#include "config/option.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An inventory's command would be run: whatever the bytes say, they don't get that far. */
static bool
is_harmless(const char *text, size_t len)
{
	struct yaml_value *root = yaml_parse(text, len, "fuzz.yaml", NULL);
	bool harmless = root == NULL || yaml_get(root, "inventory") == NULL;

	yaml_unref(root);
	return harmless;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) error = NULL;
	struct config *config;

	if (!is_harmless((const char *)data, size))
		return 0;
	config = config_parse((const char *)data, size, "fuzz.yaml", &error);
	g_assert((config == NULL) == (error != NULL));
	g_assert(error == NULL || g_str_has_prefix(error->message, "fuzz.yaml:"));
	g_assert(error == NULL || g_utf8_validate(error->message, -1, NULL));
	for (guint i = 0; config != NULL && i < config->hosts->len; i++) {
		const struct config_host *host = config->hosts->pdata[i];

		g_assert(host->name != NULL && host->spec != NULL && host->tags != NULL &&
			 host->labels != NULL);
	}
	if (config != NULL)
		config_select(config, (const char *[]){ text, NULL }, NULL, NULL);
	config_free(config);
	return 0;
}
