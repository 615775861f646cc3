#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/virerror.h"
#include "fleet/xentop.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024
/* Xen says "no limit" with a number near 2^64; no guest has more than this. */
#define MEM_KIB_MAX (1ull << 42)

/* A reading under way: a round trip that fails only costs its own numbers, unless the connection went with it. */
struct reading {
	struct libvirt *lv;
	struct guest *guest;
	struct vm_sample *out;
	GError **error;
};

/* After a failed call: remembers in *LACKS when the driver doesn't know it at all. False when the link was lost. */
static bool
forgive(struct reading *reading, bool *lacks, const char *doing)
{
	if (lacks && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
		*lacks = true;
	return !libvirt_lost(reading->lv, reading->error, doing);
}

static void
set_kib(struct vm_sample *out, enum vm_raw raw, unsigned long long kib)
{
	if (kib < MEM_KIB_MAX)
		vm_sample_set(out, raw, kib * KIB);
}

static bool
read_info(struct reading *reading)
{
	virDomainInfo info;

	reading->lv->spent++;
	if (virDomainGetInfo(reading->guest->dom, &info) < 0)
		return forgive(reading, NULL, "read a guest");
	reading->out->state = stats_state(info.state);
	vm_sample_set(reading->out, RAW_VCPUS, info.nrVirtCpu);
	set_kib(reading->out, RAW_MEM_MAX_BYTES, info.maxMem);
	if (reading->out->id >= 0) {
		set_kib(reading->out, RAW_MEM_BYTES, info.memory);
		vm_sample_set(reading->out, RAW_CPU_NS, info.cpuTime);
	}
	return true;
}

static bool
read_memory(struct reading *reading)
{
	virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
	unsigned long long value[VIR_DOMAIN_MEMORY_STAT_NR] = { 0 };
	bool has[VIR_DOMAIN_MEMORY_STAT_NR] = { false };

	if (reading->lv->lacks.guest_mem)
		return true;
	reading->lv->spent++;
	int n = virDomainMemoryStats(reading->guest->dom, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);
	if (n < 0)
		return forgive(reading, &reading->lv->lacks.guest_mem, "read a guest's memory");
	for (int i = 0; i < n; i++) {
		if (stats[i].tag < 0 || stats[i].tag >= VIR_DOMAIN_MEMORY_STAT_NR)
			continue;
		value[stats[i].tag] = stats[i].val;
		has[stats[i].tag] = true;
	}

	int free_tag = has[VIR_DOMAIN_MEMORY_STAT_USABLE] ? VIR_DOMAIN_MEMORY_STAT_USABLE
							  : VIR_DOMAIN_MEMORY_STAT_UNUSED;
	unsigned long long available = value[VIR_DOMAIN_MEMORY_STAT_AVAILABLE];
	if (has[VIR_DOMAIN_MEMORY_STAT_AVAILABLE] && has[free_tag] && value[free_tag] <= available)
		set_kib(reading->out, RAW_USED_BYTES, available - value[free_tag]);
	if (has[VIR_DOMAIN_MEMORY_STAT_RSS])
		set_kib(reading->out, RAW_RSS_BYTES, value[VIR_DOMAIN_MEMORY_STAT_RSS]);
	/* Xen repeats what virDomainGetInfo() tells: not worth a round trip for each guest */
	reading->lv->lacks.guest_mem = reading->lv->driver == DRIVER_XEN &&
				       !(reading->out->valid & (1u << RAW_USED_BYTES | 1u << RAW_RSS_BYTES));
	return true;
}

/* The facts, for the names of the guest's devices. */
static bool
read_devices(struct reading *reading)
{
	struct guest *guest = reading->guest;

	if (guest->facts)
		return true;
	if (!node_read_info(reading->lv, reading->error))
		return false;
	reading->lv->spent++;
	char *xml = virDomainGetXMLDesc(guest->dom, 0);
	if (!xml)
		return forgive(reading, NULL, "read a guest's XML");
	guest->facts = libvirt_parse_facts(reading->lv, xml, &guest->vcpus_max, NULL);
	free(xml);
	return true;
}

static void
add(struct vm_sample *out, enum vm_raw raw, long long value)
{
	bool known = (out->valid >> raw) & 1u;

	if (value >= 0)
		vm_sample_set(out, raw, (known ? out->raw[raw] : 0) + (uint64_t)value);
}

/* How one device went. */
enum outcome {
	OUTCOME_READ,
	OUTCOME_NOT_NOW,
	OUTCOME_NEVER, /* this one can't be measured */
	OUTCOME_LOST,  /* the link was lost, error set */
};

static enum outcome
device_failed(struct reading *reading, bool *lacks, const char *doing)
{
	bool never = virerror_last() == FLEET_ERROR_UNSUPPORTED;

	if (!forgive(reading, lacks, doing))
		return OUTCOME_LOST;
	return never ? OUTCOME_NEVER : OUTCOME_NOT_NOW;
}

static enum outcome
read_nic(struct reading *reading, const char *target)
{
	virDomainInterfaceStatsStruct stats;

	if (reading->lv->lacks.guest_net)
		return OUTCOME_NEVER;
	reading->lv->spent++;
	if (virDomainInterfaceStats(reading->guest->dom, target, &stats, sizeof(stats)) < 0)
		return device_failed(reading, &reading->lv->lacks.guest_net, "read a guest's network");
	add(reading->out, RAW_NET_RX_BYTES, stats.rx_bytes);
	add(reading->out, RAW_NET_TX_BYTES, stats.tx_bytes);
	return OUTCOME_READ;
}

static unsigned
count_nics(const struct vm_facts *facts)
{
	unsigned n = 0;

	for (size_t i = 0; i < facts->nnics; i++)
		n += facts->nics[i].target != NULL;
	return n;
}

/* When one device is missing in a sum, the next reading that has it would look like a burst of traffic: so the sum is
 * all or nothing. A passed-through NIC has no target and is never part of it. */
static bool
read_nics(struct reading *reading, const struct xentop_vm *told)
{
	const struct vm_facts *facts = reading->guest->facts;
	enum outcome outcome = OUTCOME_READ;

	if (told && told->nics > 0 && told->nics == count_nics(facts)) {
		vm_sample_set(reading->out, RAW_NET_RX_BYTES, told->rx_bytes);
		vm_sample_set(reading->out, RAW_NET_TX_BYTES, told->tx_bytes);
		return true;
	}
	for (size_t i = 0; i < facts->nnics && outcome == OUTCOME_READ; i++)
		if (facts->nics[i].target)
			outcome = read_nic(reading, facts->nics[i].target);

	if (outcome != OUTCOME_READ)
		reading->out->valid &= ~stats_group_raw(STATS_NET);
	else if (facts->nnics == 0)
		reading->out->valid |= stats_group_raw(STATS_NET);
	return outcome != OUTCOME_LOST;
}

static const struct {
	const char *name;
	enum vm_raw raw;
} block_params[] = {
	{ VIR_DOMAIN_BLOCK_STATS_READ_BYTES, RAW_DISK_RD_BYTES },
	{ VIR_DOMAIN_BLOCK_STATS_READ_REQ, RAW_DISK_RD_OPS },
	{ VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES, RAW_DISK_RD_NS },
	{ VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES, RAW_DISK_WR_BYTES },
	{ VIR_DOMAIN_BLOCK_STATS_WRITE_REQ, RAW_DISK_WR_OPS },
	{ VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES, RAW_DISK_WR_NS },
};

static enum outcome
read_disk_bytes(struct reading *reading, const char *target)
{
	virDomainBlockStatsStruct stats;

	if (reading->lv->lacks.guest_block)
		return OUTCOME_NEVER;
	reading->lv->spent++;
	if (virDomainBlockStats(reading->guest->dom, target, &stats, sizeof(stats)) < 0)
		return device_failed(reading, &reading->lv->lacks.guest_block, "read a guest's disk");
	add(reading->out, RAW_DISK_RD_BYTES, stats.rd_bytes);
	add(reading->out, RAW_DISK_RD_OPS, stats.rd_req);
	add(reading->out, RAW_DISK_WR_BYTES, stats.wr_bytes);
	add(reading->out, RAW_DISK_WR_OPS, stats.wr_req);
	return OUTCOME_READ;
}

static enum outcome
read_disk_times(struct reading *reading, const char *target)
{
	virTypedParameter params[16];
	int n = G_N_ELEMENTS(params);
	long long value;

	reading->lv->spent++;
	if (virDomainBlockStatsFlags(reading->guest->dom, target, params, &n, 0) < 0)
		return device_failed(reading, &reading->lv->lacks.guest_block_times, "read a guest's disk");
	for (size_t i = 0; i < G_N_ELEMENTS(block_params); i++)
		if (virTypedParamsGetLLong(params, n, block_params[i].name, &value) == 1)
			add(reading->out, block_params[i].raw, value);
	virTypedParamsClear(params, n);
	return OUTCOME_READ;
}

static enum outcome
read_disk(struct reading *reading, const char *target)
{
	if (!reading->lv->lacks.guest_block_times) {
		enum outcome outcome = read_disk_times(reading, target);

		if (!reading->lv->lacks.guest_block_times)
			return outcome;
	}
	return read_disk_bytes(reading, target);
}

/* A drive for media: its use says little, and Xen can't measure it. */
static bool
is_media_drive(const struct vm_disk *disk)
{
	return g_str_equal(disk->device, "cdrom") || g_str_equal(disk->device, "floppy");
}

static unsigned
count_disks(const struct vm_facts *facts)
{
	unsigned n = 0;

	for (size_t i = 0; i < facts->ndisks; i++)
		n += facts->disks[i].target && !is_media_drive(&facts->disks[i]);
	return n;
}

static void
put_told_disks(struct vm_sample *out, const struct xentop_vm *told)
{
	vm_sample_set(out, RAW_DISK_RD_BYTES, told->rd_bytes);
	vm_sample_set(out, RAW_DISK_WR_BYTES, told->wr_bytes);
	vm_sample_set(out, RAW_DISK_RD_OPS, told->rd_ops);
	vm_sample_set(out, RAW_DISK_WR_OPS, told->wr_ops);
}

/* As with NICs: all or nothing. Xen's driver measures "phy" disks only. */
static bool
read_disks(struct reading *reading, const struct xentop_vm *told)
{
	const struct vm_facts *facts = reading->guest->facts;
	enum outcome outcome = reading->guest->no_block ? OUTCOME_NEVER : OUTCOME_READ;

	if (told && told->disks > 0 && told->disks == count_disks(facts)) {
		put_told_disks(reading->out, told);
		return true;
	}
	for (size_t i = 0; i < facts->ndisks && outcome == OUTCOME_READ; i++)
		if (facts->disks[i].target && !is_media_drive(&facts->disks[i]))
			outcome = read_disk(reading, facts->disks[i].target);

	if (outcome != OUTCOME_READ)
		reading->out->valid &= ~stats_group_raw(STATS_BLOCK);
	else if (facts->ndisks == 0)
		reading->out->valid |= stats_group_raw(STATS_BLOCK);
	reading->guest->no_block = outcome == OUTCOME_NEVER;
	return outcome != OUTCOME_LOST;
}

bool
guest_read(struct libvirt *lv, struct guest *guest, int id, GError **error)
{
	struct vm_sample now = { .id = id };
	struct reading reading = { .lv = lv, .guest = guest, .out = &now, .error = error };

	if (!read_info(&reading) || !read_devices(&reading))
		return false;
	if (guest->vcpus_max > 0)
		vm_sample_set(&now, RAW_VCPUS_MAX, guest->vcpus_max);
	if (id >= 0 && !read_memory(&reading))
		return false;
	/* Domain-0 has the host's own devices, of which its XML knows nothing */
	bool countable = id >= 0 && guest->facts && !libvirt_is_dom0(lv, guest->uuid, id);
	const struct xentop_vm *told = countable ? xen_said(lv, virDomainGetName(guest->dom)) : NULL;
	if (countable && (!read_nics(&reading, told) || !read_disks(&reading, told)))
		return false;
	now.taken_us = clock_now_us();
	guest->last = now;
	if (now.state != VM_STATE_UNKNOWN && now.state != guest->state) {
		guest->state = now.state;
		guest->reason = NULL;
	}
	guest->was_active = id >= 0;
	guest->read = lv->samples;
	return true;
}
