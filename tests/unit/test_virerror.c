#include "fleet/virerror.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

Test(virerror, classes)
{
	static const struct {
		int domain, code, system_errno;
		const char *message;
		enum fleet_error class;
	} cases[] = {
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, EIO, "End of file while reading data",
			FLEET_ERROR_GONE },
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, ECONNREFUSED, "Failed to connect socket",
			FLEET_ERROR_GONE },
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, ENOENT, "Failed to connect socket",
			FLEET_ERROR_NO_SOCKET },
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, EACCES, "Failed to connect socket",
			FLEET_ERROR_DENIED },
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, EHOSTUNREACH, NULL, FLEET_ERROR_UNREACHABLE },
		{ VIR_FROM_RPC, VIR_ERR_SYSTEM_ERROR, -1, "unable to resolve 'x' service '16509'",
			FLEET_ERROR_NAME },
		{ VIR_FROM_RPC, VIR_ERR_INTERNAL_ERROR, -1, "client socket is closed", FLEET_ERROR_GONE },
		{ VIR_FROM_RPC, VIR_ERR_INTERNAL_ERROR, -1, "connection closed due to keepalive timeout",
			FLEET_ERROR_TIMEOUT },
		{ VIR_FROM_RPC, VIR_ERR_RPC, -1, "packet 1347703880 bytes received from server too large",
			FLEET_ERROR_PROTOCOL },
		{ VIR_FROM_REMOTE, VIR_ERR_INTERNAL_ERROR, -1, "", FLEET_ERROR_GONE },
		{ VIR_FROM_QEMU, VIR_ERR_INTERNAL_ERROR, -1, "client socket is closed", FLEET_ERROR_FAILED },
		{ VIR_FROM_QEMU, VIR_ERR_SYSTEM_ERROR, ENOENT, "can't open image", FLEET_ERROR_FAILED },
		{ VIR_FROM_QEMU, VIR_ERR_NO_DOMAIN, -1, NULL, FLEET_ERROR_NO_DOMAIN },
		{ VIR_FROM_QEMU, VIR_ERR_OPERATION_INVALID, -1, "domain is not running", FLEET_ERROR_STATE },
		{ VIR_FROM_QEMU, VIR_ERR_OPERATION_TIMEOUT, -1, "cannot acquire state change lock",
			FLEET_ERROR_BUSY },
		{ VIR_FROM_LIBXL, VIR_ERR_NO_SUPPORT, -1, NULL, FLEET_ERROR_UNSUPPORTED },
		{ VIR_FROM_LIBXL, VIR_ERR_OPERATION_UNSUPPORTED, -1, NULL, FLEET_ERROR_UNSUPPORTED },
		{ VIR_FROM_NONE, VIR_ERR_NO_CONNECT, -1, "no connection driver available",
			FLEET_ERROR_UNSUPPORTED },
		{ VIR_FROM_NONE, VIR_ERR_OPERATION_DENIED, -1, "read only access prevents",
			FLEET_ERROR_DENIED },
		{ VIR_FROM_POLKIT, VIR_ERR_AUTH_FAILED, -1, NULL, FLEET_ERROR_DENIED },
		{ VIR_FROM_POLKIT, VIR_ERR_AUTH_CANCELLED, -1, NULL, FLEET_ERROR_DENIED },
		{ VIR_FROM_POLKIT, VIR_ERR_AUTH_UNAVAILABLE, -1, NULL, FLEET_ERROR_DENIED },
		{ VIR_FROM_ACCESS, VIR_ERR_ACCESS_DENIED, -1, NULL, FLEET_ERROR_DENIED },
		{ VIR_FROM_NONE, VIR_ERR_INVALID_CONN, -1, NULL, FLEET_ERROR_GONE },
		{ VIR_FROM_QEMU, VIR_ERR_OPERATION_FAILED, -1, NULL, FLEET_ERROR_FAILED },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		enum fleet_error class = virerror_class(
			cases[i].domain, cases[i].code, cases[i].system_errno, cases[i].message);

		cr_assert_eq(class, cases[i].class, "case %zu: %d", i, (int)class);
	}
}

static void
be_silent(void *opaque, virErrorPtr err)
{
	(void)opaque;
	(void)err;
}

Test(virerror, keeps_the_words_without_control_characters)
{
	g_autoptr(GError) error = NULL;

	virSetErrorFunc(NULL, be_silent);
	cr_assert_null(virConnectOpen("test:///no\x1b[31m\nsuch"));
	cr_assert_not(virerror_set(&error, "open"));
	cr_assert(g_str_has_prefix(error->message, "open: "), "%s", error->message);
	cr_assert(strstr(error->message, " [31m such"), "%s", error->message);
	cr_assert_eq(error->code, (int)virerror_last());
}

Test(virerror, says_so_when_there_are_no_words)
{
	g_autoptr(GError) error = NULL;

	/* as fleet/events.c does: before it, libvirt's thread-local error is any library's */
	cr_assert_eq(virInitialize(), 0);
	virResetLastError();
	cr_assert_not(virerror_set(&error, "list guests"));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_FAILED));
	cr_assert(strstr(error->message, "list guests: "));
}
