#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/virerror.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

/* Autostart has no event and needs calls of its own; same-page merging moves slowly: both are read anew each so many
 * full samples. */
#define FLAGS_EVERY 30
#define KSM_EVERY   10
#define ONCE        0

/* Where events tell of each change, all guests are listed anew each so many samples only. */
#define LIST_EVERY 5

/* What QEMU tells without asking a guest's monitor, which a frozen guest never answers. */
#define GROUPS_WITHOUT_MONITOR (STATS_BIT(STATS_STATE) | STATS_BIT(STATS_NET))

bool
libvirt_is_dom0(const struct libvirt *lv, const uint8_t uuid[UUID_LEN], int id)
{
	static const uint8_t zero[UUID_LEN];

	return memcmp(uuid, zero, UUID_LEN) == 0 || (lv->driver == DRIVER_XEN && id == 0);
}

/* ---- the list ---- */

static void
put_flags(const struct guest *guest, struct vm_sample *vm)
{
	vm->autostart_known = guest->flags_known;
	vm->autostart = guest->flags_known && guest->autostart;
	vm->persistent = guest->flags_known && guest->persistent;
}

struct vm_sample *
libvirt_append_vm(struct libvirt *lv, struct guest *guest, GArray *vms)
{
	struct vm_sample vm = {
		.name = g_strdup(virDomainGetName(guest->dom)),
		.id = guest->id,
		.taken_us = clock_now_us(),
	};

	memcpy(vm.uuid, guest->uuid, UUID_LEN);
	put_flags(guest, &vm);
	vm.is_dom0 = libvirt_is_dom0(lv, vm.uuid, vm.id);
	g_array_append_val(vms, vm);
	return &g_array_index(vms, struct vm_sample, vms->len - 1);
}

/* Calls MARK for each guest that a list filtered by libvirt has. */
static bool
mark_listed(struct libvirt *lv, unsigned filter, void (*mark)(struct guest *guest), GError **error)
{
	virDomainPtr *doms = NULL;
	uint8_t uuid[UUID_LEN];
	int n = lv->lacks.list_filters ? 0 : virConnectListAllDomains(lv->vir, &doms, filter);

	if (n < 0 && libvirt_unsupported()) {
		lv->lacks.list_filters = true;
		return true;
	}
	if (n < 0)
		return libvirt_fail(lv, error, "list some of the guests");
	for (int i = 0; i < n; i++) {
		virDomainGetUUID(doms[i], uuid);
		struct guest *guest = guests_find(lv, uuid);
		if (guest)
			mark(guest);
		virDomainFree(doms[i]);
	}
	free(doms);
	return true;
}

static void
mark_running(struct guest *guest)
{
	guest->state = VM_STATE_RUNNING;
}

static void
mark_paused(struct guest *guest)
{
	guest->state = VM_STATE_PAUSED;
}

/* Puts the states that the lists told on VMS; true when each guest has one. */
static bool
put_states(struct libvirt *lv, GArray *vms)
{
	bool all = true;

	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);

		vm->state = vm->id < 0 ? VM_STATE_OFF : guests_find(lv, vm->uuid)->state;
		all &= vm->state != VM_STATE_UNKNOWN;
	}
	return all;
}

/* A list has no states, but it can be filtered by them. An active guest that is neither running nor paused is rare: it
 * is asked for itself when its turn comes. */
static bool
list_states(struct libvirt *lv, GArray *vms, GError **error)
{
	if (!mark_listed(lv, VIR_CONNECT_LIST_DOMAINS_RUNNING, mark_running, error))
		return false;
	if (put_states(lv, vms))
		return true;
	if (!mark_listed(lv, VIR_CONNECT_LIST_DOMAINS_PAUSED, mark_paused, error))
		return false;
	put_states(lv, vms);
	return true;
}

static bool
list_guests(struct libvirt *lv, GArray *vms, GError **error)
{
	virDomainPtr *doms = NULL;
	int n = virConnectListAllDomains(lv->vir, &doms, 0);

	if (n < 0)
		return libvirt_fail(lv, error, "list guests");
	for (int i = 0; i < n; i++) {
		struct guest *guest = guests_seen(lv, doms[i]);

		guest->state = VM_STATE_UNKNOWN;
		guest->reason = NULL;
		libvirt_append_vm(lv, guest, vms);
		virDomainFree(doms[i]);
	}
	free(doms);
	return list_states(lv, vms, error);
}

/* ---- what the last list told ---- */

/* Where lifecycle events are known to come for everything that a list could tell. */
static bool
driver_tells(const struct libvirt *lv)
{
	return (lv->driver == DRIVER_XEN || lv->driver == DRIVER_LXC || lv->driver == DRIVER_TEST) &&
	       lv->attached && hook_hears(lv->hook);
}

/* A list that no event has overtaken still holds, while there is something else to ask the host: else an answer would be
 * made up. Where bulk statistics bring numbers, the list is part of them. */
static bool
list_holds(const struct libvirt *lv, const struct sample_opts *opts, unsigned wanted)
{
	bool asked_otherwise = !lv->lacks.node_cpu || !lv->lacks.node_mem || !lv->lacks.node_free;

	return opts->depth != SAMPLE_LIST && !opts->fresh && !(wanted & ~lv->list_groups) &&
	       lv->samples < lv->list_due && driver_tells(lv) && asked_otherwise;
}

static void
repeat_list(struct libvirt *lv, GArray *vms)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, lv->guests);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct guest *guest = value;

		guest->listed = lv->samples;
		struct vm_sample *vm = libvirt_append_vm(lv, guest, vms);
		vm->state = guest->state;
		vm->reason = guest->reason;
	}
}

static void
keep_list(struct libvirt *lv, unsigned wanted, GArray *vms)
{
	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);
		struct guest *guest = guests_find(lv, vm->uuid);

		/* neither running nor paused nor off: only the guest itself tells what it is */
		if (vm->state == VM_STATE_UNKNOWN && guest->read > 0 && guest->was_active == (vm->id >= 0))
			vm->state = guest->last.state;
		guest->state = vm->state;
		guest->reason = vm->reason;
	}
	lv->list_due = lv->samples + LIST_EVERY;
	lv->list_groups = wanted;
}

/* ---- autostart and persistent ---- */

static void
mark_autostart(struct guest *guest)
{
	guest->autostart = true;
}

static void
mark_persistent(struct guest *guest)
{
	guest->persistent = true;
}

static bool
read_flags(struct libvirt *lv, GArray *vms, GError **error)
{
	for (guint i = 0; i < vms->len; i++) {
		struct guest *guest = guests_find(lv, g_array_index(vms, struct vm_sample, i).uuid);

		guest->autostart = guest->persistent = false;
	}
	if (!mark_listed(lv, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, mark_autostart, error) ||
		!mark_listed(lv, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, mark_persistent, error))
		return false;
	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);
		struct guest *guest = guests_find(lv, vm->uuid);

		guest->flags_known = !lv->lacks.list_filters;
		put_flags(guest, vm);
	}
	return true;
}

/* ---- a sample ---- */

void
libvirt_forget_changed(struct libvirt *lv)
{
	bool list = false;
	g_autoptr(GArray) changed = hook_take_changed(lv->hook, &list);

	for (guint i = 0; i < changed->len; i++)
		guests_changed(lv, (const uint8_t *)changed->data + (size_t)i * UUID_LEN);
	if (changed->len > 0)
		lv->off_due = lv->list_due = lv->samples;
	if (list)
		lv->flags_due = MIN(lv->flags_due, lv->full_samples + 1);
}

static unsigned
groups_wanted(const struct libvirt *lv, const struct sample_opts *opts)
{
	if (opts->depth == SAMPLE_LIST)
		return STATS_BIT(STATS_STATE);
	if (lv->driver == DRIVER_QEMU && (opts->depth == SAMPLE_CHEAP || opts->no_monitor))
		return GROUPS_WITHOUT_MONITOR;
	return STATS_ALL;
}

/* Without bulk statistics a guest's turn reads all of it, whatever the depth: half a reading would make numbers come
 * and go. QEMU without bulk statistics is so old that the single calls ask the monitor too. */
static unsigned
groups_one_by_one(const struct libvirt *lv, const struct sample_opts *opts, unsigned wanted)
{
	if (opts->depth == SAMPLE_LIST)
		return 0;
	if (lv->driver == DRIVER_QEMU)
		return opts->depth == SAMPLE_FULL && !opts->no_monitor ? lv->lacks.groups & wanted : 0;
	return lv->lacks.bulk ? STATS_ALL : lv->lacks.groups;
}

static bool
list_or_bulk(struct libvirt *lv, unsigned wanted, GArray *vms, GError **error)
{
	if (!lv->lacks.bulk && !bulk_sample(lv, wanted, vms, error))
		return false;
	if (lv->lacks.bulk) {
		lv->lacks.groups = STATS_ALL;
		if (!list_guests(lv, vms, error))
			return false;
	}
	guests_sweep(lv);
	keep_list(lv, wanted, vms);
	return true;
}

static bool
sample_guests(struct libvirt *lv, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	unsigned wanted = groups_wanted(lv, opts);

	if (list_holds(lv, opts, wanted))
		repeat_list(lv, out->vms);
	else if (!list_or_bulk(lv, wanted, out->vms, error))
		return false;
	return guests_read(lv, opts, groups_one_by_one(lv, opts, wanted), out, error);
}

/* Whether the chore with its time in *DUE has to be done in this full sample. A caller who counts no round trips gets
 * all of them at once: he may not come again. */
static bool
chore_due(const struct libvirt *lv, const struct sample_opts *opts, uint64_t *due, unsigned every)
{
	bool first = !opts->limited && lv->full_samples == 1;

	if (lv->full_samples < *due && !first)
		return false;
	*due = every == ONCE ? UINT64_MAX : lv->full_samples + every;
	return true;
}

/* Whether anybody wants to hear of events: what is only asked once is not told, nor are acts, whose host tells for them. */
static bool
listens(const struct libvirt *lv, const struct sample_opts *opts)
{
	return !opts->once && lv->opts.purpose == CONN_PURPOSE_POLL;
}

static bool
do_chores(struct libvirt *lv, const struct sample_opts *opts, GArray *vms, GError **error)
{
	lv->full_samples++;
	if (chore_due(lv, opts, &lv->flags_due, FLAGS_EVERY) && !read_flags(lv, vms, error))
		return false;
	if (chore_due(lv, opts, &lv->ksm_due, KSM_EVERY) && !node_read_ksm(lv, error))
		return false;
	if (listens(lv, opts) && chore_due(lv, opts, &lv->events_due, ONCE))
		hook_attach_extra(lv);
	return true;
}

bool
libvirt_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);

	if (!libvirt_ready(lv, error))
		return false;
	lv->samples++;
	lv->someone_busy = false;
	libvirt_forget_changed(lv);
	if (opts->depth != SAMPLE_LIST && listens(lv, opts) && !lv->attached) {
		lv->attached = true;
		hook_attach(lv);
	}
	if (opts->depth == SAMPLE_FULL)
		xen_ask(lv);
	if (!sample_guests(lv, opts, out, error))
		return false;
	xen_find_astray(lv, out->vms);
	if (opts->depth == SAMPLE_FULL && !do_chores(lv, opts, out->vms, error))
		return false;
	if (opts->depth != SAMPLE_LIST && !node_sample(lv, opts->fresh, out, error))
		return false;
	out->partial = lv->someone_busy;
	out->taken_us = clock_now_us();
	return true;
}
