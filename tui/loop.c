#include "tui/loop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TIMERS 8

struct watch {
	int fd; /* -1: removed, swept out after the round */
	bool writing;
	void (*ready)(void *ctx);
	void *ctx;
};

struct signal_watch {
	int signal;
	void (*caught)(void *ctx, int signal);
	void *ctx;
};

struct timer {
	int64_t due_us; /* 0: not set */
	void (*tick)(void *ctx);
	void *ctx;
};

struct loop {
	GArray *watches; /* struct watch */
	GArray *pollfds; /* struct pollfd of this round, one per watch */
	GArray *signals; /* struct signal_watch */
	sigset_t signalset;
	int signalfd;
	struct timer timers[TIMERS];
	void (*after)(void *ctx);
	void *after_ctx;
	bool quit;
};

static void
read_signals(void *ctx)
{
	struct loop *loop = ctx;
	struct signalfd_siginfo info;

	while (read(loop->signalfd, &info, sizeof(info)) == sizeof(info)) {
		for (guint i = 0; i < loop->signals->len; i++) {
			struct signal_watch it = g_array_index(loop->signals, struct signal_watch, i);

			if (it.signal == (int)info.ssi_signo)
				it.caught(it.ctx, it.signal);
		}
	}
}

struct loop *
loop_new(GError **error)
{
	struct loop *loop = g_new0(struct loop, 1);

	sigemptyset(&loop->signalset);
	loop->signalfd = signalfd(-1, &loop->signalset, SFD_NONBLOCK | SFD_CLOEXEC);
	if (loop->signalfd < 0) {
		g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "can't wait for signals: %s",
			g_strerror(errno));
		g_free(loop);
		return NULL;
	}
	loop->watches = g_array_new(FALSE, FALSE, sizeof(struct watch));
	loop->pollfds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
	loop->signals = g_array_new(FALSE, FALSE, sizeof(struct signal_watch));
	loop_add_fd(loop, loop->signalfd, read_signals, loop);
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->signalfd);
	g_array_unref(loop->watches);
	g_array_unref(loop->pollfds);
	g_array_unref(loop->signals);
	g_free(loop);
}

void
loop_add_fd(struct loop *loop, int fd, void (*ready)(void *ctx), void *ctx)
{
	struct watch watch = { .fd = fd, .ready = ready, .ctx = ctx };

	g_array_append_val(loop->watches, watch);
}

void
loop_set_writing(struct loop *loop, int fd, bool writing)
{
	for (guint i = 0; i < loop->watches->len; i++) {
		struct watch *watch = &g_array_index(loop->watches, struct watch, i);

		if (watch->fd == fd)
			watch->writing = writing;
	}
}

void
loop_remove_fd(struct loop *loop, int fd)
{
	for (guint i = 0; i < loop->watches->len; i++) {
		struct watch *watch = &g_array_index(loop->watches, struct watch, i);

		if (watch->fd == fd)
			watch->fd = -1;
	}
}

void
loop_add_signal(struct loop *loop, int signal, void (*caught)(void *ctx, int signal), void *ctx)
{
	struct signal_watch watch = { .signal = signal, .caught = caught, .ctx = ctx };

	g_array_append_val(loop->signals, watch);
	sigaddset(&loop->signalset, signal);
	/* Can't fail: the descriptor is a signalfd and the set is a set. */
	signalfd(loop->signalfd, &loop->signalset, SFD_NONBLOCK | SFD_CLOEXEC);
}

void
loop_set_timer(struct loop *loop, unsigned id, int64_t due_us, void (*tick)(void *ctx), void *ctx)
{
	g_assert(id < TIMERS);
	loop->timers[id] = (struct timer){ .due_us = due_us, .tick = tick, .ctx = ctx };
}

void
loop_set_after(struct loop *loop, void (*after)(void *ctx), void *ctx)
{
	loop->after = after;
	loop->after_ctx = ctx;
}

/* When the first timer is due, 0: never. */
static int64_t
next_due_us(const struct loop *loop)
{
	int64_t next = 0;

	for (int i = 0; i < TIMERS; i++) {
		int64_t due = loop->timers[i].due_us;

		if (due != 0 && (next == 0 || due < next))
			next = due;
	}
	return next;
}

static void
run_timers(struct loop *loop)
{
	int64_t now = g_get_monotonic_time();

	for (int i = 0; i < TIMERS && !loop->quit; i++) {
		struct timer timer = loop->timers[i];

		if (timer.due_us == 0 || timer.due_us > now)
			continue;
		loop->timers[i].due_us = 0; /* before the call, which may set it again */
		timer.tick(timer.ctx);
	}
}

static void
sweep_watches(struct loop *loop)
{
	for (guint i = loop->watches->len; i-- > 0;) {
		if (g_array_index(loop->watches, struct watch, i).fd < 0)
			g_array_remove_index(loop->watches, i);
	}
}

/* Sleeps until a descriptor is ready, a signal arrives or a timer is due. Returns false when nothing is to be read. */
static bool
wait_for_events(struct loop *loop)
{
	int64_t due_us = next_due_us(loop), left_us = MAX(due_us - g_get_monotonic_time(), 0);
	struct timespec timeout = {
		.tv_sec = left_us / G_USEC_PER_SEC,
		.tv_nsec = left_us % G_USEC_PER_SEC * 1000,
	};

	sweep_watches(loop);
	g_array_set_size(loop->pollfds, 0);
	for (guint i = 0; i < loop->watches->len; i++) {
		const struct watch *watch = &g_array_index(loop->watches, struct watch, i);
		struct pollfd pollfd = {
			.fd = watch->fd,
			.events = (short)(POLLIN | (watch->writing ? POLLOUT : 0)),
		};

		g_array_append_val(loop->pollfds, pollfd);
	}
	/* ppoll, not poll: a frame clock in whole milliseconds would drift. EINTR is a round without events. */
	return ppoll((struct pollfd *)(void *)loop->pollfds->data, loop->pollfds->len,
		       due_us ? &timeout : NULL, NULL) > 0;
}

/* Watches may come and go meanwhile: new ones stand behind those that were polled, removed ones have no fd. */
static void
run_watches(struct loop *loop)
{
	for (guint i = 0; i < loop->pollfds->len && !loop->quit; i++) {
		struct watch watch = g_array_index(loop->watches, struct watch, i);

		if (watch.fd >= 0 && g_array_index(loop->pollfds, struct pollfd, i).revents)
			watch.ready(watch.ctx);
	}
}

void
loop_run(struct loop *loop)
{
	loop->quit = false;
	while (!loop->quit) {
		if (loop->after)
			loop->after(loop->after_ctx);
		if (!loop->quit && wait_for_events(loop))
			run_watches(loop);
		run_timers(loop);
	}
}

void
loop_quit(struct loop *loop)
{
	loop->quit = true;
}
