#include "fleet/rates.h"

#include "fleet/snapshot.h"

static void
vm_set(struct vm *vm, enum vm_field field, double value)
{
	vm->value[field] = value;
	vm->valid |= 1u << field;
}

static void
host_set(struct host_snap *host, enum host_field field, double value)
{
	host->value[field] = value;
	host->valid |= 1u << field;
}

/* One counter in two samples: how much it grew. False when it is missing in one or went backwards (the guest was restarted
 * or has moved): then there is no rate, rather than a spike. */
static bool
grown(uint32_t prev_valid, const uint64_t *prev, uint32_t cur_valid, const uint64_t *cur, int raw,
	double *out)
{
	if (!((prev_valid & cur_valid) >> raw & 1u) || cur[raw] < prev[raw])
		return false;
	*out = (double)(cur[raw] - prev[raw]);
	return true;
}

static bool
vm_grown(const struct vm_sample *prev, const struct vm_sample *cur, enum vm_raw raw, double *out)
{
	return grown(prev->valid, prev->raw, cur->valid, cur->raw, raw, out);
}

static const struct {
	enum vm_raw raw;
	enum vm_field field;
} gauges[] = {
	{ RAW_VCPUS, VM_VCPUS },
	{ RAW_VCPUS_MAX, VM_VCPUS_MAX },
	{ RAW_MEM_BYTES, VM_MEM },
	{ RAW_MEM_MAX_BYTES, VM_MEM_MAX },
	{ RAW_RSS_BYTES, VM_MEM_RSS },
	{ RAW_USED_BYTES, VM_MEM_USED },
};

/* Counters of nanoseconds that are a share of the time of all vCPUs. */
static const struct {
	enum vm_raw raw;
	enum vm_field field;
} shares[] = {
	{ RAW_CPU_NS, VM_CPU },
	{ RAW_DELAY_NS, VM_READY },
	{ RAW_WAIT_NS, VM_WAIT },
};

/* Plain rates per second. */
static const struct {
	enum vm_raw raw;
	enum vm_field field;
} flows[] = {
	{ RAW_NET_RX_BYTES, VM_NET_RX },
	{ RAW_NET_TX_BYTES, VM_NET_TX },
	{ RAW_DISK_RD_BYTES, VM_DISK_RD },
	{ RAW_DISK_WR_BYTES, VM_DISK_WR },
	{ RAW_DISK_RD_OPS, VM_DISK_RD_OPS },
	{ RAW_DISK_WR_OPS, VM_DISK_WR_OPS },
};

/* Latency: time spent in requests / requests. */
static const struct {
	enum vm_raw time, count;
	enum vm_field field;
} latencies[] = {
	{ RAW_DISK_RD_NS, RAW_DISK_RD_OPS, VM_DISK_RD_MS },
	{ RAW_DISK_WR_NS, RAW_DISK_WR_OPS, VM_DISK_WR_MS },
};

static const struct {
	enum vm_field sum, a, b;
} sums[] = {
	{ VM_NET, VM_NET_RX, VM_NET_TX },
	{ VM_DISK, VM_DISK_RD, VM_DISK_WR },
};

void
rates_vm(const struct vm_sample *prev, const struct vm_sample *cur, struct vm *out)
{
	/* another id: it was started anew meanwhile, and its counters with it, even if they have overtaken the old ones */
	if (prev && prev->id != cur->id)
		prev = NULL;

	double wall_us = prev ? (double)(cur->taken_us - prev->taken_us) : 0, delta, count;

	out->valid = 0;
	for (size_t i = 0; i < G_N_ELEMENTS(gauges); i++)
		if (cur->valid >> gauges[i].raw & 1u)
			vm_set(out, gauges[i].field, (double)cur->raw[gauges[i].raw]);
	if (cur->valid >> RAW_CPU_NS & 1u)
		vm_set(out, VM_CPU_TIME, (double)cur->raw[RAW_CPU_NS] / 1e9);
	if (wall_us <= 0 || !vm_is_running(out))
		return;

	if (VM_HAS(out, VM_VCPUS) && out->value[VM_VCPUS] > 0)
		for (size_t i = 0; i < G_N_ELEMENTS(shares); i++)
			if (vm_grown(prev, cur, shares[i].raw, &delta))
				vm_set(out, shares[i].field,
					100 * delta / (wall_us * 1000) / out->value[VM_VCPUS]);
	for (size_t i = 0; i < G_N_ELEMENTS(flows); i++)
		if (vm_grown(prev, cur, flows[i].raw, &delta))
			vm_set(out, flows[i].field, delta / (wall_us / 1e6));
	for (size_t i = 0; i < G_N_ELEMENTS(latencies); i++)
		if (vm_grown(prev, cur, latencies[i].time, &delta) &&
			vm_grown(prev, cur, latencies[i].count, &count) && count > 0)
			vm_set(out, latencies[i].field, delta / count / 1e6);
	for (size_t i = 0; i < G_N_ELEMENTS(sums); i++)
		if (VM_HAS(out, sums[i].a) && VM_HAS(out, sums[i].b))
			vm_set(out, sums[i].sum, out->value[sums[i].a] + out->value[sums[i].b]);
}

/* The share of the host's CPUs that all domains used. False unless Domain-0 is listed (else there may be work on the host
 * that is no domain's) and the rate of every running domain is known. */
static bool
domains_cpu(const struct vm *vms, size_t nvms, double pcpus, double *out)
{
	double used = 0;
	bool dom0 = false;

	for (size_t i = 0; i < nvms; i++) {
		const struct vm *vm = &vms[i];

		if (!vm_is_running(vm))
			continue;
		if (!VM_HAS(vm, VM_CPU) || !VM_HAS(vm, VM_VCPUS))
			return false;
		used += vm->value[VM_CPU] * vm->value[VM_VCPUS];
		dom0 = dom0 || vm->is_dom0;
	}
	if (!dom0 || pcpus <= 0)
		return false;
	*out = used / pcpus;
	return true;
}

void
rates_host(const struct host_sample *prev, const struct host_sample *cur, const struct vm *vms, size_t nvms,
	struct host_snap *out)
{
	double busy, total, share;

	if (cur->valid >> HRAW_PCPUS & 1u)
		host_set(out, HOST_PCPUS, (double)cur->raw[HRAW_PCPUS]);
	if (cur->valid >> HRAW_MEM_TOTAL & 1u)
		host_set(out, HOST_MEM_TOTAL, (double)cur->raw[HRAW_MEM_TOTAL]);
	if ((cur->valid >> HRAW_MEM_TOTAL & 1u) && (cur->valid >> HRAW_MEM_FREE & 1u) &&
		cur->raw[HRAW_MEM_FREE] <= cur->raw[HRAW_MEM_TOTAL])
		host_set(out, HOST_MEM_USED, (double)(cur->raw[HRAW_MEM_TOTAL] - cur->raw[HRAW_MEM_FREE]));
	if (cur->valid >> HRAW_KSM_SAVED & 1u)
		host_set(out, HOST_KSM_SAVED, (double)cur->raw[HRAW_KSM_SAVED]);
	if (cur->valid >> HRAW_RTT_US & 1u)
		host_set(out, HOST_RTT, (double)cur->raw[HRAW_RTT_US] / 1000);

	if (cur->valid >> HRAW_CPU_TOTAL_NS & 1u) {
		if (prev && grown(prev->valid, prev->raw, cur->valid, cur->raw, HRAW_CPU_BUSY_NS, &busy) &&
			grown(prev->valid, prev->raw, cur->valid, cur->raw, HRAW_CPU_TOTAL_NS, &total) &&
			total > 0)
			host_set(out, HOST_CPU, 100 * busy / total);
	} else if (HOST_HAS(out, HOST_PCPUS) && domains_cpu(vms, nvms, out->value[HOST_PCPUS], &share)) {
		host_set(out, HOST_CPU, share);
	}
}
