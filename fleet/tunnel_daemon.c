#include <string.h>

#include "fleet/clock.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_private.h"

enum { SOCKETS_MAX = 3 };

/* The first name is what a modular libvirt offers; libvirtd, or virtproxyd in its place, has libvirt-sock. */
static const struct {
	const char *driver;
	const char *sockets[SOCKETS_MAX + 1];
} daemons[] = {
	{ "auto", { "virtqemud-sock", "virtxend-sock", "libvirt-sock" } },
	{ "qemu", { "virtqemud-sock", "libvirt-sock" } },
	{ "xen", { "virtxend-sock", "libvirt-sock" } },
};
static const char *const other_sockets[SOCKETS_MAX + 1] = { "libvirt-sock" };

static const struct {
	const char *prefix, *driver;
} drivers[] = {
	{ "virtqemud", "qemu" },
	{ "virtxend", "xen" },
};

static const char *const *
sockets_of(const char *driver)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(daemons); i++) {
		if (strcmp(daemons[i].driver, driver) == 0)
			return daemons[i].sockets;
	}
	return other_sockets;
}

/* NULL-terminated, newly allocated. */
static char **
candidates(const char *driver, const char *socket, bool readonly)
{
	char **paths = g_new0(char *, SOCKETS_MAX + 1);
	const char *const *names = sockets_of(driver);

	if (socket)
		paths[0] = g_strdup(socket);
	for (unsigned i = 0; !socket && names[i]; i++)
		paths[i] = g_strdup_printf("/run/libvirt/%s%s", names[i], readonly ? "-ro" : "");
	return paths;
}

/* NULL: it may be any. */
static char *
driver_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	for (unsigned i = 0; i < G_N_ELEMENTS(drivers); i++) {
		if (g_str_has_prefix(name, drivers[i].prefix))
			return g_strdup(drivers[i].driver);
	}
	return NULL;
}

/* ---- what a command found, in words ---- */

/* "srwxrwx---" as "0770". */
static char *
octal_mode(const char *mode)
{
	unsigned bits = 0;

	for (unsigned i = 1; i < 10 && mode[i]; i++)
		bits = bits << 1 | (mode[i] != '-');
	return g_strdup_printf("%04o", bits);
}

/* Whom to ask for what: the group, when it may do what others may not. */
static char *
denied_advice(const struct tunnel_exec_result *found)
{
	const char *group = strchr(found->owner, ':');

	if (strlen(found->mode) >= 10 && found->mode[0] == 's' && found->mode[5] == 'w' &&
		found->mode[8] != 'w' && group && strcmp(group, ":root"))
		return g_strdup_printf(": add %s to group %s", found->user, group + 1);
	return g_strdup("");
}

static void
set_denied(const struct tunnel_exec_result *found, GError **error)
{
	g_autofree char *mode = octal_mode(found->mode);
	g_autofree char *advice = denied_advice(found);

	tunnel_error_set(error, FLEET_ERROR_DENIED, "user %s may not use %s (%s %s)%s", found->user,
		found->path, found->owner, mode, advice);
}

static void
set_missing(char **paths, GError **error)
{
	g_autofree char *list = g_strjoinv(", ", paths);

	tunnel_error_set(error, FLEET_ERROR_NO_SOCKET, "no libvirt socket there: looked for %s", list);
}

static void
set_not_found(const struct tunnel_exec_result *found, char **paths, const char *forward_words, GError **error)
{
	switch (found->state) {
	case EXEC_MISSING:
		set_missing(paths, error);
		return;
	case EXEC_DENIED:
		set_denied(found, error);
		return;
	case EXEC_DEAD:
		tunnel_error_set(
			error, FLEET_ERROR_GONE, "nobody listens on %s: is the daemon running?", found->path);
		return;
	default:
		tunnel_error_set(error, FLEET_ERROR_NO_SOCKET,
			"forwarding to %s is refused (%s), and there is neither nc -U nor socat nor "
			"virt-ssh-helper",
			found->path, forward_words);
		return;
	}
}

/* ---- opening ---- */

struct opening {
	struct share share;
	char **paths;
	struct local_socket local;
	int64_t timeout_us;
	char *via, *driver;
};

/* False without an error: the far end opens none of them, in WORDS. */
static bool
open_forward(struct opening *o, char **words, GError **error)
{
	g_autoptr(GError) failure = NULL;
	int chosen = pump_open_unix(share_link(&o->share), o->share.user, (const char *const *)o->paths,
		&o->local, clock_now_us() + o->timeout_us, &failure);

	if (chosen >= 0) {
		o->via = g_strdup_printf("streamlocal %s", o->paths[chosen]);
		o->driver = driver_of(o->paths[chosen]);
		return true;
	}
	if (g_error_matches(failure, FLEET_ERROR, FLEET_ERROR_NO_SOCKET))
		*words = g_strdup(failure->message);
	else
		g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

static bool
open_command(struct opening *o, const char *forward_words, GError **error)
{
	g_autofree char *command = tunnel_exec_command((const char *const *)o->paths);
	struct tunnel_exec_result found = { 0 };
	g_autoptr(GError) failure = NULL;
	bool ok;

	if (!command) {
		tunnel_error_set(error, FLEET_ERROR_NO_SOCKET, "%s: %s", o->paths[0], forward_words);
		return false;
	}
	if (!pump_open_exec(share_link(&o->share), o->share.user, command, &o->local,
		    clock_now_us() + o->timeout_us, &found, &failure)) {
		tunnel_error_set(error, (enum fleet_error)failure->code, "forward of %s: %s; command: %s",
			o->paths[0], forward_words, failure->message);
		return false;
	}
	ok = found.state == EXEC_OPEN;
	if (ok) {
		o->via = tunnel_error_clean(g_strdup_printf("%s %s", found.via, found.path));
		o->driver = driver_of(found.path);
	} else {
		set_not_found(&found, o->paths, forward_words, error);
	}
	tunnel_exec_result_done(&found);
	return ok;
}

static bool
open_any(struct tunnel *tunnel, struct opening *o, GError **error)
{
	g_autofree char *words = NULL;
	g_autoptr(GError) failure = NULL;

	if (open_forward(o, &words, &failure) || (words && open_command(o, words, &failure)))
		return true;
	if (tunnel_is_cancelled(tunnel))
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
	else
		g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

bool
tunnel_open_daemon(struct tunnel *tunnel, const char *driver, const char *socket, bool readonly,
	const struct conn_listener *listener, char **local_path, char **via, char **used_driver,
	GError **error)
{
	g_auto(GStrv) paths = candidates(driver, socket, readonly);
	struct opening o = { .share = tunnel_share(tunnel),
		.paths = paths,
		.local = { .fd = -1 },
		.timeout_us = tunnel->tunnels->connect_timeout_us };
	int64_t began_us = clock_now_us();
	g_autofree char *path = NULL;
	g_autoptr(GError) failure = NULL;
	bool ok = false;

	if (!o.share.session)
		tunnel_error_set(&failure, FLEET_ERROR_GONE, "not connected");
	else if (local_socket_open(tunnel->tunnels->folder, &o.local, &failure)) {
		path = g_strdup(o.local.path);
		ok = open_any(tunnel, &o, &failure);
		local_socket_close(&o.local);
	}
	if (listener && listener->step)
		listener->step(listener->ctx, CONN_STEP_SOCKET, ok, clock_now_us() - began_us,
			ok ? o.via : failure->message);
	if (!ok) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return false;
	}
	*local_path = g_steal_pointer(&path);
	*via = o.via;
	*used_driver = o.driver;
	return true;
}
