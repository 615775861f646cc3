/* query: words, operators and quotes. */
#include "fleet/query_private.h"

#include <string.h>

/* Longer ones before their beginnings. */
static const struct {
	const char *text;
	enum query_op op;
} ops[] = {
	{ "!=", QUERY_OP_NE },
	{ "!~", QUERY_OP_UNLIKE },
	{ "<=", QUERY_OP_LE },
	{ ">=", QUERY_OP_GE },
	{ "=", QUERY_OP_EQ },
	{ "~", QUERY_OP_LIKE },
	{ "<", QUERY_OP_LT },
	{ ">", QUERY_OP_GT },
};

const char *
query_op_text(enum query_op op)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ops); i++)
		if (ops[i].op == op)
			return ops[i].text;
	return "";
}

bool
query_op_is_negative(enum query_op op)
{
	return op == QUERY_OP_NE || op == QUERY_OP_UNLIKE;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_quote(char c)
{
	return c == '"' || c == '\'';
}

const char *
query_skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

enum query_op
query_lex_op(const char *at, size_t *length)
{
	for (size_t i = 0; i < G_N_ELEMENTS(ops); i++) {
		*length = strlen(ops[i].text);
		if (strncmp(at, ops[i].text, *length) == 0)
			return ops[i].op;
	}
	*length = 0;
	return QUERY_OP_NONE;
}

static bool
is_escape(const char *at, char quote)
{
	return quote == '"' && at[0] == '\\' && (at[1] == '"' || at[1] == '\\');
}

static struct query_span
lex_quoted(const char *at)
{
	struct query_span span = { .at = at, .quoted = true };
	const char *end = at + 1;

	while (*end && *end != *at)
		end += is_escape(end, *at) ? 2 : 1;
	span.unclosed = !*end;
	span.length = (size_t)(end - at) + !span.unclosed;
	return span;
}

struct query_span
query_lex_word(const char *at)
{
	struct query_span span = { .at = at };
	size_t op_length;

	if (is_quote(*at))
		return lex_quoted(at);
	while (at[span.length] && !is_blank(at[span.length]) && !strchr("()", at[span.length]) &&
		query_lex_op(at + span.length, &op_length) == QUERY_OP_NONE)
		span.length++;
	return span;
}

struct query_span
query_lex_value(const char *at)
{
	struct query_span span = { .at = at };
	unsigned open = 0;

	if (is_quote(*at))
		return lex_quoted(at);
	for (; at[span.length] && !is_blank(at[span.length]); span.length++) {
		char c = at[span.length];

		/* "\)" is a regular expression's way to mean a parenthesis of the text */
		if (c == '\\' && at[span.length + 1] && !is_blank(at[span.length + 1]))
			span.length++;
		else if (c == ')' && open-- == 0)
			break;
		else if (c == '(')
			open++;
	}
	return span;
}

char *
query_span_text(struct query_span span)
{
	GString *text;
	const char *at = span.at + 1, *end = span.at + span.length - !span.unclosed;

	if (!span.quoted)
		return g_strndup(span.at, span.length);
	text = g_string_sized_new(span.length);
	for (; at < end; at++) {
		at += is_escape(at, *span.at);
		g_string_append_c(text, *at);
	}
	return g_string_free(text, FALSE);
}
