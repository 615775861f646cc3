/*
 * Hosts ask, an operator answers, some answers turn out wrong, gates let in and turn away – all at once, for a bounded
 * number of rounds. A plain program, because Criterion does not start under ThreadSanitizer. Ends with 0 when every
 * host got the answer it was owed.
 */
#include "fleet/asks.h"
#include "fleet/gate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { HOSTS = 24, ROUNDS = 200, SUBJECTS = 5 };

struct world {
	struct asks *asks;
	struct gate *gate;
	atomic_uint pokes, running;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned changes; /* guarded by lock */
};

struct host {
	struct world *world;
	pthread_t thread;
	uint32_t index;
	unsigned yes, wrong;
};

static void
note_change(struct world *world)
{
	pthread_mutex_lock(&world->lock);
	world->changes++;
	pthread_cond_broadcast(&world->changed);
	pthread_mutex_unlock(&world->lock);
}

static void
on_poke(void *ctx, uint32_t host)
{
	struct world *world = ctx;

	(void)host;
	atomic_fetch_add(&world->pokes, 1);
	note_change(world);
}

/* Until something changed since SEEN. */
static unsigned
wait_change(struct world *world, unsigned seen)
{
	unsigned now;

	pthread_mutex_lock(&world->lock);
	while (world->changes == seen)
		pthread_cond_wait(&world->changed, &world->lock);
	now = world->changes;
	pthread_mutex_unlock(&world->lock);
	return now;
}

static unsigned
changes(struct world *world)
{
	unsigned now;

	pthread_mutex_lock(&world->lock);
	now = world->changes;
	pthread_mutex_unlock(&world->lock);
	return now;
}

/* As a host's thread does: comes back until it has an answer; every third secret turns out wrong. */
static void
host_ask(struct host *host, unsigned round)
{
	struct world *world = host->world;
	char subject[16];
	char *secret = NULL;

	snprintf(subject, sizeof(subject), "s%u", round % SUBJECTS);
	for (;;) {
		unsigned seen = changes(world);

		switch (asks_get(world->asks, ASK_PASSWORD, subject, "?", host->index, &secret)) {
		case ASK_PENDING:
			wait_change(world, seen);
			continue;
		case ASK_YES:
			host->yes++;
			host->wrong += !secret || strcmp(secret, subject) != 0;
			if (round % 3 == 0) {
				asks_reject(world->asks, ASK_PASSWORD, subject, secret);
				note_change(world);
			}
			asks_wipe(secret);
			return;
		case ASK_NO:
			return;
		}
	}
}

static void *
host_main(void *arg)
{
	struct host *host = arg;
	struct gate_pass pass;

	gate_pass_init(&pass);
	for (unsigned i = 0; i < ROUNDS; i++) {
		if (gate_enter(host->world->gate, &pass, i % 2 ? "even" : "odd"))
			gate_leave(host->world->gate, &pass);
		host_ask(host, i);
	}
	gate_cancel(host->world->gate, &pass);
	if (gate_enter(host->world->gate, &pass, "even"))
		host->wrong++;
	gate_pass_done(&pass);
	atomic_fetch_sub(&host->world->running, 1);
	note_change(host->world);
	return NULL;
}

static void
operator_main(struct world *world)
{
	while (atomic_load(&world->running)) {
		unsigned seen = changes(world);
		struct ask *ask = asks_next(world->asks);

		if (ask) {
			asks_answer(world->asks, ask->kind, ask->subject, true, ask->subject);
			ask_free(ask);
		} else if (atomic_load(&world->running)) {
			wait_change(world, seen);
		}
	}
}

static void
on_changed(void *ctx)
{
	note_change(ctx);
}

int
main(void)
{
	struct world world = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
	struct host hosts[HOSTS] = { 0 };
	unsigned yes = 0, wrong = 0;

	world.asks = asks_new(true, on_poke, on_changed, &world);
	world.gate = gate_new(3, 2);
	atomic_store(&world.running, HOSTS);
	for (uint32_t i = 0; i < HOSTS; i++) {
		hosts[i].world = &world;
		hosts[i].index = i;
		pthread_create(&hosts[i].thread, NULL, host_main, &hosts[i]);
	}
	operator_main(&world);
	for (unsigned i = 0; i < HOSTS; i++) {
		pthread_join(hosts[i].thread, NULL);
		yes += hosts[i].yes;
		wrong += hosts[i].wrong;
	}
	asks_free(world.asks);
	gate_free(world.gate);
	printf("asks: %u answers to %u hosts, %u wrong\n", yes, (unsigned)HOSTS, wrong);
	return yes == HOSTS * ROUNDS && wrong == 0 ? 0 : 1;
}
