/* tunnel_pump_private: what tunnel_pump.c (the thread), tunnel_link.c (sessions) and tunnel_request.c (channels that
 * somebody waits for) share. */
#pragma once

#include <pthread.h>

#include "fleet/error.h"
#include "fleet/tunnel_pipe.h"
#include "fleet/tunnel_pump.h"

struct pump {
	pthread_t thread;
	int epoll_fd; /* constant */
	struct watch wake;

	pthread_mutex_t lock;
	GQueue orders; /* struct order; guarded by lock */
	bool stop;     /* guarded by lock */

	/* pump thread only */
	GPtrArray *links;
	GQueue requests;       /* struct request, all that are open */
	GPtrArray *busy;       /* links that have more to do at once */
	GPtrArray *dead_pipes; /* freed when no event of this batch can name them any more */
	GPtrArray *dead_links; /* likewise */
};

struct pump_link {
	struct watch watch; /* pump thread only, as all up to "shared" */
	struct pump *pump;
	ssh_session session; /* NULL once ended */
	ssh_event event;
	struct ssh_counter_struct traffic;
	pid_t proxy;
	GPtrArray *pipes; /* struct pipe */
	GHashTable *cut;  /* set of users who are cut and have not left */
	bool is_busy;     /* in pump->busy */

	/* shared */
	gint refs; /* atomic: the owner's and the pump's */
	int fd;    /* constant; closed with the last reference */
	pthread_mutex_t lock;
	bool alive; /* guarded by lock */
	char *why;  /* guarded by lock */
};

/* Somebody waits for a channel; on his stack. The pump always answers, at the latest at the deadline. */
struct request {
	struct pump_link *link;
	size_t user;
	const char *const *paths; /* or */
	const char *command;
	struct local_socket *local;
	int64_t deadline_us;
	GPtrArray *pipes; /* struct pipe, in the order of paths; pump thread only */

	pthread_cond_t answered;
	bool done;             /* guarded by link->lock, as all below */
	int chosen;            /* index, or -1 */
	enum fleet_error code; /* of a failure */
	char *words;
	struct tunnel_exec_result result;
};

/* What another thread wants done here. */
struct order {
	void (*run)(struct pump *pump, struct order *order);
	struct pump_link *link;
	struct request *request;
	size_t user;
};

/* Any thread; ORDER is copied. */
void pump_give_order(struct pump *pump, const struct order *order);

/* The rest: pump thread only. */

/* Does all for the session that can be done now. */
void link_service(struct pump_link *link);
/* Ends the session and all that hangs on it; WORDS say why. */
void link_end(struct pump_link *link, const char *words);
void link_ready(struct watch *watch, uint32_t events);
/* Any thread. */
void link_unref(struct pump_link *link);

/* Answers requests for LINK that can be answered; true when there was one, so that its pipes have something to do. */
bool requests_look(struct pump_link *link);
void requests_fail(struct pump_link *link, const char *words);
/* Those of one user. */
void requests_cancel(struct pump_link *link, size_t user);
/* Fails what is overdue; the milliseconds until the next deadline, -1: none. */
int requests_check_deadlines(struct pump *pump);
