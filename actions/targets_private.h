/* targets_private: shared by actions/targets*.c alone. */
#pragma once

#include "actions/targets.h"

/* Both of the same site, by the config. */
bool hosts_same_site(const struct host_snap *a, const struct host_snap *b);

/* What a guest brings along, found out once. */
struct candidate {
	GArray *own;         /* struct obstacle: what its own side says, but for what depends on the target */
	GPtrArray *networks; /* "bridge br0", … that it is on */
	double mem, vcpus;   /* -1: not known */
};

struct targets {
	struct targets_opts opts;
	struct room *rooms;     /* one for each host of the snapshot */
	GHashTable **networks;  /* likewise: "bridge br0" … that guests there use; NULL: not looked yet */
	GHashTable *candidates; /* struct row_key to struct candidate */
};

/* A guest is tried on a host. */
struct trial {
	struct targets *targets;
	const struct vm *vm;
	const struct host_snap *host;
	const struct candidate *candidate;
	enum verdict worst;
	const char *what;  /* a word for the worst, as in struct obstacle, valid as long as targets */
	GArray *reasons;   /* struct obstacle; NULL: only the verdict is wanted */
};

/* One more reason. The words are only made when they are wanted. */
void trial_add(struct trial *trial, enum obstacle_kind kind, const char *what, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* ---- targets_checks.c ---- */

/* All that speaks against it, but for what the guest's own side says. */
void trial_check(struct trial *trial);
/* HOST is in maintenance. */
bool targets_excludes(const struct targets *targets, const struct host_snap *host);

/* ---- targets.c ---- */

/* An array of struct obstacle with its clear function; WHY is taken. */
GArray *targets_obstacles_new(void);
void targets_add_obstacle(GArray *obstacles, enum obstacle_kind kind, const char *what, char *why);

/* The word for an obstacle of the guest's own, in counts. */
const char *targets_own_word(const struct obstacle *own);

/* SIGN 1: VM comes, -1: it goes. */
void room_change(struct room *room, const struct vm *vm, int sign);
/* The reasons that are HOST's and not the guest's own; NULL: there are none. Caller frees. */
char *targets_words_there(struct targets *targets, const struct vm *vm, const struct host_snap *host);
const struct candidate *targets_candidate(struct targets *targets, const struct vm *vm);
/* What its guests call the networks that they are on. */
GHashTable *targets_networks(struct targets *targets, const struct host_snap *host);
