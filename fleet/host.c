#include "fleet/host_private.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/thread.h"

#include <inttypes.h>
#include <string.h>

#define HOST_STACK (512 * 1024)

/* Events come in bursts: however many, a host is sampled at most every so often because of them. */
#define EVENT_GAP_US 100000

/* When full samples are cut again and again, a frozen guest is the likely cause: for so long only what needs no guest's
 * monitor is asked for. After one cut the daemon may just have been frozen itself, and NOWAIT gets round the guest whose
 * job the cut call still holds. */
#define CUTS_UNTIL_NO_MONITOR 2
#define NO_MONITOR_US         (60 * INT64_C(1000000))

/* After how long a sample that told not all is tried again (host_poll.c). At random, lest two who ask at the same time do so
 * each time. */
#define PARTIAL_LEAST_US  100000
#define PARTIAL_SPREAD_US 300000

#define NEVER             INT64_MAX

/* ---- helpers ---- */

void
host_set_deadline(struct host *host, int64_t us)
{
	pthread_mutex_lock(&host->lock);
	host->deadline_us = us ? clock_now_us() + us : 0;
	if (us)
		host->limit_us = us;
	pthread_mutex_unlock(&host->lock);
}

/* From 0 to 1, different on each host: a step of Knuth's generator. A GRand would be 2.5 KiB. */
double
host_random(struct host *host)
{
	host->jitter = host->jitter * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(host->jitter >> 32) / (double)(UINT64_C(1) << 32);
}

int64_t
host_call_limit_us(const struct host *host)
{
	return host->env->config->call_timeout_ms * 1000;
}
/* ---- events from the connection ---- */

static void
host_on_event(void *ctx, const struct conn_event *event)
{
	struct host *host = ctx;
	int64_t now = clock_now_us();

	host->env->event(host->env->ctx, host->facts_static->index, event);
	pthread_mutex_lock(&host->lock);
	switch (event->kind) {
	case CONN_EVENT_DEFINED:
	case CONN_EVENT_STARTED:
	case CONN_EVENT_CHANGED:
		g_hash_table_add(host->dirty, g_bytes_new(event->uuid, UUID_LEN));
		break;
	default:
		break;
	}
	if (!host->event_us)
		host->event_us = now;
	pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}

/* The tunnel bounds its own part (name to login), where waiting for a turn at the connect gate must not count. What
 * follows is a single step like any other. */
static void
host_on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct host *host = ctx;

	(void)took_us;
	(void)text;
	startup_step(host->env->startup);
	if (step == CONN_STEP_LOGIN && ok)
		host_set_deadline(host, host_call_limit_us(host));
}

/* A call that reads all guests one after the other has the time of one answer for each. */
static void
host_on_progress(void *ctx)
{
	struct host *host = ctx;

	pthread_mutex_lock(&host->lock);
	if (host->deadline_us)
		host->deadline_us = clock_now_us() + host->limit_us;
	pthread_mutex_unlock(&host->lock);
}

struct conn_listener
host_listener(struct host *host)
{
	return (struct conn_listener){
		.ctx = host, .event = host_on_event, .step = host_on_step, .progress = host_on_progress
	};
}

/* ---- life ---- */

struct host *
host_new(const struct host_env *env, const struct config_host *config, const struct host_static *facts)
{
	struct host *host = g_new0(struct host, 1);
	pthread_condattr_t attr;

	host->env = env;
	host->config = config;
	host->facts_static = facts;
	pthread_mutex_init(&host->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&host->cond, &attr);
	pthread_condattr_destroy(&attr);
	host->visible = g_array_new(FALSE, FALSE, UUID_LEN);
	host->dirty = host_dirty_new();
	host->tracker = tracker_new();
	host->link_since_us = clock_now_us();
	host->jitter = g_str_hash(config->name);
	host->snap = host_first_snap(host);
	return host;
}

void
host_free(struct host *host)
{
	if (!host)
		return;
	host_snap_unref(host->snap);
	tracker_free(host->tracker);
	g_hash_table_unref(host->dirty);
	g_array_unref(host->visible);
	pthread_cond_destroy(&host->cond);
	pthread_mutex_destroy(&host->lock);
	g_free(host);
}

const struct host_snap *
host_first_snap(const struct host *host)
{
	struct host_snap skeleton = {
		.index = host->facts_static->index,
		.name = host->facts_static->name,
		.config = host->facts_static,
		.link = LINK_CONNECTING,
		.link_since_us = host->link_since_us,
		.interval_us = host->env->config->interval_ms * 1000,
		.once = host->env->once != NULL,
		.slow_us = host->env->config->slow_ms * 1000,
	};

	return host_snap_build(&skeleton, NULL, 0);
}
/* ---- publishing ---- */

/* Shows SNAP (one reference, taken) to the fleet and remembers it. */
void
host_publish(struct host *host, const struct host_snap *snap)
{
	host_snap_unref(host->snap);
	host->snap = host_snap_ref(snap);
	host->env->publish(host->env->ctx, host->facts_static->index, snap);
}

void
host_publish_link(struct host *host, enum link_state link, const char *why, int64_t retry_us)
{
	if (link != host->snap->link)
		host->link_since_us = clock_now_us();
	host_publish(host, host_snap_with_link(host->snap, link, why, host->link_since_us, retry_us));
}

/* ---- failing ---- */

static const struct {
	enum fleet_error code;
	enum link_state link;
} link_of_error[] = {
	{ FLEET_ERROR_NAME, LINK_NAME },
	{ FLEET_ERROR_UNREACHABLE, LINK_UNREACHABLE },
	{ FLEET_ERROR_REFUSED, LINK_REFUSED },
	{ FLEET_ERROR_HOSTKEY_UNKNOWN, LINK_KEY_UNKNOWN },
	{ FLEET_ERROR_HOSTKEY_CHANGED, LINK_KEY_CHANGED },
	{ FLEET_ERROR_LOGIN, LINK_LOGIN },
	{ FLEET_ERROR_NEEDS_SECRET, LINK_NEEDS_SECRET },
	{ FLEET_ERROR_NO_SOCKET, LINK_NO_SOCKET },
	{ FLEET_ERROR_DENIED, LINK_DENIED },
	{ FLEET_ERROR_GONE, LINK_DAEMON_GONE },
	{ FLEET_ERROR_TIMEOUT, LINK_TIMEOUT },
};

static enum link_state
link_for(const GError *error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(link_of_error); i++)
		if (g_error_matches(error, FLEET_ERROR, (gint)link_of_error[i].code))
			return link_of_error[i].link;
	return LINK_DOWN;
}

/* Doubles the wait, from retry_min to retry_max, and takes it off by up to a quarter at random: hosts that were lost
 * together do not come back together. */
static int64_t
host_back_off(struct host *host)
{
	const struct config *config = host->env->config;

	host->backoff_us =
		CLAMP(host->backoff_us * 2, config->retry_min_ms * 1000, config->retry_max_ms * 1000);
	return clock_now_us() + (int64_t)((double)host->backoff_us * (1 - host_random(host) / 4));
}

static void
host_failed(struct host *host, const GError *error)
{
	g_autofree char *why = NULL;
	enum link_state link = link_for(error);
	bool waits = link == LINK_KEY_UNKNOWN || link == LINK_NEEDS_SECRET, was_cut;
	int64_t retry, limit_us;

	pthread_mutex_lock(&host->lock);
	was_cut = host->cut;
	limit_us = host->limit_us;
	pthread_mutex_unlock(&host->lock);
	if (was_cut) {
		link = LINK_TIMEOUT;
		why = g_strdup_printf(
			"no answer within %" PRId64 " s; the connection was cut", limit_us / 1000000);
		if (host->sampling_full && ++host->full_cuts >= CUTS_UNTIL_NO_MONITOR)
			host->no_monitor_until_us = clock_now_us() + NO_MONITOR_US;
	} else {
		why = g_strdup(error->message);
	}
	host->sampling_full = false;
	host_disconnect(host);
	host_arrived(host);
	retry = waits || host->env->once ? NEVER : host_back_off(host);

	pthread_mutex_lock(&host->lock);
	host->due_us = retry;
	pthread_mutex_unlock(&host->lock);
	host_publish_link(host, link, why, retry == NEVER ? 0 : retry);
}

static void
host_succeeded(struct host *host, int64_t began_us)
{
	int64_t interval = host->env->config->interval_ms * 1000, now = clock_now_us();
	/* the next one begins an interval after this one began, a little earlier or later, a slow host gets a rest of a
	 * quarter of what its answer took, and the two make a rate */
	int64_t next = began_us + interval + (int64_t)((host_random(host) - 0.5) * (double)interval / 10);

	host->backoff_us = 0;
	next = MAX(next, now + MIN((now - began_us) / 4, interval));
	next = MAX(next, host->snap->sampled_us + MIN(TRACKER_RATE_GAP_US, interval));
	if (host->again)
		next = now + PARTIAL_LEAST_US + (int64_t)(host_random(host) * PARTIAL_SPREAD_US);
	if (host->env->once && host_snap_meets(host->snap, host->env->once))
		next = NEVER;
	pthread_mutex_lock(&host->lock);
	host->due_us = next;
	pthread_mutex_unlock(&host->lock);
}
/* ---- the thread ---- */

/* When the next poll is due: the plan, or sooner because of a poke or an event. Lock held. */
static int64_t
host_due_locked(const struct host *host)
{
	int64_t due = host->due_us;

	if (host->poked)
		return 0;
	if (host->event_us && host->connected)
		due = MIN(due, MAX(host->event_us, host->snap->sampled_us + EVENT_GAP_US));
	return due;
}

/* Sleeps until a poll is due; false: the end. */
static bool
host_wait(struct host *host)
{
	bool goes_on;

	pthread_mutex_lock(&host->lock);
	while (!host->stop) {
		int64_t due = host_due_locked(host);
		struct timespec until = { .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };

		if (due <= clock_now_us())
			break;
		if (due == NEVER)
			pthread_cond_wait(&host->cond, &host->lock);
		else
			pthread_cond_timedwait(&host->cond, &host->lock, &until);
	}
	goes_on = !host->stop;
	if (goes_on) {
		host->asked = host->poked;
		host->poked = false;
		host->event_us = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return goes_on;
}

static void
host_main_poll(struct host *host)
{
	g_autoptr(GError) error = NULL;
	int64_t began = clock_now_us();

	if (host_connect(host, &error) && host_poll(host, &error))
		host_succeeded(host, began);
	else
		host_failed(host, error);
}
static void *
host_main(void *arg)
{
	struct host *host = arg;

	thread_stand_back();
	while (host_wait(host))
		host_main_poll(host);
	host_disconnect(host);
	host_arrived(host);
	host->env->gone(host->env->ctx);
	return NULL;
}

void
host_start(struct host *host)
{
	g_autofree char *name = g_strdup_printf("h:%.12s", host->facts_static->name);
	pthread_attr_t attr;
	int failed;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, HOST_STACK);
	failed = pthread_create(&host->thread, &attr, host_main, host);
	g_assert(!failed);
	pthread_attr_destroy(&attr);
	pthread_setname_np(host->thread, name);
}

void
host_join(struct host *host)
{
	pthread_join(host->thread, NULL);
}
/* ---- from other threads ---- */

/* Cuts whatever the host's thread is blocked in. Called and returns with the lock held, lets it go meanwhile. */
static void
host_cut_locked(struct host *host)
{
	struct conn *conn = host->conn;

	if (!conn || host->cutting)
		return;
	host->cutting = true;
	host->deadline_us = 0;
	pthread_mutex_unlock(&host->lock);
	conn->ops->cancel(conn);
	pthread_mutex_lock(&host->lock);
	host->cutting = false;
	pthread_cond_broadcast(&host->cond);
}

void
host_stop(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->stop = true;
	pthread_cond_broadcast(&host->cond);
	host_cut_locked(host);
	pthread_mutex_unlock(&host->lock);
}

void
host_supervise(struct host *host, int64_t now_us)
{
	pthread_mutex_lock(&host->lock);
	if (host->deadline_us && now_us > host->deadline_us) {
		host->cut = true;
		host_cut_locked(host);
	}
	pthread_mutex_unlock(&host->lock);
}

void
host_poke(struct host *host)
{
	pthread_mutex_lock(&host->lock);
	host->poked = true;
	pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}

void
host_doubt(struct host *host, const uint8_t uuid[UUID_LEN])
{
	pthread_mutex_lock(&host->lock);
	g_hash_table_add(host->dirty, g_bytes_new(uuid, UUID_LEN));
	host->poked = true;
	pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}

void
host_watch(struct host *host, const uint8_t (*uuids)[UUID_LEN], size_t n)
{
	pthread_mutex_lock(&host->lock);
	g_array_set_size(host->visible, 0);
	g_array_append_vals(host->visible, uuids, (guint)n);
	pthread_mutex_unlock(&host->lock);
}

void
host_inspect(struct host *host, const struct row_key *key, bool pins)
{
	pthread_mutex_lock(&host->lock);
	if (key && (!host->inspected || host->inspect_pins != pins || !row_key_equal(key, &host->inspect)))
		host->poked = true;
	host->inspected = key != NULL;
	host->inspect_pins = pins;
	if (key)
		host->inspect = *key;
	if (host->poked)
		pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}
