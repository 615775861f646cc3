#include "actions/action.h"

#include "config/config.h"
#include "config/words.h"
#include "fleet/cpuset.h"
#include "fleet/query.h"
#include "fleet/snapshot.h"

#include <string.h>

#define FLAG_VALUE "yes"

/* ---- what a verb can be done to ---- */

/* The other half of one that is paused on its way runs elsewhere, and with post-copy needs what is still here. */
static bool
is_on_the_way(const char *reason)
{
	return g_str_has_prefix(reason, "migrat") || strcmp(reason, "post-copy migration") == 0;
}

/* What holds for every verb. */
static bool
is_reachable(const struct vm *vm, const char **why_not)
{
	if (vm->is_dom0)
		*why_not = "Domain-0 is the host itself";
	else if (vm->host->link != LINK_UP)
		*why_not = "its host does not answer";
	else if (vm->state == VM_STATE_PAUSED && vm->reason && is_on_the_way(vm->reason))
		*why_not = "being migrated";
	else
		return true;
	return false;
}

bool
action_possible(const struct action *action, const struct vm *vm, const char **why_not)
{
	const struct host_facts *facts = vm->host->facts;

	if (!is_reachable(vm, why_not))
		return false;
	if (facts && facts->why_not[action->act]) {
		*why_not = facts->why_not[action->act];
		return false;
	}
	return !action->possible || action->possible(vm, why_not);
}

/* ---- what stands behind it ---- */

const char *
action_param(char *const *params, const char *name)
{
	for (; params && params[0]; params += 2)
		if (strcmp(params[0], name) == 0)
			return params[1];
	return NULL;
}

static bool
arg_fail(const struct action *action, const struct action_arg *arg, const char *value, const char *allowed,
	GError **error)
{
	g_autofree char *quoted = words_quote(value);

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s can't be %s%s", action->name, arg->name,
		quoted, allowed);
	return false;
}

static bool
take_word(const struct action *action, const struct action_arg *arg, const char *value, GError **error)
{
	g_autofree char *allowed = NULL;

	if (g_strv_contains(arg->words, value))
		return true;
	allowed = words_allowed("", value, arg->words);
	return arg_fail(action, arg, value, allowed, error);
}

static bool
take_flag(const struct action *action, const struct action_arg *arg, const char *value, GError **error)
{
	return strcmp(value, FLAG_VALUE) == 0 || arg_fail(action, arg, value, "; it takes no value", error);
}

static bool
take_text(const struct action *action, const struct action_arg *arg, const char *value, GError **error)
{
	return *value || arg_fail(action, arg, value, "; allowed: a word", error);
}

static bool
take_cpuset(const struct action *action, const struct action_arg *arg, const char *value, GError **error)
{
	struct cpu_set set = { 0 };
	bool ok = cpu_set_parse(value, &set);

	cpu_set_clear(&set);
	return ok || arg_fail(action, arg, value, "; allowed: CPUs, as in 0-3,8", error);
}

static bool
take_number(const struct action *action, const struct action_arg *arg, const char *value, GError **error)
{
	double number, slack;
	g_autofree char *allowed = NULL;

	if (query_parse_number(value, arg->unit, &number, &slack) && number >= arg->min && number <= arg->max)
		return true;
	allowed = g_strdup_printf("; allowed: %s", arg->help);
	return arg_fail(action, arg, value, allowed, error);
}

static const struct {
	bool (*take)(const struct action *, const struct action_arg *, const char *value, GError **);
	const char *usage; /* of its value */
} kinds[] = {
	[ARG_WORD] = { take_word, NULL },
	[ARG_FLAG] = { take_flag, NULL },
	[ARG_HOST] = { take_text, "HOST" },
	[ARG_CPUSET] = { take_cpuset, "CPUS" },
	[ARG_NUMBER] = { take_number, "N" },
	[ARG_TEXT] = { take_text, "WORD" },
};

static const char *
number_usage(enum unit unit)
{
	switch (unit) {
	case UNIT_BYTES:
		return "SIZE";
	case UNIT_BYTES_S:
		return "RATE";
	case UNIT_MS:
	case UNIT_SECONDS:
		return "TIME";
	case UNIT_PCT:
		return "PERCENT";
	default:
		return "N";
	}
}

static const struct action_arg *
arg_named(const struct action *action, const char *name)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (strcmp(arg->name, name) == 0)
			return arg;
	return NULL;
}

/* Whether WORD alone can be ARG's value: a word of a list only when it is in it, so that others can have it. */
static bool
arg_takes_bare(const struct action_arg *arg, const char *word)
{
	return arg->bare && (arg->kind != ARG_WORD || g_strv_contains(arg->words, word));
}

/* The argument that WORD alone is for, among those not in PARAMS yet; NULL: none. */
static const struct action_arg *
arg_for_bare(const struct action *action, const GPtrArray *params, const char *word)
{
	const struct action_arg *flag = arg_named(action, word);

	if (flag && flag->kind == ARG_FLAG)
		return flag;
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (arg_takes_bare(arg, word) && !action_param((char *const *)params->pdata, arg->name))
			return arg;
	return NULL;
}

bool
action_owns(const struct action *action, const char *word)
{
	const struct action_arg *flag = arg_named(action, word);
	const char *equals = strchr(word, '='), *scheme = strstr(word, "://");

	if (equals) /* behind "://" it is part of a host's URI */
		return !scheme || equals < scheme;
	if (flag && flag->kind == ARG_FLAG)
		return true;
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (arg->kind == ARG_WORD && arg_takes_bare(arg, word))
			return true;
	return false;
}

/* All that could stand there, for the message about WORD. */
static GPtrArray *
arg_words(const struct action *action)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	for (const struct action_arg *arg = action->args; arg && arg->name; arg++) {
		for (size_t i = 0; arg->kind == ARG_WORD && arg->bare && arg->words[i]; i++)
			g_ptr_array_add(words, g_strdup(arg->words[i]));
		if (!arg->bare || arg->kind != ARG_WORD)
			g_ptr_array_add(
				words, g_strconcat(arg->name, arg->kind == ARG_FLAG ? "" : "=", NULL));
	}
	g_ptr_array_add(words, NULL);
	return words;
}

static bool
fail_word(const struct action *action, const char *word, GError **error)
{
	g_autoptr(GPtrArray) words = arg_words(action);
	g_autofree char *quoted = words_quote(word), *usage = action_usage(action), *allowed = NULL;
	const char *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (gsize)(equals + 1 - word)) : g_strdup(word);

	if (words->len > 1)
		allowed = words_allowed("", name, (const char *const *)words->pdata);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: what is %s? type: %s%s", action->name,
		quoted, usage, allowed ? allowed : "");
	return false;
}

/* Takes one word into PARAMS, which stay NULL-terminated. */
static bool
take(const struct action *action, GPtrArray *params, const char *word, GError **error)
{
	const char *equals = strchr(word, '=');
	g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : NULL;
	const struct action_arg *arg = name ? arg_named(action, name) : arg_for_bare(action, params, word);
	const char *value = name ? equals + 1 : word;

	if (!arg)
		return fail_word(action, word, error);
	if (arg->kind == ARG_FLAG && !name)
		value = FLAG_VALUE;
	if (action_param((char *const *)params->pdata, arg->name)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s is said twice", action->name,
			arg->name);
		return false;
	}
	if (!kinds[arg->kind].take(action, arg, value, error))
		return false;
	g_ptr_array_set_size(params, (gint)params->len - 1);
	g_ptr_array_add(params, g_strdup(arg->name));
	g_ptr_array_add(params, g_strdup(value));
	g_ptr_array_add(params, NULL);
	return true;
}

static bool
has_all_needed(const struct action *action, char *const *params, GError **error)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++) {
		g_autofree char *usage = NULL;

		if (!arg->needed || action_param(params, arg->name))
			continue;
		usage = action_usage(action);
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s is missing; type: %s",
			action->name, arg->name, usage);
		return false;
	}
	return true;
}

char **
action_params(const struct action *action, const char *const *words, GError **error)
{
	g_autoptr(GPtrArray) params = g_ptr_array_new_with_free_func(g_free);
	char *const *so_far;

	g_ptr_array_add(params, NULL);
	for (size_t i = 0; words[i]; i++)
		if (!take(action, params, words[i], error))
			return NULL;
	so_far = (char *const *)params->pdata;
	if (!has_all_needed(action, so_far, error) || (action->check && !action->check(so_far, error)))
		return NULL;
	return (char **)g_ptr_array_steal(params, NULL);
}

/* ---- how it is told ---- */

char *
action_arg_usage(const struct action_arg *arg)
{
	g_autofree char *words =
		arg->kind == ARG_WORD ? g_strjoinv("|", (char **)(uintptr_t)arg->words) : NULL;
	const char *value = words                     ? words
			    : arg->kind == ARG_NUMBER ? number_usage(arg->unit)
						      : kinds[arg->kind].usage;

	if (arg->kind == ARG_FLAG)
		return g_strdup(arg->name);
	return arg->bare ? g_strdup(value) : g_strconcat(arg->name, "=", value, NULL);
}

char *
action_usage(const struct action *action)
{
	GString *out = g_string_new(action->name);

	for (const struct action_arg *arg = action->args; arg && arg->name; arg++) {
		g_autofree char *usage = action_arg_usage(arg);

		g_string_append_printf(out, arg->needed ? " %s" : " [%s]", usage);
	}
	return g_string_free(out, FALSE);
}

static void
offer(GPtrArray *out, const char *prefix, const char *before, const char *word)
{
	g_autofree char *whole = g_strconcat(before, word, NULL);

	if (g_ascii_strncasecmp(whole, prefix, strlen(prefix)) == 0)
		g_ptr_array_add(out, g_steal_pointer(&whole));
}

/* The values of ARG, behind BEFORE. */
static void
offer_values(GPtrArray *out, const char *prefix, const char *before, const struct action_arg *arg,
	const char *const *hosts)
{
	const char *const *values = arg->kind == ARG_WORD ? arg->words : arg->kind == ARG_HOST ? hosts : NULL;

	for (size_t i = 0; values && values[i]; i++)
		offer(out, prefix, before, values[i]);
}

char **
action_complete(const struct action *action, const char *prefix, const char *const *hosts)
{
	GPtrArray *out = g_ptr_array_new();

	for (const struct action_arg *arg = action->args; arg && arg->name; arg++) {
		g_autofree char *named = g_strconcat(arg->name, "=", NULL);

		if (g_str_has_prefix(prefix, named)) {
			offer_values(out, prefix, named, arg, hosts);
			continue;
		}
		if (arg->bare)
			offer_values(out, prefix, "", arg, hosts);
		if (!arg->bare || arg->kind == ARG_CPUSET)
			offer(out, prefix, "", arg->kind == ARG_FLAG ? arg->name : named);
	}
	g_ptr_array_add(out, NULL);
	return (char **)g_ptr_array_free(out, FALSE);
}
