/*
 * tunnel: one libssh session per host, carrying all that somebody asks of it, each over a channel of its own.
 * tunnel_connect() runs in the host's thread, blocking with deadlines; then the session belongs to the pump thread for
 * good, which moves bytes between its channels and local sockets that libvirt connects to.
 *
 * The local end lies in a 0700 folder of this user, accepts exactly one connection, of this very process (SO_PEERCRED),
 * and is unlinked at once.
 */
#pragma once

#include "config/hostspec.h"
#include "fleet/asks.h"
#include "fleet/conn.h"

struct tunnels;
struct tunnel;

struct tunnels_opts {
	int64_t connect_timeout_ms; /* name, TCP, host key, login together */
	unsigned parallel;          /* handshakes at once in all */
	unsigned gate_parallel;     /* … to one address or through one jump host */
	struct asks *asks;          /* borrowed; must outlive the tunnels */
	const char *ssh_config;     /* ssh -F; NULL: ssh's own default */
};

/* Starts the pump thread. NULL with FLEET_ERROR when the private folder can't be made. */
struct tunnels *tunnels_new(const struct tunnels_opts *opts, GError **error);
void tunnels_free(struct tunnels *tunnels); /* all tunnels must be free; joins the pump thread */

/* A tunnel for host INDEX, not connected, that will have a session of its own. SPEC is copied. One reference. */
struct tunnel *tunnel_new(struct tunnels *tunnels, const struct hostspec *spec, uint32_t index);
/* One beside it, which uses the session of the last tunnel_new() for INDEX that was connected, was not cancelled and is not
 * free yet; its tunnel_connect() fails with GONE when there is none. */
struct tunnel *tunnel_new_beside(struct tunnels *tunnels, const struct hostspec *spec, uint32_t index);
struct tunnel *tunnel_ref(struct tunnel *tunnel);
/* The last one closes what it has open, and the session when no other tunnel uses that; never blocks. Accepts NULL. */
void tunnel_unref(struct tunnel *tunnel);

/* Name, TCP (or proxy), host key, login; each reported to LISTENER. Blocks at most connect_timeout plus the time its turn
 * at the connect gate takes. Errors: NAME, UNREACHABLE, REFUSED, HOSTKEY_UNKNOWN, HOSTKEY_CHANGED, LOGIN, NEEDS_SECRET,
 * TIMEOUT, PROTOCOL, CANCELLED, FAILED (ssh's configuration). Not again once it
 * succeeded. */
bool tunnel_connect(struct tunnel *tunnel, const struct conn_listener *listener, GError **error);

/* Where a daemon may listen, tried in this order: SOCKET when the user named one, else for "qemu": virtqemud, libvirt;
 * "xen": virtxend, libvirt; others: libvirt; "auto": virtqemud, virtxend, libvirt. With READONLY the "-ro" sockets only. Streamlocal
 * forwards first; when none opens, an exec of nc or virt-ssh-helper. On success *LOCAL_PATH is a socket for exactly one
 * connection, *VIA says in words what is used ("streamlocal /run/libvirt/libvirt-sock"), *DRIVER which driver the
 * socket belongs to, "qemu", "xen" or NULL for libvirtd's. All newly allocated. Blocks; errors: NO_SOCKET, DENIED, GONE, TIMEOUT, CANCELLED. */
bool tunnel_open_daemon(struct tunnel *tunnel, const char *driver, const char *socket, bool readonly,
                        const struct conn_listener *listener, char **local_path, char **via, char **used_driver,
                        GError **error);

/* Starts SCRIPT on the far end, text for a POSIX shell without ', \ and !, that first waits for a line from us. Returns a
 * non-blocking descriptor with its standard input and output, which ends when the script, or the tunnel, does; the caller
 * closes it. -1 with an error as of tunnel_open_daemon(). Blocks. */
int tunnel_open_tool(struct tunnel *tunnel, const char *script, GError **error);

/* Cuts everything of this tunnel, for good: whoever blocks in it or on a connection through it returns with an error. Not
 * what other tunnels have open in the same session: it lives on for them. Any thread, never blocks. */
void tunnel_cancel(struct tunnel *tunnel);

/* The kernel's smoothed round trip of the SSH connection (TCP_INFO), µs; 0 when unknown (proxies). Any thread. */
int64_t tunnel_rtt_us(struct tunnel *tunnel);

/* Where the session leads, for other hosts to find that one, newly allocated, NULL until connected: *NAME as ssh's configuration
 * has it, *ADDRESS the numeric one behind it, NULL through a proxy. Any thread. */
void tunnel_peer(struct tunnel *tunnel, char **name, char **address);

/* False once the session has ended; *WHY newly allocated words when known. Any thread. */
bool tunnel_alive(struct tunnel *tunnel, char **why);
