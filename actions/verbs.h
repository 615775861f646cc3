/* verbs: what registry.c gathers from the vm_*.c files, and what these share. Private to actions/. */
#pragma once

#include "actions/action.h"

extern const struct action vm_start_action, vm_shutdown_action, vm_stop_action, vm_reboot_action, vm_reset_action;
extern const struct action vm_console_action;
extern const struct action vm_suspend_action, vm_resume_action;
extern const struct action vm_pin_action;
extern const struct action vm_autostart_on_action, vm_autostart_off_action;
extern const struct action vm_migrate_action, host_evacuate_action;

/* The guest executes: running, idle or on its way down. As action.possible. */
bool vm_is_executing(const struct vm *vm, const char **why_not);
/* action.run of all verbs that are one conn_ops.act(). */
bool vm_act_run(struct job *job, struct conn *conn, GError **error);
/* What stands behind verbs that migrate: where to, whether offline, and from MIGRATE_ARGS_HOW on how. */
extern const struct action_arg migrate_args[];
#define MIGRATE_ARGS_HOW 2
/* action.possible and action.check of all that migrates. */
bool migrate_possible(const struct vm *vm, const char **why_not);
bool migrate_check(char *const *params, GError **error);
/* action.run of all that migrates; the job's dest says where to, its params how. */
bool migrate_run(struct job *job, struct conn *conn, GError **error);
