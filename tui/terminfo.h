/* terminfo: is this a terminal one can draw on? A file of its own, because <term.h> takes the name `struct term`. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Whether the database knows a terminal called NAME (NULL: TERM is not set) that can move its cursor and clear its screen.
 * False: the error says in words what is wrong. Leaves nothing loaded. */
bool terminfo_check(const char *name, GError **error);
