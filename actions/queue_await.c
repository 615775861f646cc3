/* queue: guests that were asked to go and take their time, and those that did not go within it. */
#include "actions/queue_private.h"

#include "fleet/snapshot.h"

#define SECOND_US INT64_C(1000000)
#define SLOW_US   (5 * SECOND_US) /* a short act that takes longer lets other hosts go first */

void
queue_await(struct queue *queue, struct task *task, int64_t now_us)
{
	const struct job *job = task->job;
	int64_t wait_ms = job->await_ms ? job->await_ms : queue->opts.await_ms;

	task->acted_us = job->ended_us ? job->ended_us : now_us;
	task->seen_us = 0;
	task->entry.deadline_us = task->acted_us + wait_ms * 1000;
	queue_set_state(queue, task, JOB_WAITING);
	g_hash_table_insert(queue->watched, &task->entry.target, task);
}

static void
set_late(struct queue *queue, struct task *task, bool late)
{
	queue->late += (unsigned)late - (unsigned)task->entry.late;
	task->entry.late = late;
	queue_changed(queue);
}

void
queue_unwatch(struct queue *queue, struct task *task)
{
	if (g_hash_table_lookup(queue->watched, &task->entry.target) != task)
		return;
	g_hash_table_remove(queue->watched, &task->entry.target);
	set_late(queue, task, false);
}

void
queue_supersede(struct queue *queue, const struct row_key *target, int64_t now_us)
{
	struct task *task = g_hash_table_lookup(queue->watched, target);

	if (!task)
		return;
	queue_unwatch(queue, task);
	if (task->job)
		queue_settle(queue, task, JOB_CANCELLED, g_strdup("something else was asked for meanwhile"),
			now_us);
}

/* ---- what a snapshot says ---- */

/* The sample was not yet under way when the guest was asked. */
static bool
is_later(const struct host_snap *host, int64_t at_us)
{
	double took_ms = HOST_HAS(host, HOST_SAMPLE_MS) ? host->value[HOST_SAMPLE_MS] : 0;

	return host->sampled_us - (int64_t)(took_ms * 1000) > at_us;
}

/* The host that a guest which has left its own runs on, NULL: it is nowhere to be seen. */
static const char *
elsewhere(const struct fleet_snap *snap, const struct row_key *target)
{
	struct row_key key = *target;

	for (key.host = 0; key.host < snap->nhosts; key.host++) {
		const struct vm *vm = key.host == target->host ? NULL : fleet_snap_find_vm(snap, &key);

		if (vm && vm_is_running(vm))
			return snap->hosts[key.host]->name;
	}
	return NULL;
}

enum sight { SIGHT_NOTHING, SIGHT_GONE, SIGHT_ELSEWHERE, SIGHT_CRASHED };

/* What has become of a guest that was asked to go. One that was transient is not there any more. */
static enum sight
look(struct task *task, const struct fleet_snap *snap, const char **where)
{
	const struct row_key *target = &task->entry.target;
	const struct host_snap *host = target->host < snap->nhosts ? snap->hosts[target->host] : NULL;
	const struct vm *vm;

	if (!host || !host->listed || host->link != LINK_UP || host->sampled_us == task->seen_us ||
		!is_later(host, task->acted_us))
		return SIGHT_NOTHING;
	task->seen_us = host->sampled_us;
	vm = fleet_snap_find_vm(snap, target);
	if (vm)
		return vm->state == VM_STATE_OFF       ? SIGHT_GONE
		       : vm->state == VM_STATE_CRASHED ? SIGHT_CRASHED
						       : SIGHT_NOTHING;
	*where = elsewhere(snap, target);
	return *where ? SIGHT_ELSEWHERE : SIGHT_GONE;
}

/* "2m", "90s" */
static char *
duration(int64_t us)
{
	int64_t seconds = (us + SECOND_US / 2) / SECOND_US;

	return seconds % 60 || !seconds ? g_strdup_printf("%ds", (int)seconds)
					: g_strdup_printf("%dm", (int)(seconds / 60));
}

static void
time_is_over(struct queue *queue, struct task *task, const struct fleet_snap *snap, int64_t now_us)
{
	const struct row_key *target = &task->entry.target;
	const struct host_snap *host = target->host < snap->nhosts ? snap->hosts[target->host] : NULL;
	g_autofree char *time = duration(task->entry.deadline_us - task->acted_us);

	if (host && host_snap_fresh(host, now_us)) {
		set_late(queue, task, true);
		queue_settle(queue, task, JOB_FAILED, g_strdup_printf("did not go within %s", time), now_us);
	} else {
		queue_settle(queue, task, JOB_UNKNOWN,
			g_strdup("asked to go, and then its host did not answer any more"), now_us);
	}
}

/* A guest that went after its time was over. The act has failed all the same. */
static void
went_later(struct queue *queue, struct task *task, int64_t now_us)
{
	g_autofree char *time = duration(now_us - task->acted_us);

	g_free(task->entry.remark);
	task->entry.remark = g_strdup_printf("it went after %s", time);
	queue_changed(queue);
}

/* True: there is nothing to look for any more. */
static bool
observe(struct queue *queue, struct task *task, const struct fleet_snap *snap, int64_t now_us)
{
	const char *where = NULL;
	enum sight sight = look(task, snap, &where);

	if (sight == SIGHT_NOTHING) {
		if (task->job && now_us >= task->entry.deadline_us)
			time_is_over(queue, task, snap, now_us);
		return false;
	}
	if (!task->job)
		went_later(queue, task, now_us);
	else if (sight == SIGHT_GONE)
		queue_settle(queue, task, JOB_DONE, NULL, now_us);
	else if (sight == SIGHT_CRASHED)
		queue_settle(queue, task, JOB_FAILED, g_strdup("it crashed instead"), now_us);
	else
		queue_settle(queue, task, JOB_FAILED, g_strdup_printf("it runs on %s now", where), now_us);
	return true;
}

bool
queue_takes_long(const struct task *task, int64_t now_us)
{
	return task->entry.class == JOB_SHORT && now_us - task->entry.started_us > SLOW_US;
}

/* Those that run for long now. Few run, however many there are. */
static void
judge_running(struct queue *queue, int64_t now_us)
{
	for (const GList *link = queue->running.head; link; link = link->next) {
		struct task *task = link->data;

		if (queue_takes_long(task, now_us))
			lanes_judge(&queue->lanes, task, true);
	}
}

void
queue_observe(struct queue *queue, const struct fleet_snap *snap, int64_t now_us)
{
	GHashTableIter iter;
	gpointer value;

	judge_running(queue, now_us);
	g_hash_table_iter_init(&iter, queue->watched);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct task *task = value;

		if (!observe(queue, task, snap, now_us))
			continue;
		g_hash_table_iter_remove(&iter);
		set_late(queue, task, false);
	}
}

/* ---- those that did not go ---- */

GArray *
queue_late(const struct queue *queue)
{
	GArray *keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	for (const GList *link = queue->all.tail; link; link = link->prev) {
		const struct queue_entry *entry = link->data;

		if (entry->late)
			g_array_append_val(keys, entry->target);
	}
	return keys;
}

unsigned
queue_late_count(const struct queue *queue)
{
	return queue->late;
}
