/* console: what is typed after `/` and `:`, and secrets. */
#include "views/console_private.h"

#include "tui/cell.h"
#include "views/catalog.h"
#include "views/command.h"
#include "views/groups_view.h"
#include "views/request.h"

#include <string.h>

/* Where one can filter: the table in front, else all guests. */
static struct list *
list_to_filter(struct console *console)
{
	if (!console_front(console)->list)
		stack_open(console->env.stack, &vms_view, NULL);
	return console_front(console)->list;
}

static void
search(struct console *console, const char *text)
{
	struct view *view = console_front(console);

	view->ops->search(view, text);
}

static void
open_search(struct console *console)
{
	search(console, "");
	console_open_prompt(console, PROMPT_FOR_SEARCH,
		&(struct prompt_opts){ .label = "search: ", .history = console->searches });
}

void
console_forget_filter_error(struct console *console)
{
	g_clear_pointer(&console->filter_error.words, g_free);
	console->filter_error = (struct filter_error){ 0 };
}

/* Only at the end of the text: completions would cut off what follows the cursor. */
static char **
complete_filter(void *ctx, const char *text, size_t cursor)
{
	struct console *console = ctx;
	struct list *list = console_front(console)->list;

	if (!list || text[cursor])
		return NULL;
	return filter_complete(list_kind(list), &console->env.row, console->env.snap, text);
}

void
console_filter(struct console *console)
{
	struct list *list;

	if (console_front(console)->ops->search) {
		open_search(console);
		return;
	}
	list = list_to_filter(console);
	console->filter_before = g_strdup(list_filter(list));
	console_open_prompt(console, PROMPT_FOR_FILTER,
		&(struct prompt_opts){ .label = "/",
			.initial = console->filter_before,
			.replaced = true,
			.history = console->filters,
			.complete = complete_filter,
			.ctx = console });
}

static struct command_ctx
command_ctx(struct console *console)
{
	struct view *view = console_front(console);

	return (struct command_ctx){
		.readonly = console->opts.readonly,
		.kind = view->list ? list_kind(view->list) : NULL,
		.snap = console->env.snap,
		.row = &console->env.row,
	};
}

static char **
complete(void *ctx, const char *text, size_t cursor)
{
	struct command_ctx command = command_ctx(ctx);

	return command_complete(&command, text, cursor);
}

void
console_command_from(struct console *console, const char *text)
{
	console_open_prompt(console, PROMPT_FOR_COMMAND,
		&(struct prompt_opts){ .label = ":",
			.initial = text,
			.history = console->commands,
			.complete = complete,
			.ctx = console });
}

void
console_command(struct console *console)
{
	console_command_from(console, NULL);
}

void
console_type(struct console *console)
{
	struct view *view = console_front(console);
	g_autofree char *initial = NULL;
	g_autofree char *label = view->ops->typing ? view->ops->typing(view, &initial) : NULL;

	if (label)
		console_open_prompt(console, PROMPT_FOR_VIEW,
			&(struct prompt_opts){ .label = label, .initial = initial, .replaced = true });
}

/* Shows the rows as the filter is typed; a wrong one leaves them, is underlined and explained. */
static bool
apply_filter(struct console *console, const char *text, enum query_mode mode, GError **error)
{
	struct filter_error *wrong = &console->filter_error;
	g_autoptr(GError) failure = NULL;
	struct query_fault fault;

	console_forget_filter_error(console);
	if (list_set_filter(list_to_filter(console), text, mode, &fault, &failure))
		return true;
	g_autofree char *before = g_strndup(text, fault.at);
	g_autofree char *at = g_strndup(text + fault.at, fault.length);

	*wrong = (struct filter_error){ .words = g_strdup(failure->message),
		.incomplete = fault.incomplete,
		.at = text_width(before),
		.cols = MAX(text_width(at), 1) };
	g_propagate_error(error, g_steal_pointer(&failure));
	return false;
}

static bool
run_sort(struct console *console, const char *argument, GError **error)
{
	struct list *list = list_to_filter(console);

	return list_set_sort(list, argument, error);
}

static bool
run_columns(struct console *console, const char *argument, GError **error)
{
	return list_set_columns(list_to_filter(console), argument, error);
}

static bool
run_group(struct console *console, const char *argument, GError **error)
{
	return list_set_group(list_to_filter(console), argument, error);
}

static bool
run_groups(struct console *console, const char *argument, GError **error)
{
	stack_open(console->env.stack, &groups_view, NULL);
	return !argument || groups_view_choose(console_front(console), argument, error);
}

static bool
run_host(struct console *console, const char *argument, GError **error)
{
	const struct host_snap *host = command_find_host(console->env.snap, argument);
	struct row_key key;

	if (!host) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no host '%s'", argument);
		return false;
	}
	key = host_key(host);
	stack_open(console->env.stack, &host_view, &key);
	return true;
}

static bool
run_vm(struct console *console, const char *argument, GError **error)
{
	const struct vm *vm = command_find_vm(console->env.snap, argument);
	struct row_key key;

	if (!vm) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no VM '%s'", argument);
		return false;
	}
	key = vm_key(vm);
	stack_open(console->env.stack, &vm_view, &key);
	return true;
}

static bool
run_maintenance(struct console *console, const char *argument, GError **error)
{
	bool on = strcmp(argument, "on") == 0;

	if (!on && strcmp(argument, "off") != 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "maintenance is on or off, not '%s'",
			argument);
		return false;
	}
	console_set_maintenance(console, on);
	return true;
}

static bool
run_even(struct console *console, const char *argument, GError **error G_GNUC_UNUSED)
{
	console_plan_even_at(console, argument);
	return true;
}

static bool
run_filter(struct console *console, const char *argument, GError **error)
{
	bool ok = apply_filter(console, argument ? argument : "", QUERY_WHOLE, error);

	console_forget_filter_error(console);
	return ok;
}

static void
run_command(struct console *console, const char *text)
{
	static bool (*const run[COMMAND_FORM_COUNT])(struct console *, const char *, GError **) = {
		[COMMAND_FORM_SORT] = run_sort,
		[COMMAND_FORM_FILTER] = run_filter,
		[COMMAND_FORM_COLUMNS] = run_columns,
		[COMMAND_FORM_GROUP] = run_group,
		[COMMAND_FORM_GROUPS] = run_groups,
		[COMMAND_FORM_HOST] = run_host,
		[COMMAND_FORM_VM] = run_vm,
		[COMMAND_FORM_MAINTENANCE] = run_maintenance,
		[COMMAND_FORM_EVEN] = run_even,
	};
	struct command_ctx ctx = command_ctx(console);
	g_autoptr(GError) error = NULL;
	struct command_line line;

	if (!command_parse(&ctx, text, &line, &error))
		console_complain(console, error);
	else if (line.params)
		console_act(console, request_action(line.request), line.params);
	else if (line.form == COMMAND_FORM_REQUEST && line.request != KEYMAP_NONE)
		console_request(console, line.request);
	else if (line.form != COMMAND_FORM_REQUEST && !run[line.form](console, line.argument, &error))
		console_complain(console, error);
	command_clear(&line);
}

/* What the view can't take stays to be mended. */
static bool
take_typed(struct console *console, const char *text)
{
	struct view *view = console_front(console);
	g_autoptr(GError) error = NULL;

	console_forget_filter_error(console);
	if (view->ops->take(view, text, &error))
		return true;
	console->filter_error =
		(struct filter_error){ .words = g_strdup(error->message), .cols = MAX(text_width(text), 1) };
	return false;
}

static void
prompt_done(struct console *console)
{
	g_autofree char *text = g_strdup(prompt_text(console->prompt));
	enum prompt_use use = console->prompt_use;

	if (use == PROMPT_FOR_SECRET) {
		if (*text)
			console_answer(console, text);
		else
			console_drop_modal(console);
		explicit_bzero(text, strlen(text));
		return;
	}
	if (use == PROMPT_FOR_VIEW && !take_typed(console, text))
		return;
	if (use == PROMPT_FOR_FILTER && !apply_filter(console, text, QUERY_WHOLE, NULL)) {
		/* to be mended: Esc gives up */
		console->filter_error.incomplete = false;
		return;
	}
	console_drop_modal(console);
	if (use == PROMPT_FOR_COMMAND)
		run_command(console, text);
}

void
console_prompt_input(struct console *console, struct input input)
{
	enum prompt_result result = PROMPT_EDITING;

	if (input.type == INPUT_KEY || input.type == INPUT_PASTE)
		result = prompt_key(console->prompt, input.key);
	if (result == PROMPT_CHANGED && console->prompt_use == PROMPT_FOR_FILTER)
		apply_filter(console, prompt_text(console->prompt), QUERY_TYPING, NULL);
	if (result == PROMPT_CHANGED && console->prompt_use == PROMPT_FOR_SEARCH)
		search(console, prompt_text(console->prompt));
	if (result == PROMPT_DONE) {
		prompt_done(console);
	} else if (result == PROMPT_CANCELLED) {
		if (console->prompt_use == PROMPT_FOR_FILTER)
			apply_filter(console, console->filter_before, QUERY_WHOLE, NULL);
		else if (console->prompt_use == PROMPT_FOR_SEARCH)
			search(console, "");
		console_drop_modal(console);
	}
}
