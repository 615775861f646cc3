/* command: what can be typed after `:`, its completion, and what a typed line means. Pure over a snapshot. UI thread. */
#pragma once

#include "views/columns.h"

enum command_form {
	COMMAND_FORM_REQUEST, /* any request or verb by its name; request says which */
	COMMAND_FORM_SORT,    /* argument: as sort_parse() takes it */
	COMMAND_FORM_FILTER,  /* argument: as after `/`; NULL clears it */
	COMMAND_FORM_COLUMNS, /* argument: a,b,c */
	COMMAND_FORM_GROUP,   /* argument: host, tenant, label rack, …; NULL: plain rows */
	COMMAND_FORM_GROUPS,  /* argument: tenant, label rack, …; NULL: as they are */
	COMMAND_FORM_HOST,    /* argument: a host's name */
	COMMAND_FORM_VM,      /* argument: a guest's name */
	COMMAND_FORM_MAINTENANCE, /* argument: on or off */
	COMMAND_FORM_EVEN,    /* argument: a site; NULL: all */
	COMMAND_FORM_COUNT
};

struct command_line {
	enum command_form form;
	int request;
	char *argument; /* NULL: none */
	char **params;  /* of a verb with something behind it, as of action_params(); NULL: none */
};

/* What words mean depends on the view in front and on what there is. */
struct command_ctx {
	bool readonly;
	const struct row_kind *kind;   /* of the table in front, NULL: no table */
	const struct fleet_snap *snap;
	const struct row_ctx *row;     /* for the values of its columns; NULL: none are completed */
};

/* False with CONFIG_ERROR_VALUE when TEXT means nothing. An empty text is REQUEST KEYMAP_NONE. OUT is to be cleared. */
bool command_parse(const struct command_ctx *ctx, const char *text, struct command_line *out, GError **error);
void command_clear(struct command_line *line);

/* Completions of TEXT up to CURSOR, for tui/prompt.h: NULL-terminated, caller frees; NULL: none. */
char **command_complete(const struct command_ctx *ctx, const char *text, size_t cursor);

/* For the help: the forms other than REQUEST, as typed ("sort COLUMN [up|down]"), and what they do. */
const char *command_usage(enum command_form form);
const char *command_help(enum command_form form);

/* The first guest called NAME, or NULL. */
const struct vm *command_find_vm(const struct fleet_snap *snap, const char *name);
const struct host_snap *command_find_host(const struct fleet_snap *snap, const char *name);
