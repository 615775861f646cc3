/*
 * bulk: what a bulk of acts costs the UI thread – each round of its loop, with a simulated fleet, before acts are under way,
 * when they are asked for, and until the last has ended, with the table of guests and with that of jobs in front. In CPU
 * time of that thread.
 *
 *   bulk HOSTS GUESTS ACTS
 *
 * Prints a line for each: name p50_ms p99_ms max_ms rounds.
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
#define SECOND_US INT64_C(1000000)
#define LIMIT_US  (300 * SECOND_US)

struct world {
	struct config *config;
	struct sim *sim;
	struct mailbox *mailbox;
	struct timeline *timeline;
	struct fleet *fleet;
	struct console *console;
	struct canvas *canvas;
	GArray *rounds; /* int64_t: CPU time of each */
};

static struct conn *
make_conn(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	(void)purpose;
	return conn_sim_new(((struct world *)ctx)->sim, index, false, listener);
}

static void
quit(void *ctx, bool abort_moves)
{
	(void)ctx;
	(void)abort_moves;
}

static void
world_init(struct world *world, unsigned hosts, unsigned guests)
{
	const struct conn_factory factory = { .ctx = world, .make = make_conn };
	g_autoptr(GError) error = NULL;

	world->config = config_load(NULL, &error);
	if (!world->config)
		g_error("%s", error->message);
	world->config->confirm_type_count = 1000000;
	world->sim = sim_new(&(struct sim_opts){ .hosts = hosts, .vms = guests, .calm = true });
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
			.demo = true,
			.view = "vms",
			.quit = quit,
		},
		NULL);
	world->canvas = canvas_new(ROWS, COLS, false);
	world->rounds = g_array_new(FALSE, FALSE, sizeof(int64_t));
	fleet_start(world->fleet);
}

/* ---- rounds ---- */

static int64_t
cpu_us(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (int64_t)time.tv_sec * SECOND_US + time.tv_nsec / 1000;
}

/* What command_console.c does once it is awake. */
static void
go_round(struct world *world)
{
	struct message message;

	if (mailbox_take_mark(world->mailbox))
		console_fleet_changed(world->console);
	while (mailbox_pop(world->mailbox, &message))
		console_job_done(world->console, message.data);
	console_tick(world->console, clock_now_us(), clock_wall_us());
	if (console_needs_draw(world->console))
		console_draw(world->console, world->canvas);
}

static void
doze(struct world *world)
{
	int64_t left_us = MAX(console_next_due(world->console) - clock_now_us(), 0);
	struct pollfd fd = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
	struct timespec timeout = { .tv_sec = left_us / SECOND_US, .tv_nsec = left_us % SECOND_US * 1000 };

	ppoll(&fd, 1, &timeout, NULL);
}

static void
note_round(struct world *world, const char *keys)
{
	int64_t began = cpu_us(), took;

	for (; *keys; keys++)
		console_input(
			world->console, (struct input){ .type = INPUT_KEY,
						.key = { *keys == '\n'   ? KEY_CODE_ENTER
							 : *keys == '\t' ? KEY_CODE_TAB
									 : (uint32_t)(unsigned char)*keys,
							0 } });
	go_round(world);
	took = cpu_us() - began;
	g_array_append_val(world->rounds, took);
}

static void
live(struct world *world, int64_t us)
{
	int64_t end = clock_now_us() + us;

	while (clock_now_us() < end) {
		doze(world);
		note_round(world, "");
	}
}

static bool
shows(struct world *world, const char *part)
{
	g_autofree char *text = NULL;

	console_draw(world->console, world->canvas);
	text = canvas_text(world->canvas);
	return strstr(text, part) != NULL;
}

/* ---- measuring ---- */

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void
print(struct world *world, const char *name)
{
	int64_t *us = (int64_t *)(void *)world->rounds->data;
	guint n = world->rounds->len;

	qsort(us, n, sizeof(*us), compare);
	printf("%-28s p50_ms=%.2f p99_ms=%.2f max_ms=%.2f rounds=%u\n", name, (double)us[n / 2] / 1000,
		(double)us[MIN(n - 1, n * 99 / 100)] / 1000, (double)us[n - 1] / 1000, n);
	fflush(stdout);
	g_array_set_size(world->rounds, 0);
}

/* KEYS lead to the question, which is answered with yes. */
static void
ask(struct world *world, const char *keys, const char *name)
{
	note_round(world, keys);
	print(world, "the question");
	note_round(world, "\t\n");
	print(world, name);
}

static void
run(struct world *world, const char *view, const char *name)
{
	int64_t began = clock_now_us();

	note_round(world, view);
	g_array_set_size(world->rounds, 0);
	while (shows(world, "under way") && clock_now_us() < began + LIMIT_US)
		live(world, SECOND_US / 4);
	printf("%.1f s: ", (double)(clock_now_us() - began) / 1e6);
	print(world, name);
}

int
main(int argc, char **argv)
{
	struct world world = { 0 };
	unsigned acts = argc > 3 ? (unsigned)atoi(argv[3]) : 0;

	if (acts < 2) {
		fprintf(stderr, "usage: bulk HOSTS GUESTS ACTS\n");
		return 2;
	}
	setlocale(LC_ALL, "C.UTF-8");
	world_init(&world, (unsigned)atoi(argv[1]), (unsigned)atoi(argv[2]));
	live(&world, 8 * SECOND_US);
	g_array_set_size(world.rounds, 0);
	live(&world, 5 * SECOND_US);
	print(&world, "nothing under way");
	note_round(&world, "/state=running\ngv");
	for (unsigned i = 1; i < acts; i++)
		note_round(&world, "j");
	note_round(&world, "v");
	g_array_set_size(world.rounds, 0);
	ask(&world, "K", "they are asked for");
	run(&world, "3", "until they have ended, vms");
	note_round(&world, "3:filter\n"); /* they are still marked */
	g_array_set_size(world.rounds, 0);
	ask(&world, "s", "they are started again");
	run(&world, "6", "until they have ended, jobs");
	_exit(EXIT_SUCCESS);
}
