/*
 * loop: poll(2) of a few descriptors, signals by signalfd, and one frame clock. UI thread only.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;

struct loop *loop_new(GError **error);
void loop_free(struct loop *loop);

/* READY is called when FD is readable or in error. FD stays the caller's. */
void loop_add_fd(struct loop *loop, int fd, void (*ready)(void *ctx), void *ctx);
/* FD is also looked at for room to write from now on, or no longer: READY is called when there is some. */
void loop_set_writing(struct loop *loop, int fd, bool writing);
/* Forgets FD; from any callback, its own too: READY is not called again. */
void loop_remove_fd(struct loop *loop, int fd);
/* SIGNAL must be blocked in all threads (signals_block() in main.c does that before the first one). */
void loop_add_signal(struct loop *loop, int signal, void (*caught)(void *ctx, int signal), void *ctx);
/* Calls TICK once at DUE_US (CLOCK_MONOTONIC) or later; one timer per ID (0..7), set again to move it; DUE_US 0 removes. */
void loop_set_timer(struct loop *loop, unsigned id, int64_t due_us, void (*tick)(void *ctx), void *ctx);
/* Called after each round of events, before sleeping: the place to draw. */
void loop_set_after(struct loop *loop, void (*after)(void *ctx), void *ctx);

void loop_run(struct loop *loop);  /* until loop_quit() */
void loop_quit(struct loop *loop);
