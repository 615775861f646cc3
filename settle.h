/*
 * settle: waiting, without a console, until every host has said what it can.
 */
#pragma once

#include "app.h"

/* Blocks until each host has what NEED asks for or has failed, but not longer than the config allows one host since the last
 * one was ready: behind a jump host they come one after the other. Then the newest snapshot, one reference. */
const struct fleet_snap *settle(struct app *app, const struct snap_need *need);

/* One line on stderr for each host of SNAP that has not answered; returns how many. */
unsigned settle_report(const struct fleet_snap *snap);
