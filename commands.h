/*
 * commands: what virt-fleet can be asked to do, one function each; they return the exit code.
 */
#pragma once

#include "app.h"
#include "options.h"

struct command_env {
	const struct options *options;
	struct config *config; /* not shared with any thread yet */
	struct sim *sim;       /* NULL unless --demo */
};

int command_console(const struct command_env *env);
int command_list(const struct command_env *env);
/* `list WHAT --columns help`: needs neither config nor hosts. */
int command_columns_help(const char *what);
int command_check(const struct command_env *env);
int command_snapshot(const struct command_env *env);
