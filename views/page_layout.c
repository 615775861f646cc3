/* page: lines broken to the width of their block, and blocks into columns. */
#include "views/page_private.h"

#include "tui/wrap.h"

#include <string.h>

#define COLUMN_GAP  3
#define VALUE_LEAST 10
#define HOP_GAIN    4 /* lines that a block's change of column must save: they shall not hop about */

/* How many lines a graph has: the most that leave the page in one piece, or else what the screen's height allows. */
static const struct level {
	int major, minor;
	int rows; /* of a screen that scrolls with them */
} levels[] = {
	{ 8, 4, 10000 }, { 6, 3, 10000 }, { 4, 2, 50 }, { 3, 1, 30 },
	{ 1, 1, 0 }, /* the last one always will do */
};

static void
placed_clear(gpointer pointer)
{
	g_free(((struct placed *)pointer)->text);
}

static void
block_clear(gpointer pointer)
{
	g_array_free(((struct block *)pointer)->placed, TRUE);
}

/* ---- a block ---- */

static void
place_text(struct block *block, const struct line *line)
{
	int indent = line->kind == LINE_FIELD ? block->section->label_width + 2 : 0;
	g_autoptr(GPtrArray) parts = text_wrap(line->text, MAX(block->width - 1 - indent, VALUE_LEAST));

	for (guint i = 0; i < parts->len; i++) {
		struct placed placed = { .line = line,
			.text = g_strdup(parts->pdata[i]),
			.part = (int)i,
			.parts = (int)parts->len };

		g_array_append_val(block->placed, placed);
	}
}

static void
place_line(struct block *block, const struct line *line, const struct level *level)
{
	bool drawn = line->kind == LINE_GRAPH && line->nvalues;
	int height = !drawn ? 1 : line->major ? level->major : level->minor;

	if (line->kind == LINE_FIELD || line->kind == LINE_TEXT) {
		place_text(block, line);
		return;
	}
	for (int i = 0; i < height; i++) {
		struct placed placed = { .line = line, .part = i, .parts = height };

		g_array_append_val(block->placed, placed);
	}
}

static struct block
block_make(const struct section *section, int width, const struct level *level)
{
	struct block block = { .section = section, .width = width };
	struct placed title = { .parts = 1 };

	block.placed = g_array_new(FALSE, FALSE, sizeof(struct placed));
	g_array_set_clear_func(block.placed, placed_clear);
	g_array_append_val(block.placed, title);
	for (guint i = 0; i < section->lines->len; i++)
		place_line(&block, section->lines->pdata[i], level);
	return block;
}

/* ---- columns ---- */

static int
lowest(const int *heights, int n)
{
	int most = 0;

	for (int i = 0; i < n; i++)
		most = MAX(most, heights[i]);
	return most;
}

/* Each block below the shortest column. COLUMNS: those to take, or to be filled when FRESH. Returns the height of all. */
static int
stack_blocks(GArray *blocks, guint first, guint end, int ncolumns, int top, int *columns, bool fresh)
{
	int heights[PAGE_COLUMNS_MOST];

	for (int i = 0; i < ncolumns; i++)
		heights[i] = top;
	for (guint i = first; i < end; i++) {
		struct block *block = &g_array_index(blocks, struct block, i);
		int at = 0;

		for (int column = 1; fresh && column < ncolumns; column++)
			if (heights[column] < heights[at])
				at = column;
		if (fresh)
			columns[i] = at;
		at = columns[i];
		block->x = at * (block->width + COLUMN_GAP);
		block->y = heights[at] + (heights[at] > top ? 1 : 0);
		heights[at] = block->y + (int)block->placed->len;
	}
	return lowest(heights, ncolumns);
}

/* The blocks from FIRST up to END side by side, in the columns of the last draw unless others are a good deal better. */
static int
lay_band(struct page *page, GArray *blocks, guint first, guint end, int ncolumns, int top, bool known)
{
	g_autofree int *fresh = g_new0(int, blocks->len);
	int *columns = (int *)(void *)page->columns->data;
	int height = stack_blocks(blocks, first, end, ncolumns, top, fresh, true);

	if (known && stack_blocks(blocks, first, end, ncolumns, top, columns, false) <= height + HOP_GAIN)
		return stack_blocks(blocks, first, end, ncolumns, top, columns, false);
	memcpy(columns + first, fresh + first, (end - first) * sizeof(*columns));
	return stack_blocks(blocks, first, end, ncolumns, top, columns, false);
}

/* What must be the same for blocks to stay where they are. */
static guint
make_signature(const struct page *page, int ncolumns)
{
	g_autoptr(GString) text = g_string_new(NULL);

	g_string_append_printf(text, "%d", ncolumns);
	for (guint i = 0; i < page->sections->len; i++)
		g_string_append_printf(text, "\n%s", ((struct section *)page->sections->pdata[i])->title);
	return g_string_hash(text);
}

/* With graphs of LEVEL; sets the page's height and the columns of its blocks. */
static GArray *
lay_out(struct page *page, int cols, int ncolumns, const struct level *level, bool known)
{
	int width = (cols - (ncolumns - 1) * COLUMN_GAP) / ncolumns, top = 0;
	guint n = page->sections->len;
	GArray *blocks = g_array_new(FALSE, FALSE, sizeof(struct block));

	g_array_set_clear_func(blocks, block_clear);
	for (guint i = 0; i < n; i++) {
		const struct section *section = page->sections->pdata[i];
		struct block block = block_make(section, section->wide ? cols : width, level);

		g_array_append_val(blocks, block);
	}
	for (guint first = 0, end; first < n; first = end) {
		bool wide = g_array_index(blocks, struct block, first).section->wide;

		for (end = first + 1; end < n && !wide; end++)
			if (g_array_index(blocks, struct block, end).section->wide)
				break;
		top = lay_band(page, blocks, first, end, wide ? 1 : ncolumns, top ? top + 1 : 0, known);
	}
	page->height = top;
	return blocks;
}

static bool
has_graphs(const struct page *page)
{
	for (guint i = 0; i < page->sections->len; i++) {
		const GPtrArray *lines = ((struct section *)page->sections->pdata[i])->lines;

		for (guint j = 0; j < lines->len; j++)
			if (((struct line *)lines->pdata[j])->kind == LINE_GRAPH)
				return true;
	}
	return false;
}

GArray *
page_layout(struct page *page, int rows, int cols)
{
	int ncolumns = CLAMP(cols / page->least, 1, PAGE_COLUMNS_MOST);
	guint n = page->sections->len, signature = make_signature(page, ncolumns);
	bool known = page->signature == signature && page->columns->len == n;
	g_autoptr(GArray) columns = NULL;
	GArray *blocks = NULL;

	g_array_set_size(page->columns, n);
	g_array_set_size(page->tops, n);
	page->signature = signature;
	columns = g_array_copy(page->columns);
	for (size_t i = has_graphs(page) ? 0 : G_N_ELEMENTS(levels) - 1; !blocks; i++) {
		memcpy(page->columns->data, columns->data, n * sizeof(int));
		blocks = lay_out(page, cols, ncolumns, &levels[i], known);
		if (page->height > rows && levels[i].rows > rows)
			g_clear_pointer(&blocks, g_array_unref);
	}
	for (guint i = 0; i < n; i++)
		g_array_index(page->tops, int, i) = g_array_index(blocks, struct block, i).y;
	page->focus = MIN(page->focus, (int)n - 1);
	return blocks;
}
