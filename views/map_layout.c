#include "views/map.h"

#include "tui/cell.h"

#define LABEL_MOST  12
#define NAME_MOST   16
#define NAMED(name) (MAP_BAR + 1 + (name) + 1 + MAP_NUMBER + 2) /* columns of a cell with its name … */
#define WIDTH_MOST  4                                           /* … and without */
#define PACK_SHARE  16 /* a pack that is too small grows by this part of itself */

void
map_layout_init(struct map_layout *layout)
{
	*layout = (struct map_layout){
		.slots = g_array_new(FALSE, FALSE, sizeof(struct map_slot)),
		.lines = g_array_new(FALSE, FALSE, sizeof(struct map_line)),
	};
}

void
map_layout_done(struct map_layout *layout)
{
	if (layout->slots)
		g_array_free(layout->slots, TRUE);
	if (layout->lines)
		g_array_free(layout->lines, TRUE);
}

static const struct map_group *
group_at(const struct map_cells *cells, size_t i)
{
	return &g_array_index(cells->groups, struct map_group, i);
}

static size_t
divide_up(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

static size_t
lines_needed(const struct map_cells *cells, size_t pack, size_t per_line)
{
	size_t lines = 0;

	for (guint i = 0; i < cells->groups->len; i++)
		lines += divide_up(divide_up(group_at(cells, i)->count, pack), per_line);
	return lines;
}

/* One nameless group needs no label. */
static int
label_width(const struct map_cells *cells)
{
	int width = 0;

	if (cells->groups->len == 1 && !group_at(cells, 0)->name)
		return 0;
	for (guint i = 0; i < cells->groups->len; i++) {
		const char *name = group_at(cells, i)->name;

		width = CLAMP(name ? text_width(name) : 1, width, LABEL_MOST);
	}
	return width + 1;
}

static bool
fits(const struct map_cells *cells, int width, size_t rows, int cols)
{
	return width <= cols && lines_needed(cells, 1, (size_t)(cols / width)) <= rows;
}

/* The widest name, 0 when there is no room for names. */
static int
name_width(const struct map_cells *cells, size_t rows, int cols)
{
	int width = 1;

	if (!fits(cells, NAMED(width), rows, cols))
		return 0;
	for (guint i = 0; i < cells->cells->len; i++)
		width = CLAMP(
			text_width(map_cell_name(cells, &g_array_index(cells->cells, struct map_cell, i))),
			width, NAME_MOST);
	return fits(cells, NAMED(width), rows, cols) ? width : 0;
}

static void
choose_size(struct map_layout *layout, const struct map_cells *cells, size_t rows, int cols)
{
	layout->pack = 1;
	layout->name = name_width(cells, rows, cols);
	layout->width = NAMED(layout->name);
	layout->per_line = MAX(cols / layout->width, 1);
	if (layout->name)
		return;
	for (layout->width = WIDTH_MOST; layout->width > 1; layout->width--)
		if (fits(cells, layout->width, rows, cols))
			break;
	layout->per_line = MAX(cols / layout->width, 1);
	/* a line per group is the least there can be */
	while (lines_needed(cells, layout->pack, (size_t)layout->per_line) > MAX(rows, cells->groups->len))
		layout->pack += 1 + layout->pack / PACK_SHARE;
}

static void
add_slot(struct map_layout *layout, const struct map_cells *cells, size_t first, size_t count)
{
	struct map_slot slot = { .cell = first, .first = first, .count = count };
	const struct map_cell *all = (const struct map_cell *)(const void *)cells->cells->data;
	double most = map_cell_rank(cells, &all[first]);

	for (size_t i = first + 1; i < first + count; i++) {
		double rank = map_cell_rank(cells, &all[i]);

		if (rank > most) {
			most = rank;
			slot.cell = i;
		}
	}
	g_array_append_val(layout->slots, slot);
}

static void
add_group(struct map_layout *layout, const struct map_cells *cells, size_t index)
{
	const struct map_group *group = group_at(cells, index);
	size_t first = layout->slots->len;

	for (size_t i = 0; i < group->count; i += layout->pack)
		add_slot(layout, cells, group->first + i, MIN(layout->pack, group->count - i));
	for (size_t i = first; i < layout->slots->len; i += (size_t)layout->per_line) {
		struct map_line line = { .first = i,
			.count = MIN((size_t)layout->per_line, layout->slots->len - i),
			.group = index,
			.titled = i == first };

		g_array_append_val(layout->lines, line);
	}
}

void
map_layout_make(struct map_layout *layout, const struct map_cells *cells, int rows, int cols)
{
	layout->label = label_width(cells);
	choose_size(layout, cells, (size_t)MAX(rows, 1), MAX(cols - layout->label, 1));
	g_array_set_size(layout->slots, 0);
	g_array_set_size(layout->lines, 0);
	for (guint i = 0; i < cells->groups->len; i++)
		add_group(layout, cells, i);
}

size_t
map_layout_line(const struct map_layout *layout, size_t slot)
{
	size_t low = 0, high = layout->lines->len;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (g_array_index(layout->lines, struct map_line, middle).first <= slot)
			low = middle;
		else
			high = middle;
	}
	return low;
}
