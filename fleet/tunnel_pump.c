#include "fleet/tunnel_pump.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fleet/thread.h"
#include "fleet/tunnel_pump_private.h"

enum { EVENTS_MAX = 256 };

/* ---- orders ---- */

void
pump_give_order(struct pump *pump, const struct order *order)
{
	uint64_t one = 1;

	pthread_mutex_lock(&pump->lock);
	g_queue_push_tail(&pump->orders, g_memdup2(order, sizeof(*order)));
	pthread_mutex_unlock(&pump->lock);
	while (write(pump->wake.fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

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
run_cut(struct pump *pump, struct order *order)
{
	struct pump_link *link = order->link;

	(void)pump;
	g_hash_table_add(link->cut, GSIZE_TO_POINTER(order->user));
	requests_cancel(link, order->user);
	for (guint i = 0; i < link->pipes->len; i++) {
		struct pipe *pipe = link->pipes->pdata[i];

		if (pipe_user(pipe) == order->user)
			pipe_drop(pipe);
	}
	link_service(link);
}

static void
run_leave(struct pump *pump, struct order *order)
{
	run_cut(pump, order);
	g_hash_table_remove(order->link->cut, GSIZE_TO_POINTER(order->user));
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
		g_hash_table_unref(link->cut);
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
	thread_stand_back();
	while (!pump_should_stop(pump)) {
		int timeout_ms = requests_check_deadlines(pump);
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

static bool
pump_start(struct pump *pump, GError **error)
{
	int rc = pump->epoll_fd < 0 || pump->wake.fd < 0 ? EMFILE : 0;

	if (!rc) {
		watch_set(&pump->wake, EPOLLIN);
		rc = pthread_create(&pump->thread, NULL, pump_main, pump);
	}
	if (rc) {
		pump->thread = 0;
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't start the tunnel thread: %s",
			g_strerror(rc));
	}
	return !rc;
}

struct pump *
pump_new(GError **error)
{
	struct pump *pump = g_new0(struct pump, 1);

	pump->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	watch_init(&pump->wake, pump->epoll_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), run_orders);
	pthread_mutex_init(&pump->lock, NULL);
	g_queue_init(&pump->orders);
	g_queue_init(&pump->requests);
	pump->links = g_ptr_array_new();
	pump->busy = g_ptr_array_new();
	pump->dead_pipes = g_ptr_array_new();
	pump->dead_links = g_ptr_array_new();
	if (!pump_start(pump, error))
		g_clear_pointer(&pump, pump_free);
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
	if (pump->wake.fd >= 0)
		close(pump->wake.fd);
	if (pump->epoll_fd >= 0)
		close(pump->epoll_fd);
	pthread_mutex_destroy(&pump->lock);
	g_free(pump);
}

/* ---- links come and go ---- */

struct pump_link *
pump_adopt(struct pump *pump, ssh_session session, int fd, pid_t proxy)
{
	struct pump_link *link = g_new0(struct pump_link, 1);

	watch_init(&link->watch, pump->epoll_fd, fd, link_ready);
	link->pump = pump;
	link->session = session;
	link->proxy = proxy;
	link->pipes = g_ptr_array_new();
	link->cut = g_hash_table_new(NULL, NULL);
	link->refs = 2;
	link->fd = fd;
	link->alive = true;
	pthread_mutex_init(&link->lock, NULL);
	pump_give_order(pump, &(struct order){ .run = run_adopt, .link = link });
	return link;
}

void
pump_user_cut(struct pump_link *link, size_t user)
{
	pump_give_order(link->pump, &(struct order){ .run = run_cut, .link = link, .user = user });
}

void
pump_user_leave(struct pump_link *link, size_t user)
{
	pump_give_order(link->pump, &(struct order){ .run = run_leave, .link = link, .user = user });
}

void
pump_link_drop(struct pump_link *link)
{
	if (!link)
		return;
	pump_give_order(link->pump, &(struct order){ .run = run_drop, .link = link });
	link_unref(link);
}
