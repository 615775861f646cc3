#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <string.h>

/* Where there are no bulk statistics each device costs a round trip: no page needs more than these. */
#define SINGLE_MAX   16
#define NAME_MAX_LEN 128

/* ---- numbers, wherever they come from ---- */

enum disk_number {
	DISK_RD_BYTES,
	DISK_RD_REQS,
	DISK_RD_TIMES,
	DISK_WR_BYTES,
	DISK_WR_REQS,
	DISK_WR_TIMES,
	DISK_CAPACITY,
	DISK_ALLOCATION,
	DISK_PHYSICAL,
	DISK_NUMBERS
};

static const char *const disk_names[DISK_NUMBERS] = {
	[DISK_RD_BYTES] = "rd.bytes",
	[DISK_RD_REQS] = "rd.reqs",
	[DISK_RD_TIMES] = "rd.times",
	[DISK_WR_BYTES] = "wr.bytes",
	[DISK_WR_REQS] = "wr.reqs",
	[DISK_WR_TIMES] = "wr.times",
	[DISK_CAPACITY] = "capacity",
	[DISK_ALLOCATION] = "allocation",
	[DISK_PHYSICAL] = "physical",
};

static const char *const nic_names[NIC_F_COUNT] = {
	[NIC_F_RX] = "rx.bytes",
	[NIC_F_TX] = "tx.bytes",
	[NIC_F_RX_PACKETS] = "rx.pkts",
	[NIC_F_TX_PACKETS] = "tx.pkts",
	[NIC_F_RX_ERRORS] = "rx.errs",
	[NIC_F_TX_ERRORS] = "tx.errs",
	[NIC_F_RX_DROPS] = "rx.drop",
	[NIC_F_TX_DROPS] = "tx.drop",
};

#define NUMBERS_MAX MAX((unsigned)DISK_NUMBERS, (unsigned)NIC_F_COUNT)

/* What a driver told of one disk or NIC. */
struct numbers {
	const char *device;
	uint32_t has;
	uint64_t value[NUMBERS_MAX];
};

/* libvirt says "not told" with a negative number. */
static void
numbers_set(struct numbers *numbers, unsigned number, long long value)
{
	if (value < 0)
		return;
	numbers->value[number] = (uint64_t)value;
	numbers->has |= 1u << number;
}

static bool
rate_of(struct look *look, const struct numbers *numbers, unsigned number, const char *name, double *rate)
{
	char key[NAME_MAX_LEN];

	snprintf(key, sizeof key, "%s %s", numbers->device, name);
	return (numbers->has >> number & 1u) &&
	       meter_rate(look->vm->meter, key, numbers->value[number], look->now_us, rate);
}

/* ---- a disk ---- */

static void
disk_set(struct disk_detail *disk, enum disk_field field, double value)
{
	disk->value[field] = value;
	disk->valid |= 1u << field;
}

static void
fill_disk(struct look *look, const struct numbers *numbers, struct disk_detail *disk)
{
	static const struct {
		enum disk_number bytes, reqs, times;
		enum disk_field rate, ops, ms;
	} ways[] = {
		{ DISK_RD_BYTES, DISK_RD_REQS, DISK_RD_TIMES, DISK_F_RD, DISK_F_RD_OPS, DISK_F_RD_MS },
		{ DISK_WR_BYTES, DISK_WR_REQS, DISK_WR_TIMES, DISK_F_WR, DISK_F_WR_OPS, DISK_F_WR_MS },
	};
	double rate, ops, ns;

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		if (rate_of(look, numbers, ways[i].bytes, disk_names[ways[i].bytes], &rate))
			disk_set(disk, ways[i].rate, rate);
		bool has_ns = rate_of(look, numbers, ways[i].times, disk_names[ways[i].times], &ns);
		if (!rate_of(look, numbers, ways[i].reqs, disk_names[ways[i].reqs], &ops))
			continue;
		disk_set(disk, ways[i].ops, ops);
		if (has_ns && ops > 0)
			disk_set(disk, ways[i].ms, ns / ops / 1e6);
	}
}

static bool
has_number(const struct numbers *numbers, enum disk_number number)
{
	return numbers->has >> number & 1u;
}

/* Of a file, libvirt's "physical" is what it takes of its file system, and of a device its size. "Allocation" is as far as
 * was written since the guest started: for an image on a device the best there is, for all else misleading. */
static void
fill_disk_sizes(const struct numbers *numbers, const struct vm_disk *facts, struct disk_detail *disk)
{
	bool in_file = facts->storage == STORAGE_FILE;
	bool grows = facts->storage == STORAGE_BLOCK && g_strcmp0(facts->format, "raw") != 0;
	enum disk_number taken = grows ? DISK_ALLOCATION : DISK_PHYSICAL;

	if (has_number(numbers, DISK_CAPACITY))
		disk_set(disk, DISK_F_CAPACITY, (double)numbers->value[DISK_CAPACITY]);
	if (has_number(numbers, taken) && numbers->value[taken] > 0)
		disk_set(disk, DISK_F_ALLOCATION, (double)numbers->value[taken]);
	if (has_number(numbers, DISK_PHYSICAL) && !in_file)
		disk_set(disk, DISK_F_PHYSICAL, (double)numbers->value[DISK_PHYSICAL]);
}

/* ---- a NIC ---- */

static void
fill_nic(struct look *look, const struct numbers *numbers, struct nic_detail *nic)
{
	for (unsigned field = 0; field < NIC_F_COUNT; field++) {
		bool counted = field >= NIC_F_RX_ERRORS; /* errors and drops are shown as they are */
		bool known = counted ? numbers->has >> field & 1u
				     : rate_of(look, numbers, field, nic_names[field], &nic->value[field]);

		if (counted && known)
			nic->value[field] = (double)numbers->value[field];
		if (known)
			nic->valid |= 1u << field;
	}
}

static struct disk_detail *
find_disk(const struct look *look, const char *target)
{
	for (size_t i = 0; i < look->detail->ndisks; i++)
		if (strcmp(look->detail->disks[i].target, target) == 0)
			return &look->detail->disks[i];
	return NULL;
}

static const struct vm_disk *
facts_of_disk(const struct look *look, const char *target)
{
	const struct vm_facts *facts = look->vm->facts;

	for (size_t i = 0; i < facts->ndisks; i++)
		if (g_strcmp0(facts->disks[i].target, target) == 0)
			return &facts->disks[i];
	return NULL;
}

static struct nic_detail *
find_nic(const struct look *look, const char *target)
{
	for (size_t i = 0; i < look->detail->nnics; i++)
		if (strcmp(look->detail->nics[i].target, target) == 0)
			return &look->detail->nics[i];
	return NULL;
}

/* ---- in bulk ---- */

static struct numbers
read_params(virTypedParameterPtr params, int n, const char *group, unsigned index, const char *const *names,
	unsigned nnames)
{
	struct numbers numbers = { 0 };
	char field[VIR_TYPED_PARAM_FIELD_LENGTH];
	unsigned long long value;

	snprintf(field, sizeof field, "%s.%u.name", group, index);
	virTypedParamsGetString(params, n, field, &numbers.device);
	for (unsigned i = 0; i < nnames; i++) {
		snprintf(field, sizeof field, "%s.%u.%s", group, index, names[i]);
		if (virTypedParamsGetULLong(params, n, field, &value) == 1)
			numbers_set(&numbers, i, (long long)MIN(value, (unsigned long long)INT64_MAX));
	}
	return numbers;
}

static void
read_record(struct look *look, virTypedParameterPtr params, int n)
{
	unsigned count = 0;
	int state = VIR_DOMAIN_NOSTATE;

	virTypedParamsGetInt(params, n, "state.state", &state);
	look->running = state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED;
	virTypedParamsGetUInt(params, n, "block.count", &count);
	for (unsigned i = 0; i < count; i++) {
		struct numbers numbers = read_params(params, n, "block", i, disk_names, DISK_NUMBERS);
		struct disk_detail *disk = numbers.device ? find_disk(look, numbers.device) : NULL;

		if (!disk)
			continue;
		fill_disk(look, &numbers, disk);
		fill_disk_sizes(&numbers, facts_of_disk(look, disk->target), disk);
	}
	count = 0;
	virTypedParamsGetUInt(params, n, "net.count", &count);
	for (unsigned i = 0; i < count; i++) {
		struct numbers numbers = read_params(params, n, "net", i, nic_names, NIC_F_COUNT);
		struct nic_detail *nic = numbers.device ? find_nic(look, numbers.device) : NULL;

		if (nic)
			fill_nic(look, &numbers, nic);
	}
	look_at_vcpu_params(look, params, n);
}

static bool
look_in_bulk(struct look *look)
{
	unsigned groups = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_INTERFACE;
	unsigned flags = look->lv->lacks.nowait ? 0 : VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT;
	virDomainPtr doms[] = { look->dom, NULL };
	virDomainStatsRecordPtr *records = NULL;
	int n;

	if (!look->silent)
		groups |= VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BLOCK;
	n = virDomainListGetStats(doms, groups, &records, flags);
	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "disks, network and vCPUs", look->error);
	look->now_us = clock_now_us();
	if (n > 0)
		read_record(look, records[0]->params, records[0]->nparams);
	virDomainStatsRecordListFree(records);
	return true;
}

/* ---- one by one ---- */

static bool
disk_failed(struct look *look, const char *target)
{
	g_autofree char *what = g_strdup_printf("traffic of %s", target);

	if (look->lv->driver != DRIVER_XEN || virGetLastErrorCode() != VIR_ERR_OPERATION_UNSUPPORTED)
		return detail_failed(look->lv, look->unknowns, what, look->error);
	detail_lacks(look->lv, look->unknowns, what, "counts \"phy\" disks only");
	return true;
}

/* A drive for media, whose use says little and which Xen can't measure. */
static bool
is_media_drive(const struct look *look, const char *target)
{
	const struct vm_disk *facts = facts_of_disk(look, target);

	return strcmp(facts->device, "cdrom") == 0 || strcmp(facts->device, "floppy") == 0;
}

static bool
look_at_disk(struct look *look, struct disk_detail *disk)
{
	struct numbers numbers = { .device = disk->target };
	virDomainBlockStatsStruct stats;

	if (is_media_drive(look, disk->target))
		return true;
	if (virDomainBlockStats(look->dom, disk->target, &stats, sizeof(stats)) < 0)
		return disk_failed(look, disk->target);
	look->now_us = clock_now_us();
	numbers_set(&numbers, DISK_RD_BYTES, stats.rd_bytes);
	numbers_set(&numbers, DISK_RD_REQS, stats.rd_req);
	numbers_set(&numbers, DISK_WR_BYTES, stats.wr_bytes);
	numbers_set(&numbers, DISK_WR_REQS, stats.wr_req);
	fill_disk(look, &numbers, disk);
	return true;
}

static bool
look_at_nic(struct look *look, struct nic_detail *nic)
{
	struct numbers numbers = { .device = nic->target };
	virDomainInterfaceStatsStruct stats;

	if (virDomainInterfaceStats(look->dom, nic->target, &stats, sizeof(stats)) < 0) {
		g_autofree char *what = g_strdup_printf("traffic of %s", nic->target);

		return detail_failed(look->lv, look->unknowns, what, look->error);
	}
	look->now_us = clock_now_us();
	numbers_set(&numbers, NIC_F_RX, stats.rx_bytes);
	numbers_set(&numbers, NIC_F_RX_PACKETS, stats.rx_packets);
	numbers_set(&numbers, NIC_F_RX_ERRORS, stats.rx_errs);
	numbers_set(&numbers, NIC_F_RX_DROPS, stats.rx_drop);
	numbers_set(&numbers, NIC_F_TX, stats.tx_bytes);
	numbers_set(&numbers, NIC_F_TX_PACKETS, stats.tx_packets);
	numbers_set(&numbers, NIC_F_TX_ERRORS, stats.tx_errs);
	numbers_set(&numbers, NIC_F_TX_DROPS, stats.tx_drop);
	fill_nic(look, &numbers, nic);
	return true;
}

static bool
look_one_by_one(struct look *look)
{
	struct vm_detail *detail = look->detail;

	if (!look->active)
		return true;
	for (size_t i = 0; i < MIN(detail->ndisks, SINGLE_MAX); i++) {
		if (!look_at_disk(look, &detail->disks[i]))
			return false;
		libvirt_progress(look->lv);
	}
	for (size_t i = 0; i < MIN(detail->nnics, SINGLE_MAX); i++) {
		if (!look_at_nic(look, &detail->nics[i]))
			return false;
		libvirt_progress(look->lv);
	}
	if (detail->ndisks > 0)
		detail_lacks(look->lv, look->unknowns, "sizes of disks", "doesn't tell them");
	return true;
}

/* ---- either way ---- */

/* What the XML has; a NIC that is passed through has no name on the host, which doesn't see its traffic. */
static void
list_devices(struct look *look)
{
	const struct vm_facts *facts = look->vm->facts;
	struct vm_detail *detail = look->detail;

	if (!facts)
		return;
	detail->disks = g_new0(struct disk_detail, facts->ndisks);
	for (size_t i = 0; i < facts->ndisks; i++)
		if (facts->disks[i].target)
			detail->disks[detail->ndisks++].target = g_strdup(facts->disks[i].target);
	detail->nics = g_new0(struct nic_detail, facts->nnics);
	for (size_t i = 0; i < facts->nnics; i++) {
		if (facts->nics[i].target)
			detail->nics[detail->nnics++].target = g_strdup(facts->nics[i].target);
		else if (facts->nics[i].kind == NIC_SRIOV)
			g_ptr_array_add(look->unknowns,
				g_strdup_printf("traffic of %s: passed through, the host does not see it",
					facts->nics[i].source ? facts->nics[i].source : "a NIC"));
	}
}

/* To tell the sizes of a guest's disks that is off, QEMU's driver opens each of them, and hangs when their storage does. */
bool
look_at_devices(struct look *look)
{
	unsigned needed = STATS_BIT(STATS_BLOCK) | STATS_BIT(STATS_NET);
	const struct libvirt_lacks *lacks = &look->lv->lacks;

	list_devices(look);
	if (!look->active) {
		if (look->detail->ndisks > 0)
			g_ptr_array_add(look->unknowns,
				g_strdup("sizes of disks: the guest is off, and asking would open them"));
		return true;
	}
	if (lacks->bulk || (lacks->groups & needed) == needed)
		return look_one_by_one(look);
	return look_in_bulk(look);
}
