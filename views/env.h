/* env: what all views see. Owned by the console; UI thread only. */
#pragma once

#include "config/config.h"
#include "fleet/fleet.h"
#include "views/columns.h"
#include "views/keys.h"
#include "views/totals.h"

struct history;
struct serial;
struct stack;
struct timeline;
struct journal;
struct guards;
struct maintenance;
struct relocation;

/* One line for the operator, until it is old or he goes on. */
struct notice {
	char *text; /* NULL: none */
	enum role role;
	int64_t until_us;
};

/* A verb that a view has been told all about: to be done at once, or asked about. */
struct env_act {
	const struct action *action;
	const GArray *keys;                  /* struct row_key */
	char *const *params;                 /* NULL: none */
	const struct relocation *relocation; /* NULL: none was shown */
	const char *released;                /* a host that comes out of maintenance with it; NULL: none */
};

struct env {
	const struct config *config;
	struct fleet *fleet;            /* NULL: none */
	struct journal *journal;        /* of acts; NULL: none */
	struct guards *guards;          /* NULL: none */
	struct timeline *timeline;      /* NULL: none */
	struct history *history;        /* also row.history; goes on while the screen is frozen */
	const struct keys *keys;
	struct stack *stack;
	bool readonly, demo;

	const struct fleet_snap *snap;  /* shown; never NULL */
	struct row_ctx row;             /* for columns: config, time (stands still while frozen), median guest */
	struct fleet_totals totals;     /* of snap */
	int64_t now_us, wall_us;
	struct notice notice;
	struct serial *serial;          /* the console of a guest that was opened last; NULL: none */
	bool prefix;                    /* the first of two keys has been typed */
	/* Calls READY whenever FD can be read, has ended or, with WRITE, can be written; a second call changes that, READY
	 * NULL ends it. NULL: descriptors can't be waited for here. */
	void (*watch)(void *ctx, int fd, bool write, void (*ready)(void *data), void *data);
	void *watch_ctx;
	struct maintenance *maintenance; /* never NULL; row.maintenance is the same */
	GArray *incoming; /* struct incoming: guests on their way to other hosts; of the last snapshot */
	GArray *chosen; /* struct row_key: what the verb that opened a view is to be done to */
	bool (*copy)(void *ctx, const char *text, GError **error); /* NULL: there is no clipboard */
	void (*act)(void *ctx, const struct env_act *act);
	void *act_ctx;
	void *copy_ctx;
};

/* Does what ACT says, or asks first. */
void env_act(const struct env *env, const struct env_act *act);

/* Puts TEXT onto the operator's clipboard. False with an error in words when that can't be done. */
bool env_copy(const struct env *env, const char *text, GError **error);

/* Puts a line on the status line. */
void env_notice(struct env *env, enum role role, const char *format, ...) G_GNUC_PRINTF(3, 4);
void env_notice_drop(struct env *env);

/* Is there such a host or guest in what is shown? */
bool env_shows(const struct env *env, const struct row_key *key);

/* What stands between the parts of a line: " · ", or " | " where that can't be shown. */
const char *env_dot(const struct env *env);
