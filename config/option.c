#include "config/option.h"

#include "config/error.h"
#include "config/words.h"

#include <assert.h>
#include <string.h>

#define TEXT_MAX 1024 /* bytes; nothing here has a good reason to be longer */

struct option_ops {
	bool (*set)(
		const struct option_def *def, const struct yaml_value *value, void *field, GError **error);
	void (*clear)(void *field); /* NULL: a number, which owns nothing */
	size_t size;
};

static const struct {
	const char *name;
	int64_t ms;
} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };

static const char *const bool_words[] = { "yes", "no", "true", "false", "on", "off", NULL };

char *
option_format(enum option_type type, int64_t number)
{
	size_t unit = G_N_ELEMENTS(units) - 1;

	switch (type) {
	case OPTION_DURATION:
		while (unit > 0 && (number == 0 || number % units[unit].ms != 0))
			unit--;
		return g_strdup_printf("%" G_GINT64_FORMAT "%s", number / units[unit].ms, units[unit].name);
	case OPTION_PERCENT:
		return g_strdup_printf("%" G_GINT64_FORMAT "%%", number);
	case OPTION_RATIO:
		if (number % 100 == 0)
			return g_strdup_printf("%" G_GINT64_FORMAT ":1", number / 100);
		return g_strdup_printf("%" G_GINT64_FORMAT ".%02d:1", number / 100, (int)(number % 100));
	default:
		return g_strdup_printf("%" G_GINT64_FORMAT, number);
	}
}

char *
option_allowed(const struct option_def *def)
{
	g_autofree char *min = option_format(def->type, def->min), *max = option_format(def->type, def->max);

	switch (def->type) {
	case OPTION_BOOL:
		return g_strdup("yes, no");
	case OPTION_COUNT:
	case OPTION_PERCENT:
		return g_strdup_printf("%s to %s", min, max);
	case OPTION_DURATION:
		return g_strdup_printf("%s to %s, with the unit ms, s, m or h", min, max);
	case OPTION_RATIO:
		return g_strdup_printf("%s to %s, written 4:1 or 2.5:1", min, max);
	case OPTION_WORD:
		return g_strjoinv(", ", (char **)(uintptr_t)def->words);
	case OPTION_TEXT:
		return g_strdup("a text");
	case OPTION_LIST:
		return g_strdup("a list of texts");
	case OPTION_ARGV:
		return g_strdup("a command and its arguments, as a list or in one line");
	case OPTION_MAP:
		return g_strdup("a mapping of texts");
	case OPTION_RAW:
		break;
	}
	return g_strdup("");
}

static bool
fail_value(const struct option_def *def, const struct yaml_value *value, const char *what, GError **error)
{
	g_autofree char *quoted = value->type == YAML_TEXT ? words_quote(value->text) : NULL;
	g_autofree char *allowed = option_allowed(def);

	return yaml_fail(value, error, CONFIG_ERROR_VALUE, "%s: %s %s; allowed: %s", def->path,
		quoted ? quoted : yaml_type_name(value->type), what, allowed);
}

/* A decimal number in thousandths, moving *TEXT behind it. Small on purpose: no sign, exponent, locale. */
static bool
eat_decimal(const char **text, int64_t *thousandths)
{
	size_t whole = strspn(*text, "0123456789"), part = 0;
	int64_t number = 0;

	if (whole == 0 || whole > 9)
		return false;
	if ((*text)[whole] == '.') {
		part = strspn(*text + whole + 1, "0123456789");
		if (part == 0 || part > 3)
			return false;
	}
	for (size_t i = 0; i < whole; i++)
		number = number * 10 + ((*text)[i] - '0');
	for (size_t i = 0; i < 3; i++)
		number = number * 10 + (i < part ? (*text)[whole + 1 + i] - '0' : 0);
	*text += whole + (part ? part + 1 : 0);
	*thousandths = number;
	return true;
}

static bool
parse_number(enum option_type type, const char *text, int64_t *out)
{
	int64_t thousandths;

	if (!eat_decimal(&text, &thousandths))
		return false;
	if (type == OPTION_DURATION) {
		for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
			if (strcmp(text, units[i].name) != 0 || thousandths * units[i].ms % 1000 != 0)
				continue;
			*out = thousandths * units[i].ms / 1000;
			return true;
		}
		return false;
	}
	if (type == OPTION_RATIO) {
		*out = thousandths / 10;
		return thousandths % 10 == 0 && (*text == '\0' || strcmp(text, ":1") == 0);
	}
	if (type == OPTION_PERCENT && *text == '%')
		text++;
	*out = thousandths / 1000;
	return thousandths % 1000 == 0 && *text == '\0';
}

static bool
set_number(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	static const char *const nouns[] = {
		[OPTION_COUNT] = "is no number",
		[OPTION_DURATION] = "is no duration",
		[OPTION_PERCENT] = "is no percentage",
		[OPTION_RATIO] = "is no ratio",
	};
	int64_t number;

	if (value->type != YAML_TEXT || !parse_number(def->type, value->text, &number))
		return fail_value(def, value, nouns[def->type], error);
	if (number < def->min || number > def->max)
		return fail_value(def, value, "is out of range", error);
	*(int64_t *)field = number;
	return true;
}

static bool
set_bool(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	for (size_t i = 0; value->type == YAML_TEXT && bool_words[i] != NULL; i++) {
		if (g_ascii_strcasecmp(value->text, bool_words[i]) == 0) {
			*(bool *)field = i % 2 == 0;
			return true;
		}
	}
	return fail_value(def, value, "is neither yes nor no", error);
}

static bool
check_text(const struct option_def *def, const struct yaml_value *value, GError **error)
{
	if (value->type != YAML_TEXT)
		return fail_value(def, value, "is no text", error);
	if (!words_are_clean(value->text))
		return fail_value(def, value, "holds control characters", error);
	if (strlen(value->text) > TEXT_MAX)
		return fail_value(def, value, "is longer than 1024 bytes", error);
	return true;
}

/* A text that says something which the option can mean. */
static bool
check_meaning(const struct option_def *def, const struct yaml_value *value, GError **error)
{
	if (!check_text(def, value, error))
		return false;
	if (def->check == NULL || def->check(value->text, error))
		return true;
	g_prefix_error(error, "%s: ", def->path);
	return yaml_prefix(value, error);
}

static bool
set_text(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	if (!check_meaning(def, value, error))
		return false;
	g_free(*(char **)field);
	*(char **)field = g_strdup(value->text);
	return true;
}

static bool
set_word(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	g_autofree char *quoted = NULL, *allowed = NULL;

	if (!check_text(def, value, error))
		return false;
	if (g_strv_contains(def->words, value->text))
		return set_text(def, value, field, error);
	quoted = words_quote(value->text);
	allowed = words_allowed("", value->text, def->words);
	return yaml_fail(
		value, error, CONFIG_ERROR_VALUE, "%s: %s is not known%s", def->path, quoted, allowed);
}

static void
replace_list(void *field, GPtrArray *list)
{
	g_ptr_array_add(list, NULL);
	g_ptr_array_set_free_func(list, NULL);
	g_strfreev(*(char ***)field);
	*(char ***)field = (char **)g_ptr_array_free(list, FALSE);
}

static bool
set_list(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	if (value->type == YAML_MAP)
		return fail_value(def, value, "is no list", error);
	if (value->type == YAML_TEXT) {
		if (!check_meaning(def, value, error))
			return false;
		g_ptr_array_add(list, g_strdup(value->text));
	}
	for (guint i = 0; value->type == YAML_LIST && i < value->items->len; i++) {
		const struct yaml_value *item = value->items->pdata[i];

		if (!check_meaning(def, item, error))
			return false;
		g_ptr_array_add(list, g_strdup(item->text));
	}
	replace_list(field, g_steal_pointer(&list));
	return true;
}

static bool
set_argv(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	g_autoptr(GError) why = NULL;
	char **argv;

	if (value->type != YAML_TEXT)
		return set_list(def, value, field, error);
	if (!check_text(def, value, error))
		return false;
	if (!g_shell_parse_argv(value->text, NULL, &argv, &why))
		return yaml_fail(value, error, CONFIG_ERROR_VALUE, "%s: %s", def->path, why->message);
	g_strfreev(*(char ***)field);
	*(char ***)field = argv;
	return true;
}

static bool
set_map(const struct option_def *def, const struct yaml_value *value, void *field, GError **error)
{
	g_autoptr(GHashTable) map = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

	if (value->type != YAML_MAP)
		return fail_value(def, value, "is no mapping", error);
	for (guint i = 0; i < value->items->len; i++) {
		const struct yaml_value *key = value->keys->pdata[i], *item = value->items->pdata[i];

		if (!check_text(def, key, error) || !check_text(def, item, error))
			return false;
		g_hash_table_insert(map, g_strdup(key->text), g_strdup(item->text));
	}
	g_clear_pointer((GHashTable **)field, g_hash_table_unref);
	*(GHashTable **)field = g_steal_pointer(&map);
	return true;
}

static bool
set_raw(const struct option_def *def G_GNUC_UNUSED, const struct yaml_value *value, void *field,
	GError **error G_GNUC_UNUSED)
{
	*(const struct yaml_value **)field = value;
	return true;
}

static void
clear_text(void *field)
{
	g_clear_pointer((char **)field, g_free);
}

static void
clear_list(void *field)
{
	g_clear_pointer((char ***)field, g_strfreev);
}

static void
clear_map(void *field)
{
	g_clear_pointer((GHashTable **)field, g_hash_table_unref);
}

static const struct option_ops ops[] = {
	[OPTION_BOOL] = { set_bool, NULL, sizeof(bool) },
	[OPTION_COUNT] = { set_number, NULL, sizeof(int64_t) },
	[OPTION_DURATION] = { set_number, NULL, sizeof(int64_t) },
	[OPTION_PERCENT] = { set_number, NULL, sizeof(int64_t) },
	[OPTION_RATIO] = { set_number, NULL, sizeof(int64_t) },
	[OPTION_WORD] = { set_word, clear_text, sizeof(char *) },
	[OPTION_TEXT] = { set_text, clear_text, sizeof(char *) },
	[OPTION_LIST] = { set_list, clear_list, sizeof(char **) },
	[OPTION_ARGV] = { set_argv, clear_list, sizeof(char **) },
	[OPTION_MAP] = { set_map, clear_map, sizeof(GHashTable *) },
	[OPTION_RAW] = { set_raw, NULL, sizeof(struct yaml_value *) },
};

static_assert(G_N_ELEMENTS(ops) == OPTION_RAW + 1, "every type has its functions");

const struct option_def *
option_find(const struct option_table *table, const char *path)
{
	for (const struct option_def *def = table->defs; def->path != NULL; def++) {
		if (strcmp(def->path, path) == 0)
			return def;
	}
	return NULL;
}

bool
option_set(const struct option_def *def, const struct yaml_value *value, void *base, GError **error)
{
	return ops[def->type].set(def, value, (char *)base + def->offset, error);
}

void
option_preset(const struct option_table *table, void *base)
{
	for (const struct option_def *def = table->defs; def->path != NULL; def++) {
		struct yaml_value *value;
		g_autoptr(GError) error = NULL;

		if (def->preset == NULL)
			continue;
		value = yaml_new(YAML_TEXT, "preset", def->preset);
		if (!option_set(def, value, base, &error))
			g_error("%s", error->message);
		yaml_unref(value);
	}
}

void
option_clear(const struct option_table *table, void *base)
{
	for (const struct option_def *def = table->defs; def->path != NULL; def++) {
		void *field = (char *)base + def->offset;

		if (ops[def->type].clear != NULL)
			ops[def->type].clear(field);
		else
			memset(field, 0, ops[def->type].size);
	}
}

const struct yaml_value *
option_value(const struct yaml_value *root, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, ".", -1);

	for (size_t i = 0; keys[i] != NULL && root != NULL; i++)
		root = yaml_get(root, keys[i]);
	return root;
}

/* The part of PATH behind "PREFIX.", or NULL when it does not lie there. */
static const char *
below(const char *path, const char *prefix)
{
	size_t len = strlen(prefix);

	if (len == 0)
		return path;
	return strncmp(path, prefix, len) == 0 && path[len] == '.' ? path + len + 1 : NULL;
}

/* The keys that may stand right below PREFIX; empty when it is no section. */
static GPtrArray *
keys_below(const struct option_table *table, const char *prefix)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);

	for (const struct option_def *def = table->defs; def->path != NULL; def++) {
		const char *rest = below(def->path, prefix);
		g_autofree char *key = rest ? g_strndup(rest, strcspn(rest, ".")) : NULL;

		if (key != NULL && !g_ptr_array_find_with_equal_func(keys, key, g_str_equal, NULL))
			g_ptr_array_add(keys, g_steal_pointer(&key));
	}
	return keys;
}

static bool
fail_key(const struct option_table *table, const char *prefix, const struct yaml_value *key, GError **error)
{
	g_autoptr(GPtrArray) keys = keys_below(table, prefix);
	g_autofree char *quoted = words_quote(key->text), *allowed = NULL;

	g_ptr_array_add(keys, NULL);
	allowed = words_allowed(" here", key->text, (const char *const *)keys->pdata);
	return yaml_fail(key, error, CONFIG_ERROR_KEY, "unknown key %s %s%s%s", quoted,
		*prefix ? "in " : table->where, prefix, allowed);
}

static bool
fail_section(
	const struct option_table *table, const char *prefix, const struct yaml_value *value, GError **error)
{
	g_autoptr(GPtrArray) keys = keys_below(table, prefix);
	g_autofree char *allowed = NULL;

	g_ptr_array_add(keys, NULL);
	allowed = g_strjoinv(", ", (char **)keys->pdata);
	return yaml_fail(value, error, CONFIG_ERROR_VALUE,
		"%s stands where keys should %s%s; allowed here: %s", yaml_type_name(value->type),
		*prefix ? "in " : table->where, prefix, allowed);
}

static bool read_section(const struct option_table *table, const char *prefix, const struct yaml_value *map,
	void *base, GError **error);

static bool
read_key(const struct option_table *table, const char *prefix, const struct yaml_value *key,
	const struct yaml_value *value, void *base, GError **error)
{
	g_autofree char *path = g_strconcat(prefix, *prefix ? "." : "", key->text, NULL);
	g_autoptr(GPtrArray) keys = NULL;
	const struct option_def *def = option_find(table, path);

	if (def != NULL)
		return value->type == YAML_NOTHING || option_set(def, value, base, error);
	keys = keys_below(table, path);
	if (keys->len == 0)
		return fail_key(table, prefix, key, error);
	return read_section(table, path, value, base, error);
}

static bool
read_section(const struct option_table *table, const char *prefix, const struct yaml_value *map, void *base,
	GError **error)
{
	if (map->type == YAML_NOTHING)
		return true;
	if (map->type != YAML_MAP)
		return fail_section(table, prefix, map, error);
	for (guint i = 0; i < map->items->len; i++) {
		if (!read_key(table, prefix, map->keys->pdata[i], map->items->pdata[i], base, error))
			return false;
	}
	return true;
}

bool
option_read(const struct option_table *table, const struct yaml_value *map, void *base, GError **error)
{
	return read_section(table, "", map, base, error);
}
