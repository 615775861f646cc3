#include "fleet/sshconf.h"

#include <string.h>

/*
 * Two hosts for which the same Host lines match are given the same settings, unless the files look at the name in
 * another way: Match host, tokens that -G already expands, canonical names. Then nobody shares.
 */
struct sshconf_classes {
	GPtrArray *host_lines; /* char **, the patterns of each Host line */
	GHashTable *hostnames; /* values of HostName, lower case */
	bool by_name;          /* the answer depends on the name in ways not modelled here */
};

bool
sshconf_glob(const char *pattern, const char *text)
{
	for (; *pattern; pattern++, text++) {
		if (*pattern == '*') {
			while (*pattern == '*')
				pattern++;
			for (; *text; text++) {
				if (sshconf_glob(pattern, text))
					return true;
			}
			return !*pattern;
		}
		if (!*text || (*pattern != '?' && *pattern != *text))
			return false;
	}
	return !*text;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f';
}

/* A line's words as ssh splits it: keyword, optional '=', quoted or plain arguments. NULL-terminated. */
static char **
split_line(const char *line)
{
	GPtrArray *words = g_ptr_array_new();

	while (*line) {
		const char *start;

		while (is_blank(*line) || (*line == '=' && words->len == 1))
			line++;
		if (!*line)
			break;
		start = line;
		if (*line == '"') {
			start = ++line;
			while (*line && *line != '"')
				line++;
			g_ptr_array_add(words, g_strndup(start, (gsize)(line - start)));
			line += *line == '"';
			continue;
		}
		while (*line && !is_blank(*line) && (words->len > 0 || *line != '='))
			line++;
		g_ptr_array_add(words, g_strndup(start, (gsize)(line - start)));
	}
	g_ptr_array_add(words, NULL);
	return (char **)g_ptr_array_free(words, FALSE);
}

/* Criteria that are the same for every host; ARGS of a Match line. */
static bool
match_is_common(char **args)
{
	for (; *args; args++) {
		const char *word = **args == '!' ? *args + 1 : *args;

		if (!g_ascii_strcasecmp(word, "all") || !g_ascii_strcasecmp(word, "final") ||
			!g_ascii_strcasecmp(word, "canonical"))
			continue;
		if ((g_ascii_strcasecmp(word, "user") && g_ascii_strcasecmp(word, "localuser")) || !args[1])
			return false;
		args++;
	}
	return true;
}

static bool
any_contains(char **args, char c)
{
	for (; *args; args++) {
		if (strchr(*args, c))
			return true;
	}
	return false;
}

static void
read_host(struct sshconf_classes *classes, char **args)
{
	/* Old and new ssh disagree whether # begins a comment here. */
	classes->by_name |= any_contains(args, '#');
	g_ptr_array_add(classes->host_lines, g_strdupv(args));
}

static void
read_match(struct sshconf_classes *classes, char **args)
{
	classes->by_name |= !match_is_common(args);
}

static void
read_hostname(struct sshconf_classes *classes, char **args)
{
	classes->by_name |= any_contains(args, '%');
	if (args[0])
		g_hash_table_add(classes->hostnames, g_ascii_strdown(args[0], -1));
}

static void
read_canonicalize(struct sshconf_classes *classes, char **args)
{
	classes->by_name |= !args[0] || g_ascii_strcasecmp(args[0], "no");
}

/* `ssh -G` expands tokens in these, some into hashes. */
static void
read_expanded(struct sshconf_classes *classes, char **args)
{
	classes->by_name |= any_contains(args, '%');
}

static const struct {
	const char *keyword;
	void (*read)(struct sshconf_classes *classes, char **args);
} keywords[] = {
	{ "host", read_host },
	{ "match", read_match },
	{ "hostname", read_hostname },
	{ "canonicalizehostname", read_canonicalize },
	{ "userknownhostsfile", read_expanded },
	{ "globalknownhostsfile", read_expanded },
	{ "identityagent", read_expanded },
	{ "user", read_expanded },
};

static void
read_line(struct sshconf_classes *classes, const char *line)
{
	g_auto(GStrv) words = split_line(line);

	if (!words[0] || words[0][0] == '#')
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(keywords); i++) {
		if (g_ascii_strcasecmp(words[0], keywords[i].keyword) == 0)
			keywords[i].read(classes, words + 1);
	}
}

static void
free_patterns(void *patterns)
{
	g_strfreev(patterns);
}

struct sshconf_classes *
sshconf_classes_new(char **files)
{
	struct sshconf_classes *classes = g_new0(struct sshconf_classes, 1);

	classes->host_lines = g_ptr_array_new_with_free_func(free_patterns);
	classes->hostnames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (; *files; files++) {
		g_auto(GStrv) lines = g_strsplit(*files, "\n", -1);

		for (char **line = lines; *line; line++)
			read_line(classes, *line);
	}
	return classes;
}

void
sshconf_classes_free(struct sshconf_classes *classes)
{
	if (!classes)
		return;
	g_ptr_array_unref(classes->host_lines);
	g_hash_table_unref(classes->hostnames);
	g_free(classes);
}

static bool
host_line_matches(char **patterns, const char *name)
{
	bool matches = false;

	for (; *patterns; patterns++) {
		bool negated = **patterns == '!';

		if (sshconf_glob(*patterns + negated, name)) {
			if (negated)
				return false;
			matches = true;
		}
	}
	return matches;
}

/* ssh refuses some names; only it knows which. */
static bool
is_plain_name(const char *name)
{
	for (; *name; name++) {
		if (!g_ascii_isalnum(*name) && !strchr(".-_:%", *name))
			return false;
	}
	return true;
}

char *
sshconf_class(const struct sshconf_classes *classes, const char *name, const char *user, uint16_t port)
{
	GString *class;

	if (classes->by_name || !is_plain_name(name))
		return NULL;
	class = g_string_new(NULL);
	for (guint i = 0; i < classes->host_lines->len; i++)
		g_string_append_c(class, host_line_matches(classes->host_lines->pdata[i], name) ? '1' : '0');
	g_string_append_printf(class, " %u %s", port, user ? user : "");
	return g_string_free(class, FALSE);
}

/* "host NAME" and "hostname NAME" are what sshconf_rename() replaces; nobody reads controlpath. */
static bool
line_may_name_host(const char *line)
{
	return g_str_has_prefix(line, "host ") || g_str_has_prefix(line, "hostname ") ||
	       g_str_has_prefix(line, "controlpath ");
}

bool
sshconf_may_share(const struct sshconf_classes *classes, const char *name, const char *answer)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);
	g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);

	/* "HostName NAME" somewhere: then "hostname NAME" does not tell whether it was set or is the default. */
	if (classes->by_name || g_hash_table_contains(classes->hostnames, lower))
		return false;
	for (char **line = lines; *line; line++) {
		g_autofree char *text = g_ascii_strdown(*line, -1);

		if (!line_may_name_host(text) && strstr(text, lower))
			return false;
	}
	return true;
}

char *
sshconf_rename(const char *answer, const char *from, const char *name)
{
	g_autofree char *old = g_strdup_printf("hostname %s", from);
	g_autofree char *lower = g_ascii_strdown(name, -1);
	g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);
	GString *renamed = g_string_new(NULL);

	for (char **line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "host "))
			g_string_append_printf(renamed, "host %s\n", name);
		else if (g_ascii_strcasecmp(*line, old) == 0)
			g_string_append_printf(renamed, "hostname %s\n", lower);
		else if (**line)
			g_string_append_printf(renamed, "%s\n", *line);
	}
	return g_string_free(renamed, FALSE);
}
