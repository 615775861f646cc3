/* The terminal and its input, through a small program that shows what it gets; the real one is tested elsewhere. */
#include <criterion/criterion.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/screen.h"
#include "tui/loop.h"
#include "tui/term.h"

#define DEADLINE         10000 /* sanitizers and a busy machine take their time */
#define EXIT_NO_TERMINAL 2
#define EXIT_EOF         3

/* ---- the program ---- */

struct options {
	bool mouse, mono, ascii;
};

struct driver {
	struct term *term;
	struct loop *loop;
	struct canvas *canvas;
	char last[128];
	int inputs, exit_code;
	bool changed;
};

static const struct style styles[ROLE_COUNT] = {
	[ROLE_NORMAL] = { -1, -1, -1, -1, 0 },
	[ROLE_TITLE] = { 39, -1, 12, -1, STYLE_BOLD },
	[ROLE_CURSOR] = { -1, 24, -1, 4, 0 },
	[ROLE_BAD] = { 203, -1, 9, -1, STYLE_UNDERLINE },
};

static void
driver_draw(void *ctx)
{
	struct driver *driver = ctx;
	struct pane pane = pane_whole(driver->canvas);

	if (!driver->changed)
		return;
	driver->changed = false;
	canvas_clear(driver->canvas);
	pane_printf(&pane, 0, 0, ROLE_NORMAL, "size %dx%d", pane.rows, pane.cols);
	pane_printf(&pane, 1, 0, ROLE_NORMAL, "input %d: %s;", driver->inputs, driver->last);
	pane_text(&pane, 2, 0, -1, ROLE_TITLE, "wide 中文 e\xcc\x81nd");
	pane_text(&pane, 3, 0, 20, ROLE_BAD, "bad");
	pane_fill(&pane, 4, 0, 10, ROLE_CURSOR);
	pane_text(&pane, 4, 0, 10, ROLE_CURSOR, "cursor");
	pane_text(&pane, 5, 0, -1, ROLE_NORMAL, "evil \033[31m\xe2\x80\xae end");
	pane_text(&pane, pane.rows - 1, 0, -1, ROLE_NORMAL, "last row");
	pane_text(&pane, pane.rows - 1, pane.cols - 1, 1, ROLE_NORMAL, "#");
	if (driver->inputs % 2)
		canvas_set_cursor(driver->canvas, 3, 5);
	term_paint(driver->term, driver->canvas);
}

static void
driver_resize(struct driver *driver)
{
	int rows, cols;

	term_size(driver->term, &rows, &cols);
	canvas_resize(driver->canvas, rows, cols);
	driver->changed = true;
}

static void
driver_signal(void *ctx, int signal)
{
	struct driver *driver = ctx;

	if (signal == SIGWINCH) {
		term_resized(driver->term);
		driver_resize(driver);
	} else {
		loop_quit(driver->loop);
	}
}

static int
overflow(volatile int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth < 0 ? 0 : overflow(depth + 1) + room[0];
}

static void
driver_suspend(struct driver *driver)
{
	char line[16];

	term_suspend(driver->term);
	printf("suspended\n");
	fflush(stdout);
	if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
		exit(1);
	term_resume(driver->term);
	driver_resize(driver);
}

/* Something short, or more than terminals take. */
static void
driver_copy(struct driver *driver, bool much)
{
	g_autofree char *text = much ? g_strnfill(100000, 'x') : g_strdup("<name>web-1</name>\n");
	g_autoptr(GError) error = NULL;

	g_snprintf(driver->last, sizeof(driver->last), "copy %s",
		term_copy(driver->term, text, &error) ? "sent" : error->message);
}

static void
driver_key(struct driver *driver, struct keyspec key)
{
	g_snprintf(driver->last, sizeof(driver->last), "key %s%s%x", key.mods & KEY_MOD_CTRL ? "ctrl-" : "",
		key.mods & KEY_MOD_ALT ? "alt-" : "", key.code);
	if (key.mods)
		return;
	switch (key.code) {
	case 'q':
		loop_quit(driver->loop);
		break;
	case 'a':
		abort();
	case 'f':
		*(volatile char *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
		break;
	case 'e':
		g_error("an impossible thing");
	case 'o':
		driver->inputs = overflow(0);
		break;
	case 'c':
	case 'C':
		driver_copy(driver, key.code == 'C');
		break;
	case 'z':
		driver_suspend(driver);
		break;
	case 'R':
		term_restore();
		term_restore();
		loop_quit(driver->loop);
		break;
	default:
		break;
	}
}

static void
driver_input(struct driver *driver, struct input input)
{
	driver->inputs++;
	driver->changed = true;
	switch (input.type) {
	case INPUT_KEY:
		driver_key(driver, input.key);
		break;
	case INPUT_MOUSE:
		g_snprintf(driver->last, sizeof(driver->last), "mouse %d at %d,%d", input.button, input.y,
			input.x);
		break;
	case INPUT_PASTE:
		if (!g_str_has_prefix(driver->last, "paste"))
			g_strlcpy(driver->last, "paste", sizeof(driver->last));
		g_snprintf(driver->last + strlen(driver->last), sizeof(driver->last) - strlen(driver->last),
			" %x", input.key.code);
		break;
	case INPUT_EOF:
		driver->exit_code = EXIT_EOF;
		loop_quit(driver->loop);
		break;
	default:
		break;
	}
}

static void
driver_read(void *ctx)
{
	struct driver *driver = ctx;
	struct input input;
	int wait_ms;

	while ((input = term_read(driver->term, &wait_ms)).type != INPUT_NONE) {
		driver_input(driver, input);
		if (input.type == INPUT_EOF)
			return;
	}
	loop_set_timer(driver->loop, 0, wait_ms < 0 ? 0 : g_get_monotonic_time() + wait_ms * 1000,
		driver_read, driver);
}

static void
block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int
driver_main(void *ctx)
{
	const struct options *options = ctx;
	struct theme theme = { .name = NULL };
	struct term_opts opts = { .theme = &theme, .mouse = options->mouse, .mono = options->mono };
	struct driver driver = { .changed = true };
	g_autoptr(GError) error = NULL;

	setlocale(LC_ALL, "");
	block_signals();
	memcpy(theme.styles, styles, sizeof(styles));
	driver.term = term_start(&opts, &error);
	if (!driver.term) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_NO_TERMINAL;
	}
	driver.loop = loop_new(NULL);
	driver.canvas = canvas_new(1, 1, options->ascii);
	driver_resize(&driver);
	loop_add_fd(driver.loop, STDIN_FILENO, driver_read, &driver);
	loop_add_signal(driver.loop, SIGWINCH, driver_signal, &driver);
	loop_add_signal(driver.loop, SIGTERM, driver_signal, &driver);
	loop_set_after(driver.loop, driver_draw, &driver);
	loop_run(driver.loop);
	term_stop(driver.term);
	loop_free(driver.loop);
	canvas_free(driver.canvas);
	return driver.exit_code;
}

/* ---- the tests ---- */

static struct screen *
start_with(struct options options, const char *const *env)
{
	struct screen *screen = screen_start_call(driver_main, &options, env, 24, 80);

	cr_assert(screen_wait_text(screen, "last row", DEADLINE), "nothing is shown");
	cr_assert(screen_wait_quiet(screen, 50, DEADLINE));
	return screen;
}

static struct screen *
start(void)
{
	return start_with((struct options){ .mouse = true }, NULL);
}

static void
expect_input(struct screen *screen, int number, const char *what)
{
	g_autofree char *text = g_strdup_printf("input %d: %s;", number, what);
	g_autofree char *row = NULL;
	bool shown = screen_wait_text(screen, text, DEADLINE);

	row = screen_row(screen, 1);
	cr_assert(shown, "expected '%s', the screen says '%s'", text, row);
}

static void
quit(struct screen *screen)
{
	screen_send(screen, "q");
	cr_expect_eq(screen_exit_status(screen, DEADLINE), 0);
	cr_expect(screen_is_sane(screen));
	screen_free(screen);
}

static void
expect_style(struct screen *screen, int y, int x, struct screen_style want)
{
	struct screen_style is = screen_style_at(screen, y, x);

	cr_expect(is.bold == want.bold && is.underline == want.underline && is.reverse == want.reverse &&
			  is.fg == want.fg && is.bg == want.bg,
		"%d,%d: bold %d underline %d reverse %d fg %d bg %d", y, x, is.bold, is.underline, is.reverse,
		is.fg, is.bg);
}

Test(term, shows_text_and_leaves_the_terminal_as_it_was)
{
	struct screen *screen = start();
	g_autofree char *wide = screen_row(screen, 2), *evil = screen_row(screen, 5),
			*last = screen_row(screen, 23);
	int y, x;

	cr_expect_str_eq(wide, "wide 中文 e\xcc\x81nd");
	cr_expect_str_eq(evil, "evil \\x1b[31m\\u{202e} end");
	cr_expect_eq(last[79], '#', "the bottom right corner");
	cr_expect(screen_in_alternate(screen));
	cr_expect(screen_mouse_on(screen));
	cr_expect_not(screen_cursor(screen, &y, &x));
	screen_send(screen, "x");
	expect_input(screen, 1, "key 78");
	cr_expect(screen_wait_quiet(screen, 50, DEADLINE));
	cr_expect(screen_cursor(screen, &y, &x));
	cr_expect(y == 3 && x == 5);
	quit(screen);
}

Test(term, looks_as_recorded)
{
	struct screen *screen = start();

	cr_expect(screen_expect_golden(screen, "term", (const int[]){ 2, 3, 4, -1 }));
	quit(screen);
}

Test(term, colours_by_what_the_terminal_can)
{
	struct screen *screen = start();

	expect_style(screen, 2, 0, (struct screen_style){ .bold = true, .fg = 39, .bg = -1 });
	expect_style(screen, 3, 0, (struct screen_style){ .underline = true, .fg = 203, .bg = -1 });
	expect_style(screen, 4, 9, (struct screen_style){ .fg = -1, .bg = 24 });
	expect_style(screen, 4, 10, (struct screen_style){ .fg = -1, .bg = -1 });
	quit(screen);

	screen = start_with((struct options){ 0 }, (const char *[]){ "TERM=linux", NULL });
	cr_expect_not(screen_mouse_on(screen));
	/* Eight colours: bright blue is bold blue. */
	expect_style(screen, 2, 0, (struct screen_style){ .bold = true, .fg = 4, .bg = -1 });
	expect_style(screen, 4, 0, (struct screen_style){ .fg = -1, .bg = 4 });
	quit(screen);
}

Test(term, without_colours_attributes_must_do)
{
	static const char *const terms[] = { "TERM=xterm-256color", "TERM=vt100" };

	for (size_t i = 0; i < G_N_ELEMENTS(terms); i++) {
		struct screen *screen =
			start_with((struct options){ .mono = true }, (const char *[]){ terms[i], NULL });

		expect_style(screen, 2, 0, (struct screen_style){ .bold = true, .fg = -1, .bg = -1 });
		expect_style(screen, 3, 0, (struct screen_style){ .underline = true, .fg = -1, .bg = -1 });
		expect_style(screen, 4, 0, (struct screen_style){ .reverse = true, .fg = -1, .bg = -1 });
		quit(screen);
	}
}

Test(term, works_in_ascii_and_in_the_c_locale)
{
	struct screen *screen =
		start_with((struct options){ .ascii = true }, (const char *[]){ "LC_ALL=C", NULL });
	g_autofree char *wide = screen_row(screen, 2);

	cr_expect_str_eq(wide, "wide ???? end");
	quit(screen);

	/* An oversight of the caller must not garble the screen. */
	screen = start_with((struct options){ 0 }, (const char *[]){ "LC_ALL=C", NULL });
	for (gsize i = 0; i < screen_output(screen)->len; i++)
		cr_assert_lt((unsigned char)screen_output(screen)->str[i], 0x80);
	quit(screen);
}

Test(term, sends_only_what_changed)
{
	struct screen *screen = start();
	gsize before;

	cr_assert(screen_wait_quiet(screen, 50, DEADLINE));
	before = screen_output(screen)->len;
	screen_send(screen, "x");
	expect_input(screen, 1, "key 78");
	cr_assert(screen_wait_quiet(screen, 50, DEADLINE));
	cr_expect_lt(screen_output(screen)->len - before, 100, "%zu bytes for 20 cells",
		screen_output(screen)->len - before);
	quit(screen);
}

Test(term, copies_to_the_clipboard)
{
	struct screen *screen = start();

	screen_send(screen, "c");
	expect_input(screen, 1, "copy sent");
	cr_expect(strstr(screen_output(screen)->str, "\033]52;c;PG5hbWU+d2ViLTE8L25hbWU+Cg==\a"));
	screen_send(screen, "C");
	expect_input(screen, 2, "copy 100000 bytes are more than terminals take (74994)");
	quit(screen);

	screen = start_with((struct options){ 0 }, (const char *[]){ "TERM=linux", NULL });
	screen_send(screen, "c");
	expect_input(screen, 1, "copy this terminal is not known to have a clipboard");
	cr_expect_null(strstr(screen_output(screen)->str, "\033]52"));
	quit(screen);
}

static const struct {
	const char *bytes;
	struct keyspec key;
} keys[] = {
	{ "j", { 'j', 0 } },
	{ "\xc3\xa9", { 0xe9, 0 } },
	{ "\xe4\xb8\xad", { 0x4e2d, 0 } },
	{ SCREEN_CTRL('c'), { 'c', KEY_MOD_CTRL } },
	{ SCREEN_CTRL('s'), { 's', KEY_MOD_CTRL } },
	{ SCREEN_CTRL('q'), { 'q', KEY_MOD_CTRL } },
	{ SCREEN_CTRL('z'), { 'z', KEY_MOD_CTRL } },
	{ "\x1c", { '\\', KEY_MOD_CTRL } },
	{ SCREEN_ESC, { KEY_CODE_ESC, 0 } },
	{ "\033x", { 'x', KEY_MOD_ALT } },
	{ SCREEN_UP, { KEY_CODE_UP, 0 } },
	{ SCREEN_F1, { KEY_CODE_F1, 0 } },
	{ SCREEN_DELETE, { KEY_CODE_DELETE, 0 } },
	{ SCREEN_BACKSPACE, { KEY_CODE_BACKSPACE, 0 } },
	{ SCREEN_BACKTAB, { KEY_CODE_BACKTAB, 0 } },
	{ SCREEN_ENTER, { KEY_CODE_ENTER, 0 } },
};

Test(term, reads_keys)
{
	struct screen *screen = start();

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		char what[64];

		g_snprintf(what, sizeof(what), "key %s%s%x", keys[i].key.mods & KEY_MOD_CTRL ? "ctrl-" : "",
			keys[i].key.mods & KEY_MOD_ALT ? "alt-" : "", keys[i].key.code);
		screen_send(screen, keys[i].bytes);
		expect_input(screen, (int)i + 1, what);
	}
	quit(screen);
}

Test(term, reads_the_mouse)
{
	struct screen *screen = start();

	screen_click(screen, 2, 4);
	expect_input(screen, 1, "mouse 0 at 2,4");
	screen_wheel(screen, 0, 79, false);
	expect_input(screen, 2, "mouse 3 at 0,79");
	quit(screen);
}

Test(term, pasted_text_is_no_key)
{
	struct screen *screen = start();

	screen_send(screen, "\033[200~q\r\033a\x03z\033[201~");
	expect_input(screen, 4, "paste 71 a 61 7a");
	screen_send(screen, "j");
	expect_input(screen, 5, "key 6a");
	quit(screen);
}

Test(term, follows_the_size)
{
	static const int sizes[][2] = { { 40, 132 }, { 5, 20 }, { 60, 200 }, { 24, 80 } };
	struct screen *screen = start();

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *text = g_strdup_printf("size %dx%d", sizes[i][0], sizes[i][1]);

		screen_resize(screen, sizes[i][0], sizes[i][1]);
		cr_expect(screen_wait_text(screen, text, DEADLINE), "%s", text);
		cr_expect(screen_wait_text(screen, "last row", DEADLINE));
	}
	quit(screen);
}

Test(term, gives_the_terminal_away_and_takes_it_back)
{
	struct screen *screen = start();

	screen_send(screen, "z");
	cr_assert(screen_wait_text(screen, "suspended", DEADLINE));
	cr_expect(screen_is_sane(screen));
	screen_resize(screen, 30, 100);
	screen_send(screen, "\r");
	cr_assert(screen_wait_text(screen, "size 30x100", DEADLINE));
	cr_expect(screen_in_alternate(screen));
	cr_expect(screen_mouse_on(screen));
	screen_send(screen, "x");
	expect_input(screen, 2, "key 78");
	quit(screen);
}

static void
expect_death(const char *keys_sent, int signal_sent, int by)
{
	struct screen *screen = start();
	int status;

	if (signal_sent)
		screen_signal(screen, signal_sent);
	screen_send(screen, keys_sent);
	status = screen_exit_status(screen, DEADLINE);
	cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == by, "'%s' %d: status %x", keys_sent, signal_sent,
		status);
	cr_expect(screen_is_sane(screen), "'%s' %d", keys_sent, signal_sent);
	screen_free(screen);
}

Test(term, a_crash_leaves_a_sane_terminal)
{
	static const int sent[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

	for (size_t i = 0; i < G_N_ELEMENTS(sent); i++)
		expect_death("", sent[i], sent[i]);
	expect_death("a", 0, SIGABRT);
	expect_death("f", 0, SIGSEGV);
	expect_death("o", 0, SIGSEGV);
	expect_death("e", 0, SIGTRAP);
}

Test(term, ends_on_sigterm_and_restores_twice)
{
	static const char *const ways[] = { "", "R" };

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct screen *screen = start();

		if (*ways[i])
			screen_send(screen, ways[i]);
		else
			screen_signal(screen, SIGTERM);
		cr_expect_eq(screen_exit_status(screen, DEADLINE), 0);
		cr_expect(screen_is_sane(screen));
		screen_free(screen);
	}
}

Test(term, notices_that_the_terminal_is_gone)
{
	struct screen *screen = start();
	int status;

	screen_hang_up(screen);
	status = screen_exit_status(screen, DEADLINE);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_EOF, "status %x", status);
	screen_free(screen);
}

static void
expect_refusal(const char *env, const char *words)
{
	struct options options = { 0 };
	struct screen *screen =
		screen_start_call(driver_main, &options, (const char *[]){ env, NULL }, 24, 80);
	int status = screen_exit_status(screen, DEADLINE);
	g_autofree char *text = screen_text(screen);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_TERMINAL, "%s: status %x", env, status);
	cr_expect(strstr(text, words), "%s: %s", env, text);
	cr_expect(screen_is_sane(screen));
	screen_free(screen);
}

Test(term, says_why_it_can_not_start)
{
	expect_refusal("TERM=no-such-terminal", "TERM is 'no-such-terminal'");
	expect_refusal("TERM=dumb", "can't move its cursor");
	expect_refusal("TERM", "TERM is not set");
}

static int
without_terminal(void *ctx)
{
	close(STDIN_FILENO);
	return driver_main(ctx);
}

Test(term, needs_a_terminal)
{
	struct options options = { 0 };
	struct screen *screen = screen_start_call(without_terminal, &options, NULL, 24, 80);
	int status = screen_exit_status(screen, DEADLINE);

	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_TERMINAL);
	cr_expect(screen_shows(screen, "needs a terminal"));
	screen_free(screen);
}

/* ---- the tests' own eyes ---- */

static bool
shows_key(struct screen *screen, void *key)
{
	return screen_shows(screen, key);
}

Test(screen, measures_from_a_key_to_what_it_shows)
{
	struct screen *screen = start();
	int64_t us = screen_measure_us(screen, "x", shows_key, (void *)(uintptr_t) "key 78;", DEADLINE);

	cr_expect(us > 0 && us < DEADLINE * 1000, "%ld", (long)us);
	cr_expect_eq(screen_measure_us(screen, "y", shows_key, (void *)(uintptr_t) "no such text", 50), -1);
	cr_expect_not(screen_wait_gone(screen, "last row", 50));
	quit(screen);
}

static int
disorder(void *ctx)
{
	return write(STDOUT_FILENO, ctx, strlen(ctx)) < 0;
}

static int
disorder_settings(void *ctx G_GNUC_UNUSED)
{
	return system("stty -echo");
}

Test(screen, sees_every_kind_of_disorder)
{
	static const char *const left[] = { "\033[?1049h", "\033[?25l", "\033[?1000h", "\033[?2004h",
		"\033[1m", "\033[31m" };

	for (size_t i = 0; i <= G_N_ELEMENTS(left); i++) {
		bool settings = i == G_N_ELEMENTS(left);
		struct screen *screen =
			settings ? screen_start_call(disorder_settings, NULL, NULL, 5, 20)
				 : screen_start_call(disorder, (void *)(uintptr_t)left[i], NULL, 5, 20);

		cr_assert_eq(screen_exit_status(screen, DEADLINE), 0);
		cr_expect_not(screen_is_sane(screen), "disorder %zu", i);
		screen_free(screen);
	}
}

Test(screen, a_golden_that_differs_fails)
{
	struct screen *screen = screen_start_call(disorder, (void *)(uintptr_t) "another text", NULL, 24, 80);

	cr_assert_eq(screen_exit_status(screen, DEADLINE), 0);
	cr_expect(g_getenv("UPDATE_SCREENS") || !screen_expect_golden(screen, "term", NULL));
	cr_expect_not(g_getenv("UPDATE_SCREENS") && screen_expect_golden(screen, "no/such/folder", NULL));
	screen_free(screen);
}
