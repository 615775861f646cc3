/*
 * host: one host's thread – connect, sample, publish, wait; and again, for ever. Used by fleet.c alone.
 */
#pragma once

#include "config/config.h"
#include "fleet/budget.h"
#include "fleet/conn.h"
#include "fleet/snapshot.h"
#include "fleet/startup.h"

struct host;

/* What a host needs of its fleet. Called from the host's thread. */
struct host_env {
	const struct config *config;
	const struct conn_factory *factory;
	const struct snap_need *once; /* as in fleet_opts; NULL: for ever */
	struct startup *startup;
	struct budget *budget;
	void *ctx;
	/* Takes the reference on SNAP. */
	void (*publish)(void *ctx, uint32_t index, const struct host_snap *snap);
	/* What the connection of host INDEX noticed; any thread, must not block. */
	void (*event)(void *ctx, uint32_t index, const struct conn_event *event);
	/* The thread is about to end. */
	void (*gone)(void *ctx);
};

/* ENV, CONFIG and FACTS (site, tags) are borrowed and outlive the host. */
struct host *host_new(const struct host_env *env, const struct config_host *config, const struct host_static *facts);
void host_free(struct host *host); /* its thread has been joined or was never started */

/* The snapshot to begin with: connecting, nothing known. One reference. */
const struct host_snap *host_first_snap(const struct host *host);

void host_start(struct host *host);
void host_join(struct host *host);

/* All below: any thread, never block. */
void host_stop(struct host *host);                  /* asks the thread to end, cuts what blocks it */
void host_poke(struct host *host);                  /* sample or reconnect now */
void host_doubt(struct host *host, const uint8_t uuid[UUID_LEN]); /* the guest's facts may be others: read them anew */
void host_watch(struct host *host, const uint8_t (*uuids)[UUID_LEN], size_t n);
/* Whose detail is read: its own, a guest's; NULL: none. PINS: instead where that guest may run, and its own detail. */
void host_inspect(struct host *host, const struct row_key *key, bool pins);
void host_supervise(struct host *host, int64_t now_us); /* cuts the step under way when its deadline has passed */
