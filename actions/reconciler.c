#include "actions/reconciler.h"

#include "config/config.h"
#include "fleet/clock.h"
#include "fleet/thread.h"

#include <pthread.h>
#include <string.h>

#define LOOK_US INT64_C(1000000)

struct reconciler {
	struct reconciler_opts opts; /* constant */
	pthread_t thread;
	struct reconcile *cases; /* the thread's */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	GPtrArray *inbox; /* struct lost_move *, to be taken up by the thread */
	GQueue found;     /* struct finding *, to be taken by the owner */
	bool stop;
};

static void
lost_move_free(gpointer pointer)
{
	struct lost_move *lost = pointer;

	g_free(lost->vm);
	g_free(lost->source);
	g_free(lost->target);
	g_free(lost->id);
	g_free(lost);
}

static void
finding_free(gpointer pointer)
{
	struct finding *finding = pointer;

	g_free(finding->where);
	g_free(finding);
}

/* ---- the thread ---- */

static void
put_finding(struct reconciler *reconciler, uint64_t serial, const char *where)
{
	struct finding *finding = g_new(struct finding, 1);

	*finding = (struct finding){ .serial = serial, .where = g_strdup(where) };
	pthread_mutex_lock(&reconciler->lock);
	g_queue_push_tail(&reconciler->found, finding);
	pthread_mutex_unlock(&reconciler->lock);
}

static void
tell(void *ctx, const struct lost_move *lost, const struct fate *fate, const char *where)
{
	struct reconciler *reconciler = ctx;

	timeline_tell(reconciler->opts.timeline, &(struct telling){
							 .kind = EVENT_KIND_ACT,
							 .level = fate->level,
							 .subject = lost->guest,
							 .host = lost->source,
							 .vm = lost->vm,
							 .what = "migrate: found",
							 .detail = where,
						 });
	/* the next run goes on looking for the end of one that still moves */
	if (reconciler->opts.journal && fate->kind != FATE_MOVING)
		journal_found(reconciler->opts.journal, lost->id, lost->vm, lost->guest.uuid, where);
	if (lost->serial)
		put_finding(reconciler, lost->serial, where);
	reconciler->opts.changed(reconciler->opts.ctx);
}

static void
look(struct reconciler *reconciler)
{
	const struct fleet_snap *snap = reconciler->opts.snapshot(reconciler->opts.ctx);

	reconcile_look(reconciler->cases, snap, clock_now_us(), tell, reconciler);
	fleet_snap_unref(snap);
}

/* Sleeps until the next look, or until there is something to look for; takes in what has come. False: all is over. */
static bool
wait_look(struct reconciler *reconciler)
{
	int64_t due_us = clock_now_us() + LOOK_US;
	struct timespec until = { .tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000 };
	int rc = 0;
	bool goes_on;

	pthread_mutex_lock(&reconciler->lock);
	while (!reconciler->stop && rc == 0)
		if (reconcile_open(reconciler->cases) + reconciler->inbox->len > 0)
			rc = pthread_cond_timedwait(&reconciler->cond, &reconciler->lock, &until);
		else
			pthread_cond_wait(&reconciler->cond, &reconciler->lock);
	for (guint i = 0; i < reconciler->inbox->len; i++)
		reconcile_add(reconciler->cases, reconciler->inbox->pdata[i], clock_now_us());
	g_ptr_array_set_size(reconciler->inbox, 0);
	goes_on = !reconciler->stop;
	pthread_mutex_unlock(&reconciler->lock);
	return goes_on;
}

static void *
reconciler_main(void *arg)
{
	struct reconciler *reconciler = arg;

	thread_stand_back();
	while (wait_look(reconciler))
		look(reconciler);
	return NULL;
}

/* ---- life ---- */

static void
destroy(struct reconciler *reconciler)
{
	pthread_cond_destroy(&reconciler->cond);
	pthread_mutex_destroy(&reconciler->lock);
	g_ptr_array_free(reconciler->inbox, TRUE);
	g_queue_clear_full(&reconciler->found, finding_free);
	reconcile_free(reconciler->cases);
	g_free(reconciler);
}

struct reconciler *
reconciler_new(const struct reconciler_opts *opts)
{
	struct reconciler *reconciler = g_new0(struct reconciler, 1);
	pthread_condattr_t attr;

	reconciler->opts = *opts;
	reconciler->cases = reconcile_new();
	reconciler->inbox = g_ptr_array_new_with_free_func(lost_move_free);
	pthread_mutex_init(&reconciler->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&reconciler->cond, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&reconciler->thread, NULL, reconciler_main, reconciler)) {
		destroy(reconciler);
		return NULL;
	}
	pthread_setname_np(reconciler->thread, "reconciler");
	return reconciler;
}

void
reconciler_free(struct reconciler *reconciler)
{
	if (!reconciler)
		return;
	pthread_mutex_lock(&reconciler->lock);
	reconciler->stop = true;
	pthread_cond_signal(&reconciler->cond);
	pthread_mutex_unlock(&reconciler->lock);
	pthread_join(reconciler->thread, NULL);
	destroy(reconciler);
}

/* ---- what is to be found ---- */

/* Takes LOST. */
static void
add(struct reconciler *reconciler, struct lost_move *lost)
{
	pthread_mutex_lock(&reconciler->lock);
	g_ptr_array_add(reconciler->inbox, lost);
	pthread_cond_signal(&reconciler->cond);
	pthread_mutex_unlock(&reconciler->lock);
}

void
reconciler_add_job(struct reconciler *reconciler, const struct job *job)
{
	struct lost_move *lost;

	if (!reconciler || job->class != JOB_MOVE || job->state != JOB_UNKNOWN)
		return;
	lost = g_new0(struct lost_move, 1);
	*lost = (struct lost_move){
		.guest = job->target,
		.dest = job->dest,
		.vm = g_strdup(job->vm_name),
		.source = g_strdup(job->host_name),
		.target = g_strdup(job->dest_name),
		.serial = job->serial,
		.id = job->journal ? journal_id(job->journal, job) : NULL,
		.offline = job_param(job, "offline") != NULL,
	};
	add(reconciler, lost);
}

bool
reconciler_take(struct reconciler *reconciler, struct finding *out)
{
	struct finding *finding;

	if (!reconciler)
		return false;
	pthread_mutex_lock(&reconciler->lock);
	finding = g_queue_pop_head(&reconciler->found);
	pthread_mutex_unlock(&reconciler->lock);
	if (!finding)
		return false;
	*out = *finding;
	g_free(finding);
	return true;
}

/* False: no host of CONFIG is called NAME. */
static bool
find_host(const struct config *config, const char *name, uint32_t *index)
{
	for (guint i = 0; i < config->hosts->len; i++) {
		const struct config_host *host = config->hosts->pdata[i];

		*index = i;
		if (g_strcmp0(host->name, name) == 0)
			return true;
	}
	return false;
}

void
reconciler_add_lost(
	struct reconciler *reconciler, const struct config *config, const struct journal_lost *lost)
{
	struct lost_move *move;
	uint32_t source, target;

	if (!reconciler || !lost->has_uuid || !lost->dest || !find_host(config, lost->host, &source) ||
		!find_host(config, lost->dest, &target))
		return;
	move = g_new0(struct lost_move, 1);
	*move = (struct lost_move){
		.guest = { .host = source },
		.dest = target,
		.vm = g_strdup(lost->vm),
		.source = g_strdup(lost->host),
		.target = g_strdup(lost->dest),
		.id = g_strdup(lost->id),
		.offline = lost->offline,
	};
	memcpy(move->guest.uuid, lost->uuid, UUID_LEN);
	add(reconciler, move);
}
