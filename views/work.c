#include "views/work.h"

#include "actions/note.h"
#include "actions/outcome.h"
#include "views/request.h"
#include "views/stack.h"

struct work {
	struct env *env;
	struct queue *queue;
	GHashTable *outcomes; /* of batches under way, by their ids in them; owned */
};

/* ---- what is told ---- */

/* "; Ctrl-K forces off 3 that did not go", which nobody does but the operator. */
static char *
offer(const struct work *work)
{
	const struct env *env = work->env;
	unsigned late = queue_late_count(work->queue);
	g_autofree char *key = NULL;

	if (!late)
		return g_strdup("");
	key = keys_label(keys_of(env->keys, stack_front(env->stack)->ops->name), REQ_FORCE);
	return g_strdup_printf("; %s%s forces off %u that did not go", key ? "" : ":",
		key ? key : request_name(REQ_FORCE), late);
}

static void
tell(struct work *work, const struct outcome *outcome)
{
	static const enum role roles[] = {
		[EVENT_INFO] = ROLE_STATUS, [EVENT_WARN] = ROLE_WARN, [EVENT_BAD] = ROLE_BAD
	};
	g_autofree char *text = outcome_text(outcome), *more = offer(work);

	env_notice(work->env, roles[outcome_level(outcome)], "%s%s", text, more);
}

/* What begins is told in a few words; how far it is stands in the header. */
static void
tell_begin(struct work *work, const struct plan *plan)
{
	const struct plan_target *first = plan->targets->pdata[0];
	const char *paused = queue_paused(work->queue) ? "; the queue is paused" : "";

	if (plan->targets->len == 1)
		env_notice(work->env, ROLE_STATUS, "%s %s%s", plan->action->doing, first->name, paused);
	else
		env_notice(work->env, ROLE_STATUS, "%s %u guests%s", plan->action->doing, plan->targets->len,
			paused);
}

/* ---- what the queue calls ---- */

static void
submit(void *ctx, struct job *job)
{
	struct work *work = ctx;

	note_job(work->env->timeline, job);
	fleet_submit(work->env->fleet, job);
}

static void
settle(void *ctx, struct job *job)
{
	struct work *work = ctx;

	fleet_settle(work->env->fleet, job);
}

/* The first failure of a batch is told at once, the others when it is complete. */
static void
ended(void *ctx, const struct job *job)
{
	struct work *work = ctx;
	struct outcome *outcome = g_hash_table_lookup(work->outcomes, &job->id);
	enum event_level before = outcome_level(outcome);

	note_job(work->env->timeline, job);
	outcome_add(outcome, job);
	if (outcome_complete(outcome) || outcome_level(outcome) != before)
		tell(work, outcome);
	if (outcome_complete(outcome))
		g_hash_table_remove(work->outcomes, &job->id);
}

/* ---- life ---- */

static void
free_outcome(gpointer outcome)
{
	outcome_free(outcome);
}

struct work *
work_new(struct env *env)
{
	const struct config *config = env->config;
	struct work *work = g_new0(struct work, 1);

	work->env = env;
	work->outcomes = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_outcome);
	work->queue = queue_new(&(struct queue_opts){
		.parallel = (unsigned)config->jobs_parallel,
		.per_host = (unsigned)config->jobs_per_host,
		.moves_out = (unsigned)config->moves_out,
		.moves_in = (unsigned)config->moves_in,
		.kept = (unsigned)config->jobs_kept,
		.await_ms = config->shutdown_wait_ms,
		.submit = submit,
		.settle = settle,
		.ended = ended,
		.ctx = work,
	});
	return work;
}

void
work_free(struct work *work)
{
	if (!work)
		return;
	queue_free(work->queue);
	g_hash_table_unref(work->outcomes);
	g_free(work);
}

/* ---- what comes in ---- */

void
work_submit(struct work *work, const struct plan *plan)
{
	const struct env *env = work->env;
	g_autoptr(GPtrArray) jobs = plan_jobs(plan, 0, env->now_us, env->journal);
	uint64_t batch;

	tell_begin(work, plan);
	batch = queue_add(work->queue, plan->action, jobs, jobs->len == 1, env->now_us);
	g_hash_table_insert(work->outcomes, g_memdup2(&batch, sizeof(batch)),
		outcome_new(plan->action, batch, jobs->len));
}

void
work_done(struct work *work, struct job *job)
{
	queue_done(work->queue, job, work->env->now_us);
}

void
work_found(struct work *work, uint64_t serial, const char *where)
{
	queue_found(work->queue, serial, where);
}

void
work_observe(struct work *work, const struct fleet_snap *snap)
{
	queue_observe(work->queue, snap, work->env->now_us);
}

/* ---- what others want to know ---- */

struct queue *
work_queue(const struct work *work)
{
	return work->queue;
}

unsigned
work_pending(const struct work *work)
{
	return queue_pending(work->queue);
}

GHashTable *
work_busy(const struct work *work)
{
	return queue_busy(work->queue);
}
