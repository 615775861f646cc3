/*
 * hands: threads with connections of their own that do what operators ask for, so that an act that takes long, or hangs,
 * costs itself and not its host's samples. A hand is made when its host has none that is idle, and ends when it was idle
 * for a while. The connection is a second one over the host's SSH session (CONN_PURPOSE_JOB).
 */
#pragma once

#include "fleet/jobs.h"

struct hands;

struct hands_opts {
	const struct conn_factory *factory; /* borrowed */
	int64_t call_timeout_us;            /* of a call, and of run() with timeout_ms 0 */
	int64_t idle_us;                    /* a hand without work ends after this */
	/* On the hand's thread: takes JOB, which ended, or is WAITING. */
	void (*ended)(void *ctx, struct job *job);
	/* Some gauge tells something new. Any thread, must not block. */
	void (*progress)(void *ctx);
	/* A guest of HOST is not as it was: sample it soon. Must not block. */
	void (*poke)(void *ctx, uint32_t host);
	void *ctx;
};

struct hands *hands_new(const struct hands_opts *opts);

/* Takes JOB; it comes back through ended(), whatever happens. Any thread, never blocks. */
void hands_submit(struct hands *hands, struct job *job);
/* Takes JOB, which was WAITING and has its state and error now: its settle() is called by a hand, then ended(). Any thread,
 * never blocks. */
void hands_settle(struct hands *hands, struct job *job);

/* Cuts connections whose step took longer than its deadline; never one that carries a move. The supervisor's thread. */
void hands_supervise(struct hands *hands, int64_t now_us);
/* Jobs that hands have, without consoles; JOB_MOVE alone with MOVES. Any thread. */
unsigned hands_busy(struct hands *hands, bool moves);

/* New jobs are refused, idle hands end, what can be cut is cut: acts that hang, not moves. Never blocks. */
void hands_stop(struct hands *hands);
/* Waits for all hands to end; true when they did (then hands_free() may be called). */
bool hands_wait(struct hands *hands, int64_t timeout_ms);
void hands_free(struct hands *hands); /* accepts NULL */

/* ---- for job.run(): on the hand's thread, or on one that run() waits for and that alone calls meanwhile ---- */

/* Another connection, to HOST (any of the fleet), which is the hand's and stays open until the job is over. Blocks at most
 * call_timeout. Every call on it must be between hand_begin() and hand_end(). */
struct conn *hand_connect(struct hand *hand, uint32_t host, GError **error);
/* CONN may be busy for at most US from now (0: for ever), then it is cut alone. Any thread that has CONN. */
void hand_begin(struct hand *hand, struct conn *conn, int64_t us);
void hand_end(struct hand *hand, struct conn *conn);
/* JOB's gauge tells something new. */
void hand_progress(struct hand *hand);
