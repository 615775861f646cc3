/* catalog: the list of all views. */
#pragma once

#include "views/view.h"

extern const struct view_ops pulse_view, hosts_view, vms_view, groups_view, map_view, jobs_view, events_view, plan_view, host_view, vm_view,
	xml_view, console_view, targets_view, journal_view, pins_view, pin_many_view, help_view;

/* NULL-terminated. The first ones have no subject and stand at the bottom of the stack, on digits. */
extern const struct view_ops *const catalog[];
#define CATALOG_ROOTS 8

const struct view_ops *catalog_find(const char *name);
const char *const *catalog_names(void); /* of all views, NULL-terminated, static */
