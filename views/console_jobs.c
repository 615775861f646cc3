/* console: what can be done about jobs – cancel, try again, pause, and force on those that did not go. */
#include "views/console_private.h"

#include "actions/registry.h"
#include "views/catalog.h"
#include "views/jobs.h"
#include "views/request.h"

/* The jobs that are marked, else the one under the cursor: a set of serials (gint64). NULL: the view in front has none. */
static GHashTable *
chosen_jobs(struct console *console)
{
	struct view *view = console_front(console);
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	GHashTable *serials;
	unsigned hidden;

	if (view->ops != &jobs_view)
		return NULL;
	serials = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	view_selection(view, keys, &hidden);
	for (guint i = 0; i < keys->len; i++) {
		uint64_t serial = job_key_serial(&g_array_index(keys, struct row_key, i));

		g_hash_table_add(serials, g_memdup2(&serial, sizeof(serial)));
	}
	return serials;
}

static const struct queue_entry *
entry_at_cursor(struct console *console)
{
	struct view *view = console_front(console);
	struct row_key key;

	if (view->ops != &jobs_view || !view_current(view, &key))
		return NULL;
	return queue_find(work_queue(console->work), job_key_serial(&key));
}

static void
say_where(struct console *console)
{
	env_notice(&console->env, ROLE_WARN, "choose a job first, in the view jobs");
}

/* What the operator did to jobs is to be seen at once. */
static void
show_done(struct console *console)
{
	struct view *view = console_front(console);

	if (view->ops == &jobs_view)
		view_update(view);
}

static void
say_cancelled(struct console *console, unsigned n)
{
	show_done(console);
	if (n)
		env_notice(&console->env, ROLE_STATUS,
			"cancelled %u job%s; those that run end as their hosts let them", n,
			n == 1 ? "" : "s");
	else
		env_notice(&console->env, ROLE_STATUS, "nothing to cancel: it has ended");
}

void
console_cancel_jobs(struct console *console)
{
	g_autoptr(GHashTable) serials = chosen_jobs(console);
	GHashTableIter iter;
	gpointer serial;
	unsigned n = 0;

	if (!serials || g_hash_table_size(serials) == 0) {
		say_where(console);
		return;
	}
	g_hash_table_iter_init(&iter, serials);
	while (g_hash_table_iter_next(&iter, &serial, NULL))
		n += queue_cancel(work_queue(console->work), *(uint64_t *)serial, console->env.now_us);
	list_request(console_front(console)->list, REQ_UNMARK);
	say_cancelled(console, n);
}

void
console_cancel_batch(struct console *console)
{
	const struct queue_entry *entry = entry_at_cursor(console);

	if (entry)
		say_cancelled(console,
			queue_cancel_batch(work_queue(console->work), entry->batch, console->env.now_us));
	else
		say_where(console);
}

void
console_pause(struct console *console)
{
	struct queue *queue = work_queue(console->work);
	bool paused = !queue_paused(queue);

	queue_pause(queue, paused, console->env.now_us);
	show_done(console);
	env_notice(&console->env, ROLE_STATUS, "%s",
		paused ? "the queue is paused: what has begun goes on, nothing else begins"
		       : "the queue goes on");
}

/* ---- again ---- */

static bool
is_among(const void *serials, const struct queue_entry *entry)
{
	return g_hash_table_contains((GHashTable *)(uintptr_t)serials, &entry->serial);
}

static bool
is_of_batch(const void *batch, const struct queue_entry *entry)
{
	return entry->batch == *(const uint64_t *)batch && entry->state != JOB_CANCELLED;
}

/* What did not go well among the marked ones – the operator may have cancelled them by mistake –, else what failed in the
 * batch under the cursor, else in the newest that has something. */
static void
find_failed(struct console *console, struct queue_retry *retry)
{
	const struct queue *queue = work_queue(console->work);
	const struct queue_entry *entry = entry_at_cursor(console);

	if (entry && list_has_marks(console_front(console)->list)) {
		g_autoptr(GHashTable) serials = chosen_jobs(console);

		queue_failed(queue, is_among, serials, retry);
	} else if (entry && (entry->state == JOB_FAILED || entry->state == JOB_UNKNOWN)) {
		queue_failed(queue, is_of_batch, &entry->batch, retry);
	} else {
		queue_failed(queue, NULL, NULL, retry);
	}
}

void
console_retry(struct console *console)
{
	struct queue_retry retry;

	find_failed(console, &retry);
	if (retry.action && console->opts.fleet)
		console_propose(console, retry.action, retry.params, retry.keys);
	else
		env_notice(&console->env, ROLE_STATUS, "nothing has failed");
	queue_retry_done(&retry);
}

/* Never without being asked for, and on those alone that were asked to go and are still there. */
void
console_force(struct console *console)
{
	const struct action *stop = registry_find(console->opts.readonly, "stop");
	g_autoptr(GArray) keys = queue_late(work_queue(console->work));

	if (keys->len && stop)
		console_propose(console, stop, NULL, keys);
	else
		env_notice(
			&console->env, ROLE_STATUS, "there is no VM that was asked to shut down and did not");
}
