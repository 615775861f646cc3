/*
 * settle: waiting, without a console, until every host has said what it can.
 */
#pragma once

#include "app.h"

struct settle_opts {
	int stop_fd;     /* waiting ends when it can be read; -1: none */
	int64_t most_us; /* … and after so long; 0: see settle() */
};

/* Blocks until each host has what NEED asks for or has failed, or OPTS (NULL: neither) end it,
 * but not longer than the config allows one host since the last one was ready: behind a jump host they come one after the
 * other. Then the newest snapshot, one reference. */
const struct fleet_snap *settle(struct app *app, const struct snap_need *need, const struct settle_opts *opts);

/* One line on stderr for each host of SNAP that has not given what NEED asks for; returns how many. */
unsigned settle_report(const struct fleet_snap *snap, const struct snap_need *need);
/* One host's line: "virt-fleet: kvm3: refused: connection refused". */
void settle_complain(const struct host_snap *host, int64_t now_us);
