/* Power: start, shutdown, stop, reboot, reset. */
#include "actions/verbs.h"

#include "fleet/snapshot.h"

static bool
start_possible(const struct vm *vm, const char **why_not)
{
	if (vm->state == VM_STATE_PAUSED)
		*why_not = "paused: resume it";
	else if (vm->state == VM_STATE_SUSPENDED)
		*why_not = "asleep: resume it";
	else if (vm_is_running(vm))
		*why_not = "already running";
	else
		return true;
	return false;
}

/* Whatever holds resources can be forced off: a crashed guest that was kept for its dump, too. */
static bool
stop_possible(const struct vm *vm, const char **why_not)
{
	if (vm->state == VM_STATE_OFF || (vm->state == VM_STATE_CRASHED && vm->id < 0)) {
		*why_not = "already off";
		return false;
	}
	return true;
}

const struct action vm_start_action = {
	.name = "start",
	.help = "Start the guest",
	.key = "s",
	.verb = "Start",
	.doing = "starting",
	.done = "started",
	.effect = "Power is switched on.",
	.needs = "a guest that is off or crashed",
	.target = TARGET_VM,
	.timeout_s = 120,
	.act = VM_ACT_START,
	.possible = start_possible,
	.run = vm_act_run,
};

static const struct action_arg shutdown_args[] = {
	{ .name = "wait",
		.help = "Wait so long for the guest to be off, 5s to 1h",
		.kind = ARG_NUMBER,
		.unit = UNIT_SECONDS,
		.min = 5,
		.max = 3600 },
	{ 0 },
};

const struct action vm_shutdown_action = {
	.name = "shutdown",
	.help = "Ask the guest to power off",
	.key = "S",
	.verb = "Shut down",
	.doing = "shutting down",
	.done = "shut down",
	.effect = "A request, as by the power button: a guest may take its time or ignore it. Those that do "
		  "not go "
		  "in time are reported, never forced.",
	.needs = "a running guest",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.args = shutdown_args,
	.timeout_s = 60,
	.act = VM_ACT_SHUTDOWN,
	.awaited = VM_STATE_OFF,
	.possible = vm_is_executing,
	.run = vm_act_run,
};

const struct action vm_stop_action = {
	.name = "stop",
	.help = "Force the guest off (kill)",
	.key = "K",
	.verb = "Force off",
	.doing = "forcing off",
	.done = "forced off",
	.effect = "Power is cut at once. What is not written to disk yet is lost.",
	.needs = "a guest that is not off",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.timeout_s = 60,
	.act = VM_ACT_DESTROY,
	.possible = stop_possible,
	.run = vm_act_run,
};

const struct action vm_reboot_action = {
	.name = "reboot",
	.help = "Ask the guest to reboot",
	.key = "B",
	.verb = "Reboot",
	.doing = "asking to reboot",
	.done = "asked to reboot",
	.effect = "A request: a guest may take its time or ignore it.",
	.needs = "a running guest",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.timeout_s = 60,
	.act = VM_ACT_REBOOT,
	.possible = vm_is_executing,
	.run = vm_act_run,
};

const struct action vm_reset_action = {
	.name = "reset",
	.help = "Reset the guest as by its reset button",
	.verb = "Reset",
	.doing = "resetting",
	.done = "reset",
	.effect = "A restart at once, without a shutdown. What is not written to disk yet is lost.",
	.needs = "a running guest",
	.target = TARGET_VM,
	.flags = ACTION_HURTS,
	.timeout_s = 60,
	.act = VM_ACT_RESET,
	.possible = vm_is_executing,
	.run = vm_act_run,
};
