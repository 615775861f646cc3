/*
 * twins: guests that are on two hosts at once because they are being migrated – paused where they will be, running where
 * they still are, of one uuid and name. They count once, where they run. UI thread only, pure.
 */
#pragma once

#include "fleet/snapshot.h"

/* The paused halves, by pointer, of the guests of N hosts (const struct host_snap *) or among N guests (const struct vm *);
 * NULL: there are none. The other half's host answers; that of the paused one may have been lost under the move. Caller
 * unrefs. A pass over all where none is paused. */
GHashTable *twins_of_hosts(const void *const *hosts, size_t n, int64_t now_us);
GHashTable *twins_of_vms(const void *const *vms, size_t n, int64_t now_us);
