/* console: life and drawing; console_update.c has time and what comes with it, console_input.c, console_prompt.c and
 * console_verbs.c have the keys and what they do. */
#include "views/console_private.h"

#include "actions/journal.h"
#include "actions/registry.h"
#include "fleet/clock.h"
#include "tui/cell.h"
#include "views/catalog.h"
#include "views/header.h"
#include "views/history.h"
#include "views/request.h"
#include "views/serial.h"

#include <string.h>

/* ---- life ---- */

static const struct fleet_snap *
empty_snapshot(void)
{
	struct fleet_snap *snap = g_new0(struct fleet_snap, 1);

	snap->refs = 1;
	return snap;
}

static const struct view_ops *
first_view(const char *name, GError **error)
{
	const struct view_ops *ops = name ? catalog_find(name) : &pulse_view;
	g_autofree char *names = NULL;

	if (ops && !ops->about_one)
		return ops;
	names = g_strjoinv(", ", (char **)(uintptr_t)console_view_names());
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--view: there is no view '%s'; allowed are: %s",
		name, names);
	return NULL;
}

struct console *
console_new(const struct console_opts *opts, GError **error)
{
	const struct view_ops *first = first_view(opts->view, error);
	struct keys *keys = first ? keys_new(opts->config, opts->readonly, error) : NULL;
	struct console *console;

	if (!keys)
		return NULL;
	console = g_new0(struct console, 1);
	console->opts = *opts;
	console->keys = keys;
	console->env = (struct env){
		.config = opts->config,
		.fleet = opts->fleet,
		.timeline = opts->timeline,
		.copy = opts->copy,
		.copy_ctx = opts->ctx,
		.watch = opts->watch,
		.watch_ctx = opts->ctx,
		.journal = opts->journal,
		.guards = opts->guards,
		.keys = keys,
		.readonly = opts->readonly,
		.demo = opts->demo,
		.snap = opts->fleet ? fleet_snapshot(opts->fleet) : empty_snapshot(),
		.history = history_new(),
		.row = { .config = opts->config, .timeline = opts->timeline, .ascii = opts->ascii },
	};
	console->env.row.history = console->env.history;
	console->env.chosen = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	totals_fleet(console->env.snap, &console->env.row, &console->env.totals);
	console_moves_init(console);
	console->work = work_new(&console->env);
	console->journal_place = opts->demo ? NULL : journal_place(opts->config->journal_path);
	console->env.row.journal = console->journal_place;
	console->env.row.queue = work_queue(console->work);
	console->watch = watch_new(opts->fleet);
	console->filters = g_ptr_array_new_with_free_func(g_free);
	console->searches = g_ptr_array_new_with_free_func(g_free);
	console->commands = g_ptr_array_new_with_free_func(g_free);
	console->env.stack = stack_new(&console->env, first);
	console->changed = opts->fleet != NULL;
	console->env.now_us = clock_now_us(); /* for how long a notice stays */
	console->needs_draw = true;
	return console;
}

void
console_free(struct console *console)
{
	if (!console)
		return;
	console_drop_modal(console);
	stack_free(console->env.stack);
	serial_free(console->env.serial);
	watch_free(console->watch);
	work_free(console->work);
	console_moves_done(console);
	keys_free(console->keys);
	g_free(console->journal_place);
	env_notice_drop(&console->env);
	history_free(console->env.history);
	g_array_unref(console->env.chosen);
	fleet_snap_unref(console->update.snap);
	fleet_snap_unref(console->update.past);
	fleet_snap_unref(console->env.snap);
	g_ptr_array_free(console->filters, TRUE);
	g_ptr_array_free(console->searches, TRUE);
	g_ptr_array_free(console->commands, TRUE);
	g_free(console);
}

const char *const *
console_view_names(void)
{
	static const char *const names[] = { "pulse", "hosts", "vms", "groups", "map", "jobs", "events",
		"plan", "targets", "journal", "pin-many", "help", NULL };

	return names;
}

/* ---- drawing ---- */

static bool
has_rows(const struct view *view)
{
	return view->list != NULL;
}

static bool
has_verbs(const struct view *view)
{
	size_t n;
	const struct action *const *actions = registry_actions(view->env->readonly, &n);

	for (size_t i = 0; i < n; i++)
		if (actions[i]->target == view->ops->target)
			return view->ops->target != TARGET_NONE;
	return false;
}

static bool
has_cursor(const struct view *view)
{
	return view->ops->current != NULL;
}

static bool
is_page(const struct view *view)
{
	return view->ops->fill != NULL;
}

static bool
is_searched(const struct view *view)
{
	return view->ops->search != NULL;
}

/* What is changed in it is done by Enter. */
static bool
is_edited(const struct view *view)
{
	return view->ops->typing != NULL;
}

static bool
is_drawn_and_edited(const struct view *view)
{
	return view->ops->draw && is_edited(view);
}

/* Pages of one thing filter, too, by opening a table, but have more to offer. */
static bool
is_filtered(const struct view *view)
{
	return !view->ops->search && !is_edited(view) && (view->list || view->ops->draw);
}

static bool
leads_on(const struct view *view)
{
	return !view->ops->search && !is_edited(view) &&
	       (view->list || view->ops->about_one || view->ops->draw);
}

static bool
has_layers(const struct view *view)
{
	const struct list *list = view->list;

	return stack_has_back(view->env->stack) ||
	       (list && (list_has_marks(list) || *list_filter(list) || list_faults(list)));
}

/* What the last line offers where it makes sense, as far as there is room. */
static const struct {
	int request;
	const char *word;
	bool (*where)(const struct view *view); /* NULL: everywhere */
} hints[] = {
	{ REQ_HELP, "help", NULL },
	{ REQ_FILTER, "filter", is_filtered },
	{ REQ_FILTER, "search", is_searched },
	{ REQ_NEXT_BLOCK, "choose", has_cursor },
	{ REQ_COPY, "copy", NULL }, /* has a key in one view alone */
	{ REQ_OPEN, "open", leads_on },
	{ REQ_CANCEL, "cancel", NULL },
	{ REQ_RETRY, "retry failed", NULL },
	{ REQ_PAUSE, "pause", NULL },
	{ REQ_MARK, "toggle", is_drawn_and_edited },
	{ REQ_RANGE, "range", is_drawn_and_edited },
	{ REQ_TYPE, "type", NULL },
	{ REQ_PIN_CELL, "cell", NULL },
	{ REQ_PIN_ROW, "row", NULL },
	{ REQ_PIN_COLUMN, "column", NULL },
	{ REQ_OPEN, "apply", is_edited },
	{ REQ_NEXT_BLOCK, "next block", is_page },
	{ REQ_SPAN, "span", NULL },
	{ REQ_XML, "xml", NULL },
	{ REQ_MARK, "mark", has_rows },
	{ REQ_MENU, "verbs", has_verbs },
	{ REQ_MEASURE, "measure", NULL }, /* these have a key in one view alone */
	{ REQ_CELLS, "hosts/VMs", NULL },
	{ REQ_GROUP_BY, "group by", NULL },
	{ REQ_BACK, "back", has_layers },
	{ REQ_FAULTS, "faults", is_filtered },
	{ REQ_SORT_RIGHT, "sort", has_rows },
	{ REQ_COMMAND, "command", NULL },
	{ REQ_QUIT, "quit", NULL },
};

static int
draw_hint(const struct pane *pane, int y, int x, const struct keymap *keymap, int request, const char *word)
{
	g_autofree char *key = keys_label(keymap, request);
	int width = key ? text_width(key) + 1 + text_width(word) : 0;

	if (!key || x + width > pane->cols)
		return x;
	x += pane_text(pane, y, x, -1, ROLE_KEY, key) + 1;
	return x + pane_text(pane, y, x, -1, ROLE_STATUS, word) + 2;
}

static void
draw_hints(struct console *console, const struct pane *pane, int y)
{
	struct view *view = stack_front(console->env.stack);
	const struct keymap *keymap = keys_of(console->keys, view->ops->name);
	int x = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(hints); i++) {
		/* the verbs stand in the middle: they are what one comes for */
		for (int request = REQ_COUNT;
			hints[i].request == REQ_COMMAND && request < request_limit(console->opts.readonly);
			request++)
			if (request_action(request)->target == view->ops->target)
				x = draw_hint(pane, y, x, keymap, request, request_name(request));
		if (!hints[i].where || hints[i].where(view))
			x = draw_hint(pane, y, x, keymap, hints[i].request, hints[i].word);
	}
}

static void
draw_question(struct console *console, const struct pane *pane, int y, unsigned questions)
{
	struct view *view = stack_front(console->env.stack);
	struct ask *ask = asks_next(console->opts.asks);
	g_autofree char *key = keys_label(keys_of(console->keys, view->ops->name), REQ_ANSWER);

	if (!ask)
		return;
	/* what to do comes first: the rest may not fit */
	pane_printf(pane, y, 0, ROLE_WARN, "%s %s to answer %u question%s: %s %s (%u host%s)",
		key ? "press" : "type", key ? key : ":answer", questions, questions == 1 ? "" : "s",
		ask->kind == ASK_HOSTKEY      ? "unknown host key of"
		: ask->kind == ASK_PASSPHRASE ? "passphrase for"
					      : "password of",
		ask->subject, ask->hosts, ask->hosts == 1 ? "" : "s");
	ask_free(ask);
}

static void
draw_status(struct console *console, const struct pane *pane, int y)
{
	const struct notice *notice = &console->env.notice;
	unsigned questions = console->opts.asks ? asks_open_count(console->opts.asks) : 0;

	pane_fill(pane, y, 0, -1, ROLE_STATUS);
	if (console->prompt)
		prompt_draw(console->prompt, pane, y,
			console->filter_error.words ? console->filter_error.at : -1,
			console->filter_error.cols);
	else if (notice->text)
		pane_text(pane, y, 0, -1, notice->role, notice->text);
	else if (questions)
		draw_question(console, pane, y, questions);
	else
		draw_hints(console, pane, y);
}

/* Bytes that all CANDIDATES begin with, up to the word or value that they differ in. */
static size_t
common_beginning(const char *const *candidates)
{
	size_t same = strlen(candidates[0]);

	for (size_t i = 1; candidates[i]; i++)
		for (size_t j = 0; j < same; j++)
			if (candidates[i][j] != candidates[0][j])
				same = j;
	while (same > 0 && !strchr(" ,(=", candidates[0][same - 1]))
		same--;
	return same;
}

static void
draw_candidates(const char *const *candidates, const struct pane *pane, int y)
{
	size_t same = common_beginning(candidates);
	int x = 0;

	pane_fill(pane, y, 0, -1, ROLE_STATUS);
	for (size_t i = 0; candidates[i] && x < pane->cols; i++)
		x += pane_text(pane, y, x, -1, ROLE_DIM, candidates[i] + same) + 2;
}

/* The line above the status line, when the view has one, or what the prompt wants to say. */
static bool
draw_summary(struct console *console, const struct pane *pane, int y)
{
	struct view *view = stack_front(console->env.stack);
	const char *const *candidates = console->prompt ? prompt_candidates(console->prompt) : NULL;
	const struct filter_error *wrong = &console->filter_error;
	const char *summary = view_summary(view);
	int x = 0;

	if (candidates) {
		draw_candidates(candidates, pane, y);
		return true;
	}
	if (!summary && !wrong->words)
		return false;
	pane_fill(pane, y, 0, -1, ROLE_STATUS);
	if (wrong->words) {
		pane_text(pane, y, 0, -1, wrong->incomplete ? ROLE_DIM : ROLE_BAD, wrong->words);
		return true;
	}
	if (view->list)
		x = list_draw_standing(view->list, pane, y);
	pane_text(pane, y, x, -1, ROLE_STATUS, summary);
	return true;
}

/* Header on top, then the view, its summary and the status line; a screen too small for all keeps the first ones. */
static void
draw_framed(struct console *console, struct view *view, const struct pane *screen)
{
	int bottom = screen->rows;
	struct pane body;

	if (bottom > 2 || console->prompt)
		draw_status(console, screen, --bottom);
	if (bottom > 4 && draw_summary(console, screen, bottom - 1))
		bottom--;
	body = pane_sub(screen, 1, 0, bottom - 1, screen->cols);
	if (body.rows > 0 && body.cols > 0)
		view_draw(view, &body);
	if (bottom > 0)
		header_draw(view,
			&(struct header_opts){
				.frozen = console->frozen,
				.frozen_us = console->frozen_us,
				.work = work_queue(console->work),
				.questions = console->opts.asks ? asks_open_count(console->opts.asks) : 0,
			},
			screen);
}

void
console_draw(struct console *console, struct canvas *canvas)
{
	struct pane screen = pane_whole(canvas);
	struct view *view = stack_front(console->env.stack);

	console->needs_draw = console->answering = false;
	canvas_clear(canvas);
	canvas_set_cursor(canvas, -1, -1);
	if (view->ops->whole)
		view_draw(view, &screen);
	else
		draw_framed(console, view, &screen);
	if (console->dialog)
		dialog_draw(console->dialog, &screen);
	else if (console->menu)
		menu_draw(console->menu, &screen);
	watch_update(console->watch, view);
}
