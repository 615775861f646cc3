/* Hands over scripted connections: who does which job, what is cut and what is not. */
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/hands.h"
#include "tests/support/fake_conn.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define DEADLINE_US (20 * INT64_C(1000000))
#define LONG_US     (600 * INT64_C(1000000))
#define HOSTS       3

struct world {
	struct fake *fake;
	struct conn_factory factory;
	struct hands *hands;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	GQueue ended; /* struct job *, in order */
	unsigned pokes[HOSTS], progress;
};

static void
on_ended(void *ctx, struct job *job)
{
	struct world *world = ctx;

	pthread_mutex_lock(&world->lock);
	g_queue_push_tail(&world->ended, job);
	pthread_cond_broadcast(&world->cond);
	pthread_mutex_unlock(&world->lock);
}

static void
on_progress(void *ctx)
{
	struct world *world = ctx;

	pthread_mutex_lock(&world->lock);
	world->progress++;
	pthread_mutex_unlock(&world->lock);
}

static void
on_poke(void *ctx, uint32_t host)
{
	struct world *world = ctx;

	pthread_mutex_lock(&world->lock);
	world->pokes[host]++;
	pthread_mutex_unlock(&world->lock);
}

static struct world *
world_new(int64_t call_timeout_us, int64_t idle_us)
{
	struct world *world = g_new0(struct world, 1);

	pthread_mutex_init(&world->lock, NULL);
	pthread_cond_init(&world->cond, NULL);
	g_queue_init(&world->ended);
	world->fake = fake_new(HOSTS);
	world->factory = fake_factory(world->fake);
	world->hands = hands_new(&(struct hands_opts){
		.factory = &world->factory,
		.call_timeout_us = call_timeout_us,
		.idle_us = idle_us,
		.ended = on_ended,
		.progress = on_progress,
		.poke = on_poke,
		.ctx = world,
	});
	return world;
}

static void
world_free(struct world *world)
{
	struct job *job;

	hands_stop(world->hands);
	cr_assert(hands_wait(world->hands, DEADLINE_US / 1000), "a hand did not end");
	hands_free(world->hands);
	while ((job = g_queue_pop_head(&world->ended)))
		job_free(job);
	fake_free(world->fake);
	pthread_cond_destroy(&world->cond);
	pthread_mutex_destroy(&world->lock);
	g_free(world);
}

/* The next job that comes back, while the supervisor does its rounds. */
static struct job *
next_ended(struct world *world)
{
	int64_t end = clock_now_us() + DEADLINE_US;
	struct job *job = NULL;

	while (!job) {
		cr_assert_lt(clock_now_us(), end, "no job came back");
		hands_supervise(world->hands, clock_now_us());
		pthread_mutex_lock(&world->lock);
		job = g_queue_pop_head(&world->ended);
		pthread_mutex_unlock(&world->lock);
		if (!job)
			g_usleep(1000);
	}
	return job;
}

static bool
act_run(struct job *job, struct conn *conn, GError **error)
{
	return conn->ops->act(conn, job->target.uuid, job->act, error);
}

static struct job *
job_for(uint32_t host)
{
	struct job *job = job_new();

	job->target.host = host;
	fake_uuid(9, job->target.uuid);
	job->verb = "stop";
	job->run = act_run;
	job->act = VM_ACT_DESTROY;
	return job;
}

static void
expect_end(struct world *world, enum job_state state, const char *words)
{
	struct job *job = next_ended(world);

	cr_expect_eq(job->state, state, "%d: %s", job->state, job->error ? job->error : "no error");
	if (words)
		cr_expect(
			job->error && strstr(job->error, words), "%s", job->error ? job->error : "no error");
	else
		cr_expect_null(job->error, "%s", job->error);
	job_free(job);
}

static struct fake_step
failing(enum fleet_error code, const char *words)
{
	return (struct fake_step){ .code = code, .error = words };
}

/* ---- one after the other, and at once ---- */

Test(hands, the_next_job_finds_the_connection_of_the_last)
{
	struct world *world = world_new(LONG_US, LONG_US);

	for (int i = 0; i < 3; i++) {
		hands_submit(world->hands, job_for(1));
		expect_end(world, JOB_DONE, NULL);
	}
	cr_expect_eq(fake_seen(world->fake, 1).made, 1);
	cr_expect_eq(fake_seen(world->fake, 1).act_purpose, CONN_PURPOSE_JOB);
	cr_expect_eq(fake_count(world->fake, 1, FAKE_PING), 2, "it may have ended while it was idle");
	cr_expect_eq(world->pokes[1], 3);
	cr_expect_eq(hands_busy(world->hands, false), 0);
	world_free(world);
}

Test(hands, jobs_at_once_have_a_connection_each)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hold = { .hold = true };

	fake_script_rest(world->fake, 0, FAKE_ACT, &hold);
	for (int i = 0; i < 3; i++)
		hands_submit(world->hands, job_for(0));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_ACT, 3, DEADLINE_US / 1000));
	cr_expect_eq(hands_busy(world->hands, false), 3);
	cr_expect_eq(hands_busy(world->hands, true), 0);
	fake_release(world->fake, 0);
	for (int i = 0; i < 3; i++)
		expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).made, 3);
	cr_expect_eq(fake_seen(world->fake, 0).overlaps, 0);
	world_free(world);
}

Test(hands, an_idle_one_ends_and_its_connection_with_it)
{
	struct world *world = world_new(LONG_US, 1000);
	int64_t end = clock_now_us() + DEADLINE_US;

	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_DONE, NULL);
	while (fake_seen(world->fake, 0).freed < 1) {
		cr_assert_lt(clock_now_us(), end);
		g_usleep(1000);
	}
	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).made, 2);
	world_free(world);
}

Test(hands, a_connection_that_died_idle_is_made_anew)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step gone = failing(FLEET_ERROR_GONE, "end of file");

	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_DONE, NULL);
	fake_script(world->fake, 0, FAKE_PING, &gone, 1);
	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).made, 2);
	cr_expect_eq(fake_count(world->fake, 0, FAKE_ACT), 2, "each act was sent once");
	world_free(world);
}

Test(hands, a_connection_is_not_used_after_its_link_was_lost)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step gone = failing(FLEET_ERROR_GONE, "end of file");

	fake_script(world->fake, 0, FAKE_ACT, &gone, 1);
	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_UNKNOWN, "end of file");
	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_count(world->fake, 0, FAKE_PING), 0);
	cr_expect_eq(fake_seen(world->fake, 0).made, 2);
	world_free(world);
}

/* ---- how jobs end ---- */

/* A refusal is a failure; a link that is lost under an act leaves it open, one that is never there does not. */
Test(hands, a_job_ends_as_its_error_says)
{
	static const struct {
		enum fake_call call;
		struct fake_step step;
		enum job_state state;
	} cases[] = {
		{ FAKE_ACT, { .code = FLEET_ERROR_STATE, .error = "domain is not running" }, JOB_FAILED },
		{ FAKE_ACT, { .code = FLEET_ERROR_GONE, .error = "no answer" }, JOB_UNKNOWN },
		{ FAKE_OPEN_JOB, { .code = FLEET_ERROR_GONE, .error = "not connected" }, JOB_FAILED },
		{ FAKE_OPEN_JOB, { .code = FLEET_ERROR_DENIED, .error = "polkit says no" }, JOB_FAILED },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world *world = world_new(LONG_US, LONG_US);

		fake_script(world->fake, 0, cases[i].call, &cases[i].step, 1);
		hands_submit(world->hands, job_for(0));
		expect_end(world, cases[i].state, cases[i].step.error);
		cr_expect_eq(world->pokes[0], cases[i].call == FAKE_ACT);
		world_free(world);
	}
}

static bool
prepare_fails(struct job *job, GError **error)
{
	(void)job;
	g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_FAILED, "the disk is full");
	return false;
}

static void
must_not_settle(struct job *job, const GError *error)
{
	(void)job;
	cr_expect_fail("settled what was not begun: %s", error->message);
}

Test(hands, what_can_not_be_prepared_is_not_run)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct job *job = job_for(0);

	job->prepare = prepare_fails;
	job->settle = must_not_settle;
	hands_submit(world->hands, job);
	expect_end(world, JOB_FAILED, "the disk is full");
	cr_expect_eq(fake_count(world->fake, 0, FAKE_ACT), 0);
	world_free(world);
}

Test(hands, what_is_cancelled_before_it_begins_is_not_begun)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct job *job = job_for(0);

	job->settle = must_not_settle;
	job_gauge_cancel(job->gauge);
	hands_submit(world->hands, job);
	expect_end(world, JOB_CANCELLED, "before it began");
	cr_expect_eq(fake_count(world->fake, 0, FAKE_ACT), 0);
	world_free(world);
}

Test(hands, what_is_cancelled_on_its_way_to_the_host_is_not_begun)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hold = { .hold = true };
	struct job *job = job_for(0);
	struct job_gauge *gauge = job_gauge_ref(job->gauge);

	fake_script(world->fake, 0, FAKE_OPEN_JOB, &hold, 1);
	hands_submit(world->hands, job);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_OPEN_JOB, 1, DEADLINE_US / 1000));
	job_gauge_cancel(gauge);
	fake_release(world->fake, 0);
	expect_end(world, JOB_CANCELLED, "before it began");
	cr_expect_eq(fake_count(world->fake, 0, FAKE_ACT), 0);
	job_gauge_unref(gauge);
	world_free(world);
}

/* It was sent: who knows. */
Test(hands, an_act_that_hangs_is_not_cancelled_by_wishing_so)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hang = { .hang = true };
	struct job *job = job_for(0);
	struct job_gauge *gauge = job_gauge_ref(job->gauge);

	fake_script(world->fake, 0, FAKE_ACT, &hang, 1);
	hands_submit(world->hands, job);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_ACT, 1, DEADLINE_US / 1000));
	job_gauge_cancel(gauge);
	hands_stop(world->hands);
	expect_end(world, JOB_UNKNOWN, "virt-fleet is ending");
	job_gauge_unref(gauge);
	world_free(world);
}

static void
settle_counts(struct job *job, const GError *error)
{
	cr_expect_eq(error == NULL, job->state == JOB_DONE);
	job->number++;
}

/* Asked for, and then it takes its time; the outcome is settled by a hand, for settling waits for a disk. */
Test(hands, what_waits_comes_back_and_is_settled_when_it_is_known)
{
	static const enum job_state ends[] = { JOB_DONE, JOB_FAILED };

	for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct world *world = world_new(LONG_US, LONG_US);
		struct job *job = job_for(0);

		job->awaited = VM_STATE_OFF;
		job->settle = settle_counts;
		hands_submit(world->hands, job);
		job = next_ended(world);
		cr_assert_eq(job->state, JOB_WAITING);
		cr_expect_eq(job->number, 0, "it is not over");
		cr_expect_eq(hands_busy(world->hands, false), 0);
		job->state = ends[i];
		job->error = ends[i] == JOB_DONE ? NULL : g_strdup("did not shut down within 60 s");
		hands_settle(world->hands, job);
		job = next_ended(world);
		cr_expect_eq(job->number, 1);
		cr_expect_eq(job->state, ends[i]);
		job_free(job);
		world_free(world);
	}
}

/* ---- time ---- */

Test(hands, a_hung_act_is_cut_alone_and_its_outcome_unknown)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step steps[] = { { .hang = true }, { .hold = true } };
	struct job *hung = job_for(0);

	hung->timeout_ms = 50;
	fake_script(world->fake, 0, FAKE_ACT, steps, G_N_ELEMENTS(steps));
	hands_submit(world->hands, hung);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_ACT, 1, DEADLINE_US / 1000));
	hands_submit(world->hands, job_for(0));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_ACT, 2, DEADLINE_US / 1000));
	expect_end(world, JOB_UNKNOWN, "the connection was cut");
	fake_release(world->fake, 0);
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).cancels, 1);
	world_free(world);
}

Test(hands, a_host_that_can_not_be_reached_in_time_was_never_asked)
{
	struct world *world = world_new(50000, LONG_US);
	struct fake_step hang = { .hang = true };

	fake_script(world->fake, 0, FAKE_OPEN_JOB, &hang, 1);
	hands_submit(world->hands, job_for(0));
	expect_end(world, JOB_FAILED, "the connection was cut");
	cr_expect_eq(fake_count(world->fake, 0, FAKE_ACT), 0);
	world_free(world);
}

/* ---- moves ---- */

/* Has a connection to host 1 beside its own, where a question hangs; then the act is done over its own. */
static bool
move_run(struct job *job, struct conn *conn, GError **error)
{
	struct conn *other = hand_connect(job->hand, 1, error);
	g_autoptr(GError) lost = NULL;
	bool ok;

	if (!other)
		return false;
	hand_begin(job->hand, other, 50000);
	cr_expect_not(other->ops->act(other, job->target.uuid, job->act, &lost));
	hand_end(job->hand, other);
	cr_expect(g_error_matches(lost, FLEET_ERROR, FLEET_ERROR_CANCELLED));
	hand_progress(job->hand);
	ok = conn->ops->act(conn, job->target.uuid, job->act, error);
	if (ok && job_gauge_cancelled(job->gauge)) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "aborted");
		return false;
	}
	return ok;
}

static struct job *
move_job(void)
{
	struct job *job = job_for(0);

	job->class = JOB_MOVE;
	job->dest = 1;
	job->run = move_run;
	return job;
}

Test(hands, one_of_a_moves_connections_is_cut_alone)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hang = { .hang = true };

	fake_script(world->fake, 1, FAKE_ACT, &hang, 1);
	hands_submit(world->hands, move_job());
	cr_expect_eq(hands_busy(world->hands, true), 1);
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).cancels, 0);
	cr_expect_eq(fake_seen(world->fake, 1).cancels, 1);
	cr_expect_eq(fake_seen(world->fake, 1).freed, 1, "the other connection goes with the job");
	cr_expect_eq(fake_seen(world->fake, 0).freed, 0);
	cr_expect_eq(world->pokes[0], 1);
	cr_expect_eq(world->pokes[1], 1);
	cr_expect_geq(world->progress, 1);
	world_free(world);
}

/* However long it takes, and whatever ends around it. */
Test(hands, the_end_cuts_acts_but_no_move)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hang = { .hang = true }, hold = { .hold = true };

	fake_script(world->fake, 1, FAKE_ACT, &(struct fake_step){ .hang = true }, 1);
	fake_script(world->fake, 0, FAKE_ACT, &hold, 1);
	fake_script(world->fake, 2, FAKE_ACT, &hang, 1);
	hands_submit(world->hands, move_job());
	hands_submit(world->hands, job_for(2));
	cr_assert(fake_wait_count(world->fake, 2, FAKE_ACT, 1, DEADLINE_US / 1000));
	while (fake_count(world->fake, 0, FAKE_ACT) < 1) { /* its first part needs the supervisor */
		hands_supervise(world->hands, clock_now_us());
		g_usleep(1000);
	}
	hands_stop(world->hands);
	expect_end(world, JOB_UNKNOWN, "virt-fleet is ending");
	hands_submit(world->hands, job_for(2));
	expect_end(world, JOB_FAILED, "virt-fleet is ending");
	cr_expect_not(hands_wait(world->hands, 0), "the move goes on");
	hands_supervise(world->hands, clock_now_us() + LONG_US);
	fake_release(world->fake, 0);
	expect_end(world, JOB_DONE, NULL);
	cr_expect_eq(fake_seen(world->fake, 0).cancels, 0);
	world_free(world);
}

Test(hands, a_move_that_gave_up_is_cancelled_and_not_unknown)
{
	struct world *world = world_new(LONG_US, LONG_US);
	struct fake_step hang = { .hang = true };
	struct job *job = move_job();

	job->settle = settle_counts;
	fake_script(world->fake, 1, FAKE_ACT, &hang, 1);
	hands_submit(world->hands, job);
	cr_assert(fake_wait_count(world->fake, 1, FAKE_ACT, 1, DEADLINE_US / 1000));
	job_gauge_cancel(job->gauge);
	job = next_ended(world);
	cr_expect_eq(job->state, JOB_CANCELLED);
	cr_expect_eq(job->number, 1);
	job_free(job);
	world_free(world);
}
