/* events: libvirt's event thread. Keepalive and callbacks run on it; callbacks only poke. */
#pragma once

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

/* Initialises libvirt (silent errors, SIGPIPE ignored) and starts the thread. Once, before any other thread makes a
 * connection. False with FLEET_ERROR_FAILED. */
bool events_start(GError **error);
/*
 * A connection that libvirt itself makes to a daemon, and how to cut it: libvirt has no call for that, but it has us watch
 * the socket. Lives in its owner, zeroed at first; all fields are the loop's.
 */
struct events_line {
	pthread_t thread; /* guarded by the loop's lock, as all below */
	bool cut;
};

/* What this thread has libvirt connect to between the two calls belongs to LINE. */
void events_line_begin(struct events_line *line);
void events_line_end(struct events_line *line);
/* Whoever waits for an answer over LINE gets an error, for good, also when it is only made later. Any thread, never blocks.
 * A TCP connect() under way, and libvirt's own handshakes before it begins to speak, are not reached. */
void events_line_cut(struct events_line *line);
/* Before its memory goes. */
void events_line_done(struct events_line *line);

/* Has the event thread call FREE of DATA, which a callback that was removed may still be using at this moment: libvirt does
 * not always say when that is over. Any thread, never blocks. */
void events_free_later(void (*free)(void *data), void *data);

/* Stops and joins it; after all connections are free. */
void events_stop(void);
