#include "tui/bar.h"

#include <criterion/criterion.h>
#include <locale.h>

#define U SPARK_UNKNOWN

static void
use_utf8(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

TestSuite(bar, .init = use_utf8);

static const struct {
	uint8_t values[12];
	size_t n;
	int width;
	const char *utf8, *ascii;
} sparks[] = {
	{ { 0, 12, 13, 25, 38, 50, 63, 75, 88, 100 }, 10, 10, "▁▁▂▃▄▅▆▇██", "__.:-=+*##" },
	{ { 0, 100 }, 2, 4, "  ▁█", "  _#" },
	{ { 0 }, 0, 3, "   ", "   " },
	{ { U, 50, U }, 3, 3, "·▅·", "?=?" },
	/* merged by maximum, an unknown one only where nothing is known */
	{ { 0, 100, 50, U, U, U }, 6, 3, "█▅·", "#=?" },
	{ { 0, 0, 0, 0, 100 }, 5, 2, "▁█", "_#" },
	{ { 50 }, 1, 0, "", "" },
};

Test(bar, sparks)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sparks); i++) {
		for (int ascii = 0; ascii <= 1; ascii++) {
			const char *want = ascii ? sparks[i].ascii : sparks[i].utf8;
			struct canvas *canvas = canvas_new(1, 12, ascii);
			struct pane pane = pane_whole(canvas);
			g_autofree char *drawn = NULL, *line = g_strchomp(g_strdup(want));
			char text[64];

			bar_spark_text(
				text, sizeof(text), sparks[i].width, ascii, sparks[i].values, sparks[i].n);
			cr_expect_str_eq(text, want, "spark %zu: %s", i, text);

			bar_spark(&pane, 0, 0, sparks[i].width, ROLE_GRAPH, sparks[i].values, sparks[i].n);
			drawn = g_strchomp(canvas_text(canvas));
			cr_expect_str_eq(drawn, line, "spark %zu: %s", i, drawn);
			canvas_free(canvas);
		}
	}
}

Test(bar, spark_text_is_cut_at_a_character)
{
	static const uint8_t values[] = { 100, 100, 100 };
	char text[8];

	bar_spark_text(text, sizeof(text), 3, false, values, 3);
	cr_expect_str_eq(text, "██");
}

static const struct {
	double pct;
	const char *utf8, *ascii;
} meters[] = {
	{ 0, "────", "...." },
	{ 0.1, "▏───", ":..." },
	{ 50, "██──", "##.." },
	{ 37.5, "█▌──", "#=.." },
	{ 100, "████", "####" },
	{ 250, "████", "####" },
	{ -1, "····", "????" },
};

Test(bar, meters)
{
	for (size_t i = 0; i < G_N_ELEMENTS(meters); i++) {
		for (int ascii = 0; ascii <= 1; ascii++) {
			struct canvas *canvas = canvas_new(1, 10, ascii);
			struct pane pane = pane_whole(canvas);
			g_autofree char *drawn = NULL;

			bar_meter(&pane, 0, 0, 4, ROLE_GRAPH, meters[i].pct);
			drawn = g_strchomp(canvas_text(canvas));
			cr_expect_str_eq(
				drawn, ascii ? meters[i].ascii : meters[i].utf8, "meter %zu: %s", i, drawn);
			cr_expect_eq(canvas_at(canvas, 0, 4)->role, ROLE_NORMAL);
			canvas_free(canvas);
		}
	}
}

Test(bar, a_meter_of_nan_is_unknown)
{
	struct canvas *canvas = canvas_new(1, 4, false);
	struct pane pane = pane_whole(canvas);
	g_autofree char *drawn = NULL;

	bar_meter(&pane, 0, 0, 2, ROLE_GRAPH, 0.0 / 0.0);
	drawn = g_strchomp(canvas_text(canvas));
	cr_expect_str_eq(drawn, "··");
	canvas_free(canvas);
}

static const struct {
	uint8_t values[4];
	size_t n;
	int width, rows;
	const char *lines[3];
} graphs[] = {
	{ { 0, 50, 100, U }, 4, 4, 1, { "▁▅█·" } },
	{ { 0, 49, 100, U }, 4, 4, 2, { "  █", "▁██·" } },
	{ { 100, 34 }, 2, 4, 3, { "  █", "  █▁", "  ██" } },
	{ { 0, 100, U, U }, 4, 2, 1, { "█·" } },
	{ { U, U, 50, U }, 4, 4, 1, { "  ▅·" } },
	{ { 0 }, 0, 4, 2, { "", "" } },
};

Test(bar, graphs)
{
	for (size_t i = 0; i < G_N_ELEMENTS(graphs); i++) {
		struct canvas *canvas = canvas_new(3, 6, false);
		struct pane pane = pane_whole(canvas);
		g_auto(GStrv) lines = NULL;
		g_autofree char *drawn = NULL;

		for (int row = 0; row < graphs[i].rows; row++)
			bar_graph_row(&pane, row, 0, graphs[i].width, ROLE_GRAPH, graphs[i].values,
				graphs[i].n, row, graphs[i].rows);
		drawn = canvas_text(canvas);
		lines = g_strsplit(drawn, "\n", -1);
		for (int row = 0; row < graphs[i].rows; row++)
			cr_expect_str_eq(lines[row], graphs[i].lines[row], "graph %zu, line %d: %s", i, row,
				lines[row]);
		canvas_free(canvas);
	}
}
