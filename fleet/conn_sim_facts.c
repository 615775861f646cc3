#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_names.h"
#include "fleet/conn_sim_world.h"
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
	facts->cpu_model = g_strdup(host->cpus >= 64 ? "EPYC-Rome" : "Skylake-Server-IBRS");
	facts->arch = g_strdup("x86_64");
	facts->sockets = 2;
	facts->threads = 2;
	facts->cores = (int)host->cpus / 4;
	facts->mhz = host->cpus >= 64 ? 2450 : 2600;
	add_cells(host, facts);
	facts->live_migration = true;
	facts->uri = g_strdup(xen ? "xen:///system" : "qemu:///system");
	facts->via = g_strdup("simulated");
	facts->unknowns = g_strdupv((char **)(uintptr_t)(xen ? xen_unknowns : kvm_unknowns));
	return facts;
}

/* ---- guests ---- */

static struct vm_disk
make_disk(const struct sim_host *host, const struct sim_vm *vm, unsigned number)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	bool block = sim_vm_bits(vm, 50) % 10 < 3;
	g_autofree char *name = sim_vm_label(vm);
	char letter = (char)('a' + number);

	return (struct vm_disk){
		.target = g_strdup_printf("%s%c", xen ? "xvd" : "vd", letter),
		.device = g_strdup("disk"),
		.type = g_strdup(block ? "block" : "file"),
		.source = block ? g_strdup_printf("/dev/vg0/%s-%u", name, number)
				: g_strdup_printf("/var/lib/libvirt/images/%s-%u.qcow2", name, number),
		.bus = g_strdup(xen ? "xen" : "virtio"),
		.format = g_strdup(block ? "raw" : "qcow2"),
		.cache = g_strdup("none"),
	};
}

static struct vm_nic
make_nic(const struct sim_host *host, const struct sim_vm *vm, unsigned number)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	uint64_t bits = sim_vm_bits(vm, 80 + number);
	char *target = NULL;

	if (vm->id >= 0)
		target = xen ? g_strdup_printf("vif%d.%u", vm->id, number)
			     : g_strdup_printf("vnet%u", (unsigned)vm->id * 2 + number);
	return (struct vm_nic){
		.mac = g_strdup_printf("%s:%02x:%02x:%02x", xen ? "00:16:3e" : "52:54:00",
			(unsigned)(bits & 0xff), (unsigned)(bits >> 8 & 0xff), (unsigned)(bits >> 16 & 0xff)),
		.target = target,
		.type = g_strdup("bridge"),
		.source = g_strdup_printf("br%u", number ? 100 : (unsigned)(bits >> 24) % 3),
		.model = g_strdup(xen ? "netfront" : "virtio"),
	};
}

/* A few KVM guests have a device of the host's to themselves. */
static void
add_hostdev(const struct sim_host *host, const struct sim_vm *vm, struct vm_facts *facts)
{
	uint64_t bits = sim_vm_bits(vm, 84);

	if (host->hypervisor == HYPERVISOR_XEN || bits % 50)
		return;
	facts->nhostdevs = 1;
	facts->hostdevs = g_new0(struct vm_hostdev, 1);
	facts->hostdevs[0].type = g_strdup("pci");
	facts->hostdevs[0].address =
		g_strdup_printf("0000:3b:%02x.%u", 2 + (unsigned)(bits >> 8) % 8, (unsigned)(bits >> 16) % 8);
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
	add_hostdev(host, vm, facts);
	facts->has_console = true;
	return facts;
}

static void
append_disks(GString *xml, const struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->ndisks; i++) {
		const struct vm_disk *disk = &facts->disks[i];

		g_string_append_printf(xml,
			"    <disk type='%s' device='%s'>\n"
			"      <driver type='%s' cache='%s'/>\n"
			"      <source %s='%s'/>\n"
			"      <target dev='%s' bus='%s'/>\n"
			"    </disk>\n",
			disk->type, disk->device, disk->format, disk->cache,
			strcmp(disk->type, "block") == 0 ? "dev" : "file", disk->source, disk->target,
			disk->bus);
	}
}

static void
append_nics(GString *xml, const struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->nnics; i++) {
		const struct vm_nic *nic = &facts->nics[i];

		g_string_append_printf(xml,
			"    <interface type='%s'>\n"
			"      <mac address='%s'/>\n"
			"      <source bridge='%s'/>\n",
			nic->type, nic->mac, nic->source);
		if (nic->target)
			g_string_append_printf(xml, "      <target dev='%s'/>\n", nic->target);
		g_string_append_printf(xml, "      <model type='%s'/>\n    </interface>\n", nic->model);
	}
}

char *
sim_vm_xml(const struct sim_host *host, const struct sim_vm *vm)
{
	struct vm_facts *facts = sim_vm_facts(host, vm);
	g_autofree char *name = sim_vm_label(vm);
	GString *xml = g_string_new(NULL);
	char uuid[37];

	uuid_format(vm->uuid, uuid);
	g_string_append_printf(xml, "<domain type='%s'", host->hypervisor == HYPERVISOR_XEN ? "xen" : "kvm");
	if (vm->id >= 0)
		g_string_append_printf(xml, " id='%d'", vm->id);
	g_string_append_printf(xml,
		">\n"
		"  <name>%s</name>\n"
		"  <uuid>%s</uuid>\n"
		"  <metadata>\n"
		"    <fleet:tenant xmlns:fleet='https://virt-fleet.org/xmlns/1'>%s</fleet:tenant>\n"
		"  </metadata>\n"
		"  <memory unit='MiB'>%u</memory>\n"
		"  <vcpu placement='static'>%u</vcpu>\n"
		"  <os>\n    <type arch='%s' machine='%s'>%s</type>\n  </os>\n"
		"  <devices>\n    <emulator>%s</emulator>\n",
		name, uuid, facts->tenant, vm->mem_mib, vm->vcpus, facts->arch, facts->machine,
		facts->os_type, facts->emulator);
	append_disks(xml, facts);
	append_nics(xml, facts);
	g_string_append(xml, "    <console type='pty'/>\n  </devices>\n</domain>\n");
	vm_facts_unref(facts);
	return g_string_free(xml, FALSE);
}
