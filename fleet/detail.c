#include "fleet/detail.h"

/* Three digits and a unit, like everywhere on the screen: "812M", "1.8T". */
static char *
size_text(uint64_t bytes)
{
	static const char units[] = "BKMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1024;
		unit++;
	}
	return g_strdup_printf("%.*f%c", unit > 0 && value < 9.95 ? 1 : 0, value, units[unit]);
}

char *
detail_pool_text(const char *name, const char *state, uint64_t used, uint64_t capacity)
{
	g_autofree char *used_text = size_text(used), *capacity_text = size_text(capacity);

	if (capacity == 0)
		return g_strdup_printf("%s %s", name, state);
	return g_strdup_printf("%s %s %s of %s", name, state, used_text, capacity_text);
}

char *
detail_network_text(const char *name, bool active, const char *bridge)
{
	return g_strdup_printf("%s %s%s%s", name, active ? "active" : "inactive", bridge ? ", bridge " : "",
		bridge ? bridge : "");
}

void
detail_take(GPtrArray *list, char ***place)
{
	g_ptr_array_add(list, NULL);
	g_strfreev(*place);
	*place = (char **)g_ptr_array_free(list, FALSE);
}
