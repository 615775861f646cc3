/*
 * drive: a plan's jobs through the queue to their end, without a console.
 */
#pragma once

#include "app.h"

#include "actions/plan.h"
#include "views/results.h"

struct drive_opts {
	struct app *app;
	struct journal *journal; /* NULL: none */
	unsigned parallel;       /* acts at once, in all and, if it is less than the config's, on one host; 0: as the config says */
	int stop_fd;             /* a signalfd: see drive() */
};

/* Does what PLAN says; blocks until the last job has ended. Progress and failures go to stderr, what became of each guest to
 * RESULTS. The first SIGINT or SIGTERM, and SIGHUP, cancel what has not begun; a second SIGINT or SIGTERM also asks what runs
 * to give up. Returns how many did not end well. */
unsigned drive(const struct drive_opts *opts, const struct plan *plan, struct results *results);
