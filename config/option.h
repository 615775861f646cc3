/*
 * option: a thing that can be configured, as one line of a table: where it stands in the file and in
 * memory, what is allowed and what it is for. The tables are in schema.c; this reads a mapping by such a
 * table.
 */
#pragma once

#include "config/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_BOOL,     /* bool */
	OPTION_COUNT,    /* int64_t */
	OPTION_DURATION, /* int64_t, ms; written 500ms, 2s, 1m, 1h */
	OPTION_PERCENT,  /* int64_t; written 70 or 70% */
	OPTION_RATIO,    /* int64_t, percent; written 4:1, 4 or 2.5:1 */
	OPTION_WORD,     /* char *, one of words */
	OPTION_TEXT,     /* char * */
	OPTION_LIST,     /* char **: a list of texts, or one text alone */
	OPTION_ARGV,     /* char **: a list, or one text that is split as a shell would; no shell runs it */
	OPTION_MAP,      /* GHashTable *, char * to char * */
	OPTION_RAW,      /* const struct yaml_value *, borrowed: read by somebody who knows more */
};

struct option_def {
	const char *path; /* "thresholds.cpu.warn"; NULL ends a table */
	enum option_type type;
	size_t offset;
	const char *preset;             /* as the file would say it; NULL: unset (NULL or 0) */
	int64_t min, max;               /* the numbers' range, in the unit in memory */
	const char *const *words;       /* OPTION_WORD: what is allowed, NULL-terminated */
	bool (*check)(const char *text, GError **error); /* OPTION_TEXT, each of OPTION_LIST; NULL: any clean text will do */
	const char *help;
};

struct option_table {
	const char *where; /* "in a host", for messages about keys at its top */
	const struct option_def *defs;
};

/* Fills BASE (zeroed) with the presets. */
void option_preset(const struct option_table *table, void *base);

/* Sets what MAP says; the rest of BASE stays. A key without a value leaves its option alone. On failure
 * BASE may be half set, but can be cleared. MAP may be YAML_NOTHING. */
bool option_read(const struct option_table *table, const struct yaml_value *map, void *base, GError **error);

/* The line for PATH; NULL when there is none. */
const struct option_def *option_find(const struct option_table *table, const char *path);

/* Sets one option; BASE is untouched on failure. VALUE is not YAML_NOTHING. */
bool option_set(const struct option_def *def, const struct yaml_value *value, void *base, GError **error);

/* Frees what BASE's options own and zeroes them. */
void option_clear(const struct option_table *table, void *base);

/* What the file says for PATH ("thresholds.cpu.warn"); NULL when it doesn't. Borrowed. */
const struct yaml_value *option_value(const struct yaml_value *root, const char *path);

/* NUMBER as a file would say it ("2s", "70%", "4:1"), newly allocated. */
char *option_format(enum option_type type, int64_t number);

/* "500ms to 1h" for numbers, "yes, no" and so on: what DEF allows, newly allocated. */
char *option_allowed(const struct option_def *def);
