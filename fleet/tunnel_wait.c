#include "fleet/tunnel_wait.h"

#include <string.h>

#include "fleet/clock.h"
#include "fleet/tunnel_error.h"

enum tunnel_waited
tunnel_wait(const struct tunnel_wait *wait, struct pollfd *fds, unsigned nfds, int64_t until_us)
{
	struct pollfd all[TUNNEL_WAIT_FDS + 1];

	g_assert(nfds <= TUNNEL_WAIT_FDS);
	if (nfds)
		memcpy(all, fds, nfds * sizeof(*fds));
	all[nfds] = (struct pollfd){ wait->cancel_fd, POLLIN, 0 };
	for (;;) {
		int64_t now_us = clock_now_us();
		int64_t left_us = MIN(wait->deadline_us, until_us) - now_us;
		int n;

		if (left_us <= 0)
			return wait->deadline_us <= now_us ? WAITED_DEADLINE : WAITED_UNTIL;
		n = poll(all, nfds + 1, (int)MIN((left_us + 999) / 1000, 60000));
		if (n <= 0)
			continue;
		if (all[nfds].revents)
			return WAITED_CANCELLED;
		for (unsigned i = 0; i < nfds; i++)
			fds[i].revents = all[i].revents;
		return WAITED_READY;
	}
}

void
tunnel_wait_error(
	const struct tunnel_wait *wait, enum tunnel_waited waited, const char *doing, GError **error)
{
	if (waited == WAITED_CANCELLED)
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
	else
		tunnel_error_set(
			error, FLEET_ERROR_TIMEOUT, "%s: %s does not answer in time", doing, wait->peer);
}
