#include "config/config.h"

#include <criterion/criterion.h>

Test(keyspec, reads_what_people_write)
{
	static const struct {
		const char *text;
		struct keyspec key;
		const char *spelling;
	} cases[] = {
		{ "j", { 'j', 0 }, "j" },
		{ "G", { 'G', 0 }, "G" },
		{ "?", { '?', 0 }, "?" },
		{ "-", { '-', 0 }, "-" },
		{ " ", { ' ', 0 }, "space" },
		{ "space", { ' ', 0 }, "space" },
		{ "é", { 0xe9, 0 }, "é" },
		{ "enter", { KEY_CODE_ENTER, 0 }, "enter" },
		{ "Return", { KEY_CODE_ENTER, 0 }, "enter" },
		{ "PgDn", { KEY_CODE_PGDN, 0 }, "pgdn" },
		{ "pageup", { KEY_CODE_PGUP, 0 }, "pgup" },
		{ "shift-tab", { KEY_CODE_BACKTAB, 0 }, "backtab" },
		{ "f1", { KEY_CODE_F1, 0 }, "f1" },
		{ "F12", { KEY_CODE_F12, 0 }, "f12" },
		{ "ctrl-r", { 'r', KEY_MOD_CTRL }, "ctrl-r" },
		{ "Ctrl-R", { 'r', KEY_MOD_CTRL }, "ctrl-r" },
		{ "ctrl-space", { ' ', KEY_MOD_CTRL }, "ctrl-space" },
		{ "ctrl-]", { ']', KEY_MOD_CTRL }, "ctrl-]" },
		{ "ctrl-left", { KEY_CODE_LEFT, KEY_MOD_CTRL }, "ctrl-left" },
		{ "alt-x", { 'x', KEY_MOD_ALT }, "alt-x" },
		{ "alt-X", { 'X', KEY_MOD_ALT }, "alt-X" },
		{ "alt--", { '-', KEY_MOD_ALT }, "alt--" },
		{ "alt-ctrl-x", { 'x', KEY_MOD_CTRL | KEY_MOD_ALT }, "ctrl-alt-x" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct keyspec key = { 0 }, again = { 0 };
		g_autoptr(GError) error = NULL;
		g_autofree char *spelling = NULL;

		cr_assert(keyspec_parse(cases[i].text, &key, &error), "%s", error->message);
		cr_expect(keyspec_equal(key, cases[i].key), "%s is %x/%x", cases[i].text, key.code, key.mods);
		spelling = keyspec_format(key);
		cr_expect_str_eq(spelling, cases[i].spelling);
		cr_assert(keyspec_parse(spelling, &again, NULL), "%s", spelling);
		cr_expect(keyspec_equal(key, again), "%s", spelling);
	}
}

Test(keyspec, refuses_what_is_no_key_or_not_ours)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "'' is no key; *" },
		{ "jk", "'jk' is no key; *" },
		{ "pgdwn", "'pgdwn' is no key; *; did you mean 'pgdn'?" },
		{ "ctrl-", "'ctrl-' is no key; *" },
		{ "ctrl-hme", "'ctrl-hme' is no key; *; did you mean 'home'?" },
		{ "f13", "'f13' is no key; *" },
		{ "\t", "'\\u0009' is no key; *" },
		{ "\xcc\x81", "* is no key; *" }, /* a combining accent alone */
		{ "\xff", "* is no key; *" },
		{ "ctrl-a", "'ctrl-a' can't be bound: screen *" },
		{ "ctrl-b", "'ctrl-b' can't be bound: tmux *" },
		{ "Ctrl-Z", "'Ctrl-Z' can't be bound: *suspends*" },
		{ "ctrl-\\", "'ctrl-\\' can't be bound: *kills*" },
		{ "alt-ctrl-a", "'alt-ctrl-a' can't be bound: screen *" },
		{ "ctrl-i", "'ctrl-i' can't be bound: terminals send it as 'tab'*" },
		{ "ctrl-1", "'ctrl-1' can't be bound: terminals don't send it; allowed with ctrl-: *" },
		{ "ctrl-enter", "'ctrl-enter' can't be bound: terminals don't send it; *" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct keyspec key = { 'u', 0 };
		g_autoptr(GError) error = NULL;

		cr_assert_not(keyspec_parse(cases[i].text, &key, &error), "%s", cases[i].text);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect(g_pattern_match_simple(cases[i].message, error->message), "%s", error->message);
		cr_expect_eq(key.code, 'u', "untouched on failure");
	}
}

Test(keyspec, every_named_key_has_one_spelling)
{
	for (uint32_t code = KEY_CODE_UP; code < KEY_CODE_LAST; code++) {
		g_autofree char *spelling = keyspec_format((struct keyspec){ .code = code });
		struct keyspec key;

		cr_assert(keyspec_parse(spelling, &key, NULL), "%s", spelling);
		cr_expect_eq(key.code, code, "%s", spelling);
	}
}
