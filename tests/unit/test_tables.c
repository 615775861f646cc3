/* The tables of requests, keys, views and commands hold together. */
#include "actions/registry.h"
#include "tests/support/snaps.h"
#include "tui/keymap.h"
#include "views/catalog.h"
#include "views/command.h"
#include "views/console.h"
#include "views/keys.h"
#include "views/request.h"

#include <criterion/criterion.h>
#include <string.h>

Test(tables, requests_are_unique_and_explained)
{
	for (int i = 0; i < request_limit(false); i++) {
		cr_expect(*request_name(i) && *request_help(i), "request %d", i);
		cr_expect_eq(request_by_name(false, request_name(i)), i, "%s comes twice", request_name(i));
		cr_expect_eq(request_action(i) != NULL, i >= REQ_COUNT);
	}
	cr_expect_eq(request_by_name(false, "sing"), KEYMAP_NONE);
	cr_expect_null(request_action(request_limit(false)));
}

Test(tables, read_only_has_no_verbs)
{
	cr_expect_eq(request_limit(true), REQ_COUNT);
	cr_expect_eq(request_by_name(true, "start"), KEYMAP_NONE);
	cr_expect_neq(request_by_name(false, "start"), KEYMAP_NONE);
	cr_expect_neq(request_by_name(true, "filter"), KEYMAP_NONE);
}

Test(tables, views_are_unique_and_complete)
{
	const char *const *names = catalog_names();
	const char *const *open = console_view_names();
	size_t n = 0, nopen = 0;

	for (; catalog[n]; n++) {
		const struct view_ops *ops = catalog[n];

		cr_expect_eq(catalog_find(ops->name), ops, "%s comes twice", ops->name);
		cr_expect(names[n] && strcmp(names[n], ops->name) == 0, "%s is not in catalog_names()",
			ops->name);
		cr_expect_eq(!!ops->kind + !!ops->fill + !!ops->draw, 1, "%s is not one thing", ops->name);
		cr_expect(*ops->help);
		if (n < CATALOG_ROOTS)
			cr_expect_neq(request_by_name(false, ops->name), KEYMAP_NONE, "no key leads to %s",
				ops->name);
		if (!ops->about_one)
			cr_expect(
				open[nopen] && strcmp(open[nopen++], ops->name) == 0, "--view %s", ops->name);
	}
	cr_expect_null(names[n]);
	cr_expect_null(open[nopen]);
}

/* Verbs without a key of their own are done by name. */
static bool
may_be_unbound(int request)
{
	static const char *const names[] = { "reset", "resume", "autostart-on", "autostart-off" };

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		if (strcmp(names[i], request_name(request)) == 0)
			return true;
	return false;
}

Test(tables, each_request_has_a_key)
{
	g_autoptr(GError) error = NULL;
	struct config *config = snaps_config();
	struct keys *keys = keys_new(config, false, &error);

	cr_assert(keys, "%s", error ? error->message : "");
	for (int i = 0; i < request_limit(false); i++) {
		g_autofree char *labels = keys_labels_anywhere(keys, "vms", i);

		cr_expect_eq(labels == NULL, may_be_unbound(i), "%s: %s", request_name(i),
			labels ? labels : "no key");
	}
	keys_free(keys);
	config_free(config);
}

/* The keys that PRODUCT promises. */
Test(tables, promised_keys)
{
	static const struct {
		const char *key, *request;
	} promised[] = {
		{ "j", "down" },
		{ "k", "up" },
		{ "g", "first" },
		{ "G", "last" },
		{ "enter", "open" },
		{ "esc", "back" },
		{ "?", "help" },
		{ "f1", "help" },
		{ "/", "filter" },
		{ ":", "command" },
		{ "space", "mark" },
		{ "v", "range" },
		{ "*", "invert" },
		{ "U", "unmark" },
		{ "<", "sort-left" },
		{ ">", "sort-right" },
		{ "I", "sort-invert" },
		{ "1", "pulse" },
		{ "2", "hosts" },
		{ "3", "vms" },
		{ "F", "follow" },
		{ "Z", "freeze" },
		{ "w", "wide" },
		{ "!", "faults" },
		{ "ctrl-r", "refresh" },
		{ "ctrl-l", "redraw" },
		{ "s", "start" },
		{ "S", "shutdown" },
		{ "B", "reboot" },
		{ "K", "stop" },
		{ "P", "suspend" },
		{ "q", "quit" },
	};
	struct config *config = snaps_config();
	struct keys *keys = keys_new(config, false, NULL);

	for (size_t i = 0; i < G_N_ELEMENTS(promised); i++) {
		struct keyspec key;
		int request;

		cr_assert(keyspec_parse(promised[i].key, &key, NULL), "%s", promised[i].key);
		request = keymap_lookup(keys_of(keys, "vms"), &key, 1);
		cr_assert_geq(request, 0, "%s is not bound", promised[i].key);
		cr_expect_str_eq(request_name(request), promised[i].request, "%s", promised[i].key);
	}
	keys_free(keys);
	config_free(config);
}

/* A verb's key must not hide one of the generic table: overrides would win silently. */
Test(tables, verbs_take_no_key_away)
{
	struct config *config = snaps_config();
	struct keys *with = keys_new(config, false, NULL), *without = keys_new(config, true, NULL);
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	for (size_t i = 0; i < n; i++) {
		struct keyspec key;

		if (!actions[i]->key)
			continue;
		cr_assert(keyspec_parse(actions[i]->key, &key, NULL));
		cr_expect_geq(keymap_lookup(keys_of(with, "vms"), &key, 1), REQ_COUNT);
		cr_expect_eq(keymap_lookup(keys_of(without, "vms"), &key, 1), KEYMAP_NONE, "%s is taken",
			actions[i]->key);
	}
	keys_free(with);
	keys_free(without);
	config_free(config);
}

static struct keys *
keys_from(const char *yaml, bool readonly, GError **error, struct config **config)
{
	*config = config_parse(yaml, strlen(yaml), "test.yaml", error);
	cr_assert(*config, "%s", *error ? (*error)->message : "");
	return keys_new(*config, readonly, error);
}

Test(tables, the_config_changes_keys)
{
	g_autoptr(GError) error = NULL;
	struct config *config;
	struct keys *keys =
		keys_from("keys:\n  x: stop\n  K: none\n  vms:\n    enter: start\n", false, &error, &config);
	const struct keyspec x = { 'x', 0 }, capital_k = { 'K', 0 }, enter = { KEY_CODE_ENTER, 0 };
	g_autofree char *label = NULL;

	cr_assert(keys, "%s", error ? error->message : "");
	cr_expect_eq(keymap_lookup(keys_of(keys, "hosts"), &x, 1), request_by_name(false, "stop"));
	cr_expect_eq(keymap_lookup(keys_of(keys, "hosts"), &capital_k, 1), KEYMAP_NONE);
	cr_expect_eq(keymap_lookup(keys_of(keys, "vms"), &enter, 1), request_by_name(false, "start"));
	cr_expect_eq(keymap_lookup(keys_of(keys, "hosts"), &enter, 1), REQ_OPEN);
	label = keys_label(keys_of(keys, "vms"), request_by_name(false, "stop"));
	cr_expect_str_eq(label, "x");
	keys_free(keys);
	config_free(config);
}

Test(tables, wrong_keys_in_the_config_are_named)
{
	static const struct {
		const char *yaml, *part;
	} wrong[] = {
		{ "keys:\n  x: explode\n", "test.yaml:2" },
		{ "keys:\n  x: explode\n", "'explode'" },
		{ "keys:\n  kitchen:\n    x: stop\n", "'kitchen'" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;
		struct config *config;

		cr_expect_null(keys_from(wrong[i].yaml, false, &error, &config));
		cr_assert_not_null(error);
		cr_expect(strstr(error->message, wrong[i].part), "%s", error->message);
		config_free(config);
	}
}

/* One config serves operators and walls: a verb's key there is no mistake. */
Test(tables, a_verb_in_the_config_is_quiet_when_read_only)
{
	g_autoptr(GError) error = NULL;
	struct config *config;
	struct keys *keys = keys_from("keys:\n  x: stop\n", true, &error, &config);
	const struct keyspec x = { 'x', 0 };

	cr_assert(keys, "%s", error ? error->message : "");
	cr_expect_eq(keymap_lookup(keys_of(keys, "vms"), &x, 1), KEYMAP_NONE);
	keys_free(keys);
	config_free(config);
}

Test(tables, key_labels_read_like_the_keyboard)
{
	struct config *config = snaps_config();
	struct keys *keys = keys_new(config, false, NULL);
	const struct keymap *keymap = keys_of(keys, "vms");
	g_autofree char *down = keys_labels(keymap, REQ_PAGE_DOWN),
			*refresh = keys_labels(keymap, REQ_REFRESH);
	g_autofree char *open = keys_label(keymap, REQ_OPEN), *mark = keys_label(keymap, REQ_MARK);

	cr_expect_str_eq(down, "PgDn, Ctrl-F");
	cr_expect_str_eq(refresh, "Ctrl-R");
	cr_expect_str_eq(open, "Enter");
	cr_expect_str_eq(mark, "Space");
	keys_free(keys);
	config_free(config);
}
