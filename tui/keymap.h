/*
 * keymap: keys to request numbers. A keymap has a parent (view's → generic); overrides come from the config. Sequences of
 * two keys ("g g") are allowed. Requests are plain ints here: views/request.h knows them.
 */
#pragma once

#include "config/keyspec.h"

#include <stddef.h>

#define KEYMAP_MAX_SEQUENCE 2
#define KEYMAP_NONE (-1)    /* no such key */
#define KEYMAP_PREFIX (-2)  /* the beginning of a sequence: wait for the next key */

struct binding {
	const char *keys; /* "j", "ctrl-r", "g g"; table ends with NULL */
	int request;
};

struct keymap;

/* NAME is the view's; TABLE is static; PARENT may be NULL and must outlive it. Aborts on a table that can't be parsed or
 * holds a key twice: that is a programmer's error and test_tables proves its absence. */
struct keymap *keymap_new(const char *name, const struct binding *table, const struct keymap *parent);
void keymap_free(struct keymap *keymap);
const char *keymap_name(const struct keymap *keymap);

/* The config's say: REQUEST for KEY, or KEYMAP_NONE to unbind (a parent's binding too). */
void keymap_override(struct keymap *keymap, struct keyspec key, int request);

int keymap_lookup(const struct keymap *keymap, const struct keyspec *keys, size_t n);

/* The keys bound to REQUEST here or in a parent, "j, down", newly allocated; NULL: none. For help and hints. */
char *keymap_keys_for(const struct keymap *keymap, int request);
