/* A host, a URI or a range from any text; what a spec is spelled as means the same spec again. */
#include "config/config.h"

#include <string.h>

#define NAMES_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_spec(const char *text)
{
	g_autoptr(GError) error = NULL;
	struct hostspec *spec = hostspec_parse(text, "auto", &error), *again;
	g_autofree char *formatted = NULL, *twice = NULL;

	g_assert((spec == NULL) == (error != NULL));
	if (spec == NULL)
		return;
	g_assert((spec->transport == TRANSPORT_DIRECT) == (spec->uri != NULL));
	g_assert(spec->host == NULL || *spec->host != '-');
	g_assert(spec->user == NULL || *spec->user != '-');
	formatted = hostspec_format(spec);
	again = hostspec_parse(formatted, "auto", &error);
	g_assert_no_error(error);
	twice = hostspec_format(again);
	g_assert_cmpstr(formatted, ==, twice);
	hostspec_free(spec);
	hostspec_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(GStrv) names = hostspec_expand(text, NAMES_MAX, NULL);

	g_assert(names == NULL || (names[0] != NULL && g_strv_length(names) <= NAMES_MAX));
	check_spec(text);
	return 0;
}
