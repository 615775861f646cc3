#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/domxml.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"
#include "fleet/virerror.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#define KIB 1024
/* Xen says "no limit" with a number near 2^64; no guest has more than this. */
#define MEM_KIB_MAX (1ull << 42)

/* ---- the guests we hold ---- */

static guint
guest_hash(gconstpointer key)
{
	const uint8_t *uuid = key;
	guint hash;

	memcpy(&hash, uuid + UUID_LEN - sizeof(hash), sizeof(hash));
	return hash;
}

static gboolean
guest_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, UUID_LEN) == 0;
}

static void
guest_free(gpointer data)
{
	struct guest *guest = data;

	virDomainFree(guest->dom);
	vm_facts_unref(guest->facts);
	g_free(guest);
}

void
guests_init(struct libvirt *lv)
{
	lv->guests = g_hash_table_new_full(guest_hash, guest_equal, NULL, guest_free);
}

void
guests_done(struct libvirt *lv)
{
	g_hash_table_destroy(lv->guests);
}

struct guest *
guests_find(struct libvirt *lv, const uint8_t uuid[UUID_LEN])
{
	return g_hash_table_lookup(lv->guests, uuid);
}

struct guest *
guests_seen(struct libvirt *lv, struct _virDomain *dom)
{
	uint8_t uuid[UUID_LEN];

	virDomainGetUUID(dom, uuid);
	virDomainRef(dom);

	struct guest *guest = guests_find(lv, uuid);
	if (guest) {
		virDomainFree(guest->dom); /* the new one knows a new name or id */
	} else {
		guest = g_new0(struct guest, 1);
		memcpy(guest->uuid, uuid, UUID_LEN);
		g_hash_table_insert(lv->guests, guest->uuid, guest);
	}
	guest->dom = dom;
	guest->listed = lv->samples;
	return guest;
}

static gboolean
is_unlisted(gpointer key, gpointer value, gpointer data)
{
	(void)key;
	return ((const struct guest *)value)->listed != ((const struct libvirt *)data)->samples;
}

void
guests_sweep(struct libvirt *lv)
{
	g_hash_table_foreach_remove(lv->guests, is_unlisted, lv);
}

void
guests_changed(struct libvirt *lv, const uint8_t uuid[UUID_LEN])
{
	struct guest *guest = guests_find(lv, uuid);

	if (!guest)
		return;
	vm_facts_unref(guest->facts);
	guest->facts = NULL;
	guest->no_block = false;
	guest->read = 0;
}

struct _virDomain *
guests_domain(struct libvirt *lv, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct guest *guest = guests_find(lv, uuid);

	if (guest) {
		virDomainRef(guest->dom);
		return guest->dom;
	}
	virDomainPtr dom = virDomainLookupByUUID(lv->vir, uuid);
	if (!dom)
		libvirt_fail(lv, error, "find the guest");
	return dom;
}

/* ---- one guest's turn ---- */

/* A reading under way: a round trip that fails only costs its own numbers, unless the connection went with it. */
struct turn {
	struct libvirt *lv;
	struct guest *guest;
	struct vm_sample *out;
	GError **error;
};

/* After a failed call: remembers in *LACKS when the driver doesn't know it at all. False when the link was lost. */
static bool
forgive(struct turn *turn, bool *lacks, const char *doing)
{
	if (lacks && virGetLastErrorCode() == VIR_ERR_NO_SUPPORT)
		*lacks = true;
	return !libvirt_lost(turn->lv, turn->error, doing);
}

static void
set_kib(struct vm_sample *out, enum vm_raw raw, unsigned long long kib)
{
	if (kib < MEM_KIB_MAX)
		vm_sample_set(out, raw, kib * KIB);
}

static bool
read_info(struct turn *turn)
{
	virDomainInfo info;

	turn->lv->spent++;
	if (virDomainGetInfo(turn->guest->dom, &info) < 0)
		return forgive(turn, NULL, "read a guest");
	turn->out->state = stats_state(info.state);
	vm_sample_set(turn->out, RAW_VCPUS, info.nrVirtCpu);
	set_kib(turn->out, RAW_MEM_MAX_BYTES, info.maxMem);
	if (turn->out->id >= 0) {
		set_kib(turn->out, RAW_MEM_BYTES, info.memory);
		vm_sample_set(turn->out, RAW_CPU_NS, info.cpuTime);
	}
	return true;
}

static bool
read_memory(struct turn *turn)
{
	virDomainMemoryStatStruct stats[VIR_DOMAIN_MEMORY_STAT_NR];
	unsigned long long value[VIR_DOMAIN_MEMORY_STAT_NR] = { 0 };
	bool has[VIR_DOMAIN_MEMORY_STAT_NR] = { false };

	if (turn->lv->lacks.guest_mem)
		return true;
	turn->lv->spent++;
	int n = virDomainMemoryStats(turn->guest->dom, stats, VIR_DOMAIN_MEMORY_STAT_NR, 0);
	if (n < 0)
		return forgive(turn, &turn->lv->lacks.guest_mem, "read a guest's memory");
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
		set_kib(turn->out, RAW_USED_BYTES, available - value[free_tag]);
	if (has[VIR_DOMAIN_MEMORY_STAT_RSS])
		set_kib(turn->out, RAW_RSS_BYTES, value[VIR_DOMAIN_MEMORY_STAT_RSS]);
	/* Xen repeats what virDomainGetInfo() tells: not worth a round trip for each guest */
	turn->lv->lacks.guest_mem = turn->lv->driver == DRIVER_XEN &&
				    !(turn->out->valid & (1u << RAW_USED_BYTES | 1u << RAW_RSS_BYTES));
	return true;
}

/* The facts, for the names of the guest's devices. */
static bool
read_devices(struct turn *turn)
{
	struct guest *guest = turn->guest;

	if (guest->facts)
		return true;
	turn->lv->spent++;
	char *xml = virDomainGetXMLDesc(guest->dom, 0);
	if (!xml)
		return forgive(turn, NULL, "read a guest's XML");
	guest->facts = domxml_parse(xml, strlen(xml), &guest->vcpus_max, NULL);
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

static bool
read_nic(struct turn *turn, const struct vm_nic *nic)
{
	virDomainInterfaceStatsStruct stats;

	turn->lv->spent++;
	if (virDomainInterfaceStats(turn->guest->dom, nic->target, &stats, sizeof(stats)) < 0)
		return forgive(turn, &turn->lv->lacks.guest_net, "read a guest's network");
	add(turn->out, RAW_NET_RX_BYTES, stats.rx_bytes);
	add(turn->out, RAW_NET_TX_BYTES, stats.tx_bytes);
	return true;
}

static bool
read_nics(struct turn *turn)
{
	const struct vm_facts *facts = turn->guest->facts;

	if (facts->nnics == 0) {
		vm_sample_set(turn->out, RAW_NET_RX_BYTES, 0);
		vm_sample_set(turn->out, RAW_NET_TX_BYTES, 0);
	}
	for (size_t i = 0; i < facts->nnics; i++)
		if (facts->nics[i].target && !turn->lv->lacks.guest_net && !read_nic(turn, &facts->nics[i]))
			return false;
	return true;
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

/* How one disk went. */
enum outcome {
	OUTCOME_READ,
	OUTCOME_NOT_NOW,
	OUTCOME_NEVER, /* this disk can't be measured */
	OUTCOME_LOST,  /* the link was lost, error set */
};

static enum outcome
disk_failed(struct turn *turn, bool *lacks)
{
	bool never = virerror_last() == FLEET_ERROR_UNSUPPORTED;

	if (!forgive(turn, lacks, "read a guest's disk"))
		return OUTCOME_LOST;
	return never ? OUTCOME_NEVER : OUTCOME_NOT_NOW;
}

static enum outcome
read_disk_bytes(struct turn *turn, const char *target)
{
	virDomainBlockStatsStruct stats;

	if (turn->lv->lacks.guest_block)
		return OUTCOME_NEVER;
	turn->lv->spent++;
	if (virDomainBlockStats(turn->guest->dom, target, &stats, sizeof(stats)) < 0)
		return disk_failed(turn, &turn->lv->lacks.guest_block);
	add(turn->out, RAW_DISK_RD_BYTES, stats.rd_bytes);
	add(turn->out, RAW_DISK_RD_OPS, stats.rd_req);
	add(turn->out, RAW_DISK_WR_BYTES, stats.wr_bytes);
	add(turn->out, RAW_DISK_WR_OPS, stats.wr_req);
	return OUTCOME_READ;
}

static enum outcome
read_disk_times(struct turn *turn, const char *target)
{
	virTypedParameter params[16];
	int n = G_N_ELEMENTS(params);
	long long value;

	turn->lv->spent++;
	if (virDomainBlockStatsFlags(turn->guest->dom, target, params, &n, 0) < 0)
		return disk_failed(turn, &turn->lv->lacks.guest_block_times);
	for (size_t i = 0; i < G_N_ELEMENTS(block_params); i++)
		if (virTypedParamsGetLLong(params, n, block_params[i].name, &value) == 1)
			add(turn->out, block_params[i].raw, value);
	virTypedParamsClear(params, n);
	return OUTCOME_READ;
}

static enum outcome
read_disk(struct turn *turn, const char *target)
{
	if (!turn->lv->lacks.guest_block_times) {
		enum outcome outcome = read_disk_times(turn, target);

		if (!turn->lv->lacks.guest_block_times)
			return outcome;
	}
	return read_disk_bytes(turn, target);
}

/* A drive for media: its use says little, and Xen can't measure it. */
static bool
is_media_drive(const struct vm_disk *disk)
{
	return g_str_equal(disk->device, "cdrom") || g_str_equal(disk->device, "floppy");
}

/* A disk that isn't measured makes the sum a lie, so then it stays unknown. (Xen measures "phy" disks only.) */
static bool
read_disks(struct turn *turn)
{
	const struct vm_facts *facts = turn->guest->facts;
	enum outcome outcome = turn->guest->no_block ? OUTCOME_NEVER : OUTCOME_READ;

	for (size_t i = 0; i < facts->ndisks && outcome == OUTCOME_READ; i++)
		if (facts->disks[i].target && !is_media_drive(&facts->disks[i]))
			outcome = read_disk(turn, facts->disks[i].target);

	if (outcome != OUTCOME_READ)
		turn->out->valid &= ~stats_group_raw(STATS_BLOCK);
	else if (facts->ndisks == 0)
		turn->out->valid |= stats_group_raw(STATS_BLOCK);
	turn->guest->no_block = outcome == OUTCOME_NEVER;
	return outcome != OUTCOME_LOST;
}

/* Reads all that can be known of one guest. False when the link was lost. */
static bool
take_turn(struct libvirt *lv, struct guest *guest, int id, GError **error)
{
	struct vm_sample now = { .id = id };
	struct turn turn = { .lv = lv, .guest = guest, .out = &now, .error = error };

	if (!read_info(&turn) || !read_devices(&turn))
		return false;
	if (guest->vcpus_max > 0)
		vm_sample_set(&now, RAW_VCPUS_MAX, guest->vcpus_max);
	if (id >= 0 && !read_memory(&turn))
		return false;
	if (id >= 0 && guest->facts && (!read_nics(&turn) || !read_disks(&turn)))
		return false;
	now.taken_us = clock_now_us();
	guest->last = now;
	guest->was_active = id >= 0;
	guest->read = lv->samples;
	return true;
}

/* ---- whose turn it is ---- */

struct waiting {
	struct guest *guest;
	int id;
};

struct queue {
	GArray *waiting; /* struct waiting, the one read longest ago first */
	guint next;
};

static gint
by_age(gconstpointer a, gconstpointer b)
{
	uint64_t x = ((const struct waiting *)a)->guest->read, y = ((const struct waiting *)b)->guest->read;

	return (x > y) - (x < y);
}

static bool
is_visible(const struct sample_opts *opts, const uint8_t uuid[UUID_LEN])
{
	for (size_t i = 0; i < opts->nvisible; i++)
		if (memcmp(opts->visible[i], uuid, UUID_LEN) == 0)
			return true;
	return false;
}

/* A guest that is off doesn't change without an event. */
static bool
needs_turn(const struct guest *guest, int id)
{
	return guest->read == 0 || id >= 0 || guest->was_active;
}

static void
fill_queues(struct libvirt *lv, const struct sample_opts *opts, const GArray *vms, struct queue *visible,
	struct queue *others)
{
	visible->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	others->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	for (guint i = 0; i < vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);
		struct waiting waiting = { .guest = guests_find(lv, vm->uuid), .id = vm->id };

		if (needs_turn(waiting.guest, vm->id))
			g_array_append_val(
				is_visible(opts, vm->uuid) ? visible->waiting : others->waiting, waiting);
	}
	g_array_sort(visible->waiting, by_age);
	g_array_sort(others->waiting, by_age);
}

static const struct waiting *
queue_pop(struct queue *queue)
{
	return queue->next < queue->waiting->len
		       ? &g_array_index(queue->waiting, struct waiting, queue->next++)
		       : NULL;
}

/* Three turns for those on the screen, then one for the others, so that these get older but never old. */
static const struct waiting *
next_turn(struct queue *visible, struct queue *others, unsigned turn)
{
	struct queue *first = turn % 4 == 3 ? others : visible;
	const struct waiting *waiting = queue_pop(first);

	return waiting ? waiting : queue_pop(first == visible ? others : visible);
}

static bool
take_turns(struct libvirt *lv, const struct sample_opts *opts, const GArray *vms, GError **error)
{
	struct queue visible = { 0 }, others = { 0 };
	const struct waiting *waiting;
	bool ok = true;

	fill_queues(lv, opts, vms, &visible, &others);
	for (unsigned turn = 0; ok && (opts->calls == 0 || lv->spent < opts->calls); turn++) {
		waiting = next_turn(&visible, &others, turn);
		if (!waiting)
			break;
		ok = take_turn(lv, waiting->guest, waiting->id, error);
	}
	g_array_unref(visible.waiting);
	g_array_unref(others.waiting);
	return ok;
}

/* ---- into the sample ---- */

/* Puts what was read last into VM, unless the guest has been started or stopped since. */
static void
merge(const struct guest *guest, uint32_t raw_bits, struct vm_sample *vm)
{
	if (guest->read == 0 || guest->was_active != (vm->id >= 0))
		return;
	for (unsigned raw = 0; raw < RAW_COUNT; raw++)
		if (raw_bits & guest->last.valid & (1u << raw))
			vm_sample_set(vm, raw, guest->last.raw[raw]);
	if (vm->state == VM_STATE_UNKNOWN)
		vm->state = guest->last.state;
	vm->taken_us = guest->last.taken_us;
}

bool
guests_read(struct libvirt *lv, const struct sample_opts *opts, unsigned groups, GArray *vms, GError **error)
{
	uint32_t raw_bits = 0;

	for (unsigned g = 0; g < STATS_GROUP_COUNT; g++)
		if (groups & STATS_BIT(g))
			raw_bits |= stats_group_raw(g);
	if (raw_bits == 0)
		return true;
	if (!take_turns(lv, opts, vms, error))
		return false;
	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);

		merge(guests_find(lv, vm->uuid), raw_bits, vm);
	}
	return true;
}
