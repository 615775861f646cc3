/* group_names: which groups a guest belongs to, by dimension. Private to views/groups.c. Pure. */
#pragma once

#include "views/groups.h"

struct group_dimension {
	const char *name, *one, *many, *help;
	const char *field; /* of a guest's query that the group's name is a value of; of labels: its beginning */

	/* Dimensions of guests. Guests with the same token have the same name, so that the name is looked at once per token;
	 * FRESH: its host answers. NULL: none. */
	const void *(*token)(const struct vm *vm, bool fresh);
	const char *(*name_of)(const struct vm *vm, bool fresh);

	/* Dimensions of hosts: appends the names that all guests of HOST share; none: they have no name. */
	void (*of_host)(const struct groups *groups, const struct host_snap *host, GPtrArray *names);
};

extern const struct group_dimension group_dimensions[GROUP_BY_COUNT];
