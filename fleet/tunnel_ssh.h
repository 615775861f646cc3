/* tunnel_ssh: a libssh session set up as ssh_config says, driven without blocking. Private to fleet/tunnel*.c. */
#pragma once

#include <libssh/libssh.h>

#include "fleet/sshconf.h"
#include "fleet/tunnel_wait.h"

/* One attempt to log in, on its thread's stack. */
struct tunnel_ssh {
	ssh_session session;
	int fd; /* our own descriptor of the same connection: libssh closes its one when it likes. Not owned. */
	const struct sshconf_host *host;
	const struct tunnel_wait *wait;
};

/* A session for HOST that prefers host keys of KNOWN_TYPES. NULL with FLEET_ERROR_PROTOCOL when libssh knows none of
 * the algorithms the configuration demands. */
ssh_session tunnel_ssh_new(const struct sshconf_host *host, char **known_types, GError **error);

/* Waits until libssh may go on; DOING for the words of a time-out. Blocks. */
bool tunnel_ssh_pause(const struct tunnel_ssh *ssh, const char *doing, GError **error);

/* Banner and key exchange over FD, which now belongs to the session. *DROPPED: the far end hung up before that was
 * done, as an sshd does that has too many at once. Errors: REFUSED, PROTOCOL, TIMEOUT, CANCELLED. Blocks. */
bool tunnel_ssh_handshake(const struct tunnel_ssh *ssh, int fd, bool *dropped, GError **error);

/* Lets the kernel acknowledge at once what comes next: sshd's Nagle waits for it. */
void tunnel_ssh_quickack(int fd);

/* Calls AGAIN until it no longer returns BUSY; the value is its result, or FAILED with ERROR set. */
#define TUNNEL_SSH_DRIVE(ssh, again, busy, failed, doing, error)                      \
	({                                                                            \
		int drive_rc;                                                         \
		while ((drive_rc = (again)) == (busy)) {                              \
			if (!tunnel_ssh_pause(ssh, doing, error)) {                   \
				drive_rc = (failed);                                  \
				break;                                                \
			}                                                             \
		}                                                                     \
		drive_rc;                                                             \
	})
