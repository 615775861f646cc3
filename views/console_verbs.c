/* console: verbs on guests, from the selection to the jobs, and the questions of hosts. */
#include "views/console_private.h"

#include "actions/plan.h"

#include <string.h>

/* ---- verbs ---- */

void
console_submit_plan(struct console *console)
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

	console_open_dialog(console, DIALOG_FOR_PLAN,
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
	struct plan *plan = plan_new(&(struct plan_opts){
		.action = action,
		.snap = newest,
		.keys = keys,
		.busy = work_busy(console->work),
		.now_us = console->env.now_us,
		.config = console->opts.config,
	});

	fleet_snap_unref(newest);
	return plan;
}

void
console_act(struct console *console, const struct action *action)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	struct view *view = console_front(console);
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
		console_submit_plan(console);
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

	console_open_dialog(console, DIALOG_FOR_ASK,
		&(struct dialog_opts){ .title = "Unknown host key", .text = text, .confirm = "Accept" });
}

static void
ask_secret(struct console *console)
{
	const struct ask *ask = console->ask;
	/* the second line, if there is one, is what the operator must know: the last one was wrong, the host asks for a code */
	const char *remark = strchr(ask->text, '\n');
	g_autofree char *label = g_strdup_printf("%s%s%s %s (%u host%s): ", remark ? remark + 1 : "",
		remark ? "; " : "", ask->kind == ASK_PASSPHRASE ? "passphrase for" : "password of",
		ask->subject, ask->hosts, ask->hosts == 1 ? "" : "s");

	console_open_prompt(
		console, PROMPT_FOR_SECRET, &(struct prompt_opts){ .label = label, .secret = true });
}

void
console_ask_next(struct console *console)
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
void
console_answer(struct console *console, const char *secret)
{
	asks_answer(console->opts.asks, console->ask->kind, console->ask->subject, true, secret);
	console_drop_modal(console);
	if (asks_open_count(console->opts.asks))
		console_ask_next(console);
}
