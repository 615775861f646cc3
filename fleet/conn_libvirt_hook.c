#include "fleet/conn_libvirt_impl.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <string.h>

/* The callbacks' own object, shared with libvirt by reference: libvirt may free a callback later than its connection. */
struct hook {
	atomic_uint refs;
	struct conn_listener listener; /* constant */
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned calling; /* callbacks under way; guarded by lock, like all below */
	bool muted;
	bool by_keepalive; /* why the link ended */
	bool close_held;   /* the close callback holds a reference */
	bool list_changed;
	GArray *changed; /* uint8_t[UUID_LEN] */
	GArray *ids;     /* int: registered callbacks; the connection's thread only */
};

struct hook *
hook_new(const struct conn_listener *listener)
{
	struct hook *hook = g_new0(struct hook, 1);

	atomic_init(&hook->refs, 1);
	hook->listener = *listener;
	pthread_mutex_init(&hook->lock, NULL);
	pthread_cond_init(&hook->idle, NULL);
	hook->changed = g_array_new(FALSE, FALSE, UUID_LEN);
	hook->ids = g_array_new(FALSE, FALSE, sizeof(int));
	return hook;
}

static void *
hook_ref(struct hook *hook)
{
	atomic_fetch_add(&hook->refs, 1);
	return hook;
}

static void
hook_unref(void *opaque)
{
	struct hook *hook = opaque;

	if (atomic_fetch_sub(&hook->refs, 1) != 1)
		return;
	g_array_unref(hook->changed);
	g_array_unref(hook->ids);
	pthread_cond_destroy(&hook->idle);
	pthread_mutex_destroy(&hook->lock);
	g_free(hook);
}

void
hook_free(struct hook *hook)
{
	pthread_mutex_lock(&hook->lock);
	hook->muted = true;
	while (hook->calling > 0)
		pthread_cond_wait(&hook->idle, &hook->lock);
	pthread_mutex_unlock(&hook->lock);
	hook_unref(hook);
}

GArray *
hook_take_changed(struct hook *hook, bool *list)
{
	GArray *fresh = g_array_new(FALSE, FALSE, UUID_LEN);

	pthread_mutex_lock(&hook->lock);
	GArray *changed = hook->changed;
	hook->changed = fresh;
	*list = hook->list_changed;
	hook->list_changed = false;
	pthread_mutex_unlock(&hook->lock);
	return changed;
}

bool
hook_closed_by_keepalive(struct hook *hook)
{
	pthread_mutex_lock(&hook->lock);
	bool by_keepalive = hook->by_keepalive;
	pthread_mutex_unlock(&hook->lock);
	return by_keepalive;
}

bool
hook_hears(const struct hook *hook)
{
	return hook->ids->len > 0;
}

/* ---- callbacks, event thread ---- */

/* The listener is called without our lock: it has its own. */
static void
tell(struct hook *hook, const struct conn_event *event)
{
	if (hook->listener.event)
		hook->listener.event(hook->listener.ctx, event);

	pthread_mutex_lock(&hook->lock);
	if (--hook->calling == 0)
		pthread_cond_broadcast(&hook->idle);
	pthread_mutex_unlock(&hook->lock);
}

struct detail {
	const char *text; /* static; NULL: none */
	enum conn_cause cause;
};

static void
guest_event(struct hook *hook, virDomainPtr dom, enum conn_event_kind kind, const struct detail *detail)
{
	struct conn_event event = { .kind = kind, .cause = detail->cause, .detail = detail->text };

	virDomainGetUUID(dom, event.uuid); /* reads the object in our memory, asks nobody; so does … */
	event.name = virDomainGetName(dom);
	pthread_mutex_lock(&hook->lock);
	bool muted = hook->muted;
	if (!muted) {
		hook->calling++;
		g_array_append_val(hook->changed, event.uuid);
		if (kind == CONN_EVENT_DEFINED || kind == CONN_EVENT_UNDEFINED)
			hook->list_changed = true;
	}
	pthread_mutex_unlock(&hook->lock);
	if (!muted)
		tell(hook, &event);
}

static const struct detail defined_details[] = {
	[VIR_DOMAIN_EVENT_DEFINED_ADDED] = { "new", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_DEFINED_UPDATED] = { "changed", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_DEFINED_RENAMED] = { "renamed", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_DEFINED_FROM_SNAPSHOT] = { "from snapshot", CONN_CAUSE_NONE },
};
static const struct detail undefined_details[] = {
	[VIR_DOMAIN_EVENT_UNDEFINED_REMOVED] = { NULL, CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_UNDEFINED_RENAMED] = { "renamed", CONN_CAUSE_NONE },
};
static const struct detail started_details[] = {
	[VIR_DOMAIN_EVENT_STARTED_BOOTED] = { "booted", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STARTED_MIGRATED] = { "migrated here", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_STARTED_RESTORED] = { "restored", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT] = { "from snapshot", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STARTED_WAKEUP] = { "woken up", CONN_CAUSE_NONE },
};
static const struct detail suspended_details[] = {
	[VIR_DOMAIN_EVENT_SUSPENDED_PAUSED] = { "paused", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED] = { "migrating", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_SUSPENDED_IOERROR] = { "I/O error", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG] = { "watchdog", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_SUSPENDED_RESTORED] = { "restored", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT] = { "from snapshot", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR] = { "failed call", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY] = { "post-copy migration", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED] = { "post-copy migration failed", CONN_CAUSE_FAULT },
};
static const struct detail resumed_details[] = {
	[VIR_DOMAIN_EVENT_RESUMED_UNPAUSED] = { "resumed", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_RESUMED_MIGRATED] = { "migrated", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT] = { "from snapshot", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_RESUMED_POSTCOPY] = { "post-copy migration", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED] = { "post-copy migration failed", CONN_CAUSE_FAULT },
};
static const struct detail stopped_details[] = {
	[VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = { "shut down", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = { "forced off", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STOPPED_CRASHED] = { "crashed", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = { "migrated away", CONN_CAUSE_MIGRATION },
	[VIR_DOMAIN_EVENT_STOPPED_SAVED] = { "saved", CONN_CAUSE_NONE },
	[VIR_DOMAIN_EVENT_STOPPED_FAILED] = { "its emulator failed", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = { "from snapshot", CONN_CAUSE_NONE },
};
static const struct detail crashed_details[] = {
	[VIR_DOMAIN_EVENT_CRASHED_PANICKED] = { "panicked", CONN_CAUSE_FAULT },
	[VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED] = { "panicked, dumps its memory", CONN_CAUSE_FAULT },
};

#define DETAILS(table) table, G_N_ELEMENTS(table)

static const struct {
	enum conn_event_kind kind;
	const struct detail *details;
	size_t ndetails;
} lifecycle[] = {
	[VIR_DOMAIN_EVENT_DEFINED] = { CONN_EVENT_DEFINED, DETAILS(defined_details) },
	[VIR_DOMAIN_EVENT_UNDEFINED] = { CONN_EVENT_UNDEFINED, DETAILS(undefined_details) },
	[VIR_DOMAIN_EVENT_STARTED] = { CONN_EVENT_STARTED, DETAILS(started_details) },
	[VIR_DOMAIN_EVENT_SUSPENDED] = { CONN_EVENT_SUSPENDED, DETAILS(suspended_details) },
	[VIR_DOMAIN_EVENT_RESUMED] = { CONN_EVENT_RESUMED, DETAILS(resumed_details) },
	[VIR_DOMAIN_EVENT_STOPPED] = { CONN_EVENT_STOPPED, DETAILS(stopped_details) },
	[VIR_DOMAIN_EVENT_SHUTDOWN] = { CONN_EVENT_SHUTDOWN, NULL, 0 },
	[VIR_DOMAIN_EVENT_PMSUSPENDED] = { CONN_EVENT_PMSUSPENDED, NULL, 0 },
	[VIR_DOMAIN_EVENT_CRASHED] = { CONN_EVENT_CRASHED, DETAILS(crashed_details) },
};

static int
on_lifecycle(virConnectPtr vir, virDomainPtr dom, int event, int detail, void *opaque)
{
	static const struct detail none;

	(void)vir;
	if (event < 0 || (size_t)event >= G_N_ELEMENTS(lifecycle)) {
		guest_event(opaque, dom, CONN_EVENT_CHANGED, &none);
		return 0;
	}
	bool known = detail >= 0 && (size_t)detail < lifecycle[event].ndetails;
	guest_event(opaque, dom, lifecycle[event].kind, known ? &lifecycle[event].details[detail] : &none);
	return 0;
}

static void
guest_changed(struct hook *hook, virDomainPtr dom, const char *how)
{
	guest_event(hook, dom, CONN_EVENT_CHANGED, &(struct detail){ .text = how });
}

static void
on_tunable(virConnectPtr vir, virDomainPtr dom, virTypedParameterPtr params, int nparams, void *opaque)
{
	(void)vir, (void)params, (void)nparams;
	guest_changed(opaque, dom, "tuned");
}

static void
on_device_added(virConnectPtr vir, virDomainPtr dom, const char *alias, void *opaque)
{
	(void)vir, (void)alias;
	guest_changed(opaque, dom, "device added");
}

static void
on_device_removed(virConnectPtr vir, virDomainPtr dom, const char *alias, void *opaque)
{
	(void)vir, (void)alias;
	guest_changed(opaque, dom, "device removed");
}

static void
on_metadata(virConnectPtr vir, virDomainPtr dom, int type, const char *uri, void *opaque)
{
	(void)vir, (void)type, (void)uri;
	guest_changed(opaque, dom, "metadata");
}

static void
on_close(virConnectPtr vir, int reason, void *opaque)
{
	static const struct conn_event closed = { .kind = CONN_EVENT_CLOSED };
	struct hook *hook = opaque;

	(void)vir;
	pthread_mutex_lock(&hook->lock);
	bool muted = hook->muted;
	hook->by_keepalive = reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE;
	if (!muted)
		hook->calling++;
	pthread_mutex_unlock(&hook->lock);
	if (!muted)
		tell(hook, &closed);
}

/* ---- registering ---- */

/* Drivers take any event and never fire the ones they don't have, so each costs a round trip: only where it is emitted.
 * The balloon's event is left out: the sample has the number, and on hosts that balloon much it would come all the time. */
static const struct {
	int id;
	virConnectDomainEventGenericCallback call;
	unsigned drivers; /* bit per enum libvirt_driver */
} extra_events[] = {
	{ VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK(on_metadata),
		1u << DRIVER_QEMU | 1u << DRIVER_XEN | 1u << DRIVER_LXC | 1u << DRIVER_TEST },
	{ VIR_DOMAIN_EVENT_ID_TUNABLE, VIR_DOMAIN_EVENT_CALLBACK(on_tunable), 1u << DRIVER_QEMU },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK(on_device_added), 1u << DRIVER_QEMU },
	{ VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK(on_device_removed),
		1u << DRIVER_QEMU },
};

/* Drops the close callback's reference, once. */
static void
close_release(void *opaque)
{
	struct hook *hook = opaque;

	pthread_mutex_lock(&hook->lock);
	bool held = hook->close_held;
	hook->close_held = false;
	pthread_mutex_unlock(&hook->lock);
	if (held)
		hook_unref(hook);
}

/* A daemon too old for an event just doesn't have it: polling finds the change. */
static void
attach_event(struct libvirt *lv, int event, virConnectDomainEventGenericCallback call)
{
	int id = virConnectDomainEventRegisterAny(lv->vir, NULL, event, call, hook_ref(lv->hook), hook_unref);

	if (id >= 0)
		g_array_append_val(lv->hook->ids, id);
	else
		hook_unref(lv->hook);
}

void
hook_attach(struct libvirt *lv)
{
	lv->hook->close_held = true;
	hook_ref(lv->hook);
	if (virConnectRegisterCloseCallback(lv->vir, on_close, lv->hook, close_release) < 0)
		close_release(lv->hook);
	attach_event(lv, VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
}

void
hook_attach_extra(struct libvirt *lv)
{
	for (size_t i = 0; i < G_N_ELEMENTS(extra_events); i++)
		if (extra_events[i].drivers & (1u << lv->driver))
			attach_event(lv, extra_events[i].id, extra_events[i].call);
}

/* Every registered callback holds a reference to the connection, which then never closes. */
void
hook_detach(struct libvirt *lv)
{
	for (guint i = 0; i < lv->hook->ids->len; i++)
		virConnectDomainEventDeregisterAny(lv->vir, g_array_index(lv->hook->ids, int, i));
	g_array_set_size(lv->hook->ids, 0);
	/* Drivers without a daemon take the callback and forget it, free function and all. The remote driver frees it
	 * now, or when it notices that the link is gone. */
	if (virConnectUnregisterCloseCallback(lv->vir, on_close) == 0)
		close_release(lv->hook);
}
