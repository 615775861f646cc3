/* The event loop as libvirt uses it, by way of libvirt's own public functions. */
#include "fleet/events.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* What callbacks saw, in numbers that tests wait for. */
struct seen {
	pthread_mutex_t lock;
	pthread_cond_t more;
	unsigned calls, frees; /* guarded by lock */
	int events;            /* of the last call */
	int fd, id;            /* constant while the callback is registered */
	int remove;            /* the callback removes this watch or timer, 0: none */
	bool keep;             /* it leaves the descriptor unread */
	pthread_t thread;      /* of the last call or free */
};

static void
start(void)
{
	cr_assert(events_start(NULL));
}

TestSuite(events, .init = start, .fini = events_stop, .timeout = 60);

static void
seen_init(struct seen *seen)
{
	*seen = (struct seen){ .fd = -1 };
	pthread_mutex_init(&seen->lock, NULL);
	pthread_cond_init(&seen->more, NULL);
}

static void
count(struct seen *seen, unsigned *counter)
{
	pthread_mutex_lock(&seen->lock);
	++*counter;
	seen->thread = pthread_self();
	pthread_cond_broadcast(&seen->more);
	pthread_mutex_unlock(&seen->lock);
}

static bool
wait_for(struct seen *seen, const unsigned *counter, unsigned n)
{
	struct timespec deadline;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 20;
	pthread_mutex_lock(&seen->lock);
	while (*counter < n && err == 0)
		err = pthread_cond_timedwait(&seen->more, &seen->lock, &deadline);
	bool came = *counter >= n;
	pthread_mutex_unlock(&seen->lock);
	return came;
}

static void
on_watch(int watch, int fd, int events, void *opaque)
{
	struct seen *seen = opaque;
	char sink[64];

	cr_assert_eq(fd, seen->fd);
	(void)watch;
	if ((events & VIR_EVENT_HANDLE_READABLE) && !seen->keep)
		cr_assert_geq(read(fd, sink, sizeof(sink)), 0);
	seen->events = events;
	if (seen->remove)
		virEventRemoveHandle(seen->remove);
	count(seen, &seen->calls);
}

static void
on_timer(int timer, void *opaque)
{
	struct seen *seen = opaque;

	(void)timer;
	if (seen->remove)
		virEventRemoveTimeout(seen->remove);
	count(seen, &seen->calls);
}

static void
on_free(void *opaque)
{
	struct seen *seen = opaque;

	count(seen, &seen->frees);
}

static void
watch(struct seen *seen, int fd, int events)
{
	seen->fd = fd;
	seen->id = virEventAddHandle(fd, events, on_watch, seen, on_free);
	cr_assert_gt(seen->id, 0);
}

static void
send_byte(int fd)
{
	cr_assert_eq(write(fd, "x", 1), 1);
}

/* A round of the loop that begins after now. */
static void
one_round(void)
{
	struct seen seen;

	seen_init(&seen);
	seen.id = virEventAddTimeout(0, on_timer, &seen, on_free);
	cr_assert(wait_for(&seen, &seen.calls, 2));
	virEventRemoveTimeout(seen.id);
	cr_assert(wait_for(&seen, &seen.frees, 1));
}

Test(events, readable)
{
	int fds[2];
	struct seen seen;

	seen_init(&seen);
	cr_assert_eq(pipe(fds), 0);
	watch(&seen, fds[0], VIR_EVENT_HANDLE_READABLE);
	for (unsigned i = 1; i <= 3; i++) {
		send_byte(fds[1]);
		cr_assert(wait_for(&seen, &seen.calls, i));
	}
	cr_assert_eq(seen.events, VIR_EVENT_HANDLE_READABLE);
	cr_assert_eq(virEventRemoveHandle(seen.id), 0);
	cr_assert_eq(virEventRemoveHandle(seen.id), -1, "once only");
	cr_assert(wait_for(&seen, &seen.frees, 1));
	cr_assert_not(pthread_equal(seen.thread, pthread_self()), "freed from the loop, not inside remove");
	close(fds[0]);
	close(fds[1]);
}

Test(events, watch_for_nothing_is_not_called_whatever_happens)
{
	int fds[2];
	struct seen seen;

	seen_init(&seen);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	watch(&seen, fds[0], 0);
	send_byte(fds[1]);
	close(fds[1]);
	one_round();
	cr_assert_eq(seen.calls, 0);
	virEventUpdateHandle(seen.id, VIR_EVENT_HANDLE_READABLE);
	cr_assert(wait_for(&seen, &seen.calls, 1));
	virEventUpdateHandle(seen.id, 0);
	one_round();
	unsigned calls = seen.calls;
	one_round();
	cr_assert_eq(seen.calls, calls);
	virEventRemoveHandle(seen.id);
	cr_assert(wait_for(&seen, &seen.frees, 1));
	close(fds[0]);
}

Test(events, hangup_is_told_unasked)
{
	int fds[2];
	struct seen seen;

	seen_init(&seen);
	seen.keep = true;
	cr_assert_eq(pipe(fds), 0);
	watch(&seen, fds[0], VIR_EVENT_HANDLE_READABLE);
	close(fds[1]);
	cr_assert(wait_for(&seen, &seen.calls, 1));
	cr_assert(seen.events & VIR_EVENT_HANDLE_HANGUP);
	virEventRemoveHandle(seen.id);
	cr_assert(wait_for(&seen, &seen.frees, 1));
	close(fds[0]);
}

Test(events, two_watches_on_one_descriptor)
{
	int fds[2];
	struct seen reads, writes;

	seen_init(&reads);
	seen_init(&writes);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	watch(&reads, fds[0], VIR_EVENT_HANDLE_READABLE);
	watch(&writes, fds[0], VIR_EVENT_HANDLE_WRITABLE);
	cr_assert(wait_for(&writes, &writes.calls, 1));
	cr_assert_eq(writes.events, VIR_EVENT_HANDLE_WRITABLE);
	cr_assert_eq(reads.calls, 0);
	send_byte(fds[1]);
	cr_assert(wait_for(&reads, &reads.calls, 1));
	cr_assert_eq(virEventRemoveHandle(writes.id), 0);
	cr_assert(wait_for(&writes, &writes.frees, 1));
	send_byte(fds[1]);
	cr_assert(wait_for(&reads, &reads.calls, 2), "the other one lives on");
	virEventRemoveHandle(reads.id);
	cr_assert(wait_for(&reads, &reads.frees, 1));
	close(fds[0]);
	close(fds[1]);
}

Test(events, callback_removes_itself)
{
	int fds[2];
	struct seen seen;

	seen_init(&seen);
	seen.keep = true;
	cr_assert_eq(pipe(fds), 0);
	watch(&seen, fds[0], 0);
	seen.remove = seen.id;
	virEventUpdateHandle(seen.id, VIR_EVENT_HANDLE_READABLE);
	send_byte(fds[1]);
	cr_assert(wait_for(&seen, &seen.frees, 1));
	cr_assert_eq(seen.calls, 1);
	close(fds[0]);
	close(fds[1]);
}

Test(events, timers)
{
	struct seen seen;

	seen_init(&seen);
	seen.id = virEventAddTimeout(-1, on_timer, &seen, on_free);
	one_round();
	cr_assert_eq(seen.calls, 0, "off");
	virEventUpdateTimeout(seen.id, 5);
	cr_assert(wait_for(&seen, &seen.calls, 3));
	virEventUpdateTimeout(seen.id, -1);
	one_round();
	unsigned calls = seen.calls;
	one_round();
	cr_assert_eq(seen.calls, calls, "off again");
	virEventUpdateTimeout(seen.id, 3600 * 1000);
	virEventUpdateTimeout(seen.id, 0); /* earlier than what the loop sleeps for */
	cr_assert(wait_for(&seen, &seen.calls, calls + 1));
	cr_assert_eq(virEventRemoveTimeout(seen.id), 0);
	cr_assert_eq(virEventRemoveTimeout(seen.id), -1);
	cr_assert(wait_for(&seen, &seen.frees, 1));
}

Test(events, timer_removes_itself)
{
	struct seen seen;

	seen_init(&seen);
	seen.id = virEventAddTimeout(-1, on_timer, &seen, on_free);
	seen.remove = seen.id;
	virEventUpdateTimeout(seen.id, 0);
	cr_assert(wait_for(&seen, &seen.frees, 1));
	cr_assert_eq(seen.calls, 1);
}

Test(events, unknown_ids_are_refused)
{
	virEventUpdateHandle(4711, VIR_EVENT_HANDLE_READABLE);
	virEventUpdateTimeout(4711, 0);
	cr_assert_eq(virEventRemoveHandle(4711), -1);
	cr_assert_eq(virEventRemoveTimeout(4711), -1);
}

Test(events, stops_and_starts_again)
{
	events_stop();
	cr_assert(events_start(NULL));
	one_round();
}
