#include "fleet/tracker.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND INT64_C(1000000)

struct scene {
	struct tracker *tracker;
	const struct host_snap *snap;
};

static struct scene
scene_new(void)
{
	struct host_snap skeleton = { .name = "h", .link = LINK_CONNECTING };

	return (struct scene){ .tracker = tracker_new(), .snap = host_snap_build(&skeleton, NULL, 0) };
}

static void
scene_done(struct scene *scene)
{
	tracker_free(scene->tracker);
	host_snap_unref(scene->snap);
}

struct step {
	int64_t at_us; /* of the sample … */
	int64_t vm_us; /* … and of the guest's numbers in it */
	enum vm_state state;
	uint64_t cpu_ns;
	enum sample_depth depth;
};

/* One sample with one guest of one vCPU on a host of two CPUs that are half busy. */
static const struct vm *
scene_step(struct scene *scene, struct step step)
{
	struct host_snap link = host_snap_skeleton(scene->snap);
	struct host_sample sample;
	struct vm_sample vm = {
		.name = g_strdup("web"), .uuid = { 1 }, .state = step.state, .taken_us = step.vm_us
	};
	const struct host_snap *next;

	host_sample_init(&sample);
	sample.taken_us = step.at_us;
	if (step.depth != SAMPLE_LIST) {
		vm.raw[RAW_CPU_NS] = step.cpu_ns;
		vm.raw[RAW_VCPUS] = 1;
		vm.valid = 1u << RAW_CPU_NS | 1u << RAW_VCPUS;
		sample.raw[HRAW_CPU_BUSY_NS] = (uint64_t)step.at_us * 1000;
		sample.raw[HRAW_CPU_TOTAL_NS] = (uint64_t)step.at_us * 2000;
		sample.valid = 1u << HRAW_CPU_BUSY_NS | 1u << HRAW_CPU_TOTAL_NS;
	}
	g_array_append_val(sample.vms, vm);
	link.link = LINK_UP;
	next = tracker_sample(scene->tracker, scene->snap, &link, &sample, step.depth, 1000);
	host_snap_unref(scene->snap);
	scene->snap = next;
	return &next->vms[0];
}

Test(tracker, two_samples_make_a_rate)
{
	struct scene scene = scene_new();
	const struct vm *vm;

	vm = scene_step(
		&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	cr_assert(!VM_HAS(vm, VM_CPU));
	vm = scene_step(
		&scene, (struct step){ 12 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 2000000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 50, 1e-9);
	cr_assert_float_eq(scene.snap->value[HOST_CPU], 50, 1e-9);
	scene_done(&scene);
}

Test(tracker, a_sample_too_soon_keeps_the_rate_and_the_older_counters)
{
	struct scene scene = scene_new();
	const struct vm *vm;

	scene_step(&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_FULL });
	scene_step(
		&scene, (struct step){ 12 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	/* an event, 100 ms later: 90 ms of CPU time would be a spike of 90 % */
	vm = scene_step(&scene, (struct step){ 12 * SECOND + 100000, 12 * SECOND + 100000, VM_STATE_RUNNING,
					1090000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 50, 1e-9);
	cr_assert_float_eq(scene.snap->value[HOST_CPU], 50, 1e-9);
	vm = scene_step(
		&scene, (struct step){ 14 * SECOND, 14 * SECOND, VM_STATE_RUNNING, 1500000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 25, 1e-9, "over the whole two seconds, not the last 1.9");
	scene_done(&scene);
}

Test(tracker, a_guest_whose_turn_did_not_come_keeps_its_numbers_and_their_age)
{
	struct scene scene = scene_new();
	const struct vm *vm;

	scene_step(&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_FULL });
	scene_step(
		&scene, (struct step){ 12 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	vm = scene_step(
		&scene, (struct step){ 14 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 50, 1e-9);
	cr_assert_eq(vm->sampled_us, 12 * SECOND);
	vm = scene_step(
		&scene, (struct step){ 16 * SECOND, 16 * SECOND, VM_STATE_RUNNING, 4000000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 75, 1e-9, "3 s of CPU time in 4 s");
	scene_done(&scene);
}

Test(tracker, a_guest_that_was_stopped_has_no_rate)
{
	struct scene scene = scene_new();
	const struct vm *vm;

	scene_step(&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_FULL });
	scene_step(
		&scene, (struct step){ 12 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	vm = scene_step(&scene, (struct step){ 12 * SECOND + 1000, 12 * SECOND + 1000, VM_STATE_OFF,
					1000000000, SAMPLE_FULL });
	cr_assert_eq(vm->state, VM_STATE_OFF);
	cr_assert(!VM_HAS(vm, VM_CPU));
	scene_done(&scene);
}

Test(tracker, a_bare_list_after_a_reconnect_keeps_the_last_numbers)
{
	struct scene scene = scene_new();
	const struct vm *vm;

	scene_step(&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_FULL });
	scene_step(
		&scene, (struct step){ 12 * SECOND, 12 * SECOND, VM_STATE_RUNNING, 1000000000, SAMPLE_FULL });
	vm = scene_step(&scene, (struct step){ 60 * SECOND, 60 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_LIST });
	cr_assert_eq(vm->sampled_us, 12 * SECOND);
	cr_assert_float_eq(vm->value[VM_CPU], 50, 1e-9);
	vm = scene_step(&scene,
		(struct step){ 62 * SECOND, 62 * SECOND, VM_STATE_RUNNING, 11000000000, SAMPLE_FULL });
	cr_assert_float_eq(vm->value[VM_CPU], 20, 1e-9, "10 s of CPU time in 50 s");
	scene_done(&scene);
}

Test(tracker, facts_are_asked_for_until_known_and_forgotten_with_their_guest)
{
	struct scene scene = scene_new();
	struct vm_facts *facts = vm_facts_new();
	uint8_t uuid[UUID_LEN];
	const struct host_snap *next;

	cr_assert(!tracker_next_unknown(scene.tracker, uuid));
	scene_step(&scene, (struct step){ 10 * SECOND, 10 * SECOND, VM_STATE_RUNNING, 0, SAMPLE_FULL });
	cr_assert(tracker_next_unknown(scene.tracker, uuid));
	cr_assert_eq(uuid[0], 1);
	facts->tenant = g_strdup("acme");
	tracker_set_vm_facts(scene.tracker, uuid, facts);
	cr_assert(!tracker_next_unknown(scene.tracker, uuid));
	cr_assert(!scene.snap->facts_complete);
	tracker_set_host_facts(scene.tracker, host_facts_new());
	next = tracker_with_facts(scene.tracker, scene.snap);
	cr_assert(next->facts_complete);
	cr_assert_str_eq(next->vms[0].facts->tenant, "acme");
	host_snap_unref(next);

	tracker_set_vm_facts(scene.tracker, uuid, NULL);
	cr_assert(tracker_next_unknown(scene.tracker, uuid), "forgotten facts are read again");
	scene_done(&scene);
}

/* What began before anybody watched has no known beginning. */
Test(tracker, notes_when_a_state_began)
{
	static const struct {
		enum vm_state state;
		int64_t at_s, since_s;
	} steps[] = {
		{ VM_STATE_RUNNING, 10, 0 },
		{ VM_STATE_RUNNING, 12, 0 },
		{ VM_STATE_OFF, 14, 14 },
		{ VM_STATE_OFF, 16, 14 },
		{ VM_STATE_RUNNING, 18, 18 },
		{ VM_STATE_RUNNING, 20, 18 },
	};
	struct scene scene = scene_new();

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		const struct vm *vm =
			scene_step(&scene, (struct step){ steps[i].at_s * SECOND, steps[i].at_s * SECOND,
						   steps[i].state, (uint64_t)i * 1000, SAMPLE_FULL });

		cr_expect_eq(vm->since_us, steps[i].since_s * SECOND, "step %zu", i);
	}
	scene_done(&scene);
}
