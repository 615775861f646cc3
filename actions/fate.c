#include "actions/fate.h"

#include "fleet/snapshot.h"

#include <string.h>

enum side
side_of_whereabouts(const struct whereabouts *where)
{
	if (!where->defined)
		return SIDE_ABSENT;
	if (!where->active)
		return SIDE_OFF;
	if (where->state != VM_STATE_PAUSED && where->state != VM_STATE_SUSPENDED)
		return SIDE_RUNNING;
	/* its memory is in two parts: it is no copy that could be forced off or resumed without the other */
	return where->reason && g_str_has_prefix(where->reason, "post-copy") ? SIDE_UNKNOWN : SIDE_PAUSED;
}

enum side
side_of_vm(const struct vm *vm)
{
	if (!vm)
		return SIDE_ABSENT;
	if (vm->state == VM_STATE_UNKNOWN)
		return SIDE_UNKNOWN;
	return side_of_whereabouts(&(struct whereabouts){
		.defined = true, .active = vm->id >= 0, .state = vm->state, .reason = vm->reason });
}

#define S "{source}"
#define T "{target}"

/* clang-format off: a line each is how a table is read. */
static const struct fate fates[SIDE_COUNT][SIDE_COUNT] = {
	[SIDE_UNKNOWN] = {
		[SIDE_UNKNOWN] = { FATE_UNKNOWN, EVENT_WARN, "unknown on " S " and on " T ": check both" },
		[SIDE_ABSENT] = { FATE_UNKNOWN, EVENT_WARN, "not on " T "; " S " unknown: check" },
		[SIDE_OFF] = { FATE_UNKNOWN, EVENT_WARN, "off on " T "; " S " unknown: check" },
		[SIDE_PAUSED] = { FATE_UNKNOWN, EVENT_WARN, "paused on " T "; " S " unknown: check before it is resumed" },
		[SIDE_RUNNING] = { FATE_UNKNOWN, EVENT_WARN, "finished, runs on " T "; " S " unknown: check" },
	},
	[SIDE_ABSENT] = {
		[SIDE_UNKNOWN] = { FATE_UNKNOWN, EVENT_WARN, "finished on " S "; " T " unknown: check" },
		[SIDE_ABSENT] = { FATE_NOWHERE, EVENT_BAD, "neither on " S " nor on " T },
		[SIDE_OFF] = { FATE_NOWHERE, EVENT_BAD, "runs nowhere, off on " T ": start it there" },
		[SIDE_PAUSED] = { FATE_HALTED, EVENT_BAD, "paused on " T " and not on " S ": resume it there" },
		[SIDE_RUNNING] = { FATE_ARRIVED, EVENT_INFO, "runs on " T },
	},
	[SIDE_OFF] = {
		[SIDE_UNKNOWN] = { FATE_UNKNOWN, EVENT_WARN, "off on " S "; " T " unknown: check before it is started" },
		[SIDE_ABSENT] = { FATE_NOWHERE, EVENT_BAD, "runs nowhere, off on " S ": start it there" },
		[SIDE_OFF] = { FATE_NOWHERE, EVENT_BAD, "runs nowhere, off on " S " and on " T ": start one of them" },
		[SIDE_PAUSED] = { FATE_HALTED, EVENT_BAD, "paused on " T " and off on " S ": resume it on " T },
		[SIDE_RUNNING] = { FATE_ARRIVED, EVENT_INFO, "runs on " T "; still defined on " S },
	},
	[SIDE_PAUSED] = {
		[SIDE_UNKNOWN] = { FATE_UNKNOWN, EVENT_WARN, "paused on " S "; " T " unknown: check before it is resumed" },
		[SIDE_ABSENT] = { FATE_HALTED, EVENT_BAD, "paused on " S " and not on " T ": resume it there" },
		[SIDE_OFF] = { FATE_HALTED, EVENT_BAD, "paused on " S " and off on " T ": resume it on " S },
		[SIDE_PAUSED] = { FATE_HALTED, EVENT_BAD,
			"paused on " S " and on " T ": force off the one on " T ", then resume the one on " S },
		[SIDE_RUNNING] = { FATE_LEFT, EVENT_BAD, "runs on " T "; a paused copy is left on " S ": force that off" },
	},
	[SIDE_RUNNING] = {
		[SIDE_UNKNOWN] = { FATE_UNKNOWN, EVENT_WARN, "runs on " S "; " T " unknown: check" },
		[SIDE_ABSENT] = { FATE_STAYED, EVENT_WARN, "runs on " S " as before" },
		[SIDE_OFF] = { FATE_STAYED, EVENT_WARN, "runs on " S " as before; defined on " T ", too" },
		[SIDE_PAUSED] = { FATE_MOVING, EVENT_BAD,
			"runs on " S "; a paused copy is on " T ": force that off, unless it is being migrated again" },
		[SIDE_RUNNING] = { FATE_TWICE, EVENT_BAD,
			"runs on " S " and on " T ", which both write to its disks: force one of them off at once" },
	},
};
/* clang-format on */

struct fate
fate_of(enum side goal, enum side source, enum side target)
{
	static const struct fate arrived = { FATE_ARRIVED, EVENT_INFO, "on " T ", as it was" };
	static const struct fate stayed = { FATE_STAYED, EVENT_WARN, "on " S ", as before" };

	/* one that was paused or off before is whole when it is just that */
	if (goal != SIDE_RUNNING && source == SIDE_ABSENT && target == goal)
		return arrived;
	if (goal != SIDE_RUNNING && target == SIDE_ABSENT && source == goal)
		return stayed;
	return fates[source][target];
}

char *
fate_text(const struct fate *fate, const char *source, const char *target)
{
	g_auto(GStrv) around_source = g_strsplit(fate->words, S, -1);
	g_autofree char *half = g_strjoinv(source, around_source);
	g_auto(GStrv) around_target = g_strsplit(half, T, -1);

	return g_strjoinv(target, around_target);
}
