#include "fleet/virerror.h"

#include <errno.h>
#include <glib.h>
#include <libvirt/virterror.h>
#include <string.h>

struct code_class {
	int code;
	enum fleet_error class;
};

static const struct code_class code_classes[] = {
	{ VIR_ERR_NO_SUPPORT, FLEET_ERROR_UNSUPPORTED },
	{ VIR_ERR_NO_CONNECT, FLEET_ERROR_UNSUPPORTED }, /* "no connection driver available for …" */
	{ VIR_ERR_CONFIG_UNSUPPORTED, FLEET_ERROR_UNSUPPORTED },
	{ VIR_ERR_OPERATION_UNSUPPORTED, FLEET_ERROR_UNSUPPORTED },
	{ VIR_ERR_ARGUMENT_UNSUPPORTED, FLEET_ERROR_UNSUPPORTED },
	{ VIR_ERR_INVALID_CONN, FLEET_ERROR_GONE },
	{ VIR_ERR_NO_DOMAIN, FLEET_ERROR_NO_DOMAIN },
	{ VIR_ERR_OPERATION_INVALID, FLEET_ERROR_STATE },
	{ VIR_ERR_OPERATION_TIMEOUT, FLEET_ERROR_BUSY }, /* "cannot acquire state change lock" */
	{ VIR_ERR_RESOURCE_BUSY, FLEET_ERROR_BUSY },
	{ VIR_ERR_OPERATION_DENIED, FLEET_ERROR_DENIED },
	{ VIR_ERR_ACCESS_DENIED, FLEET_ERROR_DENIED },
	{ VIR_ERR_AUTH_FAILED, FLEET_ERROR_DENIED },
	{ VIR_ERR_AUTH_CANCELLED, FLEET_ERROR_DENIED },
	{ VIR_ERR_AUTH_UNAVAILABLE, FLEET_ERROR_DENIED },
	{ VIR_ERR_RPC, FLEET_ERROR_PROTOCOL },
};

static const struct code_class errno_classes[] = {
	{ EACCES, FLEET_ERROR_DENIED },
	{ EPERM, FLEET_ERROR_DENIED },
	{ ENOENT, FLEET_ERROR_NO_SOCKET },
	{ ENOTDIR, FLEET_ERROR_NO_SOCKET },
	{ ETIMEDOUT, FLEET_ERROR_UNREACHABLE },
	{ EHOSTUNREACH, FLEET_ERROR_UNREACHABLE },
	{ ENETUNREACH, FLEET_ERROR_UNREACHABLE },
};

static enum fleet_error
look_up(const struct code_class *table, size_t n, int code, enum fleet_error otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].code == code)
			return table[i].class;
	return otherwise;
}

/* The client library's own trouble with the connection, not the daemon's answer. */
static enum fleet_error
class_of_link(int system_errno, const char *message)
{
	if (message && strstr(message, "keepalive timeout"))
		return FLEET_ERROR_TIMEOUT;
	if (message && g_str_has_prefix(message, "unable to resolve"))
		return FLEET_ERROR_NAME;
	return look_up(errno_classes, G_N_ELEMENTS(errno_classes), system_errno, FLEET_ERROR_GONE);
}

enum fleet_error
virerror_class(int domain, int code, int system_errno, const char *message)
{
	bool link = domain == VIR_FROM_RPC || domain == VIR_FROM_REMOTE;

	if (link && (code == VIR_ERR_SYSTEM_ERROR || code == VIR_ERR_INTERNAL_ERROR))
		return class_of_link(system_errno, message);
	return look_up(code_classes, G_N_ELEMENTS(code_classes), code, FLEET_ERROR_FAILED);
}

static enum fleet_error
class_of(const virError *err)
{
	return err ? virerror_class(err->domain, err->code, err->int1, err->message) : FLEET_ERROR_FAILED;
}

enum fleet_error
virerror_last(void)
{
	return class_of(virGetLastError());
}

/* The far end's words on one line: valid UTF-8 without control characters. */
static char *
harmless(const char *text)
{
	char *out = g_utf8_make_valid(text, -1);

	for (char *p = out; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
	return g_strchomp(out);
}

bool
virerror_set(GError **error, const char *doing)
{
	const virError *err = virGetLastError();
	g_autofree char *text = harmless(err && err->message ? err->message : "libvirt gives no reason");

	g_set_error(error, FLEET_ERROR, class_of(err), "%s: %s", doing, text);
	return false;
}
