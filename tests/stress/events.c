/*
 * Many threads add, change and remove watches and timers of the event loop while it calls back, as many libvirt
 * connections do. What a callback gets is really freed by its free function, so that a late call is seen by the
 * sanitizers. Ends with 0 when each was freed exactly once and each watch was called.
 */
#include "fleet/events.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 8, ROUNDS = 300 };

struct world {
	atomic_uint made, freed, silent;
};

/* Shared by a thread and the callbacks of its round. */
struct thing {
	struct world *world;
	atomic_uint calls;
	int fd;
	char *text; /* read by callbacks, gone with the thing */
};

static void
thing_free(void *opaque)
{
	struct thing *thing = opaque;

	close(thing->fd);
	atomic_fetch_add(&thing->world->freed, 1);
	g_free(thing->text);
	g_free(thing);
}

static struct thing *
thing_new(struct world *world, int fd)
{
	struct thing *thing = g_new0(struct thing, 1);

	thing->world = world;
	thing->fd = fd;
	thing->text = g_strdup("still here");
	atomic_fetch_add(&world->made, 1);
	return thing;
}

static void
on_watch(int watch, int fd, int events, void *opaque)
{
	struct thing *thing = opaque;
	char sink[16];

	(void)watch;
	if ((events & VIR_EVENT_HANDLE_READABLE) && read(fd, sink, sizeof(sink)) > 0 && thing->text[0] == 's')
		atomic_fetch_add(&thing->calls, 1);
}

static void
on_timer(int timer, void *opaque)
{
	struct thing *thing = opaque;

	(void)timer;
	if (thing->text[0] == 's')
		atomic_fetch_add(&thing->calls, 1);
}

/* A watch lives as a connection's does: off while a call is under way, on again, removed in the end. The thing belongs
 * to the loop from its removal on; before, both may use it. */
static void
one_watch(struct world *world)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return;
	struct thing *thing = thing_new(world, fds[0]);
	int id = virEventAddHandle(fds[0], VIR_EVENT_HANDLE_READABLE, on_watch, thing, thing_free);
	for (unsigned i = 0; i < 3; i++) {
		unsigned before = atomic_load(&thing->calls);

		virEventUpdateHandle(id, 0);
		if (write(fds[1], "x", 1) != 1)
			break;
		virEventUpdateHandle(id, VIR_EVENT_HANDLE_READABLE);
		while (atomic_load(&thing->calls) == before)
			sched_yield();
	}
	if (atomic_load(&thing->calls) == 0)
		atomic_fetch_add(&world->silent, 1);
	virEventRemoveHandle(id);
	close(fds[1]);
}

static void
one_timer(struct world *world)
{
	struct thing *thing = thing_new(world, dup(STDERR_FILENO));
	int id = virEventAddTimeout(5000, on_timer, thing, thing_free);

	virEventUpdateTimeout(id, 0);
	while (atomic_load(&thing->calls) == 0)
		sched_yield();
	virEventUpdateTimeout(id, 5000);
	virEventRemoveTimeout(id);
}

static void *
work(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		one_watch(arg);
		one_timer(arg);
	}
	return NULL;
}

int
main(void)
{
	struct world world = { 0 };
	pthread_t threads[THREADS];

	if (!events_start(NULL))
		return 1;
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, &world) != 0)
			return 1;
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	events_stop();
	printf("events: %u made, %u freed, %u silent\n", world.made, world.freed, world.silent);
	return world.made == 2 * THREADS * ROUNDS && world.freed == world.made && world.silent == 0 ? 0 : 1;
}
