/* detail: the words in details (struct vm_detail, struct host_detail), the same for every kind of connection. Pure. */
#pragma once

#include "fleet/model.h"

/* "default active 12G of 40G", for the caller. CAPACITY 0: not told. */
char *detail_pool_text(const char *name, const char *state, uint64_t used, uint64_t capacity);

/* "default active, bridge virbr0", for the caller. BRIDGE NULL: it has none. */
char *detail_network_text(const char *name, bool active, const char *bridge);

/* Ends LIST (char *, owned) and hands its strings out as a NULL-terminated array, in place of what *PLACE had. LIST is
 * freed. */
void detail_take(GPtrArray *list, char ***place);
