/*
 * totals: a whole fleet, or what a filter left of it, in numbers. Pure. Domain-0 is counted nowhere. A guest that is
 * being migrated counts once (views/twins.h).
 */
#pragma once

#include "views/columns.h"

#include <glib.h>

struct host_totals {
	unsigned hosts, up; /* up: answering, however slowly */
	struct guest_totals guests;
};

struct fleet_totals {
	struct host_totals all, by_hypervisor[HYPERVISOR_COUNT];
	unsigned by_link[LINK_STATE_COUNT];
	unsigned silent;        /* hosts that have guests to tell of, or may have, and do not answer */
	struct sum pcpus, cores_used, mem_total, mem_used;
	struct sum mem_promised, promised_total; /* to the running guests, and the memory of their hosts */
	struct sum vcpus, vcpu_pcpus; /* running vCPUs, and the physical CPUs of the hosts that they are on */
	struct sum net_rx, net_tx, disk_rd, disk_wr;
	struct sum ksm_saved;
	struct sum fit;         /* guests of `size` that still fit, over the hosts that are up */
	struct vm_size size;    /* the median running guest, 0: none */
	int64_t oldest_us;      /* age of the oldest numbers of a host that is connected, -1: no numbers at all */
};

void totals_fleet(const struct fleet_snap *snap, const struct row_ctx *ctx, struct fleet_totals *out);
/* Of N rows of host_rows or vm_rows; ctx->size is the size that must fit. */
void totals_hosts(const void *const *rows, size_t n, const struct row_ctx *ctx, struct fleet_totals *out);
/* The same of the hosts that PART gives the same name, NULL being one, too. */
struct part_totals {
	const char *name;
	struct fleet_totals totals;
};
/* An array of struct part_totals by name, NULL last; caller unrefs. Names are PART's. */
GArray *totals_by(const struct fleet_snap *snap, const struct row_ctx *ctx,
                  const char *(*part)(const struct host_snap *host));

/* Of N rows of vm_rows. */
void totals_vms(const void *const *rows, size_t n, const struct row_ctx *ctx, struct vm_totals *out);
/* The same of all guests of SNAP. */
void totals_all_vms(const struct fleet_snap *snap, const struct row_ctx *ctx, struct vm_totals *out);

/* How many guests of SIZE still fit on HOST by memory not promised and by the config's vCPU:pCPU cap; -1: not known. */
double headroom_host(const struct host_snap *host, const struct config *config, const struct vm_size *size);

/* Running vCPUs per physical CPU; -1: not known. */
double totals_vcpu_ratio(const struct fleet_totals *totals);

/* PART / WHOLE in percent where both are known, else -1. */
double sum_pct(const struct sum *part, const struct sum *whole);
