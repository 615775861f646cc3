/*
 * fleet: the hosts, a thread each, and the slots they publish into.
 */
#pragma once

#include "config/config.h"
#include "fleet/asks.h"
#include "fleet/conn.h"
#include "fleet/jobs.h"
#include "fleet/mailbox.h"
#include "fleet/snapshot.h"
#include "fleet/timeline.h"

struct fleet;

enum fleet_message {
	FLEET_MESSAGE_JOB = 1, /* data: struct job *, ended or WAITING */
};

struct fleet_opts {
	const struct config *config;       /* borrowed, outlives the fleet */
	const struct conn_factory *factory; /* copied */
	struct mailbox *mailbox;           /* marked at each change; gets ended jobs */
	struct timeline *timeline;         /* borrowed; what happens is written there; NULL: nowhere */
	const struct snap_need *once;      /* batch mode: each host is asked until this is known (copied), then only when
	                                      poked, and not again when it failed; NULL: for ever */
};

/* Makes the slots, all LINK_CONNECTING; starts nothing. */
struct fleet *fleet_new(const struct fleet_opts *opts);
void fleet_start(struct fleet *fleet);

/* Asks all hosts and hands to stop and cuts what blocks, but not moves; returns at once. */
void fleet_stop(struct fleet *fleet);
/* Waits at most TIMEOUT_MS for all their threads to end; true when they did (then fleet_free() may be called). */
bool fleet_wait(struct fleet *fleet, int64_t timeout_ms);
void fleet_free(struct fleet *fleet);

/* The newest snapshot of everything, one reference. Any thread; never waits for a host. */
const struct fleet_snap *fleet_snapshot(struct fleet *fleet);

/* Waits until what has happened by now is in the time line, which takes milliseconds. The fleet must have been started. */
void fleet_catch_up(struct fleet *fleet);

/* Sample this host now / reconnect it now if it waits. Any thread, never blocks. */
void fleet_poke(struct fleet *fleet, uint32_t host);
void fleet_poke_all(struct fleet *fleet);

/* The guests of HOST that somebody looks at (N may be 0). UI thread, never blocks. */
void fleet_watch(struct fleet *fleet, uint32_t host, const uint8_t (*uuids)[UUID_LEN], size_t n);

/* Whose page is looked at: its detail is read after each sample of its host and comes with that host's snapshots. NULL:
 * nobody's. UI thread, never blocks. */
void fleet_inspect(struct fleet *fleet, const struct row_key *key);
/* The same for a guest's pin map: read are where its threads may run, and the detail of its host. */
void fleet_inspect_pins(struct fleet *fleet, const struct row_key *guest);

/* Takes ownership of JOB; it comes back through the mailbox as ended, or WAITING, whatever happens. Never blocks. */
void fleet_submit(struct fleet *fleet, struct job *job);
/* Takes ownership of JOB, which was WAITING and has its outcome now; it comes back when that is settled. Never blocks. */
void fleet_settle(struct fleet *fleet, struct job *job);

/* Jobs submitted or being settled that have not come back, and those of them that are moves. Any thread. */
unsigned fleet_jobs_pending(struct fleet *fleet);
unsigned fleet_moves_pending(struct fleet *fleet);

