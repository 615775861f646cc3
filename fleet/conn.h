/*
 * conn: the one seam between the fleet and whatever a host really is. libvirt (conn_libvirt.c), a simulated host
 * (conn_sim.c), the tests' scripted host and a later XAPI pool are equal behind it.
 *
 * A connection belongs to one thread at a time (the host's, or a job's own second connection); only cancel() may be
 * called by others. A raw sample goes out, fleet/rates.c and fleet/host.c make a snapshot of it.
 */
#pragma once

#include "fleet/model.h"
#include "fleet/pins.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct conn;

/* Steps of getting to a host, in order; `virt-fleet check` prints each with its result and time. */
#define CONN_STEPS(_)                      \
	_(CONFIG, "config")                \
	_(NAME, "name")                    \
	_(TCP, "TCP")                      \
	_(HOSTKEY, "host key")             \
	_(LOGIN, "login")                  \
	_(SOCKET, "socket")                \
	_(LIBVIRT, "libvirt")              \
	_(PERMISSION, "permission")

enum conn_step {
#define CONN_STEP_ENUM(id, name) CONN_STEP_##id,
	CONN_STEPS(CONN_STEP_ENUM)
#undef CONN_STEP_ENUM
		CONN_STEP_COUNT
};

/* Lifecycle in libvirt's words, for re-sampling and the time line. */
enum conn_event_kind {
	CONN_EVENT_DEFINED,
	CONN_EVENT_UNDEFINED,
	CONN_EVENT_STARTED,
	CONN_EVENT_SUSPENDED,
	CONN_EVENT_RESUMED,
	CONN_EVENT_STOPPED,
	CONN_EVENT_SHUTDOWN,
	CONN_EVENT_PMSUSPENDED,
	CONN_EVENT_CRASHED,
	CONN_EVENT_CHANGED, /* tunables, devices, balloon: facts may differ */
	CONN_EVENT_CLOSED,  /* the link ended; uuid is zero */
};

/* What lies behind it, where that is more than somebody's wish. */
enum conn_cause {
	CONN_CAUSE_NONE,
	CONN_CAUSE_MIGRATION, /* the other half of it happens on another host */
	CONN_CAUSE_FAULT,     /* nobody wanted it: a crash, an I/O error */
};

struct conn_event {
	enum conn_event_kind kind;
	enum conn_cause cause;
	uint8_t uuid[UUID_LEN];
	const char *name;   /* the guest's, for the call; NULL: not told */
	const char *detail; /* static text: "migrated here", "forced off", …; NULL: none */
};

/* Called on the thread that noticed (host's or event thread's): must not block and not call into the conn. */
struct conn_listener {
	void *ctx;
	void (*event)(void *ctx, const struct conn_event *event);          /* event thread */
	void (*step)(void *ctx, enum conn_step step, bool ok, int64_t took_us,
	             const char *text); /* the thread in open(); text may be NULL */
	void (*progress)(void *ctx);        /* the thread in a call that asks much: it has got on; may be NULL */
};

/* One guest as sampled. Owned by its host_sample. */
struct vm_sample {
	char *name;
	uint8_t uuid[UUID_LEN];
	int id;
	enum vm_state state;
	const char *reason; /* static text, NULL: none */
	bool is_dom0, autostart, autostart_known, persistent; /* as in struct vm */
	int64_t taken_us;   /* when raw was read; a guest whose turn did not come keeps its older time and values */
	uint32_t valid;     /* bit per enum vm_raw */
	uint64_t raw[RAW_COUNT];
};

struct host_sample {
	int64_t taken_us;
	GArray *vms;    /* struct vm_sample; freed by host_sample_done() */
	uint32_t valid; /* bit per enum host_raw */
	uint64_t raw[HRAW_COUNT];
	bool one_by_one; /* its guests had to be asked one by one */
	unsigned calls;  /* round trips that this took for those that are not visible */
	bool partial;    /* some guest's monitor was busy for the moment: another sample would tell more of it */
};

void host_sample_init(struct host_sample *sample);
void host_sample_done(struct host_sample *sample); /* accepts one that only was initialised */

enum sample_depth {
	SAMPLE_LIST,  /* one cheap call: names, states */
	SAMPLE_CHEAP, /* plus what needs no guest's monitor: state reasons, network, host CPU and memory */
	SAMPLE_FULL,  /* everything */
};

struct sample_opts {
	enum sample_depth depth;
	const uint8_t (*visible)[UUID_LEN]; /* on somebody's screen: where guests are asked one by one, in each sample */
	size_t nvisible;
	bool limited;                       /* where guests are asked one by one … */
	unsigned calls;                     /* … no more round trips go to those that are not visible … */
	int64_t until_us;                   /* … and after this none is begun */
	bool once;                          /* nobody will listen for events */
	bool fresh;                         /* somebody asked for it: nothing is taken for granted */
	bool no_monitor;                    /* leave out what needs a guest's monitor (after a frozen guest cut us) */
};

struct job_progress; /* fleet/jobs.h */

/* How a guest is to be moved. */
struct move_opts {
	uint32_t wants;         /* bit per enum move_feature; of LIVE and OFFLINE exactly one */
	int64_t bandwidth;      /* with BANDWIDTH: bytes per second at most */
	int64_t downtime_ms;    /* with DOWNTIME: at most */
	unsigned connections;   /* with PARALLEL */
	const char *dest_uri;   /* with P2P: where the source's daemon finds the target's; NULL: by ssh at the address we know */
};

/* What one host knows of a guest at the moment. */
struct whereabouts {
	bool defined;         /* it is there, running or not; else nothing below holds */
	bool active;
	enum vm_state state;
	const char *reason;   /* static, NULL: none */
};

/* A guest's console, for as long as somebody looks at it. */
struct console_call {
	int fd;            /* stream socket, the caller's: what the guest writes goes there, what comes from there is typed */
	bool force;        /* take it over from whoever has it */
	/* On the calling thread. OPEN: the guest is there, and it may take as long as it likes from now on; else: it is over,
	 * and the round trips that follow take as long as any. */
	void (*turned)(void *ctx, bool open);
	void *ctx;
	const char *ended; /* out, when true is returned: static words for why the far end ended it; NULL: FD's other end closed */
};

/* Of which moves a finding is true. */
enum take_when {
	TAKE_ALWAYS,
	TAKE_COPIED,   /* those that copy the whole storage: it has to be made there */
	TAKE_UNCOPIED, /* those that don't: it has to be there */
};

/* What on a host stands in the way of a guest that is to come. */
struct take_finding {
	bool blocks;      /* else it is only to be heeded */
	enum take_when when;
	const char *what; /* static, a word: "memory", "CPU model", "network" … */
	char *why;        /* as the host says it */
};

/* Of struct take_finding, with a clear function. */
GArray *take_findings_new(void);
/* COPIED: the whole storage is copied along. */
bool take_finding_counts(const struct take_finding *finding, bool copied);

struct conn_ops {
	const char *name;

	/* Blocks until connected or failed (or cancelled). Reports each step. Once per conn. */
	bool (*open)(struct conn *conn, GError **error);

	/* Fills OUT (initialised by the caller). Blocks. On failure OUT may be partly filled. */
	bool (*sample)(struct conn *conn, const struct sample_opts *opts, struct host_sample *out, GError **error);

	/* Facts, one reference for the caller. A guest's may be shared already: nobody changes them. Blocks. */
	struct host_facts *(*host_facts)(struct conn *conn, GError **error);
	struct vm_facts *(*vm_facts)(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);

	/* What pages show, newly made with one reference; rates are made of OLD, the detail read last (may be NULL). What
	 * can't be read is unknown, with its reason among the unknowns: only a lost link is an error. NO_MONITOR: as in
	 * struct sample_opts. Calls the listener's progress() after each round trip. Blocks. NULL members: this kind of
	 * connection has none. */
	struct vm_detail *(*vm_detail)(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct vm_detail *old,
	                               bool no_monitor, GError **error);
	struct host_detail *(*host_detail)(struct conn *conn, const struct host_detail *old, GError **error);

	/* The guest's XML, caller frees. Blocks. */
	char *(*vm_xml)(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);

	/* Does ACT to one guest. Blocks. Refuses Domain-0 by itself, whatever the caller thought. */
	bool (*act)(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, GError **error);

	/* False with a static reason when this driver can't ACT at all. Pure, any time after open(). */
	bool (*can)(const struct conn *conn, enum vm_act act, const char **why_not);

	/* Where the threads of a guest may run, newly made with one reference, as details are: what can't be read is unknown,
	 * with its reason, only a lost link is an error. Blocks. NULL: this kind of connection has none. */
	struct vm_pins *(*pins)(struct conn *conn, const uint8_t uuid[UUID_LEN], bool no_monitor, GError **error);

	/* Says where one thread of a guest may run from now on, and, or, from its next start on. Refuses in words what can't
	 * be: Domain-0, a set without a CPU that the host has, what the driver can't. On failure a CHANGE of both scopes may be
	 * done in part; the error tells. Blocks. NULL: as above. */
	bool (*pin)(struct conn *conn, const uint8_t uuid[UUID_LEN], const struct pin_change *change, GError **error);

	/*
	 * Moves the guest from CONN's host to DEST's, a connection of the same kind; both are in use meanwhile, by this thread
	 * alone. Asks first whether both drivers take what OPTS want, and refuses in words. Blocks for minutes to hours. True:
	 * the daemons say that it has arrived. False: where the guest is then, whereabouts() tells, on each of the hosts; a
	 * lost link to either is FLEET_ERROR_GONE. NULL, as all below: this kind of connection moves nothing.
	 */
	bool (*move)(struct conn *conn, const uint8_t uuid[UUID_LEN], struct conn *dest, const struct move_opts *opts,
	             GError **error);
	/* How far the guest's move away from here is, for another connection than the one that is in move(); COMPLETED: how
	 * one went that is over, which its target knows. What is not known is -1 in *OUT. Blocks for a round trip, as do all
	 * below. */
	bool (*move_progress)(struct conn *conn, const uint8_t uuid[UUID_LEN], bool completed, struct job_progress *out,
	                      GError **error);
	/* Ends the guest's move away from here: it stays. move() then fails. */
	bool (*move_abort)(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
	/* Has the guest run on the target from now on, memory following; for a move that wants POST_COPY. */
	bool (*move_post_copy)(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
	/* A guest that is not there is no error. */
	bool (*whereabouts)(struct conn *conn, const uint8_t uuid[UUID_LEN], struct whereabouts *out, GError **error);

	/* Joins CALL's fd with the guest's serial or paravirtual console. Blocks until either end closes: true; false when it
	 * could not be opened – FLEET_ERROR_BUSY: somebody has it open, which CALL may force – or the link was lost under it.
	 * What the guest writes while FD's other end does not read is kept up to a limit, beyond which a line says how much is
	 * missing. NULL: this kind of connection has none. */
	bool (*console)(struct conn *conn, const uint8_t uuid[UUID_LEN], struct console_call *call, GError **error);

	/* The guest's XML as it would be sent to another host; caller frees. */
	char *(*move_xml)(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error);
	/* What on CONN's host stands in the way of a guest with this XML, as far as it can be told without trying: an array as of
	 * take_findings_new(), caller unrefs. Some round trips. NULL with an error: it can't be asked. */
	GArray *(*take_check)(struct conn *conn, const char *xml, GError **error);

	/* Ends whatever blocks, for good: every later call fails with FLEET_ERROR_CANCELLED or _GONE. Any thread,
	 * never blocks, any number of times. */
	void (*cancel)(struct conn *conn);

	/* Closes and frees; never blocks for long: a link that is not healthy is cut first. Accepts a conn that never
	 * opened. No listener call after it returns. */
	void (*free)(struct conn *conn);

	/* One round trip that asks nothing: false when nobody answers (any more). Blocks. */
	bool (*ping)(struct conn *conn, GError **error);
};

struct conn {
	const struct conn_ops *ops;
};

/* Makes connections for host INDEX; handed to fleet_new() by main.c. PURPOSE_JOB: a second connection beside the
 * host's own, over the same session where there is one. */
enum conn_purpose { CONN_PURPOSE_POLL, CONN_PURPOSE_JOB };

struct conn_factory {
	void *ctx;
	struct conn *(*make)(void *ctx, uint32_t index, enum conn_purpose purpose,
	                     const struct conn_listener *listener);
};
