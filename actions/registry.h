/* registry: the one list of verbs. Pure. Any thread. */
#pragma once

#include "actions/action.h"

/* All verbs, in the order of help and menus; *N of them. None at all for READONLY. */
const struct action *const *registry_actions(bool readonly, size_t *n);
/* NULL: no such verb (or READONLY). */
const struct action *registry_find(bool readonly, const char *name);
