/*
 * snaps: hosts and guests made up for tests of whoever reads snapshots. Everything is known and fine unless a test says
 * otherwise. Aborts on misuse.
 */
#pragma once

#include "config/config.h"
#include "fleet/snapshot.h"

/* "Now" in made-up snapshots, whose numbers are SNAPS_AGE_US old. */
#define SNAPS_NOW_US INT64_C(1000000000)
#define SNAPS_AGE_US INT64_C(1000000)

/* The default configuration; config_free(). */
struct config *snaps_config(void);

/* A running guest of 2 vCPUs and 4 GiB at 50 % CPU, whose uuid says N in its last two bytes. NAME is borrowed. */
struct vm snaps_vm(const char *name, unsigned n);
/* One that does nothing, in STATE, with no numbers but its size. */
struct vm snaps_idle_vm(const char *name, unsigned n, enum vm_state state);
void snaps_set_vm(struct vm *vm, enum vm_field field, double value);
void snaps_unset_vm(struct vm *vm, enum vm_field field);

/* A KVM host in slot INDEX that is up, of 32 threads at 25 % and 128 GiB with 64 GiB used. NAME is borrowed. */
struct host_snap snaps_host(uint32_t index, const char *name);
void snaps_set_host(struct host_snap *host, enum host_field field, double value);

/* A fleet of N hosts, each built of its skeleton and its guests; one reference. */
struct snaps_part {
	struct host_snap host;
	const struct vm *vms;
	size_t nvms;
};
const struct fleet_snap *snaps_fleet(const struct snaps_part *parts, size_t n);
/* A fleet of these hosts, each with one more reference; one reference. */
const struct fleet_snap *snaps_fleet_of(const struct host_snap *const *hosts, size_t n);

/* The guest's facts: a tenant, a disk, a card. One reference. */
const struct vm_facts *snaps_vm_facts(const char *tenant);
/* Facts of a host with HYPERVISOR. One reference. */
const struct host_facts *snaps_host_facts(enum hypervisor hypervisor);
