/*
 * columns: the one registry of what can be said about a host or a guest. Screen, JSON, CSV, `--columns`, sorting,
 * filtering and help are all made from these tables; numbers take name, unit and help from fleet/snapshot.h's
 * field_info. Rows are `const struct host_snap *` or `const struct vm *`. UI thread only, pure.
 */
#pragma once

#include "config/config.h"
#include "fleet/snapshot.h"
#include "fleet/value.h"
#include "tui/canvas.h"
#include "tui/cell.h"

#include <stdbool.h>
#include <stddef.h>

/* The guest that "how many more fit" is asked for: the fleet's median. 0: not known. */
struct vm_size {
	double vcpus, mem_bytes;
};

/* What a row looks like depends on more than the row. */
struct history;
struct queue;
struct timeline;
struct maintenance;

struct row_ctx {
	const struct config *config;
	const struct maintenance *maintenance; /* NULL: the config alone says which hosts are in it */
	const struct history *history; /* NULL: none is kept (batch) */
	struct timeline *timeline;     /* what the rows of events are gathered from; NULL: there are none */
	struct queue *queue;           /* … and those of jobs */
	const char *journal;           /* path of the journal, which its view's rows are read from; NULL: there is none */
	int64_t now_us;
	bool ascii;
	struct vm_size size;
};

enum column_flag {
	COLUMN_DEFAULT = 1 << 0, /* on the screen */
	COLUMN_WIDE = 1 << 1,    /* … where there is room for it, or after `w` */
	COLUMN_SCREEN = 1 << 2,  /* a picture, not a fact: not in JSON and CSV */
	COLUMN_TEXT = 1 << 3,    /* holds words: sorts ascending first */
	COLUMN_SEARCH = 1 << 4,  /* … that the filter looks through */
	COLUMN_HEX = 1 << 5,     /* … but only for what can be part of a UUID or a MAC address */
	COLUMN_OF_HOST = 1 << 6, /* the same for all rows of a host: the filter looks once */
	COLUMN_STICKY = 1 << 7,  /* stays when the table is scrolled sideways */
	COLUMN_RATE = 1 << 8,    /* needs two samples */
	COLUMN_FACT = 1 << 9,    /* needs the facts of host or guest */
	COLUMN_FIT = 1 << 10,    /* as wide as its widest text; flex: at most so many 16ths of the screen */
	COLUMN_VOLATILE = 1 << 11, /* changes though the row does not: ages, and what depends on other rows */
	COLUMN_FLAG = 1 << 12,   /* yes or no */
	COLUMN_LIST = 1 << 13,   /* words with commas between; queries look at each */
	COLUMN_IN_TEXT = 1 << 15, /* the filter looks through row_kind.text instead */
	COLUMN_IDENTITY = 1 << 16, /* part of what the row is */
	COLUMN_LISTED = 1 << 14, /* known from the bare list of a host's guests, or from the config */
};

/* Which pair of limits in the config colours the number. */
enum threshold { THRESHOLD_NONE, THRESHOLD_CPU, THRESHOLD_MEM, THRESHOLD_READY };

/* What a column says of many rows together, of which some may say nothing. */
enum fold {
	FOLD_NONE, /* nothing that makes sense */
	FOLD_SUM,  /* of the running ones */
	FOLD_MEAN, /* of the running ones, by their weight */
	FOLD_MAX,  /* the worst of the running ones */
	FOLD_SAME, /* what all say, if they do */
};

struct column {
	const struct field_info *info; /* name, unit, help */
	const char *title;
	int width, max_width, flex, priority; /* as in tui/table.h; the least sensible column has the highest priority */
	enum align align;
	unsigned flags; /* enum column_flag */
	enum threshold threshold;
	enum fold fold;
	size_t field; /* enum vm_field or host_field, for the value functions that are made for fields */
	const char *alias;         /* another name for it in queries, NULL: none */
	const char *const *words;  /* the only texts it can have, NULL-terminated; NULL: any */
	/* Fills OUT when there is something to know. Called through column_value(). */
	void (*value)(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out);
	/* NULL: the value by its unit and threshold. */
	void (*cell)(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out);
};

enum severity { SEVERITY_NONE, SEVERITY_WARN, SEVERITY_BAD };

/* A state as one character that says it without colour. */
struct look {
	const char *glyph;
	char ascii;
	enum role role;
	const char *help;
};

const struct look *link_look(enum link_state link);
const struct look *vm_look(enum vm_state state);

/* What a row is to counts and sums. */
enum part {
	PART_NONE,   /* nothing: Domain-0, shown but counted nowhere and never a target */
	PART_IDLE,   /* one more that is there */
	PART_ACTIVE, /* … and runs, as far as is known now */
};

/* What a table can be of. */
struct row_kind {
	const char *name;     /* "hosts" */
	const char *singular, *plural; /* "host", "hosts"; "VM", "VMs" */
	const char *none;     /* what is said when there are none at all; NULL: "no hosts" */
	const struct column *columns;
	size_t ncolumns;
	size_t name_column;   /* the row's name: second sort key */
	const char *sort;     /* column that sorts at first, as after `:sort`: "age up"; NULL: name_column */

	/* Kinds whose rows are not parts of hosts (groups, events): appends all rows of SOURCE, which the list was made with.
	 * They hold until the next call with the same SOURCE. Then count and at are NULL, and host may give NULL. */
	void (*gather)(void *source, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows);
	/* Of what was gathered last; the same number: the same rows by identity and name, in the same order. NULL: never. */
	uint64_t (*gathered)(const void *source);
	/* Else: a host's rows. Both: a row's host, and its identity across snapshots. */
	size_t (*count)(const struct host_snap *host);
	const void *(*at)(const struct host_snap *host, size_t i);
	const struct host_snap *(*host)(const void *row);
	struct row_key (*key)(const void *row);
	/* What the COLUMN_IN_TEXT columns say of the row, as in struct query_schema; NULL: there are none. */
	const char *(*text)(const void *row);
	/* The same number: the host has the same rows by identity and name, in the same order. NULL: it always has. */
	uint64_t (*roster)(const struct host_snap *host);
	/* The same number, and the same roster: column_lasts() columns say the same. To be compared only while the older one of both
	 * snapshots lives. NULL: nobody knows. */
	uint64_t (*facts)(const struct host_snap *host);
	/* NULL: all are active, and weigh the same. */
	enum part (*part)(const struct row_ctx *ctx, const void *row);
	double (*weight)(const void *row); /* for FOLD_MEAN; 0: not known */

	/* Does the row deserve attention, and why (OUT may be NULL, else SIZE bytes)? */
	enum severity (*fault)(const struct row_ctx *ctx, const void *row, char *out, size_t size);
};

extern const struct row_kind host_rows, vm_rows, event_rows, job_rows, journal_rows;

/* What states, types and hypervisors are called, for column.words. */
extern const char *const vm_state_words[], *const vm_type_words[], *const hypervisor_words[], *const link_words[];

/* Whether the guest's state is one that nobody wanted: crashed, halted by an error, frozen (its monitor is silent). */
enum vm_plight { PLIGHT_NONE, PLIGHT_SILENT, PLIGHT_HALTED, PLIGHT_CRASHED };
enum vm_plight vm_plight(const struct vm *vm);

const struct row_kind *row_kind_by_name(const char *name);
char *row_kind_names(void); /* with commas between; caller frees */

/* The column called NAME, or NULL. */
const struct column *column_by_name(const struct row_kind *kind, const char *name);
/* The names of all columns, with commas between; caller frees. */
char *columns_names(const struct row_kind *kind);
/* An array of const struct column * for "a,b,c", "all", "default" or "wide"; NULL with CONFIG_ERROR_VALUE that names the
 * unknown one and what there is. */
GPtrArray *columns_parse(const struct row_kind *kind, const char *text, GError **error);

/* Adds to NEED what has to be asked of hosts for COLUMN of KIND. */
void column_need(const struct column *column, const struct row_kind *kind, struct snap_need *need);
/* What its values are: "text", "yes or no", "bytes per second" … */
const char *column_type_name(const struct column *column);

/* Hangs on names and facts, and on what the config and the clock say of the host, alone. */
static inline bool
column_lasts(const struct column *column)
{
	return column->flags & (COLUMN_FACT | COLUMN_OF_HOST | COLUMN_IDENTITY) && !(column->flags & COLUMN_VOLATILE);
}

/* What COLUMN says of ROW, raw. OUT needs no initialiser, which would clear its buffer for each of 100,000 rows. */
static inline void
column_value(const struct column *column, const struct row_ctx *ctx, const void *row, struct value *out)
{
	out->type = VALUE_UNKNOWN;
	column->value(column, ctx, row, out);
}

/* The same for the screen. */
void column_value_cell(const struct column *column, const struct row_ctx *ctx, const struct value *value, struct cell *out);
void column_cell(const struct column *column, const struct row_ctx *ctx, const void *row, struct cell *out);

/* The colour NUMBER deserves. */
enum role threshold_role(const struct config *config, enum threshold threshold, double number);
