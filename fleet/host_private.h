/* host_private: one host's thread, shared by fleet/host*.c alone. Everything here is for that thread. */
#pragma once

#include "fleet/host.h"
#include "fleet/tracker.h"

#include <pthread.h>

/* The first full sample of a daemon may take long: it probes its QEMU binaries then (32 s were seen on each host of a busy fleet). */
#define FIRST_SAMPLE_US (90 * INT64_C(1000000))

struct host {
	const struct host_env *env;             /* constant */
	const struct config_host *config;       /* constant */
	const struct host_static *facts_static; /* constant */
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	bool stop;
	bool poked;
	bool cutting;           /* the supervisor is inside conn->ops->cancel(): the conn may not be freed */
	bool cut;               /* the deadline passed: says why the step failed */
	int64_t due_us;         /* next poll; NEVER: waits for a poke */
	int64_t event_us;       /* an event asked for a sample at this time, 0: none */
	int64_t deadline_us;    /* of the step under way, 0: none */
	int64_t limit_us;       /* what the last step with a deadline had, for the words of a cut */
	struct conn *conn;      /* written by the host's thread only */
	GArray *visible;        /* uuid[UUID_LEN] */
	bool inspected;         /* somebody looks at the page of … */
	struct row_key inspect; /* … the host itself or this guest, */
	bool inspect_pins;      /* … whose pin map it is */
	GHashTable *dirty;      /* uuid (GBytes): facts to be read again */

	/* host thread only */
	bool arrived; /* its first way in is over */
	bool connected;
	const struct host_snap *snap; /* last published, one reference */
	struct tracker *tracker;
	uint32_t samples;
	unsigned partials; /* full samples since it was connected that told not all */
	bool again;        /* the last one is such a one, and tried again */
	bool warm;         /* it has given a full sample once: now its answers have the usual time */
	bool asked;        /* this poll was poked */
	bool sampling_full;
	struct purse purse;
	int64_t visible_us; /* when the guests on the screen were asked for last */
	unsigned full_cuts; /* full samples in a row that had to be cut */
	int64_t no_monitor_until_us;
	int64_t no_detail_until_us; /* one had to be cut: … */
	int64_t detail_limit_us;    /* … and had so long */
	int64_t backoff_us;
	int64_t link_since_us;
	uint64_t jitter; /* state of host_random() */
};

/* ---- host.c ---- */

/* The step that begins now may take US µs; then the supervisor cuts it. 0: no step. */
void host_set_deadline(struct host *host, int64_t us);
int64_t host_call_limit_us(const struct host *host);
/* From 0 to 1, different on each host. */
double host_random(struct host *host);
/* What the connection tells. */
struct conn_listener host_listener(struct host *host);

/* Shows SNAP (one reference, taken) to the fleet and remembers it. */
void host_publish(struct host *host, const struct host_snap *snap);
void host_publish_link(struct host *host, enum link_state link, const char *why, int64_t retry_us);

/* ---- host_poll.c: connecting and sampling ---- */

bool host_connect(struct host *host, GError **error); /* true at once when it is */
void host_disconnect(struct host *host);
/* Samples, details, facts: what is due, shown as it comes. */
bool host_poll(struct host *host, GError **error);
/* Its first way in is over, however it went: others need not wait for it. */
void host_arrived(struct host *host);

/* ---- host_read.c: what is read besides samples ---- */

/* Uuid (GBytes) to nothing: guests whose facts are to be read anew. */
GHashTable *host_dirty_new(void);
/* Reads what facts are missing, a few at a time, and shows them without waiting for the next sample. */
bool host_read_facts(struct host *host, GError **error);
/* Reads what the page that is looked at shows beyond the samples; nobody looks: lets go of the last. */
bool host_read_detail(struct host *host, GError **error);
