/* header: the first line – program, view, mode, hosts, guests, filter, age of the oldest numbers, clock. Gives way to
 * narrow screens piece by piece. UI thread only. */
#pragma once

#include "actions/queue.h"
#include "views/view.h"

/* What only the console knows. */
struct header_opts {
	bool frozen;
	int64_t frozen_us;  /* since when */
	struct queue *work; /* what is under way */
	unsigned questions; /* open */
};

void header_draw(struct view *view, const struct header_opts *opts, const struct pane *pane);
