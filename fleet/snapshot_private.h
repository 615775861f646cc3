/* snapshot_private: shared by fleet/snapshot*.c alone. */
#pragma once

#include "fleet/snapshot.h"

/* Makes sums, rosters and digests of SNAP's guests, which are in their order. */
void snapshot_sum(struct host_snap *snap);
/* The digests alone, which no other snapshot's guests can share: gists and words. */
void snapshot_digest(struct host_snap *snap);
