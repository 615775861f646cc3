/* prefs: what the config says of tables – their columns, sets of columns, and order. Pure. */
#pragma once

#include "views/rows.h"

/* Does the config name only tables and columns that there are? False with CONFIG_ERROR_VALUE that names the place. */
bool prefs_check(const struct config *config, GError **error);

/* The columns of KIND's set NAME as text for list_set_columns(), those shown at first for "default"; NULL: the config has
 * none. Borrowed. */
const char *prefs_columns(const struct config *config, const struct row_kind *kind, const char *name);
/* The names of KIND's sets, NULL-terminated; caller frees the array alone. */
const char **prefs_sets(const struct config *config, const struct row_kind *kind);
/* Puts the order into KEYS when the config has one. */
void prefs_sort(const struct config *config, const struct row_kind *kind, struct sort_key *keys);
