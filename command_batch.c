/*
 * list and snapshot: the screen's tables, and one frame of the screen, for scripts.
 */
#include "commands.h"
#include "settle.h"

#include "fleet/clock.h"
#include "views/batch.h"
#include "views/console.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_SOME_FAILED 1
#define EXIT_USAGE       2

/* Between the two samples that a rate needs. */
#define BATCH_INTERVAL_MS 1000

static int
failed(int status, const GError *error)
{
	fprintf(stderr, "virt-fleet: %s\n", error->message);
	return status;
}

/* Starts the fleet, waits for what NEED asks, hands the snapshot to USE and says which hosts are missing from it. */
static int
with_snapshot(const struct command_env *env, const struct snap_need *need,
	bool (*use)(void *ctx, const struct fleet_snap *snap, GError **error), void *ctx)
{
	g_autoptr(GError) error = NULL;
	const struct fleet_snap *snap;
	struct app app;
	int status;

	env->config->interval_ms = BATCH_INTERVAL_MS;
	if (!app_init(&app,
		    &(struct app_opts){
			    .config = env->config,
			    .sim = env->sim,
			    .ssh_config = env->options->ssh_config,
			    .readonly = env->options->readonly,
			    .once = need,
		    },
		    &error))
		return failed(EXIT_SOME_FAILED, error);
	fleet_start(app.fleet);
	snap = settle(&app, need);
	/* who reads only the first lines has what he wants */
	if (!use(ctx, snap, &error) && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_PIPE))
		status = failed(EXIT_SOME_FAILED, error);
	else
		status = settle_report(snap) ? EXIT_SOME_FAILED : EXIT_SUCCESS;
	fleet_snap_unref(snap);
	if (!app_done(&app)) {
		fflush(stdout);
		_exit(status);
	}
	return status;
}

static bool
print_batch(void *ctx, const struct fleet_snap *snap, GError **error)
{
	return batch_print(ctx, snap, clock_now_us(), stdout, error);
}

int
command_columns_help(const char *what)
{
	g_autofree char *help = batch_columns_help(what);

	fputs(help, stdout);
	return EXIT_SUCCESS;
}

int
command_list(const struct command_env *env)
{
	const struct options *options = env->options;
	g_autoptr(GError) error = NULL;
	struct batch *batch;
	int status;

	batch = batch_new(
		&(struct batch_opts){
			.config = env->config,
			.what = options->what,
			.format = options->format,
			.columns = options->columns,
			.where = options->where,
		},
		&error);
	if (!batch)
		return failed(EXIT_USAGE, error);
	status = with_snapshot(env,
		&(struct snap_need){
			.samples = batch_needs_rates(batch) ? 2 : 1,
			.host_facts = batch_needs_facts(batch),
			.vm_facts = batch_needs_facts(batch),
		},
		print_batch, batch);
	batch_free(batch);
	return status;
}

struct frame {
	struct console *console;
	struct canvas *canvas;
};

static bool
print_frame(void *ctx, const struct fleet_snap *snap, GError **error)
{
	struct frame *frame = ctx;
	g_autofree char *text = NULL;

	(void)error;
	console_set_snapshot(frame->console, snap);
	console_tick(frame->console, clock_now_us(), clock_wall_us());
	console_draw(frame->console, frame->canvas);
	text = canvas_text(frame->canvas);
	fputs(text, stdout);
	return true;
}

#define SIZE_MAX_ROWS 1000
#define SIZE_MAX_COLS 1000

static bool
parse_size(const char *text, int *rows, int *cols, GError **error)
{
	char rest;

	*cols = 120;
	*rows = 40;
	if (!text || (sscanf(text, "%4dx%4d%c", cols, rows, &rest) == 2 && *cols > 0 && *rows > 0 &&
			     *cols <= SIZE_MAX_COLS && *rows <= SIZE_MAX_ROWS))
		return true;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"--size: '%s' is no size; allowed: COLUMNSxLINES up to %dx%d, such as 80x24", text,
		SIZE_MAX_COLS, SIZE_MAX_ROWS);
	return false;
}

int
command_snapshot(const struct command_env *env)
{
	g_autoptr(GError) error = NULL;
	struct frame frame;
	int rows, cols, status;

	if (!parse_size(env->options->size, &rows, &cols, &error))
		return failed(EXIT_USAGE, error);
	frame.console = console_new(
		&(struct console_opts){
			.config = env->config,
			.readonly = env->options->readonly,
			.demo = env->sim != NULL,
			.ascii = env->config->ascii,
			.view = env->options->view,
		},
		&error);
	if (!frame.console)
		return failed(EXIT_USAGE, error);
	frame.canvas = canvas_new(rows, cols, env->config->ascii);
	status = with_snapshot(env, &(struct snap_need){ .samples = 2, .host_facts = true, .vm_facts = true },
		print_frame, &frame);
	canvas_free(frame.canvas);
	console_free(frame.console);
	return status;
}
