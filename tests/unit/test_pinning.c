/* Presets of pinning over topologies that real and strange machines have, with others pinned there. */
#include "actions/pinning.h"
#include "fleet/cpuset.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

/* ---- hosts ---- */

/* "CELL.SOCKET.CORE:CPUS" and so on: "0.0.0:0,4 0.0.1:1,5". */
static void
take_core(const char *word, GArray *cpus)
{
	g_auto(GStrv) halves = g_strsplit(word, ":", 2);
	g_auto(GStrv) place = g_strsplit(halves[0], ".", 3);
	struct cpu_set set = { 0 };

	cr_assert(cpu_set_parse(halves[1], &set), "%s", word);
	for (int cpu = 0; cpu < (int)set.nbytes * 8; cpu++)
		if (cpu_set_has(&set, (size_t)cpu))
			g_array_append_val(cpus, ((struct host_cpu){ .id = cpu,
							 .cell = atoi(place[0]),
							 .socket = atoi(place[1]),
							 .core = atoi(place[2]) }));
	cpu_set_clear(&set);
}

static const struct host_facts *
facts_of(const char *topology)
{
	struct host_facts *facts = host_facts_new();
	g_auto(GStrv) words = g_strsplit(topology, " ", -1);
	GArray *cpus = g_array_new(FALSE, FALSE, sizeof(struct host_cpu));

	for (char **word = words; *word && **word; word++)
		take_core(*word, cpus);
	facts->ncpus = cpus->len;
	facts->cpus = (struct host_cpu *)(void *)g_array_free(cpus, FALSE);
	return facts;
}

/* Others: "4@0-3": a running guest of 4 vCPUs that is pinned to CPUs 0 to 3; "0@5": one that is off. */
static struct vm
guest_of(const char *word, unsigned n)
{
	unsigned vcpus = (unsigned)atoi(word);
	struct vm vm = vcpus ? snaps_vm("other", n) : snaps_idle_vm("other", n, VM_STATE_OFF);
	struct vm_facts *facts = vm_facts_new();

	facts->pinned = true;
	facts->cpuset = g_strdup(strchr(word, '@') + 1);
	vm.facts = facts;
	if (vcpus)
		snaps_set_vm(&vm, VM_VCPUS, vcpus);
	return vm;
}

/* One host with OTHERS on it. */
static const struct fleet_snap *
fleet_of(const char *topology, unsigned pcpus, const char *others)
{
	g_auto(GStrv) words = g_strsplit(others, " ", -1);
	struct vm vms[8];
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms };
	const struct fleet_snap *snap;

	part.host.facts = facts_of(topology);
	part.host.listed = true;
	snaps_set_host(&part.host, HOST_PCPUS, pcpus);
	for (char **word = words; *word && **word; word++, part.nvms++)
		vms[part.nvms] = guest_of(*word, (unsigned)part.nvms + 1);
	snap = snaps_fleet(&part, 1);
	for (size_t i = 0; i < part.nvms; i++)
		vm_facts_unref(vms[i].facts);
	host_facts_unref(part.host.facts);
	return snap;
}

static char *
told(const struct pinning *pinning)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < pinning->nvcpus; i++) {
		g_autofree char *set = cpu_set_format(&pinning->vcpus[i]);

		g_string_append_printf(text, "%s%s", i ? " " : "", set);
	}
	return g_string_free(text, FALSE);
}

/* ---- presets ---- */

#define TWO_CELLS    "0.0.0:0,8 0.0.1:1,9 0.0.2:2,10 0.0.3:3,11 1.1.0:4,12 1.1.1:5,13 1.1.2:6,14 1.1.3:7,15"
#define ONE_CELL     "0.0.0:0 0.0.1:1 0.0.2:2 0.0.3:3"
#define FOUR_THREADS "0.0.0:0-3 0.0.1:4-7 1.0.0:8-11 1.0.1:12-15"
/* cells 0 and 2, CPUs 3 and 6 are offline */
#define HOLES "0.0.0:0,1 0.0.1:2 2.1.0:4,5 2.1.1:7"

static const struct {
	const char *topology;
	unsigned pcpus;
	const char *others;
	enum pin_preset preset;
	int cell;
	const char *cpus;
	unsigned vcpus;
	enum pinning_fault fault;
	const char *wanted;
} cases[] = {
	/* spread: far apart, siblings last, where others are pinned at the very last */
	{ TWO_CELLS, 16, "", PIN_SPREAD, -1, NULL, 4, PINNING_NONE, "0 4 1 5" },
	{ TWO_CELLS, 16, "", PIN_SPREAD, -1, NULL, 9, PINNING_NONE, "0 4 1 5 2 6 3 7 8" },
	{ TWO_CELLS, 16, "1@0 1@4", PIN_SPREAD, -1, NULL, 2, PINNING_NONE, "1 5" },
	{ TWO_CELLS, 16, "8@0-7", PIN_SPREAD, -1, NULL, 2, PINNING_NONE, "8 12" },
	{ ONE_CELL, 4, "4@0-1", PIN_SPREAD, -1, NULL, 4, PINNING_NONE, "2 3 0 1" },
	{ ONE_CELL, 4, "", PIN_SPREAD, -1, NULL, 6, PINNING_NONE, "0 1 2 3 0 1" },
	{ "", 3, "", PIN_SPREAD, -1, NULL, 2, PINNING_NONE, "0 1" },
	{ FOUR_THREADS, 16, "", PIN_SPREAD, -1, NULL, 5, PINNING_NONE, "0 8 4 12 1" },
	{ HOLES, 6, "", PIN_SPREAD, -1, NULL, 3, PINNING_NONE, "0 4 2" },
	/* pack: the cell as told, or that with the most room for its size */
	{ TWO_CELLS, 16, "", PIN_PACK, -1, NULL, 2, PINNING_NONE, "0-3,8-11 0-3,8-11" },
	{ TWO_CELLS, 16, "4@0-3", PIN_PACK, -1, NULL, 1, PINNING_NONE, "4-7,12-15" },
	{ TWO_CELLS, 16, "4@4-5 2@0", PIN_PACK, -1, NULL, 1, PINNING_NONE, "0-3,8-11" },
	{ TWO_CELLS, 16, "0@0-3", PIN_PACK, -1, NULL, 1, PINNING_NONE, "0-3,8-11" },
	{ TWO_CELLS, 16, "", PIN_PACK, 1, NULL, 1, PINNING_NONE, "4-7,12-15" },
	{ TWO_CELLS, 16, "", PIN_PACK, 2, NULL, 1, PINNING_NO_SUCH_CELL, NULL },
	{ HOLES, 6, "", PIN_PACK, 2, NULL, 1, PINNING_NONE, "4-5,7" },
	{ HOLES, 6, "", PIN_PACK, 1, NULL, 1, PINNING_NO_SUCH_CELL, NULL },
	{ "", 4, "", PIN_PACK, -1, NULL, 1, PINNING_NO_CELLS, NULL },
	/* isolate: nobody else's, whole cores, on one cell, the snuggest */
	{ TWO_CELLS, 16, "", PIN_ISOLATE, -1, NULL, 4, PINNING_NONE, "0 8 1 9" },
	{ TWO_CELLS, 16, "1@8", PIN_ISOLATE, -1, NULL, 2, PINNING_NONE, "1 9" },
	{ TWO_CELLS, 16, "2@0-2", PIN_ISOLATE, -1, NULL, 4, PINNING_NONE, "4 12 5 13" },
	{ TWO_CELLS, 16, "2@0-2 1@4,5,6", PIN_ISOLATE, -1, NULL, 4, PINNING_NONE, "3 11 8 9" },
	{ TWO_CELLS, 16, "1@0-3,8-9 1@4-7,12-13", PIN_ISOLATE, -1, NULL, 4, PINNING_NONE, "10 11 14 15" },
	{ TWO_CELLS, 16, "0@0-14", PIN_ISOLATE, -1, NULL, 1, PINNING_NONE, "15" },
	{ TWO_CELLS, 16, "0@0-14", PIN_ISOLATE, -1, NULL, 2, PINNING_TOO_FEW, NULL },
	{ ONE_CELL, 4, "", PIN_ISOLATE, -1, NULL, 5, PINNING_TOO_FEW, NULL },
	{ ONE_CELL, 4, "4@0-3", PIN_ISOLATE, -1, NULL, 4, PINNING_NONE, "0 1 2 3" }, /* not pinned at all */
	{ HOLES, 6, "1@0", PIN_ISOLATE, -1, NULL, 3, PINNING_NONE, "4 5 7" },
	/* free, and as told */
	{ ONE_CELL, 4, "1@2", PIN_FREE, -1, NULL, 2, PINNING_NONE, "0-3 0-3" },
	{ HOLES, 6, "", PIN_FREE, -1, NULL, 1, PINNING_NONE, "0-7" },
	{ "", 3, "", PIN_FREE, -1, NULL, 1, PINNING_NONE, "0-2" },
	{ ONE_CELL, 4, "", PIN_CPUS, -1, "1,3", 2, PINNING_NONE, "1,3 1,3" },
	{ ONE_CELL, 4, "", PIN_CPUS, -1, "3-4", 1, PINNING_NO_SUCH_CPU, NULL },
	{ HOLES, 6, "", PIN_CPUS, -1, "3", 1, PINNING_NO_SUCH_CPU, NULL },
	{ ONE_CELL, 4, "", PIN_SPREAD, -1, NULL, 0, PINNING_NO_VCPUS, NULL },
};

Test(pinning, presets)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct fleet_snap *snap = fleet_of(cases[i].topology, cases[i].pcpus, cases[i].others);
		struct pinning_host *host = pinning_host_new(snap->hosts[0], NULL);
		struct pin_wish wish = { .preset = cases[i].preset, .cell = cases[i].cell };
		struct pinning pinning = { 0 };
		enum pinning_fault fault;

		cr_assert(host);
		if (cases[i].cpus)
			cr_assert(cpu_set_parse(cases[i].cpus, &wish.cpus));
		fault = pinning_make(host, &wish, cases[i].vcpus, &pinning);
		cr_expect_eq(fault, cases[i].fault, "case %zu: %s", i, pinning_fault_words(fault));
		if (cases[i].wanted) {
			g_autofree char *got = told(&pinning);

			cr_expect_str_eq(
				got, cases[i].wanted, "case %zu: %s, not %s", i, got, cases[i].wanted);
		}
		pinning_clear(&pinning);
		cpu_set_clear(&wish.cpus);
		pinning_host_free(host);
		fleet_snap_unref(snap);
	}
}

/* ---- what is there ---- */

Test(pinning, siblings_stand_together_and_claims_are_parts)
{
	static const int order[] = { 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15 };
	const struct fleet_snap *snap = fleet_of(TWO_CELLS, 16, "6@0-3 1@3 0@3");
	struct pinning_host *host = pinning_host_new(snap->hosts[0], NULL);

	cr_assert_eq(host->cpus->len, 16u);
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++)
		cr_expect_eq(pinning_cpu_at(host, i)->cpu.id, order[i]);
	cr_expect_eq(pinning_cpu_at(host, 6)->cpu.id, 3);
	cr_expect_eq(pinning_cpu_at(host, 6)->pinned, 3u);
	cr_expect_float_eq(pinning_cpu_at(host, 6)->claims, 2.5, 1e-9);
	cr_expect_eq(pinning_cpu_at(host, 8)->pinned, 0u);
	cr_expect_eq(pinning_unpinned(host), 12u);
	pinning_host_free(host);
	fleet_snap_unref(snap);
}

Test(pinning, those_who_are_being_pinned_are_left_out)
{
	const struct fleet_snap *snap = fleet_of(ONE_CELL, 4, "1@0 1@1");
	g_autoptr(GHashTable) without = g_hash_table_new(row_key_hash, row_key_equal_g);
	struct row_key key = vm_key(&snap->hosts[0]->vms[0]);
	struct pinning_host *host;

	g_hash_table_add(without, &key);
	host = pinning_host_new(snap->hosts[0], without);
	cr_expect_eq(pinning_unpinned(host), 3u);
	pinning_host_free(host);
	fleet_snap_unref(snap);
}

Test(pinning, what_really_is_goes_before_the_xml)
{
	const struct fleet_snap *told_snap = fleet_of(ONE_CELL, 4, "1@0");
	struct host_snap skeleton = host_snap_skeleton(told_snap->hosts[0]);
	struct host_detail *detail = host_detail_new();
	const struct host_snap *snap;
	struct pinning_host *host;

	detail->nvms = 1;
	detail->vms = g_new0(struct vm_affinity, 1);
	memcpy(detail->vms[0].uuid, told_snap->hosts[0]->vms[0].uuid, UUID_LEN);
	cpu_set_parse("2-3", &detail->vms[0].cpus);
	skeleton.detail = detail;
	snap = host_snap_build(&skeleton, told_snap->hosts[0]->vms, 1);
	host = pinning_host_new(snap, NULL);
	cr_expect_eq(pinning_cpu_at(host, 0)->pinned, 0u);
	cr_expect_eq(pinning_cpu_at(host, 3)->pinned, 1u);
	pinning_host_free(host);
	host_snap_unref(snap);
	host_detail_unref(detail);
	fleet_snap_unref(told_snap);
}

/* What others are pinned to must be known before somebody is promised to be alone. */
Test(pinning, isolates_nobody_while_others_have_not_told)
{
	struct vm vm = snaps_vm("web", 1);
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = &vm, .nvms = 1 };
	const struct fleet_snap *snap;
	struct pinning_host *host;
	struct pinning pinning = { 0 };

	part.host.listed = true;
	vm.facts = NULL;
	snap = fleet_of(ONE_CELL, 4, "");
	part.host.facts = snap->hosts[0]->facts;
	const struct fleet_snap *untold = snaps_fleet(&part, 1);

	host = pinning_host_new(untold->hosts[0], NULL);
	cr_expect_eq(pinning_make(host, &(struct pin_wish){ .preset = PIN_ISOLATE }, 1, &pinning),
		PINNING_OTHERS_UNKNOWN);
	cr_expect_eq(
		pinning_make(host, &(struct pin_wish){ .preset = PIN_SPREAD }, 1, &pinning), PINNING_NONE);
	pinning_clear(&pinning);
	pinning_host_free(host);
	fleet_snap_unref(untold);
	fleet_snap_unref(snap);
}

Test(pinning, without_any_cpu_there_is_no_host)
{
	const struct fleet_snap *snap = fleet_of("", 0, "");

	cr_expect_null(pinning_host_new(snap->hosts[0], NULL));
	fleet_snap_unref(snap);
}
