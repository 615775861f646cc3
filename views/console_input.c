/* console: where input goes, and what requests do. */
#include "views/console_private.h"

#include "views/catalog.h"
#include "views/request.h"

/* ---- modal things ---- */

void
console_drop_modal(struct console *console)
{
	g_clear_pointer(&console->dialog, dialog_free);
	g_clear_pointer(&console->menu, menu_free);
	g_clear_pointer(&console->menu_actions, g_ptr_array_unref);
	g_clear_pointer(&console->prompt, prompt_free);
	g_clear_pointer(&console->plan, plan_free);
	g_clear_pointer(&console->ask, ask_free);
	g_clear_pointer(&console->filter_before, g_free);
	console_forget_filter_error(console);
}

void
console_open_dialog(struct console *console, enum dialog_use use, const struct dialog_opts *opts)
{
	console->dialog = dialog_new(opts);
	console->dialog_use = use;
}

void
console_open_prompt(struct console *console, enum prompt_use use, const struct prompt_opts *opts)
{
	console->prompt = prompt_new(opts);
	console->prompt_use = use;
}

struct view *
console_front(const struct console *console)
{
	return stack_front(console->env.stack);
}

void
console_complain(struct console *console, const GError *error)
{
	env_notice(&console->env, ROLE_BAD, "%s", error->message);
}

static void
dialog_confirmed(struct console *console)
{
	if (console->dialog_use == DIALOG_FOR_ASK) {
		console_answer(console, NULL);
		return;
	}
	if (console->dialog_use == DIALOG_FOR_PLAN) {
		console_submit_plan(console);
		console_leave_view(console);
	} else if (console->dialog_use == DIALOG_FOR_SERIAL) {
		console_request(console, REQ_TAKE_OVER);
	} else {
		console->opts.quit(console->opts.ctx, false);
	}
	console_drop_modal(console);
}

/* ---- requests ---- */

static void
open_page(struct console *console)
{
	struct view *view = console_front(console);
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

/* Who has marked rows wants something done to them. */
static void
open_current(struct console *console)
{
	const struct view *view = console_front(console);

	if (view->list && list_has_marks(view->list) && !console->opts.readonly &&
		view->ops->target != TARGET_NONE)
		console_open_menu(console);
	else
		open_page(console);
}

/* The row itself is meant, whatever is marked. */
static void
double_click(struct console *console)
{
	if (!view_request(console_front(console), REQ_OPEN))
		open_page(console);
}

static void
go_back(struct console *console)
{
	if (!stack_back(console->env.stack))
		env_notice(&console->env, ROLE_STATUS, "nothing to back out of; q quits");
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

/* The host under the cursor with its VMs, all others folded. */
static void
open_tree(struct console *console)
{
	struct row_key host;
	bool any = view_current(console_front(console), &host);

	host = (struct row_key){ .host = host.host, .is_host = true };
	open_vms(console);
	list_open_tree(console_front(console)->list, any ? &host : NULL);
}

static void
open_jobs(struct console *console)
{
	stack_open(console->env.stack, &jobs_view, NULL);
}

static void
open_journal(struct console *console)
{
	stack_open(console->env.stack, &journal_view, NULL);
}

static void
open_events(struct console *console)
{
	stack_open(console->env.stack, &events_view, NULL);
}

static void
open_map(struct console *console)
{
	stack_open(console->env.stack, &map_view, NULL);
}

static void
open_plan(struct console *console)
{
	stack_open(console->env.stack, &plan_view, NULL);
}

static void
open_groups(struct console *console)
{
	stack_open(console->env.stack, &groups_view, NULL);
}

static void
open_xml(struct console *console)
{
	struct view *view = console_front(console);
	struct row_key key;

	if (view->ops->target == TARGET_VM && view_current(view, &key))
		stack_open(console->env.stack, &xml_view, &key);
	else
		env_notice(&console->env, ROLE_STATUS, "XML is of a VM: choose one first");
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
	if (!list_faults(console_front(console)->list))
		list_request(console_front(console)->list, REQ_FAULTS);
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
		[REQ_TREE] = open_tree,
		[REQ_GROUPS] = open_groups,
		[REQ_MAP] = open_map,
		[REQ_JOBS] = open_jobs,
		[REQ_EVENTS] = open_events,
		[REQ_JOURNAL] = open_journal,
		[REQ_PLAN] = open_plan,
		[REQ_MAINTENANCE] = console_toggle_maintenance,
		[REQ_RETURN] = console_plan_return,
		[REQ_EVEN] = console_plan_even,
		[REQ_XML] = open_xml,
		[REQ_HELP] = open_help,
		[REQ_FILTER] = console_filter,
		[REQ_FAULTS] = open_faults,
		[REQ_COMMAND] = console_command,
		[REQ_VIEWER] = console_copy_viewer,
		[REQ_TUNNEL] = console_copy_tunnel,
		[REQ_MENU] = console_open_menu,
		[REQ_TYPE] = console_type,
		[REQ_CANCEL] = console_cancel_jobs,
		[REQ_CANCEL_BATCH] = console_cancel_batch,
		[REQ_RETRY] = console_retry,
		[REQ_PAUSE] = console_pause,
		[REQ_FORCE] = console_force,
		[REQ_ANSWER] = console_ask_next,
		[REQ_FREEZE] = toggle_freeze,
		[REQ_REFRESH] = refresh,
		[REQ_REDRAW] = redraw,
		[REQ_QUIT] = console_ask_to_quit,
	};
	const struct action *action = request_action(request);

	if (action)
		console_act(console, action, NULL);
	else if (!view_request(console_front(console), request) && handlers[request])
		handlers[request](console);
}

/* ---- input ---- */

static void
key_input(struct console *console, struct keyspec key)
{
	const struct keymap *keymap = keys_of(console->keys, console_front(console)->ops->name);
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
	console->needs_draw = console->answering = true;
	if (console->dialog) {
		enum dialog_result result = dialog_input(console->dialog, input);

		if (result == DIALOG_CONFIRMED)
			dialog_confirmed(console);
		else if (result == DIALOG_OTHER)
			console->opts.quit(console->opts.ctx, true);
		else if (result == DIALOG_CANCELLED)
			console_drop_modal(console);
	} else if (console->menu) {
		console_menu_input(console, input);
	} else if (console->prompt) {
		console_prompt_input(console, input);
	} else if (console_takes_keys(console) && input.type != INPUT_MOUSE) {
		console_typed(console, input);
	} else if (input.type == INPUT_KEY) {
		/* what went wrong stays to be read; all else has been seen */
		if (console->env.notice.text && console->env.notice.role == ROLE_STATUS)
			env_notice_drop(&console->env);
		key_input(console, input.key);
	} else if (input.type == INPUT_MOUSE && view_mouse(console_front(console), input)) {
		double_click(console);
	}
}
