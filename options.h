/*
 * options: the command line. One table is --help, the man page's check and the parser.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* _(ENUM, "name", "arguments", "help") – what the program can be asked to do; CONSOLE has no word */
#define COMMANDS(_)                                                                                     \
	_(CONSOLE, "", "[HOST...]", "open the console on these hosts, or on the config's")              \
	_(LIST, "list", "hosts|vms|groups|events [HOST...]", "print a table, JSON or CSV")              \
	_(DO, "do", "VERB [ARGUMENT...] [HOST...]", "do something to all guests that --where means")    \
	_(CHECK, "check", "[HOST...]", "connect step by step and say what fails")                       \
	_(SNAPSHOT, "snapshot", "[HOST...]", "print one frame of the screen as text")

enum command {
#define COMMAND_ENUM(id, name, arguments, help) COMMAND_##id,
	COMMANDS(COMMAND_ENUM)
#undef COMMAND_ENUM
		COMMAND_COUNT
};

struct options {
	enum command command;
	char *what;        /* of list: "hosts", "vms", "groups" or "events" */
	char *verb;        /* of do: a verb's name */
	char **arguments;  /* of do: what stands behind it, NULL-terminated */
	char **hosts;      /* HOST arguments, NULL-terminated, never NULL */
	char **uris;       /* -c, NULL: none */
	char *config;      /* NULL: the usual places */
	char *ssh_config;
	char *demo;        /* NULL: no demo; "": the default size */
	bool readonly, ascii, no_color, no_mouse;
	char *event_log;   /* NULL: none */
	char *theme, *refresh, *view, *size;
	char *format, *columns, *where, *sort, *by, *watch;
	char *to, *parallel; /* of do */
	bool dry_run, yes;
	bool dump_config, version;
};

/* Parses ARGV. False with CONFIG_ERROR_VALUE or G_OPTION_ERROR; --help prints and exits 0. */
bool options_parse(struct options *options, int argc, char **argv, GError **error);
void options_done(struct options *options);
