#include "fleet/gate.h"

#include <glib.h>

struct gate {
	unsigned total, per_key; /* constant */
	pthread_mutex_t lock;
	unsigned inside;  /* guarded by lock */
	GHashTable *keys; /* key → how many inside; guarded by lock */
	GQueue waiting;   /* struct gate_pass, first come first; guarded by lock */
};

struct gate *
gate_new(unsigned total, unsigned per_key)
{
	struct gate *gate = g_new0(struct gate, 1);

	gate->total = MAX(total, 1);
	gate->per_key = MAX(per_key, 1);
	pthread_mutex_init(&gate->lock, NULL);
	gate->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_queue_init(&gate->waiting);
	return gate;
}

void
gate_free(struct gate *gate)
{
	if (!gate)
		return;
	g_assert(gate->inside == 0 && g_queue_is_empty(&gate->waiting));
	g_hash_table_unref(gate->keys);
	pthread_mutex_destroy(&gate->lock);
	g_free(gate);
}

void
gate_pass_init(struct gate_pass *pass)
{
	*pass = (struct gate_pass){ .state = GATE_OUTSIDE };
	pthread_cond_init(&pass->turn, NULL);
}

void
gate_pass_done(struct gate_pass *pass)
{
	g_assert(pass->state == GATE_OUTSIDE);
	g_clear_pointer(&pass->key, g_free);
	pthread_cond_destroy(&pass->turn);
}

/* All below with the lock held. */

static unsigned
gate_count(struct gate *gate, const char *key)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(gate->keys, key));
}

static bool
gate_has_room(struct gate *gate, const char *key)
{
	return gate->inside < gate->total && gate_count(gate, key) < gate->per_key;
}

static void
gate_let_in(struct gate *gate, struct gate_pass *pass)
{
	g_hash_table_replace(
		gate->keys, g_strdup(pass->key), GUINT_TO_POINTER(gate_count(gate, pass->key) + 1));
	gate->inside++;
	pass->state = GATE_INSIDE;
}

static void
gate_let_out(struct gate *gate, struct gate_pass *pass)
{
	unsigned count = gate_count(gate, pass->key);

	if (count > 1)
		g_hash_table_replace(gate->keys, g_strdup(pass->key), GUINT_TO_POINTER(count - 1));
	else
		g_hash_table_remove(gate->keys, pass->key);
	gate->inside--;
	pass->state = GATE_OUTSIDE;
}

/* One place became free, so at most one can follow. */
static void
gate_call_next(struct gate *gate)
{
	for (GList *it = gate->waiting.head; it && gate->inside < gate->total; it = it->next) {
		struct gate_pass *pass = it->data;

		if (gate_has_room(gate, pass->key)) {
			g_queue_delete_link(&gate->waiting, it);
			gate_let_in(gate, pass);
			pthread_cond_signal(&pass->turn);
			return;
		}
	}
}

bool
gate_enter(struct gate *gate, struct gate_pass *pass, const char *key)
{
	bool inside;

	pthread_mutex_lock(&gate->lock);
	g_free(pass->key);
	pass->key = g_strdup(key);
	if (!pass->cancelled && gate_has_room(gate, key)) {
		gate_let_in(gate, pass);
	} else if (!pass->cancelled) {
		pass->state = GATE_WAITING;
		g_queue_push_tail(&gate->waiting, pass);
		while (pass->state == GATE_WAITING)
			pthread_cond_wait(&pass->turn, &gate->lock);
	}
	inside = pass->state == GATE_INSIDE;
	pthread_mutex_unlock(&gate->lock);
	return inside;
}

void
gate_leave(struct gate *gate, struct gate_pass *pass)
{
	pthread_mutex_lock(&gate->lock);
	if (pass->state == GATE_INSIDE) {
		gate_let_out(gate, pass);
		gate_call_next(gate);
	}
	pthread_mutex_unlock(&gate->lock);
}

void
gate_cancel(struct gate *gate, struct gate_pass *pass)
{
	pthread_mutex_lock(&gate->lock);
	pass->cancelled = true;
	if (pass->state == GATE_WAITING) {
		g_queue_remove(&gate->waiting, pass);
		pass->state = GATE_OUTSIDE;
		pthread_cond_signal(&pass->turn);
	}
	pthread_mutex_unlock(&gate->lock);
}
