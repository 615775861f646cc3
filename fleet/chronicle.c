#include "fleet/chronicle_private.h"

#include <inttypes.h>

struct chronicle {
	const struct config *config;
	struct timeline *timeline;
	const struct fleet_snap *snap; /* looked at last, one reference; NULL: none */
	struct link_watch *links;      /* of snap's hosts */
	struct guests *guests;
	struct limits *limits;
};

struct chronicle *
chronicle_new(const struct config *config, struct timeline *timeline)
{
	struct chronicle *chronicle = g_new0(struct chronicle, 1);

	chronicle->config = config;
	chronicle->timeline = timeline;
	chronicle->guests = guests_new();
	chronicle->limits = limits_new();
	return chronicle;
}

void
chronicle_free(struct chronicle *chronicle)
{
	if (!chronicle)
		return;
	guests_free(chronicle->guests);
	limits_free(chronicle->limits);
	fleet_snap_unref(chronicle->snap);
	g_free(chronicle->links);
	g_free(chronicle);
}

void
chronicle_event(
	struct chronicle *chronicle, uint32_t index, const struct conn_event *event, struct moment when)
{
	const struct telling_ctx ctx = {
		.config = chronicle->config,
		.timeline = chronicle->timeline,
		.before = chronicle->snap,
		.snap = chronicle->snap,
		.now = when,
	};

	/* before the first snapshot nobody knows the hosts' names */
	if (chronicle->snap && index < chronicle->snap->nhosts)
		guests_event(chronicle->guests, &ctx, index, event);
}

void
chronicle_look(struct chronicle *chronicle, const struct fleet_snap *snap, struct moment now)
{
	const struct telling_ctx ctx = {
		.config = chronicle->config,
		.timeline = chronicle->timeline,
		.before = chronicle->snap,
		.snap = snap,
		.now = now,
	};

	if (!chronicle->links)
		chronicle->links = g_new0(struct link_watch, snap->nhosts);
	for (size_t i = 0; i < snap->nhosts; i++)
		link_watch_look(&chronicle->links[i], &ctx, snap->hosts[i]);
	guests_look(chronicle->guests, &ctx);
	limits_look(chronicle->limits, &ctx);
	fleet_snap_ref(snap);
	fleet_snap_unref(chronicle->snap);
	chronicle->snap = snap;
}

/* ---- words ---- */

void
tell_host(const struct telling_ctx *ctx, const struct host_snap *host, enum event_kind kind,
	enum event_level level, const char *what, char *detail)
{
	timeline_tell(ctx->timeline, &(struct telling){
					     .at_us = ctx->now.now_us,
					     .wall_us = ctx->now.wall_us,
					     .kind = kind,
					     .level = level,
					     .subject = host_key(host),
					     .host = host->name,
					     .what = what,
					     .detail = detail,
				     });
	g_free(detail);
}

void
tell_guest(const struct telling_ctx *ctx, const struct row_key *key, const char *vm, enum event_kind kind,
	enum event_level level, const char *what, char *detail)
{
	timeline_tell(ctx->timeline, &(struct telling){
					     .at_us = ctx->now.now_us,
					     .wall_us = ctx->now.wall_us,
					     .kind = kind,
					     .level = level,
					     .subject = *key,
					     .host = ctx->snap->hosts[key->host]->name,
					     .vm = vm,
					     .what = what,
					     .detail = detail,
				     });
	g_free(detail);
}

char *
duration_words(int64_t us)
{
	int64_t seconds = us / SECOND_US, minutes = seconds / 60, hours = minutes / 60;

	if (minutes == 0)
		return g_strdup_printf("%" PRId64 "s", seconds);
	if (hours == 0)
		return g_strdup_printf("%" PRId64 "m %" PRId64 "s", minutes, seconds % 60);
	if (hours < 24)
		return g_strdup_printf("%" PRId64 "h %" PRId64 "m", hours, minutes % 60);
	return g_strdup_printf("%" PRId64 "d %" PRId64 "h", hours / 24, hours % 24);
}
