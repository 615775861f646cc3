#include "actions/registry.h"

#include "actions/verbs.h"

#include <string.h>

static const struct action *const actions[] = {
	&vm_start_action,
	&vm_shutdown_action,
	&vm_stop_action,
	&vm_reboot_action,
	&vm_reset_action,
	&vm_suspend_action,
	&vm_resume_action,
	&vm_pin_action,
	&vm_console_action,
	&vm_autostart_on_action,
	&vm_autostart_off_action,
	&vm_migrate_action,
	&host_evacuate_action,
};

const struct action *const *
registry_actions(bool readonly, size_t *n)
{
	*n = readonly ? 0 : G_N_ELEMENTS(actions);
	return actions;
}

const struct action *
registry_find(bool readonly, const char *name)
{
	for (size_t i = 0; !readonly && i < G_N_ELEMENTS(actions); i++)
		if (strcmp(actions[i]->name, name) == 0)
			return actions[i];
	return NULL;
}
