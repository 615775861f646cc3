/*
 * relocation: a list of moves before they happen – who goes where and why there, what can't go and why, and what it makes of the
 * hosts. Made by actions/evacuate.h; a value that outlives the snapshot it was made from.
 */
#pragma once

#include "actions/targets.h"

/* One guest that is to go. */
struct move {
	struct row_key guest;
	char *name, *from, *to;
	uint32_t dest;         /* the host called TO */
	char *why;             /* why there */
	enum verdict verdict;  /* FITS or CAUTION */
	double mem;            /* bytes, -1: not known */
};

/* One that is not. */
struct stay {
	struct row_key guest;
	char *name, *host, *why;
	char *cause; /* a word, the same for all that stay for it; NULL: WHY is */
};

/* How full hosts are, as room_score() in percent. */
struct spread {
	unsigned hosts; /* 0: none is known, and the rest means nothing */
	double least, mean, most;
	double deviation; /* the standard one */
};

enum relocation_kind { RELOCATION_EVACUATE, RELOCATION_RETURN, RELOCATION_EVEN };

struct relocation {
	enum relocation_kind kind;
	char *subject;        /* the host that is emptied or comes back; RELOCATION_EVEN: the site, NULL: all */
	GPtrArray *list;      /* struct move *, in the order in which they are begun */
	GPtrArray *stays;     /* struct stay * */
	unsigned off;         /* guests of the host that are off and stay */
	struct spread before, after; /* of the hosts that could take part */
};

struct relocation *relocation_new(enum relocation_kind kind, const char *subject);
void relocation_free(struct relocation *moves); /* accepts NULL */
void relocation_add(struct relocation *moves, const struct vm *vm, const struct host_snap *to, enum verdict verdict, const char *why);
/* CAUSE may be NULL. */
void relocation_leave(struct relocation *moves, const struct vm *vm, const char *cause, const char *why);

/* The guests that are to go, as struct row_key; caller unrefs. */
GArray *relocation_keys(const struct relocation *moves);
/* "Evacuate kvm017", "Return to kvm017", "Even out dc1"; caller frees. */
char *relocation_title(const struct relocation *moves);
/* What is copied if no page is written meanwhile; *UNKNOWN: of so many guests it is not known how much memory they have. */
double relocation_bytes(const struct relocation *moves, unsigned *unknown);
/* How long that takes on a link of a gigabit, in seconds. */
double move_seconds(double bytes);

/* The same as commands for a shell, a line each, with what stays as comments; caller frees. SNAP and CONFIG: of the hosts.
 * Names of guests, which may be anything, are only in comments, harmless. */
char *relocation_virsh(const struct relocation *moves, const struct fleet_snap *snap, const struct config *config,
                  const struct move_wish *wish);
