/*
 * farewell: the end of the console with acts under way. What has not begun never will; short acts get some time, and are cut;
 * moves run to their end however long that takes, without a terminal if it has to be. Then the journal is complete.
 */
#pragma once

#include "fleet/mailbox.h"
#include "views/console.h"

struct farewell_opts {
	struct fleet *fleet;     /* borrowed; stopped when acts do not end in time */
	struct mailbox *mailbox; /* borrowed; gets the ended jobs */
	struct console *console; /* borrowed; not drawn any more */
	void (*done)(void *ctx, struct job *job); /* gives CONSOLE its JOB, which came back; takes it */
	void *ctx;
	bool abort_moves; /* at once; else when a signal says so */
};

/*
 * Blocks until what is under way has ended, tells of it on stderr. SIGINT, SIGTERM, SIGQUIT and SIGHUP must be blocked in
 * all threads. SIGHUP changes nothing but that a terminal that is gone is not written to any more. The others do not wait
 * for short acts, and abort moves – cleanly, so that their end is waited for, too.
 */
void farewell(const struct farewell_opts *opts);
