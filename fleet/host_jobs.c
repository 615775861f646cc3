/* host: acts on guests, run between two samples. */
#include "fleet/host_private.h"

#include "fleet/clock.h"
#include "fleet/error.h"

static void
job_end(struct host *host, struct job *job, bool ok, const GError *error)
{
	/* what became of one that was begun nobody here can know when the link was lost under it */
	if (ok)
		job->state = JOB_DONE;
	else if (job->state == JOB_RUNNING && fleet_error_is_link(error))
		job->state = JOB_UNKNOWN;
	else
		job->state = JOB_FAILED;
	job->ended_us = clock_now_us();
	if (!ok)
		job->error = g_strdup(error->message);
	host->env->job_ended(host->env->ctx, job);
}

static void
job_end_for_exit(struct host *host, struct job *job)
{
	g_autoptr(GError) error =
		g_error_new_literal(FLEET_ERROR, FLEET_ERROR_CANCELLED, "virt-fleet is ending");

	job_end(host, job, false, error);
}

static bool
is_cut(struct host *host)
{
	bool cut;

	pthread_mutex_lock(&host->lock);
	cut = host->cut;
	pthread_mutex_unlock(&host->lock);
	return cut;
}

/* Runs JOB over the connection, within its time. */
static bool
job_run_in_time(struct host *host, struct job *job, GError **error)
{
	bool ok;

	host_set_deadline(host, job->timeout_ms ? job->timeout_ms * 1000 : host_call_limit_us(host));
	job->state = JOB_RUNNING;
	ok = job->run(job, host->conn, error);
	host_set_deadline(host, 0);
	if (!ok && is_cut(host)) {
		g_clear_error(error);
		g_set_error_literal(
			error, FLEET_ERROR, FLEET_ERROR_TIMEOUT, "no answer in time; the connection was cut");
	}
	return ok;
}

/* All of JOB. False: *ERROR says why, also when it was not even begun. */
static bool
job_run(struct host *host, struct job *job, GError **error)
{
	g_autoptr(GError) failed = NULL;
	bool ok;

	/* a connection that was cut under the job before is only waiting to be cleared away */
	if (!host->connected || is_cut(host)) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_GONE, "%s is not connected (%s)",
			host->facts_static->name,
			host->snap->why ? host->snap->why
					: link_state_word(host->connected ? LINK_TIMEOUT : host->snap->link));
		return false;
	}
	if (job->prepare && !job->prepare(job, error))
		return false;
	ok = job_run_in_time(host, job, &failed);
	if (job->settle)
		job->settle(job, failed);
	pthread_mutex_lock(&host->lock);
	host->poked = true; /* show what it did at once */
	pthread_mutex_unlock(&host->lock);
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&failed));
	return ok;
}

void
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
		job->started_us = clock_now_us();
		ok = job_run(host, job, &error);
		job_end(host, job, ok, error);
	}
}
void
host_cancel_jobs(struct host *host)
{
	for (;;) {
		struct job *job;

		pthread_mutex_lock(&host->lock);
		job = g_queue_pop_head(&host->jobs);
		host->ended = !job;
		pthread_mutex_unlock(&host->lock);
		if (!job)
			return;
		job_end_for_exit(host, job);
	}
}

void
host_submit(struct host *host, struct job *job)
{
	bool ended;

	pthread_mutex_lock(&host->lock);
	job->queued_us = clock_now_us();
	ended = host->ended;
	if (!ended)
		g_queue_push_tail(&host->jobs, job);
	pthread_cond_signal(&host->cond);
	pthread_mutex_unlock(&host->lock);
	if (ended)
		job_end_for_exit(host, job);
}
