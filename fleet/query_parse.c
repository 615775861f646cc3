/* query: "or", "and", "!" and parentheses. */
#include "fleet/query_private.h"

#include "config/config.h"

#include <stdarg.h>
#include <string.h>

G_GNUC_PRINTF(5, 0)
static bool
fail_at(struct query_parser *parser, const char *at, size_t length, bool incomplete, const char *format,
	va_list args)
{
	g_autofree char *message = g_strdup_vprintf(format, args);

	parser->fault = (struct query_fault){ (size_t)(at - parser->text), length, incomplete };
	parser->error = g_error_new_literal(CONFIG_ERROR, CONFIG_ERROR_VALUE, message);
	return false;
}

bool
query_fail(struct query_parser *parser, const char *at, size_t length, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_at(parser, at, length, false, format, args);
	va_end(args);
	return false;
}

bool
query_fail_incomplete(struct query_parser *parser, const char *format, ...)
{
	va_list args;

	if (parser->mode != QUERY_WHOLE) {
		parser->partial = true;
		return true;
	}
	va_start(args, format);
	fail_at(parser, parser->text + strlen(parser->text), 0, true, format, args);
	va_end(args);
	return false;
}

static bool parse_or(struct query_parser *parser, struct query_node **out);

/* Whether WORD, in any case, stands at parser->at as a word of its own, and not before an operator. */
static bool
at_keyword(const struct query_parser *parser, const char *word)
{
	struct query_span span = query_lex_word(parser->at);
	size_t op_length;

	return span.length == strlen(word) && g_ascii_strncasecmp(span.at, word, span.length) == 0 &&
	       query_lex_op(query_skip_blanks(span.at + span.length), &op_length) == QUERY_OP_NONE;
}

static void
skip(struct query_parser *parser, size_t length)
{
	parser->at = query_skip_blanks(parser->at + length);
}

static GPtrArray *
nodes_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)query_node_free);
}

static bool
parse_group(struct query_parser *parser, struct query_node **out)
{
	const char *open = parser->at;

	skip(parser, 1);
	if (*parser->at == ')')
		return query_fail(parser, open, (size_t)(parser->at + 1 - open),
			"nothing stands between the parentheses");
	if (!parse_or(parser, out))
		return false;
	if (*parser->at == ')')
		skip(parser, 1);
	else if (!query_fail_incomplete(parser, "the parenthesis is not closed")) {
		g_clear_pointer(out, query_node_free);
		return false;
	}
	return true;
}

static bool parse_not(struct query_parser *parser, struct query_node **out);

static bool
parse_one(struct query_parser *parser, struct query_node **out)
{
	bool ok;

	if (++parser->depth > QUERY_DEPTH_MAX)
		return query_fail(parser, parser->at, 1, "more than %d parentheses and '!' within each other",
			QUERY_DEPTH_MAX);
	ok = *parser->at == '!'   ? parse_not(parser, out)
	     : *parser->at == '(' ? parse_group(parser, out)
				  : query_parse_term(parser, out);
	parser->depth--;
	return ok;
}

static bool
parse_not(struct query_parser *parser, struct query_node **out)
{
	const char *bang = parser->at;

	skip(parser, 1);
	if (!*parser->at)
		return query_fail_incomplete(parser, "nothing follows the '!'");
	if (*parser->at == ')')
		return query_fail(parser, bang, 1, "nothing follows the '!'");
	if (!parse_one(parser, out))
		return false;
	if (*out)
		*out = query_node_not(*out);
	return true;
}

/* "or" and "and" at the end of a text, or where nothing can follow. */
static bool
fail_keyword(struct query_parser *parser, const char *at, const char *word)
{
	parser->at = query_skip_blanks(at + strlen(word));
	if (!*parser->at)
		return query_fail_incomplete(
			parser, "nothing follows '%s'; quote it to look for the word", word);
	return query_fail(parser, at, strlen(word), "nothing stands on one side of '%s'", word);
}

static bool
ends_terms(const struct query_parser *parser)
{
	return !*parser->at || *parser->at == ')' || at_keyword(parser, "or");
}

/* Takes an "and"; AFTER_TERM: something stands before it. */
static bool
parse_and_word(struct query_parser *parser, bool after_term)
{
	const char *at = parser->at;

	skip(parser, strlen("and"));
	return (after_term && !ends_terms(parser)) || fail_keyword(parser, at, "and");
}

static bool
parse_and(struct query_parser *parser, struct query_node **out)
{
	g_autoptr(GPtrArray) nodes = nodes_new();
	bool after_term = false;

	while (!ends_terms(parser)) {
		struct query_node *node = NULL;

		if (at_keyword(parser, "and")) {
			if (!parse_and_word(parser, after_term))
				return false;
			after_term = false;
			continue;
		}
		if (!parse_one(parser, &node))
			return false;
		if (node)
			g_ptr_array_add(nodes, node);
		after_term = true;
	}
	if (nodes->len)
		*out = query_node_and(g_steal_pointer(&nodes));
	return true;
}

/* Takes an "or" with what must follow it; *MORE: it does. */
static bool
parse_or_word(struct query_parser *parser, bool *more)
{
	const char *at = parser->at;

	*more = at_keyword(parser, "or");
	if (!*more)
		return true;
	skip(parser, strlen("or"));
	*more = !ends_terms(parser);
	return *more || fail_keyword(parser, at, "or");
}

static bool
parse_or(struct query_parser *parser, struct query_node **out)
{
	g_autoptr(GPtrArray) nodes = nodes_new();
	bool more = true;

	if (at_keyword(parser, "or"))
		return fail_keyword(parser, parser->at, "or");
	while (more) {
		struct query_node *node = NULL;

		if (!parse_and(parser, &node))
			return false;
		if (node)
			g_ptr_array_add(nodes, node);
		if (!parse_or_word(parser, &more))
			return false;
	}
	if (nodes->len)
		*out = query_node_or(g_steal_pointer(&nodes));
	return true;
}

bool
query_parse(struct query_parser *parser, struct query_node **out)
{
	struct query_node *root = NULL;

	if (strlen(parser->text) > QUERY_TEXT_MAX)
		return query_fail(parser, parser->text + QUERY_TEXT_MAX, 0,
			"a query of more than %d characters", QUERY_TEXT_MAX);
	skip(parser, 0);
	if (!*parser->at)
		return true;
	if (!parse_or(parser, &root))
		return false;
	if (*parser->at == ')') {
		query_node_free(root);
		return query_fail(parser, parser->at, 1, "no parenthesis is open here");
	}
	*out = root;
	return true;
}
