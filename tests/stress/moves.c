/* Many migrations of simulated guests at once, some given up, some with links lost under them: hands and eyes hand gauges and
 * connections over, and in the end each guest is on exactly one host. */
#include "actions/registry.h"
#include "fleet/clock.h"
#include "fleet/conn_sim.h"
#include "fleet/conn_sim_world.h"
#include "fleet/hands.h"
#include "fleet/snapshot.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS   6
#define MOVES   40
#define WAIT_US (60 * G_USEC_PER_SEC)

static const char *params[] = { "unsafe", "yes", NULL };

struct stress {
	struct sim *sim;
	struct hands *hands;
	atomic_uint ended, progress;
	atomic_uint states[JOB_UNKNOWN + 1];
};

static struct conn *
make_conn(void *ctx, uint32_t index, enum conn_purpose purpose G_GNUC_UNUSED,
	const struct conn_listener *listener)
{
	return conn_sim_new(((struct stress *)ctx)->sim, index, false, listener);
}

static void
job_ended(void *ctx, struct job *job)
{
	struct stress *stress = ctx;

	atomic_fetch_add(&stress->states[job->state], 1);
	job_free(job);
	atomic_fetch_add(&stress->ended, 1);
}

static void
progress(void *ctx)
{
	atomic_fetch_add(&((struct stress *)ctx)->progress, 1);
}

static void
poke(void *ctx G_GNUC_UNUSED, uint32_t host G_GNUC_UNUSED)
{
}

static struct job *
job_of(const struct sim_host *host, uint32_t from, unsigned vm)
{
	const struct action *action = registry_find(false, "migrate");
	struct job *job = job_new();

	job->class = action->class;
	job->run = action->run;
	job->verb = action->name;
	job->target.host = from;
	memcpy(job->target.uuid, host->vms[vm].uuid, UUID_LEN);
	job->dest = (from + 1 + vm % 3) % 5; /* the last host is Xen */
	job->vm_name = g_strdup("x");
	job->host_name = g_strdup(host->name);
	job->dest_name = g_strdup("there");
	job->params = g_strdupv((char **)(uintptr_t)params);
	return job;
}

static void
lose_links(struct sim_host *host)
{
	pthread_mutex_lock(&host->lock);
	host->link_epoch++;
	pthread_mutex_unlock(&host->lock);
}

/* How many hosts have the guest. */
static unsigned
homes(const struct sim *sim, const uint8_t uuid[UUID_LEN])
{
	unsigned n = 0;

	for (unsigned i = 0; i < sim->nhosts; i++)
		n += sim_host_find(&sim->hosts[i], uuid) >= 0;
	return n;
}

static bool
run(struct stress *stress)
{
	g_autoptr(GArray) uuids = g_array_new(FALSE, FALSE, UUID_LEN);
	GPtrArray *gauges = g_ptr_array_new_with_free_func((GDestroyNotify)job_gauge_unref);
	g_autoptr(GPtrArray) jobs = g_ptr_array_new();
	int64_t end_us = clock_now_us() + WAIT_US;
	bool ok = true;

	for (unsigned i = 0; i < MOVES; i++) {
		struct job *job = job_of(&stress->sim->hosts[i % 5], i % 5, i / 5);

		g_array_append_vals(uuids, job->target.uuid, 1);
		g_ptr_array_add(gauges, job_gauge_ref(job->gauge));
		g_ptr_array_add(jobs, job);
	}
	for (unsigned i = 0; i < MOVES; i++)
		hands_submit(stress->hands, jobs->pdata[i]);
	for (unsigned round = 0; atomic_load(&stress->ended) < MOVES && clock_now_us() < end_us; round++) {
		struct job_progress seen;

		g_usleep(20000);
		hands_supervise(stress->hands, clock_now_us());
		job_gauge_get(gauges->pdata[round % MOVES], &seen);
		if (round % 31 == 3)
			job_gauge_cancel(gauges->pdata[round % MOVES]);
		if (round == 90)
			lose_links(&stress->sim->hosts[2]);
	}
	ok = atomic_load(&stress->ended) == MOVES;
	hands_stop(stress->hands);
	ok &= hands_wait(stress->hands, 20000);
	for (unsigned i = 0; ok && i < MOVES; i++)
		ok &= homes(stress->sim, (const uint8_t *)uuids->data + (size_t)i * UUID_LEN) == 1;
	g_ptr_array_free(gauges, TRUE);
	return ok;
}

int
main(void)
{
	struct stress stress = { .sim = sim_new(
					 &(struct sim_opts){ .hosts = HOSTS, .vms = 200, .calm = true }) };
	const struct conn_factory factory = { .ctx = &stress, .make = make_conn };
	bool ok;

	stress.hands = hands_new(&(struct hands_opts){
		.factory = &factory,
		.call_timeout_us = 10 * G_USEC_PER_SEC,
		.idle_us = G_USEC_PER_SEC,
		.ended = job_ended,
		.progress = progress,
		.poke = poke,
		.ctx = &stress,
	});
	ok = run(&stress);
	printf("moves: %u done, %u failed, %u given up, %u unknown\n", atomic_load(&stress.states[JOB_DONE]),
		atomic_load(&stress.states[JOB_FAILED]), atomic_load(&stress.states[JOB_CANCELLED]),
		atomic_load(&stress.states[JOB_UNKNOWN]));
	if (ok)
		hands_free(stress.hands);
	sim_free(stress.sim);
	printf("moves: %d passed, %d failed\n", ok, !ok);
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
