#include "views/command.h"

#include "actions/action.h"
#include "config/words.h"
#include "tui/keymap.h"
#include "views/filter.h"
#include "views/groups.h"
#include "views/prefs.h"
#include "views/request.h"

#include <string.h>

#define COMPLETIONS_MOST 200

/* Collects candidates that begin with PREFIX, each led by what stays of the line before it. */
struct candidates {
	const char *prefix;
	const char *before;
	GPtrArray *found; /* char * */
};

typedef void (*completer)(const struct command_ctx *ctx, struct candidates *out);

static void
candidate(struct candidates *out, const char *word)
{
	if (out->found->len < COMPLETIONS_MOST &&
		g_ascii_strncasecmp(word, out->prefix, strlen(out->prefix)) == 0)
		g_ptr_array_add(out->found, g_strconcat(out->before, word, NULL));
}

static void
complete_column(const struct command_ctx *ctx, struct candidates *out)
{
	for (size_t i = 0; ctx->kind && i < ctx->kind->ncolumns; i++)
		candidate(out, ctx->kind->columns[i].info->name);
}

static void
complete_columns(const struct command_ctx *ctx, struct candidates *out)
{
	static const char *const groups[] = { "default", "wide", "all" };
	g_autofree const char **sets = ctx->kind && ctx->row ? prefs_sets(ctx->row->config, ctx->kind) : NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
		candidate(out, groups[i]);
	for (size_t i = 0; sets && sets[i]; i++)
		candidate(out, sets[i]);
	complete_column(ctx, out);
}

static void
complete_group(const struct command_ctx *ctx, struct candidates *out)
{
	for (size_t i = 0; ctx->kind && i < ctx->kind->ncolumns; i++)
		if (ctx->kind->columns[i].flags & COLUMN_TEXT && i != ctx->kind->name_column)
			candidate(out, ctx->kind->columns[i].info->name);
}

static void
complete_host(const struct command_ctx *ctx, struct candidates *out)
{
	for (size_t i = 0; i < ctx->snap->nhosts; i++)
		candidate(out, ctx->snap->hosts[i]->name);
}

static void
complete_vm(const struct command_ctx *ctx, struct candidates *out)
{
	for (size_t i = 0; i < ctx->snap->nhosts; i++)
		for (size_t j = 0; j < ctx->snap->hosts[i]->nvms; j++)
			candidate(out, ctx->snap->hosts[i]->vms[j].name);
}

static void
complete_groups(const struct command_ctx *ctx, struct candidates *out)
{
	g_auto(GStrv) choices = groups_choices(ctx->snap);

	for (size_t i = 0; choices[i]; i++)
		candidate(out, choices[i]);
}

/* Whatever stands in the line is part of the query: its completions come whole. */
static void
complete_filter(const struct command_ctx *ctx, struct candidates *out)
{
	g_auto(GStrv) found = NULL;

	if (ctx->kind && ctx->row)
		found = filter_complete(ctx->kind, ctx->row, ctx->snap, out->prefix);
	for (size_t i = 0; found && found[i]; i++)
		candidate(out, found[i]);
}

static void
complete_on_off(const struct command_ctx *ctx G_GNUC_UNUSED, struct candidates *out)
{
	candidate(out, "on");
	candidate(out, "off");
}

static void
complete_site(const struct command_ctx *ctx, struct candidates *out)
{
	for (size_t i = 0; i < ctx->snap->nhosts; i++)
		if (ctx->snap->hosts[i]->config && ctx->snap->hosts[i]->config->site)
			candidate(out, ctx->snap->hosts[i]->config->site);
}

static const struct {
	const char *word, *usage, *help;
	const char *separators; /* between the words of its argument that are completed one by one */
	bool optional;          /* its argument */
	completer complete;
} forms[COMMAND_FORM_COUNT] = {
	[COMMAND_FORM_SORT] = { "sort", "sort A,B",
		"Sort by a column or two; -A: the highest first, +A: the lowest", ",", false,
		complete_column },
	[COMMAND_FORM_FILTER] = { "filter", "filter [QUERY]", "Filter rows; no query: all rows", NULL, true,
		complete_filter },
	[COMMAND_FORM_COLUMNS] = { "columns", "columns A,B=20,...",
		"Choose columns, order and widths, a set of the config, or: default, wide, all", ",", false,
		complete_columns },
	[COMMAND_FORM_GROUP] = { "group", "group [COLUMN]",
		"Gather the table's rows by host, tenant, site, tag, state, label NAME ...", NULL, true,
		complete_group },
	[COMMAND_FORM_GROUPS] = { "groups", "groups [WHAT]",
		"Add VMs up by: tenant, site, tag, hypervisor, os, type, state, host, label NAME", NULL, true,
		complete_groups },
	[COMMAND_FORM_HOST] = { "host", "host NAME", "Open a host's page", NULL, false, complete_host },
	[COMMAND_FORM_MAINTENANCE] = { "maintenance", "maintenance on|off",
		"Take the chosen hosts out of service: nothing is moved to them; or release them", NULL,
		false, complete_on_off },
	[COMMAND_FORM_EVEN] = { "even", "even [SITE]",
		"Plan to make the hosts of a site, or of each, equally full", NULL, true, complete_site },
	[COMMAND_FORM_VM] = { "vm", "vm NAME", "Open a VM's page", NULL, false, complete_vm },
};

const char *
command_usage(enum command_form form)
{
	return forms[form].usage;
}

const char *
command_help(enum command_form form)
{
	return forms[form].help;
}

const struct host_snap *
command_find_host(const struct fleet_snap *snap, const char *name)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (strcmp(snap->hosts[i]->name, name) == 0)
			return snap->hosts[i];
	return NULL;
}

const struct vm *
command_find_vm(const struct fleet_snap *snap, const char *name)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		for (size_t j = 0; j < snap->hosts[i]->nvms; j++)
			if (strcmp(snap->hosts[i]->vms[j].name, name) == 0)
				return &snap->hosts[i]->vms[j];
	return NULL;
}

/* ---- parsing ---- */

static enum command_form
find_form(const char *word)
{
	for (int i = 0; i < COMMAND_FORM_COUNT; i++)
		if (forms[i].word && strcmp(forms[i].word, word) == 0)
			return (enum command_form)i;
	return COMMAND_FORM_REQUEST;
}

/* Words behind a verb are its arguments. */
static bool
parse_params(const struct action *action, const char *rest, struct command_line *out, GError **error)
{
	g_auto(GStrv) words = g_strsplit_set(rest, " \t", -1);
	g_autoptr(GPtrArray) full = g_ptr_array_new();

	for (size_t i = 0; words[i]; i++)
		if (*words[i])
			g_ptr_array_add(full, words[i]);
	g_ptr_array_add(full, NULL);
	out->params = action_params(action, (const char *const *)full->pdata, error);
	return out->params != NULL;
}

static bool
fail_command(const struct command_ctx *ctx, const char *word, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *nearest;

	for (int i = 0; i < request_limit(ctx->readonly); i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)request_name(i));
	for (int i = 0; i < COMMAND_FORM_COUNT; i++)
		if (forms[i].word)
			g_ptr_array_add(names, (gpointer)(uintptr_t)forms[i].word);
	g_ptr_array_add(names, NULL);
	nearest = words_nearest(word, (const char *const *)names->pdata);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there is no command '%s'; %s%s%s", word,
		nearest ? "did you mean '" : "", nearest ? nearest : "Tab shows what there is",
		nearest ? "'?" : "");
	return false;
}

static bool
parse_request(const struct command_ctx *ctx, const char *word, const char *rest, struct command_line *out,
	GError **error)
{
	out->request = request_by_name(ctx->readonly, strcmp(word, "q") == 0 ? "quit" : word);
	if (out->request == KEYMAP_NONE && request_by_name(false, word) != KEYMAP_NONE)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "'%s' is refused: read-only", word);
	else if (out->request == KEYMAP_NONE)
		return fail_command(ctx, word, error);
	else if (*rest && request_action(out->request))
		return parse_params(request_action(out->request), rest, out, error);
	else if (*rest)
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "'%s' takes no argument", word);
	else
		return true;
	return false;
}

bool
command_parse(const struct command_ctx *ctx, const char *text, struct command_line *out, GError **error)
{
	g_autofree char *line = g_strstrip(g_strdup(text));
	char *rest = line + strcspn(line, " \t");

	*out = (struct command_line){ .form = COMMAND_FORM_REQUEST, .request = KEYMAP_NONE };
	if (!*line)
		return true;
	if (*rest)
		*rest++ = '\0';
	rest += strspn(rest, " \t");
	out->form = find_form(line);
	if (out->form == COMMAND_FORM_REQUEST)
		return parse_request(ctx, line, rest, out, error);
	if (!*rest && !forms[out->form].optional) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "type: %s", forms[out->form].usage);
		return false;
	}
	out->argument = *rest ? g_strdup(rest) : NULL;
	return true;
}

void
command_clear(struct command_line *line)
{
	g_clear_pointer(&line->argument, g_free);
	g_clear_pointer(&line->params, g_strfreev);
}

/* ---- completion ---- */

static void
complete_word(const struct command_ctx *ctx, struct candidates *out)
{
	for (int i = 0; i < request_limit(ctx->readonly); i++)
		if (find_form(request_name(i)) == COMMAND_FORM_REQUEST)
			candidate(out, request_name(i));
	for (int i = 0; i < COMMAND_FORM_COUNT; i++) {
		g_autofree char *with_blank = forms[i].word ? g_strconcat(forms[i].word, " ", NULL) : NULL;

		if (with_blank)
			candidate(out, with_blank);
	}
}

/* Words behind a verb, the last of which is being typed. */
static void
complete_params(const struct command_ctx *ctx, const struct action *action, struct candidates *out)
{
	g_autoptr(GPtrArray) hosts = g_ptr_array_new();
	g_auto(GStrv) found = NULL;

	for (size_t i = 0; i < ctx->snap->nhosts; i++)
		g_ptr_array_add(hosts, (gpointer)(uintptr_t)ctx->snap->hosts[i]->name);
	g_ptr_array_add(hosts, NULL);
	found = action_complete(action, out->prefix, (const char *const *)hosts->pdata);
	for (size_t i = 0; found[i]; i++)
		candidate(out, found[i]);
}

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, without repetitions (guests of many hosts may share a name), as a NULL-terminated vector. */
static char **
finish(GPtrArray *found)
{
	GPtrArray *unique = g_ptr_array_new();

	g_ptr_array_sort(found, compare_strings);
	for (guint i = 0; i < found->len; i++) {
		char *text = found->pdata[i];

		if (unique->len && strcmp(unique->pdata[unique->len - 1], text) == 0)
			g_free(text);
		else
			g_ptr_array_add(unique, text);
	}
	g_ptr_array_free(found, TRUE);
	if (unique->len == 0) {
		g_ptr_array_free(unique, TRUE);
		return NULL;
	}
	g_ptr_array_add(unique, NULL);
	return (char **)g_ptr_array_free(unique, FALSE);
}

/* What is typed behind the word of FORM or ACTION. */
static void
complete_argument(const struct command_ctx *ctx, enum command_form form, const struct action *action,
	const char *line, const char *argument, struct candidates *out)
{
	const char *separators = action ? " " : forms[form].separators;
	const char *last = separators ? strrchr(argument, *separators) : NULL;
	g_autofree char *before = NULL;

	out->prefix = last ? last + 1 : argument;
	out->before = before = g_strndup(line, (gsize)(out->prefix - line));
	if (action)
		complete_params(ctx, action, out);
	else if (forms[form].complete)
		forms[form].complete(ctx, out);
}

char **
command_complete(const struct command_ctx *ctx, const char *text, size_t cursor)
{
	g_autofree char *line = g_strndup(text, cursor), *word = NULL;
	size_t start = strspn(line, " ");
	char *blank = strchr(line + start, ' ');
	struct candidates out = { .before = "", .prefix = line + start, .found = g_ptr_array_new() };
	enum command_form form;

	if (!blank) {
		complete_word(ctx, &out);
		return finish(out.found);
	}
	word = g_strndup(line + start, (gsize)(blank - line) - start);
	form = find_form(word);
	complete_argument(ctx, form,
		form == COMMAND_FORM_REQUEST ? request_action(request_by_name(ctx->readonly, word)) : NULL,
		line, blank + 1, &out);
	return finish(out.found);
}
