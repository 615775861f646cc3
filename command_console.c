/*
 * console: the interactive program – terminal, loop, fleet and console object joined together.
 */
#include "commands.h"
#include "farewell.h"
#include "hush.h"

#include "actions/journal.h"
#include "actions/note.h"
#include "actions/reconciler.h"
#include "fleet/clock.h"
#include "tui/loop.h"
#include "tui/term.h"
#include "tui/unstick.h"
#include "views/console.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lost acts that are called by name on the status line. */
#define LOST_NAMED 3

enum timer { TIMER_TICK, TIMER_ESC };

struct session {
	struct app app;
	struct term *term;
	struct loop *loop;
	struct console *console;
	struct canvas *canvas;
	struct journal *journal;       /* NULL: nothing will be done */
	struct reconciler *reconciler; /* NULL: likewise, or there is no thread left for it */
	const char *ended_by;          /* a signal's name, NULL: the operator … */
	bool abort_moves;              /* … who wants that */
	bool away;                     /* the terminal is the shell's, until SIGCONT is read */
};

/* ---- what the loop calls ---- */

/* Only wakes the loop: session_paint() follows each round. */
static void
session_tick(void *ctx)
{
	(void)ctx;
}

static void
session_paint(void *ctx)
{
	struct session *session = ctx;

	console_tick(session->console, clock_now_us(), clock_wall_us());
	if (console_needs_draw(session->console) && !session->away) {
		console_draw(session->console, session->canvas);
		term_paint(session->term, session->canvas);
	}
	loop_set_timer(session->loop, TIMER_TICK, console_next_due(session->console), session_tick, session);
}

static void
session_job_done(void *ctx, struct job *job)
{
	struct session *session = ctx;

	reconciler_add_job(session->reconciler, job);
	console_job_done(session->console, job);
}

static void
session_take_findings(struct session *session)
{
	struct finding finding;

	while (reconciler_take(session->reconciler, &finding)) {
		console_job_found(session->console, finding.serial, finding.where);
		g_free(finding.where);
	}
}

static void
session_mail(void *ctx)
{
	struct session *session = ctx;
	struct message message;

	if (mailbox_take_mark(session->app.mailbox))
		console_fleet_changed(session->console);
	while (mailbox_pop(session->app.mailbox, &message))
		session_job_done(session, message.data);
	session_take_findings(session);
	if (session->app.eventlog) {
		bool bad;
		g_autofree char *news = eventlog_take_news(session->app.eventlog, &bad);

		if (news)
			console_tell(session->console, bad ? ROLE_BAD : ROLE_STATUS, news);
	}
}

static void
session_resize(struct session *session)
{
	int rows, cols;

	term_resized(session->term);
	term_size(session->term, &rows, &cols);
	canvas_resize(session->canvas, rows, cols);
	console_input(session->console, (struct input){ .type = INPUT_RESIZE });
}

static void
session_end(struct session *session, const char *why)
{
	session->ended_by = why;
	loop_quit(session->loop);
}

/* The line is raw, so that the shell's key for it comes to us: we stop as any program would. Everything stops with us; what
 * has gone stale meanwhile says so, and lost links are made anew. SIGCONT puts the screen back. But a move would be lost with
 * its link. */
static void
session_to_background(struct session *session)
{
	if (fleet_moves_pending(session->app.fleet) > 0) {
		console_tell(
			session->console, ROLE_WARN, "not while a guest is on the move: that would break it");
		return;
	}
	session->away = true;
	term_suspend(session->term);
	raise(SIGSTOP);
}

static bool
is_suspend_key(struct input input)
{
	return input.type == INPUT_KEY &&
	       keyspec_equal(input.key, (struct keyspec){ .code = 'z', .mods = KEY_MOD_CTRL });
}

static void
session_keyboard(void *ctx)
{
	struct session *session = ctx;
	int wait_ms = -1;

	for (;;) {
		struct input input = term_read(session->term, &wait_ms);

		if (input.type == INPUT_NONE)
			break;
		if (input.type == INPUT_EOF) {
			session_end(session, "the terminal is gone");
			return;
		}
		if (input.type == INPUT_RESIZE)
			session_resize(session);
		else if (is_suspend_key(input) && !console_takes_keys(session->console))
			session_to_background(session);
		else
			console_input(session->console, input);
	}
	loop_set_timer(session->loop, TIMER_ESC, wait_ms >= 0 ? clock_now_us() + wait_ms * 1000 : 0,
		session_keyboard, session);
}

static void
session_signal(void *ctx, int signal)
{
	struct session *session = ctx;

	switch (signal) {
	case SIGWINCH:
		session_resize(session);
		break;
	case SIGCONT: /* the shell has changed the line's settings meanwhile */
		term_resume(session->term);
		session->away = false;
		session_resize(session);
		break;
	default:
		session_end(session, strsignal(signal));
		break;
	}
}

static void
session_quit(void *ctx, bool abort)
{
	struct session *session = ctx;

	session->abort_moves = abort;
	session_end(session, NULL);
}

static void
session_redraw(void *ctx)
{
	struct session *session = ctx;

	term_redraw(session->term);
}

static bool
session_copy(void *ctx, const char *text, GError **error)
{
	struct session *session = ctx;

	return term_copy(session->term, text, error);
}

static void
session_watch(void *ctx, int fd, bool write, void (*ready)(void *data), void *data)
{
	struct session *session = ctx;

	loop_remove_fd(session->loop, fd);
	if (!ready)
		return;
	loop_add_fd(session->loop, fd, ready, data);
	loop_set_writing(session->loop, fd, write);
}

/* ---- the journal ---- */

/* What an earlier run began and did not live to see the end of, for the status line and the time line. */
static void
tell_lost(struct session *session, const struct config *config, const GPtrArray *found)
{
	GString *text = g_string_new(NULL);
	g_autofree char *remark = NULL;
	unsigned n = 0;

	for (guint i = 0; i < found->len; i++) {
		const struct journal_lost *lost = found->pdata[i];

		reconciler_add_lost(session->reconciler, config, lost);
		if (lost->told)
			continue;
		note_lost(session->app.timeline, config, lost);
		if (n++ < LOST_NAMED)
			g_string_append_printf(text, "%s%s of %s", n > 1 ? ", " : "",
				lost->verb ? lost->verb : "an act", lost->vm ? lost->vm : "-");
	}
	remark = g_strdup_printf("an earlier run did not see the end of %u act%s: %s%s", n, n == 1 ? "" : "s",
		text->str, n > LOST_NAMED ? ", …" : "");
	if (n)
		console_tell(session->console, ROLE_WARN, remark);
	g_string_free(text, TRUE);
}

/* Simulated guests are nobody's, and who only watches leaves no traces. */
static void
session_open_journal(struct session *session, const struct command_env *env)
{
	const struct config *config = env->config;

	if (env->sim || env->options->readonly)
		return;
	session->journal = journal_new(&(struct journal_opts){
		.source = "console",
		.path = config->journal_path,
		.max_bytes = config->journal_max_mib << 20,
		.syslog = config->journal_syslog,
	});
}

static const struct fleet_snap *
session_snapshot(void *ctx)
{
	struct session *session = ctx;

	return fleet_snapshot(session->app.fleet);
}

static void
session_found(void *ctx)
{
	struct session *session = ctx;

	mailbox_mark(session->app.mailbox);
}

static void
session_start_reconciler(struct session *session)
{
	if (!session->journal)
		return;
	session->reconciler = reconciler_new(&(struct reconciler_opts){
		.timeline = session->app.timeline,
		.journal = session->journal,
		.snapshot = session_snapshot,
		.changed = session_found,
		.ctx = session,
	});
}

/* Only once there is a screen to read of them on: lost acts are found once. */
static void
session_recover(struct session *session, const struct config *config)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) found = session->journal ? journal_recover(session->journal, &error) : NULL;

	if (error)
		console_tell(session->console, ROLE_WARN, error->message);
	else if (found && found->len)
		tell_lost(session, config, found);
}

/* ---- start and end ---- */

static bool
session_start(struct session *session, const struct command_env *env, GError **error)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT };
	const struct config *config = env->config;
	int rows, cols;

	if (env->options->event_log && !app_log_events(&session->app, env->options->event_log, error))
		return false;
	session->console = console_new(
		&(struct console_opts){
			.config = config,
			.fleet = session->app.fleet,
			.asks = session->app.asks,
			.timeline = session->app.timeline,
			.journal = session->journal,
			.guards = env->guards,
			.maintenance = env->maintenance,
			.readonly = env->options->readonly,
			.demo = env->sim != NULL,
			.ascii = config->ascii,
			.view = env->options->view,
			.quit = session_quit,
			.redraw = session_redraw,
			.copy = session_copy,
			.watch = session_watch,
			.ctx = session,
		},
		error);
	if (!session->console || !(session->loop = loop_new(error)))
		return false;
	session->term = term_start(
		&(struct term_opts){
			.theme = config->theme,
			.mouse = config->mouse,
			.mono = env->options->no_color || (getenv("NO_COLOR") && *getenv("NO_COLOR")),
		},
		error);
	if (!session->term)
		return false;
	term_size(session->term, &rows, &cols);
	session->canvas = canvas_new(rows, cols, config->ascii);
	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
		loop_add_signal(session->loop, signals[i], session_signal, session);
	loop_add_fd(session->loop, STDIN_FILENO, session_keyboard, session);
	loop_add_fd(session->loop, mailbox_fd(session->app.mailbox), session_mail, session);
	loop_set_after(session->loop, session_paint, session);
	session_start_reconciler(session);
	session_recover(session, config);
	return true;
}

static void
session_stop(struct session *session)
{
	canvas_free(session->canvas);
	console_free(session->console);
	loop_free(session->loop);
}

int
command_console(const struct command_env *env)
{
	g_autoptr(GError) error = NULL;
	struct session session = { 0 };
	int real_stderr, status = EXIT_SUCCESS;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr, "virt-fleet: the console needs a terminal; in scripts use: virt-fleet list, "
				"check or snapshot\n");
		return EXIT_USAGE;
	}
	app_block_signals();
	if (!app_init(&session.app,
		    &(struct app_opts){
			    .config = env->config,
			    .sim = env->sim,
			    .ssh_config = env->options->ssh_config,
			    .readonly = env->options->readonly,
			    .interactive = true,
		    },
		    &error)) {
		fprintf(stderr, "virt-fleet: %s\n", error->message);
		return EXIT_FAILURE;
	}
	session_open_journal(&session, env);
	real_stderr = hush_begin();
	if (session_start(&session, env, &error)) {
		struct unstick *unstick = unstick_start();

		fleet_start(session.app.fleet);
		loop_run(session.loop);
		if (unstick_stop(unstick) && real_stderr >= 0) {
			close(real_stderr);
			real_stderr = -1;
		}
	}
	term_stop(session.term);
	hush_end(real_stderr);
	if (session.ended_by)
		fprintf(stderr, "virt-fleet: ended: %s\n", session.ended_by);
	if (error) {
		fprintf(stderr, "virt-fleet: %s\n", error->message);
		status = EXIT_USAGE;
	} else {
		farewell(&(struct farewell_opts){
			.fleet = session.app.fleet,
			.mailbox = session.app.mailbox,
			.console = session.console,
			.done = session_job_done,
			.ctx = &session,
			.abort_moves = session.abort_moves,
		});
	}
	session_stop(&session);
	reconciler_free(session.reconciler);
	if (!app_done(&session.app))
		_exit(status);
	journal_free(session.journal);
	return status;
}
