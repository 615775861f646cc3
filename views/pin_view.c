/* pins: where each thread of a guest may run, and where it shall. */
#include "views/pin_view.h"

#include "actions/registry.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"
#include "views/catalog.h"
#include "views/request.h"

/* ---- keeping up ---- */

static const struct vm *
keep_up(struct view *view)
{
	struct pin_view *state = view->state;
	const struct vm *vm = view_subject_vm(view);

	if (!state->map.lines)
		pin_map_init(&state->map);
	if (vm)
		pin_map_take(&state->map, vm);
	return vm;
}

static void
pins_draw(struct view *view, const struct pane *pane)
{
	const struct vm *vm = keep_up(view);

	if (vm)
		pin_draw(view->state, view->env, vm, pane);
	else
		pane_text(pane, 0, 0, -1, ROLE_WARN, "This VM is no longer there.");
}

/* ---- moving ---- */

static guint
step(guint at, int by, guint n)
{
	return (guint)CLAMP((int)at + by, 0, (int)n - 1);
}

/* The first column of the next NUMA cell, or of this one or the one before. */
static guint
step_cell(const struct pin_map *map, int by)
{
	guint n = pin_map_columns(map), at = map->column;

	if (by > 0) {
		for (guint i = at + 1; i < n; i++)
			if (pinning_cpu_at(map->host, i)->cell != pinning_cpu_at(map->host, at)->cell)
				return i;
		return 0;
	}
	at = at ? at - 1 : n - 1;
	while (at > 0 && pinning_cpu_at(map->host, at - 1)->cell == pinning_cpu_at(map->host, at)->cell)
		at--;
	return at;
}

static bool
move(struct pin_view *state, int request)
{
	struct pin_map *map = &state->map;
	guint rows = map->lines->len, columns = pin_map_columns(map);
	int page = (int)MAX(state->rows, 2) - 1;

	switch (request) {
	case REQ_UP:
	case REQ_DOWN:
		map->row = step(map->row, request == REQ_UP ? -1 : 1, rows);
		break;
	case REQ_PAGE_UP:
	case REQ_PAGE_DOWN:
		map->row = step(map->row, request == REQ_PAGE_UP ? -page : page, rows);
		break;
	case REQ_FIRST:
	case REQ_LAST:
		map->row = request == REQ_FIRST ? 0 : rows - 1;
		break;
	case REQ_LEFT:
	case REQ_RIGHT:
		map->column = step(map->column, request == REQ_LEFT ? -1 : 1, columns);
		break;
	case REQ_NEXT_BLOCK:
	case REQ_PREVIOUS_BLOCK:
		map->column = step_cell(map, request == REQ_NEXT_BLOCK ? 1 : -1);
		break;
	default:
		return false;
	}
	return true;
}

/* ---- changing ---- */

static void
begin_or_end_range(struct pin_map *map)
{
	map->range = !map->range;
	map->corner_row = map->row;
	map->corner_column = map->column;
}

static void
widen_to_cell(const struct pin_map *map, struct pin_area *area)
{
	unsigned cell = pinning_cpu_at(map->host, map->column)->cell;
	guint first = map->column, last = map->column;

	while (first > 0 && pinning_cpu_at(map->host, first - 1)->cell == cell)
		first--;
	while (last + 1 < pin_map_columns(map) && pinning_cpu_at(map->host, last + 1)->cell == cell)
		last++;
	area->column = first;
	area->columns = last - first + 1;
}

/* What is toggled: the cell or range, or as wide or high as it goes. */
static bool
area_of(const struct pin_map *map, int request, struct pin_area *area)
{
	*area = pin_map_area(map);
	switch (request) {
	case REQ_MARK:
		break;
	case REQ_PIN_ROW:
		area->column = 0;
		area->columns = pin_map_columns(map);
		break;
	case REQ_PIN_COLUMN:
		area->row = 0;
		area->rows = map->lines->len;
		break;
	case REQ_PIN_CELL:
		widen_to_cell(map, area);
		break;
	default:
		return false;
	}
	return true;
}

/* Words, where all the lines that were meant can't be changed. */
static bool
may_change(struct view *view, const struct pin_area *area)
{
	const struct pin_map *map = &((struct pin_view *)view->state)->map;
	const char *why_not = NULL;

	for (guint i = area->row; i < area->row + area->rows; i++) {
		why_not = pin_line_obstacle(map, pin_map_line(map, i));
		if (!why_not)
			return true;
	}
	env_notice(view->env, ROLE_WARN, "%s", why_not);
	return false;
}

static void
toggle(struct view *view, const struct pin_area *area)
{
	struct pin_map *map = &((struct pin_view *)view->state)->map;

	if (may_change(view, area))
		pin_map_toggle(map, area);
	map->range = false;
}

/* REQUEST to a preset; false: it is none. */
static bool
wish_of(const struct pin_map *map, int request, struct pin_wish *wish)
{
	if (request < REQ_PIN_SPREAD || request > REQ_PIN_FREE)
		return false;
	*wish = (struct pin_wish){ .preset = (enum pin_preset)(request - REQ_PIN_SPREAD),
		.cell = pinning_cpu_at(map->host, map->column)->cpu.cell };
	return true;
}

static void
preset(struct view *view, const struct pin_wish *wish)
{
	struct pin_map *map = &((struct pin_view *)view->state)->map;
	enum pinning_fault fault = pin_map_preset(map, wish);

	if (fault == PINNING_TOO_FEW)
		env_notice(view->env, ROLE_WARN, "no other VM is pinned to %u CPUs: too few for all vCPUs",
			pinning_unpinned(map->host));
	else if (fault != PINNING_NONE)
		env_notice(view->env, ROLE_WARN, "%s", pinning_fault_words(fault));
}

static bool
back_out(struct pin_map *map)
{
	bool any = map->range || pin_map_wants(map) > 0;

	if (map->range)
		map->range = false;
	else
		pin_map_forget(map, 0, map->lines->len);
	return any;
}

/* The verb is asked about as any other; what is wanted stays until it is read back. */
static void
apply(struct view *view)
{
	const struct pin_map *map = &((struct pin_view *)view->state)->map;
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));
	g_autoptr(GError) error = NULL;
	g_autofree char *changes = pin_map_changes(map, &error);
	const char *const params[] = { "threads", changes, "for", pin_scope_name(map->scope), NULL };

	if (!changes) {
		env_notice(view->env, ROLE_BAD, "%s", error->message);
	} else if (!*changes) {
		env_notice(view->env, ROLE_STATUS, "nothing is changed: Space does that");
	} else {
		g_array_append_val(keys, view->subject);
		env_act(view->env, &(struct env_act){ .action = registry_find(false, "pin"),
					   .keys = keys,
					   .params = (char *const *)(uintptr_t)params });
	}
}

static bool
pins_request(struct view *view, int request)
{
	struct pin_view *state = view->state;
	struct pin_map *map = &state->map;
	struct pin_area area;
	struct pin_wish wish;

	if (!keep_up(view) || !map->pins || !map->host || map->lines->len == 0)
		return false;
	if (move(state, request))
		return true;
	if (area_of(map, request, &area))
		toggle(view, &area);
	else if (wish_of(map, request, &wish))
		preset(view, &wish);
	else if (request == REQ_RANGE)
		begin_or_end_range(map);
	else if (request == REQ_PIN_SCOPE)
		map->scope = map->scope % PIN_BOTH + 1;
	else if (request == REQ_PIN_UNDO)
		pin_map_forget(map, pin_map_area(map).row, pin_map_area(map).rows);
	else if (request == REQ_UNMARK)
		pin_map_forget(map, 0, map->lines->len);
	else if (request == REQ_OPEN)
		apply(view);
	else
		return request == REQ_BACK && back_out(map);
	return true;
}

/* ---- typing ---- */

static char *
pins_typing(struct view *view, char **initial)
{
	const struct pin_map *map = &((struct pin_view *)view->state)->map;
	const struct pin_line *line;
	char name[PIN_NAME_SIZE];

	if (!keep_up(view) || !map->pins || !map->host || map->lines->len == 0)
		return NULL;
	line = pin_map_line(map, map->row);
	pin_name(line->what, line->number, name);
	*initial = cpu_set_format(pin_line_shown(map, line));
	if (map->range)
		return g_strdup_printf("CPUs of %u threads: ", pin_map_area(map).rows);
	return g_strdup_printf("CPUs of %s: ", name);
}

/* A CPU that is not there would be dropped by the host without a word. */
static bool
are_there(const struct pin_map *map, const struct cpu_set *set, GError **error)
{
	for (size_t cpu = 0; cpu < set->nbytes * 8; cpu++) {
		if (!cpu_set_has(set, cpu) || cpu < map->host->all)
			continue;
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"there is no CPU %zu: the last one is %zu", cpu, map->host->all - 1);
		return false;
	}
	return true;
}

static bool
pins_take(struct view *view, const char *text, GError **error)
{
	struct pin_map *map = &((struct pin_view *)view->state)->map;
	struct pin_area area = pin_map_area(map);
	struct cpu_set set = { 0 };
	bool ok = cpu_set_parse(text, &set) && cpu_set_count(&set) > 0;

	if (!ok)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"'%s' are no CPUs: they are written 0-3,8", text);
	ok = ok && are_there(map, &set, error);
	if (ok && may_change(view, &area))
		pin_map_set(map, &area, &set);
	map->range &= !ok;
	cpu_set_clear(&set);
	return ok;
}

/* ---- the rest ---- */

static bool
pins_mouse(struct view *view, struct input input)
{
	struct pin_view *state = view->state;
	struct pin_map *map = &state->map;
	int y = input.y - state->cells.y;
	guint column;

	if (!keep_up(view) || !map->host || !map->pins || map->lines->len == 0)
		return false;
	if (input.button == MOUSE_WHEEL_UP || input.button == MOUSE_WHEEL_DOWN) {
		move(state, input.button == MOUSE_WHEEL_UP ? REQ_UP : REQ_DOWN);
		return false;
	}
	column = pin_draw_column_at(state, input.x - state->cells.x);
	if (y < 0 || y >= state->cells.rows || map->top + (guint)y >= map->lines->len ||
		column >= pin_map_columns(map))
		return false;
	map->row = map->top + (guint)y;
	map->column = column;
	return false;
}

static char *
pins_title(struct view *view)
{
	return g_strdup_printf("pins %s", view->subject_name ? view->subject_name : "-");
}

static void
pins_done(struct view *view)
{
	struct pin_view *state = view->state;

	if (state->map.lines)
		pin_map_done(&state->map);
}

static const struct binding keys[] = {
	{ "r", REQ_PIN_ROW },
	{ "c", REQ_PIN_COLUMN },
	{ "n", REQ_PIN_CELL },
	{ "=", REQ_TYPE },
	{ "m", REQ_PIN_SCOPE },
	{ "u", REQ_PIN_UNDO },
	{ "p s", REQ_PIN_SPREAD },
	{ "p p", REQ_PIN_PACK },
	{ "p i", REQ_PIN_ISOLATE },
	{ "p f", REQ_PIN_FREE },
	{ NULL, 0 },
};

const struct view_ops pins_view = {
	.name = "pins",
	.help = "Where each thread of a VM may run: vCPUs by physical CPUs",
	.target = TARGET_VM,
	.keys = keys,
	.about_one = true,
	.pins = true,
	.verb = "pin",
	.draw = pins_draw,
	.state_size = sizeof(struct pin_view),
	.request = pins_request,
	.typing = pins_typing,
	.take = pins_take,
	.mouse = pins_mouse,
	.title = pins_title,
	.done = pins_done,
};
