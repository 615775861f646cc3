/*
 * An epoll loop behind virEventRegisterImpl(): libvirt's own is a poll() over all connections, whose cost grows with
 * each host at each wake-up.
 *
 * libvirt calls add, update and remove from any thread, and expects that a free function runs later from the loop,
 * never inside remove, and that callbacks run without our lock. So an entry that is removed only gets marked, and the
 * loop thread, which alone calls back, frees it between two rounds.
 */
#include "fleet/events.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/virerror.h"

#include <errno.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH   64
#define WAKE_ID UINT64_MAX
#define NEVER   INT64_MAX

struct watch {
	int id;
	int fd;
	int own_fd; /* fd's duplicate when another watch already is on fd; else -1 */
	int events; /* VIR_EVENT_HANDLE_* */
	bool removed;
	struct events_line *line; /* NULL: nobody's */
	virEventHandleCallback call;
	void *opaque;
	virFreeCallback free;
};

struct timer {
	int id;
	int64_t every_us; /* -1: off; 0: at each round */
	int64_t due_us;
	bool removed;
	virEventTimeoutCallback call;
	void *opaque;
	virFreeCallback free;
};

struct loop {
	pthread_mutex_t lock;
	pthread_t thread;
	bool registered;    /* for good: libvirt takes one implementation per process */
	int epoll_fd;       /* constant while the thread runs */
	int wake_fd;        /* likewise */
	bool stop;          /* guarded by lock, like all below */
	int64_t planned_us; /* when the thread will wake up by itself */
	int last_id;
	GHashTable *watches; /* id to struct watch */
	GHashTable *timers;  /* id to struct timer */
	bool garbage;        /* something is marked as removed */
	GQueue lines;        /* struct events_line, being made */
};

/* libvirt's functions get no context and are registered once per process, so this cannot be anything but global. */
static struct loop event_loop = { .lock = PTHREAD_MUTEX_INITIALIZER, .epoll_fd = -1, .wake_fd = -1 };

static void
wake(void)
{
	uint64_t one = 1;
	ssize_t done;

	do
		done = write(event_loop.wake_fd, &one, sizeof(one));
	while (done < 0 && errno == EINTR);
}

/* ---- watches: called by libvirt, any thread ---- */

static const struct {
	int vir;
	uint32_t epoll;
} event_bits[] = {
	{ VIR_EVENT_HANDLE_READABLE, EPOLLIN },
	{ VIR_EVENT_HANDLE_WRITABLE, EPOLLOUT },
	{ VIR_EVENT_HANDLE_ERROR, EPOLLERR },
	{ VIR_EVENT_HANDLE_HANGUP, EPOLLHUP },
};

static uint32_t
to_epoll(int events)
{
	uint32_t out = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(event_bits); i++)
		if (events & event_bits[i].vir)
			out |= event_bits[i].epoll;
	return out;
}

static int
from_epoll(uint32_t events)
{
	int out = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(event_bits); i++)
		if (events & event_bits[i].epoll)
			out |= event_bits[i].vir;
	return out;
}

static int
watch_ctl(struct watch *watch, int op)
{
	struct epoll_event event = { .events = to_epoll(watch->events), .data.u64 = (uint64_t)watch->id };

	return epoll_ctl(event_loop.epoll_fd, op, watch->own_fd >= 0 ? watch->own_fd : watch->fd, &event);
}

/* epoll knows a descriptor once only; a second watch on it goes through a duplicate. */
static void
watch_arm(struct watch *watch)
{
	if (watch_ctl(watch, EPOLL_CTL_ADD) == 0 || errno != EEXIST || watch->own_fd >= 0)
		return;
	watch->own_fd = fcntl(watch->fd, F_DUPFD_CLOEXEC, 0);
	if (watch->own_fd >= 0)
		watch_ctl(watch, EPOLL_CTL_ADD);
}

/* A watch for nothing is taken out: epoll would report its hang-up for ever. Lock held. */
static void
watch_set_events(struct watch *watch, int events)
{
	int before = watch->events;

	watch->events = events;
	if (before && events)
		watch_ctl(watch, EPOLL_CTL_MOD);
	else if (events)
		watch_arm(watch);
	else if (before)
		watch_ctl(watch, EPOLL_CTL_DEL);
}

/* The line that this thread makes, NULL: none. Lock held. */
static struct events_line *
line_of_thread(void)
{
	for (GList *it = event_loop.lines.head; it; it = it->next) {
		struct events_line *line = it->data;

		if (pthread_equal(line->thread, pthread_self()))
			return line;
	}
	return NULL;
}

static int
add_watch(int fd, int events, virEventHandleCallback call, void *opaque, virFreeCallback free_opaque)
{
	struct watch *watch = g_new(struct watch, 1);

	*watch =
		(struct watch){ .fd = fd, .own_fd = -1, .call = call, .opaque = opaque, .free = free_opaque };
	pthread_mutex_lock(&event_loop.lock);
	int id = watch->id = ++event_loop.last_id;
	g_hash_table_insert(event_loop.watches, GINT_TO_POINTER(id), watch);
	watch_set_events(watch, events);
	watch->line = line_of_thread();
	if (watch->line && watch->line->cut)
		shutdown(fd, SHUT_RDWR);
	pthread_mutex_unlock(&event_loop.lock);
	return id;
}

static void
update_watch(int id, int events)
{
	pthread_mutex_lock(&event_loop.lock);
	struct watch *watch = g_hash_table_lookup(event_loop.watches, GINT_TO_POINTER(id));
	if (watch && !watch->removed)
		watch_set_events(watch, events);
	pthread_mutex_unlock(&event_loop.lock);
}

static int
remove_watch(int id)
{
	int result = -1;

	pthread_mutex_lock(&event_loop.lock);
	struct watch *watch = g_hash_table_lookup(event_loop.watches, GINT_TO_POINTER(id));
	if (watch && !watch->removed) {
		watch_set_events(watch, 0);
		watch->removed = true;
		event_loop.garbage = true;
		wake();
		result = 0;
	}
	pthread_mutex_unlock(&event_loop.lock);
	return result;
}

/* ---- lines ---- */

void
events_line_begin(struct events_line *line)
{
	pthread_mutex_lock(&event_loop.lock);
	line->thread = pthread_self();
	g_queue_push_tail(&event_loop.lines, line);
	pthread_mutex_unlock(&event_loop.lock);
}

void
events_line_end(struct events_line *line)
{
	pthread_mutex_lock(&event_loop.lock);
	g_queue_remove(&event_loop.lines, line);
	pthread_mutex_unlock(&event_loop.lock);
}

/* Calls DO_IT for each watch of LINE that libvirt has not removed; its descriptor is open then. Lock held. */
static void
line_each(const struct events_line *line, void (*do_it)(struct watch *watch))
{
	GHashTableIter iter;
	gpointer value;

	if (!event_loop.watches)
		return;
	g_hash_table_iter_init(&iter, event_loop.watches);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct watch *watch = value;

		if (watch->line == line && !watch->removed)
			do_it(watch);
	}
}

static void
watch_cut(struct watch *watch)
{
	shutdown(watch->fd, SHUT_RDWR);
}

static void
watch_leave(struct watch *watch)
{
	watch->line = NULL;
}

void
events_line_cut(struct events_line *line)
{
	pthread_mutex_lock(&event_loop.lock);
	line->cut = true;
	line_each(line, watch_cut);
	pthread_mutex_unlock(&event_loop.lock);
}

void
events_line_done(struct events_line *line)
{
	pthread_mutex_lock(&event_loop.lock);
	line_each(line, watch_leave);
	pthread_mutex_unlock(&event_loop.lock);
}

/* ---- timers: called by libvirt, any thread ---- */

/* Lock held. The keepalive timer is put off at each answer: only a timer that comes earlier wakes the thread. */
static void
timer_set(struct timer *timer, int every_ms)
{
	timer->every_us = every_ms < 0 ? -1 : (int64_t)every_ms * 1000;
	timer->due_us = every_ms < 0 ? NEVER : clock_now_us() + timer->every_us;
	if (timer->due_us < event_loop.planned_us) {
		event_loop.planned_us = timer->due_us;
		wake();
	}
}

static int
add_timer(int every_ms, virEventTimeoutCallback call, void *opaque, virFreeCallback free_opaque)
{
	struct timer *timer = g_new(struct timer, 1);

	*timer = (struct timer){ .call = call, .opaque = opaque, .free = free_opaque };
	pthread_mutex_lock(&event_loop.lock);
	int id = timer->id = ++event_loop.last_id;
	g_hash_table_insert(event_loop.timers, GINT_TO_POINTER(id), timer);
	timer_set(timer, every_ms);
	pthread_mutex_unlock(&event_loop.lock);
	return id;
}

static void
update_timer(int id, int every_ms)
{
	pthread_mutex_lock(&event_loop.lock);
	struct timer *timer = g_hash_table_lookup(event_loop.timers, GINT_TO_POINTER(id));
	if (timer && !timer->removed)
		timer_set(timer, every_ms);
	pthread_mutex_unlock(&event_loop.lock);
}

static int
remove_timer(int id)
{
	int result = -1;

	pthread_mutex_lock(&event_loop.lock);
	struct timer *timer = g_hash_table_lookup(event_loop.timers, GINT_TO_POINTER(id));
	if (timer && !timer->removed) {
		timer->removed = true;
		timer->due_us = NEVER;
		event_loop.garbage = true;
		wake();
		result = 0;
	}
	pthread_mutex_unlock(&event_loop.lock);
	return result;
}

/* ---- the thread ---- */

struct leftover {
	virFreeCallback free;
	void *opaque;
};

static gboolean
collect_watch(gpointer key, gpointer value, gpointer leftovers)
{
	struct watch *watch = value;
	struct leftover left = { watch->free, watch->opaque };

	(void)key;
	if (!watch->removed)
		return FALSE;
	if (watch->own_fd >= 0)
		close(watch->own_fd);
	g_array_append_val((GArray *)leftovers, left);
	return TRUE;
}

static gboolean
collect_timer(gpointer key, gpointer value, gpointer leftovers)
{
	struct timer *timer = value;
	struct leftover left = { timer->free, timer->opaque };

	(void)key;
	if (!timer->removed)
		return FALSE;
	g_array_append_val((GArray *)leftovers, left);
	return TRUE;
}

/* Frees what was removed. Free functions may add, update and remove again. */
static void
free_removed(void)
{
	g_autoptr(GArray) leftovers = NULL;

	pthread_mutex_lock(&event_loop.lock);
	if (event_loop.garbage) {
		leftovers = g_array_new(FALSE, FALSE, sizeof(struct leftover));
		g_hash_table_foreach_remove(event_loop.watches, collect_watch, leftovers);
		g_hash_table_foreach_remove(event_loop.timers, collect_timer, leftovers);
		event_loop.garbage = false;
	}
	pthread_mutex_unlock(&event_loop.lock);

	for (guint i = 0; leftovers && i < leftovers->len; i++) {
		const struct leftover *left = &g_array_index(leftovers, struct leftover, i);

		if (left->free)
			left->free(left->opaque);
	}
}

static void
dispatch_watch(const struct epoll_event *event)
{
	struct watch watch = { 0 };

	pthread_mutex_lock(&event_loop.lock);
	const struct watch *found =
		g_hash_table_lookup(event_loop.watches, GINT_TO_POINTER((int)event->data.u64));
	if (found && !found->removed && found->events)
		watch = *found;
	pthread_mutex_unlock(&event_loop.lock);

	int events =
		from_epoll(event->events) & (watch.events | VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP);
	if (watch.call && events)
		watch.call(watch.id, watch.fd, events, watch.opaque);
}

static void
dispatch_timer(int id, int64_t now_us)
{
	struct timer timer = { 0 };

	pthread_mutex_lock(&event_loop.lock);
	struct timer *found = g_hash_table_lookup(event_loop.timers, GINT_TO_POINTER(id));
	if (found && !found->removed && found->due_us <= now_us) {
		found->due_us = now_us + found->every_us;
		timer = *found;
	}
	pthread_mutex_unlock(&event_loop.lock);

	if (timer.call)
		timer.call(timer.id, timer.opaque);
}

static void
dispatch_timers(void)
{
	int64_t now_us = clock_now_us();
	g_autoptr(GArray) due = g_array_new(FALSE, FALSE, sizeof(int));
	GHashTableIter iter;
	gpointer value;

	pthread_mutex_lock(&event_loop.lock);
	g_hash_table_iter_init(&iter, event_loop.timers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct timer *timer = value;

		if (timer->due_us <= now_us)
			g_array_append_val(due, timer->id);
	}
	pthread_mutex_unlock(&event_loop.lock);

	for (guint i = 0; i < due->len; i++)
		dispatch_timer(g_array_index(due, int, i), now_us);
}

/* Milliseconds until the first timer, rounded up; -1: none. Remembers what it promised. */
static int
plan_sleep(bool *stop)
{
	GHashTableIter iter;
	gpointer value;

	pthread_mutex_lock(&event_loop.lock);
	event_loop.planned_us = event_loop.garbage ? 0 : NEVER;
	g_hash_table_iter_init(&iter, event_loop.timers);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct timer *timer = value;

		event_loop.planned_us = MIN(event_loop.planned_us, timer->due_us);
	}
	int64_t planned_us = event_loop.planned_us;
	*stop = event_loop.stop;
	pthread_mutex_unlock(&event_loop.lock);

	if (planned_us == NEVER)
		return -1;
	int64_t wait_us = MAX(planned_us - clock_now_us(), 0);
	return (int)MIN((wait_us + 999) / 1000, INT_MAX);
}

static void
drain_wake(void)
{
	uint64_t count;
	ssize_t done;

	do
		done = read(event_loop.wake_fd, &count, sizeof(count));
	while (done < 0 && errno == EINTR);
}

static void *
loop_main(void *arg)
{
	struct epoll_event ready[BATCH];
	bool stop = false;

	(void)arg;
	for (;;) {
		free_removed();
		int wait_ms = plan_sleep(&stop);
		if (stop)
			return NULL;

		int n = epoll_wait(event_loop.epoll_fd, ready, BATCH, wait_ms);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.u64 == WAKE_ID)
				drain_wake();
			else
				dispatch_watch(&ready[i]);
		}
		dispatch_timers();
	}
}

/* ---- start, stop ---- */

/* The program says what went wrong; libvirt and libxml2 would write it across the screen. */
static void
be_silent(void *opaque, virErrorPtr err)
{
	(void)opaque;
	(void)err;
}

static void
be_silent_about_xml(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

static bool
open_fds(GError **error)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = WAKE_ID };

	event_loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	event_loop.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event_loop.epoll_fd >= 0 && event_loop.wake_fd >= 0 &&
		epoll_ctl(event_loop.epoll_fd, EPOLL_CTL_ADD, event_loop.wake_fd, &event) == 0)
		return true;
	g_set_error(
		error, FLEET_ERROR, FLEET_ERROR_FAILED, "start libvirt's event loop: %s", g_strerror(errno));
	return false;
}

static bool
start_thread(GError **error)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&event_loop.thread, NULL, loop_main, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "start libvirt's event thread: %s",
			g_strerror(err));
		return false;
	}
	pthread_setname_np(event_loop.thread, "libvirt-events");
	return true;
}

static void
release(void)
{
	if (event_loop.epoll_fd >= 0)
		close(event_loop.epoll_fd);
	if (event_loop.wake_fd >= 0)
		close(event_loop.wake_fd);
	event_loop.epoll_fd = event_loop.wake_fd = -1;
	g_clear_pointer(&event_loop.watches, g_hash_table_unref);
	g_clear_pointer(&event_loop.timers, g_hash_table_unref);
}

bool
events_start(GError **error)
{
	/* Its warnings ("No response from client …") would go to stderr, which is the screen, unless somebody wants
	 * them. Errors come back as errors. */
	setenv("LIBVIRT_DEBUG", "4", 0);
	signal(SIGPIPE, SIG_IGN); /* it writes to sockets whose other end we cut */
	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, be_silent_about_xml);
	xmlThrDefSetGenericErrorFunc(NULL, be_silent_about_xml); /* in threads to come */
	if (!open_fds(error)) {
		release();
		return false;
	}
	event_loop.watches = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	event_loop.timers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	event_loop.stop = false;
	virSetErrorFunc(NULL, be_silent);
	if (virInitialize() < 0) {
		release();
		return virerror_set(error, "start libvirt");
	}
	if (!event_loop.registered)
		virEventRegisterImpl(
			add_watch, update_watch, remove_watch, add_timer, update_timer, remove_timer);
	event_loop.registered = true;
	if (!start_thread(error)) {
		release();
		return false;
	}
	return true;
}

/* What is removed is freed between callbacks. */
void
events_free_later(void (*free)(void *data), void *data)
{
	remove_timer(add_timer(-1, NULL, data, free));
}

void
events_stop(void)
{
	pthread_mutex_lock(&event_loop.lock);
	event_loop.stop = true;
	wake();
	pthread_mutex_unlock(&event_loop.lock);
	pthread_join(event_loop.thread, NULL);
	while (event_loop.garbage) /* the last free functions may remove more */
		free_removed();
	release();
}
