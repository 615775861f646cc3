/*
 * console: the whole interactive program as one object – views, keys, prompts, dialogs, verbs – that is fed with input
 * and time and draws into a canvas. Knows no terminal and no descriptor, so `virt-fleet snapshot` and the unit tests
 * drive it like main.c does. UI thread only; nothing here blocks.
 *
 * The owner's loop: console_fleet_changed() when the mailbox was marked, console_job_done() for each job in it,
 * console_input() for each input, then console_tick(), and console_draw() when console_needs_draw(); it sleeps until
 * console_next_due() at the latest.
 */
#pragma once

#include "config/config.h"
#include "config/theme.h"
#include "fleet/asks.h"
#include "fleet/fleet.h"
#include "tui/canvas.h"
#include "tui/key.h"

#include <stdbool.h>
#include <stdint.h>

struct console;
struct journal;
struct guards;
struct maintenance;

struct console_opts {
	const struct config *config; /* borrowed */
	struct fleet *fleet;         /* borrowed; NULL: snapshots come by console_set_snapshot() and verbs are refused */
	struct asks *asks;           /* borrowed; NULL: nobody asks */
	struct timeline *timeline;   /* borrowed; shown, and told of verbs; NULL: none */
	struct journal *journal;     /* borrowed; keeps what verbs do; NULL: nothing does */
	struct guards *guards;       /* borrowed; what they deny is not done; NULL: none */
	struct maintenance *maintenance; /* borrowed; NULL: what operators say is forgotten with the console */
	bool readonly;               /* no verbs; the badge [RO] */
	bool demo;                   /* the badge DEMO */
	bool ascii;                  /* the canvas will be ASCII: glyphs and sparklines in tables follow */
	const char *view;            /* name of the first view; NULL: pulse */
	/* The operator wants out, and confirmed it, where acts are under way; ABORT: moves are to be aborted first. */
	void (*quit)(void *ctx, bool abort);
	void (*redraw)(void *ctx);   /* Ctrl-L: send the whole screen again; NULL: nothing to do */
	/* Puts TEXT onto the operator's clipboard; false with an error in words. NULL: that can't be done here. */
	bool (*copy)(void *ctx, const char *text, GError **error);
	/* Calls READY whenever FD can be read, has ended or, with WRITE, can be written; a second call for it changes that,
	 * READY NULL ends it. NULL: guests have no consoles here. */
	void (*watch)(void *ctx, int fd, bool write, void (*ready)(void *data), void *data);
	void *ctx;
};

/* NULL with CONFIG_ERROR_VALUE when the config's keys name no view or no request (message with origin), or the first
 * view does not exist. */
struct console *console_new(const struct console_opts *opts, GError **error);
void console_free(struct console *console); /* accepts NULL */

/* What `:` and --view can open, in the order of their digits; NULL-terminated, static. */
const char *const *console_view_names(void);

/* The fleet has something new; a snapshot is taken by a later console_tick(), at most ten times a second. */
void console_fleet_changed(struct console *console);
/* Shows SNAP (one reference is added) from now on. For an owner without a fleet. */
void console_set_snapshot(struct console *console, const struct fleet_snap *snap);
/* Something to be read by the operator, on the status line for a while, in the colours of ROLE. */
void console_tell(struct console *console, enum role role, const char *text);
/* A job came back. Takes ownership of JOB. */
void console_job_done(struct console *console, struct job *job);
/* What became of the job SERIAL, which nobody knew when it ended: WHERE is fate_text(). */
void console_job_found(struct console *console, uint64_t serial, const char *where);
void console_input(struct console *console, struct input input);
/* Time goes on: NOW_US of clock_now_us(), WALL_US of clock_wall_us(). Takes the snapshot when one is due. */
void console_tick(struct console *console, int64_t now_us, int64_t wall_us);
/* All keys are a guest's at the moment, also those that the terminal's owner would obey. */
bool console_takes_keys(const struct console *console);
/* When console_tick() wants to be called next, in clock_now_us() time. */
int64_t console_next_due(const struct console *console);

/* Before the end, and after each job that comes back then: what has not begun never will, and what waits for its guest is
 * settled. */
void console_close(struct console *console, int64_t now_us);
/* Jobs that are to come back; moves alone with MOVES. */
unsigned console_left(const struct console *console, bool moves);
/* Asks what is under way to give up. */
void console_abort(struct console *console);

/* True when a draw would show something new. */
bool console_needs_draw(const struct console *console);
/* Draws one frame; any size of canvas will do. */
void console_draw(struct console *console, struct canvas *canvas);
