#include "views/prefs.h"

#include <string.h>

static const struct config_view *
find_view(const struct config *config, const char *name)
{
	for (guint i = 0; config->views && i < config->views->len; i++) {
		const struct config_view *view = config->views->pdata[i];

		if (strcmp(view->name, name) == 0)
			return view;
	}
	return NULL;
}

const char *
prefs_columns(const struct config *config, const struct row_kind *kind, const char *name)
{
	const struct config_view *view = find_view(config, kind->name);

	for (guint i = 0; view && i < view->sets->len; i++) {
		const struct config_set *set = view->sets->pdata[i];

		if (strcmp(set->name, name) == 0)
			return set->text;
	}
	return NULL;
}

const char **
prefs_sets(const struct config *config, const struct row_kind *kind)
{
	const struct config_view *view = find_view(config, kind->name);
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; view && i < view->sets->len; i++)
		g_ptr_array_add(names, ((const struct config_set *)view->sets->pdata[i])->name);
	g_ptr_array_add(names, NULL);
	return (const char **)g_ptr_array_free(names, FALSE);
}

void
prefs_sort(const struct config *config, const struct row_kind *kind, struct sort_key *keys)
{
	const struct config_view *view = find_view(config, kind->name);

	if (view && view->sort)
		sort_parse(kind, view->sort, keys, NULL);
}

/* ---- checking ---- */

/* Puts the place in the file in front of what is wrong. */
static bool
fail_at(const char *origin, GError **error, GError *why)
{
	g_propagate_prefixed_error(error, why, "%s: ", origin);
	return false;
}

static bool
check_set(const struct row_kind *kind, const struct config_set *set, GError **error)
{
	for (guint i = 0; i < set->words->len; i++) {
		const struct config_word *word = set->words->pdata[i];
		g_autofree char *name = g_strndup(word->text, strcspn(word->text, "="));
		g_autoptr(GPtrArray) columns = NULL;
		GError *why = NULL;

		columns = columns_parse(kind, name, &why);
		if (!columns)
			return fail_at(word->origin, error, why);
	}
	if (strcmp(set->name, "all") == 0 || strcmp(set->name, "wide") == 0) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%s: a set can't be called '%s', that is one already", set->origin, set->name);
		return false;
	}
	return true;
}

static bool
check_view(const struct config_view *view, GError **error)
{
	const struct row_kind *kind = row_kind_by_name(view->name);
	struct sort_key keys[SORT_KEYS];
	GError *why = NULL;

	if (!kind) {
		g_autofree char *names = row_kind_names();

		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%s: there is no table '%s'; allowed are: %s", view->origin, view->name, names);
		return false;
	}
	for (guint i = 0; i < view->sets->len; i++)
		if (!check_set(kind, view->sets->pdata[i], error))
			return false;
	return !view->sort || sort_parse(kind, view->sort, keys, &why) ||
	       fail_at(view->sort_origin, error, why);
}

bool
prefs_check(const struct config *config, GError **error)
{
	for (guint i = 0; config->views && i < config->views->len; i++)
		if (!check_view(config->views->pdata[i], error))
			return false;
	return true;
}
