/* trouble: what is wrong in the fleet, the worst first. UI thread only. */
#pragma once

#include "views/env.h"
#include "views/spots.h"

#include "tui/canvas.h"

struct troubles;

/* What is wrong in SNAP, which must outlive it. A pass over all guests. */
struct troubles *troubles_find(const struct fleet_snap *snap, const struct row_ctx *ctx);
void troubles_free(struct troubles *troubles); /* accepts NULL */

/* The fewest lines that say it all: guests with the same trouble share one. */
size_t troubles_count(const struct troubles *troubles);

/* A title and a line for each trouble, and for each guest of those that share one where PANE has room; lines become SPOTS
 * of SECTION. */
void troubles_draw(const struct troubles *troubles, const struct env *env, const struct pane *pane, struct spots *spots,
                   unsigned section);
