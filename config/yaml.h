/*
 * yaml: a YAML text as a tree of values that know where they stand, so that every later check can say
 * file:line:column. Strict where YAML is lax: one document, no key twice, keys are plain texts. Bounded: to
 * YAML_MAX_BYTES, YAML_MAX_DEPTH levels and YAML_MAX_VALUES values, with every alias counted in full.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define YAML_MAX_BYTES  (16 << 20)
#define YAML_MAX_DEPTH  16
#define YAML_MAX_VALUES 500000

enum yaml_type {
	YAML_NOTHING, /* "key:" with nothing behind it, "~" or "null" */
	YAML_TEXT,
	YAML_LIST,
	YAML_MAP,
};

struct yaml_value {
	enum yaml_type type;
	unsigned refs;       /* an alias is one more reference */
	unsigned values;     /* this and all below */
	int line, column;    /* from 1; line 0: made by a program, it has no place */
	const char *name;    /* the file's, for messages; borrowed, outlives the value */
	char *text;          /* YAML_TEXT */
	GPtrArray *items;    /* YAML_LIST, YAML_MAP: struct yaml_value *, owned */
	GPtrArray *keys;     /* YAML_MAP: YAML_TEXTs, keys[i] is that of items[i]; owned */
};

/* Parses TEXT; NAME must outlive the value. NULL with CONFIG_ERROR at the first error. An empty text is a
 * YAML_NOTHING. */
struct yaml_value *yaml_parse(const char *text, size_t len, const char *name, GError **error);

/* A value without a place, one reference: an empty list or map, or TEXT (copied). */
struct yaml_value *yaml_new(enum yaml_type type, const char *name, const char *text);
/* Appends to a list (KEY NULL) or map. Takes ownership of ITEM. A key may come twice here. */
void yaml_add(struct yaml_value *value, const char *key, struct yaml_value *item);

struct yaml_value *yaml_ref(struct yaml_value *value);
void yaml_unref(struct yaml_value *value); /* accepts NULL */

/* The item under KEY of a map; NULL when there is none or VALUE is no map. Borrowed. */
const struct yaml_value *yaml_get(const struct yaml_value *value, const char *key);

/* "file:line:column", newly allocated. */
char *yaml_place(const struct yaml_value *value);

/* Sets ERROR to "file:line:column: …" and returns false. CODE is an enum config_error. */
bool yaml_fail(const struct yaml_value *value, GError **error, int code, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* Puts VALUE's place before the message of ERROR, which is set; returns false. */
bool yaml_prefix(const struct yaml_value *value, GError **error);

/* "a list", "nothing", … */
const char *yaml_type_name(enum yaml_type type);
