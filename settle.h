/*
 * settle: waiting, without a console, until every host has said what it can.
 */
#pragma once

#include "app.h"

struct settle_opts {
	unsigned samples;   /* full samples wanted of each host: 2 where rates are */
	bool facts;         /* wait for the facts of all guests, too */
	int64_t timeout_ms; /* 0: what the config allows for connecting and for each step */
};

/* Blocks until each host has what OPTS ask for or has failed; then the newest snapshot, one reference. */
const struct fleet_snap *settle(struct app *app, const struct settle_opts *opts);

/* One line on stderr for each host of SNAP that has not answered; returns how many. */
unsigned settle_report(const struct fleet_snap *snap);
