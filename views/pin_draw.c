/* pin: the map on the screen: cells, and all its parts together. */
#include "views/pin_view.h"

#include "fleet/cpuset.h"
#include "fleet/snapshot.h"
#include "tui/cell.h"

#include <stdio.h>

#define WORDS      2 /* lines below the map: the CPU and the thread of the cursor */
#define LEAST_ROWS 6 /* of threads: header lines that are no must make room for these */

/* ---- cells ---- */

/* What a cell can be; a change goes before all else, for it is what Enter does. */
enum sign { SIGN_NONE, SIGN_OTHERS, SIGN_MAY, SIGN_SHARED, SIGN_RUNS, SIGN_ADDED, SIGN_REMOVED, SIGNS };

static const struct {
	const char *glyph;
	char ascii;
	enum role role;
	const char *word;
} signs[SIGNS] = {
	[SIGN_NONE] = { "·", '.', ROLE_DIM, NULL },
	[SIGN_OTHERS] = { "○", 'o', ROLE_DIM, "others pinned" },
	[SIGN_MAY] = { "■", '#', ROLE_GRAPH, "may run" },
	[SIGN_SHARED] = { "▣", '%', ROLE_WARN, "may run, others pinned too" },
	[SIGN_RUNS] = { "●", '@', ROLE_GOOD, "runs there" },
	[SIGN_ADDED] = { "+", '+', ROLE_INFO, "added" },
	[SIGN_REMOVED] = { "-", '-', ROLE_BAD, "removed" },
};

static enum sign
sign_of(const struct pin_map *map, const struct pin_line *line, guint column)
{
	const struct pinning_cpu *cpu = pinning_cpu_at(map->host, column);
	size_t id = (size_t)cpu->cpu.id;
	const struct cpu_set *is = pin_line_is(map, line);
	bool may = cpu_set_has(is, id), will = cpu_set_has(pin_line_shown(map, line), id);

	if (may != will)
		return will ? SIGN_ADDED : SIGN_REMOVED;
	if (line->is->cpu == cpu->cpu.id)
		return SIGN_RUNS;
	if (!may)
		return cpu->pinned ? SIGN_OTHERS : SIGN_NONE;
	/* who is pinned nowhere shares with everybody, which is no news */
	return cpu->pinned && !pinning_is_everywhere(map->host, is) ? SIGN_SHARED : SIGN_MAY;
}

struct row_drawing {
	const struct pane *pane;
	const struct pin_line *line;
	int y;
	guint row;
};

static void
draw_cell(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct row_drawing *at = ctx;
	const struct pin_map *map = layout->map;
	struct pin_area area = pin_map_area(map);
	enum sign sign = sign_of(map, at->line, i);
	bool cursor = at->row == map->row && i == map->column;
	bool inside = at->row - area.row < area.rows && i - area.column < area.columns;

	pane_glyph(at->pane, at->y, x, signs[sign].role, signs[sign].glyph, signs[sign].ascii);
	if (cursor || (map->range && inside))
		pane_restyle(at->pane, at->y, x, 1, cursor ? ROLE_CURSOR : ROLE_MARKED, CELL_REVERSE);
}

static void
draw_label(
	const struct pin_map *map, const struct pin_line *line, const struct pane *pane, int y, bool cursor)
{
	char name[PIN_NAME_SIZE];

	if (line->wants)
		pane_glyph(pane, y, 0, ROLE_INFO, "*", '*');
	else if (map->scope == PIN_BOTH && pin_line_differs(line))
		pane_glyph(pane, y, 0, ROLE_WARN, "≠", '!');
	if (line->what == PIN_IOTHREAD)
		snprintf(name, sizeof name, "I/O %u", line->number);
	else
		pin_name(line->what, line->number, name);
	pane_text(pane, y, 1, PIN_LABEL - 2,
		cursor                         ? ROLE_SORTED
		: pin_line_obstacle(map, line) ? ROLE_DIM
		: line->is->active             ? ROLE_NORMAL
					       : ROLE_DIM,
		name);
}

/* The set in digits, where the cells leave room for it. */
static void
draw_set(const struct pin_layout *layout, const struct pin_line *line, const struct pane *pane, int y)
{
	const struct pin_map *map = layout->map;
	int x = PIN_LABEL + pin_layout_distance(layout, map->left, pin_map_columns(map) - 1) + 3;
	g_autofree char *text = cpu_set_format(pin_line_shown(map, line));

	if (map->left == 0 && x + 8 < pane->cols)
		pane_text(pane, y, x, -1, line->wants ? ROLE_INFO : ROLE_DIM,
			text                                ? text
			: pin_line_shown(map, line)->nbytes ? "none"
							    : "-");
}

static void
draw_lines(const struct pin_layout *layout, const struct pane *pane, int y, guint rows)
{
	const struct pin_map *map = layout->map;
	struct pane cells = pane_sub(pane, 0, PIN_LABEL, pane->rows, layout->width);

	for (guint i = map->top; i < map->lines->len && i < map->top + rows; i++) {
		struct row_drawing at = { &cells, pin_map_line(map, i), y + (int)(i - map->top), i };

		draw_label(map, at.line, pane, at.y, i == map->row);
		pin_layout_each(layout, draw_cell, &at);
		draw_set(layout, at.line, pane, at.y);
	}
	if (map->top + rows < map->lines->len)
		pane_glyph(pane, y + (int)rows - 1, pane->cols - 1, ROLE_DIM, "▼", 'v');
}

static void
draw_legend(const struct pane *pane, int y)
{
	int x = 0;

	for (enum sign i = SIGN_NONE; i < SIGNS; i++) {
		if (!signs[i].word || x + 3 + text_width(signs[i].word) > pane->cols)
			continue;
		pane_glyph(pane, y, x, signs[i].role, signs[i].glyph, signs[i].ascii);
		x += 2;
		x += pane_text(pane, y, x, -1, ROLE_DIM, signs[i].word) + 2;
	}
}

/* ---- all of it ---- */

static void
draw_nothing(const struct pin_map *map, const struct vm *vm, const struct env *env, const struct pane *pane)
{
	if (!map->host)
		pane_printf(pane, 2, 0, ROLE_DIM, "the CPUs of %s are not known yet", vm->host->name);
	else if (map->pins)
		pin_draw_gaps(map, pane, 2);
	else
		pane_text(pane, 2, 0, -1, ROLE_DIM,
			host_snap_fresh(vm->host, env->row.now_us) ? "asking the host"
								   : "its host does not answer");
}

static void
show_row(struct pin_map *map, guint rows)
{
	map->top = MIN(map->top, map->row);
	if (map->row >= map->top + rows)
		map->top = map->row - rows + 1;
	map->top = MIN(map->top, map->lines->len - MIN(rows, map->lines->len));
}

void
pin_draw(struct pin_view *state, const struct env *env, const struct vm *vm, const struct pane *pane)
{
	struct pin_map *map = &state->map;
	struct pin_layout layout;
	struct pane body;
	bool legend = pane->rows > 16, presets = pane->rows > 12;
	int below = WORDS + legend + presets, y;

	state->rows = 0;
	pin_draw_state(state, env, vm, pane);
	if (!map->host || !map->pins || map->lines->len == 0) {
		draw_nothing(map, vm, env, pane);
		return;
	}
	layout = pin_layout_of(map, MAX(pane->cols - PIN_LABEL - 1, 1));
	pin_layout_show(&layout, map);
	body = pane_sub(pane, 1, 0, pane->rows - below - 1, pane->cols);
	y = pin_draw_headers(&layout, env, &body, 0, body.rows - LEAST_ROWS);
	state->rows = (guint)MAX(body.rows - y, 1);
	show_row(map, state->rows);
	draw_lines(&layout, &body, y, state->rows);
	state->cells = pane_sub(&body, y, PIN_LABEL, (int)state->rows, layout.width);
	if (map->lines->len < state->rows)
		pin_draw_gaps(map, &body, y + (int)map->lines->len);
	y = pane->rows - below;
	pin_draw_cpu_words(map, env, vm, pane, y++);
	pin_draw_line_words(map, env, pane, y++);
	if (presets)
		pin_draw_presets(env, "pins", NULL, pane, y++);
	if (legend)
		draw_legend(pane, y);
}
