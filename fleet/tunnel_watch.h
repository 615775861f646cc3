/* tunnel_watch: one descriptor in the pump's epoll. Private to fleet/tunnel*.c; pump thread only. */
#pragma once

#include <stdint.h>

struct watch {
	void (*ready)(struct watch *watch, uint32_t events);
	int epoll_fd;
	int fd;          /* -1: none */
	uint32_t events; /* what is registered; 0: nothing, then a hung-up peer can't keep the pump awake */
};

void watch_init(struct watch *watch, int epoll_fd, int fd, void (*ready)(struct watch *watch, uint32_t events));
/* Costs a system call only when EVENTS differ from what is registered. */
void watch_set(struct watch *watch, uint32_t events);
