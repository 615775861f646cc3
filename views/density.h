/* density: what is typical of a fleet – the median guest, and how many guests its hosts run. UI thread only, pure. */
#pragma once

#include "views/columns.h"

/* The median size of the running guests of SNAP. */
struct vm_size density_size(const struct fleet_snap *snap, int64_t now_us);

#define DENSITY_BINS 24

/* Running guests per host, over the hosts that are up. */
struct density {
	unsigned hosts, min, max;
	double median, mean;
	/* A histogram: how many hosts run FIRST + I * STEP guests and up to the next bin. */
	unsigned bins[DENSITY_BINS], nbins, first, step;
};

/* HOSTS 0: none is up, all else means nothing. The histogram has at most NBINS bins, whose borders are whole numbers. */
void density_of(const struct fleet_snap *snap, int64_t now_us, unsigned nbins, struct density *out);
