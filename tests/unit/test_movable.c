/* What stands in the way of moving a guest. */
#include "actions/movable.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

/* Literals never written to; the model's strings are not const for their builders' sake. */
#define TEXT(text) ((char *)(uintptr_t)(text))

/* A guest that nothing holds: on shared storage, on a host whose driver migrates. */
struct world {
	struct host_snap host;
	struct host_facts host_facts;
	struct vm vm;
	struct vm_facts facts;
	struct vm_detail detail;
	struct vm_disk disk;
	struct vm_nic nic;
	struct vm_hostdev hostdev;
};

static void
world_init(struct world *world)
{
	*world = (struct world){
		.host = snaps_host(0, "kvm1"),
		.host_facts = { .hypervisor = HYPERVISOR_KVM,
			.live_migration = true,
			.moves = MOVE_BIT(FEATURE_COUNT) - 1 },
		.vm = snaps_vm("web-1", 1),
		.facts = { .type = VM_TYPE_KVM, .cpu_mode = TEXT("host-model") },
		.detail = { .snapshots = 0 },
		.disk = { .target = TEXT("vda"),
			.device = TEXT("disk"),
			.source = TEXT("pool/web-1"),
			.cache = TEXT("none"),
			.storage = STORAGE_RBD },
		.nic = { .target = TEXT("vnet1"), .type = TEXT("bridge"), .kind = NIC_VIRTIO },
	};
	world->host.facts = &world->host_facts;
	world->vm.host = &world->host;
	world->vm.facts = &world->facts;
	world->facts.disks = &world->disk;
	world->facts.ndisks = 1;
	world->facts.nics = &world->nic;
	world->facts.nnics = 1;
}

static void
pass_a_device(struct world *world)
{
	world->hostdev = (struct vm_hostdev){ .type = TEXT("pci"), .address = TEXT("0000:3b:02.1") };
	world->facts.hostdevs = &world->hostdev;
	world->facts.nhostdevs = 1;
}

static void
lie_locally(struct world *world)
{
	world->disk.storage = STORAGE_FILE;
	world->disk.source = TEXT("/images/a.qcow2");
}

static void
lie_locally_for_good(struct world *world)
{
	lie_locally(world);
	world->host_facts.moves = MOVE_BIT(LIVE);
}

static void
not_know_the_driver(struct world *world)
{
	lie_locally(world);
	world->host.facts = NULL;
}

static void
lie_on_a_shareable_device(struct world *world)
{
	lie_locally_for_good(world);
	world->disk.storage = STORAGE_BLOCK;
	world->disk.source = TEXT("/dev/mapper/san-7");
	world->disk.shareable = true;
}

static void
hold_a_cdrom(struct world *world)
{
	lie_locally(world);
	world->disk.device = TEXT("cdrom");
}

static void
empty_the_cdrom(struct world *world)
{
	hold_a_cdrom(world);
	world->disk.source = NULL;
}

static void
cache_writes(struct world *world)
{
	world->disk.cache = TEXT("writeback");
}

static void
cache_writes_where_all_is_safe(struct world *world)
{
	cache_writes(world);
	world->host_facts.moves = MOVE_BIT(LIVE);
}

static void
not_know_its_storage(struct world *world)
{
	world->disk.storage = STORAGE_VOLUME;
}

static void
use_nvme(struct world *world)
{
	world->disk.storage = STORAGE_NVME;
}

static void
use_sriov(struct world *world)
{
	world->nic.kind = NIC_SRIOV;
}

static void
use_macvtap(struct world *world)
{
	world->nic.kind = NIC_MACVTAP;
	world->nic.source = TEXT("eno1");
}

static void
have_snapshots(struct world *world)
{
	world->detail.snapshots = 3;
}

static void
not_tell_snapshots(struct world *world)
{
	world->detail.snapshots = -1;
}

static void
pass_the_cpu(struct world *world)
{
	world->facts.cpu_mode = TEXT("host-passthrough");
}

static void
pin(struct world *world)
{
	world->facts.cpuset = TEXT("0-3");
	world->facts.pinned = true;
}

static void
be_off(struct world *world)
{
	world->vm.state = VM_STATE_OFF;
	pass_a_device(world); /* of no importance then */
}

static void
be_on_its_way(struct world *world)
{
	world->vm.state = VM_STATE_PAUSED;
	world->vm.reason = "migration";
}

static void
be_the_host(struct world *world)
{
	world->vm.is_dom0 = true;
}

static void
be_unread(struct world *world)
{
	world->vm.facts = NULL;
}

static void
not_be_offered(struct world *world)
{
	world->host_facts.live_migration = false;
}

static void
be_lost(struct world *world)
{
	world->host.link = LINK_TIMEOUT;
}

static void
do_nothing(struct world *world)
{
	(void)world;
}

static const struct {
	void (*make)(struct world *world);
	int kind; /* of the one obstacle; -1: none */
	const char *what, *words;
} cases[] = {
	{ do_nothing, -1, NULL, NULL },
	{ not_tell_snapshots, -1, NULL, NULL },
	{ empty_the_cdrom, -1, NULL, NULL },
	{ pass_a_device, OBSTACLE_BLOCKS, "0000:3b:02.1", "pci device of the host" },
	{ lie_locally, OBSTACLE_COPY, "vda", "/images/a.qcow2 is the host's own (file)" },
	{ lie_locally_for_good, OBSTACLE_BLOCKS, "vda", "copies no storage" },
	{ not_know_the_driver, OBSTACLE_COPY, "vda", "/images/a.qcow2 is the host's own (file)" },
	{ cache_writes_where_all_is_safe, -1, NULL, NULL },
	{ lie_on_a_shareable_device, OBSTACLE_CAUTION, "vda", "/dev/mapper/san-7 is not known" },
	{ hold_a_cdrom, OBSTACLE_CAUTION, "vda", "eject it" },
	{ cache_writes, OBSTACLE_CAUTION, "vda", "cache writeback" },
	{ not_know_its_storage, OBSTACLE_CAUTION, "vda", "not known" },
	{ use_nvme, OBSTACLE_BLOCKS, "vda", "NVMe" },
	{ use_sriov, OBSTACLE_BLOCKS, "vnet1", "detach it" },
	{ use_macvtap, OBSTACLE_CAUTION, "vnet1", "eno1" },
	{ have_snapshots, OBSTACLE_BLOCKS, "snapshots", "has 3" },
	{ pass_the_cpu, OBSTACLE_CAUTION, "CPU mode", "same CPU model" },
	{ pin, OBSTACLE_CAUTION, "pinning", "0-3" },
	{ be_off, OBSTACLE_BLOCKS, "state", "does not run" },
	{ be_on_its_way, OBSTACLE_BLOCKS, "state", "already" },
	{ be_the_host, OBSTACLE_BLOCKS, "Domain-0", "the host itself" },
	{ be_unread, OBSTACLE_CAUTION, "devices", "not been read" },
	{ not_be_offered, OBSTACLE_BLOCKS, "host", "offers no live migration" },
	{ be_lost, OBSTACLE_BLOCKS, "host", "does not answer" },
};

Test(movable, obstacles)
{
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world world;
		g_autoptr(GArray) found = NULL;
		const struct obstacle *obstacle;

		world_init(&world);
		cases[i].make(&world);
		found = movable_obstacles(&world.vm, &world.detail);
		cr_assert_eq(
			found->len, cases[i].kind < 0 ? 0u : 1u, "case %zu: %u obstacles", i, found->len);
		if (found->len == 0)
			continue;
		obstacle = &g_array_index(found, struct obstacle, 0);
		cr_expect_eq(
			(int)obstacle->kind, cases[i].kind, "case %zu: %s", i, obstacle_word(obstacle->kind));
		cr_expect_str_eq(obstacle->what, cases[i].what, "case %zu", i);
		cr_expect(strstr(obstacle->why, cases[i].words), "case %zu: '%s'", i, obstacle->why);
	}
}

Test(movable, the_worst_comes_first)
{
	struct world world;
	g_autoptr(GArray) found = NULL;

	world_init(&world);
	pin(&world);
	lie_locally(&world);
	pass_a_device(&world);
	found = movable_obstacles(&world.vm, NULL);
	cr_assert_eq(found->len, 3u);
	for (guint i = 0; i < found->len; i++)
		cr_expect_eq(g_array_index(found, struct obstacle, i).kind,
			(enum obstacle_kind)(OBSTACLE_BLOCKS - (int)i));
}
