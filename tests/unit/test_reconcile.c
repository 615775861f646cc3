/* Migrations whose end nobody saw: found out by what the hosts show later. */
#include "actions/reconcile.h"
#include "actions/reconciler.h"
#include "fleet/clock.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define HOSTS  3

/* What the guest is on each host. */
enum show { NOT_THERE, RUNS, IS_PAUSED, IS_OFF, HOST_IS_DOWN };

struct watch {
	struct reconcile *reconcile;
	int64_t now_us;
	unsigned found;
	enum fate_kind kind;
	char *where;
};

static void
found(void *ctx, const struct lost_move *lost, const struct fate *fate, const char *where)
{
	struct watch *watch = ctx;

	cr_expect_str_eq(lost->vm, "web");
	watch->found++;
	watch->kind = fate->kind;
	g_free(watch->where);
	watch->where = g_strdup(where);
}

static struct watch
watch_new(bool offline)
{
	struct watch watch = { .reconcile = reconcile_new(), .now_us = SNAPS_NOW_US };
	struct vm vm = snaps_vm("web", 7);
	struct lost_move lost = { .guest = { .host = 0 },
		.dest = 1,
		.vm = (char *)(uintptr_t) "web",
		.source = (char *)(uintptr_t) "a",
		.target = (char *)(uintptr_t) "b",
		.offline = offline };

	memcpy(lost.guest.uuid, vm.uuid, UUID_LEN);
	reconcile_add(watch.reconcile, &lost, watch.now_us);
	return watch;
}

static void
watch_done(struct watch *watch)
{
	reconcile_free(watch->reconcile);
	g_free(watch->where);
}

static struct snaps_part
part_of(uint32_t index, enum show show, int64_t now_us, struct vm *vm)
{
	static const char *const names[HOSTS] = { "a", "b", "c" };
	struct snaps_part part = {
		.host = snaps_host(index, names[index]), .vms = vm, .nvms = show != NOT_THERE
	};

	*vm = show == IS_PAUSED ? snaps_idle_vm("web", 7, VM_STATE_PAUSED)
	      : show == IS_OFF  ? snaps_idle_vm("web", 7, VM_STATE_OFF)
				: snaps_vm("web", 7);
	vm->id = show == IS_OFF ? -1 : 1;
	part.host.sampled_us = now_us;
	if (show == HOST_IS_DOWN)
		part.host.link = LINK_UNREACHABLE;
	return part;
}

/* SECONDS later the hosts show this. */
static void
look(struct watch *watch, unsigned seconds, enum show a, enum show b, enum show c)
{
	struct vm vms[HOSTS];
	const struct fleet_snap *snap;

	watch->now_us += seconds * SECOND;
	struct snaps_part parts[HOSTS] = {
		part_of(0, a, watch->now_us, &vms[0]),
		part_of(1, b, watch->now_us, &vms[1]),
		part_of(2, c, watch->now_us, &vms[2]),
	};
	snap = snaps_fleet(parts, HOSTS);
	reconcile_look(watch->reconcile, snap, watch->now_us, found, watch);
	fleet_snap_unref(snap);
}

Test(reconcile, a_good_end_is_told_once_it_lasts)
{
	struct watch watch = watch_new(false);

	look(&watch, 1, NOT_THERE, RUNS, NOT_THERE);
	cr_expect_eq(watch.found, 0);
	look(&watch, 3, NOT_THERE, RUNS, NOT_THERE);
	cr_expect_eq(watch.found, 1);
	cr_expect_eq(watch.kind, FATE_ARRIVED);
	cr_expect_str_eq(watch.where, "runs on b");
	cr_expect_eq(reconcile_open(watch.reconcile), 0);
	look(&watch, 3, NOT_THERE, RUNS, NOT_THERE);
	cr_expect_eq(watch.found, 1);
	watch_done(&watch);
}

Test(reconcile, a_host_that_does_not_answer_is_waited_for)
{
	struct watch watch = watch_new(false);

	for (unsigned i = 0; i < 100; i++)
		look(&watch, 60, HOST_IS_DOWN, RUNS, NOT_THERE);
	cr_expect_eq(watch.found, 0);
	cr_expect_eq(reconcile_open(watch.reconcile), 1);
	look(&watch, 1, NOT_THERE, RUNS, NOT_THERE);
	look(&watch, 3, NOT_THERE, RUNS, NOT_THERE);
	cr_expect_str_eq(watch.where, "runs on b");
	watch_done(&watch);
}

/* What was sampled before the link was lost says nothing. */
Test(reconcile, old_samples_do_not_count)
{
	struct watch watch = watch_new(false);

	watch.now_us -= 10 * SECOND;
	look(&watch, 1, RUNS, NOT_THERE, NOT_THERE);
	look(&watch, 5, RUNS, NOT_THERE, NOT_THERE);
	cr_expect_eq(watch.found, 0);
	watch_done(&watch);
}

Test(reconcile, what_a_daemon_clears_away_is_not_told)
{
	struct watch watch = watch_new(false);

	look(&watch, 1, RUNS, IS_PAUSED, NOT_THERE);
	look(&watch, 20, RUNS, IS_PAUSED, NOT_THERE);
	look(&watch, 1, RUNS, NOT_THERE, NOT_THERE);
	cr_expect_eq(watch.found, 0);
	look(&watch, 3, RUNS, NOT_THERE, NOT_THERE);
	cr_expect_eq(watch.kind, FATE_STAYED);
	watch_done(&watch);
}

Test(reconcile, what_stays_wrong_is_told)
{
	static const struct {
		enum show a, b;
		enum fate_kind kind;
	} cases[] = {
		{ RUNS, IS_PAUSED, FATE_MOVING },
		{ RUNS, RUNS, FATE_TWICE },
		{ IS_PAUSED, NOT_THERE, FATE_HALTED },
		{ NOT_THERE, IS_PAUSED, FATE_HALTED },
		{ IS_PAUSED, RUNS, FATE_LEFT },
		{ NOT_THERE, NOT_THERE, FATE_NOWHERE },
		{ IS_OFF, NOT_THERE, FATE_NOWHERE },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct watch watch = watch_new(false);

		look(&watch, 1, cases[i].a, cases[i].b, NOT_THERE);
		look(&watch, 3, cases[i].a, cases[i].b, NOT_THERE);
		cr_expect_eq(watch.found, 0, "too soon: %zu", i);
		look(&watch, 61, cases[i].a, cases[i].b, NOT_THERE);
		cr_expect_eq(watch.found, 1, "%zu", i);
		cr_expect_eq(watch.kind, cases[i].kind, "%zu", i);
		watch_done(&watch);
	}
}

/* A peer-to-peer move goes on for hours without us. */
Test(reconcile, one_that_still_moves_is_told_once_and_followed_to_its_end)
{
	struct watch watch = watch_new(false);

	for (unsigned i = 0; i < 100; i++)
		look(&watch, 61, RUNS, IS_PAUSED, NOT_THERE);
	look(&watch, 61, HOST_IS_DOWN, IS_PAUSED, NOT_THERE);
	look(&watch, 61, RUNS, IS_PAUSED, NOT_THERE);
	look(&watch, 61, RUNS, IS_PAUSED, NOT_THERE);
	cr_expect_eq(watch.found, 1);
	cr_expect_eq(watch.kind, FATE_MOVING);
	cr_expect_eq(reconcile_open(watch.reconcile), 1);
	look(&watch, 1, NOT_THERE, RUNS, NOT_THERE);
	look(&watch, 3, NOT_THERE, RUNS, NOT_THERE);
	cr_expect_eq(watch.found, 2);
	cr_expect_eq(watch.kind, FATE_ARRIVED);
	cr_expect_eq(reconcile_open(watch.reconcile), 0);
	watch_done(&watch);
}

Test(reconcile, one_that_was_moved_on_is_found_there)
{
	struct watch watch = watch_new(false);

	look(&watch, 1, NOT_THERE, NOT_THERE, RUNS);
	look(&watch, 11, NOT_THERE, NOT_THERE, RUNS);
	cr_expect_eq(watch.kind, FATE_ARRIVED);
	cr_expect_str_eq(watch.where, "runs on c");
	watch_done(&watch);
}

Test(reconcile, one_that_was_off_is_whole_when_it_is_off)
{
	struct watch watch = watch_new(true);

	look(&watch, 1, NOT_THERE, IS_OFF, NOT_THERE);
	look(&watch, 3, NOT_THERE, IS_OFF, NOT_THERE);
	cr_expect_eq(watch.kind, FATE_ARRIVED);
	watch_done(&watch);
}

/* ---- the thread around it ---- */

/* "a" is without the guest, "b" runs it, now. */
static const struct fleet_snap *
arrived_now(void *ctx G_GNUC_UNUSED)
{
	struct vm vms[HOSTS];
	int64_t now_us = clock_now_us();
	struct snaps_part parts[HOSTS] = {
		part_of(0, NOT_THERE, now_us, &vms[0]),
		part_of(1, RUNS, now_us, &vms[1]),
		part_of(2, NOT_THERE, now_us, &vms[2]),
	};

	return snaps_fleet(parts, HOSTS);
}

static void
nothing(void *ctx G_GNUC_UNUSED)
{
}

Test(reconciler, an_earlier_runs_move_is_found_and_told, .timeout = 60)
{
	static const char text[] = "hosts: [a, b, c]\n";
	struct config *config = config_parse(text, strlen(text), "c.yaml", NULL);
	struct timeline *timeline = timeline_new(10);
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
	struct vm vm = snaps_vm("web", 7);
	struct journal_lost lost = { .id = (char *)(uintptr_t) "1",
		.vm = (char *)(uintptr_t) "web",
		.host = (char *)(uintptr_t) "a",
		.dest = (char *)(uintptr_t) "b",
		.has_uuid = true };
	struct reconciler *reconciler = reconciler_new(&(struct reconciler_opts){
		.timeline = timeline, .snapshot = arrived_now, .changed = nothing });

	memcpy(lost.uuid, vm.uuid, UUID_LEN);
	reconciler_add_lost(reconciler, config, &lost);
	while (timeline_newest(timeline) == 0)
		g_usleep(10000);
	reconciler_free(reconciler);
	timeline_since(timeline, 0, events);
	cr_assert_eq(events->len, 1);
	cr_expect_str_eq(((const struct event *)events->pdata[0])->detail, "runs on b");
	timeline_free(timeline);
	config_free(config);
}

/* A job of this run: who has its row is told, too, once. */
Test(reconciler, a_jobs_end_is_handed_back, .timeout = 60)
{
	struct timeline *timeline = timeline_new(10);
	struct vm vm = snaps_vm("web", 7);
	struct job *job = job_new();
	struct finding finding;
	struct reconciler *reconciler = reconciler_new(&(struct reconciler_opts){
		.timeline = timeline, .snapshot = arrived_now, .changed = nothing });

	job->class = JOB_MOVE;
	job->state = JOB_UNKNOWN;
	job->serial = 42;
	job->dest = 1;
	job->vm_name = g_strdup("web");
	job->host_name = g_strdup("a");
	job->dest_name = g_strdup("b");
	memcpy(job->target.uuid, vm.uuid, UUID_LEN);
	reconciler_add_job(reconciler, job);
	while (!reconciler_take(reconciler, &finding))
		g_usleep(10000);
	cr_expect_eq(finding.serial, 42);
	cr_expect_str_eq(finding.where, "runs on b");
	g_free(finding.where);
	cr_expect_not(reconciler_take(reconciler, &finding));
	reconciler_free(reconciler);
	job_free(job);
	timeline_free(timeline);
}
