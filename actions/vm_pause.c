/* Suspend and resume: the guest keeps its memory and gets no CPU. */
#include "actions/verbs.h"

static bool
resume_possible(const struct vm *vm, const char **why_not)
{
	if (vm->state == VM_STATE_PAUSED || vm->state == VM_STATE_SUSPENDED)
		return true;
	*why_not = "not paused";
	return false;
}

const struct action vm_suspend_action = {
	.name = "suspend",
	.help = "Freeze the guest in memory; resume it when it is paused",
	.key = "P",
	.verb = "Suspend",
	.doing = "suspending",
	.done = "paused",
	.effect = "Memory is kept; everything stands still until it is resumed.",
	.needs = "a running guest",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.timeout_s = 60,
	.act = VM_ACT_SUSPEND,
	.otherwise = &vm_resume_action,
	.possible = vm_is_executing,
	.run = vm_act_run,
};

const struct action vm_resume_action = {
	.name = "resume",
	.help = "Let a paused guest go on; wake one that sleeps",
	.verb = "Resume",
	.doing = "resuming",
	.done = "resumed",
	.effect = "Goes on where it was paused.",
	.needs = "a paused or sleeping guest",
	.target = TARGET_VM,
	.timeout_s = 60,
	.act = VM_ACT_RESUME,
	.possible = resume_possible,
	.run = vm_act_run,
};
