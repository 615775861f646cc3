#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/error.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

/* Guests that are off are read anew each so many samples, and whenever one came or went. */
#define OFF_EVERY 10
/* What changes of a guest that is off. */
#define GROUPS_WHEN_OFF (STATS_BIT(STATS_STATE) | STATS_BIT(STATS_BALLOON) | STATS_BIT(STATS_VCPU))

#define EVERYBODY       0

static const unsigned bulk_bits[STATS_GROUP_COUNT] = {
	[STATS_STATE] = VIR_DOMAIN_STATS_STATE,
	[STATS_CPU] = VIR_DOMAIN_STATS_CPU_TOTAL,
	[STATS_BALLOON] = VIR_DOMAIN_STATS_BALLOON,
	[STATS_VCPU] = VIR_DOMAIN_STATS_VCPU,
	[STATS_NET] = VIR_DOMAIN_STATS_INTERFACE,
	[STATS_BLOCK] = VIR_DOMAIN_STATS_BLOCK,
};

static unsigned
bulk_mask(unsigned groups)
{
	unsigned mask = 0;

	for (unsigned g = 0; g < STATS_GROUP_COUNT; g++)
		if (groups & STATS_BIT(g))
			mask |= bulk_bits[g];
	return mask;
}

/* Returns the number of records, or -1. Without NOWAIT a guest whose monitor is busy holds everybody up, so it is asked
 * for until the daemon turns out to be too old for it. */
static int
fetch_bulk(struct libvirt *lv, unsigned mask, unsigned which, virDomainStatsRecordPtr **records)
{
	if (!lv->lacks.nowait) {
		int n = virConnectGetAllDomainStats(
			lv->vir, mask, records, which | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);

		if (n >= 0 || virGetLastErrorCode() == VIR_ERR_NO_SUPPORT || !libvirt_unsupported())
			return n;
		lv->lacks.nowait = true;
	}
	return virConnectGetAllDomainStats(lv->vir, mask, records, which);
}

/* What the running guests' records lack although it was asked for, the driver hasn't got. */
static void
learn(struct libvirt *lv, unsigned asked, unsigned seen)
{
	lv->lacks.groups = (lv->lacks.groups & ~asked) | (asked & ~seen);
}

/* ---- guests whose monitor does not answer ---- */

/* With NOWAIT libvirt leaves out what it would have to ask the monitor for while somebody else waits for an answer. An
 * attached device or a snapshot keeps a monitor busy for a moment, too. */
#define SILENT_US (5 * INT64_C(1000000))
/* Since about 2.2 each running guest's record has its resident memory, but only when the monitor could be asked. */
#define VERSION_WITH_RSS 4000000

bool
guest_is_silent(const struct guest *guest)
{
	return guest->silent_us && clock_now_us() - guest->silent_us >= SILENT_US;
}

/* A connection that has only seen silent guests asks how old the daemon is. */
static bool
tells_rss(struct libvirt *lv)
{
	unsigned long version;

	if (!lv->tells_rss && !lv->version_read) {
		lv->version_read = true;
		lv->tells_rss =
			virConnectGetLibVersion(lv->vir, &version) == 0 && version >= VERSION_WITH_RSS;
	}
	return lv->tells_rss;
}

/* Marks a running guest whose monitor has been silent for long; ASKED are the groups that its record could have. */
static void
mark_silent(struct libvirt *lv, unsigned asked, struct vm_sample *vm)
{
	struct guest *guest = guests_find(lv, vm->uuid);
	bool told = vm->valid >> RAW_RSS_BYTES & 1u;

	if (lv->driver != DRIVER_QEMU)
		return;
	lv->tells_rss |= told;
	if (vm->id < 0 || told)
		guest->silent_us = 0;
	else if ((asked & STATS_BIT(STATS_BALLOON)) && !guest->silent_us && tells_rss(lv))
		guest->silent_us = clock_now_us();
	lv->someone_busy |= guest->silent_us && !guest_is_silent(guest);
	if (vm->state == VM_STATE_RUNNING && guest_is_silent(guest))
		vm->reason = STATS_REASON_SILENT;
}

static bool
is_listed(struct libvirt *lv, virDomainPtr dom)
{
	uint8_t uuid[UUID_LEN];

	virDomainGetUUID(dom, uuid);
	const struct guest *guest = guests_find(lv, uuid);
	return guest && guest->listed == lv->samples;
}

/* Reads GROUPS of the guests that WHICH (VIR_CONNECT_GET_ALL_DOMAINS_STATS_*) names in one call. A guest that this
 * sample has already stays as it is. When the driver turns out to have no such call, that is remembered and VMS stays as
 * it was. */
static bool
read_records(struct libvirt *lv, unsigned groups, unsigned which, GArray *vms, GError **error)
{
	virDomainStatsRecordPtr *records = NULL;
	unsigned seen = 0;
	bool any_active = false;
	int n = fetch_bulk(lv, bulk_mask(groups), which, &records);

	if (n < 0 && libvirt_unsupported()) {
		lv->lacks.bulk = true;
		return true;
	}
	if (n < 0)
		return libvirt_fail(lv, error, "read statistics");
	for (int i = 0; i < n; i++) {
		if (is_listed(lv, records[i]->dom))
			continue;
		struct vm_sample *vm = libvirt_append_vm(lv, guests_seen(lv, records[i]->dom), vms);
		unsigned present = stats_read(records[i]->params, records[i]->nparams, vm);

		if (vm->id >= 0) {
			seen |= present;
			any_active = true;
		}
		mark_silent(lv, groups, vm);
	}
	virDomainStatsRecordListFree(records);
	if (any_active)
		learn(lv, groups, seen);
	return true;
}

/* ---- guests that are off ---- */

/* True when this sample has no guest yet that the last one had; those known to be off count only with OFF_TOO. */
static bool
anyone_missing(const struct libvirt *lv, bool off_too)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, lv->guests);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct guest *guest = value;

		if (guest->listed != lv->samples && (off_too || !guest->off_known))
			return true;
	}
	return false;
}

/* Those that were off when last asked for. */
static void
append_off(struct libvirt *lv, GArray *vms)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, lv->guests);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct guest *guest = value;

		if (guest->listed == lv->samples)
			continue;
		guest->listed = lv->samples;
		struct vm_sample *vm = libvirt_append_vm(lv, guest, vms);
		vm->state = guest->off_vm->state;
		vm->reason = guest->off_vm->reason;
		vm->valid = guest->off_vm->valid;
		memcpy(vm->raw, guest->off_vm->raw, sizeof(vm->raw));
	}
}

static void
keep_off(struct libvirt *lv, const struct vm_sample *vm)
{
	struct guest *guest = guests_find(lv, vm->uuid);

	guest->off_known = vm->id < 0;
	g_free(guest->off_vm);
	guest->off_vm = g_memdup2(vm, sizeof(*vm));
	guest->off_vm->name = NULL;
}

/* A guest that stopped or started between the two calls is in neither or in both: the first is looked for once more,
 * lest it vanish for a moment. */
static bool
read_off(struct libvirt *lv, GArray *vms, GError **error)
{
	guint first = vms->len;

	if (!read_records(lv, GROUPS_WHEN_OFF, VIR_CONNECT_GET_ALL_DOMAINS_STATS_INACTIVE, vms, error))
		return false;
	for (guint i = first; i < vms->len; i++)
		keep_off(lv, &g_array_index(vms, struct vm_sample, i));
	lv->off_due = lv->samples + OFF_EVERY;
	return !anyone_missing(lv, true) || read_records(lv, STATS_BIT(STATS_STATE), EVERYBODY, vms, error);
}

/* What the daemon can't put together, because of one guest maybe, must not hide the others: then the states at least. */
static bool
read_active(struct libvirt *lv, unsigned groups, GArray *vms, GError **error)
{
	g_autoptr(GError) failed = NULL;

	if (read_records(lv, groups, VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE, vms, &failed))
		return true;
	if (fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	return read_records(lv, STATS_BIT(STATS_STATE), VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE, vms, error);
}

/* To tell about the disks of a guest that is off QEMU's driver opens each of them, at each call, and hangs when their
 * storage does. So those that run are asked for everything, and the others apart and seldom. */
bool
bulk_sample(struct libvirt *lv, unsigned groups, GArray *vms, GError **error)
{
	if (lv->driver != DRIVER_QEMU || !(groups & STATS_BIT(STATS_BLOCK)))
		return read_records(lv, groups, EVERYBODY, vms, error);
	if (!read_active(lv, groups, vms, error))
		return false;
	if (lv->lacks.bulk)
		return true;
	if (lv->samples >= lv->off_due || anyone_missing(lv, false))
		return read_off(lv, vms, error);
	append_off(lv, vms);
	return true;
}
