#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/virerror.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

/* So many keepalive messages may go unanswered; for an act as many as the daemon allows us, lest we be the first to give up a
 * link that carries a move. */
#define KEEPALIVE_COUNT     3
#define KEEPALIVE_COUNT_JOB 5
/* The host's CPU and memory numbers of a daemon on Linux. It wants to be asked for exactly as many as it has. */
#define LINUX_PARAMS 4
/* What can wait is spread over the first full samples, so that none is held up by much on a long line. */
#define FLAGS_FIRST  2
#define KSM_FIRST    3
#define EVENTS_FIRST 4

/* ---- errors ---- */

bool
libvirt_ready(struct libvirt *lv, GError **error)
{
	if (atomic_load(&lv->cancelled)) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
		return false;
	}
	if (!lv->vir || lv->link_lost) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_GONE, "the connection has ended");
		return false;
	}
	return true;
}

/* A daemon that has no connection of its own to virtlogd, or to another of libvirt's, says so with the error that we have
 * for ours: only the connection tells which it is. Forgets the last error. */
static bool
is_ours(struct libvirt *lv)
{
	return !lv->vir || virConnectIsAlive(lv->vir) != 1;
}

bool
libvirt_fail(struct libvirt *lv, GError **error, const char *doing)
{
	g_autoptr(GError) mine = NULL;

	virerror_set(&mine, doing);
	if (fleet_error_is_link(mine) && is_ours(lv))
		lv->link_lost = true;
	else if (fleet_error_is_link(mine))
		mine->code = FLEET_ERROR_FAILED;
	if (atomic_load(&lv->cancelled))
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "%s: cancelled", doing);
	else if (lv->link_lost && hook_closed_by_keepalive(lv->hook))
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_TIMEOUT, "%s: no answer to keepalive messages",
			doing);
	else
		g_propagate_error(error, g_steal_pointer(&mine));
	return false;
}

bool
libvirt_lost(struct libvirt *lv, GError **error, const char *doing)
{
	g_autoptr(GError) mine = NULL;

	libvirt_fail(lv, &mine, doing);
	if (!fleet_error_is_link(mine))
		return false;
	g_propagate_error(error, g_steal_pointer(&mine));
	return true;
}

bool
libvirt_unsupported(void)
{
	return virerror_last() == FLEET_ERROR_UNSUPPORTED || virGetLastErrorCode() == VIR_ERR_INVALID_ARG;
}

/* ---- open ---- */

static void
report(const struct libvirt *lv, enum conn_step step, bool ok, int64_t since_us, const char *text)
{
	if (lv->listener.step)
		lv->listener.step(lv->listener.ctx, step, ok, clock_now_us() - since_us, text);
}

/* What to ask the daemon for when only the host or the socket says which driver it is. */
static const char *
default_path(const char *driver)
{
	static const struct {
		const char *driver, *path;
	} paths[] = {
		{ "test", "/default" },
		{ "bhyve", "/system" },
		{ "esx", "/" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
		if (g_str_equal(driver, paths[i].driver))
			return paths[i].path;
	return "/system";
}

/* The URI for a daemon that listens at the local end of the tunnel. With libvirtd's socket and no driver named, the
 * remote driver has the daemon find one. */
static char *
tunnel_uri(const struct hostspec *spec, const char *used_driver, const char *local_path)
{
	bool found_out = g_str_equal(spec->driver, "auto");
	const char *driver = found_out ? used_driver : spec->driver;
	g_autofree char *socket = g_uri_escape_string(local_path, "/", FALSE);

	if (!driver)
		return g_strdup_printf("remote+unix:///?socket=%s", socket);

	const char *path = spec->path ? spec->path : default_path(driver);
	g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);
	return g_strdup_printf("%s+unix://%s?socket=%s", driver, escaped, socket);
}

/* The URI to open, after the tunnel was made where one is needed. */
static char *
reach(struct libvirt *lv, GError **error)
{
	g_autofree char *local_path = NULL, *used_driver = NULL;

	if (!lv->tunnel) {
		lv->via = g_strdup("direct");
		return g_strdup(lv->spec->uri);
	}
	if (!tunnel_connect(lv->tunnel, &lv->listener, error))
		return NULL;
	if (!tunnel_open_daemon(lv->tunnel, lv->spec->driver, lv->spec->socket, lv->opts.readonly,
		    &lv->listener, &local_path, &lv->via, &used_driver, error))
		return NULL;
	return tunnel_uri(lv->spec, used_driver, local_path);
}

/* Adds MORE to what ERROR says. */
static void
error_add(GError *error, const char *more)
{
	char *message = g_strconcat(error->message, more, NULL);

	g_free(error->message);
	error->message = message;
}

/* The tunnel may know better why nobody answers, and who is refused should hear what helps. */
static void
explain(const struct libvirt *lv, GError *error)
{
	g_autofree char *why = NULL;

	if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_GONE) && lv->tunnel &&
		!tunnel_alive(lv->tunnel, &why) && why) {
		g_autofree char *more = g_strdup_printf(" (%s)", why);

		error_add(error, more);
	}
	if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_DENIED) && !lv->opts.readonly)
		error_add(error,
			" (on that host the user must be root or in libvirt's group; --readonly may work)");
}

/* Two steps fail in one call: the error tells whether the daemon refuses us or isn't there. */
static bool
open_failed(struct libvirt *lv, int64_t since_us, GError **error)
{
	g_autoptr(GError) mine = NULL;

	libvirt_fail(lv, &mine, "open libvirt");
	explain(lv, mine);
	bool denied = g_error_matches(mine, FLEET_ERROR, FLEET_ERROR_DENIED);
	report(lv, CONN_STEP_LIBVIRT, denied, since_us, denied ? NULL : mine->message);
	if (denied)
		report(lv, CONN_STEP_PERMISSION, false, since_us, mine->message);
	g_propagate_error(error, g_steal_pointer(&mine));
	return false;
}

static enum libvirt_driver
driver_of(const char *type)
{
	static const struct {
		const char *type;
		enum libvirt_driver driver;
	} drivers[] = {
		{ "QEMU", DRIVER_QEMU },
		{ "Xen", DRIVER_XEN },
		{ "LXC", DRIVER_LXC },
		{ "TEST", DRIVER_TEST },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(drivers); i++)
		if (g_ascii_strcasecmp(type, drivers[i].type) == 0)
			return drivers[i].driver;
	return DRIVER_OTHER;
}

/* A daemon with access control lets everybody in and refuses the first question. */
static bool
ask_permission(struct libvirt *lv, GError **error)
{
	int64_t since_us = clock_now_us();
	g_autoptr(GError) mine = NULL;
	const char *type = virConnectGetType(lv->vir);

	if (!type) {
		libvirt_fail(lv, &mine, "ask for the driver");
		report(lv, CONN_STEP_PERMISSION, false, since_us, mine->message);
		g_propagate_error(error, g_steal_pointer(&mine));
		return false;
	}
	lv->type = g_strdup(type);
	lv->driver = driver_of(type);
	report(lv, CONN_STEP_PERMISSION, true, since_us, lv->opts.readonly ? "read only" : "read and write");
	return true;
}

static virConnectPtr
open_uri(struct libvirt *lv, const char *uri)
{
	virConnectPtr vir;

	events_line_begin(&lv->line);
	vir = lv->opts.readonly ? virConnectOpenReadOnly(uri) : virConnectOpen(uri);
	events_line_end(&lv->line);
	return vir;
}

static bool
libvirt_open(struct conn *conn, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	g_autofree char *uri = reach(lv, error);
	int64_t since_us = clock_now_us();

	if (!uri)
		return false;
	lv->vir = open_uri(lv, uri);
	if (!lv->vir)
		return open_failed(lv, since_us, error);
	report(lv, CONN_STEP_LIBVIRT, true, since_us, lv->via);

	/* drivers without a daemon and daemons without keepalive refuse: nothing to be done */
	if (lv->opts.keepalive_ms > 0)
		virConnectSetKeepAlive(lv->vir, (int)((lv->opts.keepalive_ms + 999) / 1000),
			lv->opts.purpose == CONN_PURPOSE_JOB ? KEEPALIVE_COUNT_JOB : KEEPALIVE_COUNT);
	if (!ask_permission(lv, error))
		return false;
	lv->lacks.guest_block_times =
		lv->driver == DRIVER_XEN; /* it has the call and no times, at twice the price */
	return libvirt_ready(lv, error);
}

/* The daemon's version is the cheapest that only the daemon knows. */
static bool
libvirt_ping(struct conn *conn, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	unsigned long version;

	if (!libvirt_ready(lv, error))
		return false;
	return virConnectGetLibVersion(lv->vir, &version) == 0 ||
	       libvirt_fail(lv, error, "ask for an answer");
}

/* ---- cancel, free ---- */

/* libvirt sees its socket close, and whoever waits for an answer returns. A local driver has none and doesn't block. */
static void
cut(struct libvirt *lv)
{
	if (lv->tunnel)
		tunnel_cancel(lv->tunnel);
	else
		events_line_cut(&lv->line);
}

static void
libvirt_cancel(struct conn *conn)
{
	struct libvirt *lv = libvirt_of(conn);

	atomic_store(&lv->cancelled, true);
	cut(lv);
}

static bool
is_healthy(struct libvirt *lv)
{
	return !atomic_load(&lv->cancelled) && !lv->link_lost && virConnectIsAlive(lv->vir) != 0;
}

/* Deregistering and closing are RPCs, which would wait for a peer that doesn't answer: then the link is cut first. */
static void
close_connection(struct libvirt *lv)
{
	if (!is_healthy(lv))
		cut(lv);
	guests_done(lv);
	hook_detach(lv);
	virConnectClose(lv->vir);
}

static void
libvirt_free(struct conn *conn)
{
	struct libvirt *lv = libvirt_of(conn);

	if (lv->vir)
		close_connection(lv);
	else
		guests_done(lv);
	hook_free(lv->hook);
	events_line_done(&lv->line);
	tunnel_unref(lv->tunnel);
	hostspec_free(lv->spec);
	capsxml_done(&lv->caps);
	libvirt_inspect_free(lv->inspect);
	xen_done(lv);
	g_free(lv->type);
	g_free(lv->via);
	g_free(lv);
}

static const struct conn_ops libvirt_ops = {
	.name = "libvirt",
	.open = libvirt_open,
	.sample = libvirt_sample,
	.host_facts = libvirt_host_facts,
	.vm_facts = libvirt_vm_facts,
	.vm_detail = libvirt_vm_detail,
	.host_detail = libvirt_host_detail,
	.vm_xml = libvirt_vm_xml,
	.act = libvirt_act,
	.can = libvirt_can,
	.pins = libvirt_pins,
	.pin = libvirt_pin,
	.move = libvirt_move,
	.move_progress = libvirt_move_progress,
	.move_abort = libvirt_move_abort,
	.move_post_copy = libvirt_move_post_copy,
	.whereabouts = libvirt_whereabouts,
	.move_xml = libvirt_move_xml,
	.take_check = libvirt_take_check,
	.console = libvirt_console,
	.cancel = libvirt_cancel,
	.free = libvirt_free,
	.ping = libvirt_ping,
};

struct conn *
conn_libvirt_new(const struct conn_libvirt_opts *opts, const struct hostspec *spec, uint32_t index,
	const struct conn_listener *listener)
{
	struct libvirt *lv = g_new0(struct libvirt, 1);

	lv->conn.ops = &libvirt_ops;
	lv->opts = *opts;
	lv->spec = hostspec_copy(spec);
	if (listener)
		lv->listener = *listener;
	if (spec->transport == TRANSPORT_SSH)
		lv->tunnel = opts->purpose == CONN_PURPOSE_JOB ? tunnel_new_beside(opts->tunnels, spec, index)
							       : tunnel_new(opts->tunnels, spec, index);
	lv->hook = hook_new(&lv->listener);
	lv->cpu_params = lv->mem_params = LINUX_PARAMS;
	lv->flags_due = FLAGS_FIRST;
	lv->ksm_due = KSM_FIRST;
	lv->events_due = EVENTS_FIRST;
	guests_init(lv);
	xen_init(lv);
	return &lv->conn;
}
