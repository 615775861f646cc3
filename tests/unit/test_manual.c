/*
 * The manual's lists are made from the program's tables, between "begin" and "end" comments in the page. This holds the
 * page against the tables; with VIRT_FLEET_UPDATE set (make update-man) it writes what should be there instead.
 */
#include "options.c" /* its table is nobody else's business */

#include "actions/registry.h"
#include "fleet/query.h"
#include "views/catalog.h"
#include "views/columns.h"
#include "views/groups.h"
#include "views/keys.h"
#include "views/request.h"
#include "views/units.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define PAGE "man/virt-fleet.1"

/* ---- mdoc ---- */

/* TEXT as running text: letters beyond ASCII by number, and nothing at its beginning that looks like a request. */
static void
append_text(GString *page, const char *text)
{
	if (*text == '.' || *text == '\'')
		g_string_append(page, "\\&");
	for (const char *at = text; *at; at += g_utf8_skip[(guchar)*at]) {
		gunichar c = g_utf8_get_char(at);

		if (c == '\\')
			g_string_append(page, "\\e");
		else if (c < 0x80)
			g_string_append_c(page, (char)c);
		else
			g_string_append_printf(page, "\\[u%04X]", c);
	}
}

/* TEXT as words of a macro's line, where a lone sign would be taken for punctuation. */
static void
append_words(GString *page, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word; word++) {
		size_t length = strlen(*word);

		if (word != words)
			g_string_append_c(page, ' ');
		if (length == 1 && !g_ascii_isalnum(**word))
			g_string_append(page, "\\&");
		if (length > 1 && (*word)[length - 1] == ',') {
			g_autofree char *bare = g_strndup(*word, length - 1);

			append_words(page, bare);
			g_string_append(page, " ,");
		} else {
			append_text(page, *word);
		}
	}
}

/* TEXT with a capital and a full stop, each sentence on a line of its own. */
static void
append_sentences(GString *page, const char *text)
{
	g_auto(GStrv) sentences = g_strsplit(text, ". ", -1);

	for (char **sentence = sentences; *sentence; sentence++) {
		if (!g_ascii_isupper((*sentence)[1])) /* but "vCPUs" */
			**sentence = g_ascii_toupper(**sentence);
		append_text(page, *sentence);
		g_string_append(page,
			g_str_has_suffix(*sentence, ".") || g_str_has_suffix(*sentence, "…") ? "\n" : ".\n");
	}
}

static void
append_item(GString *page, const char *macro, const char *name, const char *text)
{
	g_string_append_printf(page, ".It %s ", macro);
	append_words(page, name);
	g_string_append_c(page, '\n');
	append_sentences(page, text);
}

/* ---- what should be there ---- */

static void
make_commands(GString *page)
{
	for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
		if (!*commands[i].name)
			continue;
		append_item(page, "Cm", commands[i].name, commands[i].help);
	}
}

static void
append_option_argument(GString *page, const struct option *option)
{
	if (!option->argument)
		return;
	if (option->type == G_OPTION_ARG_CALLBACK)
		g_string_append_printf(page, " Ns Op = Ns Ar %s", option->argument);
	else
		g_string_append_printf(page, " Ns = Ns Ar %s", option->argument);
}

/* "With list, snapshot only." */
static void
append_option_commands(GString *page, const struct option *option)
{
	const char *gap = "With ";

	if (option->commands == ON_ALL)
		return;
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!(option->commands >> i & 1u))
			continue;
		g_string_append_printf(
			page, "%s%s", gap, *commands[i].name ? commands[i].name : "the console");
		gap = ", ";
	}
	g_string_append(page, " only.\n");
}

static void
make_options(GString *page)
{
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		const struct option *option = &table[i];

		g_string_append(page, ".It ");
		if (option->letter && option->argument)
			g_string_append_printf(page, "Fl %c Ar %s , ", option->letter, option->argument);
		else if (option->letter)
			g_string_append_printf(page, "Fl %c , ", option->letter);
		g_string_append_printf(page, "Fl -%s", option->name);
		append_option_argument(page, option);
		g_string_append_c(page, '\n');
		append_sentences(page, option->help);
		append_option_commands(page, option);
	}
}

static void
make_views(GString *page)
{
	for (size_t i = 0; catalog[i]; i++)
		append_item(page, "Cm", catalog[i]->name, catalog[i]->help);
}

/* What may stand behind a verb. */
static void
append_args(GString *page, const struct action *action)
{
	if (!action->args)
		return;
	g_string_append(page, ".Bl -tag -width Ds -compact\n");
	for (const struct action_arg *arg = action->args; arg->name; arg++) {
		g_autofree char *usage = action_arg_usage(arg), *help = g_strdup(arg->help);

		append_item(page, "Cm", usage, help);
	}
	g_string_append(page, ".El\n");
}

static void
make_requests(GString *page, int first, int end)
{
	struct config config = { .keys = NULL };
	struct keys *keys = keys_new(&config, false, NULL);

	for (int request = first; request < end; request++) {
		g_autofree char *labels = keys_labels_anywhere(keys, "vms", request);

		g_string_append(page, ".It ");
		if (labels) {
			g_string_append(page, "Ic ");
			append_words(page, labels);
			g_string_append_c(page, ' ');
		}
		g_string_append_printf(page, labels ? "Pq Cm %s\n" : "Cm %s\n", request_name(request));
		append_sentences(page, request_help(request));
		if (request_action(request) && request_action(request)->needs)
			g_string_append_printf(page, "For %s.\n", request_action(request)->needs);
		if (request_action(request))
			append_args(page, request_action(request));
		if (request_action(request) && request_action(request)->flags & ACTION_HURTS)
			append_sentences(page, request_action(request)->effect);
	}
	keys_free(keys);
}

static void
make_keys(GString *page)
{
	make_requests(page, 0, REQ_COUNT);
}

static void
make_verbs(GString *page)
{
	make_requests(page, REQ_COUNT, request_limit(false));
}

static void
make_columns(GString *page, const struct row_kind *kind)
{
	for (size_t i = 0; i < kind->ncolumns; i++) {
		const struct column *column = &kind->columns[i];

		g_string_append_printf(page, ".It Cm %s", column->info->name);
		if (!(column->flags & (COLUMN_TEXT | COLUMN_SCREEN)))
			g_string_append_printf(page, " Pq %s", column_type_name(column));
		g_string_append_c(page, '\n');
		append_sentences(page, column->info->help);
		if (column->flags & COLUMN_SCREEN)
			g_string_append(page, "On the screen only.\n");
	}
}

static void
make_host_columns(GString *page)
{
	make_columns(page, &host_rows);
}

static void
make_vm_columns(GString *page)
{
	make_columns(page, &vm_rows);
}

static void
make_group_columns(GString *page)
{
	make_columns(page, &group_rows);
}

static void
make_group_dimensions(GString *page)
{
	for (int by = 0; by < GROUP_BY_COUNT; by++)
		append_item(page, "Cm", group_by_name((enum group_by)by), group_by_help((enum group_by)by));
}

static void
make_host_states(GString *page)
{
	static const struct {
		const char *word, *help;
	} states[] = {
#define STATE(id, word, glyph, ascii, role, help) { word, help },
		LINK_STATES(STATE)
#undef STATE
	};

	for (size_t i = 0; i < G_N_ELEMENTS(states); i++)
		append_item(page, "Sy", states[i].word, states[i].help);
}

static void
make_vm_states(GString *page)
{
	for (enum vm_state state = 0; state < VM_STATE_COUNT; state++)
		g_string_append_printf(page, "%s.Sy %s%s\n", state + 1 < VM_STATE_COUNT ? "" : "or\n",
			vm_state_name(state), state + 1 < VM_STATE_COUNT ? " ," : " .");
}

/* ".It Li "text"" of a text that may have blanks, quotes and backslashes. */
static void
append_quoted(GString *page, const char *text)
{
	g_string_append(page, ".It Li \"");
	for (; *text; text++) {
		if (*text == '"')
			g_string_append(page, "\\(dq");
		else if (*text == '\\')
			g_string_append(page, "\\e");
		else
			g_string_append_c(page, *text);
	}
	g_string_append(page, "\"\n");
}

static void
make_queries(GString *page)
{
	size_t n;
	const struct query_note *notes = query_notes(&n);

	for (size_t i = 0; i < n; i++) {
		g_autofree char *help = g_strdup(notes[i].help);

		append_quoted(page, notes[i].example);
		append_sentences(page, help);
	}
}

static const struct section {
	const char *name;
	void (*make)(GString *page);
} sections[] = {
	{ "commands", make_commands },
	{ "options", make_options },
	{ "views", make_views },
	{ "keys", make_keys },
	{ "verbs", make_verbs },
	{ "queries", make_queries },
	{ "host-columns", make_host_columns },
	{ "vm-columns", make_vm_columns },
	{ "group-columns", make_group_columns },
	{ "group-dimensions", make_group_dimensions },
	{ "host-states", make_host_states },
	{ "vm-states", make_vm_states },
};

/* ---- what is there ---- */

/* Where section NAME of PAGE begins and ends: behind the one comment, before the other. */
static bool
find_section(const char *page, const char *name, const char **begin, const char **end)
{
	g_autofree char *begin_mark = g_strdup_printf(".\\\" begin %s\n", name);
	g_autofree char *end_mark = g_strdup_printf(".\\\" end %s\n", name);

	*begin = strstr(page, begin_mark);
	*end = strstr(page, end_mark);
	if (!*begin || !*end)
		return false;
	*begin += strlen(begin_mark);
	return *begin <= *end;
}

/* PAGE with section NAME replaced. */
static char *
replace_section(const char *page, const char *begin, const char *end, const char *text)
{
	g_autofree char *head = g_strndup(page, (gsize)(begin - page));

	return g_strconcat(head, text, end, NULL);
}

Test(manual, lists_what_the_tables_hold)
{
	g_autofree char *page = NULL;

	cr_assert(g_file_get_contents(PAGE, &page, NULL, NULL), "run from the top folder");
	for (size_t i = 0; i < G_N_ELEMENTS(sections); i++) {
		g_autoptr(GString) wanted = g_string_new(NULL);
		g_autofree char *found = NULL;
		const char *begin, *end;

		sections[i].make(wanted);
		cr_assert(find_section(page, sections[i].name, &begin, &end), "no section %s",
			sections[i].name);
		found = g_strndup(begin, (gsize)(end - begin));
		if (getenv("VIRT_FLEET_UPDATE")) {
			char *updated = replace_section(page, begin, end, wanted->str);

			g_free(page);
			page = updated;
			continue;
		}
		cr_assert_str_eq(found, wanted->str,
			"%s, section %s is not what the tables say; make update-man writes it anew", PAGE,
			sections[i].name);
	}
	if (getenv("VIRT_FLEET_UPDATE"))
		cr_assert(g_file_set_contents(PAGE, page, -1, NULL));
}

Test(manual, configuration_in_the_readme_is_valid)
{
	g_autofree char *readme = NULL;
	g_autoptr(GError) error = NULL;
	const char *begin, *end;
	struct config *config;

	cr_assert(g_file_get_contents("README.md", &readme, NULL, NULL), "run from the top folder");
	begin = strstr(readme, "```yaml\n");
	cr_assert(begin);
	begin += strlen("```yaml\n");
	end = strstr(begin, "```");
	cr_assert(end);
	config = config_parse(begin, (size_t)(end - begin), "README.md", &error);
	cr_assert(config, "%s", error ? error->message : "");
	config_free(config);
}
