/*
 * reconcile: finds out what became of migrations that nobody saw the end of – the link was lost under them, or the program
 * ended – by what new snapshots of their two hosts say. Pure; no thread, no I/O.
 */
#pragma once

#include "actions/fate.h"
#include "fleet/snapshot.h"

/* A migration whose end nobody saw. */
struct lost_move {
	struct row_key guest; /* on the host it was to leave */
	uint32_t dest;        /* where it was to go */
	char *vm, *source, *target; /* names */
	char *id;             /* of the act in the journal; NULL: in none */
	uint64_t serial;      /* of its job in this run's queue; 0: in none */
	bool offline;         /* it was off */
};

struct reconcile;

struct reconcile *reconcile_new(void);
void reconcile_free(struct reconcile *reconcile); /* accepts NULL */
/* LOST is copied; only what is sampled after NOW_US counts. */
void reconcile_add(struct reconcile *reconcile, const struct lost_move *lost, int64_t now_us);
/* How many are open. */
unsigned reconcile_open(const struct reconcile *reconcile);

/* Looks at SNAP; FOUND is called for each that is settled, which then is forgotten – but one that still moves (FATE_MOVING) is
 * told once and stays open until its end, which is told then. WHERE is fate_text() behind the guest's
 * name. */
void reconcile_look(struct reconcile *reconcile, const struct fleet_snap *snap, int64_t now_us,
                    void (*found)(void *ctx, const struct lost_move *lost, const struct fate *fate, const char *where),
                    void *ctx);
