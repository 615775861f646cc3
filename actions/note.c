#include "actions/note.h"

static const struct {
	const char *word;
	enum event_level level;
} states[] = {
	[JOB_QUEUED] = { "asked", EVENT_INFO },
	[JOB_RUNNING] = { "begun", EVENT_INFO },
	[JOB_DONE] = { "done", EVENT_INFO },
	[JOB_FAILED] = { "failed", EVENT_BAD },
	[JOB_CANCELLED] = { "cancelled", EVENT_WARN },
	[JOB_UNKNOWN] = { "outcome unknown", EVENT_WARN },
};

void
note_job(struct timeline *timeline, const struct job *job)
{
	g_autofree char *what = g_strdup_printf("%s %s", job->verb, states[job->state].word);

	timeline_tell(timeline, &(struct telling){
					.kind = EVENT_KIND_ACT,
					.level = states[job->state].level,
					.subject = job->target,
					.host = job->host_name,
					.vm = job->vm_name,
					.what = what,
					.detail = job->error,
				});
}
