/* list: the screen's tables for scripts, once or, with --watch, as a stream. */
#include "commands.h"
#include "output.h"
#include "settle.h"

#include "fleet/clock.h"
#include "fleet/query.h"
#include "tui/cell.h"
#include "views/batch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SECOND_US      INT64_C(1000000)
#define WATCH_LEAST_US (SECOND_US / 2)
#define WATCH_MOST_US  (86400 * SECOND_US)
#define FIRST_MOST_US  (5 * SECOND_US)

struct listing {
	const struct command_env *env;
	struct app app;
	struct batch *batch;
	struct snap_need need;
	int64_t every_us; /* of a stream; 0: printed once */
	int stop_fd;      /* of a stream: readable when it is to end; else -1 */
	GByteArray *lost; /* of a stream: bool per host, whether it was complained of */
};

int
command_columns_help(const char *what)
{
	g_autofree char *help = batch_columns_help(what);

	fputs(help, stdout);
	return EXIT_SUCCESS;
}

static bool
write_list(struct listing *listing, const struct batch_moment *moment, GError **error)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	bool ok = batch_print(listing->batch, moment, memory, error);

	fclose(memory);
	ok = ok && output_write(STDOUT_FILENO, listing->stop_fd, text, size, error);
	free(text);
	return ok;
}

/* Who reads only the first lines has what he wants: a closed pipe ends a list, but is no failure. Nor is a stream's end
 * while nobody reads. */
static bool
print(struct listing *listing, const struct fleet_snap *snap, int *status)
{
	const struct batch_moment moment = { .snap = snap,
		.timeline = listing->app.timeline,
		.now_us = clock_now_us(),
		.wall_us = clock_wall_us() };
	g_autoptr(GError) error = NULL;

	if (write_list(listing, &moment, &error))
		return true;
	if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE) &&
		!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INTR))
		*status = command_failed(EXIT_SOME_FAILED, error);
	return false;
}

static int
print_once(struct listing *listing)
{
	const struct fleet_snap *snap = settle(&listing->app, &listing->need, NULL);
	int status = EXIT_SUCCESS;

	fleet_catch_up(listing->app.fleet);
	if (strcmp(listing->env->options->what, "events") == 0 && isatty(STDERR_FILENO))
		fprintf(stderr, "virt-fleet: events are what is seen while it runs: add --watch, or see the "
				"console's view events\n");
	print(listing, snap, &status);
	if (settle_report(snap, &listing->need))
		status = EXIT_SOME_FAILED;
	fleet_snap_unref(snap);
	return status;
}

/* ---- streams ---- */

static bool
parse_watch(const char *text, int64_t *every_us, GError **error)
{
	double seconds, slack;

	*every_us = 0;
	if (!text)
		return true;
	if (query_parse_number(text, UNIT_SECONDS, &seconds, &slack) &&
		seconds * 1e6 >= (double)WATCH_LEAST_US && seconds * 1e6 <= (double)WATCH_MOST_US) {
		*every_us = (int64_t)(seconds * 1e6);
		return true;
	}
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"--watch: '%s' is no such time; allowed: 500ms to 1d, seconds if without a unit", text);
	return false;
}

/* Before the first thread, which takes the mask over. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Says which hosts were lost and which are back since the last time. Returns how many are lost. */
static unsigned
report_changes(struct listing *listing, const struct fleet_snap *snap)
{
	int64_t now = clock_now_us();
	unsigned lost = 0;

	if (!listing->lost->len) {
		g_byte_array_set_size(listing->lost, (guint)snap->nhosts);
		memset(listing->lost->data, 0, snap->nhosts);
	}
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		bool is_lost = !host_snap_fresh(host, now);

		lost += is_lost;
		if (is_lost == listing->lost->data[i])
			continue;
		listing->lost->data[i] = is_lost;
		if (is_lost) {
			settle_complain(host, now);
			continue;
		}
		g_autofree char *name = text_harmless(host->name);

		fprintf(stderr, "virt-fleet: %s: is back\n", name);
	}
	return lost;
}

/* False: somebody wants the stream to end, or nobody reads it any more. */
static bool
wait_until(const struct listing *listing, int64_t due_us)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = listing->stop_fd, .events = POLLIN },
			{ .fd = STDOUT_FILENO } };
		int64_t left_us = due_us - clock_now_us();

		if (left_us <= 0)
			return true;
		if (poll(fds, G_N_ELEMENTS(fds), (int)((left_us + 999) / 1000)) > 0)
			return false;
	}
}

static int
print_stream(struct listing *listing)
{
	/* those that hang are lost until they answer: nobody who watches waits for them */
	const struct settle_opts opts = { listing->stop_fd, MAX(listing->every_us, FIRST_MOST_US) };
	const struct fleet_snap *snap = settle(&listing->app, &listing->need, &opts);
	int64_t due_us = clock_now_us();
	int status = EXIT_SUCCESS;
	unsigned lost;
	bool goes_on;

	do {
		goes_on = print(listing, snap, &status);
		lost = report_changes(listing, snap);
		/* what could not be done in time is left out, not caught up with */
		due_us = MAX(due_us + listing->every_us, clock_now_us());
		goes_on = goes_on && wait_until(listing, due_us);
		fleet_snap_unref(snap);
		snap = fleet_snapshot(listing->app.fleet);
	} while (goes_on);
	fleet_snap_unref(snap);
	return lost ? EXIT_SOME_FAILED : status;
}

/* ---- the command ---- */

static int
run(struct listing *listing)
{
	struct config *config = listing->env->config;
	g_autoptr(GError) error = NULL;

	listing->stop_fd = listing->every_us ? signals_open() : -1;
	if (listing->every_us)
		config->interval_ms = MIN(config->interval_ms, listing->every_us / 1000);
	if (!command_start(listing->env, listing->every_us ? NULL : &listing->need, &listing->app, &error))
		return command_failed(EXIT_SOME_FAILED, error);
	return command_end(&listing->app, listing->every_us ? print_stream(listing) : print_once(listing));
}

int
command_list(const struct command_env *env)
{
	const struct options *options = env->options;
	struct listing listing = { .env = env };
	g_autoptr(GError) error = NULL;
	int status;

	if (!parse_watch(options->watch, &listing.every_us, &error))
		return command_failed(EXIT_USAGE, error);
	command_read_maintenance(env);
	listing.batch = batch_new(
		&(struct batch_opts){
			.config = env->config,
			.maintenance = env->maintenance,
			.what = options->what,
			.by = options->by,
			.format = options->format,
			.columns = options->columns,
			.where = options->where,
			.sort = options->sort,
			.stream = listing.every_us > 0,
		},
		&error);
	if (!listing.batch)
		return command_failed(EXIT_USAGE, error);
	listing.need = batch_need(listing.batch);
	listing.lost = g_byte_array_new();
	status = run(&listing);
	batch_free(listing.batch);
	g_byte_array_unref(listing.lost);
	return status;
}
