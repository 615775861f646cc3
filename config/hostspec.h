/*
 * hostspec: where a host is and how to speak to it, parsed from HOST ("[user@]name[:port]") or a libvirt URI.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum transport {
	TRANSPORT_SSH,    /* through our own tunnel; driver and path say what to ask the daemon for */
	TRANSPORT_DIRECT, /* uri goes to libvirt as it is */
	TRANSPORT_SIM,    /* a simulated host (--demo) */
};

struct hostspec {
	enum transport transport;
	char *user;    /* NULL: as ssh decides */
	char *host;    /* as ssh would be told: name, alias, IPv4 or IPv6 without brackets; NULL unless SSH */
	uint16_t port; /* 0: as ssh decides */
	char *driver;  /* "qemu", "xen", "test", "lxc", …; "auto": found out on the far end */
	char *path;    /* libvirt's: "/system", "/default", "/path/node.xml"; NULL with driver "auto" */
	char *socket;  /* daemon's socket on the far end (libvirt's ?socket=), NULL: the known ones in turn */
	char *uri;     /* TRANSPORT_DIRECT: the URI as given; else NULL */
};

/* Parses "[user@]name[:port]", "[v6]:port" in brackets, or any libvirt URI. A URI with "+ssh" becomes
 * TRANSPORT_SSH (port, user, path, ?socket= kept; other parameters are refused by name), any other URI
 * TRANSPORT_DIRECT. HYPERVISOR is "auto" or a driver name and fills driver for a plain HOST. Ranges are
 * not expanded here. NULL with CONFIG_ERROR_VALUE when it can't be read: the message says what is wrong
 * and what is allowed. Names that begin with '-' or hold control characters are refused, as ssh does. */
struct hostspec *hostspec_parse(const char *text, const char *hypervisor, GError **error);
struct hostspec *hostspec_copy(const struct hostspec *spec);
void hostspec_free(struct hostspec *spec);

/* "[user@]name[:port]" as far as asked for and known, newly allocated; an IPv6 address gets its brackets
 * when a port follows. NULL without a host. Any thread. */
char *hostspec_address(const struct hostspec *spec, bool with_user, bool with_port);

/* The one spelling of SPEC, newly allocated: a URI, or "[user@]name[:port]" with driver "auto". Two specs
 * that mean the same have the same, but for the case of the host's name. Any thread. */
char *hostspec_format(const struct hostspec *spec);

/* The words allowed for a hypervisor, NULL-terminated, for messages and help. */
extern const char *const hostspec_hypervisors[];

/* Sets driver and path by a word of hostspec_hypervisors. False with CONFIG_ERROR_VALUE, SPEC unchanged. */
bool hostspec_set_hypervisor(struct hostspec *spec, const char *hypervisor, GError **error);

/* False with CONFIG_ERROR_VALUE when it is no user name, or no path of a socket, that can be used as such. */
bool hostspec_check_user(const char *user, GError **error);
bool hostspec_check_socket(const char *path, GError **error);
/* … or no name or address, ranges allowed, of a host. */
bool hostspec_check_address(const char *address, GError **error);

/* Expands "kvm[001-120].dc1" (any number of ranges, also [1,3,7-9]) into names, NULL-terminated, in order;
 * a text without brackets comes back alone, as does one whose brackets hold an IPv6 address. At most LIMIT
 * names, else NULL with CONFIG_ERROR_VALUE. */
char **hostspec_expand(const char *text, size_t limit, GError **error);

