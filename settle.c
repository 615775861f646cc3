#include "settle.h"

#include "fleet/clock.h"
#include "tui/cell.h"

#include <poll.h>
#include <stdio.h>

/* More than what fleet/host.c allows the first full sample of a cold daemon. */
#define FIRST_SAMPLE_MS 100000

static bool
host_settled(const struct host_snap *host, const struct snap_need *need)
{
	if (host->link == LINK_CONNECTING)
		return false;
	if (host->link != LINK_UP)
		return true;
	return host_snap_meets(host, need);
}

static size_t
count_settled(const struct fleet_snap *snap, const struct snap_need *need)
{
	size_t settled = 0;

	for (size_t i = 0; i < snap->nhosts; i++)
		settled += host_settled(snap->hosts[i], need);
	return settled;
}

const struct fleet_snap *
settle(struct app *app, const struct snap_need *need)
{
	const struct config *config = app->opts.config;
	int64_t patience_us =
		(config->connect_timeout_ms + config->call_timeout_ms + FIRST_SAMPLE_MS) * INT64_C(1000);
	struct pollfd wait = { .fd = mailbox_fd(app->mailbox), .events = POLLIN };
	int64_t end = clock_now_us() + patience_us;
	size_t best = 0;

	for (;;) {
		const struct fleet_snap *snap;
		size_t settled;
		int64_t left;

		mailbox_take_mark(app->mailbox);
		snap = fleet_snapshot(app->fleet);
		settled = count_settled(snap, need);
		if (settled > best) {
			best = settled;
			end = clock_now_us() + patience_us;
		}
		left = end - clock_now_us();
		if (left <= 0 || settled == snap->nhosts)
			return snap;
		fleet_snap_unref(snap);
		poll(&wait, 1, (int)MIN(left / 1000 + 1, 1000));
	}
}

unsigned
settle_report(const struct fleet_snap *snap)
{
	int64_t now = clock_now_us();
	unsigned failed = 0;

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		g_autofree char *name = NULL, *why = NULL;

		if (host_snap_fresh(host, now))
			continue;
		failed++;
		name = text_harmless(host->name);
		why = text_harmless(host->why ? host->why : "no answer in time");
		fprintf(stderr, "virt-fleet: %s: %s: %s\n", name, link_state_word(host_snap_link(host, now)),
			why);
	}
	return failed;
}
