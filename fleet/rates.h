/* rates: two samples into rates. Pure; formulas from PRODUCT.md, "The measures". */
#pragma once

#include "fleet/conn.h"

/* Fills OUT->value and ->valid from CUR and, where a rate is wanted, PREV (NULL: none). A counter that went backwards,
 * a missing one, or no time between the samples leaves the rate unknown. When CUR was not read anew (same taken_us as
 * PREV), the caller keeps the old values and does not call this. */
void rates_vm(const struct vm_sample *prev, const struct vm_sample *cur, struct vm *out);

/* The host's own fields likewise (not the sums over guests), into OUT->value and ->valid. CPU comes from the host's counters
 * where the driver has them. Where it has none but lists Domain-0, whatever runs is a domain: then it is the CPU time of
 * all domains in VMS (their rates of this sample), Domain-0 included, over the physical CPUs. */
void rates_host(const struct host_sample *prev, const struct host_sample *cur, const struct vm *vms, size_t nvms,
                struct host_snap *out);
