/* The verbs: the registry, what each is possible on, plans and outcomes. */
#include "actions/outcome.h"
#include "actions/plan.h"
#include "actions/registry.h"
#include "fleet/error.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- the table ---- */

Test(registry, is_well_formed)
{
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	cr_assert_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		const struct action *action = actions[i];

		cr_expect(action->name && action->help && action->verb && action->doing && action->done &&
				  action->effect,
			"%s lacks a text", action->name);
		cr_expect(action->possible && !action->run == !!(action->flags & ACTION_SCREEN),
			"%s lacks a part", action->name);
		cr_expect(action->timeout_s || action->class == JOB_MOVE || action->class == JOB_CONSOLE,
			"%s takes for ever", action->name);
		cr_expect_eq(registry_find(false, action->name), action, "%s comes twice", action->name);
		for (size_t j = 0; j < i; j++) {
			cr_expect(!action->key || g_strcmp0(action->key, actions[j]->key) != 0,
				"%s and %s share a key", action->name, actions[j]->name);
			cr_expect(action->act != actions[j]->act || action->target != actions[j]->target,
				"%s and %s are one act", action->name, actions[j]->name);
		}
	}
}

Test(registry, is_empty_when_read_only)
{
	size_t n = 1;

	registry_actions(true, &n);
	cr_expect_eq(n, 0);
	cr_expect_null(registry_find(true, "start"));
	cr_expect_not_null(registry_find(false, "start"));
	cr_expect_null(registry_find(false, "explode"));
}

/* ---- what is possible ---- */

struct scene {
	struct vm vm;
	struct snaps_part part;
	const struct fleet_snap *snap;
};

static const struct vm *
scene_build(struct scene *scene)
{
	scene->part.vms = &scene->vm;
	scene->part.nvms = 1;
	scene->snap = snaps_fleet(&scene->part, 1);
	return &scene->snap->hosts[0]->vms[0];
}

static void
expect_possible(const char *verb, enum vm_state state, const char *why_not)
{
	struct scene scene = { .vm = snaps_idle_vm("x", 1, state), .part = { .host = snaps_host(0, "h") } };
	const struct vm *vm = scene_build(&scene);
	const char *why = NULL;
	bool possible = action_possible(registry_find(false, verb), vm, &why);

	cr_expect_eq(possible, why_not == NULL, "%s when %s: %s", verb, vm_state_name(state),
		why ? why : "possible");
	if (why_not && !possible)
		cr_expect_str_eq(why, why_not, "%s when %s: %s", verb, vm_state_name(state), why);
	fleet_snap_unref(scene.snap);
}

Test(registry, possible_by_state)
{
	static const struct {
		const char *verb;
		enum vm_state state;
		const char *why_not;
	} cases[] = {
		{ "start", VM_STATE_OFF, NULL },
		{ "start", VM_STATE_CRASHED, NULL },
		{ "start", VM_STATE_RUNNING, "already running" },
		{ "start", VM_STATE_PAUSED, "paused: resume it" },
		{ "start", VM_STATE_SUSPENDED, "asleep: resume it" },
		{ "shutdown", VM_STATE_RUNNING, NULL },
		{ "shutdown", VM_STATE_STOPPING, NULL },
		{ "shutdown", VM_STATE_OFF, "off" },
		{ "shutdown", VM_STATE_UNKNOWN, "its state is not known" },
		{ "shutdown", VM_STATE_PAUSED, "paused" },
		{ "shutdown", VM_STATE_SUSPENDED, "suspended" },
		{ "stop", VM_STATE_RUNNING, NULL },
		{ "stop", VM_STATE_PAUSED, NULL },
		{ "stop", VM_STATE_OFF, "already off" },
		{ "stop", VM_STATE_CRASHED, "already off" },
		{ "reboot", VM_STATE_IDLE, NULL },
		{ "reboot", VM_STATE_CRASHED, "crashed" },
		{ "reset", VM_STATE_RUNNING, NULL },
		{ "suspend", VM_STATE_RUNNING, NULL },
		{ "suspend", VM_STATE_PAUSED, "paused" },
		{ "resume", VM_STATE_PAUSED, NULL },
		{ "resume", VM_STATE_SUSPENDED, NULL },
		{ "resume", VM_STATE_RUNNING, "not paused" },
		{ "autostart-on", VM_STATE_OFF, NULL },
		{ "autostart-off", VM_STATE_OFF, "autostart is off already" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		expect_possible(cases[i].verb, cases[i].state, cases[i].why_not);
}

/* No verb may ever reach Domain-0, a host that is gone, or a guest that is between two hosts. */
Test(registry, never_possible)
{
	struct scene scenes[] = {
		{ .vm = snaps_vm("Domain-0", 1), .part = { .host = snaps_host(0, "xen1") } },
		{ .vm = snaps_vm("x", 1), .part = { .host = snaps_host(0, "gone") } },
		{ .vm = snaps_idle_vm("x", 1, VM_STATE_PAUSED), .part = { .host = snaps_host(0, "target") } },
		{ .vm = snaps_idle_vm("x", 1, VM_STATE_PAUSED), .part = { .host = snaps_host(0, "source") } },
	};
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	scenes[0].vm.is_dom0 = true;
	scenes[1].part.host.link = LINK_UNREACHABLE;
	scenes[2].vm.reason = "migrating";
	scenes[3].vm.reason = "post-copy migration"; /* what runs elsewhere still needs its memory */
	for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
		const struct vm *vm = scene_build(&scenes[i]);

		for (size_t j = 0; j < n; j++) {
			const char *why = NULL;

			cr_expect_not(
				action_possible(actions[j], vm, &why), "%s, scene %zu", actions[j]->name, i);
			cr_expect_not_null(why);
		}
		fleet_snap_unref(scenes[i].snap);
	}
}

/* What a driver can't is read from the host's facts, whichever hypervisor it is. */
Test(registry, what_the_driver_cannot_is_refused_in_its_words)
{
	struct scene scene = { .vm = snaps_vm("x", 1), .part = { .host = snaps_host(0, "xen1") } };
	struct host_facts *facts = host_facts_new();
	const struct vm *vm;
	const char *why = NULL;

	facts->why_not[VM_ACT_RESET] = "no reset button";
	scene.part.host.facts = facts;
	vm = scene_build(&scene);
	cr_expect_not(action_possible(registry_find(false, "reset"), vm, &why));
	cr_expect_str_eq(why, "no reset button");
	cr_expect(action_possible(registry_find(false, "reboot"), vm, &why));
	host_facts_unref(facts);
	fleet_snap_unref(scene.snap);
}

/* ---- run(): the driver's own no comes before the call ---- */

struct scripted {
	struct conn conn;
	const char *why_not;
	unsigned acts;
	enum vm_act act;
};

static bool
scripted_can(const struct conn *conn, enum vm_act act, const char **why_not)
{
	const struct scripted *scripted = (const struct scripted *)(const void *)conn;

	(void)act;
	*why_not = scripted->why_not;
	return !scripted->why_not;
}

static bool
scripted_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	struct scripted *scripted = (struct scripted *)(void *)conn;

	(void)error;
	cr_expect_eq(uuid[0], 0xaa);
	scripted->acts++;
	scripted->act = act;
	return true;
}

Test(registry, run_asks_the_driver_first)
{
	static const struct conn_ops ops = { .name = "scripted", .can = scripted_can, .act = scripted_act };
	struct scripted scripted = { .conn = { .ops = &ops } };
	const struct action *action = registry_find(false, "stop");
	struct job job = { .act = action->act, .target = { .uuid = { 0xaa } } };
	g_autoptr(GError) error = NULL;

	cr_expect(action->run(&job, &scripted.conn, &error));
	cr_expect_eq(scripted.acts, 1);
	cr_expect_eq(scripted.act, VM_ACT_DESTROY);
	scripted.why_not = "no power switch";
	cr_expect_not(action->run(&job, &scripted.conn, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED));
	cr_expect_str_eq(error->message, "no power switch");
	cr_expect_eq(scripted.acts, 1);
}

/* ---- plans ---- */

static const struct fleet_snap *
plan_fleet(void)
{
	static struct vm one[3], two[2];
	struct snaps_part parts[3];

	one[0] = snaps_vm("web-1", 1);
	one[1] = snaps_vm("web-2", 2);
	one[2] = snaps_idle_vm("web-3", 3, VM_STATE_OFF);
	two[0] = snaps_vm("db-1", 4);
	two[1] = snaps_idle_vm("db-2", 5, VM_STATE_PAUSED);
	parts[0] = (struct snaps_part){ .host = snaps_host(0, "kvm1"), .vms = one, .nvms = 3 };
	parts[1] = (struct snaps_part){ .host = snaps_host(1, "kvm2"), .vms = two, .nvms = 2 };
	parts[2] = (struct snaps_part){ .host = snaps_host(2, "kvm3"), .vms = one, .nvms = 1 };
	parts[2].host.link = LINK_REFUSED;
	return snaps_fleet(parts, 3);
}

static GArray *
all_keys(const struct fleet_snap *snap)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	for (size_t i = 0; i < snap->nhosts; i++)
		for (size_t j = 0; j < snap->hosts[i]->nvms; j++) {
			struct row_key key = vm_key(&snap->hosts[i]->vms[j]);

			g_array_append_val(keys, key);
		}
	return keys;
}

static struct plan *
make_plan(const struct action *action, const struct fleet_snap *snap, const GArray *keys, GHashTable *busy)
{
	return plan_new(&(struct plan_opts){ .action = action, .snap = snap, .keys = keys, .busy = busy });
}

static void
expect_text(char *text, const char *expected)
{
	cr_expect_str_eq(text, expected, "%s", text);
	g_free(text);
}

Test(plan, counts_hosts_and_refusals)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = all_keys(snap);
	struct row_key gone = { .host = 0, .uuid = { 9 } };
	struct plan *plan;
	char *text;

	g_array_append_val(keys, gone);
	plan = make_plan(registry_find(false, "stop"), snap, keys, NULL);
	cr_expect_eq(plan->targets->len, 4);
	cr_expect_eq(plan->hosts, 2);
	expect_text(plan_title(plan), "Force off 4 guests on 2 hosts");
	expect_text(plan_button(plan), "Force off 4");
	text = plan_text(plan);
	cr_expect(strstr(text, "Power is cut at once"), "%s", text);
	cr_expect(strstr(text, "Guests: web-1, web-2, db-1, db-2"), "%s", text);
	cr_expect(strstr(text, "Hosts: kvm1 (2), kvm2 (2)"), "%s", text);
	cr_expect(strstr(text, "already off (web-3)"), "%s", text);
	cr_expect(strstr(text, "its host does not answer (web-1)"), "%s", text);
	cr_expect(strstr(text, "gone (1)"), "%s", text);
	g_free(text);
	plan_free(plan);
	fleet_snap_unref(snap);
}

/* A question stays readable, whatever the reasons are. */
Test(plan, many_reasons_are_counted)
{
	struct vm vms[12];
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = G_N_ELEMENTS(vms) };
	const struct fleet_snap *snap;
	g_autoptr(GArray) keys = NULL;
	struct plan *plan;
	char *text;

	for (unsigned i = 0; i < G_N_ELEMENTS(vms); i++)
		vms[i] = snaps_vm("web", i + 1);
	snap = snaps_fleet(&part, 1);
	keys = all_keys(snap);
	plan = make_plan(registry_find(false, "stop"), snap, keys, NULL);
	while (plan->targets->len > 1) {
		g_autofree char *why = g_strdup_printf("reason %u", plan->refusals->len + 1);

		plan_refuse(plan, 0, why, NULL);
	}
	text = plan_text(plan);
	cr_expect(strstr(text, "Left out: reason 8 (web)"), "%s", text);
	cr_expect_not(strstr(text, "reason 9"), "%s", text);
	cr_expect(strstr(text, "Left out: 3 more for other reasons"), "%s", text);
	g_free(text);
	plan_free(plan);
	fleet_snap_unref(snap);
}

/* Reasons that differ in a path alone are one, with an example. */
Test(plan, guests_are_counted_by_what_their_reasons_have_in_common)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = all_keys(snap);
	struct plan *plan = make_plan(registry_find(false, "stop"), snap, keys, NULL);
	char *text;

	plan_refuse(plan, 0, "can't go to h1: storage", "vda /a is the host's own (file); vdb /b is, too");
	plan_refuse(plan, 0, "can't go to h1: storage", "vda /c is the host's own (file)");
	plan_refuse(plan, 0, "can't go to h1: memory", "needs 4.0 GiB");
	text = plan_text(plan);
	cr_expect(strstr(text, "\nLeft out: can't go to h1: storage (2, e.g. web-1: vda /a is the host's own "
			       "(file); …)\n"),
		"%s", text);
	cr_expect(strstr(text, "\nLeft out: can't go to h1: memory: needs 4.0 GiB (db-1)"), "%s", text);
	g_free(text);
	plan_free(plan);
	fleet_snap_unref(snap);
}

Test(plan, of_one_names_it)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct row_key key = vm_key(&snap->hosts[0]->vms[0]);
	struct plan *plan;

	g_array_append_val(keys, key);
	plan = make_plan(registry_find(false, "shutdown"), snap, keys, NULL);
	expect_text(plan_title(plan), "Shut down web-1 on kvm1");
	expect_text(plan_button(plan), "Shut down");
	plan_free(plan);
	plan = make_plan(registry_find(false, "start"), snap, keys, NULL);
	cr_expect_eq(plan->targets->len, 0);
	expect_text(plan_nothing(plan), "nothing to start: already running (web-1)");
	plan_free(plan);
	fleet_snap_unref(snap);
}

Test(plan, leaves_out_guests_on_which_an_act_is_under_way)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = all_keys(snap);
	g_autoptr(GHashTable) busy = g_hash_table_new(row_key_hash, row_key_equal_g);
	struct row_key key = vm_key(&snap->hosts[0]->vms[0]);
	struct plan *plan;
	g_autofree char *text = NULL;

	g_hash_table_add(busy, &key);
	plan = make_plan(registry_find(false, "stop"), snap, keys, busy);
	cr_expect_eq(plan->targets->len, 3);
	text = plan_text(plan);
	cr_expect(strstr(text, "an act is under way (web-1)"), "%s", text);
	plan_free(plan);
	fleet_snap_unref(snap);
}

/* P on what is suspended resumes it; on a mixture it suspends what runs. */
Test(plan, takes_the_other_verb_when_only_that_is_possible)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct row_key paused = vm_key(&snap->hosts[1]->vms[1]), running = vm_key(&snap->hosts[1]->vms[0]);
	struct plan *plan;

	g_array_append_val(keys, paused);
	plan = make_plan(registry_find(false, "suspend"), snap, keys, NULL);
	cr_expect_str_eq(plan->action->name, "resume");
	cr_expect_eq(plan->targets->len, 1);
	plan_free(plan);
	g_array_append_val(keys, running);
	plan = make_plan(registry_find(false, "suspend"), snap, keys, NULL);
	cr_expect_str_eq(plan->action->name, "suspend");
	cr_expect_eq(plan->targets->len, 1);
	plan_free(plan);
	fleet_snap_unref(snap);
}

Test(plan, makes_jobs)
{
	const struct fleet_snap *snap = plan_fleet();
	g_autoptr(GArray) keys = all_keys(snap);
	const struct action *action = registry_find(false, "reboot");
	struct plan *plan = make_plan(action, snap, keys, NULL);
	g_autoptr(GPtrArray) jobs = plan_jobs(plan, 42, 1000, NULL);

	cr_assert_eq(jobs->len, 3);
	for (guint i = 0; i < jobs->len; i++) {
		struct job *job = jobs->pdata[i];
		const struct plan_target *target = plan->targets->pdata[i];

		cr_expect_eq(job->id, 42);
		cr_expect(row_key_equal(&job->target, &target->key));
		cr_expect_str_eq(job->vm_name, target->name);
		cr_expect_str_eq(job->host_name, target->host);
		cr_expect_eq(job->act, VM_ACT_REBOOT);
		cr_expect_eq(job->run, action->run);
		cr_expect_eq(job->timeout_ms, (int64_t)action->timeout_s * 1000);
		job_free(job);
	}
	plan_free(plan);
	fleet_snap_unref(snap);
}

/* ---- outcomes ---- */

static void
end_job(struct outcome *outcome, const char *vm, enum job_state state, const char *error)
{
	struct job job = {
		.vm_name = (char *)(uintptr_t)vm, .state = state, .error = (char *)(uintptr_t)error
	};

	outcome_add(outcome, &job);
}

Test(outcome, of_one)
{
	struct outcome *outcome = outcome_new(registry_find(false, "start"), 1, 1);

	expect_text(outcome_text(outcome), "starting: 0 of 1");
	end_job(outcome, "web-1", JOB_DONE, NULL);
	cr_expect(outcome_complete(outcome));
	cr_expect_eq(outcome_level(outcome), EVENT_INFO);
	expect_text(outcome_text(outcome), "started web-1");
	outcome_free(outcome);

	outcome = outcome_new(registry_find(false, "start"), 1, 1);
	end_job(outcome, "web-1", JOB_FAILED, "no memory");
	expect_text(outcome_text(outcome), "start web-1 failed: no memory");
	outcome_free(outcome);
}

Test(outcome, that_nobody_knows_is_no_failure)
{
	struct outcome *outcome = outcome_new(registry_find(false, "start"), 1, 1);

	end_job(outcome, "web-1", JOB_UNKNOWN, "link lost");
	cr_expect_eq(outcome_level(outcome), EVENT_WARN);
	expect_text(outcome_text(outcome), "start web-1: outcome unknown: link lost");
	outcome_free(outcome);

	outcome = outcome_new(registry_find(false, "start"), 1, 2);
	end_job(outcome, "a", JOB_UNKNOWN, "link lost");
	expect_text(outcome_text(outcome), "starting: 1 of 2; 1 with unknown outcome: link lost");
	end_job(outcome, "b", JOB_UNKNOWN, "link lost");
	expect_text(outcome_text(outcome), "start: all 2 with unknown outcome: link lost");
	outcome_free(outcome);

	outcome = outcome_new(registry_find(false, "start"), 1, 2);
	end_job(outcome, "a", JOB_UNKNOWN, "link lost");
	end_job(outcome, "b", JOB_FAILED, "no memory");
	cr_expect_eq(outcome_level(outcome), EVENT_BAD);
	expect_text(outcome_text(outcome),
		"start: 1 failed; 1 with unknown outcome: link lost (a), no memory (b)");
	outcome_free(outcome);
}

Test(outcome, groups_by_cause)
{
	struct outcome *outcome = outcome_new(registry_find(false, "start"), 1, 6);

	end_job(outcome, "a", JOB_DONE, NULL);
	end_job(outcome, "b", JOB_FAILED, "no memory");
	cr_expect_not(outcome_complete(outcome));
	cr_expect_eq(outcome_level(outcome), EVENT_BAD);
	expect_text(outcome_text(outcome), "starting: 2 of 6; 1 failed: no memory");
	end_job(outcome, "c", JOB_FAILED, "no memory");
	end_job(outcome, "d", JOB_DONE, NULL);
	end_job(outcome, "e", JOB_CANCELLED, NULL);
	end_job(outcome, "f", JOB_DONE, NULL);
	cr_expect(outcome_complete(outcome));
	expect_text(outcome_text(outcome), "started 3; 1 cancelled; 2 failed: no memory");
	outcome_free(outcome);

	outcome = outcome_new(registry_find(false, "start"), 1, 4);
	end_job(outcome, "a", JOB_FAILED, "domain 'a' has no disk");
	end_job(outcome, "b", JOB_FAILED, "no memory");
	end_job(outcome, "c", JOB_FAILED, "domain 'c' has no disk");
	end_job(outcome, "d", JOB_CANCELLED, NULL);
	expect_text(outcome_text(outcome),
		"start: 1 cancelled; 3 failed: domain '…' has no disk (2), no memory (b)");
	outcome_free(outcome);

	outcome = outcome_new(registry_find(false, "start"), 1, 2);
	end_job(outcome, "a", JOB_FAILED, "no memory");
	end_job(outcome, "b", JOB_FAILED, "no memory");
	expect_text(outcome_text(outcome), "start: all 2 failed: no memory");
	outcome_free(outcome);
}
