/* summary: the line under a table of guests or of groups of them. Pure. UI thread only. */
#pragma once

#include "views/totals.h"

/* ": 4512 running, 261 off, 4 unknown" – all states that occur, the good one first. */
void summary_states(GString *text, const struct guest_totals *guests);
/* " · vCPUs 9180 · CPU 47% · memory 41T · net 31G/s · disk 9.7G/s" – what is known of it. DOT: env_dot(). */
void summary_sums(GString *text, const char *dot, const struct vm_totals *totals);
