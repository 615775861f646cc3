#include "actions/verbs.h"

#include "fleet/error.h"
#include "fleet/snapshot.h"

bool
vm_is_executing(const struct vm *vm, const char **why_not)
{
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
