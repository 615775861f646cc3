/* pin: where the columns of the map are, and the lines above it. */
#include "views/pin_view.h"

#include "tui/bar.h"

/* ---- columns ---- */

static int
gap_before(const struct pin_layout *layout, guint i)
{
	const struct pinning_cpu *cpu = pinning_cpu_at(layout->map->host, i);

	if (i == 0)
		return 0;
	if (cpu->cell != pinning_cpu_at(layout->map->host, i - 1)->cell)
		return layout->cores ? 2 : 1;
	return layout->cores && cpu->core != pinning_cpu_at(layout->map->host, i - 1)->core;
}

/* From the left edge of column FIRST to that of column I. */
int
pin_layout_distance(const struct pin_layout *layout, guint first, guint i)
{
	int x = 0;

	for (guint j = first + 1; j <= i; j++)
		x += 1 + gap_before(layout, j);
	return x;
}

static bool
has_siblings(const struct pin_map *map)
{
	guint n = pin_map_columns(map);

	return n > 0 && pinning_cpu_at(map->host, n - 1)->core + 1 < n;
}

struct pin_layout
pin_layout_of(const struct pin_map *map, int width)
{
	struct pin_layout layout = { .map = map, .cores = has_siblings(map), .width = width };
	guint n = pin_map_columns(map);

	if (n && layout.cores && pin_layout_distance(&layout, 0, n - 1) + 1 > width)
		layout.cores = false;
	return layout;
}

/* Scrolls so far that the cursor's column is there, no farther than needed. */
void
pin_layout_show(const struct pin_layout *layout, struct pin_map *map)
{
	guint n = pin_map_columns(map);

	map->left = MIN(map->left, map->column);
	while (map->left < map->column &&
		pin_layout_distance(layout, map->left, map->column) >= layout->width)
		map->left++;
	while (map->left > 0 && pin_layout_distance(layout, map->left - 1, n - 1) < layout->width)
		map->left--;
}

/* Calls DRAW for each column that is shown. */
void
pin_layout_each(const struct pin_layout *layout,
	void (*draw)(const struct pin_layout *layout, guint column, int x, void *ctx), void *ctx)
{
	int x = 0;

	for (guint i = layout->map->left; i < pin_map_columns(layout->map) && x < layout->width; i++) {
		draw(layout, i, x, ctx);
		if (i + 1 < pin_map_columns(layout->map))
			x += 1 + gap_before(layout, i + 1);
	}
}

guint
pin_draw_column_at(const struct pin_view *state, int at)
{
	struct pin_layout layout = pin_layout_of(&state->map, state->cells.cols);
	guint n = pin_map_columns(&state->map);

	for (guint i = state->map.left; i < n; i++)
		if (pin_layout_distance(&layout, state->map.left, i) == at)
			return i;
	return n;
}

/* ---- header lines ---- */

/* One of them: what stands in each column. */
struct header {
	const struct pane *pane;
	const struct env *env;
	int y;
	int power; /* of a number's digit */
};

static void
draw_cell_title(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;
	const struct pinning_cpu *cpu = pinning_cpu_at(layout->map->host, i);

	if (i > layout->map->left && cpu->cell == pinning_cpu_at(layout->map->host, i - 1)->cell)
		return;
	pane_fill(header->pane, header->y, x, -1, ROLE_NORMAL);
	if (cpu->cpu.cell < 0)
		pane_text(header->pane, header->y, x, -1, ROLE_COLUMN, "CPUs");
	else
		pane_printf(header->pane, header->y, x, ROLE_COLUMN, "cell %d", cpu->cpu.cell);
}

static void
draw_digit(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;
	int id = pinning_cpu_at(layout->map->host, i)->cpu.id;

	if (header->power > 1 && id < header->power)
		return;
	pane_printf(header->pane, header->y, x, i == layout->map->column ? ROLE_SORTED : ROLE_COLUMN, "%d",
		id / header->power % 10);
}

/* Siblings that stand together without a blank around them are tied. */
static void
draw_core(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;
	const struct pinning_host *host = layout->map->host;
	unsigned core = pinning_cpu_at(host, i)->core;
	bool first = i == 0 || pinning_cpu_at(host, i - 1)->core != core;
	bool last = i + 1 == host->cpus->len || pinning_cpu_at(host, i + 1)->core != core;

	pane_glyph(header->pane, header->y, x, ROLE_DIM,
		first && last ? " "
		: first       ? "╰"
		: last        ? "╯"
			      : "─",
		first && last ? ' '
		: first       ? '\\'
		: last        ? '/'
			      : '-');
}

static void
draw_use(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;
	double load = pinning_cpu_at(layout->map->host, i)->load;
	const uint8_t value = load < 0 ? SPARK_UNKNOWN : (uint8_t)MIN(load, 100);
	enum role role = threshold_role(header->env->config, THRESHOLD_CPU, load);

	bar_spark(header->pane, header->y, x, 1,
		load < 0              ? ROLE_DIM
		: role == ROLE_NORMAL ? ROLE_GRAPH
				      : role,
		&value, 1);
}

/* How many other guests are pinned there; it matters where this one is pinned, too. */
static void
draw_others(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;
	unsigned n = pinning_cpu_at(layout->map->host, i)->pinned;

	if (n == 0)
		pane_glyph(header->pane, header->y, x, ROLE_DIM, "·", '.');
	else if (n > 9)
		pane_glyph(header->pane, header->y, x, ROLE_NORMAL, "+", '+');
	else
		pane_printf(header->pane, header->y, x, ROLE_NORMAL, "%u", n);
}

static void
draw_conflict(const struct pin_layout *layout, guint i, int x, void *ctx)
{
	const struct header *header = ctx;

	if (pin_map_claims(layout->map, i) > PIN_CLAIMS_MAX)
		pane_glyph(header->pane, header->y, x, ROLE_WARN, "!", '!');
}

static bool
has_loads(const struct pin_map *map)
{
	for (guint i = 0; i < pin_map_columns(map); i++)
		if (pinning_cpu_at(map->host, i)->load >= 0)
			return true;
	return false;
}

static bool
has_conflicts(const struct pin_map *map)
{
	for (guint i = 0; i < pin_map_columns(map); i++)
		if (pin_map_claims(map, i) > PIN_CLAIMS_MAX)
			return true;
	return false;
}

/* A header line with its label. */
static void
draw_header(const struct pin_layout *layout, const struct header *at, const char *label,
	void (*draw)(const struct pin_layout *, guint, int, void *))
{
	struct pane cells = pane_sub(at->pane, 0, PIN_LABEL, at->pane->rows, layout->width);
	struct header header = *at;

	header.pane = &cells;
	pane_field(at->pane, at->y, 1, PIN_LABEL - 2, ALIGN_LEFT, ROLE_DIM, label);
	pin_layout_each(layout, draw, &header);
}

/* More to the left or right. */
static void
draw_edges(const struct pin_layout *layout, const struct pane *pane, int y)
{
	const struct pin_map *map = layout->map;
	guint n = pin_map_columns(map);

	if (map->left > 0)
		pane_glyph(pane, y, PIN_LABEL - 1, ROLE_DIM, "‹", '<');
	if (pin_layout_distance(layout, map->left, n - 1) >= layout->width)
		pane_glyph(pane, y, pane->cols - 1, ROLE_DIM, "›", '>');
}

/* Those that are a must, then the others as far as ROOM (lines) goes. Returns the line below. */
int
pin_draw_headers(
	const struct pin_layout *layout, const struct env *env, const struct pane *pane, int y, int room)
{
	const struct pin_map *map = layout->map;
	struct header header = { .pane = pane, .env = env, .y = y };
	int powers = map->host->all > 100 ? 100 : map->host->all > 10 ? 10 : 1;

	draw_header(layout, &header, "", draw_cell_title);
	draw_edges(layout, pane, y);
	header.y++;
	for (header.power = powers; header.power; header.power /= 10, header.y++)
		draw_header(layout, &header, header.power == 1 ? "CPU" : "", draw_digit);
	room -= header.y - y;
	if (!layout->cores && has_siblings(map) && room-- > 0) {
		draw_header(layout, &header, "", draw_core);
		header.y++;
	}
	if (has_loads(map) && room-- > 0) {
		draw_header(layout, &header, "busy", draw_use);
		header.y++;
	}
	draw_header(layout, &header, "other VMs", draw_others);
	header.y++;
	if (has_conflicts(map)) {
		draw_header(layout, &header, "overbooked", draw_conflict);
		header.y++;
	}
	return header.y;
}
