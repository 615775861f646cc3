/* pulse: the parts of the fleet on one screen; shared by views/pulse*.c alone. UI thread only. */
#pragma once

#include "views/density.h"
#include "views/spots.h"
#include "views/toplist.h"
#include "views/trouble.h"
#include "views/view.h"

#define PULSE_LABEL 10 /* columns of the labels at the left */

/* Sections of the cursor, in the order of Tab. */
enum pulse_section { PULSE_PARTS, PULSE_TROUBLE, PULSE_EVENTS, PULSE_TOPS };

/* What was made of a snapshot, once for all its frames. */
struct pulse {
	const struct fleet_snap *snap; /* referenced; NULL: the rest is out of date */
	struct toplists *tops;
	struct troubles *troubles;
	struct density density;
	GArray *sites, *hypervisors; /* struct part_totals */
	struct spots *spots;
};

/* Each draws itself into the top of PANE and returns how many rows it took; *USED: how many columns. */

/* Hosts and guests by state, a column per hypervisor. */
int pulse_draw_counts(struct view *view, const struct pane *pane, int *used);
/* CPU, memory, net and disk: now, and how it went. */
int pulse_draw_measures(struct view *view, const struct pane *pane);
/* Guests per host, vCPU:pCPU, what still fits: in two lines, or at length. */
int pulse_draw_capacity_short(struct view *view, const struct pane *pane);
int pulse_draw_capacity(struct view *view, const struct pane *pane);
/* A row per site, and per hypervisor where there is room. */
int pulse_draw_parts(struct view *view, const struct pane *pane);
/* What happened, with all of PANE. Whether anything did. */
void pulse_draw_events(struct view *view, const struct pane *pane);
bool pulse_has_events(struct view *view);

/* " of 180/221 hosts" when SUM does not cover all, else "". */
#define PULSE_COVER 40
const char *pulse_cover(const struct view *view, const struct sum *sum, char out[PULSE_COVER]);
