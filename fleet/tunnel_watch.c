#include "fleet/tunnel_watch.h"

#include <sys/epoll.h>

void
watch_init(struct watch *watch, int epoll_fd, int fd, void (*ready)(struct watch *watch, uint32_t events))
{
	*watch = (struct watch){ .ready = ready, .epoll_fd = epoll_fd, .fd = fd };
}

void
watch_set(struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int op = !watch->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;

	if (watch->events == events)
		return;
	epoll_ctl(watch->epoll_fd, op, watch->fd, &event);
	watch->events = events;
}
