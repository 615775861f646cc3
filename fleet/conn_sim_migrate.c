/*
 * conn_sim: migrations that we are asked for. The calling thread lives through the trip; both hosts list the guest meanwhile,
 * running here, paused there. Never two hosts' locks at once: what the one side says is carried to the other.
 */
#include "fleet/conn_sim_link.h"
#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_trip.h"
#include "fleet/snapshot.h"

#include <string.h>

#define STEP_US INT64_C(50000)

uint32_t
sim_host_moves(const struct sim_host *host)
{
	return host->hypervisor == HYPERVISOR_XEN ? MOVE_BIT(LIVE) | MOVE_BIT(P2P)
						  : MOVE_BIT(FEATURE_COUNT) - 1;
}

/* ---- trips ---- */

static struct sim_trip *
find_trip(const struct sim_host *host, const uint8_t uuid[UUID_LEN], bool over)
{
	for (guint i = 0; i < host->trips->len; i++) {
		struct sim_trip *trip = &g_array_index(host->trips, struct sim_trip, i);

		if (memcmp(trip->uuid, uuid, UUID_LEN) == 0 && trip->over == over)
			return trip;
	}
	return NULL;
}

static void
drop_trip(struct sim_host *host, const uint8_t uuid[UUID_LEN], bool over)
{
	struct sim_trip *trip = find_trip(host, uuid, over);

	if (trip)
		g_array_remove_index_fast(
			host->trips, (guint)(trip - &g_array_index(host->trips, struct sim_trip, 0)));
}

static struct sim_vm *
find_vm(const struct sim_host *host, const uint8_t uuid[UUID_LEN])
{
	int index = sim_host_find(host, uuid);

	return index < 0 ? NULL : &host->vms[index];
}

static void
emit(GArray *events, const struct sim_vm *vm, enum conn_event_kind kind, const char *detail)
{
	struct conn_event event = { .kind = kind, .cause = CONN_CAUSE_MIGRATION, .detail = detail };

	memcpy(event.uuid, vm->uuid, UUID_LEN);
	g_array_append_val(events, event);
}

/* ---- may it? ---- */

static bool
is_on_shared_storage(const struct sim_host *host, const struct sim_vm *vm)
{
	struct vm_facts *facts = sim_vm_facts(host, vm);
	bool shared = true;

	for (size_t i = 0; i < facts->ndisks; i++)
		shared &= vm_disk_shared(&facts->disks[i]) || facts->disks[i].readonly;
	vm_facts_unref(facts);
	return shared;
}

static bool
fits_together(
	const struct sim_link *from, const struct sim_link *to, const struct move_opts *opts, GError **error)
{
	uint32_t missing = opts->wants & ~(sim_host_moves(from->host) & sim_host_moves(to->host));

	if (from->readonly || to->readonly)
		return sim_fail(error, FLEET_ERROR_DENIED, "the connection is read-only");
	if (from->host->hypervisor != to->host->hypervisor)
		return sim_fail(error, FLEET_ERROR_UNSUPPORTED,
			"cannot migrate between Xen and KVM: different hypervisors, no common state format");
	if (from->host == to->host)
		return sim_fail(error, FLEET_ERROR_STATE, "source and target are one host");
	return !missing ||
	       sim_fail(error, FLEET_ERROR_UNSUPPORTED, "Xen's libxl driver does not take what is wanted");
}

static bool
may_leave(const struct sim_host *host, const struct sim_vm *vm, const struct move_opts *opts, GError **error)
{
	bool offline = opts->wants & MOVE_BIT(OFFLINE);
	bool copies = opts->wants & (MOVE_BIT(COPY_ALL) | MOVE_BIT(COPY_INC) | MOVE_BIT(UNSAFE));

	if (!vm)
		return sim_fail(error, FLEET_ERROR_NO_DOMAIN, "Domain not found");
	if (find_trip(host, vm->uuid, false))
		return sim_fail(error, FLEET_ERROR_BUSY,
			"Timed out during operation: cannot acquire state change lock (held by "
			"monitor=remoteDispatchDomainMigratePerform3Params)");
	if (!offline && !sim_vm_active(vm) && vm->state != VM_STATE_PAUSED)
		return sim_fail(
			error, FLEET_ERROR_STATE, "Requested operation is not valid: domain is not running");
	if (!offline && !copies && host->hypervisor == HYPERVISOR_KVM && !is_on_shared_storage(host, vm))
		return sim_fail(error, FLEET_ERROR_FAILED,
			"Unsafe migration: Migration without shared storage is unsafe");
	return true;
}

/* ---- on its way ---- */

static bool
leave(struct sim_link *link, const uint8_t uuid[UUID_LEN], const struct move_opts *opts, struct sim_vm *vm,
	struct sim_trip *trip, GError **error)
{
	struct sim_visit visit;
	struct sim_vm *there;
	bool ok;

	sim_visit_begin(&visit, link);
	there = find_vm(link->host, uuid);
	ok = may_leave(link->host, there, opts, error);
	if (ok) {
		there->pending = SIM_PENDING_MOVING;
		there->due_us = 0;
		*vm = *there;
		*trip = sim_trip_new(link->host, vm, opts, visit.now_us);
		g_array_append_val(link->host->trips, *trip);
	}
	sim_visit_end(&visit);
	return ok;
}

static bool
prepare(struct sim_link *link, const struct sim_vm *vm, GError **error)
{
	struct sim_host *host = link->host;
	struct sim_visit visit;
	bool ok = false;

	sim_visit_begin(&visit, link);
	if (find_vm(host, vm->uuid)) {
		sim_fail(error, FLEET_ERROR_STATE,
			"operation failed: domain is already defined with this uuid");
	} else if (sim_host_free_bytes(host) < (uint64_t)vm->mem_mib << 20) {
		sim_fail(error, FLEET_ERROR_FAILED,
			"internal error: process exited while connecting to monitor: cannot set up guest "
			"memory "
			"'pc.ram': Cannot allocate memory");
	} else {
		struct sim_vm *incoming;

		host->vms = g_renew(struct sim_vm, host->vms, host->nvms + 1);
		incoming = &host->vms[host->nvms++];
		*incoming = *vm;
		incoming->id = vm->id < 0 ? -1 : ++host->last_id;
		incoming->state = (uint8_t)(vm->id < 0 ? VM_STATE_OFF : VM_STATE_PAUSED);
		incoming->reason = vm->id < 0 ? NULL : "migrating";
		incoming->cpu_mark = incoming->io_mark = 0;
		incoming->pins = NULL; /* they were made for other CPUs */
		if (vm->id >= 0)
			emit(visit.events, vm, CONN_EVENT_STARTED, "migrated here");
		ok = true;
	}
	sim_visit_end(&visit);
	return ok;
}

/* Takes back what prepare() did. */
static void
forget(struct sim_link *link, const uint8_t uuid[UUID_LEN])
{
	struct sim_visit visit;
	struct sim_vm *vm;

	sim_visit_begin(&visit, link);
	vm = find_vm(link->host, uuid);
	if (vm)
		*vm = link->host->vms[--link->host->nvms];
	sim_visit_end(&visit);
}

/* Takes back what leave() did. */
static void
stay(struct sim_link *link, const uint8_t uuid[UUID_LEN])
{
	struct sim_visit visit;
	struct sim_vm *vm;

	sim_visit_begin(&visit, link);
	drop_trip(link->host, uuid, false);
	vm = find_vm(link->host, uuid);
	if (vm && vm->pending == SIM_PENDING_MOVING)
		vm->pending = SIM_PENDING_NONE;
	sim_visit_end(&visit);
}

/* What may end it before its time. */
static bool
goes_on(const struct sim_trip *trip, double share, GError **error)
{
	if (trip->given_up)
		return sim_fail(
			error, FLEET_ERROR_FAILED, "operation aborted: migration out: canceled by client");
	return share < trip->fails_at || sim_fail(error, FLEET_ERROR_FAILED, trip->why);
}

/* A look at the source: how far it is. True: it goes on; *ARRIVED. */
static bool
look(struct sim_link *link, const uint8_t uuid[UUID_LEN], bool *arrived, GError **error)
{
	struct sim_visit visit;
	const struct sim_trip *trip;
	const struct sim_vm *vm;
	bool ok = false;

	sim_visit_begin(&visit, link);
	trip = find_trip(link->host, uuid, false);
	vm = find_vm(link->host, uuid);
	if (vm && trip) {
		double share = (double)(visit.now_us - trip->begun_us) / 1e6 / sim_trip_seconds(trip);

		ok = goes_on(trip, MIN(share, 0.999999), error);
		*arrived = share >= 1;
	} else {
		sim_fail(error, FLEET_ERROR_STATE, "Requested operation is not valid: domain is not running");
	}
	sim_visit_end(&visit);
	return ok;
}

static bool
travel(struct sim_link *from, struct sim_link *to, const uint8_t uuid[UUID_LEN], GError **error)
{
	bool arrived = false;

	while (!arrived)
		if (!sim_pass_time(from, STEP_US, error) || !sim_ask_host(from, 0, error) ||
			!sim_ask_host(to, 0, error) || !look(from, uuid, &arrived, error))
			return false;
	return true;
}

/* The guest is gone here; *VM as it was then. False: it went away by itself meanwhile. */
static bool
depart(struct sim_link *link, struct sim_vm *vm, struct sim_trip *trip)
{
	struct sim_host *host = link->host;
	struct sim_visit visit;
	struct sim_vm *there;

	sim_visit_begin(&visit, link);
	there = find_vm(host, vm->uuid);
	*trip = *find_trip(host, vm->uuid, false);
	drop_trip(host, vm->uuid, false);
	if (there) {
		*vm = *there;
		host->retired_ns += sim_vm_cpu_ns(host, vm, sim_time(host->sim, visit.now_us));
		if (vm->id >= 0) {
			emit(visit.events, vm, CONN_EVENT_SUSPENDED, "migrating");
			emit(visit.events, vm, CONN_EVENT_STOPPED, "migrated away");
		}
		*there = host->vms[--host->nvms];
	}
	sim_visit_end(&visit);
	return there != NULL;
}

static void
arrive(struct sim_link *link, const struct sim_vm *vm, const struct sim_trip *trip)
{
	struct sim_host *host = link->host;
	struct sim_visit visit;
	struct sim_vm *here;

	sim_visit_begin(&visit, link);
	here = find_vm(host, vm->uuid);
	if (here) {
		int32_t id = here->id;

		*here = *vm;
		here->id = id;
		here->pins = NULL;
		here->pending = vm->pending == SIM_PENDING_MOVING ? SIM_PENDING_NONE : vm->pending;
		if (sim_vm_active(here)) {
			here->reason = "migrated here";
			sim_marks_run(host, here, sim_time(host->sim, visit.now_us), 0, 0);
			emit(visit.events, here, CONN_EVENT_RESUMED, "migrated");
		}
	}
	drop_trip(host, vm->uuid, true);
	g_array_append_val(host->trips, *trip);
	g_array_index(host->trips, struct sim_trip, host->trips->len - 1).over = true;
	sim_visit_end(&visit);
}

bool
sim_move(struct conn *conn, const uint8_t uuid[UUID_LEN], struct conn *dest, const struct move_opts *opts,
	GError **error)
{
	struct sim_link *from = sim_link_of(conn), *to = sim_link_of(dest);
	struct sim_trip trip;
	struct sim_vm vm;
	bool ok;

	if (!fits_together(from, to, opts, error) || !sim_ask_host(from, 3, error) ||
		!sim_ask_host(to, 3, error) || !leave(from, uuid, opts, &vm, &trip, error))
		return false;
	if (!prepare(to, &vm, error)) {
		stay(from, uuid);
		return false;
	}
	ok = travel(from, to, uuid, error);
	if (ok && !depart(from, &vm, &trip))
		ok = sim_fail(
			error, FLEET_ERROR_STATE, "Requested operation is not valid: domain is not running");
	if (ok) {
		arrive(to, &vm, &trip);
	} else {
		forget(to, uuid);
		stay(from, uuid);
	}
	return ok;
}

/* ---- meanwhile ---- */

bool
sim_move_progress(struct conn *conn, const uint8_t uuid[UUID_LEN], bool completed, struct job_progress *out,
	GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	const struct sim_trip *trip;
	struct sim_visit visit;

	if (!sim_ask_host(link, 1, error))
		return false;
	sim_visit_begin(&visit, link);
	trip = find_trip(link->host, uuid, completed);
	*out = trip ? sim_trip_progress(trip, visit.now_us) : JOB_PROGRESS_UNKNOWN;
	if (trip && completed && trip->told)
		out->downtime_ms = (int64_t)(trip->downtime_s * 1000 * sim_unit(sim_mix(trip->uuid[5], 9)));
	sim_visit_end(&visit);
	return true;
}

/* Has CHANGE done to the trip of the guest. */
static bool
change_trip(struct conn *conn, const uint8_t uuid[UUID_LEN], enum move_feature feature,
	void (*change)(struct sim_trip *trip, int64_t now_us), GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	struct sim_trip *trip;
	struct sim_visit visit;

	if (!(sim_host_moves(link->host) >> feature & 1))
		return sim_fail(error, FLEET_ERROR_UNSUPPORTED,
			feature == MOVE_ABORT ? "Xen's libxl driver offers no way to give a migration up"
					      : "Xen's libxl driver offers no post-copy");
	if (!sim_ask_host(link, 1, error))
		return false;
	sim_visit_begin(&visit, link);
	trip = find_trip(link->host, uuid, false);
	if (trip)
		change(trip, visit.now_us);
	sim_visit_end(&visit);
	return trip || sim_fail(error, FLEET_ERROR_STATE,
			       "Requested operation is not valid: no job is active on the domain");
}

static void
give_up(struct sim_trip *trip, int64_t now_us G_GNUC_UNUSED)
{
	trip->given_up = true;
}

static void
switch_over(struct sim_trip *trip, int64_t now_us)
{
	trip->switched_us = now_us;
}

bool
sim_move_abort(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	return change_trip(conn, uuid, MOVE_ABORT, give_up, error);
}

bool
sim_move_post_copy(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	return change_trip(conn, uuid, MOVE_POST_COPY, switch_over, error);
}

bool
sim_whereabouts(struct conn *conn, const uint8_t uuid[UUID_LEN], struct whereabouts *out, GError **error)
{
	struct sim_link *link = sim_link_of(conn);
	const struct sim_vm *vm;
	struct sim_visit visit;

	if (!sim_ask_host(link, 1, error))
		return false;
	sim_visit_begin(&visit, link);
	vm = find_vm(link->host, uuid);
	*out = (struct whereabouts){ .defined = vm };
	if (vm)
		*out = (struct whereabouts){
			.defined = true, .active = vm->id >= 0, .state = vm->state, .reason = vm->reason
		};
	sim_visit_end(&visit);
	return true;
}
