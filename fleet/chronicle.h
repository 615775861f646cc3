/*
 * chronicle: what happens to the hosts and guests of a fleet, put into words for its time line. Three sources: the events of
 * the connections; what differs between one snapshot and the next, for whatever no event told; and the clock, for hosts
 * that fall silent. One change is told once, whoever notices it first. Times are given, not read: no threads, no I/O;
 * belongs to whoever holds it (fleet/chronicler.c).
 */
#pragma once

#include "config/config.h"
#include "fleet/conn.h"
#include "fleet/snapshot.h"
#include "fleet/timeline.h"

struct chronicle;

/* CONFIG and TIMELINE are borrowed and outlive it. */
struct chronicle *chronicle_new(const struct config *config, struct timeline *timeline);
void chronicle_free(struct chronicle *chronicle); /* accepts NULL */

/* When something was noticed, by both clocks. */
struct moment {
	int64_t now_us, wall_us;
};

/* A connection to host INDEX told EVENT. */
void chronicle_event(struct chronicle *chronicle, uint32_t index, const struct conn_event *event, struct moment when);

/* Compares SNAP, which is referenced until the next call, with the last one. To be called a few times a second, also
 * with an old SNAP: hosts fall silent by the clock. */
void chronicle_look(struct chronicle *chronicle, const struct fleet_snap *snap, struct moment now);
