/* The queue of acts: who goes when, what is waited for, what is remembered. */
#include "actions/queue.h"

#include "actions/registry.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

#define NOW_US  SNAPS_NOW_US
#define WAIT_MS 120000

/* A queue, and those that do its jobs: nobody. */
struct world {
	struct queue *queue;
	GPtrArray *out;     /* struct job *: submitted, in this order */
	GPtrArray *settled; /* struct job * */
	unsigned ended[JOB_UNKNOWN + 1];
	char *last_error;
};

static void
keep_out(void *ctx, struct job *job)
{
	g_ptr_array_add(((struct world *)ctx)->out, job);
}

static void
keep_settled(void *ctx, struct job *job)
{
	g_ptr_array_add(((struct world *)ctx)->settled, job);
}

static void
count_end(void *ctx, const struct job *job)
{
	struct world *world = ctx;

	world->ended[job->state]++;
	g_free(world->last_error);
	world->last_error = g_strdup(job->error);
}

static void
free_job(gpointer job)
{
	job_free(job);
}

static void
world_init(struct world *world, const struct queue_opts *opts)
{
	struct queue_opts all = *opts;

	*world = (struct world){ 0 };
	world->out = g_ptr_array_new_with_free_func(free_job);
	world->settled = g_ptr_array_new_with_free_func(free_job);
	all.submit = keep_out;
	all.settle = keep_settled;
	all.ended = count_end;
	all.await_ms = WAIT_MS;
	all.ctx = world;
	world->queue = queue_new(&all);
}

static void
world_done(struct world *world)
{
	queue_free(world->queue);
	g_ptr_array_free(world->out, TRUE);
	g_ptr_array_free(world->settled, TRUE);
	g_free(world->last_error);
}

static const struct queue_opts usual = {
	.parallel = 4, .per_host = 2, .moves_out = 2, .moves_in = 2, .kept = 100
};

static struct job *
make_job(uint32_t host, unsigned vm)
{
	struct job *job = job_new();

	job->target = (struct row_key){ .host = host };
	job->target.uuid[UUID_LEN - 2] = (uint8_t)(vm >> 8);
	job->target.uuid[UUID_LEN - 1] = (uint8_t)vm;
	job->vm_name = g_strdup_printf("vm%u", vm);
	job->host_name = g_strdup_printf("kvm%u", host);
	job->verb = "start";
	return job;
}

static struct job *
make_move(uint32_t host, uint32_t dest, unsigned vm)
{
	struct job *job = make_job(host, vm);

	job->class = JOB_MOVE;
	job->dest = dest;
	job->dest_name = g_strdup_printf("kvm%u", dest);
	return job;
}

static uint64_t
add(struct world *world, GPtrArray *jobs, bool urgent)
{
	uint64_t batch = queue_add(world->queue, registry_find(false, "start"), jobs, urgent, NOW_US);

	g_ptr_array_free(jobs, TRUE);
	return batch;
}

/* N guests of HOST, from number FIRST on. */
static uint64_t
add_many(struct world *world, uint32_t host, unsigned first, unsigned n)
{
	GPtrArray *jobs = g_ptr_array_new();

	for (unsigned i = 0; i < n; i++)
		g_ptr_array_add(jobs, make_job(host, first + i));
	return add(world, jobs, false);
}

static uint64_t
add_one(struct world *world, struct job *job, bool urgent)
{
	GPtrArray *jobs = g_ptr_array_new();

	g_ptr_array_add(jobs, job);
	return add(world, jobs, urgent);
}

/* What was submitted as number I ends as STATE. */
static void
end_job(struct world *world, guint i, enum job_state state, const char *error)
{
	struct job *job = g_ptr_array_steal_index(world->out, i);

	job->state = state;
	job->error = g_strdup(error);
	queue_done(world->queue, job, NOW_US);
}

static const char *
name_out(const struct world *world, guint i)
{
	return i < world->out->len ? ((const struct job *)world->out->pdata[i])->vm_name : "(nobody)";
}

#define expect_out(...)                                                                  \
	do {                                                                             \
		static const char *const names[] = { __VA_ARGS__ };                      \
		cr_expect_eq(world.out->len, G_N_ELEMENTS(names), "%u", world.out->len); \
		for (guint out_i = 0; out_i < G_N_ELEMENTS(names); out_i++)              \
			cr_expect_str_eq(name_out(&world, out_i), names[out_i]);         \
	} while (0)

/* ---- who goes when ---- */

Test(queue, goes_on_in_order_as_places_become_free)
{
	struct world world;

	world_init(&world, &usual);
	add_many(&world, 0, 1, 3);
	add_many(&world, 1, 11, 3);
	expect_out("vm1", "vm2", "vm11", "vm12");
	cr_expect_eq(queue_count(world.queue, JOB_QUEUED), 2);
	end_job(&world, 1, JOB_DONE, NULL);
	expect_out("vm1", "vm11", "vm12", "vm3");
	end_job(&world, 0, JOB_DONE, NULL);
	/* host 1 is full: nobody takes the place until it is not */
	cr_expect_eq(world.out->len, 3);
	end_job(&world, 0, JOB_FAILED, "no memory");
	expect_out("vm12", "vm3", "vm13");
	cr_expect_eq(queue_pending(world.queue), 3);
	cr_expect_eq(queue_count(world.queue, JOB_DONE), 2);
	cr_expect_eq(queue_count(world.queue, JOB_FAILED), 1);
	world_done(&world);
}

Test(queue, has_no_barrier_between_batches)
{
	struct world world;

	world_init(&world, &usual);
	add_many(&world, 0, 1, 20);
	add_many(&world, 1, 101, 1);
	expect_out("vm1", "vm2", "vm101");
	world_done(&world);
}

Test(queue, lets_single_acts_overtake_bulks)
{
	struct world world;

	world_init(&world, &usual);
	add_many(&world, 0, 1, 10);
	add_many(&world, 1, 11, 10);
	add_one(&world, make_job(2, 99), true);
	/* the window is full, and yet it goes: its host has room */
	expect_out("vm1", "vm2", "vm11", "vm12", "vm99");
	add_one(&world, make_job(0, 98), true);
	cr_expect_eq(world.out->len, 5);
	end_job(&world, 0, JOB_DONE, NULL);
	expect_out("vm2", "vm11", "vm12", "vm99", "vm98");
	world_done(&world);
}

Test(queue, caps_moves_per_source_and_target)
{
	struct queue_opts opts = usual;
	struct world world;

	opts.parallel = 100;
	world_init(&world, &opts);
	for (unsigned i = 0; i < 4; i++) /* all from host 0 */
		add_one(&world, make_move(0, 10 + i, i), false);
	for (unsigned i = 0; i < 4; i++) /* all to host 9 */
		add_one(&world, make_move(1 + i, 9, 10 + i), false);
	add_one(&world, make_move(20, 21, 20), false);
	add_many(&world, 0, 50, 1); /* a short one: moves do not hold it up */
	expect_out("vm0", "vm1", "vm10", "vm11", "vm20", "vm50");
	cr_expect_eq(queue_moves(world.queue), 5);
	end_job(&world, 0, JOB_DONE, NULL);
	end_job(&world, 1, JOB_FAILED, "no");
	expect_out("vm1", "vm11", "vm20", "vm50", "vm2", "vm12");
	world_done(&world);
}

/* A hung host's acts time out alone: those of others do not stand in line with them. */
Test(queue, puts_hosts_that_take_long_behind_the_others)
{
	const struct fleet_snap *snap = snaps_fleet(NULL, 0);
	struct queue_opts opts = usual;
	struct world world;

	opts.parallel = 2;
	opts.per_host = 1;
	world_init(&world, &opts);
	add_many(&world, 0, 1, 5);
	add_many(&world, 1, 11, 3);
	expect_out("vm1", "vm11");
	end_job(&world, 0, JOB_UNKNOWN, "no answer in time");
	expect_out("vm11", "vm2"); /* there is room, and nobody else */
	end_job(&world, 1, JOB_UNKNOWN, "no answer in time");
	add_many(&world, 2, 21, 2);
	end_job(&world, 0, JOB_DONE, NULL);
	end_job(&world, 0, JOB_UNKNOWN, "no answer in time");
	expect_out("vm12", "vm21");
	end_job(&world, 1, JOB_DONE, NULL);
	expect_out("vm12", "vm22");
	/* one that runs for long now says the same */
	queue_observe(world.queue, snap, NOW_US + 6000000);
	end_job(&world, 1, JOB_DONE, NULL);
	expect_out("vm12", "vm4");
	fleet_snap_unref(snap);
	world_done(&world);
}

Test(queue, pauses_and_goes_on)
{
	struct world world;

	world_init(&world, &usual);
	add_many(&world, 0, 1, 3);
	queue_pause(world.queue, true, NOW_US);
	end_job(&world, 0, JOB_DONE, NULL);
	add_one(&world, make_job(5, 50), true);
	expect_out("vm2");
	cr_expect(queue_paused(world.queue));
	queue_pause(world.queue, false, NOW_US);
	expect_out("vm2", "vm50", "vm3");
	world_done(&world);
}

/* ---- cancelling ---- */

Test(queue, cancels_what_waits_and_asks_what_runs)
{
	const GPtrArray *entries;
	struct world world;
	uint64_t batch;

	world_init(&world, &usual);
	batch = add_many(&world, 0, 1, 5);
	add_many(&world, 1, 11, 1);
	entries = queue_entries(world.queue);
	cr_assert_eq(entries->len, 6);
	/* the newest first: vm5 is behind vm11 */
	cr_expect(queue_cancel(world.queue, ((struct queue_entry *)entries->pdata[1])->serial, NOW_US));
	cr_expect_eq(world.ended[JOB_CANCELLED], 1);
	cr_expect_eq(queue_cancel_batch(world.queue, batch, NOW_US), 4);
	cr_expect_eq(world.ended[JOB_CANCELLED], 3);
	cr_expect_eq(queue_count(world.queue, JOB_RUNNING), 3);
	cr_expect(job_gauge_cancelled(((struct job *)world.out->pdata[0])->gauge));
	cr_expect_not(job_gauge_cancelled(((struct job *)world.out->pdata[2])->gauge));
	end_job(&world, 0, JOB_CANCELLED, NULL);
	cr_expect_eq(world.ended[JOB_CANCELLED], 4);
	cr_expect_not(queue_cancel(world.queue, 1, NOW_US), "it has ended");
	cr_expect_not(queue_cancel(world.queue, 999, NOW_US), "there is none");
	world_done(&world);
}

Test(queue, forgets_ended_ones_while_all_are_cancelled)
{
	struct queue_opts opts = usual;
	struct world world;

	opts.kept = 1;
	world_init(&world, &opts);
	for (unsigned i = 0; i < 10; i++)
		add_many(&world, 0, 1 + i, 1);
	cr_expect_eq(queue_cancel_batch(world.queue, 0, NOW_US), 10);
	cr_expect_eq(world.ended[JOB_CANCELLED], 8);
	cr_expect_eq(queue_entries(world.queue)->len, 2 + 1);
	world_done(&world);
}

Test(queue, closes)
{
	struct world world;

	world_init(&world, &usual);
	add_many(&world, 0, 1, 5);
	end_job(&world, 0, JOB_WAITING, NULL);
	queue_close(world.queue, NOW_US);
	cr_expect_eq(world.ended[JOB_CANCELLED], 2);
	cr_assert_eq(world.settled->len, 1);
	cr_expect_eq(((struct job *)world.settled->pdata[0])->state, JOB_UNKNOWN);
	cr_expect_eq(queue_count(world.queue, JOB_RUNNING), 2);
	world_done(&world);
}

/* ---- what is remembered ---- */

Test(queue, remembers_so_many_and_batches_under_way)
{
	struct queue_opts opts = usual;
	struct world world;

	opts.kept = 4;
	opts.parallel = opts.per_host = 100;
	world_init(&world, &opts);
	add_many(&world, 0, 1, 10);
	for (unsigned i = 0; i < 9; i++)
		end_job(&world, 0, i < 3 ? JOB_FAILED : JOB_DONE, i < 3 ? "no memory" : NULL);
	cr_expect_eq(queue_entries(world.queue)->len, 10, "its batch is under way");
	end_job(&world, 0, JOB_DONE, NULL);
	cr_expect_eq(queue_entries(world.queue)->len, 4);
	cr_expect_eq(queue_count(world.queue, JOB_FAILED), 2, "half of it for what went badly");
	cr_expect_eq(queue_count(world.queue, JOB_DONE), 2);
	world_done(&world);
}

Test(queue, keeps_entries_as_long_as_they_are_looked_at)
{
	struct queue_opts opts = usual;
	struct queue_entry *entry;
	struct world world;

	opts.kept = 1;
	world_init(&world, &opts);
	add_many(&world, 0, 1, 1);
	entry = queue_entry_ref(queue_entries(world.queue)->pdata[0]);
	cr_expect_eq(queue_find(world.queue, entry->serial), entry);
	end_job(&world, 0, JOB_DONE, NULL);
	add_many(&world, 0, 2, 1);
	end_job(&world, 0, JOB_DONE, NULL);
	cr_expect_null(queue_find(world.queue, entry->serial));
	cr_expect_str_eq(entry->vm_name, "vm1");
	cr_expect_eq(entry->state, JOB_DONE);
	queue_entry_unref(entry);
	world_done(&world);
}

Test(queue, knows_busy_guests)
{
	struct job *job = make_job(0, 1), *again = make_job(0, 1);
	struct row_key key = job->target;
	struct world world;

	world_init(&world, &usual);
	cr_expect_not(g_hash_table_contains(queue_busy(world.queue), &key));
	add_one(&world, job, false);
	add_one(&world, again, false);
	cr_expect(g_hash_table_contains(queue_busy(world.queue), &key));
	end_job(&world, 0, JOB_DONE, NULL);
	cr_expect(g_hash_table_contains(queue_busy(world.queue), &key));
	end_job(&world, 0, JOB_DONE, NULL);
	cr_expect_not(g_hash_table_contains(queue_busy(world.queue), &key));
	world_done(&world);
}

static void
give_params(struct job *job, const char *second)
{
	const char *const params[] = { "bandwidth", "100M", "to", second, NULL };

	job->params = g_strdupv((char **)(uintptr_t)params);
}

Test(queue, says_what_failed)
{
	struct queue_retry retry;
	struct world world;
	GPtrArray *jobs = g_ptr_array_new();

	world_init(&world, &usual);
	queue_failed(world.queue, NULL, NULL, &retry);
	cr_expect_null(retry.action);
	queue_retry_done(&retry);

	add_many(&world, 3, 1, 1);
	end_job(&world, 0, JOB_FAILED, "no");
	for (unsigned i = 0; i < 3; i++) {
		g_ptr_array_add(jobs, make_job(i, 10 + i));
		give_params(jobs->pdata[i], i ? "kvm2" : "kvm1");
	}
	add(&world, jobs, false);
	end_job(&world, 0, JOB_FAILED, "no");
	end_job(&world, 0, JOB_DONE, NULL);
	end_job(&world, 0, JOB_UNKNOWN, "link lost");
	queue_failed(world.queue, NULL, NULL, &retry);
	cr_expect_str_eq(retry.action->name, "start");
	cr_expect_eq(retry.keys->len, 2, "of the newest batch alone");
	cr_assert_eq(g_strv_length(retry.params), 2);
	cr_expect_str_eq(retry.params[1], "100M");
	queue_retry_done(&retry);
	world_done(&world);
}

/* ---- what turns out later ---- */

Test(queue, an_unknown_act_says_what_was_found)
{
	GPtrArray *jobs = g_ptr_array_new();
	const struct queue_entry *lost, *failed;
	struct world world;
	uint64_t version;

	world_init(&world, &usual);
	g_ptr_array_add(jobs, make_job(0, 1));
	g_ptr_array_add(jobs, make_job(1, 2));
	add(&world, jobs, false);
	end_job(&world, 0, JOB_UNKNOWN, "kvm1 unknown: check");
	end_job(&world, 0, JOB_FAILED, "no");
	lost = queue_find(world.queue, 1);
	failed = queue_find(world.queue, 2);
	version = queue_version(world.queue);
	queue_found(world.queue, 2, "runs on kvm1");
	queue_found(world.queue, 99, "runs on kvm1");
	cr_expect_eq(queue_version(world.queue), version, "only of unknown ones something is found");
	cr_expect_str_eq(failed->error, "no");
	queue_found(world.queue, 1, "runs on kvm1");
	cr_expect_neq(queue_version(world.queue), version);
	cr_expect_str_eq(lost->error, "found: runs on kvm1");
	cr_expect_eq(lost->state, JOB_UNKNOWN);
	world_done(&world);
}

/* ---- those that take their time ---- */

/* A fleet of two hosts: guest 1 on the first is in STATE, or on the second if ELSEWHERE; TAKEN_US: when that was seen. */
static const struct fleet_snap *
sight(enum vm_state state, bool there, bool elsewhere, int64_t taken_us)
{
	struct vm vm = state == VM_STATE_RUNNING ? snaps_vm("vm1", 1) : snaps_idle_vm("vm1", 1, state);
	struct snaps_part parts[2] = {
		{ .host = snaps_host(0, "kvm0"), .vms = &vm, .nvms = there },
		{ .host = snaps_host(1, "kvm1"), .vms = &vm, .nvms = elsewhere },
	};

	parts[0].host.sampled_us = parts[1].host.sampled_us = taken_us;
	return snaps_fleet(parts, 2);
}

static void
look(struct world *world, const struct fleet_snap *snap, int64_t now_us)
{
	queue_observe(world->queue, snap, now_us);
	fleet_snap_unref(snap);
}

/* The key of guest 1 is as snaps_vm() makes it. */
static struct job *
make_shutdown(void)
{
	struct vm vm = snaps_vm("vm1", 1);
	struct job *job = make_job(0, 1);

	memcpy(job->target.uuid, vm.uuid, UUID_LEN);
	job->verb = "shutdown";
	return job;
}

static void
begin_waiting(struct world *world)
{
	world_init(world, &usual);
	add_one(world, make_shutdown(), true);
	end_job(world, 0, JOB_WAITING, NULL);
	cr_assert_eq(queue_count(world->queue, JOB_WAITING), 1);
}

/* What settle() was given comes back. */
static void
settle(struct world *world)
{
	cr_assert_eq(world->settled->len, 1);
	queue_done(world->queue, g_ptr_array_steal_index(world->settled, 0), NOW_US);
}

Test(queue, those_that_wait_take_no_place)
{
	struct queue_opts opts = usual;
	struct world world;

	opts.parallel = 1;
	world_init(&world, &opts);
	add_many(&world, 0, 1, 2);
	end_job(&world, 0, JOB_WAITING, NULL);
	expect_out("vm2");
	cr_expect_eq(queue_pending(world.queue), 2);
	world_done(&world);
}

#define LATER (NOW_US + 1000000)

Test(queue, sees_them_go)
{
	static const struct {
		enum vm_state state;
		bool there, elsewhere;
		int64_t taken_us;
		enum job_state end; /* QUEUED: goes on waiting */
		const char *error;
	} cases[] = {
		{ VM_STATE_RUNNING, true, false, LATER, JOB_QUEUED, NULL },
		{ VM_STATE_STOPPING, true, false, LATER, JOB_QUEUED, NULL },
		{ VM_STATE_OFF, true, false, LATER, JOB_DONE, NULL },
		/* what was seen before it was asked says nothing */
		{ VM_STATE_OFF, true, false, NOW_US, JOB_QUEUED, NULL },
		/* a transient guest */
		{ VM_STATE_RUNNING, false, false, LATER, JOB_DONE, NULL },
		{ VM_STATE_RUNNING, false, true, LATER, JOB_FAILED, "it runs on kvm1 now" },
		{ VM_STATE_CRASHED, true, false, LATER, JOB_FAILED, "it crashed instead" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;

		begin_waiting(&world);
		look(&world, sight(cases[i].state, cases[i].there, cases[i].elsewhere, cases[i].taken_us),
			NOW_US + 1500000);
		cr_expect_eq(world.settled->len, cases[i].end != JOB_QUEUED, "case %zu", i);
		if (world.settled->len) {
			settle(&world);
			cr_expect_eq(world.ended[cases[i].end], 1, "case %zu", i);
			cr_expect_eq(g_strcmp0(world.last_error, cases[i].error), 0, "case %zu: %s", i,
				world.last_error);
			cr_expect_eq(queue_pending(world.queue), 0);
		}
		cr_expect_eq(queue_late_count(world.queue), 0);
		world_done(&world);
	}
}

#define OVER (NOW_US + WAIT_MS * INT64_C(1000))

Test(queue, offers_force_on_exactly_those_that_did_not_go)
{
	g_autoptr(GArray) late = NULL;
	const struct queue_entry *entry;
	struct world world;

	begin_waiting(&world);
	entry = queue_entries(world.queue)->pdata[0];
	look(&world, sight(VM_STATE_RUNNING, true, false, OVER - 2000000), OVER - 1);
	cr_expect_eq(world.settled->len, 0);
	look(&world, sight(VM_STATE_RUNNING, true, false, OVER - 1000000), OVER);
	settle(&world);
	cr_expect_eq(world.ended[JOB_FAILED], 1);
	cr_expect_str_eq(world.last_error, "did not go within 2m");
	late = queue_late(world.queue);
	cr_assert_eq(late->len, 1);
	cr_expect(row_key_equal(&g_array_index(late, struct row_key, 0), &entry->target));
	cr_expect_eq(queue_late_count(world.queue), 1);
	/* it goes after all */
	look(&world, sight(VM_STATE_OFF, true, false, OVER + 60000000), OVER + 60000000);
	cr_expect_eq(queue_late_count(world.queue), 0);
	cr_expect_eq(entry->state, JOB_FAILED);
	cr_expect_str_eq(entry->remark, "it went after 3m");
	world_done(&world);
}

Test(queue, does_not_know_of_hosts_that_do_not_answer)
{
	struct world world;

	begin_waiting(&world);
	look(&world, sight(VM_STATE_RUNNING, true, false, NOW_US), OVER);
	settle(&world);
	cr_expect_eq(world.ended[JOB_UNKNOWN], 1);
	cr_expect_eq(queue_late_count(world.queue), 0);
	world_done(&world);
}

/* K on a guest that is waited for. */
Test(queue, another_act_makes_an_end_of_waiting)
{
	struct world world;

	begin_waiting(&world);
	cr_expect_eq(g_hash_table_size(queue_busy(world.queue)), 0);
	add_one(&world, make_shutdown(), true);
	cr_assert_eq(world.settled->len, 1);
	settle(&world);
	cr_expect_eq(world.ended[JOB_CANCELLED], 1);
	cr_expect_eq(queue_count(world.queue, JOB_RUNNING), 1);
	cr_expect_eq(g_hash_table_size(queue_busy(world.queue)), 1);
	world_done(&world);
}

Test(queue, another_act_takes_the_offer_back)
{
	struct world world;

	begin_waiting(&world);
	look(&world, sight(VM_STATE_RUNNING, true, false, OVER - 1000000), OVER);
	settle(&world);
	cr_expect_eq(queue_late_count(world.queue), 1);
	add_one(&world, make_shutdown(), true);
	cr_expect_eq(queue_late_count(world.queue), 0);
	world_done(&world);
}

Test(queue, cancels_waiting)
{
	struct world world;

	begin_waiting(&world);
	cr_expect_eq(queue_cancel_batch(world.queue, 0, NOW_US), 1);
	settle(&world);
	cr_expect_eq(world.ended[JOB_CANCELLED], 1);
	cr_expect_str_eq(world.last_error, "no longer waited for");
	look(&world, sight(VM_STATE_OFF, true, false, LATER), LATER);
	cr_expect_eq(queue_late_count(world.queue), 0);
	world_done(&world);
}

/* Asked while it ran, which is too late to keep it from being asked for and in time not to wait. */
Test(queue, waits_for_none_that_was_cancelled_before)
{
	struct world world;

	world_init(&world, &usual);
	add_one(&world, make_shutdown(), true);
	cr_expect_eq(queue_cancel_batch(world.queue, 0, NOW_US), 1);
	end_job(&world, 0, JOB_WAITING, NULL);
	settle(&world);
	cr_expect_eq(world.ended[JOB_CANCELLED], 1);
	cr_expect_eq(queue_pending(world.queue), 0);
	world_done(&world);
}

/* ---- whatever happens ---- */

#define HOSTS  6
#define EVENTS 20000

static struct queue_opts
random_caps(GRand *rand)
{
	return (struct queue_opts){
		.parallel = (unsigned)g_rand_int_range(rand, 1, 9),
		.per_host = (unsigned)g_rand_int_range(rand, 1, 4),
		.moves_out = (unsigned)g_rand_int_range(rand, 1, 4),
		.moves_in = (unsigned)g_rand_int_range(rand, 1, 4),
		.kept = (unsigned)g_rand_int_range(rand, 0, 50),
	};
}

static void
check_caps(const struct world *world, const struct queue_opts *caps)
{
	unsigned at_once = 0, shorts[HOSTS] = { 0 }, from[HOSTS] = { 0 }, to[HOSTS] = { 0 };

	for (guint i = 0; i < world->out->len; i++) {
		const struct job *job = world->out->pdata[i];

		if (job->class == JOB_MOVE) {
			from[job->target.host]++;
			to[job->dest]++;
		} else {
			shorts[job->target.host]++;
		}
		at_once += !queue_find(world->queue, job->serial)->urgent;
	}
	cr_assert_leq(at_once, caps->parallel);
	for (size_t i = 0; i < HOSTS; i++) {
		cr_assert_leq(shorts[i], caps->per_host);
		cr_assert_leq(from[i], caps->moves_out);
		cr_assert_leq(to[i], caps->moves_in);
	}
}

/* Nobody waits who could go. */
static void
check_nobody_waits_in_vain(struct world *world, const struct queue_opts *caps)
{
	const GPtrArray *entries = queue_entries(world->queue);

	if (queue_paused(world->queue) || world->out->len >= caps->parallel)
		return;
	for (guint i = 0; i < entries->len; i++) {
		const struct queue_entry *entry = entries->pdata[i];
		unsigned shorts = 0, from = 0;

		if (entry->state != JOB_QUEUED)
			continue;
		for (guint j = 0; j < world->out->len; j++) {
			const struct job *job = world->out->pdata[j];

			shorts += job->class == JOB_SHORT && job->target.host == entry->target.host;
			from += job->class == JOB_MOVE && job->target.host == entry->target.host;
		}
		if (entry->class == JOB_SHORT)
			cr_assert_geq(shorts, caps->per_host, "%s waits in vain", entry->vm_name);
		else
			cr_assert(from >= caps->moves_out || queue_moves(world->queue) >= caps->moves_in,
				"%s waits in vain", entry->vm_name);
	}
}

static GPtrArray *
random_batch(GRand *rand, unsigned *serial)
{
	GPtrArray *jobs = g_ptr_array_new();
	int n = g_rand_int_range(rand, 0, 12);

	for (int i = 0; i < n; i++) {
		uint32_t host = (uint32_t)g_rand_int_range(rand, 0, HOSTS);
		uint32_t dest = (host + 1 + (uint32_t)g_rand_int_range(rand, 0, HOSTS - 1)) % HOSTS;

		++*serial;
		g_ptr_array_add(jobs,
			g_rand_boolean(rand) ? make_job(host, *serial) : make_move(host, dest, *serial));
	}
	return jobs;
}

static void
random_end(struct world *world, GRand *rand)
{
	static const enum job_state states[] = { JOB_DONE, JOB_DONE, JOB_DONE, JOB_FAILED, JOB_UNKNOWN,
		JOB_CANCELLED, JOB_WAITING };

	if (world->out->len)
		end_job(world, (guint)g_rand_int_range(rand, 0, (gint32)world->out->len),
			states[g_rand_int_range(rand, 0, G_N_ELEMENTS(states))], NULL);
}

static void
settle_all(struct world *world)
{
	while (world->settled->len)
		queue_done(world->queue, g_ptr_array_steal_index(world->settled, 0), NOW_US);
}

Test(queue, holds_its_caps_and_loses_nothing_whatever_happens)
{
	for (guint32 seed = 1; seed <= 20; seed++) {
		GRand *rand = g_rand_new_with_seed(seed);
		struct queue_opts caps = random_caps(rand);
		unsigned asked = 0, ended = 0, serial = 0;
		struct world world;

		world_init(&world, &caps);
		for (unsigned i = 0; i < EVENTS / 20; i++) {
			switch (g_rand_int_range(rand, 0, 12)) {
			case 0:
			case 1: {
				GPtrArray *jobs = random_batch(rand, &serial);

				asked += jobs->len;
				add(&world, jobs, jobs->len == 1);
				break;
			}
			case 2:
				queue_pause(world.queue, g_rand_boolean(rand), NOW_US);
				break;
			case 3:
				queue_cancel(world.queue, (uint64_t)g_rand_int_range(rand, 1, 500), NOW_US);
				break;
			case 4:
				if (i % 16 == 0)
					queue_cancel_batch(
						world.queue, (uint64_t)g_rand_int_range(rand, 0, 30), NOW_US);
				break;
			case 5:
				settle_all(&world);
				break;
			default:
				random_end(&world, rand);
			}
			check_caps(&world, &caps);
			check_nobody_waits_in_vain(&world, &caps);
		}
		queue_pause(world.queue, false, NOW_US);
		while (queue_pending(world.queue)) {
			while (world.out->len)
				end_job(&world, 0, JOB_DONE, NULL);
			queue_cancel_batch(world.queue, 0, NOW_US);
			settle_all(&world);
		}
		for (int state = JOB_DONE; state <= JOB_UNKNOWN; state++)
			ended += world.ended[state];
		cr_assert_eq(ended, asked, "seed %u", seed);
		cr_assert_leq(queue_entries(world.queue)->len, caps.kept);
		cr_assert_eq(g_hash_table_size(queue_busy(world.queue)), 0);
		world_done(&world);
		g_rand_free(rand);
	}
}
