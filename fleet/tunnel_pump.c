#include "fleet/tunnel_pump.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/clock.h"
#include "fleet/spawn.h"
#include "fleet/tunnel_error.h"
#include "fleet/tunnel_pipe.h"
#include "fleet/tunnel_ssh.h"

enum {
	EVENTS_MAX = 256,
	ROUNDS_MAX = 16,   /* of one session before the others have their turn */
	READ_BYTES = 4096, /* what libssh takes off the wire at once */
};

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
};

/* ---- links as others see them ---- */

static void
link_unref(struct pump_link *link)
{
	if (!g_atomic_int_dec_and_test(&link->refs))
		return;
	close(link->fd);
	pthread_mutex_destroy(&link->lock);
	g_free(link->why);
	g_free(link);
}

bool
pump_link_alive(struct pump_link *link, char **why)
{
	bool alive;

	pthread_mutex_lock(&link->lock);
	alive = link->alive;
	if (!alive && why)
		*why = g_strdup(link->why);
	pthread_mutex_unlock(&link->lock);
	return alive;
}

void
pump_link_cut(struct pump_link *link)
{
	shutdown(link->fd, SHUT_RDWR);
}

int64_t
pump_link_rtt_us(struct pump_link *link)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(link->fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return 0;
	return info.tcpi_rtt;
}

static void
give_order(struct pump *pump, const struct order *order)
{
	uint64_t one = 1;

	pthread_mutex_lock(&pump->lock);
	g_queue_push_tail(&pump->orders, g_memdup2(order, sizeof(*order)));
	pthread_mutex_unlock(&pump->lock);
	while (write(pump->wake.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

/* ---- requests; pump thread ---- */

static void
request_answer(struct request *request, int chosen, enum fleet_error code, const char *words)
{
	struct pump_link *link = request->link;

	g_queue_remove(&link->pump->requests, request);
	g_ptr_array_unref(request->pipes);
	pthread_mutex_lock(&link->lock);
	request->chosen = chosen;
	request->code = code;
	request->words = g_strdup(words);
	request->done = true;
	pthread_cond_signal(&request->answered);
	pthread_mutex_unlock(&link->lock);
	/* REQUEST may be gone now. */
}

/* All pipes but the chosen one are of no use any more. */
static void
request_keep(struct request *request, int chosen)
{
	for (guint i = 0; i < request->pipes->len; i++) {
		struct pipe *pipe = request->pipes->pdata[i];

		if ((int)i == chosen)
			pipe_listen(pipe, request->local);
		else
			pipe_drop(pipe);
	}
}

static void
request_fail(struct request *request, enum fleet_error code, const char *words)
{
	g_autofree char *copy = g_strdup(words);

	request_keep(request, -1);
	request_answer(request, -1, code, copy);
}

/* The command ran, and said what it found or not. */
static void
request_take_result(struct request *request, struct pipe *pipe)
{
	const struct tunnel_exec_result *found = pipe_result(pipe);

	request->result = (struct tunnel_exec_result){ .state = found->state,
		.via = g_strdup(found->via),
		.path = g_strdup(found->path),
		.user = g_strdup(found->user),
		.owner = g_strdup(found->owner),
		.mode = g_strdup(found->mode) };
}

/* The first path that opens counts, but one after it only when it has failed. */
static void
request_look(struct request *request)
{
	for (guint i = 0; i < request->pipes->len; i++) {
		struct pipe *pipe = request->pipes->pdata[i];
		enum pipe_state state = pipe_state(pipe);

		if (state != PIPE_OPEN && state != PIPE_FAILED)
			return;
		if (request->command)
			request_take_result(request, pipe);
		if (state == PIPE_OPEN) {
			request_keep(request, (int)i);
			request_answer(request, (int)i, FLEET_ERROR_FAILED, NULL);
			return;
		}
	}
	request_fail(request, FLEET_ERROR_NO_SOCKET, pipe_words(request->pipes->pdata[0]));
}

/* True when one was answered, so that its pipes have something to do. */
static bool
link_look_at_requests(struct pump_link *link)
{
	bool any = false;

	for (GList *it = link->pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;
		guint before = link->pump->requests.length;

		next = it->next;
		if (request->link != link)
			continue;
		request_look(request);
		any |= link->pump->requests.length < before;
	}
	return any;
}

static void
link_fail_requests(struct pump_link *link, const char *words)
{
	for (GList *it = link->pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;

		next = it->next;
		if (request->link == link)
			request_fail(request, FLEET_ERROR_GONE, words);
	}
}

/* ---- sessions; pump thread ---- */

static void
link_end(struct pump_link *link, const char *words)
{
	if (!link->session)
		return;
	pthread_mutex_lock(&link->lock);
	link->alive = false;
	link->why = g_strdup(words);
	pthread_mutex_unlock(&link->lock);
	link_fail_requests(link, words);
	for (guint i = 0; i < link->pipes->len; i++)
		g_ptr_array_add(link->pump->dead_pipes, link->pipes->pdata[i]);
	g_ptr_array_set_size(link->pipes, 0);
	watch_set(&link->watch, 0);
	ssh_event_free(link->event);
	ssh_free(link->session);
	link->session = NULL;
	/* Our own descriptor would keep the connection open. */
	shutdown(link->fd, SHUT_RDWR);
	spawn_end(link->proxy);
	link->proxy = 0;
}

static bool
session_has_ended(ssh_session session)
{
	return !ssh_is_connected(session) || (ssh_get_status(session) & (SSH_CLOSED | SSH_CLOSED_ERROR));
}

static bool
link_step_pipes(struct pump_link *link)
{
	bool any = false;

	for (guint i = 0; i < link->pipes->len;) {
		struct pipe *pipe = link->pipes->pdata[i];

		any |= pipe_step(pipe);
		if (pipe_state(pipe) == PIPE_GONE) {
			g_ptr_array_add(link->pump->dead_pipes, pipe);
			g_ptr_array_remove_index(link->pipes, i);
		} else {
			i++;
		}
	}
	return any;
}

/* Until nothing is left that no event would tell of: a step may take bytes off the wire that belong to a pipe which
 * had its turn already. False: the session has ended. */
static bool
link_run(struct pump_link *link)
{
	bool more = true;

	for (unsigned round = 0; round < ROUNDS_MAX && more; round++) {
		uint64_t before = link->traffic.in_bytes, polled;

		ssh_event_dopoll(link->event, 0);
		polled = link->traffic.in_bytes;
		more = link_step_pipes(link);
		more |= link_look_at_requests(link);
		if (session_has_ended(link->session))
			return false;
		/* A full read is seldom the last one. */
		more |= link->traffic.in_bytes != polled || polled - before >= READ_BYTES;
	}
	if (more && !link->is_busy) {
		link->is_busy = true;
		g_ptr_array_add(link->pump->busy, link);
	}
	return true;
}

static void
link_service(struct pump_link *link)
{
	uint32_t events = EPOLLIN;

	if (!link->session)
		return;
	if (!link_run(link)) {
		g_autofree char *words = tunnel_error_words(link->session);

		link_end(link, words);
		return;
	}
	for (guint i = 0; i < link->pipes->len; i++)
		pipe_rest(link->pipes->pdata[i]);
	if (ssh_get_status(link->session) & SSH_WRITE_PENDING)
		events |= EPOLLOUT;
	watch_set(&link->watch, events);
	/* The end of every longer answer waits in the far end's Nagle for our acknowledgement, which our kernel would
	 * hold back for 40 ms; the option lasts only until the next bytes come. */
	tunnel_ssh_quickack(link->fd);
}

static void
link_ready(struct watch *watch, uint32_t events)
{
	(void)events;
	link_service((struct pump_link *)watch);
}

static void
pipe_ready(void *link)
{
	link_service(link);
}

/* ---- orders; pump thread ---- */

static void
run_adopt(struct pump *pump, struct order *order)
{
	struct pump_link *link = order->link;

	g_ptr_array_add(pump->links, link);
	link->event = ssh_event_new();
	g_assert(link->event);
	ssh_event_add_session(link->event, link->session);
	ssh_set_counters(link->session, &link->traffic, NULL);
	link_service(link);
}

static void
run_drop(struct pump *pump, struct order *order)
{
	link_end(order->link, "closed");
	g_ptr_array_remove_fast(pump->links, order->link);
	g_ptr_array_add(pump->dead_links, order->link);
}

static void
run_open(struct pump *pump, struct order *order)
{
	struct request *request = order->request;
	struct pump_link *link = request->link;

	g_queue_push_tail(&pump->requests, request);
	request->pipes = g_ptr_array_new();
	if (!link->session) {
		/* Only this thread writes it. */
		request_answer(request, -1, FLEET_ERROR_GONE, link->why);
		return;
	}
	if (request->command)
		g_ptr_array_add(request->pipes,
			pipe_new_exec(link->session, pump->epoll_fd, request->command, pipe_ready, link));
	for (const char *const *path = request->paths; path && *path; path++)
		g_ptr_array_add(request->pipes,
			pipe_new_unix(link->session, pump->epoll_fd, *path, pipe_ready, link));
	for (guint i = 0; i < request->pipes->len; i++)
		g_ptr_array_add(link->pipes, request->pipes->pdata[i]);
	link_service(link);
}

static void
run_orders(struct watch *watch, uint32_t events)
{
	struct pump *pump = (struct pump *)((char *)watch - offsetof(struct pump, wake));
	GQueue orders;
	uint64_t count;

	(void)events;
	while (read(watch->fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	pthread_mutex_lock(&pump->lock);
	orders = pump->orders;
	g_queue_init(&pump->orders);
	pthread_mutex_unlock(&pump->lock);
	while (orders.length) {
		struct order *order = g_queue_pop_head(&orders);

		order->run(pump, order);
		g_free(order);
	}
}

/* ---- the thread ---- */

static bool
pump_should_stop(struct pump *pump)
{
	bool stop;

	pthread_mutex_lock(&pump->lock);
	stop = pump->stop;
	pthread_mutex_unlock(&pump->lock);
	return stop;
}

/* Fails what is overdue; the milliseconds until the next deadline, -1: none. */
static int
pump_check_deadlines(struct pump *pump)
{
	int64_t now_us = clock_now_us(), next_us = INT64_MAX;

	for (GList *it = pump->requests.head, *next; it; it = next) {
		struct request *request = it->data;
		struct pump_link *link = request->link;

		next = it->next;
		if (request->deadline_us > now_us) {
			next_us = MIN(next_us, request->deadline_us);
			continue;
		}
		request_fail(request, FLEET_ERROR_TIMEOUT, "no answer in time");
		link_service(link);
		/* That may have answered others. */
		return 0;
	}
	return next_us == INT64_MAX ? -1 : (int)MIN((next_us - now_us) / 1000 + 1, 60000);
}

static void
pump_serve_busy(struct pump *pump)
{
	g_autoptr(GPtrArray) busy = pump->busy;

	pump->busy = g_ptr_array_new();
	for (guint i = 0; i < busy->len; i++) {
		struct pump_link *link = busy->pdata[i];

		link->is_busy = false;
		link_service(link);
	}
}

static void
pump_bury(struct pump *pump)
{
	for (guint i = 0; i < pump->dead_pipes->len; i++)
		pipe_free(pump->dead_pipes->pdata[i]);
	g_ptr_array_set_size(pump->dead_pipes, 0);
	for (guint i = 0; i < pump->dead_links->len; i++) {
		struct pump_link *link = pump->dead_links->pdata[i];

		g_ptr_array_remove_fast(pump->busy, link);
		g_ptr_array_unref(link->pipes);
		link_unref(link);
	}
	g_ptr_array_set_size(pump->dead_links, 0);
}

static void *
pump_main(void *arg)
{
	struct pump *pump = arg;
	struct epoll_event events[EVENTS_MAX];

	pthread_setname_np(pthread_self(), "tunnels");
	while (!pump_should_stop(pump)) {
		int timeout_ms = pump_check_deadlines(pump);
		int n = epoll_wait(pump->epoll_fd, events, EVENTS_MAX, pump->busy->len ? 0 : timeout_ms);

		for (int i = 0; i < n; i++) {
			struct watch *watch = events[i].data.ptr;

			/* Another event of this batch may have ended it. */
			if (watch->events)
				watch->ready(watch, events[i].events);
		}
		pump_serve_busy(pump);
		pump_bury(pump);
	}
	run_orders(&pump->wake, 0);
	while (pump->links->len) {
		struct order drop = { .link = pump->links->pdata[0] };

		run_drop(pump, &drop);
	}
	pump_bury(pump);
	return NULL;
}

struct pump *
pump_new(GError **error)
{
	struct pump *pump = g_new0(struct pump, 1);
	int rc;

	pump->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch_init(&pump->wake, pump->epoll_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), run_orders);
	watch_set(&pump->wake, EPOLLIN);
	pthread_mutex_init(&pump->lock, NULL);
	g_queue_init(&pump->orders);
	g_queue_init(&pump->requests);
	pump->links = g_ptr_array_new();
	pump->busy = g_ptr_array_new();
	pump->dead_pipes = g_ptr_array_new();
	pump->dead_links = g_ptr_array_new();
	rc = pthread_create(&pump->thread, NULL, pump_main, pump);
	if (rc) {
		g_set_error(
			error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't start a thread: %s", g_strerror(rc));
		pump->thread = 0;
		g_clear_pointer(&pump, pump_free);
	}
	return pump;
}

void
pump_free(struct pump *pump)
{
	uint64_t one = 1;

	if (!pump)
		return;
	pthread_mutex_lock(&pump->lock);
	pump->stop = true;
	pthread_mutex_unlock(&pump->lock);
	while (write(pump->wake.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	if (pump->thread)
		pthread_join(pump->thread, NULL);
	g_assert(pump->requests.length == 0 && pump->orders.length == 0);
	g_ptr_array_unref(pump->links);
	g_ptr_array_unref(pump->busy);
	g_ptr_array_unref(pump->dead_pipes);
	g_ptr_array_unref(pump->dead_links);
	close(pump->wake.fd);
	close(pump->epoll_fd);
	pthread_mutex_destroy(&pump->lock);
	g_free(pump);
}

/* ---- from other threads ---- */

struct pump_link *
pump_adopt(struct pump *pump, ssh_session session, int fd, pid_t proxy)
{
	struct pump_link *link = g_new0(struct pump_link, 1);

	watch_init(&link->watch, pump->epoll_fd, fd, link_ready);
	link->pump = pump;
	link->session = session;
	link->proxy = proxy;
	link->pipes = g_ptr_array_new();
	link->refs = 2;
	link->fd = fd;
	link->alive = true;
	pthread_mutex_init(&link->lock, NULL);
	give_order(pump, &(struct order){ .run = run_adopt, .link = link });
	return link;
}

void
pump_link_drop(struct pump_link *link)
{
	if (!link)
		return;
	give_order(link->pump, &(struct order){ .run = run_drop, .link = link });
	link_unref(link);
}

static void
request_wait(struct request *request)
{
	struct pump_link *link = request->link;

	pthread_cond_init(&request->answered, NULL);
	give_order(link->pump, &(struct order){ .run = run_open, .link = link, .request = request });
	pthread_mutex_lock(&link->lock);
	while (!request->done)
		pthread_cond_wait(&request->answered, &link->lock);
	pthread_mutex_unlock(&link->lock);
	pthread_cond_destroy(&request->answered);
}

static void
request_set_error(struct request *request, GError **error)
{
	const char *words = request->words && *request->words ? request->words : "no reason given";

	tunnel_error_set(error, request->code, "%s", words);
}

int
pump_open_unix(struct pump_link *link, const char *const *paths, struct local_socket *local,
	int64_t deadline_us, GError **error)
{
	struct request request = { .link = link, .paths = paths, .local = local, .deadline_us = deadline_us };

	request_wait(&request);
	if (request.chosen < 0)
		request_set_error(&request, error);
	g_free(request.words);
	return request.chosen;
}

bool
pump_open_exec(struct pump_link *link, const char *command, struct local_socket *local, int64_t deadline_us,
	struct tunnel_exec_result *result, GError **error)
{
	struct request request = {
		.link = link, .command = command, .local = local, .deadline_us = deadline_us
	};
	bool understood;

	request_wait(&request);
	understood = request.result.state != EXEC_WAITS && request.result.state != EXEC_NONSENSE;
	if (understood)
		*result = request.result;
	else
		request_set_error(&request, error);
	g_free(request.words);
	if (!understood)
		tunnel_exec_result_done(&request.result);
	return understood;
}
