#include "fleet/host.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/thread.h"
#include "fleet/tracker.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#define HOST_STACK (512 * 1024)

/* Events come in bursts: however many, a host is sampled at most every so often because of them. */
#define EVENT_GAP_US 100000

/* The first full sample of a daemon may take long: it probes its QEMU binaries then (32 s were seen on each host of a busy fleet). */
#define FIRST_SAMPLE_US (90 * INT64_C(1000000))

/* When full samples are cut again and again, a frozen guest is the likely cause: for so long only what needs no guest's
 * monitor is asked for. After one cut the daemon may just have been frozen itself, and NOWAIT gets round the guest whose
 * job the cut call still holds. */
#define CUTS_UNTIL_NO_MONITOR 2
#define NO_MONITOR_US         (60 * INT64_C(1000000))

/* How often, and after how long, a sample that told not all is tried again where only one is wanted: more would be waiting
 * for a frozen guest. At random, lest two who ask at the same time do so each time. */
#define PARTIALS_MOST     6
#define PARTIAL_LEAST_US  100000
#define PARTIAL_SPREAD_US 300000

/* Guests whose facts (XML) are read per sample, so that 200 new guests do not delay the numbers of all. */
#define FACTS_PER_SAMPLE 8

#define NEVER            INT64_MAX

enum wake { WAKE_STOP, WAKE_JOB, WAKE_POLL };

struct host {
	const struct host_env *env;             /* constant */
	const struct config_host *config;       /* constant */
	const struct host_static *facts_static; /* constant */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	bool stop;
	bool poked;
	bool cutting;           /* the supervisor is inside conn->ops->cancel(): the conn may not be freed */
	bool cut;               /* the deadline passed: says why the step failed */
	int64_t due_us;         /* next poll; NEVER: waits for a poke */
	int64_t event_us;       /* an event asked for a sample at this time, 0: none */
	int64_t deadline_us;    /* of the step under way, 0: none */
	int64_t limit_us;       /* what the last step with a deadline had, for the words of a cut */
	struct conn *conn;      /* written by the host's thread only */
	GQueue jobs;            /* struct job * */
	GArray *visible;        /* uuid[UUID_LEN] */
	bool inspected;         /* somebody looks at the page of … */
	struct row_key inspect; /* … the host itself or this guest */
	GHashTable *dirty;      /* uuid (GBytes): facts to be read again */

	/* host thread only */
	bool arrived; /* its first way in is over */
	bool connected;
	const struct host_snap *snap; /* last published, one reference */
	struct tracker *tracker;
	uint32_t samples;
	unsigned partials; /* full samples since it was connected that told not all */
	bool again;        /* the last one is such a one, and tried again */
	bool warm;         /* it has given a full sample once: now its answers have the usual time */
	bool asked;        /* this poll was poked */
	bool sampling_full;
	struct purse purse;
	int64_t visible_us; /* when the guests on the screen were asked for last */
	unsigned full_cuts; /* full samples in a row that had to be cut */
	int64_t no_monitor_until_us;
	int64_t backoff_us;
	int64_t link_since_us;
	uint64_t jitter; /* state of host_random() */
};

/* ---- helpers ---- */

static GHashTable *
dirty_new(void)
{
	return g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
}

static void
deadline_set(struct host *host, int64_t us)
{
	pthread_mutex_lock(&host->lock);
	host->deadline_us = us ? clock_now_us() + us : 0;
	if (us)
		host->limit_us = us;
	pthread_mutex_unlock(&host->lock);
}

/* From 0 to 1, different on each host: a step of Knuth's generator. A GRand would be 2.5 KiB. */
static double
host_random(struct host *host)
{
	host->jitter = host->jitter * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(host->jitter >> 32) / (double)(UINT64_C(1) << 32);
}

static int64_t
call_limit_us(const struct host *host)
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
		deadline_set(host, call_limit_us(host));
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
	g_queue_init(&host->jobs);
	host->visible = g_array_new(FALSE, FALSE, UUID_LEN);
	host->dirty = dirty_new();
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
static void
host_publish(struct host *host, const struct host_snap *snap)
{
	host_snap_unref(host->snap);
	host->snap = host_snap_ref(snap);
	host->env->publish(host->env->ctx, host->facts_static->index, snap);
}

static void
host_publish_link(struct host *host, enum link_state link, const char *why, int64_t retry_us)
{
	if (link != host->snap->link)
		host->link_since_us = clock_now_us();
	host_publish(host, host_snap_with_link(host->snap, link, why, host->link_since_us, retry_us));
}

/* Shows a good SAMPLE, whose contents are taken. */
static void
host_publish_sample(
	struct host *host, struct host_sample *sample, enum sample_depth depth, int64_t took_us, bool warming)
{
	struct host_snap link = host_snap_skeleton(host->snap);

	if (host->snap->link != LINK_UP)
		host->link_since_us = clock_now_us();
	link.link = LINK_UP;
	link.why = NULL;
	link.link_since_us = host->link_since_us;
	link.retry_us = 0;
	link.warming = warming;
	link.samples = host->samples;
	host_publish(host, tracker_sample(host->tracker, host->snap, &link, sample, depth, took_us));
}

/* ---- facts ---- */

/* Forgets the facts of guests whose XML may have changed. */
static void
facts_expire(struct host *host)
{
	g_autoptr(GHashTable) dirty = NULL;
	GHashTableIter iter;
	gpointer key;

	pthread_mutex_lock(&host->lock);
	if (g_hash_table_size(host->dirty) > 0) {
		dirty = host->dirty;
		host->dirty = dirty_new();
	}
	pthread_mutex_unlock(&host->lock);
	if (!dirty)
		return;
	g_hash_table_iter_init(&iter, dirty);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		tracker_set_vm_facts(host->tracker, g_bytes_get_data(key, NULL), NULL);
}

static bool
facts_read_host(struct host *host, GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct host_facts *facts;

	deadline_set(host, FIRST_SAMPLE_US); /* capabilities, too, may make the daemon probe */
	facts = host->conn->ops->host_facts(host->conn, &failed);
	deadline_set(host, 0);
	if (!facts && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	/* nothing can be known: do not ask again each time */
	tracker_set_host_facts(host->tracker, facts ? facts : host_facts_new());
	return true;
}

/* Reads one guest's facts. A guest that vanished meanwhile is no error. */
static bool
facts_read_vm(struct host *host, const uint8_t uuid[UUID_LEN], GError **error)
{
	g_autoptr(GError) failed = NULL;
	struct vm_facts *facts;

	deadline_set(host, call_limit_us(host));
	facts = host->conn->ops->vm_facts(host->conn, uuid, &failed);
	deadline_set(host, 0);
	if (!facts && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	tracker_set_vm_facts(host->tracker, uuid, facts ? facts : vm_facts_new());
	return true;
}

/* How many guests' facts are read now. */
static unsigned
facts_allowed(const struct host *host)
{
	if (!host->env->once)
		return FACTS_PER_SAMPLE;
	return host->env->once->vm_facts ? G_MAXUINT : 0;
}

/* Reads what facts are missing, a few at a time, and shows them without waiting for the next sample. */
static bool
host_read_facts(struct host *host, GError **error)
{
	bool host_too = !host->env->once || host->env->once->host_facts;
	unsigned left = facts_allowed(host);
	bool changed = false;
	uint8_t uuid[UUID_LEN];

	facts_expire(host);
	if (host_too && !tracker_knows_host(host->tracker)) {
		if (!facts_read_host(host, error))
			return false;
		changed = true;
	}
	while (left-- > 0 && tracker_next_unknown(host->tracker, uuid)) {
		if (!facts_read_vm(host, uuid, error))
			return false;
		changed = true;
	}
	if (changed)
		host_publish(host, tracker_with_facts(host->tracker, host->snap));
	return true;
}

/* ---- connecting and sampling ---- */

static void
host_disconnect(struct host *host)
{
	struct conn *conn;

	pthread_mutex_lock(&host->lock);
	while (host->cutting)
		pthread_cond_wait(&host->cond, &host->lock);
	conn = host->conn;
	host->conn = NULL;
	host->deadline_us = 0;
	pthread_mutex_unlock(&host->lock);
	if (conn)
		conn->ops->free(conn);
	host->connected = false;
	purse_close(&host->purse);
	host->visible_us = 0;
}

static bool
host_connect(struct host *host, GError **error)
{
	struct conn_listener listener = {
		.ctx = host, .event = host_on_event, .step = host_on_step, .progress = host_on_progress
	};
	const struct conn_factory *factory = host->env->factory;
	struct conn *conn;
	bool stopped, ok;

	if (host->connected)
		return true;
	host_disconnect(host);
	conn = factory->make(factory->ctx, host->facts_static->index, CONN_PURPOSE_POLL, &listener);
	pthread_mutex_lock(&host->lock);
	host->conn = conn;
	host->cut = false;
	stopped = host->stop;
	pthread_mutex_unlock(&host->lock);
	if (stopped) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "stopped");
		return false;
	}
	/* where there is no tunnel, opening is a single step */
	if (host->config->spec->transport == TRANSPORT_DIRECT)
		deadline_set(host, call_limit_us(host));
	ok = conn->ops->open(conn, error);
	deadline_set(host, 0);
	if (!ok)
		return false;
	host->connected = true;
	host->samples = 0;
	host->partials = 0;
	return true;
}

/* Whoever asks once wants all numbers: a guest whose monitor was just busy with somebody else's question is asked again. */
static bool
try_again(struct host *host, const struct host_sample *sample)
{
	return sample->partial && host->env->once && host->partials++ < PARTIALS_MOST;
}

/* What a sample may cost that begins at NOW_US, where guests have to be asked one by one. It must be over before the next
 * is due and before its host counts as slow. An event right after a sample does not ask for what is on the screen again. */
static void
limit_calls(struct host *host, int64_t now_us, struct sample_opts *opts)
{
	const struct config *config = host->env->config;
	int64_t interval_us = config->interval_ms * 1000;

	opts->limited = true;
	opts->calls = purse_look(&host->purse, host->env->budget, now_us, interval_us);
	opts->until_us = now_us + MIN(interval_us * 4 / 5, config->slow_ms * 1000 * 3 / 4);
	if (now_us - host->visible_us < interval_us / 2)
		opts->nvisible = 0;
	else
		host->visible_us = now_us;
}

/* One sample of DEPTH, shown. LIMIT_US: when to cut it. */
static bool
host_sample(struct host *host, enum sample_depth depth, int64_t limit_us, bool warming, GError **error)
{
	struct sample_opts opts = { .depth = depth };
	struct host_sample sample;
	g_autoptr(GArray) visible = g_array_new(FALSE, FALSE, UUID_LEN);
	int64_t began = clock_now_us();
	bool ok;

	pthread_mutex_lock(&host->lock);
	g_array_append_vals(visible, host->visible->data, host->visible->len);
	pthread_mutex_unlock(&host->lock);
	opts.visible = (const uint8_t(*)[UUID_LEN])visible->data;
	opts.nvisible = visible->len;
	opts.no_monitor = began < host->no_monitor_until_us;
	opts.once = host->env->once != NULL;
	opts.fresh = host->asked;
	if (!opts.once)
		limit_calls(host, began, &opts);

	host_sample_init(&sample);
	host->sampling_full = depth == SAMPLE_FULL && !opts.no_monitor;
	deadline_set(host, limit_us);
	ok = host->conn->ops->sample(host->conn, &opts, &sample, error);
	deadline_set(host, 0);
	if (!ok) {
		host_sample_done(&sample);
		return false;
	}
	if (depth == SAMPLE_FULL) {
		host->again = try_again(host, &sample);
		host->samples += !host->again;
		host->warm = true;
		host->full_cuts = host->sampling_full ? 0 : host->full_cuts;
	}
	host->sampling_full = false;
	if (sample.one_by_one && !opts.once)
		purse_open(&host->purse, host->env->budget, sample.vms->len, began);
	purse_pay(&host->purse, sample.calls);
	host_publish_sample(host, &sample, depth, clock_now_us() - began, warming);
	return true;
}

/* The first way in is over, well or not. */
static void
host_arrived(struct host *host)
{
	if (!host->arrived)
		startup_arrived(host->env->startup);
	host->arrived = true;
}

/* After connecting: names and states first, of the whole fleet when it is starting, then what needs no monitor, then
 * everything; a host that is asked once only as far as is needed. */
static bool
host_first_samples(struct host *host, GError **error)
{
	const struct snap_need *once = host->env->once;
	int64_t limit = call_limit_us(host);
	bool warming = !host->warm;

	if (!host_sample(host, SAMPLE_LIST, limit, warming, error))
		return false;
	host_arrived(host);
	if (once && once->samples == 0)
		return true;
	if (!once)
		startup_wait(host->env->startup);
	return (once || host_sample(host, SAMPLE_CHEAP, limit, warming, error)) &&
	       host_sample(host, SAMPLE_FULL, warming ? FIRST_SAMPLE_US : limit, false, error);
}

/* ---- details ---- */

static bool
read_host_detail(struct host *host, struct host_snap *skeleton, GError **error)
{
	if (!host->conn->ops->host_detail)
		return true;
	skeleton->detail = host->conn->ops->host_detail(host->conn, host->snap->detail, error);
	return skeleton->detail != NULL;
}

/* A guest that is gone has none, which is no error. */
static bool
read_vm_detail(struct host *host, const uint8_t uuid[UUID_LEN], struct host_snap *skeleton, GError **error)
{
	const struct vm_detail *old = host->snap->vm_detail;
	g_autoptr(GError) failed = NULL;

	if (!host->conn->ops->vm_detail)
		return true;
	if (old && memcmp(old->uuid, uuid, UUID_LEN) != 0)
		old = NULL;
	skeleton->vm_detail = host->conn->ops->vm_detail(host->conn, uuid, old, &failed);
	if (failed && fleet_error_is_link(failed)) {
		g_propagate_error(error, g_steal_pointer(&failed));
		return false;
	}
	return true;
}

/* Reads what the page that is looked at shows beyond the samples; nobody looks: lets go of the last. */
static bool
host_read_detail(struct host *host, GError **error)
{
	struct host_snap skeleton = host_snap_skeleton(host->snap);
	struct row_key key;
	bool wanted, ok = true;

	pthread_mutex_lock(&host->lock);
	wanted = host->inspected;
	key = host->inspect;
	pthread_mutex_unlock(&host->lock);
	if (!wanted && !skeleton.detail && !skeleton.vm_detail)
		return true;
	skeleton.detail = NULL;
	skeleton.vm_detail = NULL;
	if (wanted) {
		deadline_set(host, call_limit_us(host));
		ok = key.is_host ? read_host_detail(host, &skeleton, error)
				 : read_vm_detail(host, key.uuid, &skeleton, error);
		deadline_set(host, 0);
	}
	if (ok)
		host_publish(host, host_snap_build(&skeleton, host->snap->vms, host->snap->nvms));
	host_detail_unref(skeleton.detail);
	vm_detail_unref(skeleton.vm_detail);
	return ok;
}

static bool
host_poll(struct host *host, GError **error)
{
	bool ok = host->samples == 0 ? host_first_samples(host, error)
				     : host_sample(host, SAMPLE_FULL, call_limit_us(host), false, error);

	return ok && host_read_detail(host, error) && host_read_facts(host, error);
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

/* ---- jobs ---- */

static void
job_end(struct host *host, struct job *job, bool ok, const GError *error)
{
	job->state = ok ? JOB_DONE : JOB_FAILED;
	job->ended_us = clock_now_us();
	if (!ok)
		job->error = g_strdup(error->message);
	host->env->job_ended(host->env->ctx, job);
}

/* Runs JOB over the connection. False: *ERROR says why, also when it was not even begun. */
static bool
job_run(struct host *host, struct job *job, GError **error)
{
	bool ok, cut;

	pthread_mutex_lock(&host->lock);
	cut = host->cut;
	pthread_mutex_unlock(&host->lock);
	/* a connection that was cut under the job before is only waiting to be cleared away */
	if (!host->connected || cut) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_GONE, "%s is not connected (%s)",
			host->facts_static->name,
			host->snap->why ? host->snap->why
					: link_state_word(host->connected ? LINK_TIMEOUT : host->snap->link));
		return false;
	}
	deadline_set(host, job->timeout_ms ? job->timeout_ms * 1000 : call_limit_us(host));
	ok = job->run(job, host->conn, error);
	deadline_set(host, 0);
	pthread_mutex_lock(&host->lock);
	cut = host->cut;
	host->poked = true; /* show what it did at once */
	pthread_mutex_unlock(&host->lock);
	if (!ok && cut) {
		g_clear_error(error);
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_TIMEOUT,
			"no answer in time; the connection was cut and the outcome is unknown");
	}
	return ok;
}

static void
host_run_jobs(struct host *host)
{
	for (;;) {
		g_autoptr(GError) error = NULL;
		struct job *job;
		bool ok;

		pthread_mutex_lock(&host->lock);
		job = host->stop ? NULL : g_queue_pop_head(&host->jobs);
		pthread_mutex_unlock(&host->lock);
		if (!job)
			return;
		job->state = JOB_RUNNING;
		job->started_us = clock_now_us();
		ok = job_run(host, job, &error);
		job_end(host, job, ok, error);
	}
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

/* Sleeps until there is something to do. */
static enum wake
host_wait(struct host *host)
{
	enum wake wake = WAKE_POLL;

	pthread_mutex_lock(&host->lock);
	for (;;) {
		int64_t due = host_due_locked(host);
		struct timespec until = { .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };

		if (host->stop) {
			wake = WAKE_STOP;
			break;
		}
		if (!g_queue_is_empty(&host->jobs)) {
			wake = WAKE_JOB;
			break;
		}
		if (due <= clock_now_us())
			break;
		if (due == NEVER)
			pthread_cond_wait(&host->cond, &host->lock);
		else
			pthread_cond_timedwait(&host->cond, &host->lock, &until);
	}
	if (wake == WAKE_POLL) {
		host->asked = host->poked;
		host->poked = false;
		host->event_us = 0;
	}
	pthread_mutex_unlock(&host->lock);
	return wake;
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

static void
host_cancel_jobs(struct host *host)
{
	g_autoptr(GError) error =
		g_error_new_literal(FLEET_ERROR, FLEET_ERROR_CANCELLED, "virt-fleet is ending");

	for (;;) {
		struct job *job;

		pthread_mutex_lock(&host->lock);
		job = g_queue_pop_head(&host->jobs);
		pthread_mutex_unlock(&host->lock);
		if (!job)
			return;
		job_end(host, job, false, error);
	}
}

static void *
host_main(void *arg)
{
	struct host *host = arg;
	enum wake wake;

	thread_stand_back();
	while ((wake = host_wait(host)) != WAKE_STOP) {
		if (wake == WAKE_JOB)
			host_run_jobs(host);
		else
			host_main_poll(host);
	}
	host_cancel_jobs(host);
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
host_watch(struct host *host, const uint8_t (*uuids)[UUID_LEN], size_t n)
{
	pthread_mutex_lock(&host->lock);
	g_array_set_size(host->visible, 0);
	g_array_append_vals(host->visible, uuids, (guint)n);
	pthread_mutex_unlock(&host->lock);
}

void
host_inspect(struct host *host, const struct row_key *key)
{
	pthread_mutex_lock(&host->lock);
	if (key && (!host->inspected || !row_key_equal(key, &host->inspect)))
		host->poked = true;
	host->inspected = key != NULL;
	if (key)
		host->inspect = *key;
	if (host->poked)
		pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}

void
host_submit(struct host *host, struct job *job)
{
	pthread_mutex_lock(&host->lock);
	job->queued_us = clock_now_us();
	g_queue_push_tail(&host->jobs, job);
	pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
}
