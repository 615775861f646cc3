/* targets_view: the hosts that chosen guests can go to, as rows of target_rows. UI thread only. */
#pragma once

#include "actions/targets.h"
#include "views/env.h"
#include "views/move_form.h"

struct job;
struct looks;
struct view;

/* A row: a host as a place for the guests. */
struct target_row {
	struct place place;
	unsigned rank; /* 1: the best */
	const struct config *config; /* for the vCPU cap */
};

/* The source of target_rows; all zero: no guests. */
struct migrating {
	const struct env *env;         /* NULL: nothing is chosen */
	GArray *keys;                  /* struct row_key: the guests */
	struct move_form form;
	GArray *rows;                  /* struct target_row, by host */
	struct looks *looks;           /* of a single guest: what hosts say themselves; NULL: nobody is asked */
	char *own;                     /* of a single guest: what holds wherever it goes; NULL: nothing */
	const struct fleet_snap *snap; /* that they point into; a reference */
	int64_t judged_us;
	bool stale;                    /* something but the snapshot has changed */
	uint64_t roster;
};

extern const struct row_kind target_rows;

/* A look has ended, which VIEW, if it is one of targets, may have asked for. */
void targets_view_looked(struct view *view, const struct job *job);
