/*
 * groups: the guests of a fleet added up by what they have in common – whom they belong to, where they are, what their
 * hosts are tagged with. Domain-0 is in no group; a guest that is being migrated counts once, and those of hosts that do
 * not answer count as unknown. UI thread only.
 */
#pragma once

#include "views/columns.h"
#include "views/totals.h"

/* What groups are made by; name and help are in views/group_names.c. */
enum group_by {
	GROUP_BY_TENANT,
	GROUP_BY_SITE,
	GROUP_BY_TAG,
	GROUP_BY_HYPERVISOR,
	GROUP_BY_OS,
	GROUP_BY_TYPE,
	GROUP_BY_STATE,
	GROUP_BY_HOST,
	GROUP_BY_LABEL, /* a label of the host, by its name */
	GROUP_BY_COUNT
};

/* A group's sums, beyond those of struct vm_totals; of running guests that are known. */
enum group_sum {
	GROUP_MEM_USED,
	GROUP_RSS,
	GROUP_NET_RX,
	GROUP_NET_TX,
	GROUP_DISK_RD,
	GROUP_DISK_WR,
	GROUP_SUM_COUNT
};

struct tally;

/* A row of group_rows. */
struct group {
	const struct tally *tally;
	char *name;                       /* NULL: the guests that have none */
	struct row_key key;               /* a digest of dimension and name: stays the same across snapshots */
	struct vm_totals totals;
	struct sum sums[GROUP_SUM_COUNT];
	struct sum mem_telling;           /* memory of the guests that tell how much of it they use */
	unsigned hosts;                   /* on which it has guests */
	unsigned crashed;                 /* crashed or halted by an error: not among the states of totals.guests */
	const struct vm *waiting;         /* the guest that waits the most for a CPU; NULL: not known of any */
	uint32_t host_seen;               /* private, as what follows: the host counted last */
	struct group *next;               /* its numbers as they are being counted */
};

/* Whose groups are gathered: the source of group_rows. All zero: by tenant. */
struct groups {
	enum group_by by;
	char *label;         /* GROUP_BY_LABEL: its name */
	struct tally *tally; /* private, as what follows */
	GPtrArray *shown;    /* struct group *: those with guests */
	uint64_t roster;     /* how often they were others */
};

/* What all groups together are, whatever a filter shows. */
struct groups_totals {
	struct group all;  /* each guest once; no row */
	unsigned nameless; /* guests in the group without a name */
	unsigned unread;   /* of these: their facts, which would tell the name, have not been read yet */
};

extern const struct row_kind group_rows;

/* Chooses the dimension: "tenant", "label rack". False with CONFIG_ERROR_VALUE that says what there is, and GROUPS as it
 * was. Its rows are gone. */
bool groups_choose(struct groups *groups, const char *text, GError **error);
void groups_done(struct groups *groups);

/* Counts the groups of SNAP, so that there is less to do when their rows are gathered; of about GUESTS guests, so that there is
 * time for something else in between. False: there is more to do. */
bool groups_prepare(struct groups *groups, const struct fleet_snap *snap, int64_t now_us, size_t guests);

/* "tenant", "label rack"; caller frees. */
char *groups_by_name(const struct groups *groups);
/* What N of them are called: "tenant", "tenants", "values of label rack"; caller frees. */
char *groups_by_noun(const struct groups *groups, size_t n);
const char *group_by_name(enum group_by by);
const char *group_by_help(enum group_by by);

/* Of the last gathering; NULL before the first. */
const struct groups_totals *groups_totals(const struct groups *groups);

/* What can be chosen in SNAP: the dimensions, and "label NAME" for each label that its hosts have. NULL-terminated, caller
 * frees. */
char **groups_choices(const struct fleet_snap *snap);

/* The group whose key is KEY; NULL: there is none (any more). Linear. */
const struct group *groups_find(const struct groups *groups, const struct row_key *key);
/* Appends the query that finds GROUP's guests in the view vms: tenant="Acme", or tenant=- for those without. */
void group_query(const struct group *group, GString *query);

/* What follows is for group_rows alone. */

/* All groups of SNAP's guests, appended to ROWS; computed anew only when SNAP, or which hosts answer, is another. */
void groups_gather(void *groups, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows);
/* Another number whenever there are other groups than before, or in another order. */
uint64_t groups_roster(const void *groups);
const struct groups *tally_groups(const struct tally *tally);
const struct groups_totals *tally_totals(const struct tally *tally);
