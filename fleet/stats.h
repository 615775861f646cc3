/*
 * stats: libvirt's numbers of one guest into a vm_sample. Pure; includes no libvirt header.
 *
 * What isn't there stays unknown. A sum over devices is known when at least one device told its part, or when the guest
 * runs and is known to have no such device (then it is a true 0).
 */
#pragma once

#include "fleet/conn.h"

struct _virTypedParameter;

/* The groups of statistics that virt-fleet asks for; a driver may know any subset of them. */
enum stats_group {
	STATS_STATE,
	STATS_CPU,
	STATS_BALLOON,
	STATS_VCPU,
	STATS_NET,
	STATS_BLOCK,
	STATS_GROUP_COUNT
};

#define STATS_BIT(group) (1u << (group))
#define STATS_ALL ((1u << STATS_GROUP_COUNT) - 1)

/* Reads one guest's record of bulk statistics into OUT's state, reason, raw and valid; OUT->id must be set already (-1:
 * off), for a guest that is off has a configured size but no memory. Returns a STATS_BIT for each group of which the
 * record has anything. */
unsigned stats_read(const struct _virTypedParameter *params, int nparams, struct vm_sample *out);

/* The bits of RAW that a group fills. */
uint32_t stats_group_raw(enum stats_group group);

/* virDomainState and a reason of it in our words; unknown ones are VM_STATE_UNKNOWN and NULL. */
/* Our own reason of a guest that runs: QEMU's monitor is frozen, or busy as if it were. */
#define STATS_REASON_SILENT "monitor does not answer"
enum vm_state stats_state(int vir_state);
const char *stats_reason(int vir_state, int vir_reason);

void vm_sample_set(struct vm_sample *sample, enum vm_raw raw, uint64_t value);
