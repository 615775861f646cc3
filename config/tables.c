#include "config/tables.h"

#include "config/error.h"
#include "config/words.h"

#include <string.h>

#define SET_DEFAULT "default" /* what the view's own columns are kept as */

static void
word_free(gpointer pointer)
{
	struct config_word *word = pointer;

	g_free(word->text);
	g_free(word->origin);
	g_free(word);
}

static void
set_free(gpointer pointer)
{
	struct config_set *set = pointer;

	g_free(set->name);
	g_free(set->origin);
	g_free(set->text);
	g_ptr_array_unref(set->words);
	g_free(set);
}

void
config_view_free(struct config_view *view)
{
	if (view == NULL)
		return;
	g_free(view->name);
	g_free(view->origin);
	g_free(view->sort);
	g_free(view->sort_origin);
	g_ptr_array_unref(view->sets);
	g_free(view);
}

static bool
expect(const struct yaml_value *value, enum yaml_type type, const char *what, const char *allowed,
	GError **error)
{
	return value->type == type ||
	       yaml_fail(value, error, CONFIG_ERROR_VALUE, "%s can't be %s; allowed: %s", what,
		       yaml_type_name(value->type), allowed);
}

static void
add_word(struct config_set *set, const struct yaml_value *value, const char *text)
{
	struct config_word *word = g_new0(struct config_word, 1);
	g_autofree char *before = set->text;

	word->text = g_strdup(text);
	word->origin = yaml_place(value);
	g_ptr_array_add(set->words, word);
	set->text = before ? g_strconcat(before, ",", text, NULL) : g_strdup(text);
}

/* "a,b=20" or a list of such. */
static bool
add_words(struct config_set *set, const struct yaml_value *value, GError **error)
{
	g_auto(GStrv) words = NULL;

	if (value->type == YAML_LIST) {
		for (guint i = 0; i < value->items->len; i++)
			if (!expect(value->items->pdata[i], YAML_TEXT, "a column", "its name, or name=width",
				    error) ||
				!add_words(set, value->items->pdata[i], error))
				return false;
		return true;
	}
	if (!expect(value, YAML_TEXT, "columns", "a list of names", error))
		return false;
	words = g_strsplit_set(value->text, ", ", -1);
	for (size_t i = 0; words[i] != NULL; i++)
		if (*words[i] != '\0')
			add_word(set, value, words[i]);
	return true;
}

static bool
add_set(struct config_view *view, const char *name, const struct yaml_value *place,
	const struct yaml_value *columns, GError **error)
{
	struct config_set *set = g_new0(struct config_set, 1);

	set->name = g_strdup(name);
	set->origin = yaml_place(place);
	set->words = g_ptr_array_new_with_free_func(word_free);
	g_ptr_array_add(view->sets, set);
	if (!add_words(set, columns, error))
		return false;
	return set->words->len > 0 ||
	       yaml_fail(columns, error, CONFIG_ERROR_VALUE, "no column is named; allowed: a list of names");
}

static bool
read_columns(struct config_view *view, const struct yaml_value *value, GError **error)
{
	return add_set(view, SET_DEFAULT, value, value, error);
}

static bool
read_sort(struct config_view *view, const struct yaml_value *value, GError **error)
{
	if (!expect(value, YAML_TEXT, "sort", "a column or two, as in cpu,-name", error))
		return false;
	view->sort = g_strdup(value->text);
	view->sort_origin = yaml_place(value);
	return true;
}

static bool
read_sets(struct config_view *view, const struct yaml_value *value, GError **error)
{
	if (!expect(value, YAML_MAP, "sets", "a mapping of names to lists of columns", error))
		return false;
	for (guint i = 0; i < value->items->len; i++) {
		const struct yaml_value *key = value->keys->pdata[i];

		if (strcmp(key->text, SET_DEFAULT) == 0 || strpbrk(key->text, ", =") != NULL)
			return yaml_fail(key, error, CONFIG_ERROR_VALUE,
				"a set can't be called '%s'; allowed: one word, but not " SET_DEFAULT,
				key->text);
		if (!add_set(view, key->text, key, value->items->pdata[i], error))
			return false;
	}
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct config_view *view, const struct yaml_value *value, GError **error);
} parts[] = {
	{ "columns", read_columns },
	{ "sort", read_sort },
	{ "sets", read_sets },
};

static bool
read_part(struct config_view *view, const struct yaml_value *key, const struct yaml_value *value,
	GError **error)
{
	const char *names[G_N_ELEMENTS(parts) + 1] = { NULL };
	g_autofree char *allowed = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
		names[i] = parts[i].name;
		if (strcmp(parts[i].name, key->text) == 0)
			return value->type == YAML_NOTHING || parts[i].read(view, value, error);
	}
	allowed = words_allowed(" of a view", key->text, names);
	return yaml_fail(key, error, CONFIG_ERROR_KEY, "unknown key '%s'%s", key->text, allowed);
}

bool
tables_read(const struct yaml_value *value, GPtrArray *views, GError **error)
{
	if (value == NULL || value->type == YAML_NOTHING)
		return true;
	if (!expect(value, YAML_MAP, "views", "a mapping of tables", error))
		return false;
	for (guint i = 0; i < value->items->len; i++) {
		const struct yaml_value *key = value->keys->pdata[i], *item = value->items->pdata[i];
		struct config_view *view = g_new0(struct config_view, 1);

		view->name = g_strdup(key->text);
		view->origin = yaml_place(key);
		view->sets = g_ptr_array_new_with_free_func(set_free);
		g_ptr_array_add(views, view);
		if (item->type == YAML_NOTHING)
			continue;
		if (!expect(item, YAML_MAP, "a view", "columns, sort, sets", error))
			return false;
		for (guint k = 0; k < item->items->len; k++)
			if (!read_part(view, item->keys->pdata[k], item->items->pdata[k], error))
				return false;
	}
	return true;
}
