/* Migrations of simulated guests, by hands. */
#include "fleet/conn_sim.h"
#include "fleet/conn_sim_world.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"
#include "tests/support/mover.h"

#include <criterion/criterion.h>
#include <string.h>

#define END_MS     30000
#define SHARED     "unsafe", "yes"
#define TEXT(text) ((char *)(uintptr_t)(text))

static struct sim *sim;
static struct conn *newest; /* to the first host: while a move is on its way, the one that looks at it */
static struct mover *mover;

static struct conn *
make_conn(void *ctx, uint32_t index, enum conn_purpose purpose G_GNUC_UNUSED,
	const struct conn_listener *listener)
{
	struct conn *conn = conn_sim_new(ctx, index, false, listener);

	if (index == 0)
		__atomic_store_n(&newest, conn, __ATOMIC_SEQ_CST);
	return conn;
}

static void
start(void)
{
	sim = sim_new(&(struct sim_opts){ .hosts = 9, .vms = 400, .calm = true });
	mover = mover_new(&(struct conn_factory){ .ctx = sim, .make = make_conn });
}

static void
stop(void)
{
	mover_free(mover);
	sim_free(sim);
}

TestSuite(migrate, .init = start, .fini = stop, .timeout = 60);

/* The smallest guest of HOST that is in STATE. */
static struct sim_vm
smallest(unsigned host, enum vm_state state)
{
	const struct sim_vm *best = NULL;

	for (unsigned i = 0; i < sim->hosts[host].nvms; i++) {
		const struct sim_vm *vm = &sim->hosts[host].vms[i];

		if (vm->state == state && (!best || vm->mem_mib < best->mem_mib))
			best = vm;
	}
	cr_assert_not_null(best);
	return *best;
}

static struct whereabouts
where(unsigned host, const struct sim_vm *vm)
{
	struct conn *conn = conn_sim_new(sim, host, false, NULL);
	struct whereabouts out;

	cr_assert(conn->ops->open(conn, NULL) && conn->ops->whereabouts(conn, vm->uuid, &out, NULL));
	conn->ops->free(conn);
	return out;
}

static struct job *
end(void)
{
	struct job *job = mover_end(mover, END_MS);

	cr_assert_not_null(job);
	return job;
}

Test(migrate, a_guest_arrives_and_both_hosts_list_it_meanwhile)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job *job = mover_job("x", vm.uuid, 0, 1, (const char *[]){ SHARED, NULL });
	bool seen_twice = false;

	mover_begin(mover, job);
	while (!(job = mover_end(mover, 20))) {
		struct whereabouts here = where(0, &vm), there = where(1, &vm);

		seen_twice |= here.defined && here.state == VM_STATE_RUNNING && there.defined &&
			      there.state == VM_STATE_PAUSED && g_strcmp0(there.reason, "migrating") == 0;
	}
	cr_expect_eq(job->state, JOB_DONE, "%s", job->error);
	cr_expect(g_str_has_prefix(job->remark, "downtime "), "%s", job->remark);
	job_free(job);
	cr_expect(seen_twice);
	cr_expect_not(where(0, &vm).defined);
	cr_expect_eq(where(1, &vm).state, VM_STATE_RUNNING);
}

/* Slow enough to be caught on its way. */
static struct job_gauge *
begin_slow(const struct sim_vm *vm)
{
	struct job *job = mover_job("x", vm->uuid, 0, 1, (const char *[]){ SHARED, "bandwidth", "1M", NULL });
	struct job_gauge *gauge = job_gauge_ref(job->gauge);
	struct job_progress progress;

	mover_begin(mover, job);
	do {
		g_usleep(1000);
		job_gauge_get(gauge, &progress);
	} while (progress.mem_left < 0);
	cr_expect_str_eq(progress.phase, "copying memory");
	cr_expect_leq(progress.mem_left, progress.mem_total);
	cr_expect_eq(progress.speed, 1 << 20);
	return gauge;
}

Test(migrate, one_that_is_given_up_stays)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job_gauge *gauge = begin_slow(&vm);
	struct job *job;

	job_gauge_cancel(gauge);
	job = end();
	cr_expect_eq(job->state, JOB_CANCELLED, "%s", job->error);
	cr_expect_str_eq(job->error, "given up; it runs on h0 as before");
	job_free(job);
	job_gauge_unref(gauge);
	cr_expect_eq(where(0, &vm).state, VM_STATE_RUNNING);
	cr_expect_not(where(1, &vm).defined);
}

/* Who has lost sight of it sees it again, and can still give it up. */
Test(migrate, one_that_was_out_of_sight_is_seen_again)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job_gauge *gauge = begin_slow(&vm);
	struct conn *eye = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
	struct job_progress progress;
	struct job *job;

	eye->ops->cancel(eye);
	do {
		g_usleep(1000);
		job_gauge_get(gauge, &progress);
	} while (g_strcmp0(progress.phase, "moving, out of sight") != 0);
	job_gauge_cancel(gauge);
	job = end();
	cr_expect_eq(job->state, JOB_CANCELLED, "%s", job->error);
	cr_expect_neq(__atomic_load_n(&newest, __ATOMIC_SEQ_CST), eye);
	job_free(job);
	job_gauge_unref(gauge);
	cr_expect_eq(where(0, &vm).state, VM_STATE_RUNNING);
}

static struct conn_ops ops_that_refuse;
static int opened; /* connections to the first host */

static bool
refuse_to_open(struct conn *conn G_GNUC_UNUSED, GError **error)
{
	g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_REFUSED, "too many clients");
	return false;
}

/* The second one to the source is the one that would look at the move. */
static struct conn *
make_conn_but_the_second(
	void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	struct conn *conn = make_conn(ctx, index, purpose, listener);

	if (index == 0 && __atomic_add_fetch(&opened, 1, __ATOMIC_SEQ_CST) == 2) {
		ops_that_refuse = *conn->ops;
		ops_that_refuse.open = refuse_to_open;
		conn->ops = &ops_that_refuse;
	}
	return conn;
}

static void
start_blind(void)
{
	sim = sim_new(&(struct sim_opts){ .hosts = 2, .vms = 80, .calm = true });
	mover = mover_new(&(struct conn_factory){ .ctx = sim, .make = make_conn_but_the_second });
}

Test(migrate, one_that_began_out_of_sight_is_seen_and_given_up, .init = start_blind)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job_gauge *gauge = begin_slow(&vm);
	struct job *job;

	job_gauge_cancel(gauge);
	job = end();
	cr_expect_eq(job->state, JOB_CANCELLED, "%s", job->error);
	cr_expect_geq(__atomic_load_n(&opened, __ATOMIC_SEQ_CST), 3);
	job_free(job);
	job_gauge_unref(gauge);
	cr_expect_eq(where(0, &vm).state, VM_STATE_RUNNING);
}

/* The job knows nothing, and says what it knows. */
Test(migrate, a_lost_host_leaves_the_outcome_unknown)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job_gauge *gauge = begin_slow(&vm);
	struct sim_host *host = &sim->hosts[0];
	struct job *job;

	pthread_mutex_lock(&host->lock);
	host->trouble = SIM_REFUSED;
	host->link_epoch++;
	pthread_mutex_unlock(&host->lock);
	job = end();
	cr_expect_eq(job->state, JOB_UNKNOWN, "%s", job->error);
	cr_expect(g_str_has_prefix(job->error, "not on h1; h0 unknown: check"), "%s", job->error);
	job_free(job);
	job_gauge_unref(gauge);
}

/* ---- what the target says first ---- */

/* What take_check() of all hosts finds; of the test that runs. */
static struct take_finding finding;

static GArray *
take_check(struct conn *conn G_GNUC_UNUSED, const char *xml, GError **error)
{
	GArray *found = take_findings_new();
	struct take_finding copy = finding;

	cr_expect(strstr(xml, "<domain"), "%s", xml);
	if (!finding.why) {
		g_array_unref(found);
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED, "it can't say");
		return NULL;
	}
	copy.why = g_strdup(finding.why);
	g_array_append_val(found, copy);
	return found;
}

static struct conn_ops ops_that_find;

static struct conn *
make_conn_that_finds(
	void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	struct conn *conn = make_conn(ctx, index, purpose, listener);

	ops_that_find = *conn->ops;
	ops_that_find.take_check = take_check;
	conn->ops = &ops_that_find;
	return conn;
}

static void
start_finding(void)
{
	sim = sim_new(&(struct sim_opts){ .hosts = 2, .vms = 80, .calm = true });
	mover = mover_new(&(struct conn_factory){ .ctx = sim, .make = make_conn_that_finds });
}

struct answer {
	struct take_finding finding;
	const char *params[5];
	bool goes;
};

Test(migrate, what_the_target_lacks_ends_it_before_it_begins, .init = start_finding)
{
	static const struct answer cases[] = {
		{ { true, TAKE_ALWAYS, "network", TEXT("no bridge br9") }, { SHARED }, false },
		{ { true, TAKE_COPIED, "pool", TEXT("no pool") }, { "copy", "all" }, false },
		{ { true, TAKE_UNCOPIED, "pool", TEXT("no volume") }, { SHARED }, false },
		{ { true, TAKE_UNCOPIED, "pool", TEXT("no volume") }, { "copy", "all" }, true },
		{ { true, TAKE_COPIED, "pool", TEXT("no pool") }, { "copy", "inc" }, true },
		{ { true, TAKE_COPIED, "pool", TEXT("no pool") }, { SHARED }, true },
		{ { false, TAKE_ALWAYS, "network", TEXT("who knows") }, { SHARED }, true },
		{ { .why = NULL }, { SHARED }, true },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
		g_autofree char *words = g_strdup_printf("h1 can't take it: %s", cases[i].finding.why);
		struct job *job;

		struct job_gauge *gauge;

		finding = cases[i].finding;
		job = mover_job("x", vm.uuid, 0, 1, cases[i].params);
		gauge = job_gauge_ref(job->gauge);
		mover_begin(mover, job);
		/* one that has begun need not arrive */
		while (cases[i].goes && !where(1, &vm).defined)
			g_usleep(1000);
		if (cases[i].goes)
			job_gauge_cancel(gauge);
		job_gauge_unref(gauge);
		job = end();
		if (cases[i].goes)
			cr_expect_neq(job->state, JOB_FAILED, "%zu: %s", i, job->error);
		else
			cr_expect_str_eq(job->error, words);
		job_free(job);
	}
}

/* A host that overcommits takes more than is free. */
Test(migrate, too_little_free_memory_is_said_and_does_not_end_it, .init = start_finding)
{
	struct sim_vm vm = smallest(0, VM_STATE_RUNNING);
	struct job *job;

	finding = (struct take_finding){ true, TAKE_ALWAYS, "memory", TEXT("needs 4 GiB") };
	mover_begin(mover, mover_job("x", vm.uuid, 0, 1, (const char *[]){ SHARED, NULL }));
	job = end();
	cr_expect_eq(job->state, JOB_DONE, "%s", job->error);
	cr_expect(job->remark && g_str_has_suffix(job->remark, "; h1 said: memory: needs 4 GiB"), "%s",
		job->remark);
	job_free(job);
	cr_expect_eq(where(1, &vm).state, VM_STATE_RUNNING);
}

struct refusal {
	unsigned to;
	enum vm_state state;
	const char *params[5], *words;
};

Test(migrate, what_does_not_go_is_refused_before_it_begins)
{
	static const struct refusal cases[] = {
		{ 8, VM_STATE_RUNNING, { SHARED }, "different hypervisors" },
		{ 0, VM_STATE_RUNNING, { SHARED }, "UUID already" },
		{ 1, VM_STATE_RUNNING, { "offline", "yes" }, "it runs" },
		{ 1, VM_STATE_OFF, { SHARED }, "say offline" },
		{ 1, VM_STATE_RUNNING, { "offline", "yes", "copy", "all" }, "only the definition moves" },
	};

	cr_assert_eq(sim->hosts[8].hypervisor, HYPERVISOR_XEN);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sim_vm vm = smallest(0, cases[i].state);
		struct job *job;

		mover_begin(mover, mover_job("x", vm.uuid, 0, cases[i].to, cases[i].params));
		job = end();
		cr_expect_eq(job->state, JOB_FAILED);
		cr_expect(strstr(job->error, cases[i].words), "%s: %s", cases[i].words, job->error);
		job_free(job);
		cr_expect(where(0, &vm).defined);
	}
}

Test(migrate, a_guest_that_is_off_goes_offline)
{
	struct sim_vm vm = smallest(0, VM_STATE_OFF);
	struct job *job;

	mover_begin(mover, mover_job("x", vm.uuid, 0, 1, (const char *[]){ "offline", "yes", NULL }));
	job = end();
	cr_expect_eq(job->state, JOB_DONE, "%s", job->error);
	job_free(job);
	cr_expect_not(where(0, &vm).defined);
	cr_expect(where(1, &vm).defined && !where(1, &vm).active);
}
