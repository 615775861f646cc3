/*
 * fake_conn: a scripted struct conn_ops, for tests of whoever uses connections. A test says beforehand what each call to
 * a host will do – take its time, fail in a given way, hang until cancelled, wait to be released – and afterwards asks
 * what was called. Unscripted calls succeed at once. All functions: any thread.
 */
#pragma once

#include "fleet/conn.h"
#include "fleet/error.h"

enum fake_call {
	FAKE_OPEN,     /* of the poll connection */
	FAKE_OPEN_JOB, /* of one for a job */
	FAKE_SAMPLE,
	FAKE_HOST_FACTS,
	FAKE_VM_FACTS,
	FAKE_VM_DETAIL,
	FAKE_HOST_DETAIL,
	FAKE_VM_XML,
	FAKE_ACT,
	FAKE_PING,
	FAKE_PINS,
	FAKE_PIN,
	FAKE_CONSOLE, /* says back what it is told, until the other end closes */
	FAKE_CALL_COUNT
};

/* What one call does: delay or hold or hang, then fails if there is an error text, else succeeds. */
struct fake_step {
	unsigned delay_ms;     /* cancel() ends it early */
	bool hang;             /* blocks until cancelled */
	bool hold;             /* blocks until fake_release() or cancelled */
	enum fleet_error code; /* counts when error is set */
	const char *error;     /* static; NULL: succeeds */
};

struct fake;

/* HOSTS scripted hosts, without guests. */
struct fake *fake_new(unsigned hosts);
/* All connections must be free. Aborts when one is not: a test that leaks a connection fails. */
void fake_free(struct fake *fake);

/* A factory for fleet_new(); valid as long as FAKE. */
struct conn_factory fake_factory(struct fake *fake);

/* Appends N steps (copied) to what the coming CALLs to HOST do, one step each. */
void fake_script(struct fake *fake, uint32_t host, enum fake_call call, const struct fake_step *steps, size_t n);
/* What CALLs do when their script is over, from now on; NULL: succeed at once. */
void fake_script_rest(struct fake *fake, uint32_t host, enum fake_call call, const struct fake_step *step);
/* Lets all calls to HOST that hold go on. */
void fake_release(struct fake *fake, uint32_t host);

/* The guests and numbers of HOST from now on; copied, names too. A taken_us of 0 becomes the time of the sample. */
void fake_set_vms(struct fake *fake, uint32_t host, const struct vm_sample *vms, size_t n);
void fake_set_host(struct fake *fake, uint32_t host, uint32_t valid, const uint64_t raw[HRAW_COUNT]);
/* The coming N full samples of HOST do not tell all. */
void fake_set_partial(struct fake *fake, uint32_t host, unsigned n);
/* The tenant in the facts of all guests of HOST; "fake" at first. */
void fake_set_tenant(struct fake *fake, uint32_t host, const char *tenant);
/* ACT is impossible on HOST, because of WHY (static); NULL: possible again. */
void fake_set_cannot(struct fake *fake, uint32_t host, enum vm_act act, const char *why);

/* What pins() says of any guest of HOST, at first two vCPUs of a running, persistent guest that may run on CPUs 0 to 7; copied.
 * pin() changes it, unless DEAF. */
void fake_set_pins(struct fake *fake, uint32_t host, const struct vm_pins *pins, bool deaf);

/* Consoles of HOST's guests do not read what is typed, for as long as this holds. */
void fake_set_console_deaf(struct fake *fake, uint32_t host, bool deaf);

/* Calls the listener of HOST's living poll connection, on this thread. False when there is none. */
bool fake_emit(struct fake *fake, uint32_t host, enum conn_event_kind kind, const uint8_t uuid[UUID_LEN]);

/* Calls of a kind that have begun. */
unsigned fake_count(struct fake *fake, uint32_t host, enum fake_call call);
/* Waits until fake_count() is at least N; false when it is not within TIMEOUT_MS. */
bool fake_wait_count(struct fake *fake, uint32_t host, enum fake_call call, unsigned n, unsigned timeout_ms);

/* What was seen of HOST so far. */
struct fake_seen {
	unsigned made, freed;       /* connections, of both purposes */
	unsigned cancels;           /* cancel() calls */
	unsigned overlaps;          /* calls on a connection while another was under way on it: must be 0 */
	enum sample_depth depth;    /* of the last sample … */
	bool no_monitor;
	unsigned calls;
	size_t nvisible;
	uint8_t visible[UUID_LEN];  /* … the first of nvisible */
	bool detail_no_monitor;     /* of the last detail of a guest */
	enum vm_act act;            /* last act … */
	uint8_t act_uuid[UUID_LEN]; /* … and its guest */
	enum conn_purpose act_purpose;
};
struct fake_seen fake_seen(struct fake *fake, uint32_t host);

/* A uuid that says N in its last byte. */
void fake_uuid(uint8_t n, uint8_t out[UUID_LEN]);
