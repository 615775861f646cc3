/* Suspend and resume: the guest keeps its memory and gets no CPU. */
#include "actions/verbs.h"

static bool
resume_possible(const struct vm *vm, const char **why_not)
{
	if (!vm_reachable(vm, why_not))
		return false;
	if (vm->state != VM_STATE_PAUSED) {
		*why_not = "not paused";
		return false;
	}
	return true;
}

const struct action vm_suspend_action = {
	.name = "suspend",
	.help = "Freeze the guest in memory; resume it when it is paused",
	.key = "P",
	.verb = "Suspend",
	.doing = "suspending",
	.done = "paused",
	.effect = "Memory is kept; everything stands still until it is resumed.",
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
	.help = "Let a paused guest go on",
	.verb = "Resume",
	.doing = "resuming",
	.done = "resumed",
	.effect = "Goes on where it was paused.",
	.target = TARGET_VM,
	.timeout_s = 60,
	.act = VM_ACT_RESUME,
	.possible = resume_possible,
	.run = vm_act_run,
};
