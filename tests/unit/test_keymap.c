#include "tui/keymap.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { DOWN = 1, UP, FIRST, OPEN, STOP, HELP };

static const struct binding generic[] = {
	{ "j", DOWN },
	{ "down", DOWN },
	{ "k", UP },
	{ "g g", FIRST },
	{ "enter", OPEN },
	{ "?", HELP },
	{ NULL, 0 },
};

static const struct binding view[] = {
	{ "k", STOP },
	{ "space", OPEN },
	{ "g s", STOP },
	{ NULL, 0 },
};

static struct keyspec
key(const char *text)
{
	struct keyspec out = { 0, 0 };

	cr_assert(keyspec_parse(text, &out, NULL), "%s", text);
	return out;
}

static int
lookup(const struct keymap *keymap, const char *first, const char *second)
{
	struct keyspec keys[2] = { key(first), second ? key(second) : (struct keyspec){ 0, 0 } };

	return keymap_lookup(keymap, keys, second ? 2 : 1);
}

struct fixture {
	struct keymap *generic, *view;
};

static struct fixture
fixture_new(void)
{
	struct keymap *parent = keymap_new("generic", generic, NULL);

	return (struct fixture){ .generic = parent, .view = keymap_new("vms", view, parent) };
}

static void
fixture_free(struct fixture it)
{
	keymap_free(it.view);
	keymap_free(it.generic);
	keymap_free(NULL);
}

static const struct {
	const char *first, *second;
	int request;
} lookups[] = {
	{ "j", NULL, DOWN },
	{ "down", NULL, DOWN },
	{ "k", NULL, STOP },
	{ "space", NULL, OPEN },
	{ "g", NULL, KEYMAP_PREFIX },
	{ "g", "g", FIRST },
	{ "g", "s", STOP },
	{ "g", "x", KEYMAP_NONE },
	{ "j", "j", KEYMAP_NONE },
	{ "x", NULL, KEYMAP_NONE },
	{ "alt-j", NULL, KEYMAP_NONE },
};

Test(keymap, asks_the_view_and_then_its_parent)
{
	struct fixture it = fixture_new();

	cr_expect_str_eq(keymap_name(it.view), "vms");
	for (size_t i = 0; i < G_N_ELEMENTS(lookups); i++) {
		int request = lookup(it.view, lookups[i].first, lookups[i].second);

		cr_expect_eq(request, lookups[i].request, "%s %s: %d", lookups[i].first,
			lookups[i].second ? lookups[i].second : "", request);
	}
	cr_expect_eq(keymap_lookup(it.view, NULL, 0), KEYMAP_NONE);
	fixture_free(it);
}

Test(keymap, the_config_has_the_last_word)
{
	struct fixture it = fixture_new();

	keymap_override(it.view, key("x"), HELP);
	cr_expect_eq(lookup(it.view, "x", NULL), HELP);
	cr_expect_eq(lookup(it.generic, "x", NULL), KEYMAP_NONE);
	keymap_override(it.view, key("x"), OPEN);
	cr_expect_eq(lookup(it.view, "x", NULL), OPEN, "the later one counts");

	keymap_override(it.view, key("j"), KEYMAP_NONE);
	cr_expect_eq(lookup(it.view, "j", NULL), KEYMAP_NONE, "a parent's key is unbound");
	cr_expect_eq(lookup(it.generic, "j", NULL), DOWN);

	keymap_override(it.generic, key("g"), UP);
	cr_expect_eq(lookup(it.view, "g", NULL), KEYMAP_PREFIX,
		"the view's own keys come before the parent's overrides");
	keymap_override(it.view, key("g"), UP);
	cr_expect_eq(lookup(it.view, "g", NULL), UP);
	cr_expect_eq(lookup(it.view, "g", "g"), KEYMAP_NONE, "its sequences are gone with it");
	fixture_free(it);
}

static void
expect_keys(const struct keymap *keymap, int request, const char *want)
{
	g_autofree char *keys = keymap_keys_for(keymap, request);

	if (want)
		cr_expect_str_eq(keys, want);
	else
		cr_expect_null(keys, "%s", keys);
}

Test(keymap, lists_the_keys_that_work)
{
	struct fixture it = fixture_new();

	expect_keys(it.view, DOWN, "j, down");
	expect_keys(it.view, UP, NULL);
	expect_keys(it.generic, UP, "k");
	expect_keys(it.view, FIRST, "g g");
	expect_keys(it.view, STOP, "k, g s");
	expect_keys(it.view, OPEN, "space, enter");
	keymap_override(it.view, key("f5"), UP);
	keymap_override(it.view, key("j"), KEYMAP_NONE);
	expect_keys(it.view, UP, "f5");
	expect_keys(it.view, DOWN, "down");
	fixture_free(it);
}

static const struct binding twice[] = { { "j", DOWN }, { "j", UP }, { NULL, 0 } };
static const struct binding shadowed[] = { { "g g", DOWN }, { "g", UP }, { NULL, 0 } };
static const struct binding too_long[] = { { "g g g", DOWN }, { NULL, 0 } };
static const struct binding no_key[] = { { "ctrl-", DOWN }, { NULL, 0 } };

Test(keymap, a_key_twice_is_a_programmers_error, .signal = SIGTRAP)
{
	keymap_new("twice", twice, NULL);
}

Test(keymap, a_shadowed_sequence_is_a_programmers_error, .signal = SIGTRAP)
{
	keymap_new("shadowed", shadowed, NULL);
}

Test(keymap, three_keys_are_a_programmers_error, .signal = SIGTRAP)
{
	keymap_new("too long", too_long, NULL);
}

Test(keymap, no_key_is_a_programmers_error, .signal = SIGTRAP)
{
	keymap_new("no key", no_key, NULL);
}
