/*
 * conn_sim: guests that somebody moves to another host while they run. A host's world goes on only when it is looked at, and
 * never two locks are held: the guest leaves one host, is carried over, and waits at the other until that is looked at.
 */
#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_world.h"

#include <string.h>

#define ROOM  3 /* guests more than at first that a host takes */
#define TRIES 8

static void
emit(GArray *events, const struct sim_vm *vm, enum conn_event_kind kind, const char *detail)
{
	struct conn_event event = { .kind = kind, .cause = CONN_CAUSE_MIGRATION, .detail = detail };

	memcpy(event.uuid, vm->uuid, UUID_LEN);
	g_array_append_val(events, event);
}

bool
sim_move_begin(struct sim_host *host, struct sim_vm *vm, double t, uint64_t dice, GArray *events)
{
	const struct sim *sim = host->sim;
	unsigned to = (unsigned)(sim_mix(dice, 2) % sim->nhosts);

	/* one at a time, and between like hosts */
	if (host->hypervisor != HYPERVISOR_KVM || host->leaving_to >= 0 ||
		sim->hosts[to].hypervisor != HYPERVISOR_KVM || &sim->hosts[to] == host)
		return false;
	host->retired_ns += sim_vm_cpu_ns(host, vm, t);
	emit(events, vm, CONN_EVENT_SUSPENDED, "migrating");
	emit(events, vm, CONN_EVENT_STOPPED, "migrated away");
	host->leaving = *vm;
	host->leaving_to = (int)to;
	*vm = host->vms[--host->nvms];
	return true;
}

void
sim_move_arrive(struct sim_host *host, double t, GArray *events)
{
	for (guint i = 0; i < host->arrived->len; i++) {
		struct sim_vm *vm;

		host->vms = g_renew(struct sim_vm, host->vms, host->nvms + 1);
		vm = &host->vms[host->nvms++];
		*vm = g_array_index(host->arrived, struct sim_vm, i);
		vm->id = ++host->last_id;
		vm->reason = "migrated";
		vm->pins = NULL; /* they were made for other CPUs */
		sim_marks_run(host, vm, t, 0, 0);
		emit(events, vm, CONN_EVENT_STARTED, "migrated here");
		emit(events, vm, CONN_EVENT_RESUMED, "migrated");
	}
	g_array_set_size(host->arrived, 0);
}

bool
sim_move_take(struct sim_host *host, struct sim_vm *vm, int *to)
{
	if (host->leaving_to < 0)
		return false;
	*vm = host->leaving;
	*to = host->leaving_to;
	host->leaving_to = -1;
	return true;
}

/* Whether HOST took VM, which it MUST when there is no other way. */
static bool
hand_over(struct sim_host *host, const struct sim_vm *vm, bool must)
{
	bool taken;

	pthread_mutex_lock(&host->lock);
	taken = must ||
		(host->trouble == SIM_FINE && host->nvms + host->arrived->len < host->home_vms + ROOM);
	if (taken)
		g_array_append_val(host->arrived, *vm);
	pthread_mutex_unlock(&host->lock);
	return taken;
}

void
sim_move_deliver(struct sim_host *from, const struct sim_vm *vm, int to)
{
	struct sim *sim = from->sim;

	for (unsigned i = 0; i < TRIES; i++) {
		struct sim_host *host = &sim->hosts[((unsigned)to + i) % sim->nhosts];

		if (host != from && host->hypervisor == HYPERVISOR_KVM && hand_over(host, vm, false))
			return;
	}
	hand_over(from, vm, true);
}
