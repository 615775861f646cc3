/* toplist: the largest hosts and guests by several measures. UI thread only. */
#pragma once

#include "views/env.h"
#include "views/spots.h"

#include "tui/canvas.h"

struct toplists;

/* The largest of ENV's snapshot, which must outlive them. A pass over all guests. */
struct toplists *toplists_find(const struct env *env);
void toplists_free(struct toplists *lists); /* accepts NULL */

/* Draws as many lists as PANE is wide for, a title and PANE's other rows each; their lines become SPOTS of the sections
 * from SECTION on. */
void toplists_draw(const struct toplists *lists, const struct env *env, const struct pane *pane, struct spots *spots,
                   unsigned section);
