#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_names.h"
#include "fleet/conn_sim_world.h"

#include <math.h>
#include <string.h>

#define MIB      (UINT64_C(1) << 20)
#define BIT(raw) (1u << (raw))

/* What a driver can tell of a running guest without asking its monitor, and with it. */
#define QUIET_RAWS (BIT(RAW_NET_RX_BYTES) | BIT(RAW_NET_TX_BYTES))
#define DISK_RAWS                                                                                        \
	(BIT(RAW_DISK_RD_BYTES) | BIT(RAW_DISK_WR_BYTES) | BIT(RAW_DISK_RD_OPS) | BIT(RAW_DISK_WR_OPS) | \
		BIT(RAW_DISK_RD_NS) | BIT(RAW_DISK_WR_NS))
#define SIZE_RAWS (BIT(RAW_VCPUS) | BIT(RAW_VCPUS_MAX) | BIT(RAW_MEM_MAX_BYTES))
#define XEN_RAWS  (SIZE_RAWS | QUIET_RAWS | BIT(RAW_CPU_NS) | BIT(RAW_MEM_BYTES))
#define XEN_DISK_RAWS \
	(BIT(RAW_DISK_RD_BYTES) | BIT(RAW_DISK_WR_BYTES) | BIT(RAW_DISK_RD_OPS) | BIT(RAW_DISK_WR_OPS))
#define KVM_RAWS                                                                            \
	(XEN_RAWS | DISK_RAWS | BIT(RAW_DELAY_NS) | BIT(RAW_WAIT_NS) | BIT(RAW_RSS_BYTES) | \
		BIT(RAW_USED_BYTES))

#define KVM_HOST_RAWS (BIT(HRAW_COUNT) - 1)
/* libxl has neither nodeGetCPUStats nor nodeGetMemoryStats nor KSM. */
#define XEN_HOST_RAWS (BIT(HRAW_PCPUS) | BIT(HRAW_MEM_TOTAL) | BIT(HRAW_MEM_FREE) | BIT(HRAW_RTT_US))

/* Libxl reads the counters of plain block devices only. */
static bool
xen_has_disk_stats(const struct sim_vm *vm)
{
	return sim_vm_bits(vm, 50) % 10 < 3;
}

static uint32_t
vm_valid(const struct sim_host *host, const struct sim_vm *vm, enum sample_depth depth)
{
	bool live = sim_vm_active(vm) || vm->state == VM_STATE_PAUSED;
	uint32_t all = KVM_RAWS;

	if (depth == SAMPLE_LIST)
		return 0;
	if (host->hypervisor == HYPERVISOR_XEN)
		all = XEN_RAWS | (xen_has_disk_stats(vm) ? XEN_DISK_RAWS : 0);
	if (!live)
		return depth == SAMPLE_FULL ? SIZE_RAWS : 0;
	return depth == SAMPLE_FULL ? all : QUIET_RAWS;
}

/* RATE per load-second, in whole tens: a whole number in each step of a calm world. */
static uint64_t
counter(double load, double rate)
{
	return (uint64_t)llround(load * 10 * ceil(rate / 10));
}

static void
fill_io(const struct sim_vm *vm, double load, uint64_t *raw)
{
	const struct sim_role *role = sim_role(vm->role);
	double scale = 0.1 + 2 * pow(sim_unit(sim_vm_bits(vm, 51)), 3);
	double out_share = 0.2 + 0.6 * sim_unit(sim_vm_bits(vm, 52));
	double write_share = 0.3 + 0.5 * sim_unit(sim_vm_bits(vm, 53));
	double net = (double)role->net_mbs * 1e6 * scale, disk = (double)role->disk_mbs * 1e6 * scale;
	uint64_t read_ns = 150000 + 100000 * (sim_vm_bits(vm, 54) % 60);
	uint64_t write_ns = 300000 + 100000 * (sim_vm_bits(vm, 55) % 90);

	raw[RAW_NET_TX_BYTES] = counter(load, net * out_share);
	raw[RAW_NET_RX_BYTES] = counter(load, net * (1 - out_share));
	raw[RAW_DISK_WR_BYTES] = counter(load, disk * write_share);
	raw[RAW_DISK_RD_BYTES] = counter(load, disk * (1 - write_share));
	raw[RAW_DISK_WR_OPS] = counter(load, disk * write_share / 16384);
	raw[RAW_DISK_RD_OPS] = counter(load, disk * (1 - write_share) / 24576);
	raw[RAW_DISK_WR_NS] = raw[RAW_DISK_WR_OPS] * write_ns;
	raw[RAW_DISK_RD_NS] = raw[RAW_DISK_RD_OPS] * read_ns;
}

/* Guests wait for a physical CPU where the host is nearly full, some more than others. */
static double
ready_share(const struct sim_host *host, const struct sim_vm *vm)
{
	double crowd = MAX(0, (double)host->load - 0.6) * 0.5;
	double luck = sim_unit(sim_vm_bits(vm, 56));

	return 0.001 + 0.004 * luck + crowd * luck * luck;
}

static void
fill_memory(const struct sim_vm *vm, uint64_t *raw)
{
	uint64_t mem = vm->mem_mib * MIB;
	double used = 0.25 + 0.65 * sim_unit(sim_vm_bits(vm, 57));

	raw[RAW_MEM_MAX_BYTES] = mem;
	raw[RAW_MEM_BYTES] = mem;
	raw[RAW_USED_BYTES] = (uint64_t)(used * (double)vm->mem_mib) * MIB;
	/* What a guest has touched once its process keeps. */
	raw[RAW_RSS_BYTES] = (uint64_t)(MIN(1.0, used + 0.12) * (double)vm->mem_mib + 40) * MIB;
}

void
sim_vm_raw(const struct sim_host *host, const struct sim_vm *vm, double t, uint64_t raw[RAW_COUNT])
{
	double vcpu_ns = sim_vm_cpu_load(host, vm, t) * vm->vcpus * 1e9;

	raw[RAW_VCPUS] = raw[RAW_VCPUS_MAX] = vm->vcpus;
	raw[RAW_CPU_NS] = (uint64_t)llround(vcpu_ns * (double)vm->util);
	raw[RAW_DELAY_NS] = (uint64_t)llround(vcpu_ns * ready_share(host, vm));
	raw[RAW_WAIT_NS] = (uint64_t)llround(vcpu_ns * 0.06 * sim_unit(sim_vm_bits(vm, 58)));
	fill_memory(vm, raw);
	fill_io(vm, sim_vm_io_load(host, vm, t), raw);
}

uint32_t
sim_vm_tells(const struct sim_host *host, const struct sim_vm *vm)
{
	return vm_valid(host, vm, SAMPLE_FULL);
}

static void
fill_vm(const struct sim_host *host, const struct sim_vm *vm, double t, enum sample_depth depth,
	struct vm_sample *out)
{
	memcpy(out->uuid, vm->uuid, UUID_LEN);
	out->name = sim_vm_label(vm);
	out->id = vm->id;
	out->state = (enum vm_state)vm->state;
	out->reason = depth == SAMPLE_LIST ? NULL : vm->reason;
	out->autostart = vm->autostart;
	out->autostart_known = out->persistent = true;
	out->valid = vm_valid(host, vm, depth);
	if (out->valid)
		sim_vm_raw(host, vm, t, out->raw);
}

/* Xen's control domain is in every list, with no uuid but zeroes. */
static double
dom0_cpu_ns(const struct sim_host *host, double t)
{
	return (t + 86400.0 * (30 + (double)(host->bits % 200))) * 0.02 * host->cpus * 1e9;
}

static void
fill_dom0(const struct sim_host *host, double t, enum sample_depth depth, struct vm_sample *out)
{
	out->name = g_strdup("Domain-0");
	out->state = VM_STATE_RUNNING;
	out->is_dom0 = out->persistent = out->autostart_known = true;
	if (depth != SAMPLE_FULL)
		return;
	out->valid = SIZE_RAWS | BIT(RAW_CPU_NS) | BIT(RAW_MEM_BYTES);
	out->raw[RAW_VCPUS] = out->raw[RAW_VCPUS_MAX] = 8;
	out->raw[RAW_CPU_NS] = (uint64_t)llround(dom0_cpu_ns(host, t));
	out->raw[RAW_MEM_BYTES] = out->raw[RAW_MEM_MAX_BYTES] = host->dom0_mib * MIB;
}

static uint64_t
memory_held(const struct sim_host *host)
{
	uint64_t held = host->dom0_mib * MIB;
	uint64_t raw[RAW_COUNT];

	for (unsigned i = 0; i < host->nvms; i++) {
		const struct sim_vm *vm = &host->vms[i];

		if (!sim_vm_active(vm) && vm->state != VM_STATE_PAUSED)
			continue;
		fill_memory(vm, raw);
		held += raw[host->hypervisor == HYPERVISOR_XEN ? RAW_MEM_BYTES : RAW_RSS_BYTES];
	}
	return held;
}

/* Most hosts of a kind run the same few systems; some find a lot to merge. */
static uint64_t
ksm_saved(const struct sim_host *host, uint64_t held)
{
	double share = 0.09 * pow(sim_unit(sim_mix(host->bits, 60)), 2);

	return (uint64_t)(share * (double)(held / MIB)) * MIB;
}

double
sim_host_busy_ns(const struct sim_host *host, double t)
{
	double busy = host->retired_ns + dom0_cpu_ns(host, t);

	for (unsigned i = 0; i < host->nvms; i++)
		busy += sim_vm_cpu_ns(host, &host->vms[i], t);
	return busy;
}

uint64_t
sim_host_free_bytes(const struct sim_host *host)
{
	uint64_t total = host->mem_mib * MIB, held = memory_held(host);

	if (host->hypervisor == HYPERVISOR_KVM)
		held -= ksm_saved(host, held);
	return held < total ? total - held : 0;
}

static void
fill_host(const struct sim_host *host, double t, struct host_sample *out)
{
	double uptime = t + 86400.0 * 400;

	out->valid = host->hypervisor == HYPERVISOR_XEN ? XEN_HOST_RAWS : KVM_HOST_RAWS;
	out->raw[HRAW_PCPUS] = host->cpus;
	out->raw[HRAW_CPU_BUSY_NS] = (uint64_t)llround(sim_host_busy_ns(host, t));
	out->raw[HRAW_CPU_TOTAL_NS] = (uint64_t)llround(uptime * host->cpus * 1e9);
	out->raw[HRAW_MEM_TOTAL] = host->mem_mib * MIB;
	out->raw[HRAW_MEM_FREE] = sim_host_free_bytes(host);
	out->raw[HRAW_KSM_SAVED] = ksm_saved(host, memory_held(host));
	out->raw[HRAW_RTT_US] = (uint64_t)host->rtt_us;
}

void
sim_sample_host(const struct sim_host *host, int64_t now_us, enum sample_depth depth, struct host_sample *out)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	double t = sim_time(host->sim, now_us);
	int64_t taken_us = host->sim->epoch_us + (int64_t)llround(t * 1e6);

	out->taken_us = taken_us;
	g_array_set_size(out->vms, host->nvms + (xen ? 1 : 0));
	memset(out->vms->data, 0, out->vms->len * sizeof(struct vm_sample));
	for (unsigned i = 0; i < out->vms->len; i++)
		g_array_index(out->vms, struct vm_sample, i).taken_us = taken_us;
	for (unsigned i = 0; i < host->nvms; i++)
		fill_vm(host, &host->vms[i], t, depth, &g_array_index(out->vms, struct vm_sample, i));
	if (xen)
		fill_dom0(host, t, depth, &g_array_index(out->vms, struct vm_sample, host->nvms));
	if (depth != SAMPLE_LIST)
		fill_host(host, t, out);
}
