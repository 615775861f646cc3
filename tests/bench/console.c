/*
 * console: runs the console on a terminal of its own and measures it as an operator would feel it.
 *
 *   console --wait TEXT [--wait TEXT…] [--settle SECONDS] [--steady SECONDS] [--freeze PID] [--keys N] [--gestures N]
 *           -- COMMAND [ARGUMENT…]
 *
 * Prints to stdout, as far as asked for:
 *   known_s=… known_cpu_s=… known_rss…    from its start until every TEXT is on the screen, and its CPU time so far
 *   early_pct=…                           CPU over the SECONDS of --settle after that, in percent of one core
 *   steady_pct=…                          the same over the SECONDS of --steady that follow
 *   p50_ms=… p99_ms=… max_ms=… keys=…     from a key (j and k in turn) to the moved cursor row on the terminal
 *   GESTURE_p50_ms=… GESTURE_p99_ms=… GESTURE_max_ms=…, N of each GESTURE, for which the view vms must be in front:
 *                                         switch (to hosts and back), sort (by the next column), filter (a letter of
 *                                         three), scroll (a page down and up), until the table shows it
 *   peak_kib=…                            VmHWM at the end
 *
 * With --freeze PID is stopped before the keys are measured, so that hosts hang meanwhile. CPU time includes children.
 */
#include "tests/support/lab_usage.h"
#include "tests/support/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS     50
#define COLS     160
#define KNOWN_MS 120000
#define KEY_MS   5000
#define TOP_ROW  2 /* above it are the header and the column titles, which may be reversed, too */
#define LIMIT_S  150

struct bench {
	char **texts;
	int settle_s, steady_s, freeze, keys, gestures;
	struct screen *screen;
	struct usage usage;
};

static bool
all_shown(struct screen *screen, void *ctx)
{
	for (char **text = ctx; *text; text++)
		if (!screen_shows(screen, *text))
			return false;
	return true;
}

static void
fail(const struct bench *bench, const char *what)
{
	g_autofree char *text = screen_text(bench->screen);

	fprintf(stderr, "console: %s; on the screen:\n%s", what, text);
	screen_free(bench->screen);
	exit(EXIT_FAILURE);
}

static void
read_usage(struct bench *bench)
{
	if (!usage_read(screen_pid(bench->screen), &bench->usage))
		fail(bench, "it has ended");
}

static void
measure_known(struct bench *bench, int64_t began_us)
{
	if (!screen_wait(bench->screen, all_shown, bench->texts, KNOWN_MS))
		fail(bench, "not everything came to be known");
	read_usage(bench);
	printf("known_s=%.3f known_cpu_s=%.3f ", (double)(g_get_monotonic_time() - began_us) / 1e6,
		bench->usage.cpu_s);
}

static bool
never(struct screen *screen, void *ctx)
{
	(void)screen, (void)ctx;
	return false;
}

/* Reads the screen meanwhile: a terminal that does not would stop the program. */
static void
let_pass(struct bench *bench, int ms)
{
	screen_wait(bench->screen, never, NULL, ms);
}

static void
measure_cpu(struct bench *bench, const char *name, int seconds)
{
	double before;
	int64_t began_us;

	read_usage(bench);
	before = bench->usage.cpu_s;
	began_us = g_get_monotonic_time();
	let_pass(bench, seconds * 1000);
	read_usage(bench);
	printf("%s_pct=%.2f ", name,
		(bench->usage.cpu_s - before) * 1e8 / (double)(g_get_monotonic_time() - began_us));
}

/* Where the cursor of the table is: the row that is reversed from its first to its last columns; -1 for none. */
static int
cursor_row(const struct screen *screen)
{
	for (int y = TOP_ROW; y < ROWS; y++)
		if (screen_style_at(screen, y, 2).reverse && screen_style_at(screen, y, COLS / 2).reverse)
			return y;
	return -1;
}

static bool
cursor_is_at(struct screen *screen, void *ctx)
{
	return cursor_row(screen) == *(int *)ctx;
}

static bool
cursor_shown(struct screen *screen, void *ctx)
{
	(void)ctx;
	return cursor_row(screen) >= 0;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static double
percentile_ms(const int64_t *sorted, int n, double part)
{
	return (double)sorted[MIN(n - 1, (int)((double)n * part))] / 1000;
}

/* j and k in turn, at uneven distances, so that the keys fall into every phase of the polling. */
static void
measure_keys(struct bench *bench)
{
	g_autofree int64_t *took = g_new(int64_t, bench->keys);
	int home;

	if (!screen_wait(bench->screen, cursor_shown, NULL, KEY_MS))
		fail(bench, "no row is selected");
	home = cursor_row(bench->screen);
	for (int i = 0; i < bench->keys; i++) {
		int want = i % 2 ? home : home + 1;

		let_pass(bench, 20 + i * 37 % 50);
		took[i] = screen_measure_us(bench->screen, i % 2 ? "k" : "j", cursor_is_at, &want, KEY_MS);
		if (took[i] < 0)
			fail(bench, "a key had no effect");
	}
	qsort(took, (size_t)bench->keys, sizeof *took, compare);
	printf("p50_ms=%.2f p99_ms=%.2f max_ms=%.2f keys=%d ", percentile_ms(took, bench->keys, 0.5),
		percentile_ms(took, bench->keys, 0.99), percentile_ms(took, bench->keys, 1), bench->keys);
}

/* ---- gestures ---- */

/* What tells that the table has followed: a part of one row of the screen that nothing but the gesture changes. */
struct place {
	int row, col, cols; /* row < 0: from the bottom */
	char *before;
};

static const struct gesture {
	const char *name;
	const char *keys[4]; /* one after the other, each measured; NULL: no more */
	const char *undo;    /* sent afterwards, unmeasured; NULL: nothing */
	const char *gone;    /* from the screen when that is done */
	struct place place;
} gestures[] = {
	{ .name = "switch", .keys = { "2", "3" }, .place = { .row = 0, .cols = 24 } },
	{ .name = "sort", .keys = { ">" }, .place = { .row = 1, .cols = COLS } },
	{ .name = "filter",
		.keys = { "/a", "p", "i" },
		.undo = "\025\r",
		.gone = "/ api",
		.place = { .row = -2, .cols = sizeof "4780 VMs" - 1 } }, /* "93 of 47" */
	{ .name = "scroll", .keys = { SCREEN_PGDN, SCREEN_PGUP }, .place = { .row = TOP_ROW, .cols = 24 } },
};

static char *
read_place(struct screen *screen, const struct place *place)
{
	g_autofree char *row = screen_row(screen, place->row < 0 ? ROWS + place->row : place->row);

	return g_utf8_substring(row, 0, MIN(place->cols, g_utf8_strlen(row, -1)));
}

static bool
place_changed(struct screen *screen, void *ctx)
{
	const struct place *place = ctx;
	g_autofree char *now = read_place(screen, place);

	return strcmp(now, place->before) != 0;
}

static void
measure_gesture(struct bench *bench, const struct gesture *gesture)
{
	g_autoptr(GArray) took = g_array_new(FALSE, FALSE, sizeof(int64_t));
	struct place place = gesture->place;

	for (int i = 0; i < bench->gestures; i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(gesture->keys) && gesture->keys[k]; k++) {
			int64_t us;

			let_pass(bench, 20 + i * 37 % 50);
			place.before = read_place(bench->screen, &place);
			us = screen_measure_us(
				bench->screen, gesture->keys[k], place_changed, &place, KEY_MS);
			g_free(place.before);
			if (us < 0)
				fail(bench, gesture->name);
			g_array_append_val(took, us);
		}
		if (gesture->undo) {
			screen_send(bench->screen, gesture->undo);
			if (!screen_wait_gone(bench->screen, gesture->gone, KEY_MS))
				fail(bench, gesture->name);
		}
	}
	qsort(took->data, took->len, sizeof(int64_t), compare);
	printf("%s_p50_ms=%.2f %s_p99_ms=%.2f %s_max_ms=%.2f ", gesture->name,
		percentile_ms((const int64_t *)(const void *)took->data, (int)took->len, 0.5), gesture->name,
		percentile_ms((const int64_t *)(const void *)took->data, (int)took->len, 0.99), gesture->name,
		percentile_ms((const int64_t *)(const void *)took->data, (int)took->len, 1));
}

static void
measure_gestures(struct bench *bench)
{
	/* what is sorted by must not change under the page that is scrolled */
	screen_send(bench->screen, "g");
	for (size_t i = 0; i < G_N_ELEMENTS(gestures); i++) {
		screen_send(bench->screen, ":sort name\r");
		let_pass(bench, 300);
		measure_gesture(bench, &gestures[i]);
	}
}

int
main(int argc, char **argv)
{
	struct bench bench = { 0 };
	int64_t began_us;
	const GOptionEntry entries[] = {
		{ "wait", 0, 0, G_OPTION_ARG_STRING_ARRAY, &bench.texts, "known when this shows; repeatable",
			"TEXT" },
		{ "settle", 0, 0, G_OPTION_ARG_INT, &bench.settle_s, "let it find its pace for so long",
			"SECONDS" },
		{ "steady", 0, 0, G_OPTION_ARG_INT, &bench.steady_s, "measure CPU for so long", "SECONDS" },
		{ "freeze", 0, 0, G_OPTION_ARG_INT, &bench.freeze, "stop this process before the keys",
			"PID" },
		{ "keys", 0, 0, G_OPTION_ARG_INT, &bench.keys, "measure so many keys", "N" },
		{ "gestures", 0, 0, G_OPTION_ARG_INT, &bench.gestures, "measure so many of each gesture",
			"N" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("-- COMMAND [ARGUMENT…]");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_strict_posix(context, TRUE);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc < 2 || !bench.texts) {
		fprintf(stderr, "console: %s\n", error ? error->message : "--wait or COMMAND is missing");
		return 2;
	}
	argv += strcmp(argv[1], "--") == 0 ? 2 : 1;
	alarm(LIMIT_S);
	began_us = g_get_monotonic_time();
	bench.screen = screen_start((const char *const *)argv, NULL, ROWS, COLS);
	measure_known(&bench, began_us);
	if (bench.settle_s)
		measure_cpu(&bench, "early", bench.settle_s);
	if (bench.steady_s)
		measure_cpu(&bench, "steady", bench.steady_s);
	if (bench.freeze)
		kill(bench.freeze, SIGSTOP);
	if (bench.keys)
		measure_keys(&bench);
	if (bench.gestures)
		measure_gestures(&bench);
	read_usage(&bench);
	printf("peak_kib=%ld\n", bench.usage.peak_kib);
	screen_free(bench.screen);
	g_strfreev(bench.texts);
	return EXIT_SUCCESS;
}
