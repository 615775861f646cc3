#include "fleet/jobs.h"

struct job *
job_new(void)
{
	return g_new0(struct job, 1);
}

void
job_free(struct job *job)
{
	if (!job)
		return;
	g_free(job->vm_name);
	g_free(job->host_name);
	g_free(job->error);
	g_free(job);
}
