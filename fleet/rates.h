/* rates: two samples into rates. Pure; formulas from PRODUCT.md, "The measures". */
#pragma once

#include "fleet/conn.h"

/* Fills OUT->value and ->valid from CUR and, where a rate is wanted, PREV (NULL: none). A counter that went backwards,
 * a missing one, or no time between the samples leaves the rate unknown. When CUR was not read anew (same taken_us as
 * PREV), the caller keeps the old values and does not call this. */
void rates_vm(const struct vm_sample *prev, const struct vm_sample *cur, struct vm *out);

/* The host's own fields likewise (not the sums over guests). CPU comes from the host's counters where the driver has
 * them, else, with HYPERVISOR_XEN's accounting (VMS_CPU true), from the CPU time of all domains, Domain-0 included. */
void rates_host(const struct host_sample *prev, const struct host_sample *cur, struct host_snap *out);
