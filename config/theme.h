/*
 * theme: what a piece of text means (a role) and how each theme colours it. Knows no curses.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* _(ENUM, "name in the config", "what it is for") */
#define ROLES(_)                                                            \
	_(NORMAL, "normal", "ordinary text")                                \
	_(DIM, "dim", "what may be overlooked: unknown values, hints")      \
	_(TITLE, "title", "the program's name and the view's")              \
	_(HEADER, "header", "the header line")                              \
	_(COLUMN, "column", "column titles")                                \
	_(SORTED, "sorted", "the title of the sorted column")               \
	_(CURSOR, "cursor", "the row under the cursor")                     \
	_(MARKED, "marked", "marked rows")                                  \
	_(GOOD, "good", "all is well")                                      \
	_(WARN, "warn", "over the warning threshold; slow")                 \
	_(BAD, "bad", "over the alarm threshold; down; crashed")            \
	_(INFO, "info", "names of things, links")                           \
	_(GRAPH, "graph", "sparklines and bars")                            \
	_(BADGE, "badge", "[RO], DEMO")                                     \
	_(PROMPT, "prompt", "the input line")                               \
	_(STATUS, "status", "the status line")                              \
	_(DIALOG, "dialog", "text in a dialog")                             \
	_(BUTTON, "button", "a dialog's button")                            \
	_(FOCUS, "focus", "the dialog's button that Enter presses")         \
	_(KEY, "key", "a key in the hint line and the help")                \
	_(HEAT_0, "heat-0", "the map: the lowest of eight levels")          \
	_(HEAT_1, "heat-1", "the second level")                             \
	_(HEAT_2, "heat-2", "the third level")                              \
	_(HEAT_3, "heat-3", "the fourth level")                             \
	_(HEAT_4, "heat-4", "the fifth level")                              \
	_(HEAT_5, "heat-5", "the sixth level")                              \
	_(HEAT_6, "heat-6", "the seventh level")                            \
	_(HEAT_7, "heat-7", "the highest level")

enum role {
#define ROLE_ENUM(id, name, help) ROLE_##id,
	ROLES(ROLE_ENUM)
#undef ROLE_ENUM
		ROLE_COUNT
};

enum style_attr {
	STYLE_BOLD = 1 << 0,
	STYLE_DIM = 1 << 1,
	STYLE_UNDERLINE = 1 << 2,
	STYLE_REVERSE = 1 << 3,
};

/* A colour is 0..255 (xterm's palette) or -1, the terminal's own. fg16/bg16 (0..15) are used on terminals
 * with fewer than 256 colours; on mono terminals and with NO_COLOR only attrs count. */
struct style {
	int16_t fg, bg;
	int16_t fg16, bg16;
	uint8_t attrs;
};

struct theme {
	char *name;
	struct style styles[ROLE_COUNT];
};

/* The role called NAME; false when there is none. Any thread. */
bool role_by_name(const char *name, enum role *out);
const char *role_name(enum role role);

/* Built-in themes, NULL-terminated, for help and messages: default, light, colour-blind, mono. */
const char *const *theme_names(void);

/* A copy of the built-in theme NAME, owned by the caller; NULL when there is none. Any thread. */
struct theme *theme_new(const char *name);
struct theme *theme_copy(const struct theme *theme); /* owned by the caller */
void theme_free(struct theme *theme);

/* Changes one role by a config text such as "bold red", "208 on 17", "reverse". Returns false with
 * CONFIG_ERROR_VALUE and THEME unchanged when it can't be read. */
bool theme_set(struct theme *theme, enum role role, const char *text, GError **error);
