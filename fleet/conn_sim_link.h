/*
 * conn_sim_link: a connection to a simulated host: how it is opened, and how long answers take. Private to fleet/conn_sim*.
 */
#pragma once

#include "fleet/conn_sim_world.h"
#include "fleet/error.h"

struct sim_link {
	struct conn conn;
	struct sim_host *host;
	bool readonly;
	struct conn_listener listener;
	unsigned link_epoch; /* the link it was opened on; the using thread's */
	bool opened;         /* the using thread's */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool cancelled; /* guarded by lock */
};

static inline struct sim_link *
sim_link_of(struct conn *conn)
{
	return (struct sim_link *)conn;
}

/* Sets *ERROR. Always false. */
bool sim_fail(GError **error, enum fleet_error code, const char *text);

/* Blocks for US or until cancelled; then false. */
bool sim_pass_time(struct sim_link *link, int64_t us, GError **error);

/* Between begin and end the host's world is caught up and locked; end tells the listener what happened meanwhile. */
struct sim_visit {
	struct sim_link *link;
	int64_t now_us;
	GArray *events; /* struct conn_event */
	unsigned link_epoch;
	enum sim_trouble trouble;
};

void sim_visit_begin(struct sim_visit *visit, struct sim_link *link);
void sim_visit_end(struct sim_visit *visit);

bool sim_open(struct conn *conn, GError **error); /* of struct conn_ops */

/* Blocks as long as the host takes for TRIPS round trips. False when the link is gone. */
bool sim_ask_host(struct sim_link *link, double trips, GError **error);
