/* groups_private: shared by views/groups.c and views/groups_tally.c alone. */
#pragma once

#include "views/groups.h"

/* The group of the guest in some place of a host's, for as long as the guest there has the same token. Only of guests that
 * were counted last, for the token of another one may be gone, and its address be another's. */
struct memo {
	const void *token;
	struct group *group; /* NULL: not looked up yet */
};

struct host_memo {
	struct memo *memos;
	size_t n;
};

/* The groups and what they were made from. Groups stay where they are while their guests come and go. */
struct tally {
	const struct groups *groups;
	GHashTable *by_name; /* their names to struct group *, owned */
	GPtrArray *all;      /* struct group *: the same, and the nameless one */
	struct group *nameless;
	struct groups_totals totals;

	struct host_memo *hosts; /* by slot */
	size_t nhosts;
	const struct fleet_snap
		*snap;     /* one reference: it keeps alive what the tokens stand for; NULL: none yet */
	GByteArray *fresh; /* per host of it: did it answer? */

	/* The count under way, in the groups' NEXT: of this snapshot (a reference; NULL: none), up to this host. */
	struct {
		const struct fleet_snap *snap;
		GByteArray *fresh;
		GHashTable *arriving; /* NULL: nobody */
		struct group *all;
		unsigned unread;
		size_t host;
	} next;
};

struct tally *tally_new(const struct groups *groups);
void tally_free(struct tally *tally); /* accepts NULL */

enum count { COUNT_HOLDS, COUNT_GOES_ON, COUNT_ENDS };

/* Counts the guests of SNAP, about GUESTS of them, unless they have been counted; when that ends the numbers are to be
 * published. */
enum count tally_count(struct tally *tally, const struct fleet_snap *snap, int64_t now_us, size_t guests);
/* What was counted is what groups say from now on. */
void tally_publish(struct tally *tally);
