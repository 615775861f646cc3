/* jobs: what virt-fleet does and has done. */
#include "views/jobs.h"

#include "actions/causes.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/stack.h"
#include "views/units.h"

#define CAUSES_SHOWN 3
#define WINDOW_US    INT64_C(60000000)
#define TELLING      5 /* from so many jobs on an average says something */

static const struct binding jobs_keys[] = {
	{ "c", REQ_CANCEL },
	{ "C", REQ_CANCEL_BATCH },
	{ "r", REQ_RETRY },
	{ "p", REQ_PAUSE },
	{ "K", REQ_FORCE },
	{ NULL, 0 },
};

/* To the guest's page: where it was, or where it has gone to. */
static void
open_guest(struct view *view, const struct queue_entry *entry)
{
	struct env *env = view->env;
	struct row_key key = entry->target;

	for (size_t i = 0; !env_shows(env, &key) && i < env->snap->nhosts; i++)
		key.host = (uint32_t)i;
	if (env_shows(env, &key))
		stack_open(env->stack, &vm_view, &key);
	else
		env_notice(env, ROLE_WARN, "%s is no longer there", entry->vm_name);
}

static bool
jobs_request(struct view *view, int request)
{
	const struct queue_entry *entry;
	struct row_key key;

	if (request != REQ_OPEN)
		return false;
	entry = list_current(view->list, &key) ? queue_find(view->env->row.queue, job_key_serial(&key))
					       : NULL;
	if (entry)
		open_guest(view, entry);
	return true;
}

/* "2 failed: host does not answer, no memory (web-1)" */
static void
append_causes(GString *text, const struct rows *rows)
{
	struct causes *causes = causes_new();
	unsigned n = 0;

	for (size_t i = 0; i < rows_matched(rows); i++) {
		const struct queue_entry *entry = rows_data(rows)[i];

		if (entry->state != JOB_FAILED && entry->state != JOB_UNKNOWN)
			continue;
		causes_add(causes, entry->error, entry->vm_name);
		n++;
	}
	if (n) {
		g_string_append(text, ": ");
		causes_append(causes, text, CAUSES_SHOWN);
	}
	causes_free(causes);
}

/* How long it takes until all have ended, if they go on as in the last minute; -1: too few have ended to tell. What is only
 * waited for has a time of its own. */
static int64_t
all_left_us(const struct rows *rows, const struct queue *queue, int64_t now_us)
{
	unsigned left = queue_count(queue, JOB_QUEUED) + queue_count(queue, JOB_RUNNING), ended = 0;
	int64_t since_us = now_us;

	for (size_t i = 0; i < rows_matched(rows); i++) {
		const struct queue_entry *entry = rows_data(rows)[i];

		if (!entry->started_us || !entry->ended_us || entry->ended_us < now_us - WINDOW_US)
			continue;
		since_us = MIN(since_us, MAX(entry->started_us, now_us - WINDOW_US));
		ended++;
	}
	if (ended < TELLING || left < TELLING || queue_paused(queue))
		return -1;
	return (now_us - since_us) / ended * left;
}

/* Of the rows that match the filter; of all there are numbers at hand. */
static void
count_states(const struct rows *rows, unsigned counts[JOB_UNKNOWN + 1])
{
	for (size_t i = 0; i < rows_matched(rows); i++)
		counts[((const struct queue_entry *)rows_data(rows)[i])->state]++;
}

static void
append_left(GString *text, struct view *view)
{
	const struct env *env = view->env;
	int64_t left_us = all_left_us(list_rows(view->list), env->row.queue, env->row.now_us);
	char age[UNIT_TEXT];

	if (left_us < 0)
		return;
	unit_age(age, left_us);
	g_string_append_printf(text, "%sabout %s left", env_dot(env), age);
}

static char *
jobs_summary(struct view *view)
{
	static const enum job_state order[] = { JOB_RUNNING, JOB_WAITING, JOB_QUEUED, JOB_DONE, JOB_CANCELLED,
		JOB_UNKNOWN, JOB_FAILED };
	const struct rows *rows = list_rows(view->list);
	const struct queue *queue = view->env->row.queue;
	unsigned counts[JOB_UNKNOWN + 1] = { 0 };
	GString *text = g_string_new(queue_paused(queue) ? "PAUSED: " : NULL);
	const char *between = "";

	count_states(rows, counts);
	if (rows_total(rows) == 0)
		g_string_append(text, "nothing is under way");
	else if (rows_matched(rows) != rows_total(rows))
		g_string_append_printf(text, "%zu of %zu jobs: ", rows_matched(rows), rows_total(rows));
	for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
		if (!counts[order[i]])
			continue;
		g_string_append_printf(text, "%s%u %s", between, counts[order[i]], job_state_name(order[i]));
		between = ", ";
	}
	append_causes(text, rows);
	append_left(text, view);
	if (queue_late_count(queue))
		g_string_append_printf(text, "%s%u did not go: K asks to force them off", env_dot(view->env),
			queue_late_count(queue));
	return g_string_free(text, FALSE);
}

static void
jobs_done(struct view *view)
{
	job_source_done(view->state);
}

const struct view_ops jobs_view = {
	.name = "jobs",
	.help = "What virt-fleet does and has done: queued, running, failed, done",
	.target = TARGET_NONE,
	.keys = jobs_keys,
	.kind = &job_rows,
	.state_size = sizeof(struct job_source),
	.request = jobs_request,
	.summary = jobs_summary,
	.done = jobs_done,
};
