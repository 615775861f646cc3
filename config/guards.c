#include "config/guards.h"

#include "config/error.h"
#include "config/words.h"

#include <string.h>

#define GUARDS_ALLOWED "a list of rules, as in - deny: stop where tag=prod"

static const char *const words[] = {
	[GUARD_DENY] = "deny", [GUARD_CONFIRM] = "confirm", [GUARD_MAX] = "max", NULL
};

const char *
config_guard_word(enum config_guard_kind kind)
{
	return words[kind];
}

void
config_guard_free(struct config_guard *guard)
{
	if (guard == NULL)
		return;
	g_free(guard->text);
	g_free(guard->origin);
	g_free(guard);
}

static bool
read_rule(const struct yaml_value *key, const struct yaml_value *value, GPtrArray *guards, GError **error)
{
	struct config_guard *guard;
	int kind = 0;

	while (words[kind] && strcmp(words[kind], key->text) != 0)
		kind++;
	if (!words[kind]) {
		g_autofree char *allowed = words_allowed(" of a guard", key->text, words);

		return yaml_fail(key, error, CONFIG_ERROR_KEY, "unknown key '%s'%s", key->text, allowed);
	}
	if (value->type != YAML_TEXT)
		return yaml_fail(value, error, CONFIG_ERROR_VALUE, "%s can't be %s; allowed: %s", words[kind],
			yaml_type_name(value->type),
			kind == GUARD_MAX ? "a number, as in 50, or verbs and a number, as in stop 10"
					  : "verbs and a query, as in stop, reset where tag=prod");
	guard = g_new(struct config_guard, 1);
	*guard = (struct config_guard){
		.kind = (enum config_guard_kind)kind,
		.text = g_strdup(value->text),
		.origin = yaml_place(value),
	};
	g_ptr_array_add(guards, guard);
	return true;
}

bool
guards_read(const struct yaml_value *value, GPtrArray *guards, GError **error)
{
	if (value == NULL || value->type == YAML_NOTHING)
		return true;
	if (value->type != YAML_LIST)
		return yaml_fail(value, error, CONFIG_ERROR_VALUE,
			"guards can't be %s; allowed: " GUARDS_ALLOWED, yaml_type_name(value->type));
	for (guint i = 0; i < value->items->len; i++) {
		const struct yaml_value *item = value->items->pdata[i];

		if (item->type != YAML_MAP)
			return yaml_fail(item, error, CONFIG_ERROR_VALUE,
				"a guard can't be %s; allowed: a rule, as in "
				"deny: stop where tag=prod",
				yaml_type_name(item->type));
		for (guint k = 0; k < item->items->len; k++)
			if (!read_rule(item->keys->pdata[k], item->items->pdata[k], guards, error))
				return false;
	}
	return true;
}
