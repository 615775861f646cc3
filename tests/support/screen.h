/*
 * screen: a program on a terminal of its own, as an operator would see it – a pty whose other end libvterm reads. For
 * screen tests and for benches; knows no test framework. Nothing here sleeps and hopes: each wait has a condition on
 * what is visible and a deadline, and says false when that passes. One thread.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct screen;

/* What an xterm sends. After SCREEN_ESC wait for what it does: with another key right behind it, it would be Alt. */
#define SCREEN_UP "\033[A"
#define SCREEN_DOWN "\033[B"
#define SCREEN_RIGHT "\033[C"
#define SCREEN_LEFT "\033[D"
#define SCREEN_HOME "\033[H"
#define SCREEN_END "\033[F"
#define SCREEN_PGUP "\033[5~"
#define SCREEN_PGDN "\033[6~"
#define SCREEN_DELETE "\033[3~"
#define SCREEN_F1 "\033OP"
#define SCREEN_BACKTAB "\033[Z"
#define SCREEN_TAB "\t"
#define SCREEN_ENTER "\r"
#define SCREEN_ESC "\033"
#define SCREEN_BACKSPACE "\177"
#define SCREEN_CTRL(letter) ((const char[]){ (letter)&0x1f, '\0' })

/* Starts ARGV (looked up in PATH, NULL-terminated) on a terminal of ROWS x COLS. ENV is NULL or a NULL-terminated list of
 * "NAME=value" to set and "NAME" to unset, on top of ours with TERM=xterm-256color, LC_ALL=C.UTF-8 and no NO_COLOR. Aborts
 * when there are no ptys. */
struct screen *screen_start(const char *const *argv, const char *const *env, int rows, int cols);
/* The same for PROGRAM in a fork of this process; what it returns is the exit status. */
struct screen *screen_start_call(int (*program)(void *ctx), void *ctx, const char *const *env, int rows, int cols);
/* Kills the program (that process, no other) if it still runs. Accepts NULL. */
void screen_free(struct screen *screen);

pid_t screen_pid(const struct screen *screen);
void screen_send(struct screen *screen, const char *keys);
void screen_click(struct screen *screen, int y, int x); /* left button, pressed and released, as SGR mouse */
void screen_wheel(struct screen *screen, int y, int x, bool up);
void screen_signal(struct screen *screen, int signal);
void screen_resize(struct screen *screen, int rows, int cols);
void screen_hang_up(struct screen *screen); /* the terminal is gone: SIGHUP, reads end */

typedef bool (*screen_predicate)(struct screen *screen, void *ctx);
bool screen_wait(struct screen *screen, screen_predicate predicate, void *ctx, int deadline_ms);
bool screen_wait_text(struct screen *screen, const char *text, int deadline_ms);
bool screen_wait_gone(struct screen *screen, const char *text, int deadline_ms);
/* Until nothing has come for QUIET_MS. */
bool screen_wait_quiet(struct screen *screen, int quiet_ms, int deadline_ms);
/* The status as wait(2) gives it, -1 when it still runs after DEADLINE_MS. */
int screen_exit_status(struct screen *screen, int deadline_ms);
/* The same, while nothing that it writes is read. */
int screen_exit_status_unread(struct screen *screen, int deadline_ms);

/* Sends KEYS and returns the µs until PREDICATE holds, looked at after each piece of output; -1: not within DEADLINE_MS. */
int64_t screen_measure_us(struct screen *screen, const char *keys, screen_predicate predicate, void *ctx, int deadline_ms);

/* All that the program has written since it started. Borrowed until the next call of anything here. */
const GString *screen_output(const struct screen *screen);

/* What is visible: lines with trailing blanks cut, each ended by a newline; caller frees. */
char *screen_text(const struct screen *screen);
char *screen_row(const struct screen *screen, int y); /* without the newline */
bool screen_shows(const struct screen *screen, const char *text); /* on one line */
/* Where TEXT first stands; false when nowhere. */
bool screen_find(const struct screen *screen, const char *text, int *y, int *x);

/* Colours are 0..255, -1: the terminal's own, -2: none of the palette. */
struct screen_style {
	bool bold, underline, reverse;
	int fg, bg;
};
struct screen_style screen_style_at(const struct screen *screen, int y, int x);
bool screen_cursor(const struct screen *screen, int *y, int *x); /* false: hidden */
bool screen_in_alternate(const struct screen *screen);
bool screen_mouse_on(const struct screen *screen);

/* After the program: is the terminal as it was before – line settings, main screen, visible cursor, no mouse or paste
 * reports, plain colours? False: what is wrong has been written to stderr. */
bool screen_is_sane(struct screen *screen);

/* Compares text, and the styles of ROWS (NULL: of none; ends with -1), with tests/screen/golden/NAME.screen. False: a diff
 * has been written to stderr. With UPDATE_SCREENS=1 in the environment the file is written instead. */
bool screen_expect_golden(struct screen *screen, const char *name, const int *rows);
