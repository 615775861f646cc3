#include "fleet/mailbox.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
	int fd;
	atomic_bool marked;

	pthread_mutex_t lock;
	pthread_cond_t room;
	struct message *ring; /* guarded by lock, as all below */
	size_t capacity, head, used;
	bool closed;
};

struct mailbox *
mailbox_new(size_t capacity)
{
	struct mailbox *mailbox = g_new0(struct mailbox, 1);

	mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	g_assert(mailbox->fd >= 0);
	mailbox->ring = g_new0(struct message, capacity);
	mailbox->capacity = capacity;
	pthread_mutex_init(&mailbox->lock, NULL);
	pthread_cond_init(&mailbox->room, NULL);
	return mailbox;
}

void
mailbox_free(struct mailbox *mailbox, void (*drop)(struct message message))
{
	struct message message;

	if (!mailbox)
		return;
	while (mailbox_pop(mailbox, &message))
		drop(message);
	close(mailbox->fd);
	pthread_mutex_destroy(&mailbox->lock);
	pthread_cond_destroy(&mailbox->room);
	g_free(mailbox->ring);
	g_free(mailbox);
}

int
mailbox_fd(struct mailbox *mailbox)
{
	return mailbox->fd;
}

static void
mailbox_wake(struct mailbox *mailbox)
{
	uint64_t one = 1;

	while (write(mailbox->fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void
mailbox_mark(struct mailbox *mailbox)
{
	/* Only the one who sets the flag pays for the system call. */
	if (!atomic_exchange(&mailbox->marked, true))
		mailbox_wake(mailbox);
}

bool
mailbox_take_mark(struct mailbox *mailbox)
{
	uint64_t count;

	/* The descriptor first: a mark set in between then leaves it readable, and nothing is missed. */
	while (read(mailbox->fd, &count, sizeof count) < 0 && errno == EINTR)
		;
	return atomic_exchange(&mailbox->marked, false);
}

bool
mailbox_push(struct mailbox *mailbox, struct message message)
{
	bool taken = false;

	pthread_mutex_lock(&mailbox->lock);
	while (!mailbox->closed && mailbox->used == mailbox->capacity)
		pthread_cond_wait(&mailbox->room, &mailbox->lock);
	if (!mailbox->closed) {
		mailbox->ring[(mailbox->head + mailbox->used++) % mailbox->capacity] = message;
		taken = true;
	}
	pthread_mutex_unlock(&mailbox->lock);
	if (taken)
		mailbox_wake(mailbox);
	return taken;
}

bool
mailbox_pop(struct mailbox *mailbox, struct message *out)
{
	bool found;

	pthread_mutex_lock(&mailbox->lock);
	found = mailbox->used > 0;
	if (found) {
		*out = mailbox->ring[mailbox->head];
		mailbox->head = (mailbox->head + 1) % mailbox->capacity;
		mailbox->used--;
		pthread_cond_signal(&mailbox->room);
	}
	pthread_mutex_unlock(&mailbox->lock);
	return found;
}

void
mailbox_close(struct mailbox *mailbox)
{
	pthread_mutex_lock(&mailbox->lock);
	mailbox->closed = true;
	pthread_cond_broadcast(&mailbox->room);
	pthread_mutex_unlock(&mailbox->lock);
}
