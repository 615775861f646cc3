#include "fleet/conn_sim_load.h"
#include "fleet/conn_sim_trip.h"
#include "fleet/conn_sim_world.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <math.h>
#include <string.h>

#define SECOND_US INT64_C(1000000)
#define NEVER     INT64_MAX

/* In the whole fleet something happens to a guest about every 4 s and to a host about every 25 s; no single host is
 * busier than the bounds. */
#define GUEST_EVERY_S      4.0
#define TROUBLE_EVERY_S    25.0
#define GUEST_HOST_MIN_S   120.0
#define TROUBLE_HOST_MIN_S 300.0

/* Of what happens to running guests: the others shut down. */
#define MOVES   0.3
#define CRASHES 0.2

/* Soon after the start a few hosts get into trouble, so that a demo need not wait to show it. */
#define FIRST_TROUBLE_US        (6 * SECOND_US)
#define FIRST_TROUBLE_STEP_US   (2 * SECOND_US)
#define HOSTS_PER_FIRST_TROUBLE 44

static const struct trouble {
	int64_t min_s, max_s;
	bool cuts; /* links that were up end */
} troubles[SIM_TROUBLE_COUNT] = {
	[SIM_REFUSED] = { .min_s = 60, .max_s = 400, .cuts = true },
	[SIM_UNREACHABLE] = { .min_s = 60, .max_s = 300, .cuts = true },
	[SIM_KEY_UNKNOWN] = { .min_s = 90, .max_s = 300, .cuts = true },
	[SIM_KEY_CHANGED] = { .min_s = 60, .max_s = 240, .cuts = true },
	[SIM_DENIED] = { .min_s = 60, .max_s = 240, .cuts = true },
	[SIM_NO_SOCKET] = { .min_s = 20, .max_s = 90, .cuts = true },
	[SIM_SLOW] = { .min_s = 60, .max_s = 240, .cuts = false },
	[SIM_HUNG] = { .min_s = 40, .max_s = 120, .cuts = false },
};

/* The order of the first ones. */
static const enum sim_trouble first_troubles[] = { SIM_REFUSED, SIM_SLOW, SIM_KEY_UNKNOWN, SIM_HUNG,
	SIM_UNREACHABLE, SIM_DENIED, SIM_KEY_CHANGED, SIM_NO_SOCKET };

/* ---- chance ---- */

static double
roll(struct sim_host *host)
{
	host->dice = sim_mix(host->dice, 1);
	return sim_unit(host->dice);
}

/* A waiting time with MEAN_S on average, as between rare independent things. */
static int64_t
roll_wait(struct sim_host *host, double mean_s)
{
	return (int64_t)(-log(1 - roll(host)) * mean_s * 1e6);
}

static int64_t
roll_between(struct sim_host *host, double min_s, double max_s)
{
	return (int64_t)((min_s + (max_s - min_s) * roll(host)) * 1e6);
}

static int64_t
guest_wait(struct sim_host *host)
{
	return roll_wait(host, MAX(GUEST_EVERY_S * host->sim->nhosts, GUEST_HOST_MIN_S));
}

static int64_t
trouble_wait(struct sim_host *host)
{
	return roll_wait(host, MAX(TROUBLE_EVERY_S * host->sim->nhosts, TROUBLE_HOST_MIN_S));
}

/* ---- changes of state ---- */

static void
emit(GArray *events, const struct sim_vm *vm, enum conn_event_kind kind, const char *detail)
{
	struct conn_event event = { .kind = kind, .detail = detail };

	memcpy(event.uuid, vm->uuid, UUID_LEN);
	g_array_append_val(events, event);
}

static void
enter(struct sim_vm *vm, enum vm_state state, const char *reason)
{
	vm->state = (uint8_t)state;
	vm->reason = reason;
}

static void
plan(struct sim_vm *vm, enum sim_pending pending, int64_t due_us)
{
	vm->pending = (uint8_t)pending;
	vm->due_us = due_us;
}

void
sim_marks_run(struct sim_host *host, struct sim_vm *vm, double t, double had_cpu, double had_io)
{
	vm->cpu_mark = vm->io_mark = 0;
	vm->cpu_mark = sim_vm_cpu_load(host, vm, t) - had_cpu;
	vm->io_mark = sim_vm_io_load(host, vm, t) - had_io;
}

static void
vm_start(struct sim_host *host, struct sim_vm *vm, double t, GArray *events)
{
	vm->id = ++host->last_id;
	plan(vm, SIM_PENDING_NONE, 0);
	enter(vm, VM_STATE_RUNNING, "booted");
	sim_marks_run(host, vm, t, 0, 0);
	emit(events, vm, CONN_EVENT_STARTED, "booted");
}

/* Running or paused to not there any more; the host keeps the CPU time that was used. */
static void
vm_end(struct sim_host *host, struct sim_vm *vm, double t, enum vm_state state, const char *reason)
{
	host->retired_ns += sim_vm_cpu_ns(host, vm, t);
	enter(vm, state, reason);
	vm->cpu_mark = vm->io_mark = 0;
	vm->id = -1;
	plan(vm, SIM_PENDING_NONE, 0);
}

static void
vm_off(struct sim_host *host, struct sim_vm *vm, double t, const char *how, GArray *events)
{
	vm_end(host, vm, t, VM_STATE_OFF, how);
	emit(events, vm, CONN_EVENT_STOPPED, how);
}

static void
vm_crash(struct sim_host *host, struct sim_vm *vm, double t, GArray *events)
{
	vm_end(host, vm, t, VM_STATE_CRASHED, "panicked");
	emit(events, vm, CONN_EVENT_CRASHED, NULL);
}

static void
vm_reboot(struct sim_host *host, struct sim_vm *vm, double t, GArray *events)
{
	/* A rebooted KVM guest stays the same process; a Xen guest is a new domain. */
	plan(vm, SIM_PENDING_NONE, 0);
	if (host->hypervisor != HYPERVISOR_XEN)
		return;
	host->retired_ns += sim_vm_cpu_ns(host, vm, t);
	vm_start(host, vm, t, events);
}

static void
vm_due(struct sim_host *host, struct sim_vm *vm, GArray *events)
{
	double t = sim_time(host->sim, vm->due_us);

	switch ((enum sim_pending)vm->pending) {
	case SIM_PENDING_STOPPING:
		enter(vm, VM_STATE_STOPPING, "by user");
		emit(events, vm, CONN_EVENT_SHUTDOWN, NULL);
		plan(vm, SIM_PENDING_OFF, vm->due_us + roll_between(host, 1, 6));
		break;
	case SIM_PENDING_OFF:
		vm_off(host, vm, t, "shut down", events);
		break;
	case SIM_PENDING_REBOOT:
		vm_reboot(host, vm, t, events);
		break;
	case SIM_PENDING_REVIVE:
		vm_start(host, vm, t, events);
		break;
	case SIM_PENDING_MOVING:
	case SIM_PENDING_NONE:
		break;
	}
}

/* ---- by itself ---- */

static void
guest_happens(struct sim_host *host, int64_t when_us, GArray *events)
{
	double t = sim_time(host->sim, when_us);
	struct sim_vm *vm;

	if (!host->nvms)
		return;
	vm = &host->vms[(unsigned)(roll(host) * host->nvms)];
	if (vm->pending != SIM_PENDING_NONE)
		return;
	if (vm->state == VM_STATE_RUNNING) {
		double fate = roll(host);

		if (fate >= 1 - MOVES && sim_move_begin(host, vm, t, host->dice, events))
			return;
		if (fate < CRASHES)
			vm_crash(host, vm, t, events);
		else
			vm_off(host, vm, t, "shut down", events);
		plan(vm, SIM_PENDING_REVIVE, when_us + roll_between(host, 15, 240));
	} else if (vm->state == VM_STATE_OFF) {
		vm_start(host, vm, t, events);
	}
}

/* Never an unknown key: such a host waits for the operator, and soon the whole fleet would. */
static enum sim_trouble
roll_trouble(struct sim_host *host)
{
	static const enum sim_trouble kinds[] = { SIM_REFUSED, SIM_REFUSED, SIM_UNREACHABLE, SIM_UNREACHABLE,
		SIM_KEY_CHANGED, SIM_DENIED, SIM_NO_SOCKET, SIM_NO_SOCKET, SIM_SLOW, SIM_SLOW, SIM_SLOW,
		SIM_HUNG };

	return kinds[(size_t)(roll(host) * G_N_ELEMENTS(kinds))];
}

/* What is wrong with the host begins or ends. */
static void
trouble_due(struct sim_host *host)
{
	const struct trouble *trouble;

	if (host->trouble != SIM_FINE) {
		host->trouble = SIM_FINE;
		host->next_trouble = roll_trouble(host);
		host->trouble_us += trouble_wait(host);
		return;
	}
	host->trouble = host->next_trouble;
	trouble = &troubles[host->trouble];
	host->trouble_us += roll_between(host, trouble->min_s, trouble->max_s);
	if (trouble->cuts)
		host->link_epoch++;
}

/* The place of host INDEX among the first to get into trouble, or -1. */
static int
first_trouble(const struct sim *sim, unsigned index)
{
	for (unsigned i = 0; i < sim->nhosts / HOSTS_PER_FIRST_TROUBLE; i++) {
		if (sim_mix(sim->opts.seed, 5000 + i) % sim->nhosts == index)
			return (int)i;
	}
	return -1;
}

void
sim_life_init(struct sim_host *host, unsigned index, int64_t now_us)
{
	int first = first_trouble(host->sim, index);

	host->dice = sim_mix(host->bits, 8);
	host->home_vms = host->nvms;
	host->arrived = g_array_new(FALSE, FALSE, sizeof(struct sim_vm));
	host->trips = g_array_new(FALSE, FALSE, sizeof(struct sim_trip));
	host->unheard = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	host->leaving_to = -1;
	if (host->sim->opts.calm) {
		host->next_life_us = host->trouble_us = NEVER;
		return;
	}
	host->next_life_us = now_us + guest_wait(host);
	if (first >= 0) {
		host->next_trouble = first_troubles[first % G_N_ELEMENTS(first_troubles)];
		host->trouble_us = now_us + FIRST_TROUBLE_US + first * FIRST_TROUBLE_STEP_US;
	} else {
		host->next_trouble = roll_trouble(host);
		host->trouble_us = now_us + FIRST_TROUBLE_US + trouble_wait(host);
	}
}

void
sim_life_advance(struct sim_host *host, int64_t now_us, GArray *events)
{
	while (host->trouble_us <= now_us)
		trouble_due(host);
	sim_move_arrive(host, sim_time(host->sim, now_us), events);
	for (unsigned i = 0; i < host->nvms; i++) {
		while (host->vms[i].due_us && host->vms[i].due_us <= now_us)
			vm_due(host, &host->vms[i], events);
	}
	while (host->next_life_us <= now_us) {
		guest_happens(host, host->next_life_us, events);
		host->next_life_us += guest_wait(host);
	}
}

/* ---- on request ---- */

static bool
wrong_state(GError **error, const char *text)
{
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_STATE, "Requested operation is not valid: %s", text);
	return false;
}

struct act_call {
	struct sim_host *host;
	struct sim_vm *vm;
	int64_t now_us;
	double t;
	GArray *events;
};

static bool
is_live(const struct sim_vm *vm)
{
	return sim_vm_active(vm) || vm->state == VM_STATE_PAUSED;
}

static bool
act_start(const struct act_call *call, GError **error)
{
	if (is_live(call->vm))
		return wrong_state(error, "domain is already running");
	vm_start(call->host, call->vm, call->t, call->events);
	return true;
}

static bool
act_shutdown(const struct act_call *call, GError **error)
{
	struct sim_vm *vm = call->vm;

	if (!is_live(vm))
		return wrong_state(error, "domain is not running");
	/* Some guests have nobody at home who listens to a power button, as has every paused one. */
	if (vm->state == VM_STATE_RUNNING && sim_unit(sim_vm_bits(vm, 40)) >= 0.07)
		plan(vm, SIM_PENDING_STOPPING, call->now_us + roll_between(call->host, 0.4, 2));
	return true;
}

static bool
act_reboot(const struct act_call *call, GError **error)
{
	if (!is_live(call->vm))
		return wrong_state(error, "domain is not running");
	if (call->vm->state == VM_STATE_RUNNING)
		plan(call->vm, SIM_PENDING_REBOOT, call->now_us + roll_between(call->host, 3, 9));
	return true;
}

static bool
act_reset(const struct act_call *call, GError **error)
{
	return is_live(call->vm) || wrong_state(error, "domain is not running");
}

static bool
act_destroy(const struct act_call *call, GError **error)
{
	if (call->vm->state == VM_STATE_OFF)
		return wrong_state(error, "domain is not running");
	vm_off(call->host, call->vm, call->t, "forced off", call->events);
	return true;
}

static bool
act_suspend(const struct act_call *call, GError **error)
{
	struct sim_vm *vm = call->vm;
	double cpu, io;

	if (!is_live(vm))
		return wrong_state(error, "domain is not running");
	if (vm->state == VM_STATE_PAUSED)
		return true;
	cpu = sim_vm_cpu_load(call->host, vm, call->t);
	io = sim_vm_io_load(call->host, vm, call->t);
	enter(vm, VM_STATE_PAUSED, "by user");
	vm->cpu_mark = cpu;
	vm->io_mark = io;
	plan(vm, SIM_PENDING_NONE, 0);
	emit(call->events, vm, CONN_EVENT_SUSPENDED, "paused");
	return true;
}

static bool
act_resume(const struct act_call *call, GError **error)
{
	struct sim_vm *vm = call->vm;
	double cpu = vm->cpu_mark, io = vm->io_mark;

	if (sim_vm_active(vm))
		return wrong_state(error, "domain is already running");
	if (vm->state != VM_STATE_PAUSED)
		return wrong_state(error, "domain is not running");
	enter(vm, VM_STATE_RUNNING, "resumed");
	sim_marks_run(call->host, vm, call->t, cpu, io);
	emit(call->events, vm, CONN_EVENT_RESUMED, "resumed");
	return true;
}

static bool
act_autostart_on(const struct act_call *call, GError **error)
{
	(void)error;
	call->vm->autostart = true;
	return true;
}

static bool
act_autostart_off(const struct act_call *call, GError **error)
{
	(void)error;
	call->vm->autostart = false;
	return true;
}

static bool (*const acts[VM_ACT_CALLS])(const struct act_call *call, GError **error) = {
	[VM_ACT_START] = act_start,
	[VM_ACT_SHUTDOWN] = act_shutdown,
	[VM_ACT_REBOOT] = act_reboot,
	[VM_ACT_RESET] = act_reset,
	[VM_ACT_DESTROY] = act_destroy,
	[VM_ACT_SUSPEND] = act_suspend,
	[VM_ACT_RESUME] = act_resume,
	[VM_ACT_AUTOSTART_ON] = act_autostart_on,
	[VM_ACT_AUTOSTART_OFF] = act_autostart_off,
};

bool
sim_life_act(struct sim_host *host, struct sim_vm *vm, enum vm_act act, int64_t now_us, GArray *events,
	GError **error)
{
	struct act_call call = {
		.host = host,
		.vm = vm,
		.now_us = now_us,
		.t = sim_time(host->sim, now_us),
		.events = events,
	};

	return acts[act](&call, error);
}
