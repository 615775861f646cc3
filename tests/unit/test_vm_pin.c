/* The verb pin over a fleet: what each of many guests gets, and who is left out. */
#include "actions/plan.h"
#include "actions/registry.h"
#include "fleet/cpuset.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

#define CPUS 8

/* Two NUMA cells of two cores of two threads. */
static const struct host_facts *
facts_of_host(void)
{
	struct host_facts *facts = host_facts_new();

	facts->ncpus = CPUS;
	facts->cpus = g_new0(struct host_cpu, CPUS);
	for (int i = 0; i < CPUS; i++)
		facts->cpus[i] =
			(struct host_cpu){ .id = i, .cell = i / 4, .socket = i / 4, .core = i % 4 / 2 };
	return facts;
}

static struct vm
guest(const char *name, unsigned n, unsigned vcpus, const char *pinned)
{
	struct vm vm = vcpus ? snaps_vm(name, n) : snaps_idle_vm(name, n, VM_STATE_OFF);
	struct vm_facts *facts = vm_facts_new();

	facts->pinned = pinned != NULL;
	facts->cpuset = g_strdup(pinned);
	vm.facts = facts;
	vm.autostart_known = vm.persistent = true;
	snaps_set_vm(&vm, VM_VCPUS, vcpus ? vcpus : 2);
	return vm;
}

/* kvm1: a and b of 2 vCPUs, c that is off, t that is transient, old pinned to 0-1. kvm2: x of 6. */
static const struct fleet_snap *
a_fleet(void)
{
	struct vm one[] = { guest("a", 1, 2, "0-1"), guest("b", 2, 2, NULL), guest("c", 3, 0, NULL),
		guest("old", 4, 2, "0-1"), guest("t", 5, 2, NULL) };
	struct vm two[] = { guest("x", 6, 6, NULL), guest("y", 7, 3, "6-7") };
	struct snaps_part parts[] = {
		{ .host = snaps_host(0, "kvm1"), .vms = one, .nvms = G_N_ELEMENTS(one) },
		{ .host = snaps_host(1, "kvm2"), .vms = two, .nvms = G_N_ELEMENTS(two) },
	};
	const struct fleet_snap *snap;

	one[4].persistent = false;
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		parts[i].host.facts = facts_of_host();
		parts[i].host.listed = true;
	}
	snap = snaps_fleet(parts, G_N_ELEMENTS(parts));
	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		host_facts_unref(parts[i].host.facts);
		for (size_t j = 0; j < parts[i].nvms; j++)
			vm_facts_unref(parts[i].vms[j].facts);
	}
	return snap;
}

static bool
is_named(const char *names, const char *name)
{
	g_auto(GStrv) words = g_strsplit(names, " ", -1);

	return g_strv_contains((const char *const *)words, name);
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a vcpu0:0;…, b …" in the order of names; behind it what is left out and why. */
static char *
told(const struct plan *plan)
{
	g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];

		g_ptr_array_add(lines,
			g_strdup_printf("%s %s %s", target->name, target->params[1], target->params[3]));
	}
	g_ptr_array_sort(lines, compare_lines);
	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(text, "%s%s", i ? "\n" : "", (char *)lines->pdata[i]);
	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		g_string_append_printf(
			text, "%s%u: %s", text->len ? "\n" : "", refusal->guests->len, refusal->why);
	}
	if (plan->blocked)
		g_string_append_printf(text, "%sblocked: %s", text->len ? "\n" : "", plan->blocked);
	return g_string_free(text, FALSE);
}

static const struct {
	const char *guests, *words, *wanted;
} cases[] = {
	{ "a", "free", "a vcpu*:0-7;emulator*:0-7;iothread*:0-7 both" },
	{ "a", "cell=1 live", "a vcpu*:4-7;emulator*:4-7;iothread*:4-7 live" },
	{ "a", "pack cell=1", "a vcpu*:4-7;emulator*:4-7;iothread*:4-7 both" },
	{ "a", "cpus=2,5 persistent", "a vcpu*:2,5;emulator*:2,5;iothread*:2,5 persistent" },
	{ "a", "threads=vcpu0:1;emulator:2", "a vcpu0:1;emulator:2 both" },
	{ "y", "spread", "y vcpu0:0;vcpu1:4;vcpu2:2;emulator*:0,2,4;iothread*:0,2,4 both" },
	/* who is pinned gives up what he has, and the next one finds what the one before him got */
	{ "a b", "isolate",
		"a vcpu0:2;vcpu1:3;emulator*:2-3;iothread*:2-3 both\n"
		"b vcpu0:4;vcpu1:5;emulator*:4-5;iothread*:4-5 both" },
	{ "a old", "isolate",
		"a vcpu0:0;vcpu1:1;emulator*:0-1;iothread*:0-1 both\n"
		"old vcpu0:2;vcpu1:3;emulator*:2-3;iothread*:2-3 both" },
	{ "a b", "spread",
		"a vcpu0:2;vcpu1:4;emulator*:2,4;iothread*:2,4 both\n"
		"b vcpu0:6;vcpu1:3;emulator*:3,6;iothread*:3,6 both" },
	/* hosts by themselves */
	{ "b x", "isolate",
		"b vcpu0:2;vcpu1:3;emulator*:2-3;iothread*:2-3 both\n"
		"x vcpu0:0;vcpu1:1;vcpu2:2;vcpu3:3;vcpu4:4;vcpu5:5;emulator*:0-5;iothread*:0-5 both" },
	/* what can't be is left out, and what is left out keeps what it has */
	{ "x y", "isolate",
		"x vcpu0:0;vcpu1:1;vcpu2:2;vcpu3:3;vcpu4:4;vcpu5:5;emulator*:0-5;iothread*:0-5 both\n1: its "
		"host has too few CPUs that no other VM is "
		"pinned to" },
	{ "c", "live",
		"blocked: pin: say where to by one of these: spread, pack, isolate, free, cell=N, "
		"cpus=LIST, threads=..." },
	{ "c", "free live", "1: not running" },
	{ "c t", "free",
		"c vcpu*:0-7;emulator*:0-7;iothread*:0-7 persistent\n"
		"t vcpu*:0-7;emulator*:0-7;iothread*:0-7 live" },
	{ "t", "free persistent", "1: transient: has no definition to keep it in" },
	{ "a", "cell=7", "1: its host has no such NUMA cell" },
	{ "a", "cpus=7-8", "1: its host has not all of these CPUs" },
};

Test(vm_pin, each_gets_its_own)
{
	const struct fleet_snap *snap = a_fleet();
	const struct action *action = registry_find(false, "pin");

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
		g_auto(GStrv) words = g_strsplit(cases[i].words, " ", -1);
		g_auto(GStrv) params = NULL;
		g_autofree char *got = NULL;
		struct plan *plan;

		for (size_t h = 0; h < snap->nhosts; h++)
			for (size_t v = 0; v < snap->hosts[h]->nvms; v++)
				if (is_named(cases[i].guests, snap->hosts[h]->vms[v].name))
					g_array_append_val(keys,
						((struct row_key[]){ vm_key(&snap->hosts[h]->vms[v]) })[0]);
		params = strcmp(cases[i].words, "live") == 0
				 ? NULL
				 : action_params(action, (const char *const *)words, NULL);
		plan = plan_new(&(struct plan_opts){
			.action = action, .params = params, .snap = snap, .keys = keys });
		got = told(plan);
		cr_expect_str_eq(got, cases[i].wanted, "pin %s %s: %s", cases[i].guests, cases[i].words, got);
		plan_free(plan);
	}
	fleet_snap_unref(snap);
}

/* A job that is tried again brings all its params along, what was worked out for it then among them. */
Test(vm_pin, another_try_is_worked_out_anew)
{
	static const char *const before[] = { "preset", "isolate", "pins", "vcpu*:7", "holds", "live", NULL };
	const struct fleet_snap *snap = a_fleet();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct plan *plan;
	g_autoptr(GPtrArray) jobs = NULL;
	struct job *job;

	g_array_append_val(keys, ((struct row_key[]){ vm_key(&snap->hosts[0]->vms[0]) })[0]);
	plan = plan_new(&(struct plan_opts){ .action = registry_find(false, "pin"),
		.params = (char *const *)(uintptr_t)before,
		.snap = snap,
		.keys = keys });
	jobs = plan_jobs(plan, 1, 0, NULL);
	cr_assert_eq(jobs->len, 1);
	job = jobs->pdata[0];
	cr_expect_str_eq(job_param(job, "pins"), "vcpu0:2;vcpu1:3;emulator*:2-3;iothread*:2-3");
	cr_expect_str_eq(job_param(job, "holds"), "both");
	cr_expect_eq(g_strv_length(job->params), 6);
	job_free(job);
	plan_free(plan);
	fleet_snap_unref(snap);
}

Test(vm_pin, one_way_is_said_and_no_two)
{
	static const struct {
		const char *words, *error;
	} wrong[] = {
		{ "live", "say where to" },
		{ "spread cpus=1", "say where to" },
		{ "spread cell=1", "a cell is for pack" },
		{ "cell=1 cpus=1", "say where to" },
		{ "threads=vcpu0", "'vcpu0' is no pin" },
		{ "nowhere", "spread" },
		{ "cpus=x", "cpus" },
	};
	const struct action *action = registry_find(false, "pin");

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_auto(GStrv) words = g_strsplit(wrong[i].words, " ", -1);
		g_autoptr(GError) error = NULL;
		g_auto(GStrv) params = action_params(action, (const char *const *)words, &error);

		cr_expect_null(params, "%s", wrong[i].words);
		cr_assert(error, "%s", wrong[i].words);
		cr_expect(strstr(error->message, wrong[i].error), "%s: %s", wrong[i].words, error->message);
	}
}
