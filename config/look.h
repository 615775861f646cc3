/* look: the config's say on colours and keys. */
#pragma once

#include "config/schema.h"

/* The theme in use: ui.theme, a built-in one or one of "themes:", with "colours:" over it. All themes of the file are
 * checked and appended to OWN (struct theme *), in use or not. NULL with CONFIG_ERROR. ROOT is for the place of ui.theme. */
struct theme *look_theme(const struct draft *draft, const struct yaml_value *root, GPtrArray *own, GError **error);

/* Appends the bindings of "keys:" (may be NULL) to KEYS, struct config_key *. */
bool look_keys(const struct yaml_value *value, GPtrArray *keys, GError **error);

void config_key_free(struct config_key *key);
