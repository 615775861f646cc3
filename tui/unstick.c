#include "tui/unstick.h"

#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOK_MS 250
/* A screen that is only slow reads its signals within this. */
#define LOOKS 12

struct unstick {
	pthread_t watched, thread; /* constant */
	int stop_fd;               /* eventfd; constant */
	bool taken;                /* thread only, until it has ended */
};

static bool
end_is_wanted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGHUP) == 1);
}

static void
take_terminal_away(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		if (isatty(fd))
			dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

static void *
unstick_main(void *arg)
{
	struct unstick *unstick = arg;
	struct pollfd stop = { .fd = unstick->stop_fd, .events = POLLIN };
	int looks = 0;

	while (poll(&stop, 1, LOOK_MS) <= 0) {
		looks = end_is_wanted() ? looks + 1 : 0;
		if (looks < LOOKS)
			continue;
		take_terminal_away();
		unstick->taken = true;
		pthread_kill(unstick->watched, SIGUSR1); /* its write(2) returns, and is tried again */
	}
	return NULL;
}

/* That there is a handler is what makes a call return. */
static void
do_nothing(int signal)
{
	(void)signal;
}

struct unstick *
unstick_start(void)
{
	struct unstick *unstick = g_new0(struct unstick, 1);
	const struct sigaction action = { .sa_handler = do_nothing };

	sigaction(SIGUSR1, &action, NULL);
	unstick->watched = pthread_self();
	unstick->stop_fd = eventfd(0, EFD_CLOEXEC);
	g_assert(unstick->stop_fd >= 0);
	g_assert(pthread_create(&unstick->thread, NULL, unstick_main, unstick) == 0);
	pthread_setname_np(unstick->thread, "unstick");
	return unstick;
}

bool
unstick_stop(struct unstick *unstick)
{
	bool taken;

	eventfd_write(unstick->stop_fd, 1);
	pthread_join(unstick->thread, NULL);
	taken = unstick->taken;
	close(unstick->stop_fd);
	g_free(unstick);
	return taken;
}
