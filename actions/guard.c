#include "actions/guard.h"

#include "actions/registry.h"
#include "config/guards.h"
#include "config/words.h"

#include <string.h>

#define ANY   "any" /* verb */
#define WHERE "where"

struct rule {
	enum config_guard_kind kind;
	char *words;      /* "deny: stop where tag=prod" */
	GPtrArray *verbs; /* const struct action *; empty: any */
	void *query;      /* NULL: any guest */
	guint max;
};

struct guards {
	const struct config *config;
	const struct guard_queries *queries;
	GPtrArray *rules; /* struct rule */
	int64_t now_us;
};

/* ---- reading ---- */

static bool fail(const struct config_guard *source, GError **error, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static bool
fail(const struct config_guard *source, GError **error, const char *format, ...)
{
	g_autofree char *words = NULL;
	va_list args;

	va_start(args, format);
	words = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "%s: %s: %s", source->origin,
		config_guard_word(source->kind), words);
	return false;
}

static bool
fail_verb(const struct config_guard *source, const char *word, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *quoted = words_quote(word), *allowed = NULL;
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	g_ptr_array_add(names, (gpointer)(uintptr_t)ANY);
	for (size_t i = 0; i < n; i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)actions[i]->name);
	g_ptr_array_add(names, NULL);
	allowed = words_allowed("", word, (const char *const *)names->pdata);
	return fail(source, error, "there is no verb %s%s", quoted, allowed);
}

/* "stop, reset" or "any" or, where that is allowed, nothing. */
static bool
read_verbs(struct rule *rule, const struct config_guard *source, const char *text, GError **error)
{
	g_auto(GStrv) names = g_strsplit_set(text, " ,\t", -1);
	bool any = source->kind == GUARD_MAX;

	for (size_t i = 0; names[i]; i++) {
		const struct action *action = registry_find(false, names[i]);

		if (action)
			g_ptr_array_add(rule->verbs, (gpointer)(uintptr_t)action);
		else if (strcmp(names[i], ANY) == 0)
			any = true;
		else if (*names[i])
			return fail_verb(source, names[i], error);
	}
	if (!any && !rule->verbs->len)
		return fail(source, error,
			"no verb is named; allowed: verbs, or any, as in stop, reset where tag=prod");
	if (any && source->kind != GUARD_MAX)
		g_ptr_array_set_size(rule->verbs, 0);
	return true;
}

/* Where the word "where" stands, NULL: nowhere. */
static const char *
find_where(const char *text)
{
	for (const char *at = strstr(text, WHERE); at; at = strstr(at + 1, WHERE))
		if ((at == text || g_ascii_isspace(at[-1])) &&
			(!at[strlen(WHERE)] || g_ascii_isspace(at[strlen(WHERE)])))
			return at;
	return NULL;
}

static bool
read_query(struct guards *guards, struct rule *rule, const struct config_guard *source, const char *text,
	GError **error)
{
	g_autofree char *query = g_strstrip(g_strdup(text)), *explained = NULL;
	g_autoptr(GError) wrong = NULL;
	struct query_fault fault = { 0 };

	if (!*query)
		return fail(source, error, "nothing stands behind where; allowed: a query, as in tag=prod");
	rule->query = guards->queries->compile(guards->config, query, &fault, &wrong);
	if (rule->query)
		return true;
	explained = query_explain(query, &fault, wrong);
	return fail(source, error, "%s", explained);
}

static bool
read_max(struct rule *rule, const struct config_guard *source, GError **error)
{
	g_autofree char *text = g_strstrip(g_strdup(source->text));
	char *number = text + strlen(text);
	guint64 max;

	while (number > text && g_ascii_isdigit(number[-1]))
		number--;
	if (!g_ascii_string_to_unsigned(number, 10, 1, G_MAXINT, &max, NULL))
		return fail(source, error, "there is no number in '%s'; allowed: as in 50, or stop 10",
			source->text);
	rule->max = (guint)max;
	*number = '\0';
	return read_verbs(rule, source, text, error);
}

static bool
read_rule(struct guards *guards, struct rule *rule, const struct config_guard *source, GError **error)
{
	const char *where = find_where(source->text);
	g_autofree char *verbs =
		where ? g_strndup(source->text, (gsize)(where - source->text)) : g_strdup(source->text);

	if (source->kind == GUARD_MAX)
		return read_max(rule, source, error);
	return read_verbs(rule, source, verbs, error) &&
	       (!where || read_query(guards, rule, source, where + strlen(WHERE), error));
}

static struct rule *
rule_new(struct guards *guards, const struct config_guard *source)
{
	struct rule *rule = g_new0(struct rule, 1);

	rule->kind = source->kind;
	rule->words = g_strdup_printf("%s: %s", config_guard_word(source->kind), source->text);
	rule->verbs = g_ptr_array_new();
	g_ptr_array_add(guards->rules, rule);
	return rule;
}

struct guards *
guards_new(const struct config *config, const struct guard_queries *queries, GError **error)
{
	struct guards *guards = g_new0(struct guards, 1);

	guards->config = config;
	guards->queries = queries;
	guards->rules = g_ptr_array_new();
	for (guint i = 0; config->guards && i < config->guards->len; i++) {
		const struct config_guard *source = config->guards->pdata[i];

		if (read_rule(guards, rule_new(guards, source), source, error))
			continue;
		guards_free(guards);
		return NULL;
	}
	return guards;
}

void
guards_free(struct guards *guards)
{
	if (!guards)
		return;
	for (guint i = 0; i < guards->rules->len; i++) {
		struct rule *rule = guards->rules->pdata[i];

		if (rule->query)
			guards->queries->free(rule->query);
		g_ptr_array_unref(rule->verbs);
		g_free(rule->words);
		g_free(rule);
	}
	g_ptr_array_unref(guards->rules);
	g_free(guards);
}

/* ---- asking ---- */

void
guards_begin(struct guards *guards, int64_t now_us)
{
	guards->now_us = now_us;
	for (guint i = 0; i < guards->rules->len; i++) {
		struct rule *rule = guards->rules->pdata[i];

		if (rule->query)
			guards->queries->forget(rule->query);
	}
}

static bool
is_about(const struct rule *rule, enum config_guard_kind kind, const struct action *action)
{
	return rule->kind == kind &&
	       (!rule->verbs->len || g_ptr_array_find(rule->verbs, action, NULL) ||
		       (action->guarded_as && g_ptr_array_find(rule->verbs, action->guarded_as, NULL)));
}

void
guards_need(const struct guards *guards, const struct action *action, struct snap_need *need)
{
	for (guint i = 0; i < guards->rules->len; i++) {
		const struct rule *rule = guards->rules->pdata[i];

		if (rule->query && is_about(rule, rule->kind, action))
			guards->queries->need(rule->query, need);
	}
}

static const char *
find_rule(
	struct guards *guards, enum config_guard_kind kind, const struct action *action, const struct vm *vm)
{
	for (guint i = 0; i < guards->rules->len; i++) {
		const struct rule *rule = guards->rules->pdata[i];

		if (is_about(rule, kind, action) &&
			(!rule->query || guards->queries->match(rule->query, guards->config, vm,
						 guards->now_us) != GUARD_MATCH_NO))
			return rule->words;
	}
	return NULL;
}

const char *
guards_deny(struct guards *guards, const struct action *action, const struct vm *vm)
{
	return find_rule(guards, GUARD_DENY, action, vm);
}

const char *
guards_confirm(struct guards *guards, const struct action *action, const struct vm *vm)
{
	return find_rule(guards, GUARD_CONFIRM, action, vm);
}

const char *
guards_max(const struct guards *guards, const struct action *action, guint n)
{
	for (guint i = 0; i < guards->rules->len; i++) {
		const struct rule *rule = guards->rules->pdata[i];

		if (is_about(rule, GUARD_MAX, action) && n > rule->max)
			return rule->words;
	}
	return NULL;
}
