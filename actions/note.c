#include "actions/note.h"

#include <string.h>

static const struct {
	const char *word;
	enum event_level level;
} states[] = {
	[JOB_QUEUED] = { "asked", EVENT_INFO },
	[JOB_RUNNING] = { "begun", EVENT_INFO },
	[JOB_WAITING] = { "awaited", EVENT_INFO },
	[JOB_DONE] = { "done", EVENT_INFO },
	[JOB_FAILED] = { "failed", EVENT_BAD },
	[JOB_CANCELLED] = { "cancelled", EVENT_WARN },
	[JOB_UNKNOWN] = { "outcome unknown", EVENT_WARN },
};

void
note_job(struct timeline *timeline, const struct job *job)
{
	const char *detail = job->error ? job->error : job->remark;
	g_autofree char *what = g_strdup_printf("%s %s", job->verb, states[job->state].word);

	timeline_tell(timeline, &(struct telling){
					.kind = EVENT_KIND_ACT,
					.level = states[job->state].level,
					.subject = job->target,
					.host = job->host_name,
					.vm = job->vm_name,
					.what = what,
					.detail = detail,
				});
}

static struct row_key
lost_subject(const struct config *config, const struct journal_lost *lost)
{
	struct row_key subject = { .host = EVENT_NO_HOST };

	for (guint i = 0; lost->has_uuid && i < config->hosts->len; i++) {
		const struct config_host *host = config->hosts->pdata[i];

		if (g_strcmp0(host->name, lost->host) != 0)
			continue;
		subject.host = i;
		memcpy(subject.uuid, lost->uuid, UUID_LEN);
	}
	return subject;
}

void
note_lost(struct timeline *timeline, const struct config *config, const struct journal_lost *lost)
{
	g_autofree char *what =
		g_strdup_printf("%s %s", lost->verb ? lost->verb : "an act", states[JOB_UNKNOWN].word);
	g_autofree char *detail = g_strdup_printf(
		"begun at %s; virt-fleet ended before it knew", lost->time ? lost->time : "an unknown time");

	timeline_tell(timeline, &(struct telling){
					.kind = EVENT_KIND_ACT,
					.level = states[JOB_UNKNOWN].level,
					.subject = lost_subject(config, lost),
					.host = lost->host ? lost->host : "-",
					.vm = lost->vm,
					.what = what,
					.detail = detail,
				});
}
