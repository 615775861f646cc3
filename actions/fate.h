/*
 * fate: what became of a migration, judged by what its two hosts say of the guest – however it came to that: done, failed,
 * the link lost under it, the program killed. Exactly one running copy is what everybody wants; all else is told with what to
 * do about it. Pure.
 */
#pragma once

#include "fleet/conn.h"
#include "fleet/timeline.h"

/* What one host says. */
enum side {
	SIDE_UNKNOWN, /* it can't be asked */
	SIDE_ABSENT,
	SIDE_OFF,     /* defined, does not run */
	SIDE_PAUSED,
	SIDE_RUNNING,
	SIDE_COUNT
};

enum side side_of_whereabouts(const struct whereabouts *where);
enum side side_of_vm(const struct vm *vm); /* NULL: absent */

enum fate_kind {
	FATE_UNKNOWN, /* a side could not be asked */
	FATE_ARRIVED, /* on the target, as it was before */
	FATE_STAYED,  /* on the source, as it was before */
	FATE_MOVING,  /* on its way, or what is left of that: time tells */
	FATE_LEFT,    /* runs once, but a copy is left that must go */
	FATE_HALTED,  /* runs nowhere, and can be set going where it is */
	FATE_TWICE,   /* runs on both */
	FATE_NOWHERE, /* runs nowhere */
};

struct fate {
	enum fate_kind kind;
	enum event_level level;
	const char *words; /* for fate_text() */
};

/* A guest that was to go on being GOAL (running, paused or off) is now SOURCE and TARGET. */
struct fate fate_of(enum side goal, enum side source, enum side target);
/* "runs on kvm2", "runs on kvm2 and kvm1: force one of them off at once": what to say behind the guest's name. Caller frees. */
char *fate_text(const struct fate *fate, const char *source, const char *target);
