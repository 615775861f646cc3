#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_names.h"
#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* ---- hosts ---- */

/* What conn_libvirt says of the real ones. */
static const char *const kvm_unknowns[] = { NULL };
static const char *const xen_unknowns[] = {
	"ready and wait: Xen's libxl driver doesn't count what vCPUs wait for",
	"memory used and resident: Xen's libxl driver doesn't tell it",
	"disk latency: Xen's libxl driver doesn't time it",
	"disk of file-backed guests: Xen's libxl driver counts \"phy\" disks only",
	"host CPU counters: Xen's libxl driver has none; shown is the sum over all domains",
	"host caches: Xen's libxl driver tells free memory only",
	"same-page merging: Xen's libxl driver doesn't tell it",
	"pins in the list: Xen's libxl driver tells those of the guest's XML, not what xl pinned since; "
	"the guest's page asks Xen",
	NULL,
};

static void
add_cells(const struct sim_host *host, struct host_facts *facts)
{
	facts->ncells = (size_t)facts->sockets;
	facts->cells = g_new0(struct numa_cell, facts->ncells);
	for (size_t i = 0; i < facts->ncells; i++) {
		facts->cells[i] = (struct numa_cell){
			.id = (int)i,
			.mem_bytes = host->mem_mib / facts->ncells * MIB,
			.ncpus = (int)(host->cpus / facts->ncells),
		};
	}
	facts->ncpus = host->cpus;
	facts->cpus = g_new(struct host_cpu, facts->ncpus);
	for (unsigned id = 0; id < host->cpus; id++)
		facts->cpus[id] = sim_host_cpu(host, id);
}

static char *
host_uuid(const struct sim_host *host)
{
	uint64_t parts[2] = { sim_mix(host->bits, 70), sim_mix(host->bits, 71) };
	uint8_t uuid[UUID_LEN];
	char text[37];

	memcpy(uuid, parts, sizeof(uuid));
	uuid_format(uuid, text);
	return g_strdup(text);
}

static const char *
cpu_model(const struct sim_host *host)
{
	return host->cpus >= 64 ? "EPYC-Rome" : "Skylake-Server-IBRS";
}

struct host_facts *
sim_host_facts(const struct sim_host *host)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	bool old = sim_mix(host->bits, 72) % 5 == 0;
	struct host_facts *facts = host_facts_new();

	facts->hypervisor = host->hypervisor;
	facts->driver = g_strdup(xen ? "Xen" : "QEMU");
	facts->hv_version = g_strdup(xen ? (old ? "4.14.6" : "4.17.5") : (old ? "5.2.0" : "7.2.22"));
	facts->libvirt_version = g_strdup(old ? "7.0.0" : "9.0.0");
	facts->hostname = g_strdup_printf("%s.dc%u.example.net", host->name, host->site + 1);
	facts->uuid = xen ? NULL : host_uuid(host);
	facts->cpu_model = g_strdup(cpu_model(host));
	facts->arch = g_strdup("x86_64");
	facts->sockets = SIM_CELLS;
	facts->threads = 2;
	facts->cores = (int)host->cpus / 4;
	facts->mhz = host->cpus >= 64 ? 2450 : 2600;
	add_cells(host, facts);
	facts->live_migration = true;
	facts->moves = sim_host_moves(host);
	facts->uri = g_strdup(xen ? "xen:///system" : "qemu:///system");
	facts->via = g_strdup("simulated");
	facts->unknowns = g_strdupv((char **)(uintptr_t)(xen ? xen_unknowns : kvm_unknowns));
	return facts;
}

/* ---- guests ---- */

/* What the disks of the guest lie on, and its source there. */
struct sim_storage {
	const char *type, *format;
	const char *source; /* %s: the guest's name, %u: the disk's number */
	enum storage storage;
};

static const struct sim_storage storages[] = {
	{ "block", "raw", "/dev/vg0/%s-%u", STORAGE_BLOCK },
	{ "file", "qcow2", "/var/lib/libvirt/images/%s-%u.qcow2", STORAGE_FILE },
	{ "network", "raw", "rbd:vms/%s-%u", STORAGE_RBD },
	{ "network", "raw", "iscsi:iqn.2024-01.net.example:%s/%u", STORAGE_ISCSI },
};

static const struct sim_storage *
storage_of(const struct sim_host *host, const struct sim_vm *vm)
{
	uint64_t luck = sim_vm_bits(vm, 50) % 10; /* the Xen guests below 3 have disk statistics */

	if (luck < 3)
		return &storages[0];
	if (host->hypervisor == HYPERVISOR_XEN || luck < 6)
		return &storages[1];
	return &storages[luck < 9 ? 2 : 3];
}

static struct vm_disk
make_disk(const struct sim_host *host, const struct sim_vm *vm, unsigned number)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	const struct sim_storage *storage = storage_of(host, vm);
	g_autofree char *name = sim_vm_label(vm), *digits = g_strdup_printf("%u", number);
	g_autoptr(GString) source = g_string_new(storage->source);

	g_string_replace(source, "%s", name, 1);
	g_string_replace(source, "%u", digits, 1);
	return (struct vm_disk){
		.target = g_strdup_printf("%s%c", xen ? "xvd" : "vd", (char)('a' + number)),
		.device = g_strdup("disk"),
		.type = g_strdup(storage->type),
		.source = g_strdup(source->str),
		.bus = g_strdup(xen ? "xen" : "virtio"),
		.format = g_strdup(storage->format),
		.cache = g_strdup("none"),
		.storage = storage->storage,
	};
}

/* Most NICs of KVM guests are virtio on a bridge; LUCK below these have other ways. */
static const struct sim_nic {
	unsigned luck;
	const char *type, *model;
	enum nic_kind kind;
} nic_ways[] = {
	{ 2, "bridge", "e1000", NIC_EMULATED },
	{ 4, "direct", "virtio", NIC_MACVTAP },
	{ 6, "vhostuser", "virtio", NIC_VHOST_USER },
	{ 7, "hostdev", NULL, NIC_SRIOV },
	{ 40, "bridge", "virtio", NIC_VIRTIO },
};

static const struct sim_nic *
nic_way(uint64_t bits)
{
	const struct sim_nic *way = nic_ways;

	while (bits % 40 >= way->luck)
		way++;
	return way;
}

static char *
nic_source(const struct sim_nic *way, uint64_t bits, unsigned number)
{
	switch (way->kind) {
	case NIC_MACVTAP:
		return g_strdup("eno1");
	case NIC_VHOST_USER:
		return g_strdup_printf("/run/openvswitch/vhu%08x", (unsigned)bits);
	case NIC_SRIOV:
		return g_strdup_printf(
			"0000:5e:%02x.%u", 2 + (unsigned)(bits >> 8) % 8, (unsigned)(bits >> 16) % 8);
	default:
		return g_strdup_printf("br%u", number ? 100 : (unsigned)(bits >> 24) % 3);
	}
}

static struct vm_nic
make_nic(const struct sim_host *host, const struct sim_vm *vm, unsigned number)
{
	static const struct sim_nic front = { 0, "bridge", "netfront", NIC_PV };
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	uint64_t bits = sim_vm_bits(vm, 80 + number);
	const struct sim_nic *way = xen ? &front : nic_way(bits >> 32);
	char *target = NULL;

	if (vm->id >= 0 && way->kind != NIC_SRIOV)
		target = xen ? g_strdup_printf("vif%d.%u", vm->id, number)
			     : g_strdup_printf("%s%u", way->kind == NIC_MACVTAP ? "macvtap" : "vnet",
				       (unsigned)vm->id * 2 + number);
	return (struct vm_nic){
		.mac = g_strdup_printf("%s:%02x:%02x:%02x", xen ? "00:16:3e" : "52:54:00",
			(unsigned)(bits & 0xff), (unsigned)(bits >> 8 & 0xff), (unsigned)(bits >> 16 & 0xff)),
		.target = target,
		.type = g_strdup(way->type),
		.source = nic_source(way, bits, number),
		.model = g_strdup(way->model),
		.kind = way->kind,
	};
}

static void
add_hostdev(struct vm_facts *facts, char *address)
{
	struct vm_hostdev *hostdev = &facts->hostdevs[facts->nhostdevs++];

	hostdev->type = g_strdup("pci");
	hostdev->address = address;
}

/* A few KVM guests have a device of the host's to themselves; NICs that are passed through count among them. */
static void
add_hostdevs(const struct sim_host *host, const struct sim_vm *vm, struct vm_facts *facts)
{
	uint64_t bits = sim_vm_bits(vm, 84);

	facts->hostdevs = g_new0(struct vm_hostdev, facts->nnics + 1);
	if (host->hypervisor == HYPERVISOR_KVM && bits % 50 == 0)
		add_hostdev(facts, g_strdup_printf("0000:3b:%02x.%u", 2 + (unsigned)(bits >> 8) % 8,
					   (unsigned)(bits >> 16) % 8));
	for (size_t i = 0; i < facts->nnics; i++)
		if (facts->nics[i].kind == NIC_SRIOV)
			add_hostdev(facts, g_strdup(facts->nics[i].source));
}

/* What the XML tells of the guest's place: nothing of what xl did. */
static void
add_place(const struct sim_host *host, const struct sim_vm *vm, struct vm_facts *facts)
{
	enum sim_pin pin = sim_vm_pin(host, vm);
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	bool everywhere = false;
	struct cpu_set all = { 0 };

	if (!xen && pin == SIM_PIN_CELL)
		facts->numa_nodes = g_strdup_printf("%u", sim_vm_cell(vm));
	if (!xen)
		facts->cpu_mode = sim_vm_bits(vm, 93) % 4 ? g_strconcat("custom: ", cpu_model(host), NULL)
							  : g_strdup("host-passthrough");
	if (!vm->pins && pin != SIM_PIN_CELL && pin != SIM_PIN_CPUS)
		return;
	for (unsigned vcpu = 0; vcpu < vm->vcpus; vcpu++) {
		struct cpu_set set = sim_vcpu_affinity(host, vm, vcpu);

		facts->pinned |= !cpu_set_full(&set, host->cpus);
		everywhere |= cpu_set_full(&set, host->cpus);
		cpu_set_add_all(&all, &set);
		cpu_set_clear(&set);
	}
	if (!everywhere)
		facts->cpuset = cpu_set_format(&all);
	cpu_set_clear(&all);
}

/* Most have a screen, which is served while they run: VNC on the host itself, the n-th guest on port 5900 + n. */
static void
add_graphics(const struct sim_host *host, const struct sim_vm *vm, struct vm_facts *facts)
{
	uint64_t bits = sim_vm_bits(vm, 85);
	bool spice = host->hypervisor == HYPERVISOR_KVM && bits % 3 == 0;

	if (facts->type == VM_TYPE_PV || facts->type == VM_TYPE_PVH || bits % 5 == 0)
		return;
	facts->ngraphics = 1;
	facts->graphics = g_new0(struct vm_graphics, 1);
	facts->graphics->type = g_strdup(spice ? "spice" : "vnc");
	facts->graphics->listen = g_strdup("127.0.0.1");
	facts->graphics->port = vm->id >= 0 ? 5900 + vm->id % 1000 : 0;
}

static const char *
os_type(enum vm_type type)
{
	switch (type) {
	case VM_TYPE_PV:
		return "linux";
	case VM_TYPE_PVH:
		return "xenpvh";
	default:
		return "hvm";
	}
}

static const char *
machine(enum vm_type type)
{
	switch (type) {
	case VM_TYPE_PV:
		return "xenpv";
	case VM_TYPE_PVH:
		return "xenpvh";
	case VM_TYPE_HVM:
		return "xenfv";
	default:
		return "pc-q35-7.2";
	}
}

struct vm_facts *
sim_vm_facts(const struct sim_host *host, const struct sim_vm *vm)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	struct vm_facts *facts = vm_facts_new();

	facts->type = sim_vm_type(host, vm);
	facts->os_type = g_strdup(os_type(facts->type));
	facts->machine = g_strdup(machine(facts->type));
	facts->arch = g_strdup("x86_64");
	facts->tenant = sim_tenant_name(vm->tenant);
	facts->title = sim_vm_bits(vm, 81) % 4
			       ? NULL
			       : g_strdup_printf("%s of %s", sim_role(vm->role)->name, facts->tenant);
	facts->emulator =
		g_strdup(xen ? "/usr/lib/xen-4.17/bin/qemu-system-i386" : "/usr/bin/qemu-system-x86_64");
	facts->ndisks = 1 + sim_vm_bits(vm, 82) % 3 / 2 + (vm->mem_mib >= 32768);
	facts->disks = g_new0(struct vm_disk, facts->ndisks);
	for (unsigned i = 0; i < facts->ndisks; i++)
		facts->disks[i] = make_disk(host, vm, i);
	facts->nnics = 1 + sim_vm_bits(vm, 83) % 5 / 4;
	facts->nics = g_new0(struct vm_nic, facts->nnics);
	for (unsigned i = 0; i < facts->nnics; i++)
		facts->nics[i] = make_nic(host, vm, i);
	add_hostdevs(host, vm, facts);
	add_place(host, vm, facts);
	facts->has_console = strcmp(sim_role(vm->role)->name, "win") != 0;
	add_graphics(host, vm, facts);
	return facts;
}
