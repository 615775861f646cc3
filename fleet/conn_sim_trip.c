/* Memory is copied once, then what has become dirty meanwhile, and so on, until the rest fits into the downtime. */
#include "fleet/conn_sim_trip.h"

#include "fleet/conn_sim_load.h"

#include <math.h>
#include <string.h>

#define GB         1e9
#define MIB        1048576.0
#define DISK_BYTES (20 * GB)
#define ROUNDS_MAX 30 /* then the guest has been slowed down far enough */

/* Some never get there. */
static const struct {
	double luck; /* of all trips */
	const char *why;
} failures[] = {
	{ 0.015, "internal error: unable to execute QEMU command 'migrate': unable to connect to server at "
		 "'10.0.0.1:49152': Connection timed out" },
	{ 0.03, "operation failed: guest CPU doesn't match specification: missing features: avx512vl,pku" },
	{ 0.04, "operation failed: job 'migration out' failed: Unable to write to socket: Connection reset "
		"by peer" },
};

static void
draw_fate(struct sim_trip *trip, const struct sim_host *host)
{
	uint64_t bits =
		sim_mix(host->bits ^ trip->uuid[3], (uint64_t)trip->uuid[4] + (uint64_t)trip->begun_us);
	double luck = sim_unit(bits);

	trip->fails_at = 1;
	for (size_t i = 0; !host->sim->opts.calm && i < G_N_ELEMENTS(failures); i++) {
		if (luck >= failures[i].luck)
			continue;
		trip->fails_at = 0.1 + 0.8 * sim_unit(sim_mix(bits, 1));
		trip->why = failures[i].why;
		break;
	}
}

struct sim_trip
sim_trip_new(
	const struct sim_host *host, const struct sim_vm *vm, const struct move_opts *opts, int64_t now_us)
{
	bool copies = opts->wants & (MOVE_BIT(COPY_ALL) | MOVE_BIT(COPY_INC));
	bool limited = opts->wants & MOVE_BIT(BANDWIDTH) && opts->bandwidth > 0;
	struct sim_trip trip = {
		.begun_us = now_us,
		.memory = opts->wants & MOVE_BIT(OFFLINE) ? MIB : vm->mem_mib * MIB,
		.disks = copies ? DISK_BYTES : 0,
		.speed = limited ? MIN((double)opts->bandwidth, GB) : GB,
		.dirty = (double)vm->util * vm->vcpus * 0.12 * GB,
		.downtime_s = opts->wants & MOVE_BIT(DOWNTIME) ? (double)opts->downtime_ms / 1000 : 0.3,
		.told = host->hypervisor == HYPERVISOR_KVM,
	};

	memcpy(trip.uuid, vm->uuid, UUID_LEN);
	draw_fate(&trip, host);
	return trip;
}

static double
ratio(const struct sim_trip *trip)
{
	return MIN(trip->dirty / trip->speed, 0.9);
}

/* Where memory is after SECONDS of its copy. */
struct spot {
	unsigned round;
	double left; /* bytes */
	double ends; /* the seconds that all rounds take */
};

static struct spot
walk(const struct sim_trip *trip, double seconds)
{
	double size = trip->memory, begins = 0;
	struct spot spot = { .left = 0 };
	bool found = false;

	for (unsigned i = 0; i < ROUNDS_MAX; i++) {
		double ends = begins + size / trip->speed;

		if (!found && seconds < ends) {
			spot.round = i;
			spot.left = (ends - seconds) * trip->speed;
			found = true;
		}
		begins = ends;
		size *= ratio(trip);
		if (size < trip->speed * trip->downtime_s)
			break;
	}
	spot.ends = begins + size / trip->speed;
	return spot;
}

static double
memory_begins(const struct sim_trip *trip)
{
	return trip->disks / trip->speed;
}

double
sim_trip_seconds(const struct sim_trip *trip)
{
	double switched = (double)(trip->switched_us - trip->begun_us) / 1e6;

	if (trip->switched_us)
		return switched + trip->memory / trip->speed / 2;
	return memory_begins(trip) + walk(trip, 0).ends;
}

struct job_progress
sim_trip_progress(const struct sim_trip *trip, int64_t now_us)
{
	double seconds = (double)(now_us - trip->begun_us) / 1e6;
	double disks_left = MAX(trip->disks - seconds * trip->speed, 0);
	struct spot spot = walk(trip, MAX(seconds - memory_begins(trip), 0));
	struct job_progress progress = JOB_PROGRESS_UNKNOWN;

	progress.phase = !trip->told ? "moving" : disks_left > 0 ? "copying disks" : "copying memory";
	if (!trip->told)
		return progress;
	progress.mem_total = (int64_t)trip->memory;
	progress.mem_left = (int64_t)(disks_left > 0 ? trip->memory : spot.left);
	progress.disk_total = (int64_t)trip->disks;
	progress.disk_left = (int64_t)disks_left;
	progress.speed = (int64_t)trip->speed;
	progress.dirty = (int64_t)trip->dirty;
	progress.iteration = disks_left > 0 ? 0 : spot.round + 1;
	progress.downtime_ms = (int64_t)(1000 * MIN(spot.left / trip->speed, trip->downtime_s));
	return progress;
}
