/*
 * conn_sim_trip: how a simulated migration goes, as a function of time. Private to fleet/conn_sim*. Pure.
 */
#pragma once

#include "fleet/conn_sim_world.h"
#include "fleet/jobs.h"

struct sim_trip {
	uint8_t uuid[UUID_LEN];
	int64_t begun_us;
	double memory, disks;  /* bytes to copy */
	double speed, dirty;   /* bytes per second */
	double downtime_s;     /* at most, when it has come to that */
	bool told;             /* the driver says how far it is */
	double fails_at;       /* share of the way at which it fails; 1: it does not */
	const char *why;       /* … because of this; static */
	int64_t switched_us;   /* post-copy began; 0: it did not */
	bool given_up;
	bool over;             /* on the target: what is remembered of it */
};

/* The trip of VM of HOST, which begins at NOW_US. */
struct sim_trip sim_trip_new(const struct sim_host *host, const struct sim_vm *vm, const struct move_opts *opts,
                             int64_t now_us);
/* How long all of it takes, as far as that is known now. */
double sim_trip_seconds(const struct sim_trip *trip);
/* How far it is at NOW_US. */
struct job_progress sim_trip_progress(const struct sim_trip *trip, int64_t now_us);
