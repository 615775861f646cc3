#include "views/keys.h"

#include "actions/registry.h"
#include "views/catalog.h"
#include "views/prefs.h"
#include "views/request.h"

#include <string.h>

static const struct binding generic_keys[] = {
	{ "j", REQ_DOWN },
	{ "down", REQ_DOWN },
	{ "k", REQ_UP },
	{ "up", REQ_UP },
	{ "pgdn", REQ_PAGE_DOWN },
	{ "ctrl-f", REQ_PAGE_DOWN },
	{ "pgup", REQ_PAGE_UP },
	{ "ctrl-u", REQ_PAGE_UP },
	{ "g", REQ_FIRST },
	{ "home", REQ_FIRST },
	{ "G", REQ_LAST },
	{ "end", REQ_LAST },
	{ "left", REQ_LEFT },
	{ "h", REQ_LEFT },
	{ "right", REQ_RIGHT },
	{ "l", REQ_RIGHT },
	{ "enter", REQ_OPEN },
	{ "esc", REQ_BACK },
	{ "backspace", REQ_BACK },
	{ "1", REQ_PULSE },
	{ "2", REQ_HOSTS },
	{ "3", REQ_VMS },
	{ "4", REQ_GROUPS },
	{ "5", REQ_MAP },
	{ "6", REQ_JOBS },
	{ "7", REQ_EVENTS },
	{ "J", REQ_JOURNAL },
	{ "8", REQ_PLAN },
	{ "/", REQ_FILTER },
	{ "!", REQ_FAULTS },
	{ ":", REQ_COMMAND },
	{ "<", REQ_SORT_LEFT },
	{ ">", REQ_SORT_RIGHT },
	{ "I", REQ_SORT_INVERT },
	{ "w", REQ_WIDE },
	{ "tab", REQ_NEXT_BLOCK },
	{ "backtab", REQ_PREVIOUS_BLOCK },
	{ "t", REQ_TREE },
	{ "+", REQ_UNFOLD },
	{ "-", REQ_FOLD },
	{ "=", REQ_UNFOLD_ALL },
	{ "_", REQ_FOLD_ALL },
	{ "x", REQ_MENU },
	{ "space", REQ_MARK },
	{ "v", REQ_RANGE },
	{ "*", REQ_INVERT },
	{ "U", REQ_UNMARK },
	{ "F", REQ_FOLLOW },
	{ "V", REQ_VIEWER },
	{ "L", REQ_TUNNEL },
	{ "Z", REQ_FREEZE },
	{ "ctrl-r", REQ_REFRESH },
	{ "ctrl-l", REQ_REDRAW },
	{ "ctrl-k", REQ_FORCE },
	{ "A", REQ_ANSWER },
	{ "?", REQ_HELP },
	{ "f1", REQ_HELP },
	{ "q", REQ_QUIT },
	{ "ctrl-c", REQ_QUIT },
	{ NULL, 0 },
};

static const struct binding no_keys[] = { { NULL, 0 } };

struct keys {
	struct keymap *generic;
	GHashTable *views; /* name to struct keymap * */
};

static void
bind_actions(struct keymap *keymap, bool readonly)
{
	size_t n;
	const struct action *const *actions = registry_actions(readonly, &n);
	struct keyspec key;

	for (size_t i = 0; i < n; i++)
		if (actions[i]->key && keyspec_parse(actions[i]->key, &key, NULL))
			keymap_override(keymap, key, REQ_COUNT + (int)i);
}

/* A verb may be bound in a config that is also used read-only: then its key does nothing. */
static bool
find_request(const struct config_key *entry, bool readonly, int *request, GError **error)
{
	*request = KEYMAP_NONE;
	if (strcmp(entry->request, "none") == 0)
		return true;
	*request = request_by_name(readonly, entry->request);
	if (*request != KEYMAP_NONE || request_by_name(false, entry->request) != KEYMAP_NONE)
		return true;
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
		"%s: nothing is called '%s'; allowed are the names in the help (key ?), and none",
		entry->origin, entry->request);
	return false;
}

static bool
bind_config(struct keys *keys, const struct config *config, bool readonly, GError **error)
{
	for (guint i = 0; config->keys && i < config->keys->len; i++) {
		const struct config_key *entry = config->keys->pdata[i];
		struct keymap *keymap =
			entry->view ? g_hash_table_lookup(keys->views, entry->view) : keys->generic;
		int request;

		if (!keymap) {
			g_autofree char *names = g_strjoinv(", ", (char **)(uintptr_t)catalog_names());

			g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
				"%s: there is no view '%s'; allowed are: %s", entry->origin, entry->view,
				names);
			return false;
		}
		if (!find_request(entry, readonly, &request, error))
			return false;
		keymap_override(keymap, entry->key, request);
	}
	return true;
}

static void
free_keymap(gpointer keymap)
{
	keymap_free(keymap);
}

struct keys *
keys_new(const struct config *config, bool readonly, GError **error)
{
	struct keys *keys = g_new0(struct keys, 1);

	keys->generic = keymap_new("generic", generic_keys, NULL);
	keys->views = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_keymap);
	bind_actions(keys->generic, readonly);
	for (size_t i = 0; catalog[i]; i++)
		g_hash_table_insert(keys->views, (gpointer)(uintptr_t)catalog[i]->name,
			keymap_new(catalog[i]->name, catalog[i]->keys ? catalog[i]->keys : no_keys,
				catalog[i]->typed ? NULL : keys->generic));
	if (prefs_check(config, error) && bind_config(keys, config, readonly, error))
		return keys;
	keys_free(keys);
	return NULL;
}

void
keys_free(struct keys *keys)
{
	if (!keys)
		return;
	g_hash_table_destroy(keys->views);
	keymap_free(keys->generic);
	g_free(keys);
}

const struct keymap *
keys_of(const struct keys *keys, const char *view)
{
	return g_hash_table_lookup(keys->views, view);
}

/* "pgdn" as it stands on the key; single letters are what is typed and stay. */
static void
append_label(GString *out, const char *key)
{
	static const char *const names[][2] = {
		{ "pgdn", "PgDn" },
		{ "pgup", "PgUp" },
	};
	const char *letter = g_str_has_prefix(key, "ctrl-") ? key + strlen("ctrl-") : NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (strcmp(names[i][0], key) == 0) {
			g_string_append(out, names[i][1]);
			return;
		}
	}
	if (letter)
		g_string_append_printf(out, "Ctrl-%c%s", g_ascii_toupper(*letter), letter + 1);
	else if (g_ascii_isalpha(key[0]) && key[1])
		g_string_append_printf(out, "%c%s", g_ascii_toupper(*key), key + 1);
	else
		g_string_append(out, key);
}

char *
keys_labels(const struct keymap *keymap, int request)
{
	g_autofree char *names = keymap_keys_for(keymap, request);
	g_auto(GStrv) words = names ? g_strsplit(names, ", ", -1) : NULL;
	GString *out;

	if (!names)
		return NULL;
	out = g_string_new(NULL);
	for (size_t i = 0; words[i]; i++) {
		g_auto(GStrv) sequence = g_strsplit(words[i], " ", -1);

		for (size_t j = 0; sequence[j]; j++) {
			g_string_append(out, j ? " " : i ? ", " : "");
			append_label(out, sequence[j]);
		}
	}
	return g_string_free(out, FALSE);
}

char *
keys_labels_anywhere(const struct keys *keys, const char *view, int request)
{
	char *here = keys_labels(keys_of(keys, view), request);

	for (size_t i = 0; !here && catalog[i]; i++) {
		g_autofree char *there = keys_labels(keys_of(keys, catalog[i]->name), request);

		if (there)
			return g_strdup_printf("%s in %s", there, catalog[i]->name);
	}
	return here;
}

char *
keys_label(const struct keymap *keymap, int request)
{
	char *labels = keys_labels(keymap, request);
	char *comma = labels ? strstr(labels, ", ") : NULL;

	if (comma)
		*comma = '\0';
	return labels;
}
