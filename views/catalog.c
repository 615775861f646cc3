#include "views/catalog.h"

#include <string.h>

const struct view_ops *const catalog[] = {
	&pulse_view,
	&hosts_view,
	&vms_view,
	&groups_view,
	&map_view,
	&jobs_view,
	&events_view,
	&plan_view,
	&host_view,
	&vm_view,
	&xml_view,
	&console_view,
	&targets_view,
	&journal_view,
	&pins_view,
	&pin_many_view,
	&help_view,
	NULL,
};

const struct view_ops *
catalog_find(const char *name)
{
	for (size_t i = 0; catalog[i]; i++)
		if (strcmp(catalog[i]->name, name) == 0)
			return catalog[i];
	return NULL;
}

const char *const *
catalog_names(void)
{
	static const char *const names[] = { "pulse", "hosts", "vms", "groups", "map", "jobs", "events",
		"plan", "host", "vm", "xml", "console", "targets", "journal", "pins", "pin-many", "help",
		NULL };

	return names;
}
