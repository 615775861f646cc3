/* query: how a text can go on. */
#include "fleet/query_private.h"

#include <string.h>

#define COMPLETIONS_MOST 200

/* What stands at the end of a text. */
struct ending {
	struct query_span span; /* the word or value that is being typed; maybe empty */
	char *field;            /* span is a value of it; NULL: a word */
	enum query_op op;
};

/* Candidates that begin with PREFIX, each led by the text before it. */
struct collector {
	const char *before;
	char *prefix;
	GHashTable *seen; /* char *, the same as found's */
	GPtrArray *found; /* char * */
};

static void
collect(struct collector *collector, const char *word)
{
	char *text;

	if (collector->found->len >= COMPLETIONS_MOST ||
		g_ascii_strncasecmp(word, collector->prefix, strlen(collector->prefix)) != 0)
		return;
	text = g_strconcat(collector->before, word, NULL);
	if (g_hash_table_contains(collector->seen, text)) {
		g_free(text);
		return;
	}
	g_hash_table_add(collector->seen, text);
	g_ptr_array_add(collector->found, text);
}

/* ---- where we are ---- */

/* Steps over one term, and notes it when it reaches the end of the text. */
static const char *
step_term(const char *at, struct ending *ending)
{
	struct query_span span = query_lex_word(at);
	const char *after = query_skip_blanks(at + span.length);
	size_t op_length;
	enum query_op op = query_lex_op(after, &op_length);

	if (op == QUERY_OP_NONE || span.quoted || span.length == 0) {
		if (!span.at[span.length])
			ending->span = span;
		return span.at + span.length + (span.length == 0 ? op_length : 0);
	}
	after = query_skip_blanks(after + op_length);
	span = query_lex_value(after);
	if (!after[span.length]) {
		ending->field = g_strndup(at, query_lex_word(at).length);
		ending->op = op;
		ending->span = span;
	}
	return after + span.length;
}

static struct ending
find_ending(const char *text)
{
	struct ending ending = { .span = { .at = text + strlen(text) } };
	size_t op_length;

	for (const char *at = query_skip_blanks(text); *at; at = query_skip_blanks(at)) {
		if (*at == '(' || *at == ')' || (*at == '!' && query_lex_op(at, &op_length) == QUERY_OP_NONE))
			at++;
		else
			at = step_term(at, &ending);
	}
	return ending;
}

/* ---- what can stand there ---- */

static void
collect_ops(struct collector *collector, const char *word, enum query_type type)
{
	g_auto(GStrv) ops = g_strsplit(query_type_ops(type), " ", -1);

	for (size_t i = 0; ops[i]; i++) {
		g_autofree char *with_op = g_strconcat(word, ops[i], NULL);

		collect(collector, with_op);
	}
}

static void
collect_fields(struct collector *collector, const struct query_schema *schema)
{
	const struct query_field *field;
	const char *label;

	if (query_find_field(schema, collector->prefix, &field, &label))
		collect_ops(collector, collector->prefix, field ? field->type : QUERY_WORDS);
	for (size_t i = 0; i < schema->nfields; i++)
		if (g_ascii_strcasecmp(schema->fields[i].name, collector->prefix) != 0)
			collect(collector, schema->fields[i].name);
	for (size_t i = 0; schema->labels && schema->labels[i]; i++) {
		g_autofree char *name = g_strconcat("label.", schema->labels[i], NULL);

		if (strcmp(name, collector->prefix) != 0)
			collect(collector, name);
	}
}

/* Quotes VALUE where it would not be read as one. */
static void
collect_value(void *to, const char *value)
{
	struct query_span span = query_lex_value(value);
	struct collector *collector = to;
	char quote = strchr(value, '"') ? '\'' : '"';

	if (!*value || !g_utf8_validate(value, -1, NULL))
		return;
	if (!span.quoted && !value[span.length] && !strpbrk(value, "*?") && *collector->prefix != quote &&
		strcmp(value, "-") != 0) {
		collect(collector, value);
		return;
	}
	g_autofree char *quoted = g_strdup_printf("%c%s%c", quote, value, quote);

	if (*collector->prefix == quote || !*collector->prefix) {
		collect(collector, quoted);
		return;
	}
	/* typed without the quote so far */
	g_autofree char *prefix = collector->prefix;

	collector->prefix = g_strdup_printf("%c%s", quote, prefix);
	collect(collector, quoted);
	g_free(collector->prefix);
	collector->prefix = g_steal_pointer(&prefix);
}

static void
collect_words(struct collector *collector, const char *const *words)
{
	for (size_t i = 0; words[i]; i++) {
		g_autofree char *word = g_ascii_strdown(words[i], -1);

		collect(collector, g_strdelimit(word, " ", '-'));
	}
}

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
collect_values(struct collector *collector, const struct query_schema *schema, const struct ending *ending,
	query_values values, void *ctx)
{
	static const char *const flags[] = { "yes", "no", NULL };
	const struct query_field *field;
	const char *label;

	if (ending->op == QUERY_OP_LIKE || ending->op == QUERY_OP_UNLIKE ||
		!query_find_field(schema, ending->field, &field, &label))
		return;
	if (field && field->words) {
		collect_words(collector, field->words);
	} else if (field && field->type == QUERY_FLAG) {
		collect_words(collector, flags);
	} else if (values && (!field || field->type != QUERY_NUMBER)) {
		values(ctx, field, label, collect_value, collector);
		g_ptr_array_sort(collector->found, compare_strings);
	}
}

char **
query_complete(const struct query_schema *schema, const char *text, query_values values, void *ctx)
{
	struct ending ending = find_ending(text);
	g_autofree char *before = g_strndup(text, (gsize)(ending.span.at - text));
	struct collector collector = { .before = before,
		.prefix = g_strdup(ending.span.at),
		.seen = g_hash_table_new(g_str_hash, g_str_equal),
		.found = g_ptr_array_new() };

	if (ending.field)
		collect_values(&collector, schema, &ending, values, ctx);
	else if (!ending.span.quoted)
		collect_fields(&collector, schema);
	g_hash_table_unref(collector.seen);
	g_free(collector.prefix);
	g_free(ending.field);
	if (collector.found->len == 0) {
		g_ptr_array_unref(collector.found);
		return NULL;
	}
	g_ptr_array_add(collector.found, NULL);
	return (char **)g_ptr_array_free(collector.found, FALSE);
}
