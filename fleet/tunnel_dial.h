/* tunnel_dial: a connected socket to a host's sshd, by TCP or through a proxy process. Private to fleet/tunnel*.c. */
#pragma once

#include <sys/types.h>

#include "fleet/sshconf.h"
#include "fleet/tunnel_wait.h"

struct addrinfo;

struct dialled {
	int fd;       /* non-blocking, CLOEXEC; -1: none */
	pid_t pid;    /* the proxy; 0: TCP */
	int err_fd;   /* what the proxy says on stderr; -1: TCP */
	char *peer;   /* in words: "10.0.0.1 port 22", "ProxyJump bastion" */
};

/* A name for the address: "10.0.0.1". Newly allocated. */
char *dial_address_text(const struct addrinfo *address);

/* The addresses of HOST, at least one, to be freed by freeaddrinfo(). NULL with FLEET_ERROR_NAME. Blocks as long as
 * the resolver does. */
struct addrinfo *dial_resolve(const struct sshconf_host *host, GError **error);

/* Connects to the first of ADDRESSES that answers, IPv6 and IPv4 in turn, each 250 ms after the one before. Errors:
 * REFUSED, UNREACHABLE (also at the deadline), CANCELLED. Blocks. */
bool dial_tcp(const struct sshconf_host *host, const struct addrinfo *addresses, const struct tunnel_wait *wait,
              struct dialled *dialled, GError **error);

bool dial_needs_proxy(const struct sshconf_host *host);
/* "ProxyJump bastion": what hosts behind the same proxy have in common. Newly allocated. */
char *dial_proxy_text(const struct sshconf_host *host);
/* Starts the ProxyCommand, or `ssh -W` for ProxyJump (SSH_CONFIG: its -F, or NULL). Doesn't block. */
bool dial_proxy(const struct sshconf_host *host, const char *ssh_config, struct dialled *dialled, GError **error);
/* The last lines the proxy has written to stderr, newly allocated; NULL: none. Doesn't block. */
char *dial_proxy_words(int err_fd);

/* Closes and ends what is left; for one that was handed over, after its fields were taken out. */
void dialled_done(struct dialled *dialled);
