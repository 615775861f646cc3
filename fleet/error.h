/*
 * error: what can go wrong with a host, in the classes an operator can act on. Messages keep the words of
 * libvirt, libssh and the far end, with control characters made harmless.
 */
#pragma once

#include <glib.h>

#define FLEET_ERROR (fleet_error_quark())
GQuark fleet_error_quark(void);

enum fleet_error {
	FLEET_ERROR_NAME,            /* the name can't be resolved */
	FLEET_ERROR_UNREACHABLE,     /* no route, TCP time-out */
	FLEET_ERROR_REFUSED,         /* connection refused or reset */
	FLEET_ERROR_HOSTKEY_UNKNOWN, /* waits for a decision */
	FLEET_ERROR_HOSTKEY_CHANGED, /* refused always */
	FLEET_ERROR_LOGIN,           /* no key, agent or password was accepted */
	FLEET_ERROR_NEEDS_SECRET,    /* waits for a passphrase or password that the operator was asked for */
	FLEET_ERROR_NO_SOCKET,       /* no libvirt socket on the far end, or forwarding forbidden */
	FLEET_ERROR_DENIED,          /* the daemon or polkit refuses this user */
	FLEET_ERROR_GONE,            /* the daemon or the link ended */
	FLEET_ERROR_TIMEOUT,         /* a deadline passed */
	FLEET_ERROR_BUSY,            /* another job holds the guest; try again */
	FLEET_ERROR_UNSUPPORTED,     /* this driver can't */
	FLEET_ERROR_NO_DOMAIN,       /* no such guest (any more) */
	FLEET_ERROR_STATE,           /* not in this state: "domain is not running" */
	FLEET_ERROR_PROTOCOL,        /* the far end answers nonsense */
	FLEET_ERROR_CANCELLED,       /* we stopped it ourselves */
	FLEET_ERROR_FAILED,          /* all else, in the daemon's words */
	FLEET_ERROR_COUNT
};

/* True when the connection itself is lost, so that the host must reconnect. Pure. */
gboolean fleet_error_is_link(const GError *error);
