/* console: moves of guests between hosts – what is on its way, which hosts are out of service, and plans that were shown. */
#include "views/console_private.h"

#include "actions/maintenance.h"
#include "actions/targets.h"

void
console_moves_init(struct console *console)
{
	struct env *env = &console->env;

	if (!console->opts.maintenance)
		console->own_maintenance = maintenance_new(NULL);
	env->maintenance = console->opts.maintenance ? console->opts.maintenance : console->own_maintenance;
	env->row.maintenance = env->maintenance;
	env->incoming = g_array_new(FALSE, FALSE, sizeof(struct incoming));
	env->act = console_act_on;
	env->act_ctx = console;
}

void
console_moves_done(struct console *console)
{
	g_array_unref(console->env.incoming);
	maintenance_free(console->own_maintenance);
}

void
console_moves_update(struct console *console)
{
	g_autoptr(GError) error = NULL;

	if (!maintenance_refresh(console->env.maintenance, &error))
		console_complain(console, error);
}

void
console_act_on(void *ctx, const struct env_act *act)
{
	struct console *console = ctx;
	const struct fleet_snap *newest;
	struct plan_opts opts;

	if (!console->opts.fleet)
		return;
	newest = fleet_snapshot(console->opts.fleet);
	opts = console_plan_opts(console, act->action, newest, act->keys);
	opts.params = act->params;
	opts.relocation = act->relocation;
	opts.released = act->released;
	console_decide(console, plan_new(&opts), 0);
	fleet_snap_unref(newest);
}
