/* Autostart: whether a guest starts with its host. */
#include "actions/verbs.h"

static bool
autostart_possible(const struct vm *vm, bool wanted, const char **why_not)
{
	if (vm->autostart_known && !vm->persistent)
		*why_not = "transient: has no definition to keep it in";
	else if (vm->autostart_known && vm->autostart == wanted)
		*why_not = wanted ? "autostart is on already" : "autostart is off already";
	else
		return true;
	return false;
}

static bool
autostart_on_possible(const struct vm *vm, const char **why_not)
{
	return autostart_possible(vm, true, why_not);
}

static bool
autostart_off_possible(const struct vm *vm, const char **why_not)
{
	return autostart_possible(vm, false, why_not);
}

const struct action vm_autostart_on_action = {
	.name = "autostart-on",
	.help = "Start the guest with its host",
	.verb = "Enable autostart of",
	.doing = "setting autostart",
	.done = "set to autostart",
	.effect = "From now on the guests start with their hosts.",
	.needs = "a guest with a definition",
	.target = TARGET_VM,
	.timeout_s = 30,
	.act = VM_ACT_AUTOSTART_ON,
	.possible = autostart_on_possible,
	.run = vm_act_run,
};

const struct action vm_autostart_off_action = {
	.name = "autostart-off",
	.help = "Do not start the guest with its host",
	.verb = "Disable autostart of",
	.doing = "clearing autostart",
	.done = "no longer set to autostart",
	.effect = "From now on the guests stay off when their hosts start.",
	.needs = "a guest with a definition",
	.target = TARGET_VM,
	.timeout_s = 30,
	.act = VM_ACT_AUTOSTART_OFF,
	.possible = autostart_off_possible,
	.run = vm_act_run,
};
