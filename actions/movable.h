/*
 * movable: what stands in the way of moving a running guest to another host, as far as its own side tells. What a certain
 * destination adds (room, CPU model, names that are taken) is not looked at here. Pure.
 */
#pragma once

#include "fleet/model.h"

#include <glib.h>

/* _(ENUM, "word") – from harmless to fatal */
#define OBSTACLES(_)                                                                 \
	_(CAUTION, "caution") /* goes if the destination is like this host */        \
	_(COPY, "copy")       /* goes if its storage is copied along */              \
	_(BLOCKS, "blocks")   /* does not go */

enum obstacle_kind {
#define OBSTACLE_ENUM(id, word) OBSTACLE_##id,
	OBSTACLES(OBSTACLE_ENUM)
#undef OBSTACLE_ENUM
		OBSTACLE_COUNT
};

struct obstacle {
	enum obstacle_kind kind;
	bool of_target; /* a certain destination clears it up: targets.h looks at that */
	char *what; /* "vda", "CPU mode", … */
	char *why;  /* in words, and what to do about it where that is known */
	const char *group; /* static, of those that are told apart by the device's name alone: "storage"; NULL: WHAT says it */
};

/* Everything that stands in VM's way, the worst first; empty: nothing does. DETAIL may be NULL: then snapshots are not
 * looked for. An array of struct obstacle with a clear function; caller unrefs. */
GArray *movable_obstacles(const struct vm *vm, const struct vm_detail *detail);

/* "blocks" and so on. */
const char *obstacle_word(enum obstacle_kind kind);
