/* console: time, and what follows from it and from new snapshots – in parts, between which the owner's loop looks for keys. So
 * a key waits for one part at most, and what it does is on the screen before the next one. */
#include "views/console_private.h"

#include "fleet/clock.h"
#include "views/catalog.h"
#include "views/density.h"
#include "views/serial.h"

#define SECOND_US       INT64_C(1000000)
#define UPDATE_LEAST_US 100000            /* between two snapshots … */
#define UPDATE_SHARE    8                 /* … and so many times what the last update took */
#define SIZE_US         INT64_C(10000000) /* the median guest is not another one each second */
#define PART_GUESTS     8192              /* whose history is taken over between two looks for keys */
#define PUT_OFF_US      INT64_C(500000)   /* so long keys may come before an update goes on all the same */

/* ---- the parts, true: done ---- */

static bool
feed_history(struct console *console)
{
	struct update *update = &console->update;

	return history_feed_part(
		console->env.history, update->snap, update->began_us, &update->history, PART_GUESTS);
}

static bool
find_size(struct console *console)
{
	struct env *env = &console->env;

	int64_t now_us = console->update.began_us;

	if (!console->frozen && (!env->row.size.vcpus || now_us >= console->sized_us + SIZE_US)) {
		env->row.size = density_size(console->update.snap, now_us);
		console->sized_us = now_us;
	}
	return true;
}

static bool
prepare(struct console *console)
{
	struct view *view = console_front(console);
	const struct update *update = &console->update;

	return console->frozen || !view->ops->prepare ||
	       view->ops->prepare(view, update->snap, update->began_us, PART_GUESTS);
}

/* The screen stands still when it is frozen; the world, its history and what is to be done there does not. */
static bool
show(struct console *console)
{
	struct env *env = &console->env;

	work_observe(console->work, console->update.snap);
	if (console->frozen)
		return true;
	console->update.past = env->snap;
	env->snap = fleet_snap_ref(console->update.snap);
	env->row.now_us = console->update.began_us;
	console_moves_update(console);
	totals_fleet(env->snap, &env->row, &env->totals);
	stack_observe(env->stack);
	console->updated_us = console->update.began_us;
	console->needs_draw = true;
	return true;
}

/* To give back the memory of 100,000 guests takes time, too. */
static bool
forget(struct console *console)
{
	g_clear_pointer(&console->update.past, fleet_snap_unref);
	return true;
}

static bool (*const parts[])(struct console *console) = { feed_history, find_size, prepare, show, forget };

/* ---- one after the other ---- */

/* Takes SNAP. */
static void
update_begin(struct console *console, const struct fleet_snap *snap, int64_t now_us)
{
	fleet_snap_unref(console->update.snap);
	fleet_snap_unref(console->update.past);
	console->update = (struct update){ .snap = snap, .began_us = now_us };
}

static void
update_go_on(struct console *console)
{
	struct update *update = &console->update;
	int64_t began = clock_now_us();

	if (parts[update->part](console))
		update->part++;
	update->took_us += clock_now_us() - began;
	if (update->part < G_N_ELEMENTS(parts))
		return;
	console->update_due_us = console->env.now_us + MAX(UPDATE_LEAST_US, UPDATE_SHARE * update->took_us);
	g_clear_pointer(&update->snap, fleet_snap_unref);
}

void
console_set_snapshot(struct console *console, const struct fleet_snap *snap)
{
	update_begin(console, fleet_snap_ref(snap), console->env.row.now_us);
	while (console->update.snap)
		update_go_on(console);
}

/* What was typed is to be seen first. */
static bool
put_off(const struct console *console)
{
	return console->opts.fleet && console->answering &&
	       console->env.now_us < console->update.began_us + PUT_OFF_US;
}

/* ---- time ---- */

void
console_fleet_changed(struct console *console)
{
	console->changed = true;
}

static const struct fleet_snap *
next_snapshot(struct console *console, bool new)
{
	if (!new)
		return fleet_snap_ref(console->env.snap);
	console->changed = false;
	return fleet_snapshot(console->opts.fleet);
}

void
console_tick(struct console *console, int64_t now_us, int64_t wall_us)
{
	struct env *env = &console->env;
	bool new = console->changed && console->opts.fleet &&now_us >= console->update_due_us;
	bool second =
		wall_us / SECOND_US != env->wall_us / SECOND_US || now_us - console->updated_us >= SECOND_US;

	env->now_us = now_us;
	env->wall_us = wall_us;
	if (env->serial)
		serial_tick(env->serial);
	if (env->notice.text && now_us >= env->notice.until_us) {
		env_notice_drop(env);
		console->needs_draw = true;
	}
	if (second)
		console->needs_draw = true;
	if (!console->update.snap && (new || (second && !console->frozen)))
		update_begin(console, next_snapshot(console, new), now_us);
	if (console->update.snap && !put_off(console))
		do
			update_go_on(console);
		while (console->update.snap && !console->opts.fleet);
}

/* When what is in front wants to be drawn because of what came by itself, 0: it does not. */
static int64_t
view_draw_due_us(const struct console *console)
{
	struct view *view = console_front(console);

	return view->ops->draw_due_us ? view->ops->draw_due_us(view) : 0;
}

int64_t
console_next_due(const struct console *console)
{
	const struct env *env = &console->env;
	int64_t due = env->now_us + SECOND_US - env->wall_us % SECOND_US;

	if (console->update.snap)
		return env->now_us;
	if (console->changed && console->opts.fleet)
		due = MIN(due, console->update_due_us);
	if (env->notice.text)
		due = MIN(due, env->notice.until_us);
	if (view_draw_due_us(console))
		due = MIN(due, view_draw_due_us(console));
	return due;
}

bool
console_needs_draw(const struct console *console)
{
	int64_t due_us = view_draw_due_us(console);

	return console->needs_draw || (due_us && due_us <= clock_now_us());
}

/* ---- news ---- */

void
console_tell(struct console *console, enum role role, const char *text)
{
	env_notice(&console->env, role, "%s", text);
	console->needs_draw = true;
}

void
console_job_done(struct console *console, struct job *job)
{
	if (job->class == JOB_CONSOLE)
		console_serial_done(console, job);
	else if (job->class == JOB_LOOK)
		console_looked(console, job);
	else
		work_done(console->work, job);
	console->changed |= console_front(console)->ops == &jobs_view;
	console->needs_draw = true;
}

void
console_job_found(struct console *console, uint64_t serial, const char *where)
{
	work_found(console->work, serial, where);
	console->changed |= console_front(console)->ops == &jobs_view;
	console->needs_draw = true;
}
