/*
 * tables: what the UI thread spends on the tables of guests and of groups of them, with nothing else running – a refresh in which every host
 * changed, a new sort, a filter as it is typed, a move of the cursor – each with the frame that shows it.
 *
 *   tables HOSTS GUESTS [ROUNDS [TENANTS]]
 *
 * Prints a line per act: name p50_ms p99_ms max_ms.
 */
#include "tests/support/snaps.h"
#include "views/console.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 50
#define COLS 160

struct world {
	size_t nhosts, nvms; /* guests of a host */
	int ntenants;
	struct snaps_part *parts;
	const struct host_snap **hosts;
	struct vm *vms;
	const struct vm_facts **facts; /* by guest */
	GStringChunk *names;
	GRand *rand;
	struct console *console;
	struct canvas *canvas;
	int64_t now_us;
};

/* New numbers of the hosts FROM up to TO. */
static void
world_roll(struct world *world, size_t from, size_t to)
{
	for (size_t i = from * world->nvms; i < to * world->nvms; i++) {
		struct vm *vm = &world->vms[i];

		vm->sampled_us = world->now_us;
		snaps_set_vm(vm, VM_CPU, g_rand_double_range(world->rand, 0, 100));
		snaps_set_vm(vm, VM_READY, g_rand_double_range(world->rand, 0, 3));
		snaps_set_vm(vm, VM_NET, g_rand_double_range(world->rand, 0, 1e8));
		snaps_set_vm(vm, VM_DISK, g_rand_double_range(world->rand, 0, 1e8));
	}
	for (size_t i = from; i < to; i++) {
		world->parts[i].host.sampled_us = world->now_us;
		if (world->hosts[i])
			host_snap_unref(world->hosts[i]);
		world->hosts[i] =
			host_snap_build(&world->parts[i].host, world->parts[i].vms, world->parts[i].nvms);
	}
}

static void
world_init(struct world *world, const struct config *config)
{
	static const char *const kinds[] = { "web", "db", "ci-runner", "mail", "shop-customer-production" };
	size_t n = world->nhosts * world->nvms;

	world->rand = g_rand_new_with_seed(1);
	world->names = g_string_chunk_new(1 << 16);
	world->parts = g_new0(struct snaps_part, world->nhosts);
	world->hosts = g_new0(const struct host_snap *, world->nhosts);
	world->vms = g_new0(struct vm, n);
	world->facts = g_new0(const struct vm_facts *, n);
	world->now_us = SNAPS_NOW_US;
	for (size_t i = 0; i < n; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s-%d", kinds[g_rand_int_range(world->rand, 0, 5)],
			g_rand_int_range(world->rand, 0, (gint32)n));
		world->vms[i] = snaps_vm(g_string_chunk_insert(world->names, text), (unsigned)i);
		memcpy(world->vms[i].uuid + 8, &i, sizeof(i));
		if (i % 20 == 0)
			world->vms[i].state = VM_STATE_OFF;
		snprintf(text, sizeof(text), "customer%d", g_rand_int_range(world->rand, 0, world->ntenants));
		world->vms[i].facts = world->facts[i] = snaps_vm_facts(text);
	}
	for (size_t i = 0; i < world->nhosts; i++) {
		char text[32];

		snprintf(text, sizeof(text), "kvm%04zu", i);
		world->parts[i] = (struct snaps_part){
			.host = snaps_host((uint32_t)i, g_string_chunk_insert(world->names, text)),
			.vms = world->vms + i * world->nvms,
			.nvms = world->nvms,
		};
	}
	world->canvas = canvas_new(ROWS, COLS, false);
	world->console = console_new(&(struct console_opts){ .config = config, .view = "vms" }, NULL);
}

static void
world_done(struct world *world)
{
	console_free(world->console);
	canvas_free(world->canvas);
	for (size_t i = 0; i < world->nhosts * world->nvms; i++)
		vm_facts_unref(world->facts[i]);
	g_free(world->facts);
	for (size_t i = 0; i < world->nhosts; i++)
		host_snap_unref(world->hosts[i]);
	g_free(world->hosts);
	g_free(world->parts);
	g_free(world->vms);
	g_string_chunk_free(world->names);
	g_rand_free(world->rand);
}

/* CPU time: what others do on this machine meanwhile is not to be measured. */
static int64_t
now_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++)
		console_input(world->console,
			(struct input){ .type = INPUT_KEY,
				.key = { *keys == '\n' ? KEY_CODE_ENTER : (uint32_t)*keys, 0 } });
}

static int64_t
draw(struct world *world, int64_t began_us)
{
	console_draw(world->console, world->canvas);
	return now_us() - began_us;
}

/* The hosts' snapshots become the console's. */
static int64_t
take_over(struct world *world)
{
	const struct fleet_snap *snap = snaps_fleet_of(world->hosts, world->nhosts);
	int64_t began_us;

	world->now_us += 100000;
	began_us = now_us();
	console_tick(world->console, world->now_us, world->now_us);
	console_set_snapshot(world->console, snap);
	began_us = draw(world, began_us);
	fleet_snap_unref(snap);
	return began_us;
}

/* A second has passed and all hosts have new numbers. */
static int64_t
refresh(struct world *world, int round)
{
	(void)round;
	world_roll(world, 0, world->nhosts);
	return take_over(world);
}

/* The same for one of ten hosts: as it is with real hosts, which are asked at any time. */
static int64_t
refresh_some(struct world *world, int round)
{
	size_t part = world->nhosts / 10, from = (size_t)round % 10 * part;

	world_roll(world, from, from + part);
	return take_over(world);
}

static int64_t
key(struct world *world, const char *keys)
{
	int64_t began_us = now_us();

	type(world, keys);
	return draw(world, began_us);
}

static int64_t
new_sort(struct world *world, int round G_GNUC_UNUSED)
{
	return key(world, ">");
}

static int64_t
invert(struct world *world, int round G_GNUC_UNUSED)
{
	return key(world, "I");
}

static int64_t
filter(struct world *world, int round)
{
	int64_t took;

	type(world, round % 2 ? ":filter\n" : ":filter we\n");
	type(world, "/");
	took = key(world, round % 2 ? "w" : "b");
	type(world, "\n");
	return took;
}

static int64_t
move(struct world *world, int round)
{
	return key(world, round % 2 ? "k" : "j");
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void
measure(struct world *world, const char *name, int rounds, int64_t (*act)(struct world *world, int round))
{
	g_autofree int64_t *took = g_new(int64_t, rounds);

	for (int i = 0; i < rounds; i++)
		took[i] = act(world, i);
	qsort(took, (size_t)rounds, sizeof(*took), compare);
	printf("%-28s p50_ms=%.2f p99_ms=%.2f max_ms=%.2f\n", name, (double)took[rounds / 2] / 1000,
		(double)took[MIN(rounds - 1, rounds * 99 / 100)] / 1000, (double)took[rounds - 1] / 1000);
}

static int64_t
open_groups(struct world *world, int round)
{
	return key(world, round % 2 ? "3" : "4");
}

static void
measure_groups(struct world *world, int rounds)
{
	measure(world, "groups: refresh, by memory", rounds, refresh);
	type(world, ":sort cpu\n");
	measure(world, "groups: refresh, by CPU", rounds, refresh);
	measure(world, "groups: the next column", rounds, new_sort);
	measure(world, "groups: a letter of a filter", rounds, filter);
	type(world, ":filter\n");
	measure(world, "groups: the cursor moves", rounds, move);
	measure(world, "groups: to VMs and back", rounds, open_groups);
}

int
main(int argc, char **argv)
{
	struct config *config = snaps_config();
	struct world world = { 0 };
	int rounds = argc > 3 ? atoi(argv[3]) : 100;

	if (argc < 3) {
		fprintf(stderr, "usage: tables HOSTS GUESTS [ROUNDS [TENANTS]]\n");
		return 2;
	}
	setlocale(LC_ALL, "C.UTF-8");
	world.nhosts = (size_t)atol(argv[1]);
	world.nvms = (size_t)atol(argv[2]) / world.nhosts;
	world.ntenants = argc > 4 ? atoi(argv[4]) : 2340;
	world_init(&world, config);
	refresh(&world, 0);
	measure(&world, "refresh, by name", rounds, refresh);
	measure(&world, "a tenth refreshed, by name", rounds, refresh_some);
	type(&world, ":sort cpu\n");
	measure(&world, "refresh, by CPU", rounds, refresh);
	measure(&world, "a tenth refreshed, by CPU", rounds, refresh_some);
	type(&world, ":sort state\n");
	measure(&world, "refresh, by state", rounds, refresh);
	measure(&world, "the next column's sort", rounds, new_sort);
	measure(&world, "the order turned around", rounds, invert);
	measure(&world, "a letter of a filter", rounds, filter);
	type(&world, ":filter\n");
	measure(&world, "the cursor moves", rounds, move);
	type(&world, "t");
	measure(&world, "a tree, refreshed", rounds, refresh);
	measure(&world, "a tree, a tenth refreshed", rounds, refresh_some);
	type(&world, ":group tenant\n");
	measure(&world, "by tenant, refreshed", rounds, refresh);
	type(&world, ":group\n");
	type(&world, ":groups tenant\n");
	measure_groups(&world, rounds);
	world_done(&world);
	config_free(config);
	return EXIT_SUCCESS;
}
