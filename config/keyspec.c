#include "config/keyspec.h"

#include "config/error.h"
#include "config/words.h"

#include <string.h>

/* The first name of a code is its canonical spelling. */
static const struct {
	uint32_t code;
	const char *name;
} names[] = {
	{ ' ', "space" },
	{ KEY_CODE_UP, "up" },
	{ KEY_CODE_DOWN, "down" },
	{ KEY_CODE_LEFT, "left" },
	{ KEY_CODE_RIGHT, "right" },
	{ KEY_CODE_PGUP, "pgup" },
	{ KEY_CODE_PGUP, "pageup" },
	{ KEY_CODE_PGDN, "pgdn" },
	{ KEY_CODE_PGDN, "pagedown" },
	{ KEY_CODE_HOME, "home" },
	{ KEY_CODE_END, "end" },
	{ KEY_CODE_ENTER, "enter" },
	{ KEY_CODE_ENTER, "return" },
	{ KEY_CODE_ESC, "esc" },
	{ KEY_CODE_ESC, "escape" },
	{ KEY_CODE_TAB, "tab" },
	{ KEY_CODE_BACKTAB, "backtab" },
	{ KEY_CODE_BACKTAB, "shift-tab" },
	{ KEY_CODE_BACKSPACE, "backspace" },
	{ KEY_CODE_DELETE, "delete" },
	{ KEY_CODE_DELETE, "del" },
	{ KEY_CODE_INSERT, "insert" },
	{ KEY_CODE_INSERT, "ins" },
	{ KEY_CODE_F1, "f1" },
	{ KEY_CODE_F1 + 1, "f2" },
	{ KEY_CODE_F1 + 2, "f3" },
	{ KEY_CODE_F1 + 3, "f4" },
	{ KEY_CODE_F1 + 4, "f5" },
	{ KEY_CODE_F1 + 5, "f6" },
	{ KEY_CODE_F1 + 6, "f7" },
	{ KEY_CODE_F1 + 7, "f8" },
	{ KEY_CODE_F1 + 8, "f9" },
	{ KEY_CODE_F1 + 9, "f10" },
	{ KEY_CODE_F1 + 10, "f11" },
	{ KEY_CODE_F12, "f12" },
};

/* Control characters that are something else on every terminal, or belong to somebody else. */
static const struct {
	char letter;
	const char *why;
} not_ours[] = {
	{ 'a', "screen and many a tmux keep it for themselves" },
	{ 'b', "tmux keeps it for itself" },
	{ 'z', "the terminal suspends the program with it" },
	{ '\\', "the terminal kills the program with it" },
	{ 'h', "terminals send it as 'backspace'; bind that" },
	{ 'i', "terminals send it as 'tab'; bind that" },
	{ 'j', "terminals send it as 'enter'; bind that" },
	{ 'm', "terminals send it as 'enter'; bind that" },
	{ '[', "terminals send it as 'esc'; bind that" },
};

static bool
eat_prefix(const char **text, const char *prefix)
{
	size_t len = strlen(prefix);

	if (g_ascii_strncasecmp(*text, prefix, len) != 0 || (*text)[len] == '\0')
		return false;
	*text += len;
	return true;
}

static uint8_t
eat_mods(const char **text)
{
	uint8_t mods = 0;

	for (;;) {
		if (eat_prefix(text, "ctrl-"))
			mods |= KEY_MOD_CTRL;
		else if (eat_prefix(text, "alt-"))
			mods |= KEY_MOD_ALT;
		else
			return mods;
	}
}

/* One printable character that takes room on the screen, or a name; 0 when TEXT is neither. */
static uint32_t
code_of(const char *text)
{
	if (g_utf8_validate(text, -1, NULL) && g_utf8_strlen(text, -1) == 1) {
		gunichar c = g_utf8_get_char(text);

		return g_unichar_isprint(c) && !g_unichar_iszerowidth(c) ? c : KEY_CODE_NONE;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(names[i].name, text) == 0)
			return names[i].code;
	}
	return KEY_CODE_NONE;
}

static bool
fail_unknown(const char *text, const char *rest, GError **error)
{
	const char *candidates[G_N_ELEMENTS(names) + 1] = { NULL };
	g_autofree char *quoted = words_quote(text);
	const char *nearest;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		candidates[i] = names[i].name;
	nearest = words_nearest(rest, candidates);
	return config_fail(error, CONFIG_ERROR_VALUE,
		"%s is no key; allowed: one character, or up, down, left, right, pgup, pgdn, home, end, "
		"enter, esc, "
		"tab, backtab, backspace, delete, insert, space, f1 to f12, with ctrl- or alt- before "
		"it%s%s%s",
		quoted, nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
}

/* What a terminal can send together with Ctrl: a control character, or a named key with a modifier. */
static bool
check_ctrl(uint32_t code, const char *text, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(not_ours); i++) {
		if (code == (uint32_t)not_ours[i].letter)
			return config_fail(
				error, CONFIG_ERROR_VALUE, "'%s' can't be bound: %s", text, not_ours[i].why);
	}
	if ((code >= 'a' && code <= 'z') || code == ' ' || code == ']' || code == '^' || code == '_')
		return true;
	if ((code >= KEY_CODE_UP && code <= KEY_CODE_END) ||
		(code >= KEY_CODE_DELETE && code < KEY_CODE_LAST))
		return true;
	return config_fail(error, CONFIG_ERROR_VALUE,
		"'%s' can't be bound: terminals don't send it; allowed with ctrl-: a letter, space, ], ^, _, "
		"arrows, "
		"home, end, pgup, pgdn, delete, insert, f1 to f12",
		text);
}

bool
keyspec_parse(const char *text, struct keyspec *out, GError **error)
{
	const char *rest = text;
	uint8_t mods = eat_mods(&rest);
	uint32_t code = code_of(rest);

	if (code == KEY_CODE_NONE)
		return fail_unknown(text, rest, error);
	if (mods & KEY_MOD_CTRL) {
		if (code < 0x80)
			code = (uint32_t)g_ascii_tolower((char)code);
		if (!check_ctrl(code, text, error))
			return false;
	}
	*out = (struct keyspec){ .code = code, .mods = mods };
	return true;
}

char *
keyspec_format(struct keyspec key)
{
	GString *out = g_string_new(NULL);

	if (key.mods & KEY_MOD_CTRL)
		g_string_append(out, "ctrl-");
	if (key.mods & KEY_MOD_ALT)
		g_string_append(out, "alt-");
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (names[i].code == key.code) {
			g_string_append(out, names[i].name);
			return g_string_free(out, FALSE);
		}
	}
	if (key.code < KEY_CODE_UP && g_unichar_isprint(key.code))
		g_string_append_unichar(out, key.code);
	else
		g_string_append_printf(out, "U+%04X", key.code);
	return g_string_free(out, FALSE);
}
