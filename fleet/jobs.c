#include "fleet/jobs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct job_gauge {
	gint refs; /* atomic */
	atomic_bool cancelled;
	pthread_mutex_t lock;
	struct job_progress progress; /* guarded by lock */
};

struct job_gauge *
job_gauge_new(void)
{
	struct job_gauge *gauge = g_new0(struct job_gauge, 1);

	gauge->refs = 1;
	gauge->progress = JOB_PROGRESS_UNKNOWN;
	pthread_mutex_init(&gauge->lock, NULL);
	return gauge;
}

struct job_gauge *
job_gauge_ref(struct job_gauge *gauge)
{
	g_atomic_int_inc(&gauge->refs);
	return gauge;
}

void
job_gauge_unref(struct job_gauge *gauge)
{
	if (!gauge || !g_atomic_int_dec_and_test(&gauge->refs))
		return;
	pthread_mutex_destroy(&gauge->lock);
	g_free(gauge);
}

void
job_gauge_set(struct job_gauge *gauge, const struct job_progress *progress)
{
	pthread_mutex_lock(&gauge->lock);
	gauge->progress = *progress;
	pthread_mutex_unlock(&gauge->lock);
}

void
job_gauge_get(struct job_gauge *gauge, struct job_progress *out)
{
	pthread_mutex_lock(&gauge->lock);
	*out = gauge->progress;
	pthread_mutex_unlock(&gauge->lock);
}

char *
job_stall_text(const struct job_progress *progress)
{
	int64_t s = progress->stalled_ms / 1000;
	g_autofree char *since = NULL;

	if (progress->stalled_ms < 0)
		return NULL;
	if (s < 60)
		since = g_strdup_printf("%ds", (int)s);
	else
		since = g_strdup_printf("%dm", (int)(s / 60));
	if (progress->rewritten)
		return g_strdup_printf(
			"no nearer its end for %s: the guest writes as fast as it is copied", since);
	return g_strdup_printf("nothing copied for %s", since);
}

void
job_gauge_cancel(struct job_gauge *gauge)
{
	atomic_store(&gauge->cancelled, true);
}

bool
job_gauge_cancelled(struct job_gauge *gauge)
{
	return atomic_load(&gauge->cancelled);
}

struct job *
job_new(void)
{
	struct job *job = g_new0(struct job, 1);

	job->gauge = job_gauge_new();
	job->console.fd = -1;
	return job;
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	if (job->console.fd >= 0)
		close(job->console.fd);
	job_gauge_unref(job->gauge);
	g_strfreev(job->params);
	g_free(job->vm_name);
	g_free(job->host_name);
	g_free(job->dest_name);
	g_free(job->error);
	g_free(job->remark);
	if (job->found)
		g_array_unref(job->found);
	g_free(job);
}

const char *
job_param(const struct job *job, const char *name)
{
	for (char **param = job->params; param && param[0]; param += 2)
		if (strcmp(param[0], name) == 0)
			return param[1];
	return NULL;
}
