/* console: what keys, clicks, prompts and dialogs do. */
#include "views/console_private.h"

#include "actions/plan.h"
#include "tui/cell.h"
#include "views/catalog.h"
#include "views/command.h"
#include "views/request.h"

#include <string.h>

/* ---- modal things ---- */

void
console_drop_modal(struct console *console)
{
	g_clear_pointer(&console->dialog, dialog_free);
	g_clear_pointer(&console->prompt, prompt_free);
	g_clear_pointer(&console->plan, plan_free);
	g_clear_pointer(&console->ask, ask_free);
	g_clear_pointer(&console->filter_before, g_free);
	console->filter_error = -1;
}

static void
open_dialog(struct console *console, enum dialog_use use, const struct dialog_opts *opts)
{
	console->dialog = dialog_new(opts);
	console->dialog_use = use;
}

static void
open_prompt(struct console *console, enum prompt_use use, const struct prompt_opts *opts)
{
	console->prompt = prompt_new(opts);
	console->prompt_use = use;
}

static struct view *
front(const struct console *console)
{
	return stack_front(console->env.stack);
}

static void
complain(struct console *console, const GError *error)
{
	env_notice(&console->env, ROLE_BAD, "%s", error->message);
}

/* ---- verbs ---- */

static void
submit_plan(struct console *console)
{
	work_submit(console->work, console->plan);
}

static void
ask_about_plan(struct console *console, unsigned hidden)
{
	const struct plan *plan = console->plan;
	g_autofree char *title = plan_title(plan), *text = plan_text(plan), *button = plan_button(plan);
	g_autofree char *more =
		hidden ? g_strdup_printf("%s\n%u of the marked ones are hidden by the filter.", text, hidden)
		       : NULL;
	g_autofree char *count = g_strdup_printf("%u", plan->targets->len);

	open_dialog(console, DIALOG_FOR_PLAN,
		&(struct dialog_opts){
			.title = title,
			.text = more ? more : text,
			.confirm = button,
			.type_this = plan->targets->len >= (guint)console->opts.config->confirm_type_count
					     ? count
					     : NULL,
			.dangerous = plan->action->flags & ACTION_HURTS,
		});
}

/* What is chosen was chosen on the screen, but what can be done with it is decided by the newest state. */
static struct plan *
make_plan(struct console *console, const struct action *action, const GArray *keys)
{
	const struct fleet_snap *newest = fleet_snapshot(console->opts.fleet);
	struct plan *plan = plan_new(action, newest, keys);

	fleet_snap_unref(newest);
	return plan;
}

static void
act(struct console *console, const struct action *action)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct view *view = front(console);
	unsigned hidden;

	if (view->ops->target != action->target) {
		env_notice(&console->env, ROLE_WARN, "%s is done to VMs: choose some in the view vms",
			action->name);
		return;
	}
	if (!console->opts.fleet)
		return;
	view_selection(view, keys, &hidden);
	if (keys->len == 0) {
		env_notice(&console->env, ROLE_WARN, "no VM is chosen");
		return;
	}
	console->plan = make_plan(console, action, keys);
	if (console->plan->targets->len == 0) {
		g_autofree char *text = plan_nothing(console->plan);

		env_notice(&console->env, ROLE_WARN, "%s", text);
		console_drop_modal(console);
	} else if (console->plan->targets->len > 1 || console->plan->action->flags & ACTION_HURTS) {
		ask_about_plan(console, hidden);
	} else {
		submit_plan(console);
		console_drop_modal(console);
	}
}

/* ---- questions of hosts ---- */

static void
ask_hostkey(struct console *console)
{
	const struct ask *ask = console->ask;
	g_autofree char *text =
		g_strdup_printf("%s\n\n%u host%s wait%s for this. Accept the key only when the "
				"fingerprint is what the host's administrator says.",
			ask->text, ask->hosts, ask->hosts == 1 ? "" : "s", ask->hosts == 1 ? "s" : "");

	open_dialog(console, DIALOG_FOR_ASK,
		&(struct dialog_opts){ .title = "Unknown host key", .text = text, .confirm = "Accept" });
}

static void
ask_secret(struct console *console)
{
	const struct ask *ask = console->ask;
	g_autofree char *label = g_strdup_printf(
		"%s %s (%u host%s): ", ask->kind == ASK_PASSPHRASE ? "passphrase for" : "password of",
		ask->subject, ask->hosts, ask->hosts == 1 ? "" : "s");

	open_prompt(console, PROMPT_FOR_SECRET, &(struct prompt_opts){ .label = label, .secret = true });
}

static void
request_answer(struct console *console)
{
	console->ask = console->opts.asks ? asks_next(console->opts.asks) : NULL;
	if (!console->ask)
		env_notice(&console->env, ROLE_STATUS, "no host has a question");
	else if (console->ask->kind == ASK_HOSTKEY)
		ask_hostkey(console);
	else
		ask_secret(console);
}

/* One answer often has many hosts wait behind it: the next question follows at once. */
static void
answer(struct console *console, const char *secret)
{
	asks_answer(console->opts.asks, console->ask->kind, console->ask->subject, true, secret);
	console_drop_modal(console);
	if (asks_open_count(console->opts.asks))
		request_answer(console);
}

/* ---- prompts ---- */

/* Where one can filter: the table in front, else all guests. */
static struct list *
list_to_filter(struct console *console)
{
	if (!front(console)->list)
		stack_open(console->env.stack, &vms_view, NULL);
	return front(console)->list;
}

static void
request_filter(struct console *console)
{
	struct list *list = list_to_filter(console);

	console->filter_before = g_strdup(list_filter(list));
	open_prompt(console, PROMPT_FOR_FILTER,
		&(struct prompt_opts){
			.label = "/", .initial = console->filter_before, .history = console->filters });
}

static struct command_ctx
command_ctx(struct console *console)
{
	struct view *view = front(console);

	return (struct command_ctx){
		.readonly = console->opts.readonly,
		.kind = view->list ? list_kind(view->list) : NULL,
		.snap = console->env.snap,
	};
}

static char **
complete(void *ctx, const char *text, size_t cursor)
{
	struct command_ctx command = command_ctx(ctx);

	return command_complete(&command, text, cursor);
}

static void
request_command(struct console *console)
{
	open_prompt(console, PROMPT_FOR_COMMAND,
		&(struct prompt_opts){
			.label = ":", .history = console->commands, .complete = complete, .ctx = console });
}

/* Shows the rows as the filter is typed; a wrong one leaves them and is underlined. */
static bool
apply_filter(struct console *console, const char *text, GError **error)
{
	size_t at = 0;

	console->filter_error = -1;
	if (list_set_filter(list_to_filter(console), text, &at, error))
		return true;
	g_autofree char *before = g_strndup(text, at);

	console->filter_error = text_width(before);
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
run_filter(struct console *console, const char *argument, GError **error)
{
	bool ok = apply_filter(console, argument ? argument : "", error);

	console->filter_error = -1;
	return ok;
}

static void
run_command(struct console *console, const char *text)
{
	static bool (*const run[COMMAND_FORM_COUNT])(struct console *, const char *, GError **) = {
		[COMMAND_FORM_SORT] = run_sort,
		[COMMAND_FORM_FILTER] = run_filter,
		[COMMAND_FORM_COLUMNS] = run_columns,
		[COMMAND_FORM_HOST] = run_host,
		[COMMAND_FORM_VM] = run_vm,
	};
	struct command_ctx ctx = command_ctx(console);
	g_autoptr(GError) error = NULL;
	struct command_line line;

	if (!command_parse(&ctx, text, &line, &error))
		complain(console, error);
	else if (line.form == COMMAND_FORM_REQUEST && line.request != KEYMAP_NONE)
		console_request(console, line.request);
	else if (line.form != COMMAND_FORM_REQUEST && !run[line.form](console, line.argument, &error))
		complain(console, error);
	command_clear(&line);
}

static void
prompt_done(struct console *console)
{
	g_autofree char *text = g_strdup(prompt_text(console->prompt));
	enum prompt_use use = console->prompt_use;
	g_autoptr(GError) error = NULL;

	if (use == PROMPT_FOR_SECRET) {
		if (*text)
			answer(console, text);
		else
			console_drop_modal(console);
		explicit_bzero(text, strlen(text));
		return;
	}
	if (use == PROMPT_FOR_FILTER && !apply_filter(console, text, &error))
		complain(console, error);
	console_drop_modal(console);
	if (use == PROMPT_FOR_COMMAND)
		run_command(console, text);
}

static void
prompt_input(struct console *console, struct input input)
{
	enum prompt_result result = PROMPT_EDITING;

	if (input.type == INPUT_KEY || input.type == INPUT_PASTE)
		result = prompt_key(console->prompt, input.key);
	if (result == PROMPT_CHANGED && console->prompt_use == PROMPT_FOR_FILTER)
		apply_filter(console, prompt_text(console->prompt), NULL);
	if (result == PROMPT_DONE) {
		prompt_done(console);
	} else if (result == PROMPT_CANCELLED) {
		if (console->prompt_use == PROMPT_FOR_FILTER)
			apply_filter(console, console->filter_before, NULL);
		console_drop_modal(console);
	}
}

static void
dialog_confirmed(struct console *console)
{
	if (console->dialog_use == DIALOG_FOR_ASK) {
		answer(console, NULL);
		return;
	}
	if (console->dialog_use == DIALOG_FOR_PLAN)
		submit_plan(console);
	else
		console->opts.quit(console->opts.ctx);
	console_drop_modal(console);
}

/* ---- requests ---- */

static void
open_current(struct console *console)
{
	struct view *view = front(console);
	struct row_key key;

	if (!view_current(view, &key))
		return;
	if (view->ops == &host_view) {
		stack_open(console->env.stack, &vms_view, &key);
	} else if (view->ops == &vm_view) {
		key = (struct row_key){ .host = key.host, .is_host = true };
		stack_open(console->env.stack, &host_view, &key);
	} else {
		stack_open(console->env.stack, key.is_host ? &host_view : &vm_view, &key);
	}
}

static void
go_back(struct console *console)
{
	if (!stack_back(console->env.stack))
		env_notice(&console->env, ROLE_STATUS, "nothing to back out of; q quits");
}

static void
request_quit(struct console *console)
{
	unsigned pending = work_pending(console->work);
	g_autofree char *text =
		g_strdup_printf("%u act%s under way. Quitting now gives up on what has not been sent to "
				"its host yet; the rest ends without anybody to tell how.",
			pending, pending == 1 ? " is" : "s are");

	if (pending == 0)
		console->opts.quit(console->opts.ctx);
	else
		open_dialog(console, DIALOG_FOR_QUIT,
			&(struct dialog_opts){
				.title = "Quit?", .text = text, .confirm = "Quit", .dangerous = true });
}

static void
toggle_freeze(struct console *console)
{
	console->frozen = !console->frozen;
	console->frozen_us = console->env.now_us;
	console->changed = true;
	env_notice(&console->env, ROLE_STATUS,
		console->frozen ? "the screen stands still; Z goes on" : "going on");
}

static void
refresh(struct console *console)
{
	if (!console->opts.fleet)
		return;
	fleet_poke_all(console->opts.fleet);
	env_notice(&console->env, ROLE_STATUS, "asking all hosts");
}

static void
redraw(struct console *console)
{
	if (console->opts.redraw)
		console->opts.redraw(console->opts.ctx);
}

static void
open_pulse(struct console *console)
{
	stack_open(console->env.stack, &pulse_view, NULL);
}

static void
open_hosts(struct console *console)
{
	stack_open(console->env.stack, &hosts_view, NULL);
}

static void
open_vms(struct console *console)
{
	stack_open(console->env.stack, &vms_view, NULL);
}

static void
open_help(struct console *console)
{
	stack_open(console->env.stack, &help_view, NULL);
}

/* Faults of what has no rows are those of the hosts. */
static void
open_faults(struct console *console)
{
	open_hosts(console);
	if (!list_faults(front(console)->list))
		list_request(front(console)->list, REQ_FAULTS);
}

void
console_request(struct console *console, int request)
{
	static void (*const handlers[REQ_COUNT])(struct console *) = {
		[REQ_OPEN] = open_current,
		[REQ_BACK] = go_back,
		[REQ_PULSE] = open_pulse,
		[REQ_HOSTS] = open_hosts,
		[REQ_VMS] = open_vms,
		[REQ_HELP] = open_help,
		[REQ_FILTER] = request_filter,
		[REQ_FAULTS] = open_faults,
		[REQ_COMMAND] = request_command,
		[REQ_ANSWER] = request_answer,
		[REQ_FREEZE] = toggle_freeze,
		[REQ_REFRESH] = refresh,
		[REQ_REDRAW] = redraw,
		[REQ_QUIT] = request_quit,
	};
	const struct action *action = request_action(request);

	if (action)
		act(console, action);
	else if (!view_request(front(console), request) && handlers[request])
		handlers[request](console);
}

/* ---- input ---- */

static void
key_input(struct console *console, struct keyspec key)
{
	const struct keymap *keymap = keys_of(console->keys, front(console)->ops->name);
	int request;

	console->typed[console->ntyped++] = key;
	request = keymap_lookup(keymap, console->typed, console->ntyped);
	if (request == KEYMAP_PREFIX && console->ntyped < KEYMAP_MAX_SEQUENCE)
		return;
	console->ntyped = 0;
	if (request >= 0) {
		console_request(console, request);
	} else {
		g_autofree char *name = keyspec_format(key);

		env_notice(&console->env, ROLE_STATUS, "%s does nothing here%s; ? shows the keys", name,
			console->opts.readonly ? " (read-only)" : "");
	}
}

void
console_input(struct console *console, struct input input)
{
	console->needs_draw = true;
	if (console->dialog) {
		enum dialog_result result = dialog_input(console->dialog, input);

		if (result == DIALOG_CONFIRMED)
			dialog_confirmed(console);
		else if (result == DIALOG_CANCELLED)
			console_drop_modal(console);
	} else if (console->prompt) {
		prompt_input(console, input);
	} else if (input.type == INPUT_KEY) {
		/* what went wrong stays to be read; all else has been seen */
		if (console->env.notice.text && console->env.notice.role == ROLE_STATUS)
			env_notice_drop(&console->env);
		key_input(console, input.key);
	} else if (input.type == INPUT_MOUSE && view_mouse(front(console), input)) {
		console_request(console, REQ_OPEN);
	}
}
