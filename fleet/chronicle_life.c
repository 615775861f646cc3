/* chronicle: what guests are at, and in which words that is told. */
#include "fleet/chronicle_private.h"

enum life
life_of(const struct vm *vm)
{
	if (!vm)
		return LIFE_GONE;
	switch (vm->state) {
	case VM_STATE_RUNNING:
	case VM_STATE_IDLE:
	case VM_STATE_STOPPING:
		return LIFE_RUNNING;
	case VM_STATE_PAUSED:
	case VM_STATE_SUSPENDED:
		return LIFE_PAUSED;
	case VM_STATE_OFF:
	case VM_STATE_CRASHED:
		return LIFE_OFF;
	default:
		return LIFE_UNKNOWN;
	}
}

/* What the reader is told of each, and what it leaves the guest at; without WHAT nothing is told. */
static const struct telling_of {
	const char *what;
	enum life life; /* LIFE_UNKNOWN: as it was */
	enum event_level level;
} tellings[] = {
	[CONN_EVENT_DEFINED] = { "defined", LIFE_UNKNOWN, EVENT_INFO },
	[CONN_EVENT_UNDEFINED] = { "undefined", LIFE_UNKNOWN, EVENT_INFO },
	[CONN_EVENT_STARTED] = { "started", LIFE_RUNNING, EVENT_INFO },
	[CONN_EVENT_SUSPENDED] = { "paused", LIFE_PAUSED, EVENT_INFO },
	[CONN_EVENT_RESUMED] = { "resumed", LIFE_RUNNING, EVENT_INFO },
	[CONN_EVENT_STOPPED] = { "stopped", LIFE_OFF, EVENT_INFO },
	[CONN_EVENT_SHUTDOWN] = { NULL, LIFE_UNKNOWN, EVENT_INFO }, /* "stopped" follows */
	[CONN_EVENT_PMSUSPENDED] = { "suspended", LIFE_PAUSED, EVENT_INFO },
	[CONN_EVENT_CRASHED] = { "crashed", LIFE_OFF, EVENT_BAD },
	[CONN_EVENT_CHANGED] = { NULL, LIFE_UNKNOWN, EVENT_INFO },
	[CONN_EVENT_CLOSED] = { NULL, LIFE_UNKNOWN, EVENT_INFO },
};

/* Definitions come and go beside a guest that runs; else they are all there is of it. */
enum life
life_after(enum life before, enum conn_event_kind kind)
{
	if (kind == CONN_EVENT_DEFINED && before == LIFE_GONE)
		return LIFE_OFF;
	if (kind == CONN_EVENT_UNDEFINED && before == LIFE_OFF)
		return LIFE_GONE;
	return tellings[kind].life != LIFE_UNKNOWN ? tellings[kind].life : before;
}

bool
life_is_told(enum conn_event_kind kind)
{
	return (size_t)kind < G_N_ELEMENTS(tellings) && tellings[kind].what;
}

bool
life_is_said(enum conn_event_kind kind)
{
	return tellings[kind].life != LIFE_UNKNOWN;
}

void
tell_guest_event(const struct telling_ctx *ctx, const struct guest_event *event)
{
	const struct telling_of *telling = &tellings[event->kind];
	bool fault = event->cause == CONN_CAUSE_FAULT;
	const char *what = fault && event->kind == CONN_EVENT_STOPPED ? "crashed" : telling->what;
	bool says_more = g_strcmp0(event->detail, what) != 0;

	tell_guest(ctx, &event->key, event->name, EVENT_KIND_GUEST, fault ? EVENT_BAD : telling->level, what,
		says_more ? g_strdup(event->detail) : NULL);
}

void
tell_change(const struct telling_ctx *ctx, const struct life_change *change)
{
	const struct vm *vm = fleet_snap_find_vm(ctx->snap, &change->key);
	const char *how = change->away ? "while not connected" : "noticed at the sample";
	enum event_level level = EVENT_INFO;
	const char *reason = NULL, *what;

	switch (change->to) {
	case LIFE_RUNNING:
		what = change->restarted ? "restarted" : change->from == LIFE_PAUSED ? "resumed" : "started";
		break;
	case LIFE_PAUSED:
		what = vm && vm->state == VM_STATE_SUSPENDED ? "suspended" : "paused";
		reason = vm ? vm->reason : NULL;
		break;
	case LIFE_OFF:
		what = change->from == LIFE_GONE ? "defined" : "stopped";
		if (change->from != LIFE_GONE && vm) {
			bool crash = vm->state == VM_STATE_CRASHED || g_strcmp0(vm->reason, "crashed") == 0;

			what = crash ? "crashed" : what;
			level = crash ? EVENT_BAD : EVENT_INFO;
			reason = crash && vm->state == VM_STATE_OFF ? NULL : vm->reason;
		}
		break;
	default:
		what = change->from == LIFE_OFF ? "undefined" : "stopped";
		reason = change->from == LIFE_OFF ? NULL : "no longer there";
		break;
	}
	tell_guest(ctx, &change->key, change->name, EVENT_KIND_GUEST, level, what,
		g_strdup_printf("%s%s%s", reason ? reason : "", reason ? "; " : "", how));
}
