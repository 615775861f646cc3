/* toplist: the largest ones by several measures, side by side. UI thread only. */
#pragma once

#include "views/env.h"

#include "tui/canvas.h"

/* Draws as many lists as PANE is wide for, a title and PANE's other rows each. */
void toplist_draw(const struct env *env, const struct pane *pane);
