#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_private.h"

/* Our end of LOCAL, whose other end the pump has got. */
static int
join(const char *path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	tunnel_error_set(error, FLEET_ERROR_FAILED, "join the tunnel: %s", g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

int
tunnel_open_tool(struct tunnel *tunnel, const char *script, GError **error)
{
	/* what tunnel_exec_parse() takes for a socket that opened: from there on the command's bytes are ours */
	g_autofree char *command =
		g_strdup_printf("exec sh -c 'echo; echo \"virt-fleet-tunnel:open tool /\"; %s' sh", script);
	struct share share = tunnel_share(tunnel);
	struct tunnel_exec_result found = { 0 };
	struct local_socket local = { .fd = -1 };
	g_autofree char *path = NULL;
	int fd = -1;

	if (!share.session) {
		tunnel_error_set(error, FLEET_ERROR_GONE, "not connected");
		return -1;
	}
	if (!local_socket_open(tunnel->tunnels->folder, &local, error))
		return -1;
	path = g_strdup(local.path);
	if (pump_open_exec(share_link(&share), share.user, command, &local,
		    clock_now_us() + tunnel->tunnels->connect_timeout_us, &found, error)) {
		fd = join(path, error);
		tunnel_exec_result_done(&found);
	}
	local_socket_close(&local);
	return fd;
}
