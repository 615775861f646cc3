#include "options.h"

#include "actions/registry.h"
#include "config/config.h"
#include "config/words.h"
#include "views/batch.h"

#include <string.h>

static const struct {
	const char *name, *arguments, *help;
} commands[COMMAND_COUNT] = {
#define COMMAND_ROW(id, name, arguments, help) [COMMAND_##id] = { name, arguments, help },
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
};

#define ON(id) (1u << COMMAND_##id)
#define ON_ALL ((1u << COMMAND_COUNT) - 1)

/* An option: how GLib parses it, where it goes, and the commands it makes sense with. */
struct option {
	const char *name;
	char letter;
	GOptionArg type;
	size_t offset;
	const char *help, *argument;
	unsigned commands;
};

#define TO(field) offsetof(struct options, field)

static const struct option table[] = {
	{ "connect", 'c', G_OPTION_ARG_STRING_ARRAY, TO(uris),
		"a libvirt URI, like virsh -c; may be repeated", "URI", ON_ALL },
	{ "config", 0, G_OPTION_ARG_FILENAME, TO(config), "read this configuration file", "FILE", ON_ALL },
	{ "ssh-config", 'F', G_OPTION_ARG_FILENAME, TO(ssh_config), "configuration file of ssh, as ssh -F",
		"FILE", ON_ALL },
	{ "readonly", 'r', G_OPTION_ARG_NONE, TO(readonly),
		"open only the daemons' read-only sockets; no verbs", NULL, ON_ALL },
	{ "demo", 0, G_OPTION_ARG_CALLBACK, TO(demo),
		"a simulated fleet, by default of 221 hosts and 4780 VMs", "HOSTSxVMS",
		ON(CONSOLE) | ON(LIST) | ON(DO) | ON(SNAPSHOT) },
	{ "refresh", 0, G_OPTION_ARG_STRING, TO(refresh), "sample each host this often (2s, 500ms, 1m)",
		"TIME", ON(CONSOLE) | ON(LIST) | ON(DO) },
	{ "event-log", 0, G_OPTION_ARG_FILENAME, TO(event_log),
		"append what happens to this file, as a JSON object per line", "FILE", ON(CONSOLE) },
	{ "view", 0, G_OPTION_ARG_STRING, TO(view), "begin with this view", "VIEW",
		ON(CONSOLE) | ON(SNAPSHOT) },
	{ "ascii", 'U', G_OPTION_ARG_NONE, TO(ascii), "no characters beyond ASCII", NULL,
		ON(CONSOLE) | ON(SNAPSHOT) },
	{ "theme", 0, G_OPTION_ARG_STRING, TO(theme),
		"colours: default, light, colour-blind, mono, or one of the config's", "NAME", ON(CONSOLE) },
	{ "no-color", 0, G_OPTION_ARG_NONE, TO(no_color), "no colours, as with NO_COLOR set", NULL,
		ON(CONSOLE) },
	{ "no-mouse", 0, G_OPTION_ARG_NONE, TO(no_mouse), "leave the mouse to the terminal", NULL,
		ON(CONSOLE) },
	{ "size", 0, G_OPTION_ARG_STRING, TO(size), "columns x lines of the frame (default 120x40)", "WxH",
		ON(SNAPSHOT) },
	{ "output", 'o', G_OPTION_ARG_STRING, TO(format),
		"table, wide, json, jsonl or csv; of do: table, json or jsonl", "FORMAT", ON(LIST) | ON(DO) },
	{ "columns", 0, G_OPTION_ARG_STRING, TO(columns), "these columns; \"all\"; \"help\" explains them",
		"A,B,...", ON(LIST) },
	{ "where", 0, G_OPTION_ARG_STRING, TO(where), "only rows that match, as after / on the screen",
		"QUERY", ON(LIST) | ON(DO) },
	{ "sort", 0, G_OPTION_ARG_STRING, TO(sort),
		"one or two columns; numbers begin with the highest; +: the lowest, -: the highest first",
		"A,B", ON(LIST) },
	{ "by", 0, G_OPTION_ARG_STRING, TO(by),
		"what groups are made by: tenant, site, tag, \"label rack\" and others", "WHAT", ON(LIST) },
	{ "watch", 0, G_OPTION_ARG_STRING, TO(watch), "print again every so many seconds, until stopped",
		"TIME", ON(LIST) },
	{ "to", 0, G_OPTION_ARG_STRING, TO(to), "the host that guests go to", "HOST", ON(DO) },
	{ "dry-run", 'n', G_OPTION_ARG_NONE, TO(dry_run), "say what would be done to whom, and do nothing",
		NULL, ON(DO) },
	{ "yes", 'y', G_OPTION_ARG_NONE, TO(yes), "do not ask", NULL, ON(DO) },
	{ "parallel", 0, G_OPTION_ARG_STRING, TO(parallel), "so many at once, at most", "N", ON(DO) },
	{ "dump-config", 0, G_OPTION_ARG_NONE, TO(dump_config), "print the default configuration", NULL,
		ON_ALL },
	{ "version", 0, G_OPTION_ARG_NONE, TO(version), "print the version", NULL, ON_ALL },
};

/* --demo takes its value only with '=': see end_bare_demo(). */
static gboolean
parse_demo(const gchar *name, const gchar *value, gpointer data, GError **error)
{
	struct options *options = data;

	(void)name;
	(void)error;
	g_free(options->demo);
	options->demo = g_strdup(value ? value : "");
	return TRUE;
}

/* GLib would take the word after --demo for its value, and that is a command. */
static void
end_bare_demo(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--demo") == 0)
			argv[i] = (char *)(uintptr_t) "--demo=";
}

/* The flags' home in struct options is a bool, GLib's a gboolean: it writes here, copy_flags() carries over. */
struct raw {
	struct options *options;
	gboolean flags[G_N_ELEMENTS(table)];
};

static GOptionEntry *
entries_new(struct raw *raw)
{
	GOptionEntry *entries = g_new0(GOptionEntry, G_N_ELEMENTS(table) + 1);

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		GOptionEntry *entry = &entries[i];

		entry->long_name = table[i].name;
		entry->short_name = table[i].letter;
		entry->arg = table[i].type;
		entry->description = table[i].help;
		entry->arg_description = table[i].argument;
		if (table[i].type == G_OPTION_ARG_CALLBACK) {
			entry->flags = G_OPTION_FLAG_OPTIONAL_ARG;
			entry->arg_data = (gpointer)(uintptr_t)parse_demo;
		} else if (table[i].type == G_OPTION_ARG_NONE) {
			entry->arg_data = &raw->flags[i];
		} else {
			entry->arg_data = (char *)raw->options + table[i].offset;
		}
	}
	return entries;
}

static char *
summary_new(void)
{
	GString *text = g_string_new(
		"Every KVM and Xen host on one screen, over SSH, with the verbs to act on it.\n\n");

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		g_autofree char *usage = g_strdup_printf("virt-fleet %s%s%s", commands[i].name,
			*commands[i].name ? " " : "", commands[i].arguments);

		g_string_append_printf(text, "  %-38s %s\n", usage, commands[i].help);
	}
	g_string_append(
		text, "\nHOST is [user@]name[:port], a range such as kvm[001-120].dc1, or a libvirt URI.");
	return g_string_free(text, FALSE);
}

/* Whether the option was given: its place in struct options is no longer as it was at first. */
static bool
option_given(const struct raw *raw, size_t i)
{
	if (table[i].type == G_OPTION_ARG_NONE)
		return raw->flags[i];
	return *(void *const *)((const char *)raw->options + table[i].offset) != NULL;
}

static bool
options_check(const struct raw *raw, GError **error)
{
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (!option_given(raw, i) || table[i].commands >> raw->options->command & 1u)
			continue;
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "--%s does not go with %s",
			table[i].name,
			raw->options->command == COMMAND_CONSOLE ? "the console"
								 : commands[raw->options->command].name);
		return false;
	}
	return true;
}

static bool
fail_list(const char *what, GError **error)
{
	g_autofree char *allowed = g_strjoinv(", ", (char **)(uintptr_t)batch_names());

	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "list what? %s%s%sallowed are: %s",
		what ? "'" : "", what ? what : "", what ? "' is unknown; " : "", allowed);
	return false;
}

static bool
fail_verb(const char *name, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *allowed = NULL, *quoted = name ? words_quote(name) : NULL;
	size_t n;
	const struct action *const *actions = registry_actions(false, &n);

	for (size_t i = 0; i < n; i++)
		if (!(actions[i]->flags & ACTION_SCREEN))
			g_ptr_array_add(names, (gpointer)(uintptr_t)actions[i]->name);
	g_ptr_array_add(names, NULL);
	allowed = words_allowed("", name ? name : "", (const char *const *)names->pdata);
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "do what? %s%s%s", quoted ? quoted : "",
		quoted ? " is no verb" : "a verb is missing", allowed);
	return false;
}

/* Takes verb and arguments off WORDS, as far as they can't be hosts; returns how many. */
static int
take_verb(struct options *options, char **words)
{
	const struct action *action = registry_find(false, words[0]);
	GPtrArray *arguments = g_ptr_array_new();
	int n = 1;

	options->verb = g_strdup(words[0]);
	for (; words[n] && strcmp(words[n], "--") != 0 && action_owns(action, words[n]); n++)
		g_ptr_array_add(arguments, g_strdup(words[n]));
	if (options->to)
		g_ptr_array_add(arguments, g_strconcat("to=", options->to, NULL));
	g_ptr_array_add(arguments, NULL);
	options->arguments = (char **)g_ptr_array_free(arguments, FALSE);
	return n;
}

/* Takes the command's word and arguments off ARGV's rest; what remains are hosts. */
static bool
parse_command(struct options *options, int argc, char **argv, GError **error)
{
	int at = 1;

	options->command = COMMAND_CONSOLE;
	for (int i = 1; i < COMMAND_COUNT; i++)
		if (argc > 1 && strcmp(argv[1], commands[i].name) == 0) {
			options->command = (enum command)i;
			at = 2;
		}
	if (options->command == COMMAND_LIST) {
		if (at >= argc || !g_strv_contains(batch_names(), argv[at]))
			return fail_list(at < argc ? argv[at] : NULL, error);
		options->what = g_strdup(argv[at++]);
	}
	if (options->command == COMMAND_DO) {
		const struct action *action = at < argc ? registry_find(false, argv[at]) : NULL;

		if (!action || action->flags & ACTION_SCREEN)
			return fail_verb(at < argc ? argv[at] : NULL, error);
		at += take_verb(options, argv + at);
	}
	if (at < argc && strcmp(argv[at], "--") == 0)
		at++;
	options->hosts = g_strdupv(argv + at);
	return true;
}

bool
options_parse(struct options *options, int argc, char **argv, GError **error)
{
	struct raw raw = { .options = options };
	g_autofree GOptionEntry *entries = entries_new(&raw);
	g_autofree char *summary = summary_new();
	g_autoptr(GOptionContext) context = g_option_context_new("[COMMAND] [HOST...]");
	g_autoptr(GError) failure = NULL;
	GOptionGroup *group = g_option_group_new("main", "", "", options, NULL);

	*options = (struct options){ 0 };
	g_option_context_set_summary(context, summary);
	g_option_group_add_entries(group, entries);
	g_option_context_set_main_group(context, group);
	end_bare_demo(argc, argv);
	if (!g_option_context_parse(context, &argc, &argv, &failure)) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
			"%s; virt-fleet --help shows the options", failure->message);
		return false;
	}
	if (!parse_command(options, argc, argv, error) || !options_check(&raw, error))
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].type == G_OPTION_ARG_NONE)
			*(bool *)((char *)options + table[i].offset) = raw.flags[i];
	return true;
}

void
options_done(struct options *options)
{
	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		void **place = (void **)((char *)options + table[i].offset);

		if (table[i].type == G_OPTION_ARG_STRING_ARRAY)
			g_strfreev(*place);
		else if (table[i].type != G_OPTION_ARG_NONE)
			g_free(*place);
	}
	g_free(options->what);
	g_free(options->verb);
	g_strfreev(options->arguments);
	g_strfreev(options->hosts);
}
