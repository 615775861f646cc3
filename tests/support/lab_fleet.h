/*
 * lab_fleet: a whole fleet for libvirt's test driver – a node file per host, with guests as KVM and Xen hosts have them:
 * names by tenant and service, sizes, disks, NICs, some off, a few crashed. The same options give the same fleet.
 */
#pragma once

#include "tests/support/lab.h"

struct lab_fleet_opts {
	unsigned hosts;
	unsigned xen;    /* so many of them are like Xen, the last ones */
	unsigned guests; /* on all together, exactly; no host differs by more than two from the mean */
	uint32_t seed;
};

struct lab_fleet_host {
	char name[16]; /* "kvm001", "xen001" */
	char *path;    /* of its node file */
	unsigned guests;
};

/* Returns an array of struct lab_fleet_host that frees its strings. */
GArray *lab_fleet_write(struct lab *lab, const struct lab_fleet_opts *opts);
