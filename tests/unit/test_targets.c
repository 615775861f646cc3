/* Where guests can go: a verdict for each host, with its reasons. */
#include "actions/maintenance.h"
#include "actions/targets.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

#define GIB         (1024.0 * 1024 * 1024)
#define TEXT(text)  ((char *)(uintptr_t)(text))
#define HOST_GUESTS 3

/* A guest on kvm1, and kvm2, which is like it. */
struct world {
	struct config *config;
	struct maintenance *maintenance;
	struct host_static places[2];
	struct host_facts facts[2];
	struct host_snap hosts[2];
	struct vm_facts vm_facts;
	struct vm_disk disk;
	struct vm_nic nic;
	struct vm guest;
	struct vm there[HOST_GUESTS];
	size_t nthere;
	struct move_wish wish;
};

static void
world_init(struct world *world)
{
	static const char *const names[] = { "kvm1", "kvm2" };

	*world = (struct world){
		.config = snaps_config(),
		.maintenance = maintenance_new(NULL),
		.vm_facts = { .type = VM_TYPE_KVM, .machine = TEXT("pc-q35-7.2"), .arch = TEXT("x86_64") },
		.disk = { .target = TEXT("vda"),
			.device = TEXT("disk"),
			.source = TEXT("pool/web-1"),
			.storage = STORAGE_RBD },
		.nic = { .type = TEXT("bridge"), .source = TEXT("br0"), .kind = NIC_VIRTIO },
		.guest = snaps_vm("web-1", 1),
		.there = { snaps_vm("db-1", 2) },
		.nthere = 1,
	};
	world->vm_facts.disks = &world->disk;
	world->vm_facts.ndisks = 1;
	world->vm_facts.nics = &world->nic;
	world->vm_facts.nnics = 1;
	world->guest.facts = world->there[0].facts = &world->vm_facts;
	for (int i = 0; i < 2; i++) {
		world->places[i] = (struct host_static){ .index = (uint32_t)i, .name = TEXT(names[i]) };
		world->facts[i] = (struct host_facts){
			.hypervisor = HYPERVISOR_KVM,
			.driver = TEXT("QEMU"),
			.hv_version = TEXT("7.2.22"),
			.cpu_model = TEXT("EPYC-Rome"),
			.arch = TEXT("x86_64"),
			.hostname = TEXT(names[i]),
			.live_migration = true,
			.moves = MOVE_BIT(FEATURE_COUNT) - 1,
		};
		world->hosts[i] = snaps_host((uint32_t)i, names[i]);
		world->hosts[i].config = &world->places[i];
		world->hosts[i].facts = &world->facts[i];
	}
}

/* Facts on the stack are not for others to keep: snapshots get copies of the references alone, so they are given one. */
static const struct fleet_snap *
world_snap(struct world *world)
{
	const struct snaps_part parts[] = {
		{ .host = world->hosts[0], .vms = &world->guest, .nvms = 1 },
		{ .host = world->hosts[1], .vms = world->there, .nvms = world->nthere },
	};

	for (int i = 0; i < 2; i++)
		world->facts[i].refs = 100;
	world->vm_facts.refs = 100;
	return snaps_fleet(parts, G_N_ELEMENTS(parts));
}

static struct targets_opts
world_opts(const struct world *world, const struct fleet_snap *snap)
{
	return (struct targets_opts){
		.snap = snap,
		.config = world->config,
		.maintenance = world->maintenance,
		.wish = world->wish,
		.now_us = SNAPS_NOW_US,
	};
}

static void
world_done(struct world *world)
{
	maintenance_free(world->maintenance);
	config_free(world->config);
}

/* ---- a verdict for each cause ---- */

static void
nothing(struct world *world)
{
	(void)world;
}

static void
xen_there(struct world *world)
{
	world->facts[1].hypervisor = HYPERVISOR_XEN;
	world->facts[1].driver = TEXT("Xen");
}

static void
same_uuid(struct world *world)
{
	world->facts[0].uuid = world->facts[1].uuid = TEXT("a-b");
}

static void
same_name_without_uuid(struct world *world)
{
	xen_there(world);
	world->facts[0].hypervisor = HYPERVISOR_XEN;
	world->facts[0].driver = TEXT("Xen");
	world->facts[0].hostname = TEXT("kvm2");
}

static void
same_name_of_another(struct world *world)
{
	same_name_without_uuid(world);
	snaps_set_host(&world->hosts[1], HOST_MEM_TOTAL, 127 * GIB);
}

static void
other_arch(struct world *world)
{
	world->facts[1].arch = TEXT("aarch64");
}

static void
older_qemu(struct world *world)
{
	world->facts[1].hv_version = TEXT("7.0.0");
}

static void
older_qemu_old_machine(struct world *world)
{
	older_qemu(world);
	world->vm_facts.machine = TEXT("pc-i440fx-6.1");
}

static void
newer_qemu(struct world *world)
{
	world->facts[1].hv_version = TEXT("10.0.2");
}

static void
older_where_none_goes(struct world *world)
{
	older_qemu_old_machine(world);
	world->facts[1].moves = MOVE_BIT(LIVE);
}

static void
older_patch(struct world *world)
{
	world->facts[1].hv_version = TEXT("7.2.1");
}

static void
uuid_taken(struct world *world)
{
	world->there[world->nthere++] = snaps_idle_vm("old-web-1", 1, VM_STATE_OFF);
}

static void
name_taken(struct world *world)
{
	world->there[world->nthere++] = snaps_idle_vm("web-1", 9, VM_STATE_OFF);
}

static void
no_memory(struct world *world)
{
	snaps_set_host(&world->hosts[1], HOST_MEM_USED, 125 * GIB);
}

static void
unknown_memory(struct world *world)
{
	world->hosts[1].valid &= ~(1u << HOST_MEM_USED);
}

static void
overpromised(struct world *world)
{
	snaps_set_vm(&world->there[0], VM_MEM, 126 * GIB);
}

static void
too_many_vcpus(struct world *world)
{
	snaps_set_vm(&world->there[0], VM_VCPUS, 127);
}

static void
other_cpu(struct world *world)
{
	world->facts[1].cpu_model = TEXT("Skylake-Server");
}

static void
other_cpu_passed_through(struct world *world)
{
	other_cpu(world);
	world->vm_facts.cpu_mode = TEXT("host-passthrough");
}

static void
same_cpu_passed_through(struct world *world)
{
	world->vm_facts.cpu_mode = TEXT("host-passthrough");
}

static void
pinned_high(struct world *world)
{
	world->vm_facts.cpuset = TEXT("30-33");
	world->vm_facts.pinned = true;
}

static void
pinned(struct world *world)
{
	world->vm_facts.cpuset = TEXT("0-3");
	world->vm_facts.pinned = true;
}

static void
local_disk(struct world *world)
{
	world->disk.storage = STORAGE_FILE;
	world->disk.source = TEXT("/images/a.qcow2");
}

static void
local_disk_copied(struct world *world)
{
	local_disk(world);
	world->wish.copy = COPY_ALL;
}

static void
no_guest_on_its_network(struct world *world)
{
	world->there[0].facts = NULL;
}

static void
in_maintenance(struct world *world)
{
	cr_assert(maintenance_begin(world->maintenance, "kvm2", NULL));
}

static void
in_maintenance_by_config(struct world *world)
{
	world->places[1].maintenance = true;
}

static void
not_up(struct world *world)
{
	world->hosts[1].link = LINK_REFUSED;
}

static void
stale(struct world *world)
{
	world->hosts[1].sampled_us = SNAPS_NOW_US - 60 * SNAPS_AGE_US;
}

static void
unread(struct world *world)
{
	world->hosts[1].facts = NULL;
}

static void
off(struct world *world)
{
	world->guest.state = VM_STATE_OFF;
}

static void
off_and_offline(struct world *world)
{
	off(world);
	world->wish.offline = true;
}

static void
off_where_none_goes(struct world *world)
{
	off_and_offline(world);
	world->facts[0].moves = MOVE_BIT(LIVE);
}

static void
running_and_offline(struct world *world)
{
	world->wish.offline = true;
}

Test(targets, says_for_each_cause_whether_it_goes_and_why_not)
{
	static const struct {
		void (*change)(struct world *);
		enum verdict verdict;
		const char *why; /* a part of it; NULL: nothing is said */
	} cases[] = {
		{ nothing, VERDICT_FITS, NULL },
		{ xen_there, VERDICT_NO, "cannot live-migrate between KVM and Xen: no common" },
		{ same_uuid, VERDICT_NO, "same machine as kvm1" },
		{ same_name_without_uuid, VERDICT_NO, "same machine" },
		{ same_name_of_another, VERDICT_FITS, NULL },
		{ other_arch, VERDICT_NO, "is aarch64, the guest x86_64" },
		{ older_qemu, VERDICT_NO, "7.0.0 is too old for the machine type pc-q35-7.2" },
		{ older_qemu_old_machine, VERDICT_CAUTION, "7.0.0 is older than 7.2.22" },
		{ older_where_none_goes, VERDICT_NO,
			"KVM 7.0.0 is older than 7.2.22, and guests move to the same or a newer one only" },
		{ newer_qemu, VERDICT_FITS, NULL },
		{ older_patch, VERDICT_FITS, NULL },
		{ uuid_taken, VERDICT_NO, "a guest with its UUID is there (old-web-1, off)" },
		{ name_taken, VERDICT_NO, "another guest has its name" },
		{ no_memory, VERDICT_NO, "needs 4.0 GiB, 3.0 GiB are free" },
		{ unknown_memory, VERDICT_CAUTION, "how much is free there is not known" },
		{ overpromised, VERDICT_CAUTION, "102% of its memory would be promised" },
		{ too_many_vcpus, VERDICT_CAUTION, "vCPU:pCPU would be 4.0:1, over 4.0:1" },
		{ other_cpu, VERDICT_CAUTION, "EPYC-Rome here, Skylake-Server there" },
		{ other_cpu_passed_through, VERDICT_NO, "host-passthrough" },
		{ same_cpu_passed_through, VERDICT_FITS, NULL },
		{ pinned_high, VERDICT_NO, "pinned to CPUs 30-33, and it has 32" },
		{ pinned, VERDICT_CAUTION, "must exist there and may be somebody's" },
		{ local_disk, VERDICT_COPY, "/images/a.qcow2 is the host's own" },
		{ local_disk_copied, VERDICT_FITS, NULL },
		{ no_guest_on_its_network, VERDICT_CAUTION, "no guest there is on bridge br0" },
		{ in_maintenance, VERDICT_NO, "in maintenance since" },
		{ in_maintenance_by_config, VERDICT_NO, "in maintenance, by the config" },
		{ not_up, VERDICT_NO, "does not answer (refused)" },
		{ stale, VERDICT_CAUTION, "answers late" },
		{ unread, VERDICT_CAUTION, "what kvm2 runs has not been read yet" },
		{ off, VERDICT_NO, "it does not run" },
		{ off_and_offline, VERDICT_FITS, NULL },
		{ off_where_none_goes, VERDICT_NO, "moves no guest that is off" },
		{ running_and_offline, VERDICT_NO, "it runs" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct fleet_snap *snap;
		struct targets_opts opts;
		struct targets *targets;
		struct world world;
		enum verdict verdict;
		g_autofree char *why = NULL;

		world_init(&world);
		cases[i].change(&world);
		snap = world_snap(&world);
		opts = world_opts(&world, snap);
		targets = targets_new(&opts);
		verdict = targets_judge(targets, &snap->hosts[0]->vms[0], snap->hosts[1], &why);
		cr_expect_eq(verdict, cases[i].verdict, "case %zu: %s (%s)", i, verdict_word(verdict), why);
		if (cases[i].why)
			cr_expect(why && strstr(why, cases[i].why), "case %zu: %s", i, why);
		else
			cr_expect_null(why, "case %zu: %s", i, why);
		targets_free(targets);
		fleet_snap_unref(snap);
		world_done(&world);
	}
}

/* ---- room ---- */

Test(targets, counts_what_is_on_its_way_and_not_there_yet)
{
	struct world world;
	const struct fleet_snap *snap;
	struct targets_opts opts;
	struct targets *targets;
	g_autoptr(GArray) incoming = g_array_new(FALSE, FALSE, sizeof(struct incoming));

	world_init(&world);
	snap = world_snap(&world);
	g_array_append_val(
		incoming, ((struct incoming){ .guest = vm_key(&snap->hosts[0]->vms[0]), .host = 1 }));
	opts = world_opts(&world, snap);
	opts.incoming = incoming;
	targets = targets_new(&opts);
	cr_expect_float_eq(targets_room(targets, snap->hosts[1]).mem_free, 60 * GIB, 1);
	cr_expect_float_eq(targets_room(targets, snap->hosts[0]).mem_free, 68 * GIB, 1);
	targets_free(targets);
	fleet_snap_unref(snap);
	world_done(&world);
}

/* ---- ranking ---- */

static const struct host_facts *
moving_facts(void)
{
	struct host_facts *facts = host_facts_new();

	facts->hypervisor = HYPERVISOR_KVM;
	facts->driver = g_strdup("QEMU");
	facts->live_migration = true;
	return facts;
}

Test(targets, ranks_what_fits_first_then_the_same_site_then_the_least_full)
{
	static const char *const names[] = { "here", "full", "empty", "far", "down" };
	struct config *config = snaps_config();
	struct host_static places[G_N_ELEMENTS(names)];
	struct snaps_part parts[G_N_ELEMENTS(names)];
	struct vm guests[G_N_ELEMENTS(names)];
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	const struct host_facts *facts = moving_facts();
	const struct fleet_snap *snap;
	struct targets *targets;
	GArray *places_ranked;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		places[i] =
			(struct host_static){ .name = TEXT(names[i]), .site = TEXT(i == 3 ? "dc2" : "dc1") };
		guests[i] = snaps_vm(names[i], i + 1);
		parts[i] =
			(struct snaps_part){ .host = snaps_host(i, names[i]), .vms = &guests[i], .nvms = 1 };
		parts[i].host.config = &places[i];
		parts[i].host.facts = facts;
	}
	snaps_set_vm(&guests[1], VM_MEM, 100 * GIB);
	parts[4].host.link = LINK_DOWN;
	snap = snaps_fleet(parts, G_N_ELEMENTS(parts));
	targets =
		targets_new(&(struct targets_opts){ .snap = snap, .config = config, .now_us = SNAPS_NOW_US });
	g_array_append_val(keys, ((struct row_key){ .host = 0 }));
	memcpy(g_array_index(keys, struct row_key, 0).uuid, snap->hosts[0]->vms[0].uuid, UUID_LEN);
	places_ranked = targets_rank(targets, keys);
	cr_assert_eq(places_ranked->len, 4, "not where it is");
	for (guint i = 0; i < 4; i++) {
		static const char *const order[] = { "empty", "full", "far", "down" };

		cr_expect_str_eq(g_array_index(places_ranked, struct place, i).host->name, order[i]);
	}
	g_array_unref(places_ranked);
	targets_free(targets);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
	config_free(config);
}

/* Two guests of 4 GiB, and 6 GiB: one of them fits, and the question leaves no trace. */
Test(targets, lets_the_guests_of_a_set_take_room_from_each_other)
{
	struct config *config = snaps_config();
	struct vm guests[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct snaps_part parts[] = {
		{ .host = snaps_host(0, "kvm1"), .vms = guests, .nvms = 2 },
		{ .host = snaps_host(1, "kvm2") },
	};
	const struct host_facts *facts = moving_facts();
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	const struct fleet_snap *snap;
	struct targets *targets;
	GArray *places;
	const struct place *place;

	parts[0].host.facts = parts[1].host.facts = facts;
	snaps_set_host(&parts[1].host, HOST_MEM_USED, 122 * GIB);
	snap = snaps_fleet(parts, G_N_ELEMENTS(parts));
	targets =
		targets_new(&(struct targets_opts){ .snap = snap, .config = config, .now_us = SNAPS_NOW_US });
	for (int i = 0; i < 2; i++)
		g_array_append_val(keys, ((struct row_key[]){ vm_key(&snap->hosts[0]->vms[i]) }));
	for (int again = 0; again < 2; again++) {
		places = targets_rank(targets, keys);
		cr_assert_eq(places->len, 1);
		place = &g_array_index(places, struct place, 0);
		cr_expect_eq(place->fits, 1);
		cr_expect_eq(place->asked, 2);
		cr_expect_eq(place->verdict, VERDICT_CAUTION);
		cr_expect_str_eq(place->why, "memory (1)");
		cr_expect_float_eq(place->after.mem_free, 2 * GIB, 1);
		g_array_unref(places);
	}
	targets_free(targets);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
	config_free(config);
}
