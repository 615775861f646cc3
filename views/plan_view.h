/* plan_view: moves before they happen, numbered – to empty a host, to bring guests back, to even out. UI thread only. */
#pragma once

#include "actions/relocation.h"
#include "views/env.h"
#include "views/move_form.h"

struct view;
struct queue_entry;

/* A line of the plan: exactly one of move and stay is there. */
struct plan_row {
	unsigned number;                 /* of a move, from 1; 0: it stays */
	const struct move *move;
	const struct stay *stay;
	struct queue_entry *entry;       /* its job, a reference; NULL: none yet */
	bool there;                      /* it runs where it was to go */
};

/* The source of plan_rows; all zero: there is no plan. */
struct planning {
	const struct env *env;           /* NULL: nobody has asked for a plan */
	enum relocation_kind kind;
	GArray *hosts;                   /* struct row_key: those that are emptied, or the one that gets its guests back */
	char *site;                      /* RELOCATION_EVEN; NULL: all */
	struct relocation *relocation;   /* NULL: none */
	struct move_form form;
	GArray *rows;                    /* struct plan_row */
	int64_t made_us;
	uint64_t roster;
};

extern const struct row_kind plan_rows;

/* Plans in VIEW, which is the plan's: how to empty HOSTS (struct row_key), how to bring back what HOST's note in env's
 * maintenance says, how to even out SITE (NULL: all). */
void plan_view_evacuate(struct view *view, const GArray *hosts);
void plan_view_return(struct view *view, const struct row_key *host);
void plan_view_even(struct view *view, const char *site);
