/* console: verbs on guests, from the selection to the jobs, and the questions of hosts. */
#include "views/console_private.h"

#include "actions/aim.h"
#include "actions/plan.h"
#include "actions/registry.h"
#include "views/catalog.h"

#include <string.h>

/* ---- verbs ---- */

void
console_submit_plan(struct console *console)
{
	g_autoptr(GError) error = NULL;

	if (!aim_note(console->plan, console->env.maintenance, &error)) {
		console_complain(console, error);
		return;
	}
	work_submit(console->work, console->plan);
}

void
console_leave_view(struct console *console)
{
	const struct view_ops *front = console_front(console)->ops;

	if (front->chosen && !front->about_one && g_strcmp0(front->verb, console->plan->action->name) == 0)
		stack_back(console->env.stack);
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
			.type_this = plan_types_count(plan, console->opts.config) ? count : NULL,
			.dangerous = plan->action->flags & ACTION_HURTS,
		});
}

struct plan_opts
console_plan_opts(struct console *console, const struct action *action, const struct fleet_snap *snap,
	const GArray *keys)
{
	return (struct plan_opts){
		.action = action,
		.snap = snap,
		.keys = keys,
		.busy = work_busy(console->work),
		.guards = console->opts.guards,
		.now_us = console->env.now_us,
		.config = console->opts.config,
		.maintenance = console->env.maintenance,
		.incoming = console->env.incoming,
	};
}

/* What is chosen was chosen on the screen, but what can be done with it is decided by the newest state. */
static struct plan *
make_plan(struct console *console, const struct action *action, char *const *params, const GArray *keys)
{
	const struct fleet_snap *newest = fleet_snapshot(console->opts.fleet);
	struct plan_opts opts = console_plan_opts(console, action, newest, keys);
	struct plan *plan;

	opts.params = params;
	plan = plan_new(&opts);
	fleet_snap_unref(newest);
	return plan;
}

bool
console_choose(struct console *console, enum target target, const char *verb, GArray *keys, unsigned *hidden)
{
	static const struct {
		const char *one, *many, *view;
	} words[] = { [TARGET_HOST] = { "host", "hosts", "hosts" }, [TARGET_VM] = { "VM", "VMs", "vms" } };
	struct view *view = console_front(console);

	if (view->ops->target != target) {
		env_notice(&console->env, ROLE_WARN, "%s is done to %s: choose some in the view %s", verb,
			words[target].many, words[target].view);
		return false;
	}
	view_selection(view, keys, hidden);
	if (keys->len == 0)
		env_notice(&console->env, ROLE_WARN, "no %s is chosen", words[target].one);
	return keys->len > 0;
}

/* Nobody is asked for words about guests to which it can't be done anyway, Domain-0 first of all. */
static bool
nobody_can(struct console *console, const struct action *action, const GArray *keys)
{
	const struct fleet_snap *newest =
		console->opts.fleet ? fleet_snapshot(console->opts.fleet) : fleet_snap_ref(console->env.snap);
	struct plan_opts opts = console_plan_opts(console, action, newest, keys);
	const char *why_not;
	guint n = plan_survey(&opts, &why_not);

	fleet_snap_unref(newest);
	if (!n && why_not)
		env_notice(&console->env, ROLE_WARN, "%s: %s", action->name, why_not);
	return !n && why_not;
}

/* The place in the catalog of its view for N rows; NULL: it has none. */
static const struct view_ops *const *
view_of(const struct action *action, guint n)
{
	for (size_t i = 0; catalog[i]; i++)
		if (g_strcmp0(catalog[i]->verb, action->name) == 0 && !(catalog[i]->about_one && n > 1))
			return &catalog[i];
	return NULL;
}

static void
open_view(struct console *console, const struct view_ops *const *place, const GArray *keys)
{
	const struct view_ops *ops = *place;

	g_array_set_size(console->env.chosen, 0);
	g_array_append_vals(console->env.chosen, keys->data, keys->len);
	if (ops->about_one)
		stack_open(console->env.stack, ops, &g_array_index(keys, struct row_key, 0));
	else if (place - catalog < CATALOG_ROOTS)
		stack_open(console->env.stack, ops, NULL);
	else
		stack_push(console->env.stack, ops);
	if (ops->chosen)
		ops->chosen(console_front(console));
	view_update(console_front(console));
}

/* Words are missing: a view asks for them, or the operator types on. True: somebody does, or it makes no sense. */
static bool
ask_for_params(struct console *console, const struct action *action, const GArray *keys)
{
	const struct view_ops *const *view = view_of(action, keys->len);
	const struct action_arg *arg = action->args;
	g_autofree char *line = g_strconcat(action->name, " ", NULL);

	while (arg && arg->name && !arg->needed)
		arg++;
	if (!view && !(arg && arg->name))
		return false;
	if (nobody_can(console, action, keys))
		return true;
	if (view)
		open_view(console, view, keys);
	else
		console_command_from(console, line);
	return true;
}

void
console_decide(struct console *console, struct plan *plan, unsigned hidden)
{
	console->plan = plan;
	if (plan->targets->len == 0) {
		g_autofree char *text = plan_nothing(plan);

		env_notice(&console->env, ROLE_WARN, "%s", text);
		console_drop_modal(console);
	} else if (plan->targets->len > 1 || plan->action->flags & (ACTION_HURTS | ACTION_ASKS) ||
		   plan->confirm) {
		ask_about_plan(console, hidden);
	} else {
		console_submit_plan(console);
		console_drop_modal(console);
	}
}

void
console_act(struct console *console, const struct action *action, char *const *params)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	unsigned hidden;

	if (!console_choose(console, action->target, action->name, keys, &hidden))
		return;
	if (action->flags & ACTION_ONE && keys->len > 1) {
		env_notice(&console->env, ROLE_WARN, "%s is done to one alone: %u are marked", action->name,
			keys->len);
		return;
	}
	if ((!params && ask_for_params(console, action, keys)) || !console->opts.fleet)
		return;
	console_decide(console, make_plan(console, action, params, keys), hidden);
}

void
console_propose(struct console *console, const struct action *action, char *const *params, const GArray *keys)
{
	console_decide(console, make_plan(console, action, params, keys), 0);
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
