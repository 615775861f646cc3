/*
 * gate: lets at most TOTAL in at once, and at most PER_KEY of those with the same key. sshd drops connections beyond
 * MaxStartups, so hosts behind one address or jump host take turns. First come, first served among those that may go.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>

struct gate;

/* One visitor, at one gate at a time. Lives in its owner; all fields are the gate's. */
struct gate_pass {
	pthread_cond_t turn;
	char *key;
	enum { GATE_OUTSIDE, GATE_WAITING, GATE_INSIDE } state; /* guarded by the gate's lock */
	bool cancelled;                                         /* guarded by the gate's lock; for good */
};

struct gate *gate_new(unsigned total, unsigned per_key); /* 0 counts as 1 */
void gate_free(struct gate *gate);                       /* nobody is inside or waits; accepts NULL */

void gate_pass_init(struct gate_pass *pass);
void gate_pass_done(struct gate_pass *pass);

/* Waits for its turn as long as it takes. False once PASS is cancelled, then it is outside. Blocks. */
bool gate_enter(struct gate *gate, struct gate_pass *pass, const char *key);
/* Any thread that entered; a pass that is outside is left alone. Never blocks. */
void gate_leave(struct gate *gate, struct gate_pass *pass);
/* Ends the wait of PASS here, and refuses it from now on. Any thread, never blocks. */
void gate_cancel(struct gate *gate, struct gate_pass *pass);
