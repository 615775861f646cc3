/*
 * targets: where guests can go. Each host gets a verdict with its reasons before anything moves, from what the snapshot
 * tells; what only the host itself can say is asked by fleet/conn.h's take_check() and shown besides. Pure over a snapshot.
 */
#pragma once

#include "actions/movable.h"
#include "config/config.h"
#include "fleet/snapshot.h"

struct maintenance;

enum copy_storage { COPY_NONE, COPY_ALL, COPY_INCREMENTAL };

/* How the guests are to go, as far as it decides whether they can. */
struct move_wish {
	enum copy_storage copy;
	bool offline; /* the definition of guests that are off */
	bool unsafe;  /* somebody knows that storage is shared, whatever it looks like */
};

/* A guest that is on its way to a host (or is going to be) and not seen there yet. */
struct incoming {
	struct row_key guest; /* where it is now */
	uint32_t host;        /* where it goes */
};

struct targets_opts {
	const struct fleet_snap *snap;
	const struct config *config;
	const struct maintenance *maintenance; /* NULL: only the config says who is in it */
	const char *released;                  /* this host counts as released, whatever the notes say; NULL: none */
	const GArray *incoming;                /* struct incoming; NULL: none */
	struct move_wish wish;
	int64_t now_us;
};

/* What a host has to give, and has left after guests were given to it. -1: not known. */
struct room {
	double mem_total, mem_free, promised; /* bytes */
	double vcpus, pcpus;
	unsigned running;
};

/* A place to ask about many guests and hosts; borrows all of OPTS. */
struct targets;
struct targets *targets_new(const struct targets_opts *opts);
void targets_free(struct targets *targets); /* accepts NULL */

enum verdict {
	VERDICT_FITS,
	VERDICT_CAUTION, /* goes if something holds that is not known */
	VERDICT_COPY,    /* goes if its storage is copied along, which is not wished */
	VERDICT_NO,
};

/* Whether VM can go to HOST as things stand, guests that targets_put() placed there included. *WHY (may be NULL; caller
 * frees): the reasons for a verdict that is not FITS, the worst first, in one line. */
enum verdict targets_judge(struct targets *targets, const struct vm *vm, const struct host_snap *host, char **why);
/* The same without its words, and in *WHAT (may be NULL) one word for what stands in the way, valid as long as TARGETS; NULL:
 * nothing does. */
enum verdict targets_quick(struct targets *targets, const struct vm *vm, const struct host_snap *host, const char **what);
/* All reasons: an array of struct obstacle, the worst first, with a clear function; caller unrefs. */
GArray *targets_reasons(struct targets *targets, const struct vm *vm, const struct host_snap *host);

/* The same with what HOST itself has said of VM (struct take_finding): what it was asked about counts no longer as not
 * known. */
enum verdict targets_refine(struct targets *targets, const struct vm *vm, const struct host_snap *host, const GArray *found,
                            char **why);
/* What VM's own side says, which holds wherever it goes; the worst first, in one line; NULL: nothing. Caller frees. */
char *targets_own_words(struct targets *targets, const struct vm *vm);

/* VM goes to HOST: its room is less from now on, and that of VM's own host more. */
void targets_put(struct targets *targets, const struct vm *vm, const struct host_snap *host);
struct room targets_room(const struct targets *targets, const struct host_snap *host);

/* How full ROOM is by memory promised and by vCPU:pCPU against the config's cap, the higher of both: 1 is full. -1: not
 * known. */
double room_score(const struct room *room, const struct config *config);
/* What ROOM becomes with VM in it. */
struct room room_with(struct room room, const struct vm *vm);
double room_promised_pct(const struct room *room); /* -1: not known */
double room_vcpu_ratio(const struct room *room);   /* -1: not known */

/* A host as a place for a set of guests. */
struct place {
	const struct host_snap *host;
	enum verdict verdict;       /* for a set: of the best that most of it can hope for */
	unsigned fits, asked;       /* how many of the guests can go (FITS or CAUTION), of how many */
	char *why;                  /* for one guest: what is so there and not everywhere; NULL: nothing */
	struct room before, after;  /* with those that can go */
	bool same_site;             /* as all of the guests' hosts */
};

/* All hosts but those that the guests are all on, the best first; an array of struct place with a clear function, valid as
 * long as the snapshot. KEYS: struct row_key. What is gone is not asked for. */
GArray *targets_rank(struct targets *targets, const GArray *keys);

/* Puts PLACES in order again, after verdicts have changed. */
void targets_sort(GArray *places, const struct config *config);

/* "fits", "caution", "copy", "no". */
const char *verdict_word(enum verdict verdict);

/* The same machine, reached twice: by the host's UUID, or where that is not told by all that else identifies it. */
bool hosts_same_machine(const struct host_snap *a, const struct host_snap *b);
