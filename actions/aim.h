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
/* "evacuate": where plan_opts.relocation says, else as evacuate_plan() has it. */
bool aim_evacuate(struct plan *plan, const struct plan_opts *opts, GError **error);
