/* pulse: the whole fleet on one screen, before the first key is pressed. */
#include "views/pulse.h"
#include "views/catalog.h"
#include "views/request.h"
#include "views/stack.h"

#define WIDE        110 /* columns for two things side by side */
#define TALL        30  /* rows for blank lines and tables */
#define LISTS_MOST  16  /* rows of a top list, its title too */
#define LISTS_LEAST 4
#define LOW_LEAST   7 /* rows of what is below the lists */
#define LOW_TALL    9
#define EVENTS_ROWS 2  /* of these, at least */
#define CAPACITY    52 /* columns */
#define PARTS_ROWS  8  /* at least, with title … */
#define PARTS_TALL  14 /* … and on a very tall screen */
#define VERY_TALL   40 /* rows below counts and measures */

/* ---- what is made of a snapshot ---- */

static void
forget(struct pulse *pulse)
{
	g_clear_pointer(&pulse->tops, toplists_free);
	g_clear_pointer(&pulse->troubles, troubles_free);
	g_clear_pointer(&pulse->sites, g_array_unref);
	g_clear_pointer(&pulse->hypervisors, g_array_unref);
	g_clear_pointer(&pulse->snap, fleet_snap_unref);
}

static const char *
site_of(const struct host_snap *host)
{
	return host->config ? host->config->site : NULL;
}

static const char *
hypervisor_of(const struct host_snap *host)
{
	return host->facts ? hypervisor_name(host->facts->hypervisor) : NULL;
}

static void
gather(struct view *view)
{
	struct pulse *pulse = view->state;
	const struct env *env = view->env;

	if (pulse->snap)
		return;
	pulse->snap = fleet_snap_ref(env->snap);
	pulse->tops = toplists_find(env);
	pulse->troubles = troubles_find(env->snap, &env->row);
	pulse->sites = totals_by(env->snap, &env->row, site_of);
	pulse->hypervisors = totals_by(env->snap, &env->row, hypervisor_of);
	density_of(env->snap, env->row.now_us, DENSITY_BINS, &pulse->density);
	if (!pulse->spots)
		pulse->spots = spots_new();
}

/* Made anew when it is drawn, not when nobody looks. */
static void
pulse_observe(struct view *view)
{
	forget(view->state);
}

static void
pulse_done(struct view *view)
{
	struct pulse *pulse = view->state;

	forget(pulse);
	spots_free(pulse->spots);
}

/* ---- layout ---- */

/* Counts and measures side by side. */
static int
draw_top(struct view *view, const struct pane *pane)
{
	struct pane inner = pane_sub(pane, 0, 1, pane->rows, pane->cols - 1), right;
	int used, counts = pulse_draw_counts(view, &inner, &used);

	right = pane_sub(&inner, 0, used + 2, inner.rows, inner.cols - used - 2);
	return MAX(counts, pulse_draw_measures(view, &right));
}

static int
draw_middle(struct view *view, const struct pane *pane, bool tall)
{
	struct pane inner = pane_sub(pane, 0, 1, pane->rows, pane->cols - 1), left, right;
	int capacity, rows;

	if (pane->cols < WIDE || !tall)
		return pulse_draw_capacity_short(view, &inner);
	left = pane_sub(&inner, 0, 0, inner.rows, CAPACITY);
	capacity = pulse_draw_capacity(view, &left);
	rows = MAX(capacity, pane->rows >= VERY_TALL ? PARTS_TALL : PARTS_ROWS);
	right = pane_sub(&inner, 0, CAPACITY + 2, rows, inner.cols - CAPACITY - 2);
	return MAX(capacity, pulse_draw_parts(view, &right));
}

/* What is wrong, and what happened: side by side, or the second below the first, which leaves it some rows. */
static void
draw_low(struct view *view, const struct pane *pane)
{
	struct pulse *pulse = view->state;
	bool wide = pane->cols >= WIDE;
	int wanted = (int)MAX(troubles_count(pulse->troubles), 1) + 1, half = pane->cols / 2;
	int rows = wide || !pulse_has_events(view) ? pane->rows : MIN(wanted, pane->rows - EVENTS_ROWS);
	struct pane troubles = pane_sub(pane, 0, 0, rows, wide ? half - 1 : pane->cols);
	struct pane events = pane_sub(pane, wide ? 0 : rows, wide ? half : 0, pane->rows, pane->cols);

	troubles_draw(pulse->troubles, view->env, &troubles, pulse->spots, PULSE_TROUBLE);
	if (events.rows > 1)
		pulse_draw_events(view, &events);
}

static void
draw_all(struct view *view, const struct pane *pane)
{
	struct pulse *pulse = view->state;
	bool tall = pane->rows >= TALL;
	int y = draw_top(view, pane) + tall, lists;
	struct pane area = pane_sub(pane, y, 0, pane->rows - y, pane->cols);

	y += draw_middle(view, &area, tall) + 1;
	lists = CLAMP(pane->rows - y - 1 - (tall ? LOW_TALL : LOW_LEAST), 0, LISTS_MOST);
	if (lists >= LISTS_LEAST) {
		area = pane_sub(pane, y, 0, lists, pane->cols);
		toplists_draw(pulse->tops, view->env, &area, pulse->spots, PULSE_TOPS);
		y += lists + 1;
	}
	area = pane_sub(pane, y, 0, pane->rows - y, pane->cols);
	if (area.rows > 0)
		draw_low(view, &area);
}

/* Nobody has answered yet: one line, and what went wrong so far. */
static void
draw_waiting(struct view *view, const struct pane *pane)
{
	const struct fleet_totals *totals = &view->env->totals;
	struct pulse *pulse = view->state;
	struct pane low = pane_sub(pane, 3, 0, pane->rows - 3, pane->cols);

	if (totals->all.hosts == 0)
		pane_text(
			pane, 1, 1, -1, ROLE_DIM, "no hosts: name some on the command line or in the config");
	else if (totals->by_link[LINK_CONNECTING])
		pane_printf(pane, 1, 1, ROLE_DIM, "connecting to %u host%s; none has answered yet",
			totals->by_link[LINK_CONNECTING], totals->by_link[LINK_CONNECTING] == 1 ? "" : "s");
	else
		pane_printf(pane, 1, 1, ROLE_WARN, "none of %u host%s answers", totals->all.hosts,
			totals->all.hosts == 1 ? "" : "s");
	if (troubles_count(pulse->troubles) && low.rows > 0)
		draw_low(view, &low);
}

static void
pulse_draw(struct view *view, const struct pane *pane)
{
	struct pulse *pulse = view->state;

	gather(view);
	spots_begin(pulse->spots);
	if (view->env->totals.all.up)
		draw_all(view, pane);
	else
		draw_waiting(view, pane);
	spots_draw(pulse->spots, pane->canvas);
}

/* ---- requests ---- */

static void
open_table(struct view *view, const struct view_ops *table, const char *query)
{
	struct stack *stack = view->env->stack;
	g_autoptr(GError) error = NULL;

	stack_open(stack, table, NULL);
	if (!list_set_filter(stack_front(stack)->list, query, QUERY_WHOLE, NULL, &error))
		env_notice(view->env, ROLE_BAD, "%s", error->message);
}

/* Without a cursor Enter leads to the hosts: the troubled ones when there are some. */
static void
open_hosts(struct view *view)
{
	struct pulse *pulse = view->state;
	bool troubled = troubles_count(pulse->troubles) > 0;
	struct view *front;

	stack_open(view->env->stack, &hosts_view, NULL);
	front = stack_front(view->env->stack);
	if (troubled && !list_faults(front->list))
		view_request(front, REQ_FAULTS);
}

static bool
pulse_open(struct view *view)
{
	struct pulse *pulse = view->state;
	struct spot spot;

	if (!spots_current(pulse->spots, &spot))
		open_hosts(view);
	else if (spot.table)
		open_table(view, spot.table, spot.query);
	else if (env_shows(view->env, &spot.key))
		return false; /* as everywhere */
	else
		env_notice(view->env, ROLE_WARN, "it is no longer there");
	return true;
}

static bool
pulse_request(struct view *view, int request)
{
	struct pulse *pulse = view->state;

	gather(view);
	return request == REQ_OPEN ? pulse_open(view) : spots_request(pulse->spots, request);
}

static bool
pulse_mouse(struct view *view, struct input input)
{
	struct pulse *pulse = view->state;

	gather(view);
	return (input.button == MOUSE_LEFT || input.button == MOUSE_LEFT_DOUBLE) &&
	       spots_click(pulse->spots, input.y, input.x) && input.button == MOUSE_LEFT_DOUBLE;
}

static bool
pulse_current(struct view *view, struct row_key *key)
{
	struct pulse *pulse = view->state;
	struct spot spot;

	if (!pulse->spots || !spots_current(pulse->spots, &spot) || spot.table)
		return false;
	*key = spot.key;
	return true;
}

const struct view_ops pulse_view = {
	.name = "pulse",
	.help = "The whole fleet on one screen",
	.target = TARGET_NONE,
	.draw = pulse_draw,
	.state_size = sizeof(struct pulse),
	.observe = pulse_observe,
	.request = pulse_request,
	.mouse = pulse_mouse,
	.current = pulse_current,
	.done = pulse_done,
};
