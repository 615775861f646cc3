#include "tests/support/screen.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

struct screen {
	VTerm *vterm;
	VTermScreen *grid;
	int rows, cols;
	int master;
	int slave; /* ours, so that settings can be read when the program is gone; -1 after a hang-up */
	struct termios before;
	pid_t pid;
	bool exited;
	int status;
	GString *output;
	bool alternate, mouse;
};

/* ---- start and end ---- */

static int
note_property(VTermProp property, VTermValue *value, void *user)
{
	struct screen *screen = user;

	switch (property) {
	case VTERM_PROP_ALTSCREEN:
		screen->alternate = value->boolean;
		break;
	case VTERM_PROP_MOUSE:
		screen->mouse = value->number != VTERM_PROP_MOUSE_NONE;
		break;
	default:
		break;
	}
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = note_property };

static struct screen *
screen_new(int rows, int cols)
{
	struct screen *screen = g_new0(struct screen, 1);
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	screen->rows = rows;
	screen->cols = cols;
	screen->output = g_string_new(NULL);
	if (openpty(&screen->master, &screen->slave, NULL, NULL, &size) != 0)
		g_error("no pty: %s", g_strerror(errno));
	tcgetattr(screen->slave, &screen->before);
	screen->vterm = vterm_new(rows, cols);
	vterm_set_utf8(screen->vterm, 1);
	screen->grid = vterm_obtain_screen(screen->vterm);
	vterm_screen_set_callbacks(screen->grid, &callbacks, screen);
	vterm_screen_enable_altscreen(screen->grid, 1);
	vterm_screen_reset(screen->grid, 1);
	return screen;
}

static void
set_environment(const char *const *env)
{
	setenv("TERM", "xterm-256color", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	unsetenv("NO_COLOR");
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (; env && *env; env++) {
		const char *equals = strchr(*env, '=');
		g_autofree char *name = equals ? g_strndup(*env, (gsize)(equals - *env)) : NULL;

		if (equals)
			setenv(name, equals + 1, 1);
		else
			unsetenv(*env);
	}
}

static int
exec_program(void *ctx)
{
	char **argv = ctx;

	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], g_strerror(errno));
	return 127;
}

/* The program starts with nothing blocked and nothing ignored: a test runner's own choices are no concern of it. */
static void
reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 1; i < SIGSYS; i++)
		signal(i, SIG_DFL);
}

struct screen *
screen_start_call(int (*program)(void *ctx), void *ctx, const char *const *env, int rows, int cols)
{
	struct screen *screen = screen_new(rows, cols);

	fflush(NULL);
	screen->pid = fork();
	if (screen->pid < 0)
		g_error("no process: %s", g_strerror(errno));
	if (screen->pid == 0) {
		close(screen->master);
		login_tty(screen->slave);
		reset_signals();
		set_environment(env);
		_exit(program(ctx));
	}
	return screen;
}

struct screen *
screen_start(const char *const *argv, const char *const *env, int rows, int cols)
{
	g_auto(GStrv) copy = g_strdupv((char **)(uintptr_t)argv); /* execvp wants them writable */

	return screen_start_call(exec_program, copy, env, rows, cols);
}

static void
close_terminal(struct screen *screen)
{
	if (screen->slave < 0)
		return;
	close(screen->slave);
	close(screen->master);
	screen->slave = -1;
	screen->master = -1;
}

void
screen_free(struct screen *screen)
{
	if (!screen)
		return;
	if (!screen->exited) {
		kill(screen->pid, SIGKILL);
		waitpid(screen->pid, NULL, 0);
	}
	close_terminal(screen);
	vterm_free(screen->vterm);
	g_string_free(screen->output, TRUE);
	g_free(screen);
}

pid_t
screen_pid(const struct screen *screen)
{
	return screen->pid;
}

/* ---- what comes and goes ---- */

static void
write_all(struct screen *screen, const char *bytes, size_t len)
{
	while (len > 0 && screen->master >= 0) {
		ssize_t n = write(screen->master, bytes, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
}

/* Feeds what the program wrote within TIMEOUT_MS to the emulator, one piece; false when nothing came. */
static bool
pump(struct screen *screen, int timeout_ms)
{
	struct pollfd pollfd = { .fd = screen->master, .events = POLLIN };
	char bytes[65536];
	ssize_t n;

	if (poll(&pollfd, 1, timeout_ms) <= 0 || !(pollfd.revents & POLLIN))
		return false;
	n = read(screen->master, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	g_string_append_len(screen->output, bytes, n);
	vterm_input_write(screen->vterm, bytes, (size_t)n);
	/* A terminal answers some sequences. */
	while (vterm_output_get_buffer_current(screen->vterm) > 0)
		write_all(screen, bytes, vterm_output_read(screen->vterm, bytes, sizeof(bytes)));
	return true;
}

static bool
has_exited(struct screen *screen)
{
	if (!screen->exited && waitpid(screen->pid, &screen->status, WNOHANG) == screen->pid)
		screen->exited = true;
	return screen->exited;
}

static int
ms_left(int64_t due_us)
{
	int64_t left = due_us - g_get_monotonic_time();

	return left > 0 ? (int)((left + 999) / 1000) : 0;
}

static int64_t
due_in_ms(int ms)
{
	return g_get_monotonic_time() + (int64_t)ms * 1000;
}

void
screen_send(struct screen *screen, const char *keys)
{
	write_all(screen, keys, strlen(keys));
}

void
screen_click(struct screen *screen, int y, int x)
{
	g_autofree char *bytes = g_strdup_printf("\033[<0;%d;%dM\033[<0;%d;%dm", x + 1, y + 1, x + 1, y + 1);

	screen_send(screen, bytes);
}

void
screen_wheel(struct screen *screen, int y, int x, bool up)
{
	g_autofree char *bytes = g_strdup_printf("\033[<%d;%d;%dM", up ? 64 : 65, x + 1, y + 1);

	screen_send(screen, bytes);
}

void
screen_signal(struct screen *screen, int signal)
{
	if (!has_exited(screen))
		kill(screen->pid, signal);
}

void
screen_resize(struct screen *screen, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	screen->rows = rows;
	screen->cols = cols;
	vterm_set_size(screen->vterm, rows, cols);
	ioctl(screen->master, TIOCSWINSZ, &size);
}

void
screen_hang_up(struct screen *screen)
{
	close_terminal(screen);
}

bool
screen_wait(struct screen *screen, screen_predicate predicate, void *ctx, int deadline_ms)
{
	int64_t due_us = due_in_ms(deadline_ms);

	while (!predicate(screen, ctx)) {
		/* When the program has ended, what it wrote before may still be in the pty. */
		bool last = has_exited(screen) || ms_left(due_us) == 0;

		if (!pump(screen, last ? 0 : MIN(ms_left(due_us), 50)) && last)
			return false;
	}
	return true;
}

static bool
shows(struct screen *screen, void *text)
{
	return screen_shows(screen, text);
}

static bool
shows_not(struct screen *screen, void *text)
{
	return !screen_shows(screen, text);
}

bool
screen_wait_text(struct screen *screen, const char *text, int deadline_ms)
{
	g_autofree char *copy = g_strdup(text);

	return screen_wait(screen, shows, copy, deadline_ms);
}

bool
screen_wait_gone(struct screen *screen, const char *text, int deadline_ms)
{
	g_autofree char *copy = g_strdup(text);

	return screen_wait(screen, shows_not, copy, deadline_ms);
}

bool
screen_wait_quiet(struct screen *screen, int quiet_ms, int deadline_ms)
{
	int64_t due_us = due_in_ms(deadline_ms);

	while (ms_left(due_us) > 0) {
		if (!pump(screen, quiet_ms))
			return true;
	}
	return false;
}

int
screen_exit_status(struct screen *screen, int deadline_ms)
{
	int64_t due_us = due_in_ms(deadline_ms);

	while (!has_exited(screen)) {
		if (ms_left(due_us) == 0)
			return -1;
		if (screen->master < 0)
			g_usleep(1000); /* without a terminal there is nothing to poll but the process */
		else
			pump(screen, MIN(ms_left(due_us), 10));
	}
	while (screen->master >= 0 && pump(screen, 0))
		;
	return screen->status;
}

int
screen_exit_status_unread(struct screen *screen, int deadline_ms)
{
	int64_t due_us = due_in_ms(deadline_ms);

	while (!has_exited(screen)) {
		if (ms_left(due_us) == 0)
			return -1;
		g_usleep(1000);
	}
	return screen->status;
}

int64_t
screen_measure_us(
	struct screen *screen, const char *keys, screen_predicate predicate, void *ctx, int deadline_ms)
{
	int64_t began_us = g_get_monotonic_time();

	screen_send(screen, keys);
	if (!screen_wait(screen, predicate, ctx, deadline_ms))
		return -1;
	return g_get_monotonic_time() - began_us;
}

/* ---- what is visible ---- */

const GString *
screen_output(const struct screen *screen)
{
	return screen->output;
}

static VTermScreenCell
cell_at(const struct screen *screen, int y, int x)
{
	VTermScreenCell cell = { .width = 1 };

	vterm_screen_get_cell(screen->grid, (VTermPos){ .row = y, .col = x }, &cell);
	return cell;
}

static void
append_row(const struct screen *screen, GString *out, int y)
{
	gsize start = out->len;

	for (int x = 0; x < screen->cols;) {
		VTermScreenCell cell = cell_at(screen, y, x);

		if (cell.chars[0] == 0)
			g_string_append_c(out, ' ');
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			g_string_append_unichar(out, cell.chars[i]);
		x += MAX(cell.width, 1);
	}
	while (out->len > start && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
}

char *
screen_row(const struct screen *screen, int y)
{
	GString *out = g_string_new(NULL);

	append_row(screen, out, y);
	return g_string_free(out, FALSE);
}

char *
screen_text(const struct screen *screen)
{
	GString *out = g_string_new(NULL);

	for (int y = 0; y < screen->rows; y++) {
		append_row(screen, out, y);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

bool
screen_shows(const struct screen *screen, const char *text)
{
	g_autofree char *all = screen_text(screen);

	return strstr(all, text) != NULL;
}

/* Columns of the first BYTES bytes of row Y. */
static int
columns_of(const struct screen *screen, int y, gsize bytes)
{
	int x = 0;

	for (gsize done = 0; done < bytes && x < screen->cols;) {
		VTermScreenCell cell = cell_at(screen, y, x);

		done += cell.chars[0] == 0;
		for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
			done += (gsize)g_unichar_to_utf8(cell.chars[i], NULL);
		x += MAX(cell.width, 1);
	}
	return x;
}

bool
screen_find(const struct screen *screen, const char *text, int *y, int *x)
{
	for (int row = 0; row < screen->rows; row++) {
		g_autofree char *line = screen_row(screen, row);
		const char *at = strstr(line, text);

		if (at) {
			*y = row;
			*x = columns_of(screen, row, (gsize)(at - line));
			return true;
		}
	}
	return false;
}

static int
colour_index(const VTermColor *colour)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(colour) || VTERM_COLOR_IS_DEFAULT_BG(colour))
		return -1;
	return VTERM_COLOR_IS_INDEXED(colour) ? colour->indexed.idx : -2;
}

struct screen_style
screen_style_at(const struct screen *screen, int y, int x)
{
	VTermScreenCell cell = cell_at(screen, y, x);

	return (struct screen_style){
		.bold = cell.attrs.bold,
		.underline = cell.attrs.underline != VTERM_UNDERLINE_OFF,
		.reverse = cell.attrs.reverse,
		.fg = colour_index(&cell.fg),
		.bg = colour_index(&cell.bg),
	};
}

/* What the program said last of the mode NUMBER. Of pastes libvterm has no property, and the cursor's it restores together
 * with its place, which terminals don't. */
static bool
mode_is(const struct screen *screen, const char *number, char wanted, char other)
{
	g_autofree char *sought = g_strdup_printf("\033[?%s%c", number, wanted);
	g_autofree char *opposite = g_strdup_printf("\033[?%s%c", number, other);
	const char *on = g_strrstr(screen->output->str, sought);
	const char *off = g_strrstr(screen->output->str, opposite);

	return on && (!off || off < on);
}

static bool
mode_is_on(const struct screen *screen, const char *number)
{
	return mode_is(screen, number, 'h', 'l');
}

static bool
mode_is_off(const struct screen *screen, const char *number)
{
	return mode_is(screen, number, 'l', 'h');
}

bool
screen_cursor(const struct screen *screen, int *y, int *x)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(screen->vterm), &at);
	*y = at.row;
	*x = at.col;
	return !mode_is_off(screen, "25");
}

bool
screen_in_alternate(const struct screen *screen)
{
	return screen->alternate;
}

bool
screen_mouse_on(const struct screen *screen)
{
	return screen->mouse;
}

/* ---- sanity ---- */

static bool
complain(bool ok, const char *what)
{
	if (!ok)
		fprintf(stderr, "terminal left in disorder: %s\n", what);
	return ok;
}

static bool
pen_is_plain(const struct screen *screen)
{
	static const VTermAttr flags[] = { VTERM_ATTR_BOLD, VTERM_ATTR_UNDERLINE, VTERM_ATTR_REVERSE };
	VTermState *state = vterm_obtain_state(screen->vterm);
	VTermValue value;

	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
		value.number = 0; /* a boolean writes less of the union */
		vterm_state_get_penattr(state, flags[i], &value);
		if (value.number != 0)
			return false;
	}
	vterm_state_get_penattr(state, VTERM_ATTR_FOREGROUND, &value);
	return VTERM_COLOR_IS_DEFAULT_FG(&value.color);
}

static bool
settings_equal(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof(a->c_cc)) == 0;
}

bool
screen_is_sane(struct screen *screen)
{
	struct termios now;
	bool ok = true;

	while (pump(screen, 0))
		;
	ok &= complain(tcgetattr(screen->slave, &now) == 0 && settings_equal(&screen->before, &now),
		"line settings");
	ok &= complain(!screen->alternate, "still on the alternate screen");
	ok &= complain(!mode_is_off(screen, "25"), "cursor hidden");
	ok &= complain(!screen->mouse, "mouse reports on");
	ok &= complain(!mode_is_on(screen, "2004"), "bracketed paste on");
	ok &= complain(pen_is_plain(screen), "colours or attributes on");
	return ok;
}

/* ---- goldens ---- */

static char *
style_name(struct screen_style style)
{
	GString *name = g_string_new(NULL);

	g_string_append(name, style.bold ? " bold" : "");
	g_string_append(name, style.underline ? " underline" : "");
	g_string_append(name, style.reverse ? " reverse" : "");
	if (style.fg != -1)
		g_string_append_printf(name, " fg %d", style.fg);
	if (style.bg != -1)
		g_string_append_printf(name, " bg %d", style.bg);
	return g_string_free(name, FALSE);
}

/* The letter for the style called NAME: '.' for none, else a, b, c, ... in the order they appear. */
static char
style_letter(GPtrArray *names, const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	guint at = 0;

	if (*name == '\0')
		return '.';
	if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, &at)) {
		at = names->len;
		g_ptr_array_add(names, g_strdup(name));
	}
	return at < strlen(letters) ? letters[at] : '?';
}

static void
append_styles(const struct screen *screen, GString *out, const int *rows)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	g_string_append(out, "---- styles\n");
	for (; *rows >= 0; rows++) {
		g_string_append_printf(out, "%3d ", *rows);
		for (int x = 0; x < screen->cols;) {
			g_autofree char *name = style_name(screen_style_at(screen, *rows, x));
			int end = x + MAX(cell_at(screen, *rows, x).width, 1);

			for (; x < end; x++)
				g_string_append_c(out, style_letter(names, name));
		}
		g_string_append_c(out, '\n');
	}
	for (guint i = 0; i < names->len; i++)
		g_string_append_printf(
			out, "%c:%s\n", style_letter(names, names->pdata[i]), (char *)names->pdata[i]);
}

static void
print_diff(const char *path, const char *expected, const char *actual)
{
	g_auto(GStrv) want = g_strsplit(expected, "\n", -1);
	g_auto(GStrv) have = g_strsplit(actual, "\n", -1);
	guint nwant = g_strv_length(want), nhave = g_strv_length(have);

	fprintf(stderr, "%s differs (- expected, + is; UPDATE_SCREENS=1 accepts):\n", path);
	for (guint i = 0; i < MAX(nwant, nhave); i++) {
		const char *a = i < nwant ? want[i] : "", *b = i < nhave ? have[i] : "";

		if (strcmp(a, b) == 0)
			fprintf(stderr, "  %3u  %s\n", i, a);
		else
			fprintf(stderr, "  %3u -%s\n  %3u +%s\n", i, a, i, b);
	}
}

bool
screen_expect_golden(struct screen *screen, const char *name, const int *rows)
{
	g_autofree char *path = g_strdup_printf("tests/screen/golden/%s.screen", name);
	g_autofree char *text = screen_text(screen), *expected = NULL;
	g_autoptr(GString) actual = g_string_new(text);
	g_autoptr(GError) error = NULL;

	if (rows)
		append_styles(screen, actual, rows);
	if (g_strcmp0(g_getenv("UPDATE_SCREENS"), "1") == 0) {
		if (g_file_set_contents(path, actual->str, (gssize)actual->len, &error))
			return true;
		fprintf(stderr, "%s\n", error->message);
		return false;
	}
	if (!g_file_get_contents(path, &expected, NULL, &error)) {
		fprintf(stderr, "%s (UPDATE_SCREENS=1 writes it)\n", error->message);
		return false;
	}
	if (strcmp(expected, actual->str) == 0)
		return true;
	print_diff(path, expected, actual->str);
	return false;
}
