/* queue: what is remembered, and what others ask about it. */
#include "actions/queue_private.h"

#include <string.h>

/* ---- forgetting ---- */

static void
forget(struct queue *queue, GQueue *past)
{
	struct task *task = g_queue_pop_head_link(past)->data;

	queue_unwatch(queue, task);
	queue->counts[task->entry.state]--;
	g_queue_unlink(&queue->all, &task->all_link);
	g_hash_table_remove(queue->tasks, &task->entry.serial);
	queue_entry_unref(&task->entry);
	queue_changed(queue);
}

/* What went well goes first, until what did not is half of all. */
static void
forget_some(struct queue *queue)
{
	GQueue *well = &queue->past[PAST_WELL], *badly = &queue->past[PAST_BADLY];

	while (well->length + badly->length > queue->opts.kept)
		forget(queue, badly->length > queue->opts.kept / 2 || !well->length ? badly : well);
}

void
queue_bury(struct queue *queue, struct task *task)
{
	struct batch *batch = g_steal_pointer(&task->batch);
	GList *link;

	g_queue_push_tail_link(&batch->ended, &task->link);
	if (--batch->left > 0)
		return;
	while ((link = g_queue_pop_head_link(&batch->ended))) {
		const struct task *ended = link->data;

		g_queue_push_tail_link(
			&queue->past[ended->entry.state == JOB_DONE ? PAST_WELL : PAST_BADLY], link);
	}
	g_hash_table_remove(queue->batches, &batch->id);
	forget_some(queue);
}

/* ---- looking ---- */

const GPtrArray *
queue_entries(struct queue *queue)
{
	if (queue->entries_version == queue->version)
		return queue->entries;
	g_ptr_array_set_size(queue->entries, 0);
	for (const GList *link = queue->all.head; link; link = link->next)
		g_ptr_array_add(queue->entries, queue_entry_ref(link->data));
	queue->entries_version = queue->version;
	return queue->entries;
}

const struct queue_entry *
queue_find(const struct queue *queue, uint64_t serial)
{
	return g_hash_table_lookup(queue->tasks, &serial);
}

uint64_t
queue_version(const struct queue *queue)
{
	return queue->version;
}

GHashTable *
queue_busy(const struct queue *queue)
{
	return queue->busy;
}

unsigned
queue_count(const struct queue *queue, enum job_state state)
{
	return queue->counts[state];
}

unsigned
queue_pending(const struct queue *queue)
{
	return queue->counts[JOB_QUEUED] + queue->counts[JOB_RUNNING] + queue->counts[JOB_WAITING];
}

unsigned
queue_moves(const struct queue *queue)
{
	return queue->moves;
}

/* ---- what turns out later ---- */

void
queue_found(struct queue *queue, uint64_t serial, const char *where)
{
	struct task *task = g_hash_table_lookup(queue->tasks, &serial);

	if (!task || task->entry.state != JOB_UNKNOWN)
		return;
	g_free(task->entry.error);
	task->entry.error = g_strdup_printf("found: %s", where);
	queue_changed(queue);
}

/* ---- for another try ---- */

static bool
is_for_retry(const struct queue_entry *entry, bool (*pick)(const void *ctx, const struct queue_entry *entry),
	const void *ctx)
{
	if (entry->state != JOB_FAILED && entry->state != JOB_UNKNOWN &&
		(!pick || entry->state != JOB_CANCELLED))
		return false;
	return !pick || pick(ctx, entry);
}

/* Leaves in *PARAMS, pairs of name and value, what PARAMS has, too, in the same places: a plan's own come first. */
static void
keep_common(char **params, char *const *others)
{
	size_t i = 0;

	while (params && params[i] && others && others[i] && strcmp(params[i], others[i]) == 0 &&
		strcmp(params[i + 1], others[i + 1]) == 0)
		i += 2;
	for (size_t j = i; params && params[j]; j++)
		g_clear_pointer(&params[j], g_free);
}

void
queue_failed(const struct queue *queue, bool (*pick)(const void *ctx, const struct queue_entry *entry),
	const void *ctx, struct queue_retry *out)
{
	uint64_t batch = 0;

	*out = (struct queue_retry){ .keys = g_array_new(FALSE, FALSE, sizeof(struct row_key)) };
	for (const GList *link = queue->all.head; link && !batch; link = link->next) {
		const struct queue_entry *entry = link->data;

		if (is_for_retry(entry, pick, ctx)) {
			batch = entry->batch;
			out->action = entry->action;
			out->params = g_strdupv(entry->params);
		}
	}
	for (const GList *link = queue->all.tail; link && batch; link = link->prev) {
		const struct queue_entry *entry = link->data;

		if (entry->batch != batch || !is_for_retry(entry, pick, ctx))
			continue;
		keep_common(out->params, entry->params);
		g_array_append_val(out->keys, entry->target);
	}
}

void
queue_retry_done(struct queue_retry *retry)
{
	g_array_unref(retry->keys);
	g_strfreev(retry->params);
}
