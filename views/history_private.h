/* history_private: shared by views/history.c and views/history_read.c alone. */
#pragma once

#include "views/history_line.h"

#define FLEET_STALE_US INT64_C(10000000) /* the fleet has a gap when nobody fed us for so long */

struct guest {
	uint8_t uuid[UUID_LEN];
	struct line *line; /* NULL: nothing was ever known, as of guests that are off */
};

/* A host's slot. */
struct host {
	struct line line;
	int64_t stale_us;     /* older numbers than this are not the present */
	struct guest *guests; /* in the order of the snapshot seen last */
	size_t nguests;
	uint64_t roster;      /* that snapshot's */
};

/* A guest that its host has no more: it was removed, or it was migrated and its line goes on elsewhere. */
struct gone {
	struct guest guest;
	int64_t at_us;
};

struct history {
	struct line fleet;
	GArray *gone;        /* struct gone, in the order of their going */
	struct host **hosts; /* by index; NULL: never sampled */
	size_t nhosts;
};

/* HINT: where it probably stands; NULL: there is none. */
struct guest *history_find_guest(const struct host *host, const uint8_t uuid[UUID_LEN], size_t hint);
/* How far the guest's line runs ahead of the clock. */
int64_t history_shift_us(const uint8_t uuid[UUID_LEN]);
/* Adds NUMBER, where it is known, to *SUM, which may be NAN. */
void history_sum(double *sum, double number);
