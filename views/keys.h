/* keys: which key asks for what – the generic table, each view's own, the verbs', and the config's changes to them. */
#pragma once

#include "config/config.h"
#include "tui/keymap.h"

struct keys;

/* NULL with CONFIG_ERROR_VALUE, naming the origin, when the config binds a key in an unknown view or to an unknown
 * request. */
struct keys *keys_new(const struct config *config, bool readonly, GError **error);
void keys_free(struct keys *keys); /* accepts NULL */

/* The keymap of the view called VIEW; its parent is the generic one, unless the view takes what is typed. */
const struct keymap *keys_of(const struct keys *keys, const char *view);
/* How the first key for REQUEST is shown: "Enter", "/", "Ctrl-r"; NULL: none. Caller frees. */
char *keys_label(const struct keymap *keymap, int request);
/* All of them: "j, Down". NULL: none. Caller frees. */
char *keys_labels(const struct keymap *keymap, int request);
/* The same in VIEW, else in the first view that has keys of its own for it, which is named: "b in groups". */
char *keys_labels_anywhere(const struct keys *keys, const char *view, int request);
