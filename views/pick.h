/* pick: the rows that a query means, without a table. UI thread only. */
#pragma once

#include "actions/action.h"
#include "config/config.h"
#include "fleet/snapshot.h"

struct pick;

/* WHERE: as after `/`, over the rows of TARGET. NULL with CONFIG_ERROR_VALUE that points at what is wrong. */
struct pick *pick_new(enum target target, const struct config *config, const char *where, GError **error);
void pick_free(struct pick *pick); /* accepts NULL */
/* Adds to NEED what the query has to know of hosts. */
void pick_need(const struct pick *pick, struct snap_need *need);
/* Appends the struct row_key of all rows of SNAP that match; Domain-0 never does. */
void pick_rows(struct pick *pick, const struct fleet_snap *snap, int64_t now_us, GArray *keys);
