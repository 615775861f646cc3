#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_names.h"
#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/detail.h"
#include "fleet/snapshot.h"

#include <math.h>
#include <string.h>

#define GIB (UINT64_C(1) << 30)
/* Rates are those of the last so many seconds. */
#define WINDOW_S 2.0

/* A guest's counters now and a window ago. */
struct span {
	const struct sim_host *host;
	const struct sim_vm *vm;
	bool known; /* it ran all the time between */
	uint32_t tells;
	uint64_t was[RAW_COUNT], is[RAW_COUNT];
};

static struct span
span_of(const struct sim_host *host, const struct sim_vm *vm, double t)
{
	struct span span = { .host = host, .vm = vm, .tells = sim_vm_tells(host, vm) };

	sim_vm_raw(host, vm, t, span.is);
	if (sim_vm_cpu_load(host, vm, t) < WINDOW_S)
		return span;
	sim_vm_raw(host, vm, t - WINDOW_S, span.was);
	span.known = vm->id >= 0;
	return span;
}

/* How fast RAW grows, per second; false when that is not told. */
static bool
span_rate(const struct span *span, enum vm_raw raw, double *rate)
{
	*rate = (double)(span->is[raw] - MIN(span->was[raw], span->is[raw])) / WINDOW_S;
	return span->known && (span->tells >> raw & 1u);
}

/* What part of the guest's traffic is that of device I of N: the first has most of it. */
static double
share(size_t i, size_t n)
{
	if (n == 1)
		return 1;
	return i == 0 ? 0.6 : 0.4 / (double)(n - 1);
}

/* ---- disks and NICs ---- */

static void
disk_set(struct disk_detail *disk, enum disk_field field, double value)
{
	disk->value[field] = value;
	disk->valid |= 1u << field;
}

static const struct {
	enum vm_raw bytes, ops, ns;
	enum disk_field bytes_field, ops_field, ms_field;
} disk_ways[] = {
	{ RAW_DISK_RD_BYTES, RAW_DISK_RD_OPS, RAW_DISK_RD_NS, DISK_F_RD, DISK_F_RD_OPS, DISK_F_RD_MS },
	{ RAW_DISK_WR_BYTES, RAW_DISK_WR_OPS, RAW_DISK_WR_NS, DISK_F_WR, DISK_F_WR_OPS, DISK_F_WR_MS },
};

static void
fill_disk_rates(const struct span *span, double part, struct disk_detail *disk)
{
	double bytes, ops, ns;

	for (size_t i = 0; i < G_N_ELEMENTS(disk_ways); i++) {
		if (span_rate(span, disk_ways[i].bytes, &bytes))
			disk_set(disk, disk_ways[i].bytes_field, part * bytes);
		if (!span_rate(span, disk_ways[i].ops, &ops))
			continue;
		disk_set(disk, disk_ways[i].ops_field, part * ops);
		if (ops > 0 && span_rate(span, disk_ways[i].ns, &ns))
			disk_set(disk, disk_ways[i].ms_field, ns / ops / 1e6);
	}
}

/* libxl tells no sizes. A file grows as it is written to, the rest is there from the start. */
static void
fill_disk_sizes(const struct span *span, const struct vm_disk *facts, size_t i, struct disk_detail *disk)
{
	uint64_t bits = sim_vm_bits(span->vm, 60 + i);
	double capacity = (double)(GIB * 10 << bits % 6);
	double used = facts->storage == STORAGE_FILE ? 0.05 + 0.9 * sim_unit(sim_mix(bits, 1)) : 1;

	if (span->host->hypervisor == HYPERVISOR_XEN)
		return;
	disk_set(disk, DISK_F_CAPACITY, capacity);
	disk_set(disk, DISK_F_ALLOCATION, floor(used * capacity / 65536) * 65536);
	if (facts->storage == STORAGE_BLOCK)
		disk_set(disk, DISK_F_PHYSICAL, capacity);
}

static void
add_disks(
	const struct span *span, const struct vm_facts *facts, struct vm_detail *detail, GPtrArray *unknowns)
{
	bool xen = span->host->hypervisor == HYPERVISOR_XEN;

	detail->ndisks = facts->ndisks;
	detail->disks = g_new0(struct disk_detail, facts->ndisks);
	for (size_t i = 0; i < facts->ndisks; i++) {
		detail->disks[i].target = g_strdup(facts->disks[i].target);
		fill_disk_rates(span, share(i, facts->ndisks), &detail->disks[i]);
		fill_disk_sizes(span, &facts->disks[i], i, &detail->disks[i]);
		if (xen && facts->disks[i].storage == STORAGE_FILE && span->vm->id >= 0)
			g_ptr_array_add(unknowns,
				g_strdup_printf("traffic of %s: Xen's libxl driver counts \"phy\" disks only",
					facts->disks[i].target));
	}
}

static void
fill_nic(const struct span *span, double part, struct nic_detail *nic)
{
	static const struct {
		enum vm_raw raw;
		enum nic_field bytes, packets, errors, drops;
	} ways[] = {
		{ RAW_NET_RX_BYTES, NIC_F_RX, NIC_F_RX_PACKETS, NIC_F_RX_ERRORS, NIC_F_RX_DROPS },
		{ RAW_NET_TX_BYTES, NIC_F_TX, NIC_F_TX_PACKETS, NIC_F_TX_ERRORS, NIC_F_TX_DROPS },
	};
	double bytes;

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		uint64_t bits = sim_vm_bits(span->vm, 66 + i);

		if (!span_rate(span, ways[i].raw, &bytes))
			continue;
		nic->value[ways[i].bytes] = part * bytes;
		nic->value[ways[i].packets] = part * bytes / (double)(300 + bits % 900);
		nic->value[ways[i].drops] = bits % 9 == 0 ? (double)(bits >> 8 & 1023) : 0;
		nic->valid |= 1u << ways[i].bytes | 1u << ways[i].packets | 1u << ways[i].errors |
			      1u << ways[i].drops;
	}
}

static void
add_nics(const struct span *span, const struct vm_facts *facts, struct vm_detail *detail, GPtrArray *unknowns)
{
	detail->nics = g_new0(struct nic_detail, facts->nnics);
	for (size_t i = 0; i < facts->nnics; i++) {
		struct nic_detail *nic = &detail->nics[detail->nnics];

		if (facts->nics[i].kind == NIC_SRIOV)
			g_ptr_array_add(unknowns,
				g_strdup_printf("traffic of %s: passed through, the host does not see it",
					facts->nics[i].source));
		if (!facts->nics[i].target)
			continue;
		nic->target = g_strdup(facts->nics[i].target);
		fill_nic(span, share(i, facts->nnics), nic);
		detail->nnics++;
	}
}

/* ---- vCPUs ---- */

/* The physical CPU that a vCPU is on: it moves every few seconds where it may. */
static int
cpu_now(const struct sim_vm *vm, unsigned vcpu, const struct cpu_set *affinity, double t)
{
	size_t n = cpu_set_count(affinity);
	size_t pick = n ? sim_mix(sim_vm_bits(vm, 100 + vcpu), (uint64_t)(t / 7)) % n : 0;

	for (size_t cpu = 0; cpu < affinity->nbytes * 8; cpu++)
		if (cpu_set_has(affinity, cpu) && pick-- == 0)
			return (int)cpu;
	return -1;
}

static double
vcpu_pct(const struct span *span, enum vm_raw raw, unsigned vcpu)
{
	double spread = 0.7 + 0.6 * sim_unit(sim_vm_bits(span->vm, 120 + vcpu)), ns;

	if (!span_rate(span, raw, &ns))
		return -1;
	return MIN(100, (span->vm->vcpus == 1 ? 1 : spread) * ns / 1e7 / span->vm->vcpus);
}

static void
add_vcpus(const struct span *span, double t, struct vm_detail *detail)
{
	const struct sim_vm *vm = span->vm;

	if (vm->id < 0)
		return;
	detail->nvcpus = vm->vcpus;
	detail->vcpus = g_new0(struct vcpu_detail, vm->vcpus);
	for (unsigned i = 0; i < vm->vcpus; i++) {
		struct vcpu_detail *vcpu = &detail->vcpus[i];

		vcpu->online = true;
		vcpu->affinity = sim_vcpu_affinity(span->host, vm, i);
		vcpu->cpu = cpu_now(vm, i, &vcpu->affinity, t);
		vcpu->cpu_pct = vcpu_pct(span, RAW_CPU_NS, i);
		vcpu->ready_pct = vcpu_pct(span, RAW_DELAY_NS, i);
	}
	if (span->host->hypervisor == HYPERVISOR_XEN)
		return;
	for (unsigned cpu = 0; cpu < span->host->cpus; cpu++)
		cpu_set_add(&detail->emulator, cpu);
}

/* Few guests are weighed differently from what their hypervisor gives all, fewer are capped. */
static void
add_scheduling(const struct sim_host *host, const struct sim_vm *vm, struct vm_detail *detail)
{
	bool xen = host->hypervisor == HYPERVISOR_XEN;
	int64_t weight = xen ? 256 : 100;
	bool capped = sim_vm_bits(vm, 165) % 16 == 0;

	if (vm->id < 0)
		return;
	detail->scheduling = (struct vm_scheduling){
		.name = g_strdup(xen ? "credit" : "posix"),
		.weight = sim_vm_bits(vm, 164) % 8 ? weight : 2 * weight,
		.cap_pct = xen && capped ? 50.0 * vm->vcpus : 0,
		.vcpu_cap_pct = xen      ? -1
				: capped ? 50
					 : 0,
	};
}

/* ---- the agent inside ---- */

static void
add_filesystems(const struct sim_vm *vm, struct vm_detail *detail)
{
	static const char *const mountpoints[] = { "/", "/var", "/srv" };

	detail->nfs = 1 + sim_vm_bits(vm, 140) % G_N_ELEMENTS(mountpoints);
	detail->fs = g_new0(struct guest_fs, detail->nfs);
	for (size_t i = 0; i < detail->nfs; i++) {
		uint64_t bits = sim_vm_bits(vm, 141 + i);
		uint64_t total = GIB * 8 << bits % 5;

		detail->fs[i] = (struct guest_fs){ .mountpoint = g_strdup(mountpoints[i]),
			.type = g_strdup(bits >> 8 & 1 ? "ext4" : "xfs"),
			.total_bytes = total,
			.used_bytes = (uint64_t)((0.1 + 0.88 * sim_unit(sim_mix(bits, 2))) * (double)total) };
	}
}

static void
add_agent(const struct sim_host *host, const struct sim_vm *vm, struct vm_detail *detail, GPtrArray *unknowns)
{
	static const char *const systems[] = { "Debian GNU/Linux 12 (bookworm)", "Ubuntu 22.04.4 LTS",
		"Rocky Linux 9.3 (Blue Onyx)", "Debian GNU/Linux 11 (bullseye)" };
	uint64_t bits = sim_vm_bits(vm, 150);
	g_autofree char *name = sim_vm_label(vm);
	GPtrArray *addresses;

	if (vm->id < 0)
		return;
	if (host->hypervisor == HYPERVISOR_XEN) {
		g_ptr_array_add(
			unknowns, g_strdup("inside the guest: Xen's libxl driver asks no guest agent"));
		return;
	}
	if (sim_vm_agent(host, vm) != SIM_AGENT_CONNECTED) {
		g_ptr_array_add(
			unknowns, g_strdup(sim_vm_agent(host, vm) == SIM_AGENT_NONE
						   ? "inside the guest: it has no channel for a guest agent"
						   : "inside the guest: its guest agent is not connected"));
		return;
	}
	detail->agent_hostname = g_strdup(name);
	detail->agent_os = g_strdup(g_str_has_prefix(name, "win") ? "Microsoft Windows Server 2022"
								  : systems[bits % G_N_ELEMENTS(systems)]);
	add_filesystems(vm, detail);
	addresses = g_ptr_array_new();
	g_ptr_array_add(addresses, g_strdup_printf("eth0 10.%u.%u.%u/16", (unsigned)(bits >> 8) % 64,
					   (unsigned)(bits >> 16) % 256, 1 + (unsigned)(bits >> 24) % 254));
	detail_take(addresses, &detail->addresses);
}

/* ---- a guest ---- */

static void
add_xen_gaps(GPtrArray *unknowns)
{
	static const char *const gaps[] = {
		"sizes of disks: Xen's libxl driver doesn't tell them",
		"snapshots: Xen's libxl driver doesn't tell it",
		"ready of each vCPU: Xen's libxl driver doesn't count it",
		"emulator's CPUs: Xen's libxl driver doesn't tell it",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(gaps); i++)
		g_ptr_array_add(unknowns, g_strdup(gaps[i]));
}

struct vm_detail *
sim_vm_detail(const struct sim_host *host, const struct sim_vm *vm, int64_t now_us)
{
	double t = sim_time(host->sim, now_us);
	struct span span = span_of(host, vm, t);
	struct vm_facts *facts = sim_vm_facts(host, vm);
	struct vm_detail *detail = vm_detail_new();
	GPtrArray *unknowns = g_ptr_array_new();

	memcpy(detail->uuid, vm->uuid, UUID_LEN);
	detail->taken_us = now_us;
	add_disks(&span, facts, detail, unknowns);
	add_nics(&span, facts, detail, unknowns);
	add_vcpus(&span, t, detail);
	add_scheduling(host, vm, detail);
	add_agent(host, vm, detail, unknowns);
	if (host->hypervisor == HYPERVISOR_XEN)
		add_xen_gaps(unknowns);
	else
		detail->snapshots = sim_vm_bits(vm, 160) % 12 ? 0 : 1 + (int)(sim_vm_bits(vm, 161) % 4);
	detail->managed_save = vm->state == VM_STATE_OFF && sim_vm_bits(vm, 162) % 6 == 0;
	detail->xml = sim_vm_xml(host, vm);
	detail_take(unknowns, &detail->unknowns);
	vm_facts_unref(facts);
	return detail;
}

/* ---- a host ---- */

/* How much more than the mean a physical CPU has to do, 0..2. */
static double
cpu_weight(const struct sim_host *host, unsigned cpu, double t)
{
	uint64_t bits = sim_mix(host->bits, 300 + cpu);
	double swing = host->sim->opts.calm ? 0 : 0.8;

	return (0.5 + sim_unit(bits)) * (sim_wave(bits, t, swing) - sim_wave(bits, t - WINDOW_S, swing)) /
	       WINDOW_S;
}

static void
add_cpus(const struct sim_host *host, double t, struct host_detail *detail)
{
	double busy = sim_host_busy_ns(host, t) - sim_host_busy_ns(host, t - WINDOW_S);
	double mean = 100 * busy / (WINDOW_S * 1e9 * host->cpus);

	detail->ncpus = host->cpus;
	detail->cpu_pct = g_new(double, host->cpus);
	for (unsigned cpu = 0; cpu < host->cpus; cpu++)
		detail->cpu_pct[cpu] = CLAMP(mean * cpu_weight(host, cpu, t), 0, 100);
}

static void
add_affinities(const struct sim_host *host, struct host_detail *detail)
{
	detail->vms = g_new0(struct vm_affinity, host->nvms);
	for (unsigned i = 0; i < host->nvms; i++) {
		const struct sim_vm *vm = &host->vms[i];
		struct vm_affinity *out = &detail->vms[detail->nvms];

		if (vm->id < 0)
			continue;
		memcpy(out->uuid, vm->uuid, UUID_LEN);
		for (unsigned vcpu = 0; vcpu < vm->vcpus; vcpu++) {
			struct cpu_set set = sim_vcpu_affinity(host, vm, vcpu);

			cpu_set_add_all(&out->cpus, &set);
			cpu_set_clear(&set);
		}
		out->pinned = !cpu_set_full(&out->cpus, host->cpus);
		detail->nvms++;
	}
}

static void
add_pools(const struct sim_host *host, struct host_detail *detail)
{
	GPtrArray *pools = g_ptr_array_new(), *networks = g_ptr_array_new();
	double used = 0.3 + 0.6 * sim_unit(sim_mix(host->bits, 80));
	uint64_t size = 800 * GIB << sim_mix(host->bits, 81) % 3;

	g_ptr_array_add(networks, detail_network_text("default", false, NULL));
	if (host->hypervisor == HYPERVISOR_KVM) {
		g_ptr_array_add(
			pools, detail_pool_text("default", "active", (uint64_t)(used * (double)size), size));
		g_ptr_array_add(pools, detail_pool_text("vms", "active", 31 * GIB << 10, 96 * GIB << 10));
		g_ptr_array_add(networks, detail_network_text("lan", true, "br0"));
	}
	detail_take(pools, &detail->pools);
	detail_take(networks, &detail->networks);
}

struct host_detail *
sim_host_detail(const struct sim_host *host, int64_t now_us)
{
	double t = sim_time(host->sim, now_us), skew = 0.3 + 0.4 * sim_unit(sim_mix(host->bits, 82));
	struct host_detail *detail = host_detail_new();
	uint64_t unused = sim_host_free_bytes(host);
	GPtrArray *unknowns = g_ptr_array_new();

	detail->taken_us = now_us;
	detail->ncells = SIM_CELLS;
	detail->cell_free = g_new(uint64_t, SIM_CELLS);
	detail->cell_free[0] = (uint64_t)(skew * (double)unused);
	detail->cell_free[1] = unused - detail->cell_free[0];
	if (host->hypervisor == HYPERVISOR_XEN)
		g_ptr_array_add(
			unknowns, g_strdup("use of each physical CPU: Xen's libxl driver doesn't count it"));
	else
		add_cpus(host, t, detail);
	add_affinities(host, detail);
	add_pools(host, detail);
	detail_take(unknowns, &detail->unknowns);
	return detail;
}
