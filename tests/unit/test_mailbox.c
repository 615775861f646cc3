#include "fleet/mailbox.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>

static void
drop_nothing(struct message message)
{
	(void)message;
}

static bool
readable(struct mailbox *mailbox)
{
	struct pollfd wait = { .fd = mailbox_fd(mailbox), .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

Test(mailbox, many_marks_are_one_wake_up)
{
	struct mailbox *mailbox = mailbox_new(4);

	cr_assert(!readable(mailbox));
	cr_assert(!mailbox_take_mark(mailbox));
	for (int i = 0; i < 1000; i++)
		mailbox_mark(mailbox);
	cr_assert(readable(mailbox));
	cr_assert(mailbox_take_mark(mailbox));
	cr_assert(!readable(mailbox));
	cr_assert(!mailbox_take_mark(mailbox));
	mailbox_free(mailbox, drop_nothing);
}

Test(mailbox, keeps_the_order)
{
	struct mailbox *mailbox = mailbox_new(3);
	struct message message;

	/* twice round the ring */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++)
			cr_assert(mailbox_push(mailbox, (struct message){ .type = i }));
		cr_assert(readable(mailbox));
		for (int i = 0; i < 3; i++) {
			cr_assert(mailbox_pop(mailbox, &message));
			cr_assert_eq(message.type, i);
		}
		cr_assert(!mailbox_pop(mailbox, &message));
	}
	mailbox_free(mailbox, drop_nothing);
}

#define PUSHED 5000

static void *
push_many(void *arg)
{
	for (int i = 0; i < PUSHED; i++)
		if (!mailbox_push(arg, (struct message){ .type = i }))
			return NULL;
	return arg;
}

Test(mailbox, a_full_one_holds_the_sender_and_loses_nothing)
{
	struct mailbox *mailbox = mailbox_new(2);
	struct pollfd wait = { .fd = mailbox_fd(mailbox), .events = POLLIN };
	struct message message;
	pthread_t sender;
	void *result;
	int seen = 0;

	cr_assert_eq(pthread_create(&sender, NULL, push_many, mailbox), 0);
	while (seen < PUSHED) {
		cr_assert_eq(poll(&wait, 1, 10000), 1, "no wake-up after %d messages", seen);
		mailbox_take_mark(mailbox);
		while (mailbox_pop(mailbox, &message))
			cr_assert_eq(message.type, seen++);
	}
	pthread_join(sender, &result);
	cr_assert_not_null(result);
	mailbox_free(mailbox, drop_nothing);
}

Test(mailbox, closing_frees_the_sender)
{
	struct mailbox *mailbox = mailbox_new(1);
	pthread_t sender;
	void *result = mailbox;

	cr_assert(mailbox_push(mailbox, (struct message){ .type = 7 }));
	cr_assert_eq(pthread_create(&sender, NULL, push_many, mailbox), 0);
	mailbox_close(mailbox);
	pthread_join(sender, &result);
	cr_assert_null(result, "the sender must be told that its message was not taken");
	mailbox_free(mailbox, drop_nothing);
}
