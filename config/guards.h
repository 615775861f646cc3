/* guards: the config's guard rails, as far as they can be read without knowing verbs and queries. */
#pragma once

#include "config/schema.h"

/* Appends what "guards:" (may be NULL) says to GUARDS, struct config_guard *. False with CONFIG_ERROR. */
bool guards_read(const struct yaml_value *value, GPtrArray *guards, GError **error);

/* "deny", as the file has it. */
const char *config_guard_word(enum config_guard_kind kind);

void config_guard_free(struct config_guard *guard); /* accepts NULL */
