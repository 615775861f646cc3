/* Evacuate: all guests that run on a host go elsewhere, and it is in maintenance from then on. */
#include "actions/verbs.h"

#include "actions/aim.h"
#include "actions/maintenance.h"

#include <string.h>

static void
evacuate_choose(const struct host_snap *host, GArray *keys)
{
	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];

		if (!vm->is_dom0 && (vm_is_running(vm) || vm->state == VM_STATE_PAUSED))
			g_array_append_val(keys, ((struct row_key[]){ vm_key(vm) }));
	}
}

const struct action host_evacuate_action = {
	.name = "evacuate",
	.help = "Move all guests that run on the host elsewhere, and keep it in maintenance",
	.key = "E",
	.verb = "Evacuate",
	.doing = "evacuating",
	.done = "evacuated",
	.effect = "The guests go on running on other hosts. The host is in maintenance from now on: nothing "
		  "is moved to it "
		  "until it is released.",
	.needs = "a host that answers",
	.guarded_as = &vm_migrate_action,
	.target = TARGET_HOST,
	.flags = ACTION_HURTS,
	.args = migrate_args + MIGRATE_ARGS_HOW,
	.act = VM_ACT_MIGRATE,
	.class = JOB_MOVE,
	.check = migrate_check,
	.choose = evacuate_choose,
	.possible = migrate_possible,
	.aim = aim_evacuate,
	.run = migrate_run,
};

/* ---- what is remembered ---- */

/* Those of PLAN's targets that are on HOST, as struct maintenance_guest whose texts are the plan's. */
static GPtrArray *
leavers_of(const struct plan *plan, const char *host)
{
	GPtrArray *guests = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];
		struct maintenance_guest *guest;

		if (strcmp(target->host, host) != 0)
			continue;
		guest = g_new0(struct maintenance_guest, 1);
		memcpy(guest->uuid, target->key.uuid, UUID_LEN);
		guest->name = target->name;
		guest->to = target->dest_name;
		g_ptr_array_add(guests, guest);
	}
	return guests;
}

static bool
note_hosts(const struct plan *plan, struct maintenance *maintenance, GError **error)
{
	g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];
		g_autoptr(GPtrArray) guests = NULL;

		if (!g_hash_table_add(done, target->host))
			continue;
		guests = leavers_of(plan, target->host);
		if (!maintenance_leave(maintenance, target->host, guests, error))
			return false;
	}
	return true;
}

bool
aim_note(const struct plan *plan, struct maintenance *maintenance, GError **error)
{
	if (plan->released && !maintenance_end(maintenance, plan->released, error))
		return false;
	return plan->action != &host_evacuate_action || note_hosts(plan, maintenance, error);
}
