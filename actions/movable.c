#include "actions/movable.h"

#include "fleet/snapshot.h"

#include <stdarg.h>
#include <string.h>

struct search {
	const struct vm *vm;
	const struct vm_facts *facts; /* of VM; never NULL while devices are looked at */
	const struct vm_detail *detail;
	const char *group; /* of what is added now */
	GArray *found;
};

static void
obstacle_clear(gpointer pointer)
{
	struct obstacle *obstacle = pointer;

	g_free(obstacle->what);
	g_free(obstacle->why);
}

static void add(struct search *search, enum obstacle_kind kind, const char *what, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

static void
add(struct search *search, enum obstacle_kind kind, const char *what, const char *format, ...)
{
	struct obstacle obstacle = { .kind = kind, .what = g_strdup(what), .group = search->group };
	va_list args;

	va_start(args, format);
	obstacle.why = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(search->found, obstacle);
}

/* What was added last depends on where it goes. */
static void
mark_of_target(struct search *search)
{
	g_array_index(search->found, struct obstacle, search->found->len - 1).of_target = true;
}

/* ---- the guest and its host ---- */

/* False: it has nothing that runs, so the rest does not matter. */
static bool
look_at_state(struct search *search)
{
	const struct vm *vm = search->vm;

	if (vm->is_dom0)
		add(search, OBSTACLE_BLOCKS, "Domain-0", "is the host itself");
	else if (vm->state == VM_STATE_PAUSED && vm->reason && g_str_has_prefix(vm->reason, "migrat"))
		add(search, OBSTACLE_BLOCKS, "state", "it is being migrated already");
	else if (!vm_is_running(vm) && vm->state != VM_STATE_PAUSED)
		add(search, OBSTACLE_BLOCKS, "state", "it does not run: only its definition could move");
	else if (vm->state == VM_STATE_PAUSED && g_strcmp0(vm->reason, "I/O error") == 0)
		add(search, OBSTACLE_CAUTION, "state",
			"it stopped at an I/O error, which would move with it");
	return !vm->is_dom0 && (vm_is_running(vm) || vm->state == VM_STATE_PAUSED);
}

static void
look_at_host(struct search *search)
{
	const struct host_facts *facts = search->vm->host->facts;

	if (search->vm->host->link != LINK_UP)
		add(search, OBSTACLE_BLOCKS, "host", "it does not answer");
	else if (facts && !facts->live_migration)
		add(search, OBSTACLE_BLOCKS, "host", "its hypervisor's driver offers no live migration");
}

static void
look_at_cpus(struct search *search)
{
	const struct vm_facts *facts = search->facts;

	if (facts->cpu_mode && g_str_has_prefix(facts->cpu_mode, "host-passthrough")) {
		add(search, OBSTACLE_CAUTION, "CPU mode",
			"host-passthrough: goes only to a host with the same CPU model");
		mark_of_target(search);
	}
	if (facts->cpuset)
		add(search, OBSTACLE_CAUTION, "pinning",
			"to CPUs %s, which must exist there and may be somebody's", facts->cpuset);
	else if (facts->pinned)
		add(search, OBSTACLE_CAUTION, "pinning", "to CPUs that must exist there");
	if (facts->numa_nodes)
		add(search, OBSTACLE_CAUTION, "memory", "on NUMA nodes %s, which must exist there",
			facts->numa_nodes);
}

static void
look_at_snapshots(struct search *search)
{
	int n = search->detail ? search->detail->snapshots : 0;

	if (n > 0)
		add(search, OBSTACLE_BLOCKS, "snapshots",
			"libvirt moves no guest that has any, and this one has %d", n);
}

/* ---- devices ---- */

static bool
is_removable(const struct vm_disk *disk)
{
	return g_strcmp0(disk->device, "cdrom") == 0 || g_strcmp0(disk->device, "floppy") == 0;
}

/* QEMU's page cache on two hosts at once: libvirt wants it off, or QEMU able to drop it. */
static bool
is_cached(const struct vm_disk *disk)
{
	return disk->cache && strcmp(disk->cache, "none") != 0 && strcmp(disk->cache, "directsync") != 0 &&
	       strcmp(disk->cache, "default") != 0;
}

/* What is not known yet may be. A driver that never calls a move unsafe has nothing to be told of it. */
static bool
driver_takes(const struct search *search, uint32_t feature)
{
	const struct host_facts *facts = search->vm->host->facts;

	return !facts || facts->moves & feature;
}

static void
look_at_disk(struct search *search, const struct vm_disk *disk)
{
	const char *name = disk->target ? disk->target : "disk";

	if (!disk->source)
		return;
	if (disk->storage == STORAGE_NVME)
		add(search, OBSTACLE_BLOCKS, name, "is an NVMe device of the host");
	else if (is_removable(disk) && !vm_disk_shared(disk))
		add(search, OBSTACLE_CAUTION, name, "%s must be there too: eject it", disk->source);
	else if (disk->storage == STORAGE_UNKNOWN || disk->storage == STORAGE_VOLUME ||
		 disk->storage == STORAGE_OTHER || (disk->storage == STORAGE_BLOCK && disk->shareable))
		add(search, OBSTACLE_CAUTION, name, "whether other hosts reach %s is not known",
			disk->source);
	else if (!vm_disk_shared(disk) && !driver_takes(search, MOVE_BIT(COPY_ALL)))
		add(search, OBSTACLE_BLOCKS, name, "%s is the host's own, and its driver copies no storage",
			disk->source);
	else if (!vm_disk_shared(disk))
		add(search, OBSTACLE_COPY, name, "%s is the host's own (%s)", disk->source,
			storage_name(disk->storage));
	else if (!disk->readonly && driver_takes(search, MOVE_BIT(UNSAFE)) && is_cached(disk))
		add(search, OBSTACLE_CAUTION, name, "cache %s: old libvirts call this unsafe", disk->cache);
}

static void
look_at_nic(struct search *search, const struct vm_nic *nic)
{
	const char *name = nic->target ? nic->target : nic->mac ? nic->mac : "card";
	const char *source = nic->source ? nic->source : "a device of the host";

	if (nic->kind == NIC_SRIOV || g_strcmp0(nic->type, "hostdev") == 0)
		add(search, OBSTACLE_BLOCKS, name, "is a function of the host's card: detach it first");
	else if (nic->kind == NIC_MACVTAP || g_strcmp0(nic->type, "direct") == 0)
		add(search, OBSTACLE_CAUTION, name, "lies on %s, a name that must exist there", source);
	else if (nic->kind == NIC_VHOST_USER)
		add(search, OBSTACLE_CAUTION, name, "needs the same vhost-user socket there");
}

static void
look_at_devices(struct search *search)
{
	const struct vm_facts *facts = search->facts;

	if (facts->type == VM_TYPE_CONTAINER)
		add(search, OBSTACLE_BLOCKS, "type", "containers don't move live");
	search->group = "storage";
	for (size_t i = 0; i < facts->ndisks; i++)
		look_at_disk(search, &facts->disks[i]);
	search->group = "network card";
	for (size_t i = 0; i < facts->nnics; i++)
		look_at_nic(search, &facts->nics[i]);
	search->group = "device";
	for (size_t i = 0; i < facts->nhostdevs; i++)
		add(search, OBSTACLE_BLOCKS,
			facts->hostdevs[i].address ? facts->hostdevs[i].address : "device",
			"is a %s device of the host: detach it first",
			facts->hostdevs[i].type ? facts->hostdevs[i].type : "passed-through");
	search->group = NULL;
}

static gint
compare_kinds(gconstpointer a, gconstpointer b)
{
	return (gint)((const struct obstacle *)b)->kind - (gint)((const struct obstacle *)a)->kind;
}

GArray *
movable_obstacles(const struct vm *vm, const struct vm_detail *detail)
{
	struct search search = {
		.vm = vm,
		.facts = vm->facts,
		.detail = detail,
		.found = g_array_new(FALSE, FALSE, sizeof(struct obstacle)),
	};

	g_array_set_clear_func(search.found, obstacle_clear);
	if (!look_at_state(&search))
		return search.found;
	look_at_host(&search);
	if (search.facts) {
		look_at_devices(&search);
		look_at_snapshots(&search);
		look_at_cpus(&search);
	} else {
		add(&search, OBSTACLE_CAUTION, "devices", "its definition has not been read yet");
	}
	g_array_sort(search.found, compare_kinds); /* stable */
	return search.found;
}

const char *
obstacle_word(enum obstacle_kind kind)
{
	static const char *const words[] = {
#define OBSTACLE_WORD(id, word) [OBSTACLE_##id] = (word),
		OBSTACLES(OBSTACLE_WORD)
#undef OBSTACLE_WORD
	};

	return words[kind];
}
