#include "tui/table.h"

#include <string.h>

#define MAX_COLUMNS 96 /* of a view; its tables are static, so more is a programmer's error */
#define WIDE_GAP    2
#define NARROW_GAP  1
#define ARROW_LEAST 20 /* columns; a pane that narrow has no room for arrows */

/* Which columns are on screen, and where. Made anew for each draw and each click: it depends on the pane alone. */
struct layout {
	size_t n;
	size_t column[MAX_COLUMNS]; /* into source->columns, from left to right */
	int x[MAX_COLUMNS], width[MAX_COLUMNS];
	int gutter; /* columns for the mark, at the left */
	int gap;    /* between columns */
	bool more_left, more_right;
};

static int
layout_needs(const struct layout *layout)
{
	int width = layout->gutter;

	for (size_t i = 0; i < layout->n; i++)
		width += layout->width[i] + (i > 0 ? layout->gap : 0);
	return width;
}

static void
layout_append(struct layout *layout, const struct table_source *source, size_t column)
{
	layout->column[layout->n] = column;
	layout->width[layout->n] = MAX(source->columns[column].width, 1);
	layout->n++;
}

static void
layout_remove(struct layout *layout, size_t at)
{
	size_t behind = layout->n - at - 1;

	memmove(&layout->column[at], &layout->column[at + 1], behind * sizeof(layout->column[0]));
	memmove(&layout->width[at], &layout->width[at + 1], behind * sizeof(layout->width[0]));
	layout->n--;
}

/* The shown column that goes first: of the highest priority number, the rightmost; layout->n: all must stay. */
static size_t
layout_least(const struct layout *layout, const struct table_source *source)
{
	size_t least = layout->n;
	int highest = 1;

	for (size_t i = 0; i < layout->n; i++) {
		int priority = source->columns[layout->column[i]].priority;

		if (priority >= highest) {
			highest = priority;
			least = i;
		}
	}
	return least;
}

/* Cuts from the right what still does not fit; one column always stays, cut to the pane. */
static void
layout_cut(struct layout *layout, int cols)
{
	while (layout->n > 1 && layout_needs(layout) > cols)
		layout->n--;
	if (layout->n == 1)
		layout->width[0] = CLAMP(layout->width[0], 1, MAX(cols - layout->gutter, 1));
}

/* Gives what is left of the pane to flexible columns by their shares. */
static void
layout_grow(struct layout *layout, const struct table_source *source, int cols)
{
	int left = cols - layout_needs(layout);

	while (left > 0) {
		int shares = 0, given = 0;

		for (size_t i = 0; i < layout->n; i++) {
			const struct table_column *column = &source->columns[layout->column[i]];

			if (column->max_width == 0 || layout->width[i] < column->max_width)
				shares += column->flex;
		}
		for (size_t i = 0; i < layout->n && shares > 0 && given < left; i++) {
			const struct table_column *column = &source->columns[layout->column[i]];
			int room = column->max_width ? column->max_width - layout->width[i] : left;
			int more = MIN(MIN((left * column->flex + shares - 1) / shares, left - given), room);

			if (column->flex == 0 || more <= 0)
				continue;
			layout->width[i] += more;
			given += more;
		}
		if (given == 0)
			return;
		left -= given;
	}
}

static void
layout_place(struct layout *layout)
{
	int x = layout->gutter;

	for (size_t i = 0; i < layout->n; i++) {
		layout->x[i] = x;
		x += layout->width[i] + layout->gap;
	}
}

/* Not scrolled sideways: all columns, less those that the screen is too narrow for. Returns whether all are there. */
static bool
layout_by_priority(struct layout *layout, const struct table_source *source, int cols)
{
	for (size_t i = 0; i < source->ncolumns; i++)
		layout_append(layout, source, i);
	while (layout_needs(layout) > cols) {
		size_t least = layout_least(layout, source);

		if (least == layout->n)
			break;
		layout_remove(layout, least);
	}
	layout_cut(layout, cols);
	return layout->n == source->ncolumns;
}

/* Scrolled: sticky columns, then the others from number LEFT on, dropped or not – that is how one gets to see them.
 * Returns whether the last column is there. */
static bool
layout_by_scroll(struct layout *layout, const struct table_source *source, size_t left, int cols)
{
	size_t skipped = 0, wanted;

	for (size_t i = 0; i < source->ncolumns; i++) {
		if (source->columns[i].sticky)
			layout_append(layout, source, i);
	}
	for (size_t i = 0; i < source->ncolumns; i++) {
		if (!source->columns[i].sticky && skipped++ >= left)
			layout_append(layout, source, i);
	}
	wanted = layout->n;
	layout_cut(layout, cols);
	return layout->n == wanted;
}

static size_t
scrollable_columns(const struct table_source *source)
{
	size_t n = 0;

	for (size_t i = 0; i < source->ncolumns; i++)
		n += !source->columns[i].sticky;
	return n;
}

static bool
layout_try(struct layout *layout, const struct table_source *source, size_t left, int cols, int gap)
{
	layout->n = 0;
	layout->gap = gap;
	layout->gutter = source->marked ? 1 : 0;
	if (left == 0)
		return layout_by_priority(layout, source, cols);
	return layout_by_scroll(layout, source, left, cols);
}

/* Returns whether nothing is left out at the right; else the arrow that says so has a column there. */
static bool
layout_columns(struct layout *layout, const struct table_source *source, size_t left, int cols)
{
	bool complete;

	g_assert(source->ncolumns <= MAX_COLUMNS);
	complete = layout_try(layout, source, left, cols, WIDE_GAP) ||
		   layout_try(layout, source, left, cols, NARROW_GAP);
	layout->more_left = left > 0 && layout->gutter;
	layout->more_right = !complete && layout->gutter && cols > ARROW_LEAST;
	if (layout->more_right) {
		cols--;
		layout_try(layout, source, left, cols, NARROW_GAP);
	}
	layout_grow(layout, source, cols);
	layout_place(layout);
	return complete;
}

/* Lays out for TABLE's scroll position, which is taken back as far as the last column still shows: the screen may have
 * grown since. */
static void
table_lay_out(struct table *table, const struct table_source *source, struct layout *layout, int cols)
{
	size_t scrollable = scrollable_columns(source);

	if (table->left >= scrollable)
		table->left = scrollable > 0 ? scrollable - 1 : 0;
	while (table->left > 0 && layout_columns(layout, source, table->left - 1, cols))
		table->left--;
	layout_columns(layout, source, table->left, cols);
}

/* Keeps the cursor on a row, and its row in sight. Before the first draw nobody knows what is in sight. */
static void
table_scroll(struct table *table, size_t nrows)
{
	size_t page = table->page;

	table->cursor = nrows == 0 ? 0 : MIN(table->cursor, nrows - 1);
	if (page == 0)
		return;
	table->top = nrows <= page ? 0 : MIN(table->top, nrows - page);
	if (table->cursor < table->top)
		table->top = table->cursor;
	else if (table->cursor >= table->top + page)
		table->top = table->cursor - page + 1;
}

/* The second column's is the smaller one. */
static const char *
sort_arrow(const struct pane *pane, bool descending, bool second)
{
	static const char *const arrows[2][2] = { { "▲", "▼" }, { "▴", "▾" } };
	static const char *const ascii[2][2] = { { "^", "v" }, { "'", "," } };

	return canvas_ascii(pane->canvas) ? ascii[second][descending] : arrows[second][descending];
}

/* The arrow stands on the title's open side – right of a left-aligned one, left of a right-aligned one – if need be in
 * the gap, so that no title loses a letter to it. */
static void
draw_title(const struct pane *pane, const struct table_source *source, const struct layout *layout, size_t i)
{
	const struct table_column *column = &source->columns[layout->column[i]];
	bool sorted = layout->column[i] == source->sort_column;
	bool second = !sorted && layout->column[i] == source->second_column;
	enum role role = sorted ? ROLE_SORTED : ROLE_COLUMN;
	int x = layout->x[i], width = layout->width[i], title = MIN(text_width(column->title), width);

	pane_field(pane, 0, x, width, column->align, role, column->title);
	if (!sorted && !second)
		return;
	if (column->align == ALIGN_RIGHT)
		x = MAX(x + width - title - 1, 0);
	else
		x = MIN(x + title, pane->cols - 1);
	pane_text(pane, 0, x, 1, role,
		sort_arrow(pane, second ? source->second_descending : source->sort_descending, second));
}

static void
draw_header(const struct pane *pane, const struct table_source *source, const struct layout *layout)
{
	pane_fill(pane, 0, 0, -1, ROLE_COLUMN);
	for (size_t i = 0; i < layout->n; i++)
		draw_title(pane, source, layout, i);
	if (layout->more_left)
		pane_glyph(pane, 0, 0, ROLE_SORTED, "‹", '<');
	if (layout->more_right)
		pane_glyph(pane, 0, pane->cols - 1, ROLE_SORTED, "›", '>');
}

/* Under the cursor only alarms keep their colour, reversed: they must not be lost, and two colours are enough. */
static void
draw_cursor(const struct pane *pane, int y)
{
	for (int x = 0; x < pane->cols; x++) {
		enum role role = (enum role)canvas_at(pane->canvas, pane->y + y, pane->x + x)->role;

		if (role == ROLE_WARN || role == ROLE_BAD)
			pane_restyle(pane, y, x, 1, ROLE_COUNT, CELL_REVERSE);
		else
			pane_restyle(pane, y, x, 1, ROLE_CURSOR, 0);
	}
}

static void
draw_row(const struct pane *pane, int y, const struct table_source *source, const struct layout *layout,
	size_t row)
{
	bool marked = source->marked && source->marked(source->ctx, row);
	enum role role = source->row_role ? source->row_role(source->ctx, row) : ROLE_NORMAL;

	if (marked)
		role = ROLE_MARKED;
	pane_fill(pane, y, 0, -1, role);
	if (marked)
		pane_glyph(pane, y, 0, role, "◆", '*');
	for (size_t i = 0; i < layout->n; i++) {
		const struct table_column *column = &source->columns[layout->column[i]];
		struct cell cell = { .role = ROLE_NORMAL };

		source->cell(source->ctx, row, layout->column[i], &cell);
		pane_field(pane, y, layout->x[i], layout->width[i], column->align,
			cell.role == ROLE_NORMAL ? role : cell.role, cell.text);
	}
}

void
table_draw(struct table *table, const struct pane *pane, const struct table_source *source)
{
	struct layout layout;

	if (pane->rows <= 0 || pane->cols <= 0)
		return;
	table->page = (size_t)pane->rows - 1;
	table_scroll(table, source->nrows);
	table_lay_out(table, source, &layout, pane->cols);

	draw_header(pane, source, &layout);
	for (int y = 1; y < pane->rows; y++) {
		size_t row = table->top + (size_t)y - 1;

		if (row >= source->nrows) {
			pane_fill(pane, y, 0, -1, ROLE_NORMAL);
			continue;
		}
		draw_row(pane, y, source, &layout, row);
		if (row == table->cursor)
			draw_cursor(pane, y);
	}
	if (source->nrows == 0 && source->empty)
		pane_text(pane, 1, layout.gutter, -1, ROLE_DIM, source->empty);
}

void
table_move(struct table *table, size_t nrows, enum table_move move)
{
	size_t page = MAX(table->page, 1), last = nrows == 0 ? 0 : nrows - 1;

	switch (move) {
	case TABLE_UP:
		table->cursor -= table->cursor > 0;
		break;
	case TABLE_DOWN:
		table->cursor += 1;
		break;
	case TABLE_PAGE_UP:
		table->cursor -= MIN(table->cursor, page);
		table->top -= MIN(table->top, page);
		break;
	case TABLE_PAGE_DOWN:
		table->cursor += page;
		table->top += page;
		break;
	case TABLE_FIRST:
		table->cursor = 0;
		break;
	case TABLE_LAST:
		table->cursor = last;
		break;
	}
	table_scroll(table, nrows);
}

void
table_scroll_columns(struct table *table, const struct table_source *source, int by)
{
	size_t scrollable = scrollable_columns(source);

	if (by < 0)
		table->left -= MIN(table->left, (size_t)-by);
	else
		table->left = MIN(table->left + (size_t)by, scrollable > 0 ? scrollable - 1 : 0);
}

/* A gap belongs to the column at its left. */
static size_t
layout_column_at(const struct layout *layout, const struct table_source *source, int x)
{
	for (size_t i = layout->n; i-- > 0;) {
		if (x >= layout->x[i])
			return x < layout->x[i] + layout->width[i] + layout->gap ? layout->column[i]
										 : source->ncolumns;
	}
	return source->ncolumns;
}

void
table_hit(const struct table *table, const struct pane *pane, const struct table_source *source, int y, int x,
	size_t *row, size_t *column, bool *header)
{
	struct layout layout;

	*row = source->nrows;
	*column = source->ncolumns;
	*header = false;
	y -= pane->y;
	x -= pane->x;
	if (y < 0 || y >= pane->rows || x < 0 || x >= pane->cols)
		return;
	layout_columns(&layout, source, table->left, pane->cols);
	*column = layout_column_at(&layout, source, x);
	*header = y == 0;
	if (y > 0)
		*row = MIN(table->top + (size_t)y - 1, source->nrows);
}

size_t
table_shown(
	const struct table *table, const struct pane *pane, const struct table_source *source, size_t *shown)
{
	struct layout layout;

	layout_columns(&layout, source, table->left, pane->cols);
	for (size_t i = 0; i < layout.n; i++)
		shown[i] = layout.column[i];
	return layout.n;
}
