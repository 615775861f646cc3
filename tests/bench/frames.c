/*
 * frames: what the UI thread spends from a key to the frame that shows it, with a simulated fleet that goes on changing
 * meanwhile – the rest of whatever it was busy with when the key came included. In CPU time of that thread: what others do
 * on this machine meanwhile is not to be measured.
 *
 *   frames HOSTS GUESTS [KEYS [GESTURE]]
 *
 * Prints a line per gesture: name p50_ms p99_ms max_ms; and for how long at most no key would have been looked at.
 */
#include "fleet/clock.h"
#include "fleet/conn_sim.h"
#include "fleet/fleet.h"
#include "views/console.h"

#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROWS      50
#define COLS      160
#define SETTLE_US INT64_C(2000000)  /* between two looks whether all guests are known … */
#define KNOWN_US  INT64_C(60000000) /* … at most */

struct world {
	struct config *config;
	struct sim *sim;
	struct mailbox *mailbox;
	struct timeline *timeline;
	struct fleet *fleet;
	struct console *console;
	struct canvas *canvas;
	GRand *rand;
	GArray *chunks; /* int64_t: CPU time of each round without a key */
};

static struct conn *
make_conn(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	struct world *world = ctx;

	(void)purpose;
	return conn_sim_new(world->sim, index, false, listener);
}

static void
world_init(struct world *world, unsigned hosts, unsigned guests)
{
	const struct conn_factory factory = { .ctx = world, .make = make_conn };
	g_autoptr(GError) error = NULL;

	world->config = config_load(NULL, &error);
	if (!world->config)
		g_error("%s", error->message);
	world->sim = sim_new(&(struct sim_opts){ .hosts = hosts, .vms = guests });
	sim_add_hosts(world->sim, world->config);
	world->mailbox = mailbox_new(64);
	world->timeline = timeline_new((size_t)world->config->events_kept);
	world->fleet = fleet_new(&(struct fleet_opts){
		.config = world->config,
		.factory = &factory,
		.mailbox = world->mailbox,
		.timeline = world->timeline,
	});
	world->console = console_new(
		&(struct console_opts){
			.config = world->config,
			.fleet = world->fleet,
			.timeline = world->timeline,
			.view = "vms",
		},
		NULL);
	world->canvas = canvas_new(ROWS, COLS, false);
	world->rand = g_rand_new_with_seed(1);
	world->chunks = g_array_new(FALSE, FALSE, sizeof(int64_t));
	fleet_start(world->fleet);
}

static int64_t
cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* What command_console.c does once it is awake. */
static void
round_of_loop(struct world *world)
{
	if (mailbox_take_mark(world->mailbox))
		console_fleet_changed(world->console);
	console_tick(world->console, clock_now_us(), clock_wall_us());
	if (console_needs_draw(world->console))
		console_draw(world->console, world->canvas);
}

static void
doze(struct world *world, int64_t until_us)
{
	int64_t left_us = MIN(console_next_due(world->console), until_us) - clock_now_us();
	struct pollfd fd = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
	struct timespec timeout = { .tv_sec = MAX(left_us, 0) / 1000000,
		.tv_nsec = MAX(left_us, 0) % 1000000 * 1000 };

	ppoll(&fd, 1, &timeout, NULL);
}

/* Lets the world go on until AT_US; returns what was left to do of the round under way then. */
static int64_t
live_until(struct world *world, int64_t at_us)
{
	for (;;) {
		int64_t began_us, began_cpu, took_us, took_cpu;

		if (clock_now_us() >= at_us)
			return 0;
		doze(world, at_us);
		began_us = clock_now_us();
		began_cpu = cpu_us();
		if (began_us >= at_us)
			return 0;
		round_of_loop(world);
		took_us = clock_now_us() - began_us;
		took_cpu = cpu_us() - began_cpu;
		g_array_append_val(world->chunks, took_cpu);
		if (began_us + took_us > at_us)
			return took_cpu * (began_us + took_us - at_us) / MAX(took_us, 1);
	}
}

static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++)
		console_input(
			world->console, (struct input){ .type = INPUT_KEY,
						.key = { *keys == '\n'   ? KEY_CODE_ENTER
							 : *keys == '\v' ? KEY_CODE_PGDN
							 : *keys == '\b' ? KEY_CODE_PGUP
									 : (uint32_t)(unsigned char)*keys,
							0 } });
}

static int64_t
measure_key(struct world *world, const char *keys)
{
	int64_t took = live_until(world, clock_now_us() + g_rand_int_range(world->rand, 20000, 120000));
	int64_t began = cpu_us();

	type(world, keys);
	round_of_loop(world);
	return took + cpu_us() - began;
}

/* All is read of nearly all guests: an operator's day, not its first minute. */
static bool
all_known(struct world *world)
{
	const struct fleet_snap *snap = fleet_snapshot(world->fleet);
	size_t known = 0, n = snap->nhosts;

	for (size_t i = 0; i < n; i++)
		known += snap->hosts[i]->facts_complete || snap->hosts[i]->link != LINK_UP;
	fleet_snap_unref(snap);
	return known * 100 >= n * 98;
}

static void
settle(struct world *world)
{
	int64_t began_us = clock_now_us();

	do
		live_until(world, clock_now_us() + SETTLE_US);
	while (!all_known(world) && clock_now_us() < began_us + KNOWN_US);
	printf("%-28s %.0f s\n", all_known(world) ? "all known after" : "not all known after",
		(double)(clock_now_us() - began_us) / 1e6);
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void
print(const char *name, GArray *took)
{
	int64_t *us = (int64_t *)(void *)took->data;

	if (took->len == 0)
		return;
	qsort(us, took->len, sizeof(*us), compare);
	printf("%-28s p50_ms=%.2f p99_ms=%.2f max_ms=%.2f\n", name, (double)us[took->len / 2] / 1000,
		(double)us[MIN(took->len - 1, took->len * 99 / 100)] / 1000,
		(double)us[took->len - 1] / 1000);
	fflush(stdout);
}

static const struct gesture {
	const char *name, *before;
	const char *keys[6]; /* in turn, each measured */
	const char *after;   /* each turn */
} gestures[] = {
	{ "the cursor moves", "3", { "j", "k" }, "" },
	{ "a page", "", { "\v", "\b" }, "" },
	{ "hosts and back", "", { "2", "3" }, "" },
	{ "pulse and back", "", { "1", "3" }, "" },
	{ "the next column's sort", "", { ">" }, "" },
	{ "the order turned around", ":sort cpu\n", { "I" }, "" },
	{ "a letter of a filter", ":sort name\n", { "/a", "p", "i", "-", "0" }, "\n:filter\n" },
	{ "a letter, sorted by CPU", ":sort cpu\n", { "/a", "p", "i", "-", "0" }, "\n:filter\n" },
	{ "a tree, and back", ":sort name\n", { "t" }, "" },
	{ "a page of a tree", ":group host\n=", { "\v", "\b" }, "" },
	{ "a page of tenants", ":group tenant\n", { "\v", "\b" }, "" },
	{ "groups, a page", ":group\n4", { "\v", "\b" }, "" },
	{ "groups and back", "", { "3", "4" }, "" },
};

static void
measure(struct world *world, const struct gesture *gesture, int keys)
{
	g_autoptr(GArray) took = g_array_new(FALSE, FALSE, sizeof(int64_t));

	type(world, gesture->before);
	live_until(world, clock_now_us() + 1000000);
	g_array_set_size(world->chunks, 0);
	while ((int)took->len < keys) {
		for (size_t i = 0; i < G_N_ELEMENTS(gesture->keys) && gesture->keys[i]; i++) {
			int64_t us = measure_key(world, gesture->keys[i]);

			g_array_append_val(took, us);
		}
		type(world, gesture->after);
	}
	print(gesture->name, took);
	print("  without a key", world->chunks);
}

int
main(int argc, char **argv)
{
	int keys = argc > 3 ? atoi(argv[3]) : 300;
	struct world world = { 0 };

	if (argc < 3) {
		fprintf(stderr, "usage: frames HOSTS GUESTS [KEYS [GESTURE]]\n");
		return 2;
	}
	setlocale(LC_ALL, "C.UTF-8");
	world_init(&world, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
	settle(&world);
	for (size_t i = 0; i < G_N_ELEMENTS(gestures); i++)
		if (argc <= 4 || strstr(gestures[i].name, argv[4]))
			measure(&world, &gestures[i], keys);
	_exit(EXIT_SUCCESS); /* a thousand threads need not end one by one */
}
