/*
 * app: the running engine without a face – asks, tunnels, connections, fleet, mailbox – wired together, started in the
 * right order and stopped within a bounded time. main.c gives it to the console or to a command.
 */
#pragma once

#include "config/config.h"
#include "fleet/asks.h"
#include "fleet/conn.h"
#include "fleet/conn_sim.h"
#include "fleet/eventlog.h"
#include "fleet/fleet.h"
#include "fleet/mailbox.h"
#include "fleet/tenant.h"
#include "fleet/tunnel.h"

struct app_opts {
	const struct config *config; /* borrowed, outlives the app */
	struct sim *sim;             /* borrowed; NULL unless hosts are simulated */
	const char *ssh_config;      /* ssh -F, NULL: ssh's default */
	bool readonly;
	bool interactive;            /* somebody can be asked for keys and passwords */
	const struct snap_need *once; /* each host is tried once, for this; NULL: for ever */
};

struct app {
	struct app_opts opts;
	struct mailbox *mailbox;
	struct timeline *timeline;
	struct eventlog *eventlog; /* NULL: none */
	struct asks *asks;
	struct tenant_rules *tenants;
	struct tunnels *tunnels;
	struct conn_factory factory;
	struct fleet *fleet;
};

/* Everything but the host threads; those begin with fleet_start(app->fleet). False with an error that names what failed.
 * What signals are to be blocked must be so before. */
bool app_init(struct app *app, const struct app_opts *opts, GError **error);

/* Writes what happens to PATH, too. Before the host threads begin. */
bool app_log_events(struct app *app, const char *path, GError **error);

/* Stops all. False when a host's thread could not be ended in time: then the process must end by _exit(), nothing is
 * freed. */
bool app_done(struct app *app);

/* Fits the process to a thread per host: raises the soft limit of open files to the hard one (a host takes up to six), and
 * keeps malloc() from giving threads heaps of their own. Before the first thread. */
void app_raise_limits(void);

/* Starts the program anew, once, with less room for what threads keep for themselves of freed memory: returns in the new
 * one, or when that can't be. ARGV as main() got it. Before the first thread. */
void app_restart_thrifty(char **argv);

/* Blocks the signals that the console's loop reads from its signalfd, in this thread and all it will make. For the console
 * alone: without the loop nobody would see them, and Ctrl-C would do nothing. */
void app_block_signals(void);
