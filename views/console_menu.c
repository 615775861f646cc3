/* console: the menu of verbs, with how many of the chosen rows each could be done to. */
#include "views/console_private.h"

#include "actions/plan.h"
#include "actions/registry.h"
#include "views/request.h"

/* What can be said of one verb; strings belong to TEXTS. */
static struct menu_item
item_of(struct console *console, const struct action *action, const struct fleet_snap *snap,
	const GArray *keys, GPtrArray *texts)
{
	const struct keymap *keymap = keys_of(console->keys, console_front(console)->ops->name);
	struct plan_opts opts = console_plan_opts(console, action, snap, keys);
	bool too_many = action->flags & ACTION_ONE && keys->len > 1;
	const char *why_not = "done to one alone";
	guint n = too_many ? 0 : plan_survey(&opts, &why_not);
	char *key = keys_label(keymap, request_by_name(console->opts.readonly, action->name)), *note;

	note = keys->len == 1 && action->target == TARGET_VM ? g_strdup("")
	       : action->target == TARGET_VM                 ? g_strdup_printf("%u of %u", n, keys->len)
							     : g_strdup_printf("%u VMs", n);
	g_ptr_array_add(texts, key);
	g_ptr_array_add(texts, note);
	return (struct menu_item){
		.key = key ? key : "",
		.name = action->name,
		.note = note,
		.help = n || !why_not ? action->help : why_not,
		.off = n == 0,
	};
}

static char *
title_of(const GArray *keys, const struct fleet_snap *snap)
{
	const struct row_key *first = &g_array_index(keys, struct row_key, 0);
	const struct vm *vm = first->is_host ? NULL : fleet_snap_find_vm(snap, first);

	if (keys->len > 1)
		return g_strdup_printf("%u %s", keys->len, first->is_host ? "hosts" : "VMs");
	if (first->is_host)
		return g_strdup(first->host < snap->nhosts ? snap->hosts[first->host]->name : "-");
	return vm ? g_strdup_printf("%s on %s", vm->name, vm->host->name) : g_strdup("gone");
}

static void
open_for(struct console *console, const GArray *keys)
{
	g_autoptr(GArray) items = g_array_new(FALSE, FALSE, sizeof(struct menu_item));
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	const struct fleet_snap *snap = fleet_snapshot(console->opts.fleet);
	g_autofree char *title = title_of(keys, snap);
	size_t n;
	const struct action *const *actions = registry_actions(console->opts.readonly, &n);

	console->menu_actions = g_ptr_array_new();
	for (size_t i = 0; i < n; i++) {
		struct menu_item item;

		if (actions[i]->target != console_front(console)->ops->target)
			continue;
		item = item_of(console, actions[i], snap, keys, texts);
		g_array_append_val(items, item);
		g_ptr_array_add(console->menu_actions, (gpointer)(uintptr_t)actions[i]);
	}
	if (items->len)
		console->menu =
			menu_new(title, (const struct menu_item *)(const void *)items->data, items->len);
	else
		env_notice(&console->env, ROLE_WARN, "there is no verb for hosts");
	fleet_snap_unref(snap);
}

void
console_open_menu(struct console *console)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	enum target target = console_front(console)->ops->target;
	unsigned hidden;

	if (console->opts.readonly)
		env_notice(&console->env, ROLE_WARN, "read-only: there are no verbs");
	else if (target == TARGET_NONE)
		env_notice(&console->env, ROLE_WARN, "verbs are done to VMs: choose some in the view vms");
	else if (console_choose(console, target, "a verb", keys, &hidden) && console->opts.fleet)
		open_for(console, keys);
}

void
console_menu_input(struct console *console, struct input input)
{
	enum menu_result result = menu_input(console->menu, input);
	const struct action *action;

	if (result == MENU_OPEN)
		return;
	action = console->menu_actions->pdata[menu_chosen(console->menu)];
	console_drop_modal(console);
	if (result == MENU_CHOSEN)
		console_act(console, action, NULL);
}
