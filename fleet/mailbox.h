/*
 * mailbox: bounded queue from any thread to the UI thread, with an eventfd to poll. "Something changed" is a flag, not
 * an entry: a thousand hosts changing are one wake-up, and it can never overflow.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct mailbox;

/* An entry: a type the owner defines, and a pointer whose ownership passes to the receiver. */
struct message {
	int type;
	void *data;
};

struct mailbox *mailbox_new(size_t capacity);
void mailbox_free(struct mailbox *mailbox, void (*drop)(struct message message)); /* no other thread uses it any more */
int mailbox_fd(struct mailbox *mailbox);         /* readable when there is something; constant */
void mailbox_mark(struct mailbox *mailbox);      /* sets the flag. Any thread, never blocks. */
/* Puts MESSAGE in; blocks while full, false when the mailbox was closed meanwhile (the sender keeps data). Any thread but the receiver's. */
bool mailbox_push(struct mailbox *mailbox, struct message message);
/* Takes one entry out. Receiver only, never blocks. */
bool mailbox_pop(struct mailbox *mailbox, struct message *out);
/* Reads and clears flag and eventfd. Receiver only; call it first, then mailbox_pop() until false. */
bool mailbox_take_mark(struct mailbox *mailbox);
void mailbox_close(struct mailbox *mailbox);     /* wakes and refuses all senders, for exit */
