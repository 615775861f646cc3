#include "fleet/fleet.h"

#include "fleet/chronicler.h"
#include "fleet/clock.h"
#include "fleet/hands.h"
#include "fleet/host.h"

#include <pthread.h>
#include <string.h>

/* How often deadlines are looked at: they are seconds long. */
#define SUPERVISOR_TICK_US 250000

/* At the start names and states of the whole fleet come before any host's numbers: unless the hosts that are still on
 * their way in make no step for so long, and no host waits longer for the others than that. */
#define STARTUP_QUIET_US    150000
#define STARTUP_PATIENCE_US (4 * INT64_C(1000000))

/* How long a connection for acts waits for the next one. */
#define HAND_IDLE_US (15 * INT64_C(1000000))

struct fleet {
	struct host_env env;           /* constant, borrowed by every host */
	struct conn_factory factory;   /* constant */
	struct snap_need once;         /* constant */
	struct startup *startup;       /* constant */
	struct budget *budget;         /* constant */
	struct hands *hands;           /* constant */
	struct mailbox *mailbox;       /* constant */
	struct chronicler *chronicler; /* constant; NULL: nobody wants to know */
	struct host **hosts;           /* constant after fleet_new(); n of them */
	struct host_static *statics;   /* constant */
	size_t n;
	bool started; /* UI thread only */
	pthread_t supervisor;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	const struct host_snap **slots; /* one reference each */
	uint64_t generation;
	size_t running; /* host threads that have not ended */
	bool stopping;
};

/* ---- called by hosts ---- */

static void
fleet_publish(void *ctx, uint32_t index, const struct host_snap *snap)
{
	struct fleet *fleet = ctx;
	const struct host_snap *old;

	pthread_mutex_lock(&fleet->lock);
	old = fleet->slots[index];
	fleet->slots[index] = snap;
	fleet->generation++;
	pthread_mutex_unlock(&fleet->lock);
	host_snap_unref(old);
	mailbox_mark(fleet->mailbox);
}

static void
fleet_event(void *ctx, uint32_t index, const struct conn_event *event)
{
	struct fleet *fleet = ctx;

	if (fleet->chronicler)
		chronicler_post(fleet->chronicler, index, event);
}

static void
fleet_host_gone(void *ctx)
{
	struct fleet *fleet = ctx;

	pthread_mutex_lock(&fleet->lock);
	fleet->running--;
	pthread_cond_broadcast(&fleet->cond);
	pthread_mutex_unlock(&fleet->lock);
}

/* ---- called by hands and chronicler ---- */

static void
hand_ended(void *ctx, struct job *job)
{
	struct fleet *fleet = ctx;

	/* there is an event for what is pinned live, on QEMU; for what is kept there is none anywhere */
	if (job->act == VM_ACT_PIN)
		host_doubt(fleet->hosts[job->target.host], job->target.uuid);
	if (!mailbox_push(fleet->mailbox, (struct message){ .type = FLEET_MESSAGE_JOB, .data = job }))
		job_free(job);
}

static void
hand_poke(void *ctx, uint32_t host)
{
	fleet_poke(ctx, host);
}

static const struct fleet_snap *
chronicle_snapshot(void *ctx)
{
	return fleet_snapshot(ctx);
}

static void
fleet_changed(void *ctx)
{
	struct fleet *fleet = ctx;

	mailbox_mark(fleet->mailbox);
}

/* ---- the supervisor ---- */

static struct timespec
timespec_of(int64_t us)
{
	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

/* Sleeps one tick; false when the fleet stops. */
static bool
supervisor_wait(struct fleet *fleet)
{
	struct timespec until = timespec_of(clock_now_us() + SUPERVISOR_TICK_US);
	bool goes_on;

	pthread_mutex_lock(&fleet->lock);
	if (!fleet->stopping)
		pthread_cond_timedwait(&fleet->cond, &fleet->lock, &until);
	goes_on = !fleet->stopping;
	pthread_mutex_unlock(&fleet->lock);
	return goes_on;
}

static void *
supervisor_main(void *arg)
{
	struct fleet *fleet = arg;

	while (supervisor_wait(fleet)) {
		int64_t now = clock_now_us();

		for (size_t i = 0; i < fleet->n; i++)
			host_supervise(fleet->hosts[i], now);
		hands_supervise(fleet->hands, now);
	}
	return NULL;
}

/* ---- life ---- */

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "owner=net,rack=b7", by name. */
static char *
label_list(GHashTable *labels)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer name, value;

	g_hash_table_iter_init(&iter, labels);
	while (g_hash_table_iter_next(&iter, &name, &value))
		g_ptr_array_add(list, g_strdup_printf("%s=%s", (const char *)name, (const char *)value));
	g_ptr_array_sort(list, compare_strings);
	g_ptr_array_add(list, NULL);
	return g_strjoinv(",", (char **)list->pdata);
}

struct fleet *
fleet_new(const struct fleet_opts *opts)
{
	struct fleet *fleet = g_new0(struct fleet, 1);
	pthread_condattr_t attr;

	fleet->factory = *opts->factory;
	fleet->mailbox = opts->mailbox;
	fleet->n = opts->config->hosts->len;
	fleet->startup = startup_new(fleet->n, STARTUP_QUIET_US, STARTUP_PATIENCE_US);
	fleet->budget = budget_new(opts->config->calls_per_second, opts->config->fleet_calls_per_second);
	if (opts->once)
		fleet->once = *opts->once;
	fleet->env = (struct host_env){
		.config = opts->config,
		.factory = &fleet->factory,
		.once = opts->once ? &fleet->once : NULL,
		.startup = fleet->startup,
		.budget = fleet->budget,
		.ctx = fleet,
		.publish = fleet_publish,
		.event = fleet_event,
		.gone = fleet_host_gone,
	};
	fleet->hands = hands_new(&(struct hands_opts){
		.factory = &fleet->factory,
		.call_timeout_us = opts->config->call_timeout_ms * 1000,
		.idle_us = HAND_IDLE_US,
		.ended = hand_ended,
		.progress = fleet_changed,
		.poke = hand_poke,
		.ctx = fleet,
	});
	if (opts->timeline)
		fleet->chronicler = chronicler_new(&(struct chronicler_opts){
			.config = opts->config,
			.timeline = opts->timeline,
			.snapshot = chronicle_snapshot,
			.changed = fleet_changed,
			.ctx = fleet,
		});
	pthread_mutex_init(&fleet->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&fleet->cond, &attr);
	pthread_condattr_destroy(&attr);

	fleet->hosts = g_new0(struct host *, fleet->n);
	fleet->statics = g_new0(struct host_static, fleet->n);
	fleet->slots = g_new0(const struct host_snap *, fleet->n);
	for (size_t i = 0; i < fleet->n; i++) {
		const struct config_host *config = g_ptr_array_index(opts->config->hosts, i);

		/* borrowed from the config, which outlives every snapshot */
		fleet->statics[i] = (struct host_static){
			.index = (uint32_t)i,
			.maintenance = config->maintenance,
			.name = config->name,
			.site = config->site,
			.tags = config->tags,
			.labels = config->labels,
			.tag_list = g_strjoinv(",", config->tags),
			.label_list = label_list(config->labels),
		};
		fleet->hosts[i] = host_new(&fleet->env, config, &fleet->statics[i]);
		fleet->slots[i] = host_first_snap(fleet->hosts[i]);
	}
	return fleet;
}

void
fleet_start(struct fleet *fleet)
{
	int failed;

	fleet->started = true;
	fleet->running = fleet->n;
	if (fleet->chronicler)
		chronicler_start(fleet->chronicler);
	for (size_t i = 0; i < fleet->n; i++)
		host_start(fleet->hosts[i]);
	failed = pthread_create(&fleet->supervisor, NULL, supervisor_main, fleet);
	g_assert(!failed);
	pthread_setname_np(fleet->supervisor, "supervisor");
}

void
fleet_stop(struct fleet *fleet)
{
	if (fleet->chronicler)
		chronicler_stop(fleet->chronicler);
	pthread_mutex_lock(&fleet->lock);
	fleet->stopping = true;
	pthread_cond_broadcast(&fleet->cond);
	pthread_mutex_unlock(&fleet->lock);
	startup_open(fleet->startup);
	for (size_t i = 0; i < fleet->n; i++)
		host_stop(fleet->hosts[i]);
	hands_stop(fleet->hands);
}

bool
fleet_wait(struct fleet *fleet, int64_t timeout_ms)
{
	int64_t end_us = clock_now_us() + timeout_ms * 1000;
	struct timespec until = timespec_of(end_us);
	bool gone;

	pthread_mutex_lock(&fleet->lock);
	while (fleet->running > 0 && pthread_cond_timedwait(&fleet->cond, &fleet->lock, &until) == 0)
		;
	gone = fleet->running == 0;
	pthread_mutex_unlock(&fleet->lock);
	return gone && hands_wait(fleet->hands, MAX(0, end_us - clock_now_us()) / 1000);
}

void
fleet_free(struct fleet *fleet)
{
	if (!fleet)
		return;
	if (fleet->started) {
		pthread_join(fleet->supervisor, NULL);
		for (size_t i = 0; i < fleet->n; i++)
			host_join(fleet->hosts[i]);
	}
	hands_free(fleet->hands);
	chronicler_free(fleet->chronicler);
	for (size_t i = 0; i < fleet->n; i++) {
		host_free(fleet->hosts[i]);
		host_snap_unref(fleet->slots[i]);
	}
	startup_free(fleet->startup);
	budget_free(fleet->budget);
	g_free(fleet->hosts);
	for (size_t i = 0; i < fleet->n; i++) {
		g_free(fleet->statics[i].tag_list);
		g_free(fleet->statics[i].label_list);
	}
	g_free(fleet->statics);
	g_free(fleet->slots);
	pthread_cond_destroy(&fleet->cond);
	pthread_mutex_destroy(&fleet->lock);
	g_free(fleet);
}

/* ---- for the UI ---- */

const struct fleet_snap *
fleet_snapshot(struct fleet *fleet)
{
	struct fleet_snap *snap = g_malloc(sizeof *snap + fleet->n * sizeof snap->hosts[0]);

	snap->refs = 1;
	snap->nhosts = fleet->n;
	snap->taken_us = clock_now_us();
	pthread_mutex_lock(&fleet->lock);
	snap->generation = fleet->generation;
	for (size_t i = 0; i < fleet->n; i++)
		snap->hosts[i] = host_snap_ref(fleet->slots[i]);
	pthread_mutex_unlock(&fleet->lock);
	return snap;
}

void
fleet_catch_up(struct fleet *fleet)
{
	if (fleet->chronicler)
		chronicler_catch_up(fleet->chronicler);
}

void
fleet_poke(struct fleet *fleet, uint32_t host)
{
	host_poke(fleet->hosts[host]);
}

void
fleet_poke_all(struct fleet *fleet)
{
	for (size_t i = 0; i < fleet->n; i++)
		host_poke(fleet->hosts[i]);
}

void
fleet_watch(struct fleet *fleet, uint32_t host, const uint8_t (*uuids)[UUID_LEN], size_t n)
{
	host_watch(fleet->hosts[host], uuids, n);
}

void
fleet_inspect(struct fleet *fleet, const struct row_key *key)
{
	for (size_t i = 0; i < fleet->n; i++)
		host_inspect(fleet->hosts[i], key && key->host == i ? key : NULL, false);
}

void
fleet_inspect_pins(struct fleet *fleet, const struct row_key *guest)
{
	for (size_t i = 0; i < fleet->n; i++)
		host_inspect(fleet->hosts[i], guest->host == i ? guest : NULL, true);
}

void
fleet_submit(struct fleet *fleet, struct job *job)
{
	hands_submit(fleet->hands, job);
}

void
fleet_settle(struct fleet *fleet, struct job *job)
{
	hands_settle(fleet->hands, job);
}

unsigned
fleet_jobs_pending(struct fleet *fleet)
{
	return hands_busy(fleet->hands, false);
}

unsigned
fleet_moves_pending(struct fleet *fleet)
{
	return hands_busy(fleet->hands, true);
}
