#include "views/work.h"

#include "actions/note.h"
#include "actions/outcome.h"

struct work {
	struct env *env;
	GPtrArray *outcomes; /* struct outcome *, of batches under way */
	uint64_t last_batch;
	unsigned pending;
	GHashTable *busy; /* set of struct row_key: targets of the jobs pending */
};

static void
free_outcome(gpointer outcome)
{
	outcome_free(outcome);
}

struct work *
work_new(struct env *env)
{
	struct work *work = g_new0(struct work, 1);

	work->env = env;
	work->outcomes = g_ptr_array_new_with_free_func(free_outcome);
	work->busy = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	return work;
}

void
work_free(struct work *work)
{
	if (!work)
		return;
	g_ptr_array_free(work->outcomes, TRUE);
	g_hash_table_unref(work->busy);
	g_free(work);
}

unsigned
work_pending(const struct work *work)
{
	return work->pending;
}

GHashTable *
work_busy(const struct work *work)
{
	return work->busy;
}

static void
tell(struct work *work, const struct outcome *outcome)
{
	static const enum role roles[] = {
		[EVENT_INFO] = ROLE_STATUS, [EVENT_WARN] = ROLE_WARN, [EVENT_BAD] = ROLE_BAD
	};
	g_autofree char *text = outcome_text(outcome);

	env_notice(work->env, roles[outcome_level(outcome)], "%s", text);
}

void
work_submit(struct work *work, const struct plan *plan)
{
	g_autoptr(GPtrArray) jobs =
		plan_jobs(plan, ++work->last_batch, work->env->now_us, work->env->journal);
	struct outcome *outcome = outcome_new(plan->action, work->last_batch, jobs->len);

	g_ptr_array_add(work->outcomes, outcome);
	work->pending += jobs->len;
	tell(work, outcome);
	for (guint i = 0; i < jobs->len; i++) {
		struct job *job = jobs->pdata[i];

		g_hash_table_add(work->busy, g_memdup2(&job->target, sizeof job->target));
		note_job(work->env->timeline, job);
		fleet_submit(work->env->fleet, job);
	}
}

void
work_done(struct work *work, struct job *job)
{
	for (guint i = 0; i < work->outcomes->len; i++) {
		struct outcome *outcome = work->outcomes->pdata[i];

		if (outcome_batch(outcome) != job->id)
			continue;
		work->pending--;
		outcome_add(outcome, job);
		tell(work, outcome);
		if (outcome_complete(outcome))
			g_ptr_array_remove_index(work->outcomes, i);
		break;
	}
	note_job(work->env->timeline, job);
	g_hash_table_remove(work->busy, &job->target);
	job_free(job);
}
