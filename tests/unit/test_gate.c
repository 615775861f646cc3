#include "fleet/gate.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <stdatomic.h>

enum { VISITORS = 40 };

struct visitor {
	struct gate *gate;
	struct gate_pass pass;
	const char *key;
	atomic_uint *inside, *most, *per_key, *most_per_key;
	pthread_t thread;
	bool entered;
};

static void
raise_to(atomic_uint *most, unsigned value)
{
	unsigned seen = atomic_load(most);

	while (seen < value && !atomic_compare_exchange_weak(most, &seen, value))
		;
}

static void *
visit(void *arg)
{
	struct visitor *visitor = arg;

	for (unsigned i = 0; i < 50; i++) {
		visitor->entered = gate_enter(visitor->gate, &visitor->pass, visitor->key);
		if (!visitor->entered)
			return NULL;
		raise_to(visitor->most, atomic_fetch_add(visitor->inside, 1) + 1);
		raise_to(visitor->most_per_key, atomic_fetch_add(visitor->per_key, 1) + 1);
		sched_yield();
		atomic_fetch_sub(visitor->per_key, 1);
		atomic_fetch_sub(visitor->inside, 1);
		gate_leave(visitor->gate, &visitor->pass);
	}
	return NULL;
}

Test(gate, never_more_than_allowed)
{
	static const char *const keys[] = { "a", "b", "c", "d" };
	struct visitor visitors[VISITORS];
	atomic_uint inside = 0, most = 0, per_key[4] = { 0 }, most_per_key = 0;
	struct gate *gate = gate_new(5, 2);

	for (unsigned i = 0; i < VISITORS; i++) {
		struct visitor *v = &visitors[i];

		*v = (struct visitor){ .gate = gate,
			.key = keys[i % 4],
			.inside = &inside,
			.most = &most,
			.per_key = &per_key[i % 4],
			.most_per_key = &most_per_key };
		gate_pass_init(&v->pass);
		pthread_create(&v->thread, NULL, visit, v);
	}
	for (unsigned i = 0; i < VISITORS; i++) {
		pthread_join(visitors[i].thread, NULL);
		cr_assert(visitors[i].entered);
		gate_pass_done(&visitors[i].pass);
	}
	cr_assert_leq(atomic_load(&most), 5);
	cr_assert_leq(atomic_load(&most_per_key), 2);
	cr_assert_eq(atomic_load(&inside), 0);
	gate_free(gate);
}

Test(gate, a_full_key_does_not_hold_up_others)
{
	struct gate *gate = gate_new(3, 1);
	struct gate_pass first, other;

	gate_pass_init(&first);
	gate_pass_init(&other);
	cr_assert(gate_enter(gate, &first, "bastion"));
	cr_assert(gate_enter(gate, &other, "elsewhere"));
	gate_leave(gate, &first);
	gate_leave(gate, &first);
	gate_leave(gate, &other);
	gate_pass_done(&first);
	gate_pass_done(&other);
	gate_free(gate);
}

static void *
enter_once(void *arg)
{
	struct visitor *visitor = arg;

	visitor->entered = gate_enter(visitor->gate, &visitor->pass, visitor->key);
	return NULL;
}

Test(gate, cancel_ends_the_wait_and_lasts)
{
	struct gate *gate = gate_new(1, 1);
	struct gate_pass holder;
	struct visitor visitor = { .gate = gate, .key = "x", .entered = true };

	gate_pass_init(&holder);
	gate_pass_init(&visitor.pass);
	cr_assert(gate_enter(gate, &holder, "x"));
	pthread_create(&visitor.thread, NULL, enter_once, &visitor);
	gate_cancel(gate, &visitor.pass);
	pthread_join(visitor.thread, NULL);
	cr_assert_not(visitor.entered);

	gate_leave(gate, &holder);
	cr_assert_not(gate_enter(gate, &visitor.pass, "x"), "cancelled for good");
	gate_pass_done(&holder);
	gate_pass_done(&visitor.pass);
	gate_free(gate);
}
