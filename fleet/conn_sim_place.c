#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"

/* Linux numbers the first threads of all cores, then the second ones; Xen keeps the threads of a core together. */
struct host_cpu
sim_host_cpu(const struct sim_host *host, unsigned id)
{
	unsigned ncores = host->cpus / 2, per_cell = ncores / SIM_CELLS;
	unsigned core = host->hypervisor == HYPERVISOR_XEN ? id / 2 : id % ncores;
	int cell = (int)(core / per_cell);

	return (struct host_cpu){
		.id = (int)id, .cell = cell, .socket = cell, .core = (int)(core % per_cell)
	};
}

enum sim_pin
sim_vm_pin(const struct sim_host *host, const struct sim_vm *vm)
{
	switch (sim_vm_bits(vm, 90) % 20) {
	case 0:
		return SIM_PIN_CELL;
	case 1:
		return SIM_PIN_CPUS;
	case 2:
		return host->hypervisor == HYPERVISOR_XEN ? SIM_PIN_XL : SIM_PIN_NONE;
	default:
		return SIM_PIN_NONE;
	}
}

unsigned
sim_vm_cell(const struct sim_vm *vm)
{
	return (unsigned)(sim_vm_bits(vm, 91) % SIM_CELLS);
}

static bool
is_allowed(const struct sim_host *host, const struct sim_vm *vm, enum sim_pin pin, unsigned vcpu, unsigned id)
{
	unsigned first = (unsigned)(sim_vm_bits(vm, 92) % host->cpus);

	switch (pin) {
	case SIM_PIN_CELL:
	case SIM_PIN_XL:
		return sim_host_cpu(host, id).cell == (int)sim_vm_cell(vm);
	case SIM_PIN_CPUS:
		return id == (first + vcpu) % host->cpus;
	default:
		return true;
	}
}

struct cpu_set
sim_vcpu_affinity(const struct sim_host *host, const struct sim_vm *vm, unsigned vcpu)
{
	enum sim_pin pin = sim_vm_pin(host, vm);
	const struct cpu_set *said = sim_pinned_to(vm, vcpu, vm->id < 0);
	struct cpu_set set = { 0 };

	if (said)
		return cpu_set_copy(said);
	for (unsigned id = 0; id < host->cpus; id++)
		if (is_allowed(host, vm, pin, vcpu, id))
			cpu_set_add(&set, id);
	return set;
}

enum sim_agent
sim_vm_agent(const struct sim_host *host, const struct sim_vm *vm)
{
	uint64_t luck = sim_vm_bits(vm, 94) % 10;

	if (host->hypervisor == HYPERVISOR_XEN || luck < 3)
		return SIM_AGENT_NONE;
	return luck == 3 || !sim_vm_active(vm) ? SIM_AGENT_SILENT : SIM_AGENT_CONNECTED;
}
