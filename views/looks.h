/*
 * looks: what hosts themselves say of one guest that may come to them. A few are asked at a time, the best first; what they
 * said is kept as long as the guest is looked at. UI thread only; never blocks.
 */
#pragma once

#include "actions/targets.h"
#include "fleet/fleet.h"

struct looks;

/* FLEET NULL: nobody is asked. */
struct looks *looks_new(struct fleet *fleet, const struct row_key *guest);
void looks_free(struct looks *looks); /* accepts NULL */

/* Asks the next ones of PLACES, an array of struct place, the best first. */
void looks_go_on(struct looks *looks, const struct fleet_snap *snap, const GArray *places);
/* A look has ended; false: it is not one of these. */
bool looks_done(struct looks *looks, const struct job *job);
/* What HOST said: struct take_finding; NULL: nothing yet. */
const GArray *looks_found(const struct looks *looks, uint32_t host);
/* How many hosts have answered, or can't be asked. */
unsigned looks_count(const struct looks *looks);
