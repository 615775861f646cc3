/*
 * tracker: what a host's thread knows from one sample to the next – the last counters, the facts – and the snapshots it
 * makes of them. No threads, no I/O: belongs to whoever holds it.
 */
#pragma once

#include "fleet/conn.h"
#include "fleet/snapshot.h"

/* Two samples closer than this (an event, a poke) give no honest rate: the older one stays the one to compare with. */
#define TRACKER_RATE_GAP_US 500000

struct tracker;

struct tracker *tracker_new(void);
void tracker_free(struct tracker *tracker);

/* A snapshot of SAMPLE, whose contents are taken. LINK is the skeleton with name, link state and times; OLD the snapshot
 * published last, whose numbers go on where nothing newer was read. One reference for the caller. */
const struct host_snap *tracker_sample(struct tracker *tracker, const struct host_snap *old, const struct host_snap *link,
                                       struct host_sample *sample, enum sample_depth depth, int64_t took_us);

/* OLD with the facts known now. One reference. */
const struct host_snap *tracker_with_facts(const struct tracker *tracker, const struct host_snap *old);

/* A guest of the last sample whose facts are not known; false: none is left. */
bool tracker_next_unknown(struct tracker *tracker, uint8_t uuid[UUID_LEN]);

/* Takes FACTS' reference; NULL forgets, so that they are read again. A guest that the last sample did not have has none. */
void tracker_set_vm_facts(struct tracker *tracker, const uint8_t uuid[UUID_LEN], struct vm_facts *facts);
void tracker_set_host_facts(struct tracker *tracker, struct host_facts *facts);
bool tracker_knows_host(const struct tracker *tracker);
