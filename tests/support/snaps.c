#include "tests/support/snaps.h"

#include <string.h>

#define GIB (1024.0 * 1024 * 1024)

struct config *
snaps_config(void)
{
	g_autoptr(GError) error = NULL;
	struct config *config = config_load(NULL, &error);

	if (!config)
		g_error("the default configuration does not load: %s", error->message);
	return config;
}

void
snaps_set_vm(struct vm *vm, enum vm_field field, double value)
{
	vm->value[field] = value;
	vm->valid |= 1u << field;
}

void
snaps_unset_vm(struct vm *vm, enum vm_field field)
{
	vm->valid &= ~(1u << field);
}

struct vm
snaps_idle_vm(const char *name, unsigned n, enum vm_state state)
{
	struct vm vm = {
		.name = name,
		.id = -1,
		.state = state,
		.sampled_us = SNAPS_NOW_US - SNAPS_AGE_US,
		.autostart_known = true,
		.persistent = true,
	};

	vm.uuid[0] = 0xaa;
	vm.uuid[UUID_LEN - 2] = (uint8_t)(n >> 8);
	vm.uuid[UUID_LEN - 1] = (uint8_t)n;
	snaps_set_vm(&vm, VM_VCPUS, 2);
	snaps_set_vm(&vm, VM_MEM, 4 * GIB);
	return vm;
}

struct vm
snaps_vm(const char *name, unsigned n)
{
	struct vm vm = snaps_idle_vm(name, n, VM_STATE_RUNNING);

	vm.id = (int)n + 1;
	snaps_set_vm(&vm, VM_CPU, 50);
	snaps_set_vm(&vm, VM_READY, 1);
	snaps_set_vm(&vm, VM_NET, 1000);
	snaps_set_vm(&vm, VM_DISK, 2000);
	return vm;
}

void
snaps_set_host(struct host_snap *host, enum host_field field, double value)
{
	host->value[field] = value;
	host->valid |= 1u << field;
}

struct host_snap
snaps_host(uint32_t index, const char *name)
{
	struct host_snap host = {
		.index = index,
		.name = name,
		.link = LINK_UP,
		.link_since_us = SNAPS_NOW_US - 60 * SNAPS_AGE_US,
		.sampled_us = SNAPS_NOW_US - SNAPS_AGE_US,
		.interval_us = 2000000,
		.slow_us = 2000000,
		.listed = true,
		.samples = 2,
		.facts_complete = true,
	};

	snaps_set_host(&host, HOST_PCPUS, 32);
	snaps_set_host(&host, HOST_CPU, 25);
	snaps_set_host(&host, HOST_MEM_TOTAL, 128 * GIB);
	snaps_set_host(&host, HOST_MEM_USED, 64 * GIB);
	return host;
}

const struct fleet_snap *
snaps_fleet_of(const struct host_snap *const *hosts, size_t n)
{
	struct fleet_snap *snap = g_malloc0(sizeof(*snap) + n * sizeof(snap->hosts[0]));

	snap->refs = 1;
	snap->taken_us = SNAPS_NOW_US;
	snap->nhosts = n;
	for (size_t i = 0; i < n; i++)
		snap->hosts[i] = host_snap_ref(hosts[i]);
	return snap;
}

const struct fleet_snap *
snaps_fleet(const struct snaps_part *parts, size_t n)
{
	g_autofree const struct host_snap **hosts = g_new(const struct host_snap *, n + 1);
	const struct fleet_snap *snap;

	for (size_t i = 0; i < n; i++)
		hosts[i] = host_snap_build(&parts[i].host, parts[i].vms, parts[i].nvms);
	snap = snaps_fleet_of(hosts, n);
	for (size_t i = 0; i < n; i++)
		host_snap_unref(hosts[i]);
	return snap;
}

const struct vm_facts *
snaps_vm_facts(const char *tenant)
{
	struct vm_facts *facts = vm_facts_new();

	facts->type = VM_TYPE_KVM;
	facts->tenant = g_strdup(tenant);
	facts->os_type = g_strdup("hvm");
	facts->machine = g_strdup("pc-q35-7.2");
	facts->disks = g_new0(struct vm_disk, 1);
	facts->ndisks = 1;
	facts->disks[0].target = g_strdup("vda");
	facts->disks[0].device = g_strdup("disk");
	facts->disks[0].bus = g_strdup("virtio");
	facts->disks[0].format = g_strdup("qcow2");
	facts->disks[0].source = g_strdup("/images/a.qcow2");
	facts->nics = g_new0(struct vm_nic, 1);
	facts->nnics = 1;
	facts->nics[0].mac = g_strdup("52:54:00:12:34:56");
	facts->nics[0].model = g_strdup("virtio");
	facts->nics[0].type = g_strdup("bridge");
	facts->nics[0].source = g_strdup("br0");
	return facts;
}

const struct host_facts *
snaps_host_facts(enum hypervisor hypervisor)
{
	struct host_facts *facts = host_facts_new();

	facts->hypervisor = hypervisor;
	facts->driver = g_strdup(hypervisor == HYPERVISOR_XEN ? "Xen" : "QEMU");
	facts->hv_version = g_strdup(hypervisor == HYPERVISOR_XEN ? "4.17.5" : "7.2.22");
	facts->libvirt_version = g_strdup("9.0.0");
	facts->cpu_model = g_strdup("EPYC-Rome");
	facts->unknowns = g_strsplit("ready time: the driver does not tell", "\n", -1);
	return facts;
}
