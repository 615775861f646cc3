/* Hosts from whatever an inventory program prints. */
#include "config/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	struct host_settings defaults = { 0 };
	struct hosts hosts;
	g_autoptr(GError) error = NULL;

	hosts_init(&hosts, &defaults);
	g_assert(inventory_read(text, "fuzz", NULL, &hosts, &error) == (error == NULL));
	g_assert(error == NULL || g_utf8_validate(error->message, -1, NULL));
	hosts_done(&hosts);
	return 0;
}
