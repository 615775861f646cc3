/* rows_private: shared by views/rows*.c alone. */
#pragma once

#include "views/radix.h"
#include "views/rows.h"
#include "views/texts.h"

#define KEY_LAST   UINT64_MAX /* the key of what is not known */
#define RANK_LAST  UINT32_MAX /* the rank of a name that is not known */
#define LINE_GROUP (UINT32_C(1) << 31) /* in a line: the rest is a group's number, not a row's */
#define NO_GROUP   UINT32_MAX
#define NO_SUMS    UINT32_MAX

/* A row and what is kept of it. Its number is its place in the order of the snapshot. */
struct entry {
	const void *row;
	uint64_t key[SORT_KEYS]; /* of numbers: ascending as shown; of words: their number in texts */
	uint32_t group;          /* its text's number in group_texts; NO_GROUP: not known */
	bool wanted;             /* matches */
};

/* Rows come in blocks, one per host – or a single one, for kinds that gather. */
struct block {
	uint32_t first;  /* of its entries */
	uint32_t n;
	uint64_t roster; /* the same: the same rows by identity and name; of kinds that gather, if they tell */
	uint64_t facts;  /* the same, and roster and link, too: the same in all columns that last */
	uint8_t link;    /* enum link_state: rows look another way when it changes */
};

/* Sums of one column over one group. */
struct fold_sum {
	double value, weight;
	uint32_t text; /* number in fold_texts */
	bool partial;  /* not all that should be in it are known */
	enum { FOLD_NOTHING, FOLD_ONE, FOLD_MIXED } state;
};

struct rows {
	const struct row_kind *kind;
	void *source;        /* what kind->gather() takes them from */
	GPtrArray *gathered; /* by it */

	/* What the entries were made from. */
	const struct fleet_snap *snap; /* one reference; NULL before the first update */
	struct rows_query query;       /* its pointers are not to be used, for they may be gone … */
	struct filter *filter;         /* … but this reference */
	char *label;                   /* … this copy */
	struct grouping grouping;      /* … and this, but for its label */
	GArray *blocks, *new_blocks;   /* struct block */
	GArray *entries, *new_entries; /* struct entry */

	GArray *by_name;   /* uint32_t: all entries' numbers in the order of their names … */
	GArray *name_rank; /* uint32_t, by entry: its place in it, the same for equal names */
	GHashTable *shelf; /* const struct column to struct texts, owned: of columns that were sorted by; to put 50,000 words in order
	                    * takes longer than all else */
	struct texts *texts[SORT_KEYS]; /* on it; NULL: of no column */

	GArray *items, *scratch; /* struct keyed */
	GArray *lines;           /* uint32_t */
	GPtrArray *data;         /* rows that match */
	unsigned rosters, contents;
	int64_t updated_us; /* the time that the last update was made for */

	/* ---- groups ---- */
	bool grouped;      /* at the last update */
	struct texts *group_texts, *fold_texts;
	GArray *groups;    /* struct row_group */
	GArray *group_of;  /* uint32_t, by text's number in group_texts: its group */
	GPtrArray *folded; /* const struct column *: those with totals */
	guint nsorting;    /* … of which these first ones are known of all groups */
	GArray *sums;      /* struct fold_sum, groups x nsorting … */
	GArray *asked;     /* … and for groups that somebody asked about, the others each */
	GArray *keys;      /* struct row_key, by text's number in group_texts */
	GArray *members;   /* uint32_t: entries' numbers, group by group, in order */
};

static inline struct entry *
rows_entries(const struct rows *rows)
{
	return (struct entry *)(void *)rows->entries->data;
}

static inline struct keyed *
rows_items(const struct rows *rows)
{
	return (struct keyed *)(void *)rows->items->data;
}

/* ---- rows_gather.c ---- */

/* Makes blocks, entries and the order of names anew, from the ones there are as far as they hold. True: other rows match than
 * before, because the query is another one. */
bool rows_gather(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
                 const struct row_ctx *ctx);

/* ---- rows_keys.c: what a row sorts by, as a number ---- */

/* Does the rows' name, and not a column's value, decide at level LEVEL? */
bool rows_sorts_by_name(const struct rows *rows, const struct sort_key *key);
/* Of the N ENTRIES that NEEDED says. */
void rows_extract_keys(struct rows *rows, const struct sort_key *key, int level, const struct row_ctx *ctx,
                       struct entry *entries, const bool *needed, size_t n);
/* The number by which VALUE sorts, of a column that holds no words. */
uint64_t rows_number_key(const struct value *value, bool descending);
/* Puts the numbers of all rows that match into items, in their order. */
void rows_sort(struct rows *rows, const struct rows_query *query);

/* ---- rows_names.c ---- */

/* Brings by_name and name_rank up to date. SAME: per block, whether it has the rows that it had; OLD: the blocks before. */
void rows_order_names(struct rows *rows, const struct row_ctx *ctx, const GArray *old, const bool *same);

/* ---- rows_groups.c ---- */

/* Notes which groups the rows of those of the N ENTRIES are in that NEEDED says. */
void rows_extract_groups(struct rows *rows, const struct grouping *grouping, const struct row_ctx *ctx,
                         struct entry *entries, const bool *needed, size_t n);
/* Makes groups of the sorted items, and lines of both. */
void rows_make_groups(struct rows *rows, const struct fleet_snap *snap, const struct rows_query *query,
                      const struct row_ctx *ctx);
