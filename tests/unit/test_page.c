/* Pages of blocks: head, columns, scrolling, and the lines that are more than text. */
#include "tui/bar.h"
#include "views/page.h"
#include "views/request.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(page, .init = use_utf8);

/* The lines of PAGE on a screen of ROWS and COLS, and one column more for the arrows that say where one can scroll. */
static char **
draw(struct page *page, int rows, int cols)
{
	struct canvas *canvas = canvas_new(rows, cols + 1, false);
	struct pane pane = pane_whole(canvas);
	g_autofree char *text = NULL;

	page_draw(page, &pane);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return g_strsplit(text, "\n", -1);
}

static void
expect_line(struct page *page, int rows, int cols, int y, const char *want)
{
	g_auto(GStrv) lines = draw(page, rows, cols);

	cr_expect_str_eq(lines[y], want, "line %d: '%s'", y, lines[y]);
}

/* Blocks "0", "1", … of so many lines each. */
static void
add_blocks(struct page *page, const int *heights, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char title[] = { (char)('0' + i), '\0' };

		page_section(page, title);
		for (int j = 0; j < heights[i]; j++)
			page_text(page, ROLE_NORMAL, "%zu%c", i, 'a' + j);
	}
}

Test(page, a_head_stays_and_gives_way_from_its_end)
{
	static const int heights[] = { 30 };
	struct page *page = page_new(20);

	page_head(page);
	page_piece(page, NULL, ROLE_GOOD, "●");
	page_piece(page, NULL, ROLE_TITLE, "web-1");
	page_piece_meter(page, "CPU", ROLE_NORMAL, 50, "50%%");
	page_piece(page, "on", ROLE_NORMAL, "kvm1");
	add_blocks(page, heights, 1);
	expect_line(page, 12, 40, 0, "● web-1  CPU ████──── 50%  on kvm1");
	page_request(page, REQ_LAST);
	expect_line(page, 12, 40, 0, "● web-1  CPU ████──── 50%  on kvm1");
	expect_line(page, 12, 26, 0, "● web-1  CPU ████──── 50%");
	expect_line(page, 12, 23, 0, "● web-1");
	/* a screen of a few lines has better use for them */
	expect_line(page, 3, 40, 2, " 0v                                     ▼");
	page_free(page);
}

Test(page, blocks_stand_side_by_side_below_the_shortest)
{
	static const int heights[] = { 4, 1, 1, 1 };
	struct page *page = page_new(10);

	add_blocks(page, heights, G_N_ELEMENTS(heights));
	expect_line(page, 10, 23, 0, "0            1");
	expect_line(page, 10, 23, 3, " 0c          2");
	expect_line(page, 10, 23, 6, "3"); /* both columns end at the same line: the first one is taken */
	page_free(page);
}

Test(page, a_wide_block_parts_the_columns)
{
	static const int heights[] = { 3, 1 };
	struct page *page = page_new(10);

	add_blocks(page, heights, G_N_ELEMENTS(heights));
	page_section_wide(page, "wide");
	page_text(page, ROLE_NORMAL, "as wide as the page");
	page_section(page, "after");
	expect_line(page, 12, 23, 5, "wide");
	expect_line(page, 12, 23, 6, " as wide as the page");
	expect_line(page, 12, 23, 8, "after");
	page_free(page);
}

/* Blocks that grow by a line or two do not send others to another column. */
Test(page, blocks_do_not_hop)
{
	static const int before[] = { 3, 2, 4 }, little[] = { 3, 4, 4 }, much[] = { 3, 15, 4 };
	struct page *page = page_new(10);

	add_blocks(page, before, G_N_ELEMENTS(before));
	expect_line(page, 30, 23, 4, "             2");
	page_clear(page);
	add_blocks(page, little, G_N_ELEMENTS(little));
	expect_line(page, 30, 23, 6, "             2");
	page_clear(page);
	add_blocks(page, much, G_N_ELEMENTS(much));
	expect_line(page, 30, 23, 5, "2             1e");
	page_free(page);
}

Test(page, tab_goes_from_block_to_block_and_around)
{
	static const int heights[] = { 5, 5, 5 };
	struct page *page = page_new(20);

	add_blocks(page, heights, G_N_ELEMENTS(heights));
	expect_line(page, 7, 20, 0, "0");
	page_request(page, REQ_NEXT_BLOCK);
	expect_line(page, 7, 20, 0, "▸ 0");
	page_request(page, REQ_NEXT_BLOCK);
	expect_line(page, 7, 20, 0, "▸ 1                 ▲");
	page_request(page, REQ_NEXT_BLOCK);
	expect_line(page, 7, 20, 1, "▸ 2");
	page_request(page, REQ_NEXT_BLOCK);
	expect_line(page, 7, 20, 0, "▸ 0");
	page_request(page, REQ_PREVIOUS_BLOCK);
	expect_line(page, 7, 20, 1, "▸ 2");
	/* who scrolls is not at a block any more, but goes on from where he is */
	page_request(page, REQ_FIRST);
	page_request(page, REQ_DOWN);
	expect_line(page, 7, 20, 0, " 0a                 ▲");
	page_request(page, REQ_NEXT_BLOCK);
	expect_line(page, 7, 20, 0, "▸ 1                 ▲");
	page_free(page);
}

Test(page, graphs_grow_with_the_screen)
{
	static const uint8_t values[] = { 0, 50, 100, SPARK_UNKNOWN };
	struct page *page = page_new(30);

	page_section(page, "use");
	page_note(page, "now     max");
	page_graph(page, &(struct page_graph){ .label = "CPU",
				 .values = values,
				 .n = G_N_ELEMENTS(values),
				 .now = "-",
				 .most = "100%",
				 .major = true });
	expect_line(page, 2, 30, 0, "use                now     max");
	expect_line(page, 2, 30, 1, " CPU      ▁▅█·       -    100%");
	expect_line(page, 12, 30, 1, "            █");
	expect_line(page, 12, 30, 8, " CPU      ▁██·       -    100%");
	page_free(page);
}

Test(page, a_graph_without_history_takes_one_line)
{
	struct page *page = page_new(30);

	page_section(page, "use");
	page_graph(page, &(struct page_graph){ .label = "CPU", .now = "-", .most = "-", .major = true });
	expect_line(page, 20, 30, 1, " CPU                 -       -");
	page_free(page);
}

Test(page, strips_scroll_sideways)
{
	static const uint8_t roles[12] = { 0 };
	struct page *page = page_new(12);

	page_section(page, "map");
	page_strip(page, "vm", "0123456789ab", roles);
	expect_line(page, 4, 13, 1, " vm  0123456›");
	cr_expect(page_request(page, REQ_RIGHT));
	expect_line(page, 4, 13, 1, " vm  ‹56789ab");
	cr_expect(page_request(page, REQ_LEFT));
	expect_line(page, 4, 13, 1, " vm  0123456›");
	expect_line(page, 4, 20, 1, " vm  0123456789ab");
	cr_expect_not(page_request(page, REQ_RIGHT), "there is nothing to scroll");
	page_free(page);
}

Test(page, a_cell_of_width_0_takes_what_is_left)
{
	static const struct page_cell cells[] = {
		{ "a", 2, ALIGN_LEFT, ROLE_NORMAL },
		{ "longer than its room", 0, ALIGN_LEFT, ROLE_NORMAL },
		{ NULL, 4, ALIGN_LEFT, ROLE_NORMAL },
		{ NULL, 3, ALIGN_RIGHT, ROLE_DIM },
	};
	struct page *page = page_new(20);

	page_section(page, "table");
	page_cells(page, cells, G_N_ELEMENTS(cells));
	page_cells_meter(page, 2, 50);
	expect_line(page, 3, 25, 1, " a   longer t…  ██──    -");
	page_free(page);
}
