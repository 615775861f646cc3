/* map: a cell per host or per guest, coloured by a measure. */
#include "views/map.h"

#include "views/catalog.h"
#include "views/request.h"

#define MARGIN 1 /* columns */
/* ---- the cursor ---- */

static void
set_cursor(struct map *map, size_t slot)
{
	map->cursor = slot;
	map->key = map_cell_key(&map->cells, map_cell_at(map, map_slot_at(map, slot)->cell));
	map->has_cursor = true;
}

/* The slot that holds the cursor's host or guest; the hottest where there is no cursor yet; SIZE_MAX: it is gone. */
static size_t
find_cursor(const struct map *map)
{
	size_t found = SIZE_MAX;
	int most = -1;

	for (size_t i = 0; i < map->layout.slots->len; i++) {
		const struct map_slot *slot = map_slot_at(map, i);
		int level = map_cell_level(&map->cells, map_cell_at(map, slot->cell));

		if (!map->has_cursor && (found == SIZE_MAX || level > most)) {
			most = level;
			found = i;
		}
		for (size_t j = slot->first; map->has_cursor && j < slot->first + slot->count; j++) {
			struct row_key key = map_cell_key(&map->cells, map_cell_at(map, j));

			if (row_key_equal(&key, &map->key))
				return i;
		}
	}
	return found;
}

static void
settle_cursor(struct map *map, size_t rows)
{
	size_t slots = map->layout.slots->len, found = find_cursor(map), line;

	if (slots == 0)
		return;
	if (!map->has_cursor || found == SIZE_MAX)
		set_cursor(map, found == SIZE_MAX ? MIN(map->cursor, slots - 1) : found);
	else
		map->cursor = found;
	line = map_layout_line(&map->layout, map->cursor);
	map->top = MIN(map->top, line);
	if (line >= map->top + rows)
		map->top = line - rows + 1;
	map->top = MIN(map->top, map->layout.lines->len - MIN(rows, map->layout.lines->len));
}

/* ---- keeping up ---- */

/* Lines for the cells there are and the room there is, and the cursor in them; before the first frame there is none. */
static void
arrange(struct map *map)
{
	if (map->cols <= 0)
		return;
	map_layout_make(&map->layout, &map->cells, map->rows, map->cols);
	settle_cursor(map, (size_t)MAX(map->rows, 1));
}

static void
gather(struct view *view)
{
	struct map *map = view->state;
	const struct env *env = view->env;

	if (map->snap)
		return;
	if (!map->cells.cells) {
		map_cells_init(&map->cells);
		map_layout_init(&map->layout);
	}
	map->snap = fleet_snap_ref(env->snap);
	map_cells_gather(&map->cells, env->snap, &env->row, map->guests, map->measure, map->grouping);
	arrange(map);
}

/* Cells are made when they are drawn or asked for, not when nobody looks: those there are point at nothing from now on. */
static void
map_observe(struct view *view)
{
	struct map *map = view->state;

	g_clear_pointer(&map->snap, fleet_snap_unref);
}

/* ---- moving ---- */

/* The slot at COLUMN slots from the left of the line BY lines away, which is never beyond the ends. */
static size_t
move_lines(const struct map *map, ptrdiff_t by)
{
	size_t line = map_layout_line(&map->layout, map->cursor);
	size_t column = map->cursor - map_line_at(map, line)->first, last = map->layout.lines->len - 1;
	const struct map_line *target =
		map_line_at(map, (size_t)CLAMP((ptrdiff_t)line + by, 0, (ptrdiff_t)last));

	return target->first + MIN(column, target->count - 1);
}

/* The first slot of the next group, or of the one before. */
static size_t
move_groups(const struct map *map, int by)
{
	size_t groups = map->cells.groups->len;
	size_t group = map_line_at(map, map_layout_line(&map->layout, map->cursor))->group;
	size_t wanted = (group + groups + (size_t)by) % groups;

	for (size_t i = 0; i < map->layout.lines->len; i++)
		if (map_line_at(map, i)->group == wanted)
			return map_line_at(map, i)->first;
	return map->cursor;
}

static bool
move(struct map *map, int request)
{
	size_t last = map->layout.slots->len - 1, at = map->cursor;
	ptrdiff_t page = MAX(map->shown.rows - 1, 1);

	switch (request) {
	case REQ_LEFT:
		at = at ? at - 1 : 0;
		break;
	case REQ_RIGHT:
		at = MIN(at + 1, last);
		break;
	case REQ_UP:
	case REQ_DOWN:
		at = move_lines(map, request == REQ_UP ? -1 : 1);
		break;
	case REQ_PAGE_UP:
	case REQ_PAGE_DOWN:
		at = move_lines(map, request == REQ_PAGE_UP ? -page : page);
		break;
	case REQ_FIRST:
		at = 0;
		break;
	case REQ_LAST:
		at = last;
		break;
	case REQ_NEXT_BLOCK:
	case REQ_PREVIOUS_BLOCK:
		at = move_groups(map, request == REQ_NEXT_BLOCK ? 1 : -1);
		break;
	default:
		return false;
	}
	if (at != map->cursor)
		set_cursor(map, at);
	return true;
}

/* ---- drawing ---- */

static void
map_draw(struct view *view, const struct pane *pane)
{
	struct map *map = view->state;
	struct pane inner = pane_sub(pane, 0, MARGIN, pane->rows, pane->cols - 2 * MARGIN);
	int rows = inner.rows - 4; /* legend, two blank lines, the named cell */

	gather(view);
	map->shown = pane_sub(&inner, 2, 0, MAX(rows, 0), inner.cols);
	if (map->rows != rows || map->cols != inner.cols) {
		map->rows = rows;
		map->cols = inner.cols;
		arrange(map);
	}
	map_draw_legend(map, &inner);
	if (map->layout.slots->len == 0) {
		pane_text(&inner, 2, 0, -1, ROLE_DIM, map->guests ? "no VMs are known" : "no hosts");
		return;
	}
	for (int y = 0; y < map->shown.rows && map->top + (size_t)y < map->layout.lines->len; y++)
		map_draw_line(map, &map->shown, y, map_line_at(map, map->top + (size_t)y));
	if (rows > 0)
		map_draw_named(map, view->env, &inner, inner.rows - 1);
}

/* ---- requests ---- */

static void
step_measure(struct map *map, int by)
{
	do
		map->measure = (enum map_measure)((map->measure + MAP_MEASURES + by) % MAP_MEASURES);
	while (map->guests && !map_measure_of_guests(map->measure));
}

/* From a host to its first guest, from a guest to its host. */
static void
toggle_cells(struct map *map)
{
	map->guests = !map->guests;
	if (map->guests && !map_measure_of_guests(map->measure))
		map->measure = MAP_CPU;
	if (map->guests)
		map->has_cursor = false;
	else
		map->key = (struct row_key){ .host = map->key.host, .is_host = true };
}

static bool
map_request(struct view *view, int request)
{
	struct map *map = view->state;

	gather(view);
	switch (request) {
	case REQ_MEASURE:
	case REQ_SORT_RIGHT:
		step_measure(map, 1);
		break;
	case REQ_SORT_LEFT:
		step_measure(map, -1);
		break;
	case REQ_CELLS:
		toggle_cells(map);
		break;
	case REQ_GROUP_BY:
		map->grouping = (enum map_grouping)((map->grouping + 1) % MAP_GROUPINGS);
		break;
	default:
		return map->layout.slots->len && move(map, request);
	}
	map_observe(view);
	gather(view);
	return true;
}

static bool
map_mouse(struct view *view, struct input input)
{
	struct map *map = view->state;
	size_t line, at;
	int y, x;

	gather(view);
	y = input.y - map->shown.y;
	x = input.x - map->shown.x - map->layout.label;
	line = map->top + (size_t)MAX(y, 0);
	at = (size_t)MAX(x, 0) / (size_t)MAX(map->layout.width, 1);

	if (input.button == MOUSE_WHEEL_UP || input.button == MOUSE_WHEEL_DOWN) {
		map_request(view, input.button == MOUSE_WHEEL_UP ? REQ_UP : REQ_DOWN);
		return false;
	}
	if (y < 0 || x < 0 || y >= map->shown.rows || line >= map->layout.lines->len ||
		at >= map_line_at(map, line)->count)
		return false;
	set_cursor(map, map_line_at(map, line)->first + at);
	return input.button == MOUSE_LEFT_DOUBLE;
}

static bool
map_current(struct view *view, struct row_key *key)
{
	const struct map *map = view->state;

	*key = map->key;
	return map->has_cursor;
}

static void
map_done(struct view *view)
{
	struct map *map = view->state;

	map_cells_done(&map->cells);
	map_layout_done(&map->layout);
	fleet_snap_unref(map->snap);
}

static const struct binding keys[] = {
	{ "m", REQ_MEASURE },
	{ "t", REQ_CELLS },
	{ "b", REQ_GROUP_BY },
	{ NULL, 0 },
};

const struct view_ops map_view = {
	.name = "map",
	.help = "A heat map: a cell per host or VM",
	.target = TARGET_NONE,
	.keys = keys,
	.draw = map_draw,
	.state_size = sizeof(struct map),
	.observe = map_observe,
	.request = map_request,
	.mouse = map_mouse,
	.current = map_current,
	.done = map_done,
};
