/* Any list of typed parameters: a line of text each, "TYPE NAME=VALUE" with the type as one digit. */
#include "fleet/stats.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PARAMS 256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
set_param(virTypedParameter *param, char *line)
{
	char *equals = strchr(line, '=');

	param->type = line[0] - '0';
	if (equals) {
		*equals = '\0';
		param->value.ul = strtoull(equals + 1, NULL, 0);
	}
	g_strlcpy(param->field, line[0] ? line + 1 : "", sizeof(param->field));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	virTypedParameter params[MAX_PARAMS] = { 0 };
	struct vm_sample vm = { .id = size > 0 && data[0] % 2 ? 1 : -1 };
	char *text = g_strndup((const char *)data, size);
	char **lines = g_strsplit(text, "\n", MAX_PARAMS);
	int n = 0;

	for (; lines[n]; n++)
		set_param(&params[n], lines[n]);
	unsigned present = stats_read(params, n, &vm);
	if (present & ~STATS_ALL || vm.valid >> RAW_COUNT || vm.state >= VM_STATE_COUNT)
		abort();
	g_strfreev(lines);
	g_free(text);
	return 0;
}
