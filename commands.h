/*
 * commands: what virt-fleet can be asked to do, one function each; they return the exit code.
 */
#pragma once

#include "app.h"
#include "options.h"

#include "actions/guard.h"
#include "actions/maintenance.h"

struct command_env {
	const struct options *options;
	struct config *config; /* not shared with any thread yet */
	struct sim *sim;       /* NULL unless --demo */
	struct guards *guards; /* the config's */
	struct maintenance *maintenance; /* which hosts operators have taken out of service */
};

/* Exit codes of all commands; 0: all good. */
#define EXIT_SOME_FAILED 1 /* some hosts or guests failed, said on stderr, a line each */
#define EXIT_USAGE       2 /* wrong usage or configuration */

/* Says what ERROR says; returns STATUS. */
int command_failed(int status, const GError *error);
/* Reads which hosts are in maintenance; what can't be read is said on stderr, and the config alone counts. */
void command_read_maintenance(const struct command_env *env);
/* The engine, started; ONCE as in app_opts. */
bool command_start(const struct command_env *env, const struct snap_need *once, struct app *app, GError **error);
/* Ends it, and the process when a host's thread does not end; returns STATUS. */
int command_end(struct app *app, int status);

int command_console(const struct command_env *env);
int command_list(const struct command_env *env);
/* `list WHAT --columns help`: needs neither config nor hosts. */
int command_columns_help(const char *what);
int command_do(const struct command_env *env);
int command_check(const struct command_env *env);
int command_snapshot(const struct command_env *env);
