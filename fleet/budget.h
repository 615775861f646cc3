/*
 * budget: how many round trips go to guests that must be asked one by one and that nobody looks at. Each host has its own
 * limit, and what all such hosts together may cost us is shared among them. A host saves what it does not spend and pays
 * off what it overdraws: a guest is read whole or not at all.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fleet's part. */
struct budget;

struct budget *budget_new(int64_t per_host, int64_t all); /* round trips per second */
void budget_free(struct budget *budget);

/* A host's part; zeroed before use, belongs to its thread. */
struct purse {
	struct budget *budget; /* set by purse_open() while this host has a share */
	double calls;          /* to be spent; below 0: overdrawn */
	int64_t filled_us;
};

/* The host has GUESTS that must be asked one by one: it gets a share, and enough to get to know them as fast as the host's
 * own limit allows. Does nothing for a purse that is open. */
void purse_open(struct purse *purse, struct budget *budget, size_t guests, int64_t now_us);
/* Gives the share back; accepts a purse that is not open. */
void purse_close(struct purse *purse);
/* What may be spent in the INTERVAL_US that begins at NOW_US. A purse that is not open yet has the host's limit. */
unsigned purse_look(struct purse *purse, const struct budget *budget, int64_t now_us, int64_t interval_us);
void purse_pay(struct purse *purse, unsigned calls);
