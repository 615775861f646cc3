/*
 * keyspec: a key as the config writes it ("ctrl-r", "g", "f5", "pgdn") and as the terminal sends it.
 * Knows no curses: tui/key.c translates.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Named keys lie above Unicode; everything below is a code point. */
enum key_code {
	KEY_CODE_NONE = 0,
	KEY_CODE_UP = 0x110000,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PGUP,
	KEY_CODE_PGDN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_ENTER,
	KEY_CODE_ESC,
	KEY_CODE_TAB,
	KEY_CODE_BACKTAB,
	KEY_CODE_BACKSPACE,
	KEY_CODE_DELETE,
	KEY_CODE_INSERT,
	KEY_CODE_F1,
	KEY_CODE_F12 = KEY_CODE_F1 + 11,
	KEY_CODE_LAST,
};

enum key_mod {
	KEY_MOD_CTRL = 1 << 0,
	KEY_MOD_ALT = 1 << 1,
};

struct keyspec {
	uint32_t code; /* a Unicode code point or enum key_code; ctrl-letter keeps the lower-case letter */
	uint8_t mods;  /* enum key_mod */
};

/* Parses one key: "j", "G", "?", "space", "enter", "ctrl-r", "alt-x", "f1". Returns false with
 * CONFIG_ERROR_VALUE when it is no key, or one that terminals and tmux keep for themselves
 * (ctrl-a, ctrl-b, ctrl-z, ctrl-\). Pure. Any thread. */
bool keyspec_parse(const char *text, struct keyspec *out, GError **error);

/* The canonical spelling of KEY, newly allocated: keyspec_parse() of it gives KEY again. Any thread. */
char *keyspec_format(struct keyspec key);

static inline bool
keyspec_equal(struct keyspec a, struct keyspec b)
{
	return a.code == b.code && a.mods == b.mods;
}
