/*
 * term: the terminal – start, stop, paint, restore on a crash. Curses is known to term.c, pairs.c and
 * terminfo.c alone.
 * UI thread only, but for term_restore().
 */
#pragma once

#include "config/theme.h"
#include "tui/canvas.h"
#include "tui/key.h"

#include <stdbool.h>

struct term;

struct term_opts {
	const struct theme *theme; /* borrowed */
	bool mouse;
	bool mono; /* NO_COLOR or by option */
};

/* Takes the terminal over. NULL with an error in words when it can't (not a tty, TERM unknown). Installs hooks so that
 * SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL and SIGTRAP restore the terminal before the process dies of them. */
struct term *term_start(const struct term_opts *opts, GError **error);
void term_stop(struct term *term); /* restores the terminal; accepts NULL */

/* Puts the terminal back into order by write(2) and tcsetattr(3) alone. Any thread, signal-safe. */
void term_restore(void);

void term_size(struct term *term, int *rows, int *cols);
void term_resized(struct term *term); /* after SIGWINCH */

/* Shows CANVAS; only what changed since the last call is sent. */
void term_paint(struct term *term, const struct canvas *canvas);
void term_redraw(struct term *term); /* next paint sends everything (Ctrl-L) */
/* Puts TEXT onto the clipboard of the operator's terminal, over any distance (OSC 52). False with an error in words when
 * TEXT is too long for that or the terminal is not known to have one. Whether it took it is not told by any terminal. */
bool term_copy(struct term *term, const char *text, GError **error);
void term_bell(struct term *term);

/* The next input, INPUT_NONE when there is none; never blocks. A lone ESC is told from a sequence within 25 ms by
 * term_read() being called again: *WAIT_MS is set to how long to wait for that (-1: no need). */
struct input term_read(struct term *term, int *wait_ms);

/* Gives the terminal to a child or to raw use, and takes it back (console, SIGTSTP). */
void term_suspend(struct term *term);
void term_resume(struct term *term);
