#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <stdio.h>
#include <string.h>

/* "rbd:vms/web-0" as libvirt writes it. */
static void
append_disk_source(GString *xml, const struct vm_disk *disk)
{
	const char *colon = strchr(disk->source, ':');

	if (strcmp(disk->type, "network") == 0)
		g_string_append_printf(xml,
			"      <source protocol='%.*s' name='%s'>\n        <host name='store1' "
			"port='%u'/>\n      </source>\n",
			(int)(colon - disk->source), disk->source, colon + 1,
			disk->storage == STORAGE_RBD ? 6789 : 3260);
	else
		g_string_append_printf(xml, "      <source %s='%s'/>\n",
			disk->storage == STORAGE_BLOCK ? "dev" : "file", disk->source);
}

static void
append_disks(GString *xml, const struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->ndisks; i++) {
		const struct vm_disk *disk = &facts->disks[i];

		g_string_append_printf(xml,
			"    <disk type='%s' device='%s'>\n"
			"      <driver type='%s' cache='%s'/>\n",
			disk->type, disk->device, disk->format, disk->cache);
		append_disk_source(xml, disk);
		g_string_append_printf(
			xml, "      <target dev='%s' bus='%s'/>\n    </disk>\n", disk->target, disk->bus);
	}
}

/* TYPE: its attribute with a blank behind it, or "". */
static void
append_pci_source(GString *xml, const char *type, const char *address)
{
	unsigned domain, bus, slot, function;

	if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) == 4)
		g_string_append_printf(xml,
			"      <source>\n"
			"        <address %sdomain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n"
			"      </source>\n",
			type, domain, bus, slot, function);
}

static void
append_nic_source(GString *xml, const struct vm_nic *nic)
{
	switch (nic->kind) {
	case NIC_MACVTAP:
		g_string_append_printf(xml, "      <source dev='%s' mode='bridge'/>\n", nic->source);
		break;
	case NIC_VHOST_USER:
		g_string_append_printf(
			xml, "      <source type='unix' path='%s' mode='server'/>\n", nic->source);
		break;
	case NIC_SRIOV:
		append_pci_source(xml, "type='pci' ", nic->source);
		break;
	default:
		g_string_append_printf(xml, "      <source bridge='%s'/>\n", nic->source);
	}
}

static void
append_nics(GString *xml, const struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->nnics; i++) {
		const struct vm_nic *nic = &facts->nics[i];

		g_string_append_printf(
			xml, "    <interface type='%s'>\n      <mac address='%s'/>\n", nic->type, nic->mac);
		append_nic_source(xml, nic);
		if (nic->target)
			g_string_append_printf(xml, "      <target dev='%s'/>\n", nic->target);
		if (nic->model)
			g_string_append_printf(xml, "      <model type='%s'/>\n", nic->model);
		g_string_append(xml, "    </interface>\n");
	}
}

/* The facts have NICs that are passed through behind the other devices. */
static void
append_hostdevs(GString *xml, const struct vm_facts *facts)
{
	size_t n = facts->nhostdevs;

	for (size_t i = 0; i < facts->nnics; i++)
		n -= facts->nics[i].kind == NIC_SRIOV;
	for (size_t i = 0; i < n; i++) {
		g_string_append_printf(xml, "    <hostdev mode='subsystem' type='%s' managed='yes'>\n",
			facts->hostdevs[i].type);
		append_pci_source(xml, "", facts->hostdevs[i].address);
		g_string_append(xml, "    </hostdev>\n");
	}
}

static void
append_pins(GString *xml, const struct sim_host *host, const struct sim_vm *vm)
{
	g_string_append(xml, "  <cputune>\n");
	for (unsigned vcpu = 0; vcpu < vm->vcpus; vcpu++) {
		struct cpu_set set = sim_vcpu_affinity(host, vm, vcpu);
		g_autofree char *text = cpu_set_format(&set);

		g_string_append_printf(xml, "    <vcpupin vcpu='%u' cpuset='%s'/>\n", vcpu, text);
		cpu_set_clear(&set);
	}
	g_string_append(xml, "  </cputune>\n");
}

static void
append_place(GString *xml, const struct sim_host *host, const struct sim_vm *vm, const struct vm_facts *facts)
{
	const char *colon = facts->cpu_mode ? strchr(facts->cpu_mode, ':') : NULL;

	g_string_append_printf(xml, "  <memory unit='MiB'>%u</memory>\n", vm->mem_mib);
	if (sim_vm_pin(host, vm) == SIM_PIN_CELL && !vm->pins)
		g_string_append_printf(
			xml, "  <vcpu placement='static' cpuset='%s'>%u</vcpu>\n", facts->cpuset, vm->vcpus);
	else
		g_string_append_printf(xml, "  <vcpu placement='static'>%u</vcpu>\n", vm->vcpus);
	if (sim_vm_pin(host, vm) == SIM_PIN_CPUS || vm->pins)
		append_pins(xml, host, vm);
	if (facts->numa_nodes)
		g_string_append_printf(xml,
			"  <numatune>\n    <memory mode='strict' nodeset='%s'/>\n  </numatune>\n",
			facts->numa_nodes);
	if (colon)
		g_string_append_printf(xml,
			"  <cpu mode='custom' match='exact'>\n    <model fallback='forbid'>%s</model>\n  "
			"</cpu>\n",
			colon + 2);
	else if (facts->cpu_mode)
		g_string_append_printf(xml, "  <cpu mode='%s'/>\n", facts->cpu_mode);
}

static void
append_agent(GString *xml, const struct sim_host *host, const struct sim_vm *vm)
{
	static const char *const states[] = {
		[SIM_AGENT_SILENT] = "disconnected", [SIM_AGENT_CONNECTED] = "connected"
	};
	enum sim_agent agent = sim_vm_agent(host, vm);

	if (agent != SIM_AGENT_NONE)
		g_string_append_printf(xml,
			"    <channel type='unix'>\n"
			"      <target type='virtio' name='org.qemu.guest_agent.0' state='%s'/>\n"
			"    </channel>\n",
			states[agent]);
}

static void
append_graphics(GString *xml, const struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->ngraphics; i++) {
		const struct vm_graphics *graphics = &facts->graphics[i];

		g_string_append_printf(xml,
			"    <graphics type='%s' port='%d' autoport='yes' listen='%s'>\n"
			"      <listen type='address' address='%s'/>\n    </graphics>\n",
			graphics->type, graphics->port ? graphics->port : -1, graphics->listen,
			graphics->listen);
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
	g_string_append_printf(xml, ">\n  <name>%s</name>\n  <uuid>%s</uuid>\n", name, uuid);
	if (facts->title)
		g_string_append_printf(xml, "  <title>%s</title>\n", facts->title);
	g_string_append_printf(xml,
		"  <metadata>\n"
		"    <fleet:tenant xmlns:fleet='https://virt-fleet.org/xmlns/1'>%s</fleet:tenant>\n"
		"  </metadata>\n",
		facts->tenant);
	append_place(xml, host, vm, facts);
	g_string_append_printf(xml,
		"  <os>\n    <type arch='%s' machine='%s'>%s</type>\n  </os>\n"
		"  <devices>\n    <emulator>%s</emulator>\n",
		facts->arch, facts->machine, facts->os_type, facts->emulator);
	append_disks(xml, facts);
	append_nics(xml, facts);
	append_hostdevs(xml, facts);
	append_agent(xml, host, vm);
	append_graphics(xml, facts);
	if (facts->has_console)
		g_string_append(xml, "    <console type='pty'/>\n");
	g_string_append(xml, "  </devices>\n</domain>\n");
	vm_facts_unref(facts);
	return g_string_free(xml, FALSE);
}
