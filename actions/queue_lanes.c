/*
 * queue: who may go next. What waits stands in lanes – a lane per host for short acts, one per source and target for moves –
 * and a lane is ready as long as all its caps have room. Ready lanes are kept in the order of their first ones, so that
 * nobody looks through those that wait; a cap wakes or stops its lanes only when it becomes full or no longer is.
 */
#include "actions/queue_private.h"

enum cap_kind { CAP_SHORT, CAP_OUT, CAP_IN };

#define NO_DEST UINT32_MAX

/* ---- caps ---- */

static void
cap_free(gpointer pointer)
{
	struct cap *cap = pointer;

	g_hash_table_destroy(cap->lanes);
	g_free(cap);
}

static struct cap *
cap_of(struct lanes *lanes, enum cap_kind kind, uint32_t host)
{
	const unsigned most[] = {
		[CAP_SHORT] = lanes->per_host, [CAP_OUT] = lanes->moves_out, [CAP_IN] = lanes->moves_in
	};
	uint64_t key = (uint64_t)kind << 32 | host;
	struct cap *cap = g_hash_table_lookup(lanes->caps, &key);

	if (cap)
		return cap;
	cap = g_new0(struct cap, 1);
	cap->key = key;
	cap->most = most[kind];
	cap->lanes = g_hash_table_new(NULL, NULL);
	g_hash_table_insert(lanes->caps, &cap->key, cap);
	return cap;
}

/* ---- lanes ---- */

static gint
compare_turns(gconstpointer a, gconstpointer b, gpointer unused G_GNUC_UNUSED)
{
	const struct turn *one = &((const struct lane *)a)->turn, *other = &((const struct lane *)b)->turn;

	if (one->usual != other->usual)
		return one->usual ? 1 : -1;
	if (one->slow != other->slow)
		return one->slow ? 1 : -1;
	return one->serial < other->serial ? -1 : one->serial > other->serial;
}

static struct task *
lane_first(const struct lane *lane)
{
	const GList *link = lane->urgent.head ? lane->urgent.head : lane->usual.head;

	return link ? link->data : NULL;
}

static bool
lane_has_room(const struct lane *lane)
{
	for (size_t i = 0; i < CAPS_MOST && lane->caps[i]; i++)
		if (lane->caps[i]->used >= lane->caps[i]->most)
			return false;
	return true;
}

static bool
lane_is_slow(const struct lane *lane)
{
	for (size_t i = 0; i < CAPS_MOST && lane->caps[i]; i++)
		if (lane->caps[i]->slow)
			return true;
	return false;
}

/* Something about it changed: puts it where it belongs among the ready ones, or takes it away. */
static void
lane_update(struct lanes *lanes, struct lane *lane)
{
	const struct task *first = lane_first(lane);

	if (lane->ready)
		g_tree_remove(lanes->ready, lane);
	lane->ready = first && lane_has_room(lane);
	if (!lane->ready)
		return;
	lane->turn = (struct turn){
		.usual = !first->entry.urgent, .slow = lane_is_slow(lane), .serial = first->entry.serial
	};
	g_tree_insert(lanes->ready, lane, lane);
}

static void
cap_update_lanes(struct lanes *lanes, const struct cap *cap)
{
	GHashTableIter iter;
	gpointer lane;

	g_hash_table_iter_init(&iter, cap->lanes);
	while (g_hash_table_iter_next(&iter, &lane, NULL))
		lane_update(lanes, lane);
}

static struct lane *
lane_of(struct lanes *lanes, const struct queue_entry *entry, uint32_t dest)
{
	bool move = entry->class == JOB_MOVE;
	uint64_t key = (uint64_t)entry->target.host << 32 | (move ? dest : NO_DEST);
	struct lane *lane = g_hash_table_lookup(lanes->lanes, &key);

	if (lane)
		return lane;
	lane = g_new0(struct lane, 1);
	lane->key = key;
	lane->caps[0] = cap_of(lanes, move ? CAP_OUT : CAP_SHORT, entry->target.host);
	lane->caps[1] = move ? cap_of(lanes, CAP_IN, dest) : NULL;
	for (size_t i = 0; i < CAPS_MOST && lane->caps[i]; i++)
		g_hash_table_add(lane->caps[i]->lanes, lane);
	g_hash_table_insert(lanes->lanes, &lane->key, lane);
	return lane;
}

/* Those without anybody in them are not kept. */
static void
lane_leave(struct lanes *lanes, struct lane *lane, struct task *task)
{
	g_queue_unlink(task->entry.urgent ? &lane->urgent : &lane->usual, &task->link);
	task->lane = NULL;
	lane_update(lanes, lane);
	if (lane_first(lane))
		return;
	for (size_t i = 0; i < CAPS_MOST && lane->caps[i]; i++)
		g_hash_table_remove(lane->caps[i]->lanes, lane);
	g_hash_table_remove(lanes->lanes, &lane->key);
}

/* ---- the window ---- */

void
lanes_init(struct lanes *lanes, const struct queue_opts *opts)
{
	*lanes = (struct lanes){
		.parallel = opts->parallel,
		.per_host = opts->per_host,
		.moves_out = opts->moves_out,
		.moves_in = opts->moves_in,
		.caps = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, cap_free),
		.lanes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free),
		.ready = g_tree_new_full(compare_turns, NULL, NULL, NULL),
	};
}

void
lanes_done(struct lanes *lanes)
{
	g_tree_destroy(lanes->ready);
	g_hash_table_destroy(lanes->lanes);
	g_hash_table_destroy(lanes->caps);
}

void
lanes_add(struct lanes *lanes, struct task *task)
{
	struct lane *lane = lane_of(lanes, &task->entry, task->job->dest);
	GQueue *queue = task->entry.urgent ? &lane->urgent : &lane->usual;

	task->lane = lane;
	g_queue_push_tail_link(queue, &task->link);
	if (lane_first(lane) == task)
		lane_update(lanes, lane);
}

void
lanes_remove(struct lanes *lanes, struct task *task)
{
	lane_leave(lanes, task->lane, task);
}

struct task *
lanes_next(struct lanes *lanes)
{
	GTreeNode *node = g_tree_node_first(lanes->ready);
	struct lane *lane = node ? g_tree_node_key(node) : NULL;
	struct task *task = lane ? lane_first(lane) : NULL;

	if (!task || (!task->entry.urgent && lanes->running >= lanes->parallel))
		return NULL;
	for (size_t i = 0; i < CAPS_MOST; i++)
		task->caps[i] = lane->caps[i];
	task->running = true;
	lanes->running++;
	lane_leave(lanes, lane, task);
	for (size_t i = 0; i < CAPS_MOST && task->caps[i]; i++)
		if (++task->caps[i]->used == task->caps[i]->most)
			cap_update_lanes(lanes, task->caps[i]);
	return task;
}

void
lanes_release(struct lanes *lanes, struct task *task)
{
	if (!task->running)
		return;
	task->running = false;
	lanes->running--;
	for (size_t i = 0; i < CAPS_MOST && task->caps[i]; i++)
		if (task->caps[i]->used-- == task->caps[i]->most)
			cap_update_lanes(lanes, task->caps[i]);
}

void
lanes_judge(struct lanes *lanes, struct task *task, bool slow)
{
	for (size_t i = 0; i < CAPS_MOST && task->caps[i]; i++) {
		if (task->caps[i]->slow == slow)
			continue;
		task->caps[i]->slow = slow;
		cap_update_lanes(lanes, task->caps[i]);
	}
}
