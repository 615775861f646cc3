#include "actions/verbs.h"

#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <string.h>

bool
vm_reachable(const struct vm *vm, const char **why_not)
{
	if (vm->is_dom0)
		*why_not = "Domain-0 is the host itself";
	else if (vm->host->link != LINK_UP)
		*why_not = "its host does not answer";
	else if (vm->state == VM_STATE_PAUSED && vm->reason && g_str_has_prefix(vm->reason, "migrat"))
		*why_not = "being migrated";
	else
		return true;
	return false;
}

bool
vm_is_executing(const struct vm *vm, const char **why_not)
{
	if (!vm_reachable(vm, why_not))
		return false;
	if (vm_is_running(vm))
		return true;
	*why_not = vm->state == VM_STATE_UNKNOWN ? "its state is not known" : vm_state_name(vm->state);
	return false;
}

bool
vm_act_run(struct job *job, struct conn *conn, GError **error)
{
	const char *why_not = NULL;

	if (!conn->ops->can(conn, job->act, &why_not)) {
		g_set_error_literal(error, FLEET_ERROR, FLEET_ERROR_UNSUPPORTED,
			why_not ? why_not : "this hypervisor's driver can't");
		return false;
	}
	return conn->ops->act(conn, job->target.uuid, job->act, error);
}
