#include "tui/table.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static const struct table_column columns[] = {
	{ .title = "HOST", .width = 6, .max_width = 12, .flex = 1, .sticky = true },
	{ .title = "HV", .width = 4, .priority = 2 },
	{ .title = "CPU", .width = 5, .align = ALIGN_RIGHT },
	{ .title = "NOTE", .width = 6, .flex = 2, .priority = 1 },
	{ .title = "AGE", .width = 4, .priority = 2, .align = ALIGN_RIGHT },
};

struct rows {
	size_t asked, first, last; /* rows that were asked for cells */
	size_t marked;
	size_t special; /* a row in ROLE_DIM */
	size_t bad;     /* a row with a CPU cell in ROLE_BAD */
};

static void
rows_cell(void *ctx, size_t row, size_t column, struct cell *out)
{
	struct rows *rows = ctx;

	rows->first = rows->asked == 0 ? row : MIN(rows->first, row);
	rows->last = MAX(rows->last, row);
	rows->asked++;
	switch (column) {
	case 0:
		cell_printf(out, ROLE_NORMAL, "kvm%03zu", row);
		break;
	case 1:
		cell_set(out, ROLE_INFO, "kvm");
		break;
	case 2:
		cell_printf(out, row == rows->bad ? ROLE_BAD : ROLE_NORMAL, "%zu%%", row);
		break;
	case 3:
		cell_set(out, ROLE_NORMAL, "evil\033[2J");
		break;
	default:
		cell_unknown(out);
		break;
	}
}

static enum role
rows_role(void *ctx, size_t row)
{
	struct rows *rows = ctx;

	return row == rows->special ? ROLE_DIM : ROLE_NORMAL;
}

static bool
rows_marked(void *ctx, size_t row)
{
	struct rows *rows = ctx;

	return row == rows->marked;
}

struct fixture {
	struct rows rows;
	struct table table;
	struct table_source source;
	struct canvas *canvas;
	struct pane pane;
};

static void
fixture_init(struct fixture *it, size_t nrows, int height, int width, bool ascii)
{
	setlocale(LC_ALL, "C.UTF-8");
	*it = (struct fixture){ .rows = { .marked = SIZE_MAX, .special = SIZE_MAX, .bad = SIZE_MAX } };
	it->source = (struct table_source){
		.ctx = &it->rows,
		.nrows = nrows,
		.columns = columns,
		.ncolumns = G_N_ELEMENTS(columns),
		.cell = rows_cell,
		.row_role = rows_role,
		.sort_column = G_N_ELEMENTS(columns),
		.second_column = G_N_ELEMENTS(columns),
		.empty = "no host matches",
	};
	it->canvas = canvas_new(height, width, ascii);
	it->pane = pane_whole(it->canvas);
}

static void
expect_screen(struct fixture *it, const char *want)
{
	g_autofree char *text = NULL;

	canvas_clear(it->canvas);
	table_draw(&it->table, &it->pane, &it->source);
	text = canvas_text(it->canvas);
	cr_expect_str_eq(text, want, "is:\n%swanted:\n%s", text, want);
}

static enum role
role_at(struct fixture *it, int y, int x)
{
	return (enum role)canvas_at(it->canvas, y, x)->role;
}

Test(table, shares_out_the_width)
{
	struct fixture it;

	fixture_init(&it, 2, 3, 60, false);
	expect_screen(&it, "HOST          HV      CPU  NOTE                          AGE\n"
			   "kvm000        kvm      0%  evil\\x1b[2J                     -\n"
			   "kvm001        kvm      1%  evil\\x1b[2J                     -\n");
	canvas_free(it.canvas);
}

/* Columns go by priority, the rightmost first; then the gaps shrink no further and the text is cut. */
static const struct {
	int width;
	const char *header, *row;
} widths[] = {
	{ 33, "HOST    HV      CPU  NOTE     AGE", "kvm000  kvm      0%  evil…      -" },
	{ 32, "HOST    HV     CPU NOTE      AGE", "kvm000  kvm     0% evil\\x1…    -" },
	{ 29, "HOST   HV     CPU NOTE    AGE", "kvm000 kvm     0% evil…     -" },
	{ 28, "HOST     HV     CPU NOTE", "kvm000   kvm     0% evil\\x1…" },
	{ 20, "HOST      CPU NOTE", "kvm000     0% evil…" },
	{ 18, "HOST           CPU", "kvm000          0%" },
	{ 12, "HOST     CPU", "kvm000    0%" },
	{ 11, "HOST", "kvm000" },
	{ 4, "HOST", "kvm…" },
	{ 1, "…", "…" },
};

Test(table, drops_columns_by_priority)
{
	for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
		struct fixture it;
		g_autofree char *want = g_strdup_printf("%s\n%s\n", widths[i].header, widths[i].row);

		fixture_init(&it, 1, 2, widths[i].width, false);
		expect_screen(&it, want);
		canvas_free(it.canvas);
	}
}

Test(table, scrolls_sideways_to_what_was_dropped)
{
	struct fixture it;

	fixture_init(&it, 1, 2, 18, false);
	table_scroll_columns(&it.table, &it.source, -1);
	expect_screen(&it, "HOST           CPU\nkvm000          0%\n");
	table_scroll_columns(&it.table, &it.source, 1);
	expect_screen(&it, "HOST           CPU\nkvm000          0%\n");
	table_scroll_columns(&it.table, &it.source, 1);
	expect_screen(&it, "HOST   NOTE    AGE\nkvm000 evil…     -\n");
	table_scroll_columns(&it.table, &it.source, 100);
	expect_screen(&it, "HOST   NOTE    AGE\nkvm000 evil…     -\n");
	cr_expect_eq(it.table.left, 2, "no further than the last column needs: %zu", it.table.left);
	table_scroll_columns(&it.table, &it.source, -100);
	expect_screen(&it, "HOST           CPU\nkvm000          0%\n");
	canvas_free(it.canvas);

	/* Where all columns fit there is nothing to scroll. */
	fixture_init(&it, 1, 2, 60, false);
	table_scroll_columns(&it.table, &it.source, 2);
	table_draw(&it.table, &it.pane, &it.source);
	cr_expect_eq(it.table.left, 0);
	canvas_free(it.canvas);
}

/* Where there is a gutter, arrows at both ends of the titles say that there is more. */
Test(table, says_that_there_are_more_columns)
{
	struct fixture it;

	fixture_init(&it, 1, 2, 26, false);
	it.source.marked = rows_marked;
	expect_screen(&it, " HOST   HV     CPU NOTE  ›\n kvm000 kvm     0% evil…\n");
	table_scroll_columns(&it.table, &it.source, 1);
	expect_screen(&it, "‹HOST      CPU NOTE    AGE\n kvm000     0% evil…     -\n");
	canvas_free(it.canvas);

	fixture_init(&it, 1, 2, 22, true);
	it.source.marked = rows_marked;
	table_scroll_columns(&it.table, &it.source, 1);
	expect_screen(&it, "<HOST      CPU NOTE  >\n kvm000     0% evil~\n");
	canvas_free(it.canvas);

	fixture_init(&it, 1, 1, 40, false);
	it.source.marked = rows_marked;
	expect_screen(&it, " HOST      HV      CPU  NOTE         AGE\n");
	canvas_free(it.canvas);
}

Test(table, shows_what_it_is_sorted_by)
{
	struct fixture it;

	fixture_init(&it, 0, 1, 33, false);
	it.source.sort_column = 0;
	expect_screen(&it, "HOST▲   HV      CPU  NOTE     AGE\n");
	it.source.sort_column = 1;
	it.source.sort_descending = true;
	expect_screen(&it, "HOST    HV▼     CPU  NOTE     AGE\n");
	it.source.sort_column = 2;
	expect_screen(&it, "HOST    HV     ▼CPU  NOTE     AGE\n");
	cr_expect_eq(role_at(&it, 0, 16), ROLE_SORTED);
	cr_expect_eq(role_at(&it, 0, 0), ROLE_COLUMN);
	it.source.second_column = 0;
	expect_screen(&it, "HOST▴   HV     ▼CPU  NOTE     AGE\n");
	cr_expect_eq(role_at(&it, 0, 4), ROLE_COLUMN);
	canvas_free(it.canvas);

	fixture_init(&it, 0, 1, 18, true);
	it.source.sort_column = 0;
	it.source.second_column = 2;
	it.source.second_descending = true;
	expect_screen(&it, "HOST^         ,CPU\n");
	canvas_free(it.canvas);
}

Test(table, marks_have_a_glyph_and_a_role)
{
	for (int ascii = 0; ascii <= 1; ascii++) {
		struct fixture it;

		fixture_init(&it, 3, 4, 13, ascii);
		it.source.marked = rows_marked;
		it.rows.marked = 1;
		it.rows.special = 2;
		expect_screen(&it, ascii ? " HOST     CPU\n kvm000    0%\n*kvm001    1%\n kvm002    2%\n"
					 : " HOST     CPU\n kvm000    0%\n◆kvm001    1%\n kvm002    2%\n");
		cr_expect_eq(role_at(&it, 2, 0), ROLE_MARKED);
		cr_expect_eq(role_at(&it, 2, 3), ROLE_MARKED);
		cr_expect_eq(role_at(&it, 3, 3), ROLE_DIM);
		canvas_free(it.canvas);
	}
}

Test(table, the_cursor_spans_the_row_and_keeps_alarms)
{
	struct fixture it;

	fixture_init(&it, 3, 4, 60, false);
	it.rows.bad = 1;
	it.table.cursor = 1;
	table_draw(&it.table, &it.pane, &it.source);
	for (int x = 0; x < 60; x++) {
		bool alarm = x >= 20 && x < 25;

		cr_expect_eq(role_at(&it, 2, x), alarm ? ROLE_BAD : ROLE_CURSOR, "column %d", x);
		cr_expect_eq(canvas_at(it.canvas, 2, x)->flags, alarm ? CELL_REVERSE : 0, "column %d", x);
	}
	cr_expect_eq(role_at(&it, 1, 0), ROLE_NORMAL);
	cr_expect_eq(role_at(&it, 1, 14), ROLE_INFO);
	canvas_free(it.canvas);
}

Test(table, asks_only_for_what_is_seen)
{
	struct fixture it;

	fixture_init(&it, 100000, 11, 12, false);
	it.table.cursor = 70000;
	table_draw(&it.table, &it.pane, &it.source);
	cr_expect_eq(it.rows.asked, 10 * 2, "two columns of ten rows, not %zu cells", it.rows.asked);
	cr_expect_eq(it.rows.first, it.table.top);
	cr_expect_eq(it.rows.last, it.table.top + 9);
	cr_expect(it.table.top <= 70000 && 70000 < it.table.top + it.table.page);
	canvas_free(it.canvas);
}

static const struct {
	enum table_move move;
	size_t cursor, top;
} moves[] = {
	{ TABLE_UP, 0, 0 },
	{ TABLE_DOWN, 1, 0 },
	{ TABLE_PAGE_DOWN, 5, 4 },
	{ TABLE_PAGE_DOWN, 9, 6 },
	{ TABLE_PAGE_DOWN, 9, 6 },
	{ TABLE_UP, 8, 6 },
	{ TABLE_PAGE_UP, 4, 2 },
	{ TABLE_PAGE_UP, 0, 0 },
	{ TABLE_LAST, 9, 6 },
	{ TABLE_DOWN, 9, 6 },
	{ TABLE_FIRST, 0, 0 },
};

Test(table, moves)
{
	struct fixture it;

	fixture_init(&it, 10, 5, 20, false);
	table_draw(&it.table, &it.pane, &it.source);
	cr_expect_eq(it.table.page, 4);
	for (size_t i = 0; i < G_N_ELEMENTS(moves); i++) {
		table_move(&it.table, 10, moves[i].move);
		cr_expect(it.table.cursor == moves[i].cursor && it.table.top == moves[i].top,
			"move %zu: %zu %zu", i, it.table.cursor, it.table.top);
	}
	canvas_free(it.canvas);
}

Test(table, follows_when_rows_vanish)
{
	struct fixture it;

	fixture_init(&it, 10, 5, 20, false);
	it.table.cursor = 9;
	table_draw(&it.table, &it.pane, &it.source);
	it.source.nrows = 3;
	table_draw(&it.table, &it.pane, &it.source);
	cr_expect(it.table.cursor == 2 && it.table.top == 0);
	it.source.nrows = 0;
	expect_screen(&it, "HOST      CPU NOTE\nno host matches\n\n\n\n");
	cr_expect_eq(it.table.cursor, 0);
	for (int move = TABLE_UP; move <= TABLE_LAST; move++) {
		table_move(&it.table, 0, (enum table_move)move);
		cr_expect(it.table.cursor == 0 && it.table.top == 0);
	}
	canvas_free(it.canvas);
}

static const struct {
	int y, x;
	size_t row, column;
	bool header;
} hits[] = {
	{ 2, 3, 10, 0, true },                        /* HOST */
	{ 2, 11, 10, 2, true },                       /* CPU */
	{ 3, 3, 5, 0, false }, { 4, 9, 6, 0, false }, /* the gap belongs to the left */
	{ 4, 10, 6, 2, false }, { 4, 21, 6, 3, false }, { 4, 22, 10, 5, false }, /* right of the pane */
	{ 1, 3, 10, 5, false },                                                  /* above it */
	{ 7, 3, 10, 5, false },                                                  /* below it */
	{ 4, 1, 10, 5, false }, { 4, 2, 6, 5, false },                           /* the gutter */
};

Test(table, knows_where_a_click_went)
{
	struct fixture it;
	struct pane whole, pane;

	fixture_init(&it, 10, 10, 30, false);
	whole = it.pane;
	pane = pane_sub(&whole, 2, 2, 5, 20);
	it.source.marked = rows_marked;
	it.table.cursor = it.table.top = 5;
	table_draw(&it.table, &pane, &it.source);
	for (size_t i = 0; i < G_N_ELEMENTS(hits); i++) {
		size_t row, column;
		bool header;

		table_hit(&it.table, &pane, &it.source, hits[i].y, hits[i].x, &row, &column, &header);
		cr_expect(row == hits[i].row && column == hits[i].column && header == hits[i].header,
			"hit %zu: row %zu column %zu header %d", i, row, column, header);
	}
	canvas_free(it.canvas);
}

Test(table, survives_any_size)
{
	struct fixture it;

	for (int rows = 1; rows < 6; rows++) {
		for (int cols = 1; cols < 50; cols++) {
			fixture_init(&it, 20, rows, cols, false);
			it.source.marked = rows_marked;
			it.rows.marked = 0;
			for (int step = 0; step < 6; step++) {
				struct pane empty = pane_sub(&it.pane, 0, 0, step % 2, 0);

				table_draw(&it.table, &it.pane, &it.source);
				table_draw(&it.table, &empty, &it.source);
				table_move(&it.table, 20, TABLE_PAGE_DOWN);
				table_scroll_columns(&it.table, &it.source, 1);
			}
			canvas_free(it.canvas);
		}
	}
}
