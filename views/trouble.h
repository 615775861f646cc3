/* trouble: what is wrong in the fleet, the worst first, a line each. UI thread only. */
#pragma once

#include "views/env.h"

#include "tui/canvas.h"

/* One line; texts are the caller's. */
struct trouble {
	enum severity severity;
	char *subject, *text;
};

/* An array of struct trouble with a clear function; caller unrefs. */
GArray *trouble_find(const struct fleet_snap *snap, const struct row_ctx *ctx);

void trouble_draw(const struct env *env, const struct pane *pane);
