/* query: one term – a word, or a field compared with a value. */
#include "fleet/query_private.h"

#include "config/words.h"

#include <string.h>

#define LABEL_PREFIX "label."

static const struct {
	const char *ops;  /* allowed, with blanks between */
	const char *what; /* "cpu holds …" */
} types[] = {
	[QUERY_NUMBER] = { "= != < <= > >=", "a number" },
	[QUERY_WORDS] = { "= != ~ !~", "text" },
	[QUERY_FLAG] = { "= !=", "yes or no" },
	[QUERY_LIST] = { "= != ~ !~", "a list of words" },
};

const char *
query_type_ops(enum query_type type)
{
	return types[type].ops;
}

/* ---- fields ---- */

static const char *
find_label(const struct query_schema *schema, const char *name)
{
	for (size_t i = 0; schema->labels && schema->labels[i]; i++)
		if (strcmp(schema->labels[i], name) == 0)
			return schema->labels[i];
	return NULL;
}

bool
query_find_field(const struct query_schema *schema, const char *word, const struct query_field **field,
	const char **label)
{
	*field = NULL;
	*label = NULL;
	for (size_t i = 0; i < schema->nfields; i++) {
		const struct query_field *candidate = &schema->fields[i];

		if (g_ascii_strcasecmp(candidate->name, word) == 0 ||
			(candidate->alias && g_ascii_strcasecmp(candidate->alias, word) == 0)) {
			*field = candidate;
			return true;
		}
	}
	*label =
		find_label(schema, g_str_has_prefix(word, LABEL_PREFIX) ? word + strlen(LABEL_PREFIX) : word);
	return *label != NULL;
}

static bool
fail_field(struct query_parser *parser, struct query_span span, const char *word)
{
	const struct query_schema *schema = parser->schema;
	bool label = g_str_has_prefix(word, LABEL_PREFIX);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *quoted = words_quote(label ? word + strlen(LABEL_PREFIX) : word);
	const char *nearest;
	g_autofree char *all = NULL;

	for (size_t i = 0; !label && i < schema->nfields; i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)schema->fields[i].name);
	for (size_t i = 0; schema->labels && schema->labels[i]; i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)schema->labels[i]);
	g_ptr_array_add(names, NULL);
	nearest =
		words_nearest(label ? word + strlen(LABEL_PREFIX) : word, (const char *const *)names->pdata);
	all = g_strjoinv(", ", (char **)names->pdata);
	if (nearest)
		return query_fail(parser, span.at, span.length, "%s have no %s %s; did you mean '%s'?",
			label ? "hosts" : schema->plural, label ? "label" : "field", quoted, nearest);
	return query_fail(parser, span.at, span.length, "%s have no %s %s; allowed are: %s",
		label ? "hosts" : schema->plural, label ? "label" : "field", quoted, *all ? all : "none");
}

/* ---- values ---- */

/* A comparison under way. */
struct comparison {
	struct query_parser *parser;
	const struct query_field *field; /* NULL: label */
	const char *name;                /* as typed */
	struct query_span span;          /* of the value */
	char *value;
	struct query_node *node;
};

/* The value is wrong; what may become right by more typing is LEFT_OUT while it is typed. */
static bool
fail_value(struct comparison *comparison, bool may_grow, const char *message)
{
	struct query_parser *parser = comparison->parser;
	struct query_span span = comparison->span;
	bool incomplete = may_grow && !span.at[span.length] && !(span.quoted && !span.unclosed);

	if (incomplete && parser->mode != QUERY_WHOLE) {
		parser->partial = true;
		g_clear_pointer(&comparison->node, query_node_free);
		return true;
	}
	query_fail(parser, span.at, span.length, "%s", message);
	parser->fault.incomplete = incomplete;
	return false;
}

static bool
set_number(struct comparison *comparison)
{
	static const char *const endings[] = { "s", "1", "n",
		"b" }; /* of "100M/s", "2.3:1", "5min", "4Gib" */
	struct query_node *node = comparison->node;
	enum unit unit = comparison->field->unit;
	bool may_grow = false;

	if (query_parse_number(comparison->value, unit, &node->number, &node->slack))
		return true;
	for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
		g_autofree char *grown = g_strconcat(comparison->value, endings[i], NULL);

		may_grow |= query_parse_number(grown, unit, &node->number, &node->slack);
	}
	g_autofree char *quoted = words_quote(comparison->value);
	g_autofree char *message = g_strdup_printf("%s is a number, which %s is not; write it as %s",
		comparison->name, quoted, query_number_example(unit));

	return fail_value(comparison, may_grow, message);
}

static bool
starts_with(const char *text, const char *prefix)
{
	return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static bool
set_flag(struct comparison *comparison)
{
	static const struct {
		const char *word;
		bool means;
	} words[] = { { "yes", true }, { "no", false }, { "true", true }, { "false", false }, { "on", true },
		{ "off", false }, { "1", true }, { "0", false } };
	bool may_grow = false;

	for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
		if (g_ascii_strcasecmp(words[i].word, comparison->value) == 0) {
			comparison->node->number = words[i].means;
			return true;
		}
		may_grow |= starts_with(words[i].word, comparison->value);
	}
	g_autofree char *message =
		g_strdup_printf("%s is yes or no; allowed are: yes, no, -", comparison->name);

	return fail_value(comparison, may_grow, message);
}

/* "host=kvm0" on its way to "host=kvm017": no host is called kvm0, but the table must not be empty on the way. */
static bool
is_beginning(const struct comparison *comparison)
{
	struct query_span span = comparison->span;

	return comparison->parser->mode != QUERY_WHOLE && !span.quoted && !span.at[span.length] &&
	       comparison->node->op == QUERY_OP_EQ;
}

static void
set_beginning(struct comparison *comparison, const char *text)
{
	g_autofree char *beginning = g_strconcat(text, "*", NULL);

	comparison->parser->partial = true;
	g_free(comparison->node->pattern.text);
	comparison->node->pattern = query_pattern_new(beginning, true);
}

/* Words with blanks may be typed with "-" or "_" in place of them. */
static char *
plain_word(const char *word)
{
	char *plain = g_ascii_strdown(word, -1);

	return g_strdelimit(plain, "-_", ' ');
}

/* The value must be one of the words that the field can hold, or a glob for some of them. */
static bool
set_known_word(struct comparison *comparison)
{
	const char *const *words = comparison->field->words;
	g_autofree char *plain = plain_word(comparison->value);
	struct query_pattern glob = comparison->node->pattern;
	const char *nearest = words_nearest(comparison->value, words);
	bool may_grow = false;

	for (size_t i = 0; words[i]; i++) {
		g_autofree char *candidate = plain_word(words[i]);

		if (glob.glob && query_pattern_equals(&glob, words[i]))
			return true;
		if (strcmp(candidate, plain) == 0) {
			g_free(comparison->node->pattern.text);
			comparison->node->pattern = query_pattern_new(words[i], false);
			if (strcmp(words[i], "unknown") == 0)
				comparison->node->op = QUERY_OP_NONE;
			return true;
		}
		if (!may_grow && starts_with(candidate, plain)) {
			may_grow = true;
			nearest = words[i];
		}
	}
	if (may_grow && is_beginning(comparison)) {
		set_beginning(comparison, plain);
		return true;
	}
	g_autofree char *quoted = words_quote(comparison->value);
	g_autofree char *all = g_strjoinv(", ", (char **)(uintptr_t)words);
	g_autofree char *message = g_strdup_printf("%s is never %s;%s%s%s allowed are: %s", comparison->name,
		quoted, nearest ? " did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "", all);

	return fail_value(comparison, may_grow, message);
}

static bool
set_text(struct comparison *comparison)
{
	bool known_words = comparison->field && comparison->field->words;

	comparison->node->pattern = query_pattern_new(comparison->value, !comparison->span.quoted);
	if (known_words)
		return set_known_word(comparison);
	if (is_beginning(comparison))
		set_beginning(comparison, comparison->value);
	return true;
}

static bool
set_regex(struct comparison *comparison)
{
	struct query_span span = comparison->span;
	g_autoptr(GError) failure = NULL;
	size_t at = 0;

	if (strlen(comparison->value) > QUERY_REGEX_MAX) {
		g_autofree char *message =
			g_strdup_printf("a regular expression of more than %d bytes", QUERY_REGEX_MAX);

		return fail_value(comparison, false, message);
	}
	comparison->node->regex = query_regex_new(comparison->value, &at, &failure);
	if (comparison->node->regex)
		return true;
	g_autofree char *message = g_strdup_printf("no regular expression: %s", failure->message);

	/* shows where in it, as far as quotes leave places alone */
	if (!span.quoted && at < span.length && span.at[span.length])
		comparison->span = (struct query_span){ .at = span.at + at, .length = 1 };
	return fail_value(comparison, true, message);
}

static bool
set_value(struct comparison *comparison)
{
	static bool (*const set[])(struct comparison *) = {
		[QUERY_NUMBER] = set_number,
		[QUERY_WORDS] = set_text,
		[QUERY_FLAG] = set_flag,
		[QUERY_LIST] = set_text,
	};
	enum query_op op = comparison->node->op;

	if (!comparison->span.quoted && strcmp(comparison->value, "-") == 0 &&
		(op == QUERY_OP_EQ || op == QUERY_OP_NE)) {
		comparison->node->op = QUERY_OP_NONE;
		return true;
	}
	if (op == QUERY_OP_LIKE || op == QUERY_OP_UNLIKE)
		return set_regex(comparison);
	return set[comparison->field ? comparison->field->type : QUERY_WORDS](comparison);
}

static bool
op_allowed(enum query_type type, enum query_op op)
{
	g_auto(GStrv) allowed = g_strsplit(types[type].ops, " ", -1);

	return g_strv_contains((const char *const *)allowed, query_op_text(op));
}

/* ---- terms ---- */

/* parser->at is at the operator OP of WORD's comparison. */
static bool
parse_comparison(struct query_parser *parser, struct query_span word, enum query_op op, size_t op_length,
	struct query_node **out)
{
	g_autofree char *name = g_strndup(word.at, word.length);
	struct comparison comparison = { .parser = parser, .name = name };
	const char *label;
	enum query_type type;
	bool ok;

	if (!query_find_field(parser->schema, name, &comparison.field, &label))
		return fail_field(parser, word, name);
	type = comparison.field ? comparison.field->type : QUERY_WORDS;
	if (!op_allowed(type, op))
		return query_fail(parser, parser->at, op_length, "%s is %s; allowed are: %s", name,
			types[type].what, types[type].ops);
	parser->at = query_skip_blanks(parser->at + op_length);
	comparison.span = query_lex_value(parser->at);
	if (comparison.span.length == 0 && !*parser->at)
		return query_fail_incomplete(parser, "'%s%s' what?%s%s", name, query_op_text(op),
			type == QUERY_NUMBER ? " such as " : "",
			type == QUERY_NUMBER ? query_number_example(comparison.field->unit) : "");
	comparison.value = query_span_text(comparison.span);
	comparison.node = query_node_compare(comparison.field, label, op);
	parser->at = query_skip_blanks(parser->at + comparison.span.length);
	if (comparison.span.unclosed)
		ok = fail_value(&comparison, true, "the quote is not closed");
	else if (!*comparison.value)
		ok = fail_value(&comparison, true, "there is no value; - means what is not known");
	else
		ok = set_value(&comparison);
	g_free(comparison.value);
	if (!ok)
		g_clear_pointer(&comparison.node, query_node_free);
	*out = comparison.node;
	return ok;
}

/* "cpu!" on its way to "cpu!=" must not be looked for as a word. */
static bool
is_half_an_op(const struct query_parser *parser, struct query_span word)
{
	g_autofree char *name = g_strndup(word.at, word.length ? word.length - 1 : 0);
	const struct query_field *field;
	const char *label;

	return word.length > 1 && word.at[word.length - 1] == '!' && !word.at[word.length] &&
	       query_find_field(parser->schema, name, &field, &label);
}

/* "cp" on its way to "cpu>80". */
static bool
is_half_a_field(const struct query_parser *parser, struct query_span word)
{
	const struct query_schema *schema = parser->schema;
	g_autofree char *text = g_strndup(word.at, word.length);
	const char *label = g_str_has_prefix(text, LABEL_PREFIX) ? text + strlen(LABEL_PREFIX) : text;
	bool is = false;

	if (parser->mode != QUERY_TYPING_FIELD || word.quoted || word.at[word.length])
		return false;
	for (size_t i = 0; i < schema->nfields; i++)
		is |= starts_with(schema->fields[i].name, text) ||
		      (schema->fields[i].alias && starts_with(schema->fields[i].alias, text));
	for (size_t i = 0; schema->labels && schema->labels[i]; i++)
		is |= starts_with(schema->labels[i], label);
	return is || starts_with(LABEL_PREFIX, text);
}

static bool
parse_word(struct query_parser *parser, struct query_span span, struct query_node **out)
{
	g_autofree char *text = query_span_text(span);

	parser->at = query_skip_blanks(span.at + span.length);
	if (is_half_a_field(parser, span)) {
		parser->partial = true;
		parser->end = span.at;
		return true;
	}
	if (span.unclosed)
		return query_fail_incomplete(parser, "the quote is not closed");
	if (is_half_an_op(parser, span))
		return query_fail_incomplete(parser, "an operator begins here: != or !~");
	if (!*text)
		return query_fail(parser, span.at, span.length, "nothing stands between the quotes");
	*out = query_node_word(text, !span.quoted);
	return true;
}

bool
query_parse_term(struct query_parser *parser, struct query_node **out)
{
	struct query_span span = query_lex_word(parser->at);
	const char *after = query_skip_blanks(span.at + span.length);
	size_t op_length;
	enum query_op op = query_lex_op(after, &op_length);

	if (++parser->terms > QUERY_TERMS_MAX)
		return query_fail(parser, parser->at, span.length, "more than %d words", QUERY_TERMS_MAX);
	if (op == QUERY_OP_NONE || span.quoted)
		return parse_word(parser, span, out);
	if (span.length == 0)
		return query_fail(parser, after, op_length, "no field stands before '%s'", query_op_text(op));
	parser->at = after;
	return parse_comparison(parser, span, op, op_length, out);
}
