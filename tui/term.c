#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "tui/pairs.h"
#include "tui/rescue.h"
#include "tui/terminfo.h"

#define MOUSE_ON  "\033[?1000h\033[?1006h"
#define MOUSE_OFF "\033[?1006l\033[?1000l"
#define PASTE_ON  "\033[?2004h"
#define PASTE_OFF "\033[?2004l"

/* What common terminals accept of OSC 52: 100,000 bytes of base64. */
#define COPY_MOST 74994

struct term {
	SCREEN *screen;
	struct termios tty; /* as it was before */
	struct key_decoder *decoder;
	struct pairs *pairs;
	char on[64], off[64];      /* what the terminal understands of mouse and paste */
	struct canvas_cell *shown; /* what the last paint left on the screen; NULL: nothing is known of it */
	int shown_rows, shown_cols;
	cchar_t *run; /* room for a row */
};

/* ---- start and stop ---- */

/* ncurses hooks signals that signalfd reads here; its handlers must not be there when one of them is unblocked. */
static SCREEN *
screen_new(void)
{
	static const int hooked[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	struct sigaction before[G_N_ELEMENTS(hooked)];
	SCREEN *screen;

	for (size_t i = 0; i < G_N_ELEMENTS(hooked); i++)
		sigaction(hooked[i], NULL, &before[i]);
	screen = newterm(NULL, stdout, stdin);
	for (size_t i = 0; i < G_N_ELEMENTS(hooked); i++)
		sigaction(hooked[i], &before[i], NULL);
	return screen;
}

static void
term_set_modes(void)
{
	raw(); /* all keys are ours: no signals from ctrl-c, no flow control from ctrl-s */
	noecho();
	nonl();
	typeahead(-1);
	leaveok(stdscr, FALSE);
	scrollok(stdscr, FALSE);
}

/* A string capability, NULL when the terminal lacks it. */
static const char *
capability(const char *name)
{
	const char *text = tigetstr(name);

	return text == (const char *)-1 ? NULL : text;
}

/* Mouse and paste reports are xterm's; terminals that know them say so by a mouse capability. */
static void
term_choose_reports(struct term *term, bool mouse)
{
	if (!capability("kmous"))
		return;
	g_strlcpy(term->on, mouse ? PASTE_ON MOUSE_ON : PASTE_ON, sizeof(term->on));
	g_strlcpy(term->off, mouse ? MOUSE_OFF PASTE_OFF : PASTE_OFF, sizeof(term->off));
}

/* Appends a terminfo string without its delays: "\e[m$<2>" is from the days of real VT100s. */
static void
append_capability(GString *out, const char *name)
{
	const char *at = capability(name);

	while (at && *at) {
		const char *delay = g_str_has_prefix(at, "$<") ? strchr(at, '>') : NULL;

		if (delay)
			at = delay + 1;
		else
			g_string_append_c(out, *at++);
	}
}

static void
term_arm_rescue(const struct term *term)
{
	g_autoptr(GString) undo = g_string_new(term->off);

	append_capability(undo, "sgr0");
	append_capability(undo, "op");
	append_capability(undo, "cnorm");
	append_capability(undo, "rmcup");
	g_string_append_c(undo, '\r');
	rescue_arm(STDOUT_FILENO, &term->tty, undo->str, undo->len);
}

/* Past curses' buffer, which is empty whenever this is called. A lost terminal is noticed when reading from it. */
static void
term_send(const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text += n;
		len -= (size_t)n;
	}
}

struct term *
term_start(const struct term_opts *opts, GError **error)
{
	struct term *term;
	SCREEN *screen;
	struct termios tty;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDOUT_FILENO, &tty) != 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			"the console needs a terminal, and standard input or output is none");
		return NULL;
	}
	if (!terminfo_check(getenv("TERM"), error))
		return NULL;
	screen = screen_new();
	if (!screen) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "can't use this terminal");
		return NULL;
	}
	term = g_new0(struct term, 1);
	term->screen = screen;
	term->tty = tty;
	term->decoder = key_decoder_new();
	term->pairs = pairs_new(opts->theme, opts->mono);
	term_choose_reports(term, opts->mouse);
	term_arm_rescue(term); /* before the first byte that would have to be undone */
	term_set_modes();
	refresh();
	term_send(term->on);
	return term;
}

static void
term_leave(struct term *term)
{
	term_send(term->off);
	curs_set(1);
	if (!capability("rmcup")) { /* the frame stays in sight: its last line is the shell's */
		move(LINES - 1, 0);
		clrtoeol();
		refresh();
	}
	endwin();
	tcsetattr(STDOUT_FILENO, TCSADRAIN, &term->tty);
	term_redraw(term);
}

void
term_stop(struct term *term)
{
	if (!term)
		return;
	term_leave(term);
	rescue_disarm();
	delscreen(term->screen);
	key_decoder_free(term->decoder);
	pairs_free(term->pairs);
	g_free(term->run);
	g_free(term);
}

void
term_suspend(struct term *term)
{
	term_leave(term);
	rescue_disarm();
}

void
term_resume(struct term *term)
{
	term_arm_rescue(term);
	reset_prog_mode();
	term_resized(term);
	refresh();
	term_send(term->on);
}

/* ---- size ---- */

void
term_size(struct term *term G_GNUC_UNUSED, int *rows, int *cols)
{
	getmaxyx(stdscr, *rows, *cols);
}

void
term_resized(struct term *term)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	term_redraw(term);
}

void
term_redraw(struct term *term)
{
	g_clear_pointer(&term->shown, g_free);
}

bool
term_copy(struct term *term, const char *text, GError **error)
{
	size_t len = strlen(text);
	g_autofree char *code = NULL, *line = NULL;

	if (len > COPY_MOST) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC,
			"%zu bytes are more than terminals take (%d)", len, COPY_MOST);
		return false;
	}
	/* The kernel's console has a mouse but no clipboard, and older ones show what they don't understand. */
	if (!*term->on || g_str_has_prefix(termname(), "linux")) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			"this terminal is not known to have a clipboard");
		return false;
	}
	code = g_base64_encode((const guchar *)text, len);
	line = g_strdup_printf("\033]52;c;%s\a", code);
	term_send(line);
	return true;
}

void
term_bell(struct term *term G_GNUC_UNUSED)
{
	beep();
}

/* ---- painting ---- */

static bool
cells_equal(const struct canvas_cell *a, const struct canvas_cell *b)
{
	return a->ch[0] == b->ch[0] && a->ch[1] == b->ch[1] && a->ch[2] == b->ch[2] && a->role == b->role &&
	       a->flags == b->flags && a->fg == b->fg && a->bg == b->bg;
}

static cchar_t
cell_to_curses(struct term *term, const struct canvas_cell *cell)
{
	wchar_t text[G_N_ELEMENTS(cell->ch) + 1] = { 0 };
	cchar_t out;

	for (size_t i = 0; i < G_N_ELEMENTS(cell->ch); i++)
		text[i] = (wchar_t)cell->ch[i];
	/* A locale without UTF-8 should have got an ASCII canvas; if it did not, nothing worse than this comes of it. */
	if (cell->ch[0] >= 0x80 && MB_CUR_MAX == 1)
		memcpy(text, L"?", sizeof(L"?"));
	setcchar(&out, text, pairs_attrs(term->pairs, cell), pairs_number(term->pairs, cell), NULL);
	return out;
}

/* Hands columns FROM up to END to curses. */
static void
paint_run(struct term *term, const struct canvas_cell *row, int y, int from, int end)
{
	int n = 0;

	for (int x = from; x < end; x++) {
		if (!(row[x].flags & CELL_CONTINUED))
			term->run[n++] = cell_to_curses(term, &row[x]);
	}
	mvadd_wchnstr(y, from, term->run, n);
}

/* Runs begin and end at whole characters: a wide one is painted again when either half of it changed. */
static void
paint_row(struct term *term, const struct canvas_cell *row, const struct canvas_cell *shown, int y, int cols)
{
	for (int x = 0; x < cols; x++) {
		int from = x;

		if (cells_equal(&row[x], &shown[x]))
			continue;
		while (from > 0 && row[from].flags & CELL_CONTINUED)
			from--;
		while (x < cols && (!cells_equal(&row[x], &shown[x]) || row[x].flags & CELL_CONTINUED))
			x++;
		paint_run(term, row, y, from, x);
	}
}

/* Nothing is known of the screen: it is cleared, and SHOWN says so in cells that equal none of a canvas. */
static void
forget_shown(struct term *term, int rows, int cols)
{
	term->shown = g_new0(struct canvas_cell, (size_t)rows * (size_t)cols);
	term->shown_rows = rows;
	term->shown_cols = cols;
	term->run = g_renew(cchar_t, term->run, cols);
	erase();
	clearok(stdscr, TRUE);
}

static void
paint_cursor(const struct canvas *canvas)
{
	int y, x;

	canvas_get_cursor(canvas, &y, &x);
	if (y >= 0)
		move(y, x);
	curs_set(y >= 0 ? 1 : 0);
}

void
term_paint(struct term *term, const struct canvas *canvas)
{
	int rows = canvas_rows(canvas), cols = canvas_cols(canvas);

	if (pairs_make_room(term->pairs, rows * cols) || !term->shown || rows != term->shown_rows ||
		cols != term->shown_cols) {
		term_redraw(term);
		forget_shown(term, rows, cols);
	}
	for (int y = 0; y < rows; y++) {
		struct canvas_cell *shown = &term->shown[(size_t)y * (size_t)cols];
		const struct canvas_cell *row = canvas_at(canvas, y, 0);

		paint_row(term, row, shown, y, cols);
		memcpy(shown, row, (size_t)cols * sizeof(*row));
	}
	paint_cursor(canvas);
	refresh();
}

/* ---- input ---- */

enum fill { FILL_NOTHING, FILL_SOME, FILL_EOF };

/* Reads what has come, without waiting for more. The descriptor itself stays blocking: stdout is usually the same open
 * file, and curses can't write to one that isn't. */
static enum fill
term_fill(struct term *term)
{
	struct pollfd pollfd = { .fd = STDIN_FILENO, .events = POLLIN };
	unsigned char bytes[64];
	ssize_t n;

	if (poll(&pollfd, 1, 0) <= 0)
		return FILL_NOTHING;
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return FILL_NOTHING;
	if (n <= 0)
		return FILL_EOF;
	key_decoder_feed(term->decoder, bytes, (size_t)n, g_get_monotonic_time());
	explicit_bzero(bytes, sizeof(bytes));
	return FILL_SOME;
}

struct input
term_read(struct term *term, int *wait_ms)
{
	for (;;) {
		struct input input = key_decoder_next(term->decoder, g_get_monotonic_time(), wait_ms);

		if (input.type != INPUT_NONE)
			return input;
		switch (term_fill(term)) {
		case FILL_NOTHING:
			return input;
		case FILL_EOF:
			*wait_ms = -1;
			return (struct input){ .type = INPUT_EOF };
		case FILL_SOME:
			break;
		}
	}
}
