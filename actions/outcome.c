#include "actions/outcome.h"

#include <string.h>

#define CAUSES_SHOWN 3

/* Jobs that failed, or that nobody knows of, in the same words. */
struct cause {
	char *error;
	unsigned count;
	char *example; /* one guest's name */
};

struct outcome {
	const struct action *action;
	uint64_t batch;
	unsigned total, done, failed, unknown;
	char *last;     /* the last guest it went well for */
	GArray *causes; /* struct cause */
};

static void
cause_clear(gpointer pointer)
{
	struct cause *cause = pointer;

	g_free(cause->error);
	g_free(cause->example);
}

struct outcome *
outcome_new(const struct action *action, uint64_t batch, unsigned total)
{
	struct outcome *outcome = g_new0(struct outcome, 1);

	outcome->action = action;
	outcome->batch = batch;
	outcome->total = total;
	outcome->causes = g_array_new(FALSE, FALSE, sizeof(struct cause));
	g_array_set_clear_func(outcome->causes, cause_clear);
	return outcome;
}

void
outcome_free(struct outcome *outcome)
{
	if (!outcome)
		return;
	g_array_free(outcome->causes, TRUE);
	g_free(outcome->last);
	g_free(outcome);
}

uint64_t
outcome_batch(const struct outcome *outcome)
{
	return outcome->batch;
}

static void
add_cause(struct outcome *outcome, const struct job *job)
{
	const char *error = job->error                    ? job->error
			    : job->state == JOB_CANCELLED ? "cancelled"
							  : "no reason given";
	struct cause cause = { .count = 1 };

	for (guint i = 0; i < outcome->causes->len; i++) {
		struct cause *known = &g_array_index(outcome->causes, struct cause, i);

		if (strcmp(known->error, error) == 0) {
			known->count++;
			return;
		}
	}
	cause.error = g_strdup(error);
	cause.example = g_strdup(job->vm_name);
	g_array_append_val(outcome->causes, cause);
}

void
outcome_add(struct outcome *outcome, const struct job *job)
{
	if (job->state == JOB_DONE) {
		outcome->done++;
		g_free(outcome->last);
		outcome->last = g_strdup(job->vm_name);
	} else {
		*(job->state == JOB_UNKNOWN ? &outcome->unknown : &outcome->failed) += 1;
		add_cause(outcome, job);
	}
}

static unsigned
count_ended(const struct outcome *outcome)
{
	return outcome->done + outcome->failed + outcome->unknown;
}

bool
outcome_complete(const struct outcome *outcome)
{
	return count_ended(outcome) >= outcome->total;
}

enum event_level
outcome_level(const struct outcome *outcome)
{
	return outcome->failed ? EVENT_BAD : outcome->unknown ? EVENT_WARN : EVENT_INFO;
}

/* "; 2 failed", or ": all 6 failed"; BARE: only the action's name is before it. */
static void
append_count(GString *text, const struct outcome *outcome, unsigned n, const char *what, bool bare)
{
	if (n)
		g_string_append_printf(
			text, "%s%s%u %s", bare ? ": " : "; ", n == outcome->total ? "all " : "", n, what);
}

static void
append_causes(GString *text, const struct outcome *outcome)
{
	for (guint i = 0; i < outcome->causes->len && i < CAUSES_SHOWN; i++) {
		const struct cause *cause = &g_array_index(outcome->causes, struct cause, i);

		g_string_append(text, i ? "; " : ": ");
		if (outcome->causes->len > 1)
			g_string_append_printf(text, "%u ", cause->count);
		if (cause->count == 1 && outcome->total > 1)
			g_string_append_printf(text, "%s: ", cause->example);
		g_string_append(text, cause->error);
	}
	if (outcome->causes->len > CAUSES_SHOWN)
		g_string_append_printf(text, "; and %u other causes", outcome->causes->len - CAUSES_SHOWN);
}

char *
outcome_text(const struct outcome *outcome)
{
	GString *text = g_string_new(NULL);

	if (!outcome_complete(outcome))
		g_string_append_printf(
			text, "%s: %u of %u", outcome->action->doing, count_ended(outcome), outcome->total);
	else if (outcome->total == 1 && outcome->done == 1)
		g_string_append_printf(text, "%s %s", outcome->action->done, outcome->last);
	else if (outcome->done)
		g_string_append_printf(text, "%s %u", outcome->action->done, outcome->done);
	else if (outcome->total > 1)
		g_string_append(text, outcome->action->name);
	if (outcome->causes->len && outcome->total == 1) {
		const struct cause *cause = &g_array_index(outcome->causes, struct cause, 0);

		g_string_append_printf(text, "%s %s%s: %s", outcome->action->name, cause->example,
			outcome->failed ? " failed" : ": outcome unknown", cause->error);
	} else if (outcome->causes->len) {
		bool bare = outcome_complete(outcome) && !outcome->done;

		append_count(text, outcome, outcome->failed, "failed", bare);
		append_count(
			text, outcome, outcome->unknown, "with unknown outcome", bare && !outcome->failed);
		append_causes(text, outcome);
	}
	return g_string_free(text, FALSE);
}
