#include "config/look.h"

#include "config/error.h"
#include "config/words.h"

#include <string.h>

#define THEME_BASE "base" /* the one key of a theme that is no role */

static bool
expect_map(const struct yaml_value *value, const char *what, GError **error)
{
	return value->type == YAML_MAP ||
	       yaml_fail(value, error, CONFIG_ERROR_VALUE, "%s can't be %s; allowed: a mapping", what,
		       yaml_type_name(value->type));
}

static bool
fail_role(const struct yaml_value *key, bool with_base, GError **error)
{
	const char *names[ROLE_COUNT + 2] = { NULL };
	g_autofree char *quoted = words_quote(key->text), *allowed = NULL;

	for (size_t role = 0; role < ROLE_COUNT; role++)
		names[role] = role_name((enum role)role);
	if (with_base)
		names[ROLE_COUNT] = THEME_BASE;
	allowed = words_allowed(" here", key->text, names);
	return yaml_fail(key, error, CONFIG_ERROR_KEY, "unknown role %s%s", quoted, allowed);
}

/* Styles are the mapping's items, but for "base" in a theme. */
static bool
apply_styles(struct theme *theme, const struct yaml_value *map, bool with_base, GError **error)
{
	for (guint i = 0; i < map->items->len; i++) {
		const struct yaml_value *key = map->keys->pdata[i], *item = map->items->pdata[i];
		enum role role;

		if (with_base && strcmp(key->text, THEME_BASE) == 0)
			continue;
		if (!role_by_name(key->text, &role))
			return fail_role(key, with_base, error);
		if (item->type != YAML_TEXT)
			return yaml_fail(item, error, CONFIG_ERROR_VALUE,
				"a style can't be %s; allowed: one like "
				"'bold 208 on 17'",
				yaml_type_name(item->type));
		if (!theme_set(theme, role, item->text, error))
			return yaml_prefix(item, error);
	}
	return true;
}

static struct theme *
fail_theme(const struct yaml_value *at, const char *name, const char *const *names, GError **error)
{
	g_autofree char *quoted = words_quote(name), *allowed = words_allowed("", name, names);

	yaml_fail(at, error, CONFIG_ERROR_VALUE, "there is no theme %s%s", quoted, allowed);
	return NULL;
}

static struct theme *
theme_from(const struct yaml_value *name, const struct yaml_value *map, GError **error)
{
	const struct yaml_value *base = yaml_get(map, THEME_BASE);
	struct theme *theme;

	if (base != NULL && base->type != YAML_TEXT)
		return fail_theme(base, yaml_type_name(base->type), theme_names(), error);
	theme = theme_new(base ? base->text : "default");
	if (theme == NULL)
		return fail_theme(base, base->text, theme_names(), error);
	if (!apply_styles(theme, map, true, error)) {
		theme_free(theme);
		return NULL;
	}
	g_free(theme->name);
	theme->name = g_strdup(name->text);
	return theme;
}

/* All themes of the file, in use or not, appended to OUT. */
static bool
read_themes(const struct yaml_value *themes, GPtrArray *out, GError **error)
{
	if (themes == NULL)
		return true;
	if (!expect_map(themes, "themes", error))
		return false;
	for (guint i = 0; i < themes->items->len; i++) {
		const struct yaml_value *name = themes->keys->pdata[i], *map = themes->items->pdata[i];
		struct theme *theme;

		if (g_strv_contains(theme_names(), name->text))
			return yaml_fail(name, error, CONFIG_ERROR_KEY,
				"the theme '%s' is built in; allowed: another name", name->text);
		if (!expect_map(map, "a theme", error))
			return false;
		theme = theme_from(name, map, error);
		if (theme == NULL)
			return false;
		g_ptr_array_add(out, theme);
	}
	return true;
}

/* A theme of the file, of OWN, or a built-in one; NULL: there is none called so. */
static struct theme *
find_theme(const GPtrArray *own, const char *name)
{
	for (guint i = 0; i < own->len; i++)
		if (strcmp(((const struct theme *)own->pdata[i])->name, name) == 0)
			return theme_copy(own->pdata[i]);
	return theme_new(name);
}

/* The names of all themes, NULL-terminated; they are the themes'. */
static GPtrArray *
all_names(const GPtrArray *own)
{
	GPtrArray *names = g_ptr_array_new();

	for (size_t i = 0; theme_names()[i] != NULL; i++)
		g_ptr_array_add(names, (char *)(uintptr_t)theme_names()[i]);
	for (guint i = 0; i < own->len; i++)
		g_ptr_array_add(names, ((const struct theme *)own->pdata[i])->name);
	g_ptr_array_add(names, NULL);
	return names;
}

struct theme *
look_theme(const struct draft *draft, const struct yaml_value *root, GPtrArray *own, GError **error)
{
	struct theme *theme;

	if (!read_themes(draft->themes, own, error))
		return NULL;
	theme = find_theme(own, draft->theme);
	if (theme == NULL) {
		g_autoptr(GPtrArray) names = all_names(own);

		return fail_theme(option_value(root, "ui.theme"), draft->theme,
			(const char *const *)names->pdata, error);
	}
	if (draft->colours == NULL || (expect_map(draft->colours, "colours", error) &&
					      apply_styles(theme, draft->colours, false, error)))
		return theme;
	theme_free(theme);
	return NULL;
}

bool
config_set_theme(struct config *config, const char *name, GError **error)
{
	struct theme *theme = find_theme(config->themes, name);

	if (theme == NULL) {
		g_autoptr(GPtrArray) names = all_names(config->themes);
		g_autofree char *allowed = g_strjoinv(", ", (char **)names->pdata);

		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"there is no theme '%s'; allowed are: %s", name, allowed);
		return false;
	}
	theme_free(config->theme);
	config->theme = theme;
	return true;
}

void
config_key_free(struct config_key *key)
{
	if (key == NULL)
		return;
	g_free(key->view);
	g_free(key->request);
	g_free(key->origin);
	g_free(key);
}

/* SEEN: "view key" to the origin of its binding, borrowed. */
static bool
add_key(const char *view, const struct yaml_value *key, const struct yaml_value *request, GHashTable *seen,
	GPtrArray *keys, GError **error)
{
	struct keyspec spec;
	struct config_key *binding;
	g_autofree char *spelling = NULL, *id = NULL;
	const char *first;

	if (!keyspec_parse(key->text, &spec, error))
		return yaml_prefix(key, error);
	if (request->type != YAML_TEXT || *request->text == '\0' || !words_are_clean(request->text))
		return yaml_fail(request, error, CONFIG_ERROR_VALUE,
			"a key can't be bound to %s; allowed: the name of a "
			"request or an action, or none",
			request->type == YAML_TEXT ? "this" : yaml_type_name(request->type));
	spelling = keyspec_format(spec);
	id = g_strdup_printf("%s %s", view ? view : "", spelling);
	first = g_hash_table_lookup(seen, id);
	if (first != NULL)
		return yaml_fail(
			key, error, CONFIG_ERROR_KEY, "the key %s comes twice; first: %s", spelling, first);

	binding = g_new0(struct config_key, 1);
	binding->view = g_strdup(view);
	binding->key = spec;
	binding->request = g_strdup(request->text);
	binding->origin = yaml_place(key);
	g_ptr_array_add(keys, binding);
	g_hash_table_insert(seen, g_steal_pointer(&id), binding->origin);
	return true;
}

bool
look_keys(const struct yaml_value *value, GPtrArray *keys, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	if (value == NULL)
		return true;
	if (!expect_map(value, "keys", error))
		return false;
	for (guint i = 0; i < value->items->len; i++) {
		const struct yaml_value *key = value->keys->pdata[i], *item = value->items->pdata[i];

		if (item->type != YAML_MAP) {
			if (!add_key(NULL, key, item, seen, keys, error))
				return false;
			continue;
		}
		for (guint k = 0; k < item->items->len; k++) {
			if (!add_key(key->text, item->keys->pdata[k], item->items->pdata[k], seen, keys,
				    error))
				return false;
		}
	}
	return true;
}
