#include "fleet/conn_libvirt_impl.h"

#include "fleet/error.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* After a shutdown libxl still clears the guest away for a while: it says that it is off, and that it can't be started, being
 * active. One that really is active says the latter for good. */
static int
act_start(virDomainPtr dom)
{
	static const gulong pauses_us[] = { 1000000, 3000000, 5000000 };

	for (size_t i = 0; i < G_N_ELEMENTS(pauses_us); i++) {
		int state;

		if (virDomainCreate(dom) == 0)
			return 0;
		if (virGetLastErrorCode() != VIR_ERR_OPERATION_INVALID)
			return -1;
		if (virDomainGetState(dom, &state, NULL, 0) < 0)
			return -1;
		if (state != VIR_DOMAIN_SHUTOFF)
			break;
		g_usleep(pauses_us[i]);
	}
	/* the question about the state has made libvirt forget the error */
	return virDomainCreate(dom);
}

static int
act_reboot(virDomainPtr dom)
{
	return virDomainReboot(dom, VIR_DOMAIN_REBOOT_DEFAULT);
}

static int
act_reset(virDomainPtr dom)
{
	return virDomainReset(dom, 0);
}

/* A guest that put itself to sleep is woken up, which is another call than resuming one that was paused. */
static int
act_resume(virDomainPtr dom)
{
	int state;

	if (virDomainGetState(dom, &state, NULL, 0) < 0)
		return -1;
	return state == VIR_DOMAIN_PMSUSPENDED ? virDomainPMWakeup(dom, 0) : virDomainResume(dom);
}

static int
act_autostart_on(virDomainPtr dom)
{
	return virDomainSetAutostart(dom, 1);
}

static int
act_autostart_off(virDomainPtr dom)
{
	return virDomainSetAutostart(dom, 0);
}

static const struct {
	int (*run)(virDomainPtr dom);
	const char *doing;
	const char *why_not[DRIVER_COUNT]; /* set where the driver hasn't got it at all */
} acts[VM_ACT_COUNT] = {
	[VM_ACT_START] = { .run = act_start, .doing = "start" },
	[VM_ACT_SHUTDOWN] = { .run = virDomainShutdown, .doing = "shut down" },
	[VM_ACT_REBOOT] = { .run = act_reboot, .doing = "reboot" },
	[VM_ACT_RESET] = { .run = act_reset, .doing = "reset",
		.why_not = {
			[DRIVER_XEN] = "Xen's libxl driver can't reset a guest",
			[DRIVER_LXC] = "a container can't be reset",
		},
	},
	[VM_ACT_DESTROY] = { .run = virDomainDestroy, .doing = "force off" },
	[VM_ACT_SUSPEND] = { .run = virDomainSuspend, .doing = "suspend" },
	[VM_ACT_RESUME] = { .run = act_resume, .doing = "resume" },
	[VM_ACT_AUTOSTART_ON] = { .run = act_autostart_on, .doing = "set autostart" },
	[VM_ACT_AUTOSTART_OFF] = { .run = act_autostart_off, .doing = "clear autostart" },
	/* these have files of their own */
	[VM_ACT_MIGRATE] = { .why_not = {
			[DRIVER_LXC] = "a container can't be moved while it runs",
			[DRIVER_TEST] = "libvirt's test driver can't migrate",
		},
	},
	[VM_ACT_PIN] = { .why_not = { [DRIVER_LXC] = "a container's CPUs can't be pinned" } },
	[VM_ACT_CONSOLE] = { .why_not = { [DRIVER_TEST] = "libvirt's test driver has no consoles" } },
};

bool
libvirt_can(const struct conn *conn, enum vm_act act, const char **why_not)
{
	const struct libvirt *lv = (const struct libvirt *)conn;
	const char *words = lv->opts.readonly ? "the connection is read-only" : acts[act].why_not[lv->driver];

	if (words && why_not)
		*why_not = words;
	return !words;
}

/* Whatever the caller thought: never the host itself. */
static bool
is_target(struct libvirt *lv, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	const struct guest *guest = guests_find(lv, uuid);
	const char *words = NULL;

	if (libvirt_is_dom0(lv, uuid, guest ? (int)virDomainGetID(guest->dom) : -1))
		words = "Domain-0 is the host itself";
	else if (libvirt_can(&lv->conn, act, &words) && act >= VM_ACT_CALLS)
		words = "this is no single call";
	if (words)
		g_set_error_literal(error, FLEET_ERROR,
			lv->opts.readonly ? FLEET_ERROR_DENIED : FLEET_ERROR_UNSUPPORTED, words);
	return !words;
}

bool
libvirt_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);

	if (!libvirt_ready(lv, error) || !is_target(lv, uuid, act, error))
		return false;
	virDomainPtr dom = guests_domain(lv, uuid, error);
	if (!dom)
		return false;
	bool ok = acts[act].run(dom) == 0;
	if (!ok)
		libvirt_fail(lv, error, acts[act].doing);
	virDomainFree(dom);

	/* it has no event: read anew with the next sample */
	if (ok && (act == VM_ACT_AUTOSTART_ON || act == VM_ACT_AUTOSTART_OFF))
		lv->flags_due = lv->full_samples;
	return ok;
}
