/* capsxml: what a host's capabilities XML tells. Pure; includes neither libvirt nor libxml2. */
#pragma once

#include "fleet/model.h"

/* NUMA cells with this id or a higher one are left out, and CPUs from CPU_SET_MAX (fleet/cpuset.h) on: their ids may be
 * used as indexes. */
#define CAPSXML_CELLS_MAX 256

struct capsxml {
	char *uuid;      /* NULL: not told */
	char *arch;      /* NULL: not told */
	char *cpu_model; /* NULL: not told */
	int sockets;     /* of the whole host, counted in the NUMA cells or else as told; 0: not told */
	int cores;       /* per socket; 0: not told */
	int threads;     /* per core; 0: not told */
	struct numa_cell *cells;
	size_t ncells;
	struct host_cpu *cpus; /* of all cells, by id */
	size_t ncpus;
	uint64_t page_bytes; /* the smallest page; 0: not told */
	bool live_migration;
	bool kvm; /* guests of type kvm can be run */
};

/* Fills OUT, to be given to capsxml_done(). False with FLEET_ERROR_PROTOCOL, OUT untouched. */
bool capsxml_parse(const char *xml, size_t len, struct capsxml *out, GError **error);
void capsxml_done(struct capsxml *caps); /* accepts one that is all zero */
