/* tables: the config's say on the tables on the screen – their columns, named sets of columns, and order. */
#pragma once

#include "config/schema.h"

/* Appends what "views:" (may be NULL) says to VIEWS, struct config_view *. Which tables and columns there are is known to
 * those who show them. False with CONFIG_ERROR. */
bool tables_read(const struct yaml_value *value, GPtrArray *views, GError **error);

void config_view_free(struct config_view *view); /* accepts NULL */
