/* chronicle: hosts lost and found, slow and silent. */
#include "fleet/chronicle_private.h"

#include <string.h>

/* What must hold for how long before it is told: a host that answers late once is no news. */
#define LATE_HOLD_US  (10 * SECOND_US)
#define STALE_HOLD_US (5 * SECOND_US)
#define WELL_HOLD_US  (10 * SECOND_US) /* answers in time again */
#define OTHER_HOLD_US (10 * SECOND_US) /* lost for another reason than before */

/* FLAP_FALLS within this are flapping: then only that is told, each time it has passed, until the host has stayed as it is
 * for FLAP_CALM_US. */
#define FLAP_WINDOW_US (300 * SECOND_US)
#define FLAP_CALM_US   (60 * SECOND_US)

/* What is told of a link that is neither up nor late; "lost" where WHAT is NULL. */
static const char *const losses[LINK_STATE_COUNT] = {
	[LINK_KEY_UNKNOWN] = "new host key",
	[LINK_KEY_CHANGED] = "key changed",
	[LINK_LOGIN] = "login denied",
	[LINK_NEEDS_SECRET] = "needs login",
	[LINK_NO_SOCKET] = "no libvirt",
	[LINK_DENIED] = "denied",
};

static bool
is_late(enum link_state link)
{
	return link == LINK_SLOW || link == LINK_STALE;
}

static bool
is_lost(enum link_state link)
{
	return link != LINK_UP && link != LINK_CONNECTING && !is_late(link);
}

/* ---- words ---- */

static void
tell_lost(const struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host)
{
	/* waits for the operator, who can help */
	bool waits = host->link == LINK_KEY_UNKNOWN || host->link == LINK_NEEDS_SECRET;
	const char *what = losses[host->link];
	GString *detail = g_string_new(NULL);

	if (!what) {
		g_string_append(detail, link_state_word(host->link));
		what = watch->was_up ? "lost" : "not reached";
	}
	if (host->why)
		g_string_append_printf(detail, "%s%s", detail->len ? ": " : "", host->why);
	if (watch->was_up && HOST_HAS(host, HOST_VMS) && host->value[HOST_VMS] > 0)
		g_string_append_printf(detail, "; %.0f VM%s unknown", host->value[HOST_VMS],
			host->value[HOST_VMS] > 1 ? "s" : "");
	tell_host(ctx, host, EVENT_KIND_HOST, waits ? EVENT_WARN : EVENT_BAD, what,
		g_string_free(detail, FALSE));
}

static void
tell_found(const struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host)
{
	g_autofree char *after = duration_words(ctx->now.now_us - watch->lost_us);

	tell_host(ctx, host, EVENT_KIND_HOST, EVENT_GOOD, watch->was_up ? "found" : "reached",
		g_strdup_printf("after %s, was %s", after, link_state_word(watch->told)));
}

static void
tell_late(const struct telling_ctx *ctx, const struct host_snap *host, enum link_state link)
{
	g_autofree char *age = duration_words(ctx->now.now_us - host->sampled_us);

	if (link == LINK_STALE)
		tell_host(ctx, host, EVENT_KIND_HOST, EVENT_WARN, "stale",
			g_strdup_printf("no answer for %s", age));
	else if (HOST_HAS(host, HOST_SAMPLE_MS))
		tell_host(ctx, host, EVENT_KIND_HOST, EVENT_WARN, "slow",
			g_strdup_printf("answers take %.1fs", host->value[HOST_SAMPLE_MS] / 1000));
	else
		tell_host(ctx, host, EVENT_KIND_HOST, EVENT_WARN, "slow", NULL);
}

static void
tell_in_time(const struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host)
{
	g_autofree char *took = duration_words(watch->since_us - watch->told_us);

	tell_host(ctx, host, EVENT_KIND_HOST, EVENT_GOOD, "in time",
		g_strdup_printf("answers in time again, was %s for %s", link_state_word(watch->told), took));
}

/* ---- what is told when ---- */

static int64_t
hold_us(const struct link_watch *watch, enum link_state link)
{
	if (is_lost(link))
		return is_lost(watch->told) ? OTHER_HOLD_US : 0;
	if (link == LINK_UP)
		return is_late(watch->told) ? WELL_HOLD_US : 0;
	return link == LINK_STALE ? STALE_HOLD_US : LATE_HOLD_US;
}

/* LINK is news: tells it. */
static void
tell(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host,
	enum link_state link)
{
	if (is_lost(link))
		tell_lost(watch, ctx, host);
	else if (is_late(link))
		tell_late(ctx, host, link);
	else if (is_lost(watch->told))
		tell_found(watch, ctx, host);
	else
		tell_in_time(watch, ctx, host);
	if (is_lost(link) && !is_lost(watch->told))
		watch->lost_us = watch->since_us;
	watch->told = link;
	watch->told_us = ctx->now.now_us;
	watch->was_up |= !is_lost(link);
}

/* ---- flapping ---- */

/* Notes a fall. When it has fallen too often: since when; else 0. */
static int64_t
note_fall(struct link_watch *watch, int64_t now_us)
{
	int64_t oldest = watch->falls_us[watch->next_fall];

	watch->falls_us[watch->next_fall] = now_us;
	watch->next_fall = (watch->next_fall + 1) % FLAP_FALLS;
	return oldest && now_us - oldest < FLAP_WINDOW_US ? oldest : 0;
}

static void
tell_flaps(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host,
	unsigned falls, int64_t since_us)
{
	g_autofree char *span = duration_words(ctx->now.now_us - since_us);

	if (falls)
		tell_host(ctx, host, EVENT_KIND_HOST, EVENT_WARN, "flaps",
			g_strdup_printf("%u times in %s", falls, span));
	watch->damped = true;
	watch->damped_falls = 0;
	watch->damped_us = ctx->now.now_us;
}

/* Calm for a while: now it is told what became of it. */
static void
end_flapping(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host,
	enum link_state link)
{
	watch->damped = false;
	memset(watch->falls_us, 0, sizeof(watch->falls_us));
	watch->told = LINK_UP;
	if (link == LINK_UP)
		tell_host(ctx, host, EVENT_KIND_HOST, EVENT_GOOD, "steady", g_strdup("flaps no longer"));
	else
		tell(watch, ctx, host, link);
}

/* It flaps: nothing else is told until it has been calm. */
static void
look_damped(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host,
	enum link_state link)
{
	if (ctx->now.now_us - watch->since_us >= FLAP_CALM_US)
		end_flapping(watch, ctx, host, link);
	else if (ctx->now.now_us - watch->damped_us >= FLAP_WINDOW_US)
		tell_flaps(watch, ctx, host, watch->damped_falls, watch->damped_us);
}

/* ---- looking ---- */

/* At first what is well is taken for granted; what is not is told. */
static void
first_look(struct link_watch *watch, const struct telling_ctx *ctx, enum link_state link)
{
	watch->known = true;
	watch->told = LINK_UP;
	watch->was_up = !is_lost(link);
	watch->told_us = watch->lost_us = ctx->now.now_us;
}

/* LINK is to be told: does so, or that it comes too often. */
static void
tell_or_damp(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host,
	enum link_state link)
{
	bool falls = link != LINK_UP && !is_lost(watch->told);
	int64_t flaps_us = falls ? note_fall(watch, ctx->now.now_us) : 0;

	if (flaps_us)
		tell_flaps(watch, ctx, host, FLAP_FALLS + 1, flaps_us);
	else
		tell(watch, ctx, host, link);
}

void
link_watch_look(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host)
{
	enum link_state link = host_snap_link(host, ctx->now.now_us);

	if (link == LINK_CONNECTING)
		return;
	if (!watch->known)
		first_look(watch, ctx, link);
	/* a host that was lost is found first, however late it answers */
	if (is_lost(watch->told) && is_late(link))
		link = LINK_UP;
	if (link != watch->link) {
		watch->damped_falls += is_lost(link) && !is_lost(watch->link);
		watch->link = link;
		watch->since_us = ctx->now.now_us;
	}
	if (watch->damped)
		look_damped(watch, ctx, host, link);
	else if (link != watch->told && ctx->now.now_us - watch->since_us >= hold_us(watch, link))
		tell_or_damp(watch, ctx, host, link);
}
