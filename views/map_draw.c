/* map: lines of cells, the legend, and what the cursor is on. */
#include "views/map.h"

#include "tui/cell.h"

#include <math.h>

/* What the cursor names: its own host or guest, also where its slot shows a worse one. */
static const struct map_cell *
named_cell(const struct map *map)
{
	const struct map_slot *slot = map_slot_at(map, map->cursor);

	for (size_t i = slot->first; i < slot->first + slot->count; i++) {
		struct row_key key = map_cell_key(&map->cells, map_cell_at(map, i));

		if (row_key_equal(&key, &map->key))
			return map_cell_at(map, i);
	}
	return map_cell_at(map, slot->cell);
}

/* Without colours and with them: the higher, the more. */
static const char *const ramp[MAP_LEVELS] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char ramp_ascii[MAP_LEVELS] = { '0', '1', '2', '3', '4', '5', '6', '7' }; /* signs are states */
static const struct look unknown_look = { "·", '?', ROLE_DIM, "not known" };

static void
draw_glyphs(const struct pane *pane, int y, int x, int n, enum role role, const char *glyph, char ascii)
{
	for (int i = 0; i < n; i++)
		pane_glyph(pane, y, x + i, role, glyph, ascii);
}

/* Where there is room for names, a cell says by itself what it is about. */
static void
draw_name(const struct map *map, const struct pane *pane, int y, int x, const struct map_cell *cell,
	enum role role)
{
	char number[32];

	pane_text(pane, y, x, map->layout.name, ROLE_NORMAL, map_cell_name(&map->cells, cell));
	map_cell_text(&map->cells, cell, number, sizeof(number));
	pane_field(pane, y, x + map->layout.name + 1, MAP_NUMBER, ALIGN_RIGHT, role, number);
}

static void
draw_slot(const struct map *map, const struct pane *pane, int y, int x, size_t index)
{
	const struct map_cell *cell = map_cell_at(map, map_slot_at(map, index)->cell);
	const struct look *look = cell->look ? cell->look : &unknown_look;
	const struct map_layout *layout = &map->layout;
	int level = map_cell_level(&map->cells, cell), n = layout->name ? MAP_BAR : MAX(layout->width - 1, 1);
	enum role role = level >= 0 ? (enum role)(ROLE_HEAT_0 + level) : look->role;

	if (level >= 0)
		draw_glyphs(pane, y, x, n, role, ramp[level], ramp_ascii[level]);
	else
		draw_glyphs(pane, y, x, n, role, look->glyph, look->ascii);
	if (layout->name)
		draw_name(map, pane, y, x + n + 1, cell, role);
	if (index == map->cursor)
		pane_restyle(pane, y, x, MAX(layout->width - (layout->name ? 2 : 1), 1), ROLE_CURSOR, 0);
}

void
map_draw_line(const struct map *map, const struct pane *pane, int y, const struct map_line *line)
{
	const struct map_group *group = &g_array_index(map->cells.groups, struct map_group, line->group);

	if (line->titled && map->layout.label)
		pane_text(pane, y, 0, map->layout.label - 1, group->name ? ROLE_COLUMN : ROLE_DIM,
			group->name ? group->name : "-");
	for (size_t i = 0; i < line->count; i++)
		draw_slot(map, pane, y, map->layout.label + (int)i * map->layout.width, line->first + i);
}

static int
draw_key(const struct pane *pane, int x, const struct look *look, const char *word)
{
	pane_glyph(pane, 0, x, look->role, look->glyph, look->ascii);
	return x + 2 + pane_text(pane, 0, x + 2, -1, ROLE_DIM, word) + 2;
}

/* "CPU of 221 hosts by site", and the scale at the right, as far as there is room. */
void
map_draw_legend(const struct map *map, const struct pane *pane)
{
	const struct map_cells *cells = &map->cells;
	g_autoptr(GString) title = g_string_new(map_measure_name(cells->measure));
	struct map_scale scale;
	int x;

	g_string_append_printf(title, " of %u %s%s", cells->cells->len, cells->guests ? "VM" : "host",
		cells->cells->len == 1 ? "" : "s");
	if (map->grouping != MAP_BY_NOTHING)
		g_string_append_printf(title, " by %s", map_grouping_name(map->grouping));
	if (map->layout.pack > 1)
		g_string_append_printf(title, ", of each %zu the worst", map->layout.pack);
	x = pane_text(pane, 0, 0, -1, ROLE_TITLE, title->str) + 3;
	map_scale_of(cells, &scale);
	x += pane_text(pane, 0, x, -1, ROLE_DIM, scale.low) + 1;
	for (int i = 0; i < MAP_LEVELS; i++)
		draw_glyphs(pane, 0, x++, 1, (enum role)(ROLE_HEAT_0 + i), ramp[i], ramp_ascii[i]);
	x += 1 + pane_text(pane, 0, x + 1, -1, ROLE_DIM, scale.high) + 2;
	if (scale.note)
		x += pane_text(pane, 0, x, -1, ROLE_DIM, scale.note) + 2;
	x = draw_key(pane, x, &unknown_look, unknown_look.help);
	if (cells->guests)
		draw_key(pane, x, vm_look(VM_STATE_OFF), vm_state_name(VM_STATE_OFF));
}

static void
describe_host(const struct host_snap *host, const struct env *env, GString *out)
{
	g_string_append_printf(out, "  %s", link_state_word(host_snap_link(host, env->row.now_us)));
	if (host->why && host->link != LINK_UP)
		g_string_append_printf(out, ": %s", host->why);
	else if (host->listed && host_snap_fresh(host, env->row.now_us))
		g_string_append_printf(
			out, ", %.0f/%.0f VMs", host->value[HOST_VMS_RUNNING], host->value[HOST_VMS]);
}

/* What the cursor is on, by name and number. */
void
map_draw_named(const struct map *map, const struct env *env, const struct pane *pane, int y)
{
	const struct map_cell *cell = named_cell(map);
	const struct vm *vm = map->cells.guests ? cell->row : NULL;
	const struct host_snap *host = vm ? vm->host : cell->row;
	size_t others = map_slot_at(map, map->cursor)->count - 1;
	g_autoptr(GString) text = g_string_new(NULL);
	char number[32];
	int x = pane_text(pane, y, 0, -1, ROLE_TITLE, map_cell_name(&map->cells, cell));

	map_cell_text(&map->cells, cell, number, sizeof(number));
	if (vm)
		g_string_append_printf(text, "@%s", host->name);
	if (host->config && host->config->site)
		g_string_append_printf(text, " (%s)", host->config->site);
	g_string_append_printf(text, "  %s %s", map_measure_name(map->cells.measure), number);
	if (vm)
		g_string_append_printf(text, "  %s%s", vm_state_name(vm->state),
			host_snap_fresh(host, env->row.now_us) ? "" : ", as last known");
	else
		describe_host(host, env, text);
	if (others)
		g_string_append_printf(text, "  and %zu more in this cell", others);
	pane_text(pane, y, x, -1, ROLE_NORMAL, text->str);
}
