/* evacuate_private: shared by actions/evacuate*.c alone. */
#pragma once

#include "actions/evacuate.h"
#include "actions/targets_private.h"

/* How full HOST is; -1: not known. */
double evacuate_score(const struct targets *targets, const struct host_snap *host);
/* HOST could take part in moves like those of LIKE: the same hypervisor, up, not in maintenance. */
bool evacuate_takes_part(const struct targets *targets, const struct host_snap *host, const struct host_snap *like);
/* A host with this much left may be given what made it so. */
bool evacuate_has_room(const struct targets *targets, const struct room *after);
/* There is something that runs, or is paused, and no Domain-0. */
bool evacuate_has_life(const struct vm *vm);

/* Adds up how full hosts are: begin with all zero, end with spread_end(). SCORE as of evacuate_score(), known. */
void spread_add(struct spread *spread, double score);
void spread_end(struct spread *spread);
