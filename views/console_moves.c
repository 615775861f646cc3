/* console: moves of guests between hosts – what is on its way, which hosts are out of service, and plans that were shown. */
#include "views/console_private.h"

#include "actions/maintenance.h"
#include "actions/queue.h"
#include "actions/targets.h"
#include "views/catalog.h"
#include "views/plan_view.h"
#include "views/targets_view.h"

#include <string.h>

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

/* The slot of the host called NAME; false: there is none. */
static bool
find_slot(const struct fleet_snap *snap, const char *name, uint32_t *slot)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (strcmp(snap->hosts[i]->name, name) == 0) {
			*slot = (uint32_t)i;
			return true;
		}
	return false;
}

static void
gather_incoming(struct console *console)
{
	const GPtrArray *entries = queue_entries(work_queue(console->work));
	GArray *incoming = console->env.incoming;

	g_array_set_size(incoming, 0);
	for (guint i = 0; i < entries->len; i++) {
		const struct queue_entry *entry = entries->pdata[i];
		struct incoming one = { .guest = entry->target };

		if (entry->class == JOB_MOVE && entry->ending == 0 && entry->dest_name &&
			find_slot(console->env.snap, entry->dest_name, &one.host))
			g_array_append_val(incoming, one);
	}
}

void
console_moves_update(struct console *console)
{
	g_autoptr(GError) error = NULL;

	gather_incoming(console);

	if (!maintenance_refresh(console->env.maintenance, &error))
		console_complain(console, error);
}

/* ---- maintenance ---- */

static bool
set_one(struct console *console, const struct host_snap *host, bool on, GError **error)
{
	if (!on && host->config && host->config->maintenance) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%s is in maintenance by the config: only that can release it", host->name);
		return false;
	}
	return on ? maintenance_begin(console->env.maintenance, host->name, error)
		  : maintenance_end(console->env.maintenance, host->name, error);
}

static void
tell_maintenance(struct console *console, const struct host_snap *host, guint n, bool on)
{
	const struct maintenance_note *note = maintenance_find(console->env.maintenance, host->name);
	const char *more = on ? "nothing is moved there until it ends" : "guests can be moved there again";
	bool left = !on && note && note->guests->len;

	if (n > 1)
		env_notice(&console->env, ROLE_STATUS, "%u hosts are %s maintenance: %s", n,
			on ? "in" : "out of", more);
	else
		env_notice(&console->env, ROLE_STATUS, "%s is %s maintenance: %s", host->name,
			on ? "in" : "out of", left ? "R brings back what was moved away" : more);
}

void
console_set_maintenance(struct console *console, bool on)
{
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	const struct fleet_snap *snap = console->env.snap;
	g_autoptr(GError) error = NULL;
	unsigned hidden;

	if (console->opts.readonly) {
		env_notice(&console->env, ROLE_WARN, "nothing is changed in read-only mode");
		return;
	}
	if (!console_choose(console, TARGET_HOST, "maintenance", keys, &hidden))
		return;
	for (guint i = 0; i < keys->len; i++) {
		uint32_t index = g_array_index(keys, struct row_key, i).host;

		if (index < snap->nhosts && !set_one(console, snap->hosts[index], on, &error)) {
			console_complain(console, error);
			break;
		}
	}
	if (!error)
		tell_maintenance(
			console, snap->hosts[g_array_index(keys, struct row_key, 0).host], keys->len, on);
	view_update(console_front(console));
}

void
console_toggle_maintenance(struct console *console)
{
	const struct host_snap *host;
	struct row_key key;

	if (!view_current(console_front(console), &key) || key.host >= console->env.snap->nhosts)
		return;
	host = console->env.snap->hosts[key.host];
	console_set_maintenance(console, !maintenance_covers(console->env.maintenance, host->config));
}

/* ---- plans ---- */

void
console_plan_return(struct console *console)
{
	const struct maintenance_note *note;
	struct row_key key;

	if (!view_current(console_front(console), &key) || !key.is_host ||
		key.host >= console->env.snap->nhosts)
		return;
	note = maintenance_find(console->env.maintenance, console->env.snap->hosts[key.host]->name);
	if (!note || note->guests->len == 0) {
		env_notice(&console->env, ROLE_STATUS, "no guests were moved away from %s by an evacuation",
			console->env.snap->hosts[key.host]->name);
		return;
	}
	stack_open(console->env.stack, &plan_view, NULL);
	plan_view_return(console_front(console), &key);
}

void
console_plan_even_at(struct console *console, const char *site)
{
	stack_open(console->env.stack, &plan_view, NULL);
	plan_view_even(console_front(console), site);
}

void
console_plan_even(struct console *console)
{
	console_plan_even_at(console, NULL);
}

/* ---- acts ---- */

void
console_looked(struct console *console, struct job *job)
{
	struct view *view = stack_find(console->env.stack, &targets_view);

	if (view)
		targets_view_looked(view, job);
	job_free(job);
}

void
console_act_on(void *ctx, const struct env_act *act)
{
	struct console *console = ctx;
	const struct fleet_snap *newest;
	struct plan_opts opts;

	if (console->opts.readonly)
		env_notice(&console->env, ROLE_WARN, "nothing is done in read-only mode");
	if (console->opts.readonly || !console->opts.fleet)
		return;
	newest = fleet_snapshot(console->opts.fleet);
	opts = console_plan_opts(console, act->action, newest, act->keys);
	opts.params = act->params;
	opts.relocation = act->relocation;
	opts.released = act->released;
	console_decide(console, plan_new(&opts), 0);
	fleet_snap_unref(newest);
}
