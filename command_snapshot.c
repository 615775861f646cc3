/* snapshot: one frame of the screen, for scripts. */
#include "commands.h"
#include "settle.h"

#include "fleet/clock.h"
#include "views/console.h"

#include <stdio.h>
#include <stdlib.h>

struct frame {
	struct console *console;
	struct canvas *canvas;
};

static void
print_frame(struct frame *frame, const struct fleet_snap *snap)
{
	g_autofree char *text = NULL;

	console_set_snapshot(frame->console, snap);
	console_tick(frame->console, clock_now_us(), clock_wall_us());
	console_draw(frame->console, frame->canvas);
	text = canvas_text(frame->canvas);
	fputs(text, stdout);
}

/* Prints the frame as it is once everything is known; returns the exit code. */
static int
take_frame(const struct command_env *env, struct frame *frame)
{
	static const struct snap_need everything = { .samples = 2, .host_facts = true, .vm_facts = true };
	g_autoptr(GError) error = NULL;
	const struct fleet_snap *snap;
	struct app app;
	int status;

	if (!command_start(env, &everything, &app, &error))
		return command_failed(EXIT_SOME_FAILED, error);
	snap = settle(&app, &everything, NULL);
	print_frame(frame, snap);
	status = settle_report(snap, &everything) ? EXIT_SOME_FAILED : EXIT_SUCCESS;
	fleet_snap_unref(snap);
	return command_end(&app, status);
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
		return command_failed(EXIT_USAGE, error);
	frame.console = console_new(
		&(struct console_opts){
			.config = env->config,
			.maintenance = env->maintenance,
			.readonly = env->options->readonly,
			.demo = env->sim != NULL,
			.ascii = env->config->ascii,
			.view = env->options->view,
		},
		&error);
	if (!frame.console)
		return command_failed(EXIT_USAGE, error);
	frame.canvas = canvas_new(rows, cols, env->config->ascii);
	status = take_frame(env, &frame);
	canvas_free(frame.canvas);
	console_free(frame.console);
	return status;
}
