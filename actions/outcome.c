#include "actions/outcome.h"

#include "actions/causes.h"

#define CAUSES_SHOWN 3

struct outcome {
	const struct action *action;
	uint64_t batch;
	unsigned total, done, failed, unknown, cancelled;
	char *last, *remark;   /* the last guest, and what there is to say of it */
	struct causes *causes; /* of those that failed, or of which nobody knows */
};

struct outcome *
outcome_new(const struct action *action, uint64_t batch, unsigned total)
{
	struct outcome *outcome = g_new0(struct outcome, 1);

	outcome->action = action;
	outcome->batch = batch;
	outcome->total = total;
	outcome->causes = causes_new();
	return outcome;
}

void
outcome_free(struct outcome *outcome)
{
	if (!outcome)
		return;
	causes_free(outcome->causes);
	g_free(outcome->last);
	g_free(outcome->remark);
	g_free(outcome);
}

uint64_t
outcome_batch(const struct outcome *outcome)
{
	return outcome->batch;
}

void
outcome_add(struct outcome *outcome, const struct job *job)
{
	unsigned *const counts[] = {
		[JOB_DONE] = &outcome->done,
		[JOB_FAILED] = &outcome->failed,
		[JOB_CANCELLED] = &outcome->cancelled,
		[JOB_UNKNOWN] = &outcome->unknown,
	};

	++*counts[job->state];
	if (job->state == JOB_FAILED || job->state == JOB_UNKNOWN)
		causes_add(outcome->causes, job->error, job->vm_name);
	g_free(outcome->last);
	g_free(outcome->remark);
	outcome->last = g_strdup(job->vm_name);
	outcome->remark = g_strdup(job->state == JOB_CANCELLED ? job->error : job->remark);
}

static unsigned
count_ended(const struct outcome *outcome)
{
	return outcome->done + outcome->failed + outcome->unknown + outcome->cancelled;
}

bool
outcome_complete(const struct outcome *outcome)
{
	return count_ended(outcome) >= outcome->total;
}

enum event_level
outcome_level(const struct outcome *outcome)
{
	return outcome->failed ? EVENT_BAD : outcome->unknown || outcome->cancelled ? EVENT_WARN : EVENT_INFO;
}

/* "started web-1", "start web-1 failed: no memory" */
static void
append_single(GString *text, const struct outcome *outcome)
{
	const struct action *action = outcome->action;

	if (outcome->done)
		g_string_append_printf(text, "%s %s", action->done, outcome->last);
	else
		g_string_append_printf(text, "%s %s%s", action->name, outcome->last,
			outcome->failed      ? " failed: "
			: outcome->cancelled ? " cancelled"
					     : ": outcome unknown: ");
	causes_append(outcome->causes, text, CAUSES_SHOWN);
	if (outcome->remark)
		g_string_append_printf(text, ": %s", outcome->remark);
}

/* What comes before the first of the counts. */
static const char *
append_head(GString *text, const struct outcome *outcome)
{
	if (!outcome_complete(outcome))
		g_string_append_printf(
			text, "%s: %u of %u", outcome->action->doing, count_ended(outcome), outcome->total);
	else if (outcome->done)
		g_string_append_printf(text, "%s %u", outcome->action->done, outcome->done);
	else
		g_string_append(text, outcome->action->name);
	return outcome_complete(outcome) && !outcome->done ? ": " : "; ";
}

static void
append_many(GString *text, const struct outcome *outcome)
{
	const struct {
		unsigned n;
		const char *what;
	} counts[] = {
		{ outcome->cancelled, "cancelled" },
		{ outcome->failed, "failed" },
		{ outcome->unknown, "with unknown outcome" },
	};
	const char *between = append_head(text, outcome);

	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
		if (!counts[i].n)
			continue;
		g_string_append_printf(text, "%s%s%u %s", between,
			counts[i].n == outcome->total ? "all " : "", counts[i].n, counts[i].what);
		between = "; ";
	}
	if (outcome->failed || outcome->unknown)
		g_string_append(text, ": ");
	causes_append(outcome->causes, text, CAUSES_SHOWN);
}

char *
outcome_text(const struct outcome *outcome)
{
	GString *text = g_string_new(NULL);

	if (outcome->total == 1 && outcome_complete(outcome))
		append_single(text, outcome);
	else
		append_many(text, outcome);
	return g_string_free(text, FALSE);
}
