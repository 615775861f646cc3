/*
 * witness: a conn_listener that remembers what it was told, and the few lines that each test of a libvirt connection
 * needs. Everything fails the test by itself.
 */
#pragma once

#include "fleet/conn.h"

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

struct witness {
	struct conn_listener listener;
	pthread_mutex_t lock;
	pthread_cond_t more;
	GArray *events; /* struct conn_event; guarded by lock */
	unsigned answers; /* of calls that ask much, as progress() told; for the thread in the call */
	bool step_ok[CONN_STEP_COUNT], step_failed[CONN_STEP_COUNT];
};

void witness_init(struct witness *witness);
void witness_done(struct witness *witness);
/* Waits up to 10 s until KIND was told of UUID (NULL: of anybody). */
bool witness_saw(struct witness *witness, enum conn_event_kind kind, const uint8_t *uuid);
/* Forgets what it was told, so that the next of a kind can be waited for. */
void witness_forget(struct witness *witness);

/* A connection to URI as it is, not opened. */
struct conn *witness_conn(struct witness *witness, const char *uri, bool readonly, int64_t keepalive_ms);
/* The same, open. */
struct conn *witness_open(struct witness *witness, const char *uri);

/* A sample, to be given to host_sample_done(). */
void take_sample(struct conn *conn, const struct sample_opts *opts, struct host_sample *sample);
/* The guest NAME, NULL: not there. */
const struct vm_sample *sample_vm(const struct host_sample *sample, const char *name);
/* The state of NAME in a full sample of its own; its uuid goes into UUID (may be NULL). */
enum vm_state state_of(struct conn *conn, const char *name, uint8_t uuid[UUID_LEN]);
/* Does VERB, which must succeed. */
void do_act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act verb);

#define HAS(sample, bit) (((sample)->valid >> (bit)) & 1u)
