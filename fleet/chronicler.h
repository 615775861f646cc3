/*
 * chronicler: the thread that keeps the chronicle of a fleet. It takes what connections notice and looks at the fleet a few
 * times a second, so that neither hosts nor screen wait for what is written. Used by fleet.c alone.
 */
#pragma once

#include "fleet/chronicle.h"

struct chronicler;

struct chronicler_opts {
	const struct config *config; /* borrowed, like all below */
	struct timeline *timeline;
	/* The newest snapshot, one reference; called on the chronicler's thread. */
	const struct fleet_snap *(*snapshot)(void *ctx);
	/* Something was written; the same. */
	void (*changed)(void *ctx);
	void *ctx;
};

struct chronicler *chronicler_new(const struct chronicler_opts *opts);
void chronicler_start(struct chronicler *chronicler);
/* Looks no more: hosts that are stopped are not lost. What was posted is still written. Any thread, returns at once. */
void chronicler_stop(struct chronicler *chronicler);
/* Ends the thread, if it was started. Nobody posts any more. Accepts NULL. */
void chronicler_free(struct chronicler *chronicler);

/* Waits until it has looked at what is there now, which takes milliseconds; the thread must run. */
void chronicler_catch_up(struct chronicler *chronicler);

/* A connection to host INDEX noticed EVENT; copied. Any thread, never blocks for long. */
void chronicler_post(struct chronicler *chronicler, uint32_t index, const struct conn_event *event);
