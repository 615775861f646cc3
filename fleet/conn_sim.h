/* conn_sim: simulated hosts behind the same ops: --demo, benchmarks, screen tests. */
#pragma once

#include "config/config.h"
#include "fleet/conn.h"

struct sim;

struct sim_opts {
	unsigned hosts, vms; /* 221, 4780 */
	uint64_t seed;       /* 0: a fixed default */
	bool calm;           /* nothing crashes or goes away by itself and loads stand still: for golden screens */
};

/* Parses "HOSTSxVMS" ("" or NULL: 221x4780) into *OPTS, seed and calm as by default; CONFIG_ERROR_VALUE otherwise. */
bool sim_parse(const char *text, struct sim_opts *opts, GError **error);

/* A world whose guests, loads, sites, tags and tenants follow from the seed; thread-safe. */
struct sim *sim_new(const struct sim_opts *opts);
void sim_free(struct sim *sim);

/* Its hosts as config entries (TRANSPORT_SIM) appended to CONFIG, with sites and tags. */
void sim_add_hosts(struct sim *sim, struct config *config);

/* A connection to host INDEX of the world. */
struct conn *conn_sim_new(struct sim *sim, uint32_t index, bool readonly, const struct conn_listener *listener);
