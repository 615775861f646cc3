/* events: libvirt's event thread. Keepalive and callbacks run on it; callbacks only poke. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Initialises libvirt (silent errors, SIGPIPE ignored) and starts the thread. Once, before any other thread makes a
 * connection. False with FLEET_ERROR_FAILED. */
bool events_start(GError **error);
/* Stops and joins it; after all connections are free. */
void events_stop(void);
