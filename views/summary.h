/* summary: the line under a table of guests or of groups of them. Pure. UI thread only. */
#pragma once

#include "views/totals.h"

/* ": 4512 running, 261 off, 4 unknown" – all states that occur, the good one first. */
void summary_states(GString *text, const struct guest_totals *guests);
/* " (2 hosts unknown)", or while hosts are still being asked for the first time " of 180/221 hosts"; nothing when all answer. */
void summary_hosts(GString *text, const struct fleet_totals *totals);
/* " of 180/221 hosts" – how many of N a number covers; nothing when it covers all. */
void summary_cover(GString *text, unsigned covered, unsigned n, const char *what);
/* " · vCPUs 9180 · CPU 47% · memory 41T · net 31G/s · disk 9.7G/s" – what is known of it. DOT: env_dot(). */
void summary_sums(GString *text, const char *dot, const struct vm_totals *totals);
