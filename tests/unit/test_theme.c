#include "config/config.h"

#include <criterion/criterion.h>
#include <string.h>

Test(theme, roles_are_found_by_name)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		enum role role;

		cr_assert(role_by_name(role_name((enum role)i), &role));
		cr_expect_eq(role, (enum role)i);
	}
	cr_expect_not(role_by_name("wran", &(enum role){ 0 }));
}

Test(theme, built_in_ones_follow_the_house_rules)
{
	for (size_t i = 0; theme_names()[i] != NULL; i++) {
		struct theme *theme = theme_new(theme_names()[i]);
		const struct style *normal, *good, *warn, *bad;

		cr_assert_not_null(theme);
		cr_expect_str_eq(theme->name, theme_names()[i]);
		normal = &theme->styles[ROLE_NORMAL];
		good = &theme->styles[ROLE_GOOD];
		warn = &theme->styles[ROLE_WARN];
		bad = &theme->styles[ROLE_BAD];

		/* calm: the terminal's own colours wherever nothing deviates */
		cr_expect_eq(normal->fg, -1);
		cr_expect_eq(normal->bg, -1);
		cr_expect_eq(normal->attrs, 0);
		cr_expect_eq(good->fg, -1);
		/* a deviation shows on a terminal without colours too */
		cr_expect_neq(warn->attrs, 0);
		cr_expect_neq(bad->attrs, 0);
		cr_expect_neq(theme->styles[ROLE_CURSOR].attrs, 0);
		cr_expect_neq(theme->styles[ROLE_MARKED].attrs, 0);
		/* and the two differ in 256 colours and in 16 */
		cr_expect(warn->fg != bad->fg || warn->attrs != bad->attrs);
		cr_expect(warn->fg16 != bad->fg16 || warn->attrs != bad->attrs);
		theme_free(theme);
	}
	cr_expect_null(theme_new("no-such-theme"));
}

Test(theme, colour_blind_never_hangs_on_red_and_green)
{
	struct theme *theme = theme_new("colour-blind");

	for (size_t role = 0; role < ROLE_COUNT; role++) {
		int fg16 = theme->styles[role].fg16;

		cr_expect(
			fg16 != 1 && fg16 != 2 && fg16 != 9 && fg16 != 10, "%s", role_name((enum role)role));
	}
	cr_expect_neq(theme->styles[ROLE_WARN].attrs, theme->styles[ROLE_BAD].attrs);
	theme_free(theme);
}

Test(theme, mono_has_no_colour)
{
	struct theme *theme = theme_new("mono");

	for (size_t role = 0; role < ROLE_COUNT; role++) {
		cr_expect_eq(theme->styles[role].fg, -1);
		cr_expect_eq(theme->styles[role].bg, -1);
	}
	theme_free(theme);
}

Test(theme, reads_styles)
{
	static const struct {
		const char *text;
		struct style style;
	} cases[] = {
		{ "default", { -1, -1, -1, -1, 0 } },
		{ "bold red", { 1, -1, 1, -1, STYLE_BOLD } },
		{ "208 on 17", { 208, 17, 3, 0, 0 } },
		{ "reverse", { -1, -1, -1, -1, STYLE_REVERSE } },
		{ "  underline   dim\tcyan ", { 6, -1, 6, -1, STYLE_UNDERLINE | STYLE_DIM } },
		{ "on blue", { -1, 4, -1, 4, 0 } },
		{ "on blue bold", { -1, 4, -1, 4, STYLE_BOLD } },
		{ "default on default", { -1, -1, -1, -1, 0 } },
		{ "bright-white on 255/default", { 15, 255, 15, -1, 0 } },
		{ "bold 214/yellow", { 214, -1, 3, -1, STYLE_BOLD } },
		{ "0", { 0, -1, 0, -1, 0 } },
		{ "255", { 255, -1, 7, -1, 0 } },
		{ "196", { 196, -1, 9, -1, 0 } },
		{ "232", { 232, -1, 0, -1, 0 } },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct theme *theme = theme_new("default");
		const struct style *want = &cases[i].style, *have = &theme->styles[ROLE_WARN];
		g_autoptr(GError) error = NULL;

		cr_assert(theme_set(theme, ROLE_WARN, cases[i].text, &error), "%s", error->message);
		cr_expect(have->fg == want->fg && have->bg == want->bg, "%s: %d on %d", cases[i].text,
			have->fg, have->bg);
		cr_expect(have->fg16 == want->fg16 && have->bg16 == want->bg16, "%s: %d on %d of 16",
			cases[i].text, have->fg16, have->bg16);
		cr_expect_eq(have->attrs, want->attrs, "%s", cases[i].text);
		theme_free(theme);
	}
}

Test(theme, refuses_what_is_no_style)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "'' is no style; allowed: *" },
		{ "bald red", "'bald' is no style; *; did you mean 'bold'?" },
		{ "256", "'256' is no style; *" },
		{ "-1", "'-1' is no style; *" },
		{ "red green", "'green' is no style; *" },
		{ "red on", "'red on' is no style; *" },
		{ "red on blue on green", "'on' is no style; *" },
		{ "on bold", "'bold' is no style; *" },
		{ "208/17", "'208/17' is no style; *" },
		{ "208/", "'208/' is no style; *" },
		{ "/red", "'/red' is no style; *" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct theme *theme = theme_new("default");
		struct style before = theme->styles[ROLE_WARN];
		g_autoptr(GError) error = NULL;

		cr_assert_not(theme_set(theme, ROLE_WARN, cases[i].text, &error), "%s", cases[i].text);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect(g_pattern_match_simple(cases[i].message, error->message), "%s", error->message);
		cr_expect_eq(
			memcmp(&before, &theme->styles[ROLE_WARN], sizeof(before)), 0, "%s", cases[i].text);
		theme_free(theme);
	}
}
