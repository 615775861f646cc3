/* queue: life, adding, what comes back, cancelling; queue_lanes.c has who goes next, queue_await.c what is waited for, and
 * queue_past.c what is remembered. */
#include "actions/queue_private.h"

/* ---- life ---- */

static void
free_batch(gpointer batch)
{
	g_free(batch);
}

struct queue *
queue_new(const struct queue_opts *opts)
{
	struct queue *queue = g_new0(struct queue, 1);

	queue->opts = *opts;
	lanes_init(&queue->lanes, opts);
	queue->tasks = g_hash_table_new(g_int64_hash, g_int64_equal);
	queue->batches = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_batch);
	queue->busy = g_hash_table_new_full(row_key_hash, row_key_equal_g, g_free, NULL);
	queue->watched = g_hash_table_new(row_key_hash, row_key_equal_g);
	queue->entries = g_ptr_array_new_with_free_func(queue_entry_unref);
	return queue;
}

void
queue_free(struct queue *queue)
{
	GList *link;

	if (!queue)
		return;
	while ((link = g_queue_pop_head_link(&queue->all))) {
		struct task *task = link->data;

		g_clear_pointer(&task->job, job_free);
		queue_entry_unref(&task->entry);
	}
	g_ptr_array_free(queue->entries, TRUE);
	g_hash_table_destroy(queue->watched);
	g_hash_table_destroy(queue->busy);
	g_hash_table_destroy(queue->batches);
	g_hash_table_destroy(queue->tasks);
	lanes_done(&queue->lanes);
	g_free(queue);
}

struct queue_entry *
queue_entry_ref(struct queue_entry *entry)
{
	entry->refs++;
	return entry;
}

void
queue_entry_unref(gpointer pointer)
{
	struct queue_entry *entry = pointer;

	if (!entry || --entry->refs)
		return;
	job_gauge_unref(entry->gauge);
	g_free(entry->vm_name);
	g_free(entry->host_name);
	g_free(entry->dest_name);
	g_strfreev(entry->params);
	g_free(entry->error);
	g_free(entry->remark);
	g_free(pointer); /* the task that it is the beginning of */
}

void
queue_changed(struct queue *queue)
{
	queue->version++;
}

/* ---- states ---- */

void
queue_set_state(struct queue *queue, struct task *task, enum job_state state)
{
	struct queue_entry *entry = &task->entry;

	queue->counts[entry->state]--;
	queue->counts[state]++;
	if (entry->class == JOB_MOVE)
		queue->moves += (unsigned)(state == JOB_RUNNING) - (unsigned)(entry->state == JOB_RUNNING);
	entry->state = state;
	queue_changed(queue);
}

/* How many acts keep the guest busy; there may be several, though plans leave busy ones out. */
static void
set_busy(struct queue *queue, struct task *task, bool busy)
{
	const struct row_key *target = &task->entry.target;
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(queue->busy, target));

	if (task->busy == busy)
		return;
	task->busy = busy;
	n = busy ? n + 1 : n - 1;
	if (n)
		g_hash_table_replace(queue->busy, g_memdup2(target, sizeof(*target)), GUINT_TO_POINTER(n));
	else
		g_hash_table_remove(queue->busy, target);
}

/* ---- going ---- */

/* Lets go as many as there is room for. */
static void
dispatch(struct queue *queue, int64_t now_us)
{
	struct task *task;

	while (!queue->paused && !queue->closed && (task = lanes_next(&queue->lanes))) {
		g_queue_push_tail_link(&queue->running, &task->link);
		task->entry.started_us = now_us;
		queue_set_state(queue, task, JOB_RUNNING);
		queue->opts.submit(queue->opts.ctx, g_steal_pointer(&task->job));
	}
}

/* TASK has come to its end with JOB, which is taken. */
static void
end(struct queue *queue, struct task *task, struct job *job, int64_t now_us)
{
	struct queue_entry *entry = &task->entry;

	set_busy(queue, task, false);
	g_free(entry->error);
	g_free(entry->remark);
	entry->error = g_strdup(job->error);
	entry->remark = g_strdup(job->remark);
	entry->ended_us = job->ended_us ? job->ended_us : now_us;
	entry->deadline_us = 0;
	entry->ending = ++queue->last_ending;
	queue_set_state(queue, task, job->state);
	if (queue->opts.ended)
		queue->opts.ended(queue->opts.ctx, job);
	job_free(job);
	queue_bury(queue, task);
}

static void
cancel_queued(struct queue *queue, struct task *task, int64_t now_us)
{
	struct job *job = g_steal_pointer(&task->job);

	lanes_remove(&queue->lanes, task);
	job->state = JOB_CANCELLED;
	end(queue, task, job, now_us);
}

/* ---- what comes in ---- */

static struct task *
task_new(struct queue *queue, struct batch *batch, const struct action *action, struct job *job)
{
	struct task *task = g_new0(struct task, 1);

	job->id = batch->id;
	job->serial = ++queue->last_serial;
	task->job = job;
	task->batch = batch;
	task->all_link.data = task->link.data = task;
	task->entry = (struct queue_entry){
		.refs = 1,
		.serial = job->serial,
		.batch = job->id,
		.action = action,
		.class = job->class,
		.target = job->target,
		.vm_name = g_strdup(job->vm_name),
		.host_name = g_strdup(job->host_name),
		.dest_name = g_strdup(job->dest_name),
		.params = g_strdupv(job->params),
		.state = JOB_QUEUED,
		.gauge = job_gauge_ref(job->gauge),
	};
	return task;
}

uint64_t
queue_add(struct queue *queue, const struct action *action, GPtrArray *jobs, bool urgent, int64_t now_us)
{
	struct batch *batch = g_new0(struct batch, 1);
	uint64_t id = batch->id = ++queue->last_batch;

	batch->left = jobs->len;
	g_hash_table_insert(queue->batches, &batch->id, batch);
	for (guint i = 0; i < jobs->len; i++) {
		struct task *task = task_new(queue, batch, action, jobs->pdata[i]);

		task->entry.urgent = urgent;
		task->entry.queued_us = task->job->queued_us = now_us;
		queue_supersede(queue, &task->entry.target, now_us);
		set_busy(queue, task, true);
		g_hash_table_insert(queue->tasks, &task->entry.serial, task);
		g_queue_push_head_link(&queue->all, &task->all_link);
		queue->counts[JOB_QUEUED]++;
		lanes_add(&queue->lanes, task);
	}
	if (jobs->len == 0)
		g_hash_table_remove(queue->batches, &id);
	queue_changed(queue);
	dispatch(queue, now_us);
	return id;
}

static void
stop_waiting(struct queue *queue, struct task *task, int64_t now_us)
{
	queue_unwatch(queue, task);
	queue_settle(queue, task, JOB_CANCELLED, g_strdup("no longer waited for"), now_us);
}

void
queue_done(struct queue *queue, struct job *job, int64_t now_us)
{
	struct task *task = g_hash_table_lookup(queue->tasks, &job->serial);

	g_assert(task && !task->job);
	if (task->running) {
		g_queue_unlink(&queue->running, &task->link);
		lanes_judge(&queue->lanes, task, job->state == JOB_UNKNOWN || queue_takes_long(task, now_us));
		lanes_release(&queue->lanes, task);
	}
	if (job->started_us)
		task->entry.started_us = job->started_us;
	if (job->state == JOB_WAITING) {
		task->job = job;
		set_busy(queue, task, false); /* who does not want to wait may do something else to it */
		queue_await(queue, task, now_us);
		if (job_gauge_cancelled(task->entry.gauge)) /* … or did not want to before the wait began */
			stop_waiting(queue, task, now_us);
	} else {
		end(queue, task, job, now_us);
	}
	dispatch(queue, now_us);
}

void
queue_settle(struct queue *queue, struct task *task, enum job_state state, char *error, int64_t now_us)
{
	struct job *job = g_steal_pointer(&task->job);

	job->state = state;
	job->ended_us = now_us;
	g_free(job->error);
	job->error = error;
	queue->opts.settle(queue->opts.ctx, job);
}

void
queue_pause(struct queue *queue, bool paused, int64_t now_us)
{
	queue->paused = paused;
	queue_changed(queue);
	dispatch(queue, now_us);
}

bool
queue_paused(const struct queue *queue)
{
	return queue->paused;
}

/* ---- cancelling ---- */

static bool
cancel(struct queue *queue, struct task *task, int64_t now_us)
{
	if (task->lane) {
		cancel_queued(queue, task, now_us);
	} else if (task->running) {
		job_gauge_cancel(task->entry.gauge);
	} else if (task->job) {
		stop_waiting(queue, task, now_us);
	} else {
		return false;
	}
	return true;
}

bool
queue_cancel(struct queue *queue, uint64_t serial, int64_t now_us)
{
	struct task *task = g_hash_table_lookup(queue->tasks, &serial);
	bool ok = task && cancel(queue, task, now_us);

	dispatch(queue, now_us);
	return ok;
}

/* What is done with one may let others be forgotten: they are gone through by number. */
static GArray *
serials_of(const struct queue *queue, uint64_t batch)
{
	GArray *serials = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	for (const GList *link = queue->all.tail; link; link = link->prev) {
		const struct queue_entry *entry = link->data;

		if (!entry->ending && (!batch || entry->batch == batch))
			g_array_append_val(serials, entry->serial);
	}
	return serials;
}

unsigned
queue_cancel_batch(struct queue *queue, uint64_t batch, int64_t now_us)
{
	g_autoptr(GArray) serials = serials_of(queue, batch);
	unsigned n = 0;

	for (guint i = 0; i < serials->len; i++)
		n += cancel(queue, g_hash_table_lookup(queue->tasks, &g_array_index(serials, uint64_t, i)),
			now_us);
	dispatch(queue, now_us);
	return n;
}

void
queue_close(struct queue *queue, int64_t now_us)
{
	g_autoptr(GArray) serials = serials_of(queue, 0);

	queue->closed = true;
	for (guint i = 0; i < serials->len; i++) {
		struct task *task = g_hash_table_lookup(queue->tasks, &g_array_index(serials, uint64_t, i));

		if (task->lane) {
			cancel_queued(queue, task, now_us);
		} else if (task->job) {
			queue_unwatch(queue, task);
			queue_settle(queue, task, JOB_UNKNOWN, g_strdup("virt-fleet ended before it went"),
				now_us);
		}
	}
}
