/*
 * aim: gives the guests of a plan the hosts that they go to, and leaves out those that can't go, with why – as
 * action.aim of the verbs that move guests. Pure. UI thread only.
 */
#pragma once

#include "actions/plan.h"
#include "actions/targets.h"

/* What PARAMS (may be NULL) wish: "copy" all or inc, "offline", "unsafe". */
struct move_wish aim_wish(char *const *params);
/* The questions to be asked about places for a plan of OPTS; borrows from OPTS. */
struct targets_opts aim_targets_opts(const struct plan_opts *opts);

/* "migrate": where plan_opts.relocation says, else all to the host of the param "to". False: there is no such host, or none is
 * said. */
bool aim_migrate(struct plan *plan, const struct plan_opts *opts, GError **error);
/* The operator has said yes, and nothing has begun yet: keeps in MAINTENANCE what is to be known of the hosts – one that is
 * emptied is in maintenance, with the guests that leave it; one that is released is not. False with an error in words: then
 * nothing should begin. Blocks on the disk. */
bool aim_note(const struct plan *plan, struct maintenance *maintenance, GError **error);
/* "evacuate": where plan_opts.relocation says, else as evacuate_plan() has it. */
bool aim_evacuate(struct plan *plan, const struct plan_opts *opts, GError **error);
