/* tunnel_wait: how long one connection attempt may go on, and what ends it early. Private to fleet/tunnel*.c. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct tunnel_wait {
	int64_t deadline_us; /* clock_now_us() */
	int cancel_fd;       /* readable once cancelled */
	const char *peer;    /* for the words of an error */
};

enum tunnel_waited {
	WAITED_READY,
	WAITED_UNTIL,    /* UNTIL_US came first */
	WAITED_DEADLINE,
	WAITED_CANCELLED,
};

enum { TUNNEL_WAIT_FDS = 16 };

/* Until one of FDS (at most TUNNEL_WAIT_FDS) has an event, or UNTIL_US (INT64_MAX: none), or the end. Blocks. */
enum tunnel_waited tunnel_wait(const struct tunnel_wait *wait, struct pollfd *fds, unsigned nfds, int64_t until_us);
/* The error of WAITED_DEADLINE or _CANCELLED; DOING: "login". */
void tunnel_wait_error(const struct tunnel_wait *wait, enum tunnel_waited waited, const char *doing, GError **error);
