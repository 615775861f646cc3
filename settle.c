#include "settle.h"

#include "fleet/clock.h"
#include "tui/cell.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

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
settle(struct app *app, const struct snap_need *need, const struct settle_opts *opts)
{
	const struct config *config = app->opts.config;
	int64_t patience_us =
		(config->connect_timeout_ms + config->call_timeout_ms + FIRST_SAMPLE_MS) * INT64_C(1000);
	struct pollfd wait[] = { { .fd = mailbox_fd(app->mailbox), .events = POLLIN },
		{ .fd = opts ? opts->stop_fd : -1, .events = POLLIN } };
	int64_t last = opts && opts->most_us ? clock_now_us() + opts->most_us : INT64_MAX;
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
		left = MIN(end, last) - clock_now_us();
		if (left <= 0 || settled == snap->nhosts || wait[1].revents)
			return snap;
		fleet_snap_unref(snap);
		poll(wait, G_N_ELEMENTS(wait), (int)MIN(left / 1000 + 1, 1000));
	}
}

/* Many errors begin with whom they are about, which the line says already. */
static const char *
without_name(const char *why, const char *name)
{
	size_t length = strlen(name);

	return strncmp(why, name, length) == 0 && g_str_has_prefix(why + length, ": ") ? why + length + 2
										       : why;
}

void
settle_complain(const struct host_snap *host, int64_t now_us)
{
	g_autofree char *name = text_harmless(host->name), *why = NULL;

	if (host->why && !host_snap_fresh(host, now_us))
		why = text_harmless(without_name(host->why, host->name));
	else
		why = g_strdup("no answer in time");
	fprintf(stderr, "virt-fleet: %s: %s: %s\n", name, link_state_word(host_snap_link(host, now_us)), why);
}

unsigned
settle_report(const struct fleet_snap *snap, const struct snap_need *need)
{
	int64_t now = clock_now_us();
	unsigned failed = 0;

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		if (host_snap_fresh(host, now) && host_snap_meets(host, need))
			continue;
		failed++;
		settle_complain(host, now);
	}
	return failed;
}
