/* host: connecting, and sampling. */
#include "fleet/host_private.h"

#include "fleet/clock.h"
#include "fleet/error.h"

/* How often a sample that told not all is tried again where only one is wanted: more would be waiting for a frozen guest. */
#define PARTIALS_MOST 6

/* ---- connecting ---- */

void
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

bool
host_connect(struct host *host, GError **error)
{
	struct conn_listener listener = host_listener(host);
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
		host_set_deadline(host, host_call_limit_us(host));
	ok = conn->ops->open(conn, error);
	host_set_deadline(host, 0);
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
	host_set_deadline(host, limit_us);
	ok = host->conn->ops->sample(host->conn, &opts, &sample, error);
	host_set_deadline(host, 0);
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
void
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
	int64_t limit = host_call_limit_us(host);
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
bool
host_poll(struct host *host, GError **error)
{
	bool ok = host->samples == 0 ? host_first_samples(host, error)
				     : host_sample(host, SAMPLE_FULL, host_call_limit_us(host), false, error);

	return ok && host_read_detail(host, error) && host_read_facts(host, error);
}
