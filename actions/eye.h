/*
 * eye: watches a migration while the hand that does it is inside libvirt's call – by a second thread, over a second connection
 * to the source. It fills the job's gauge, and gives the move up when that is asked for.
 */
#pragma once

#include "fleet/hands.h"

struct eye;

struct eye_opts {
	struct job *job;      /* borrowed: its gauge, target and hand are used */
	struct conn *conn;    /* to the source, the eye's alone until eye_close(); one that is lost or NULL is made anew */
	uint32_t wants;       /* as in struct move_opts */
	int64_t stall_ms;     /* no nearer its end for so long is told */
};

/* NULL: there can't be another thread; then the move goes on unwatched. */
struct eye *eye_open(const struct eye_opts *opts);
/* Waits for the end of a call under way, at most its time limit, or a connection's. Accepts NULL. */
void eye_close(struct eye *eye);
