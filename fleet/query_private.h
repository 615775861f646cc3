/* query_private: shared by fleet/query*.c alone. */
#pragma once

#include "fleet/query.h"

/* ---- query_lex.c: words, operators, quotes ---- */

enum query_op {
	QUERY_OP_NONE,
	QUERY_OP_EQ,
	QUERY_OP_NE,
	QUERY_OP_LIKE,
	QUERY_OP_UNLIKE,
	QUERY_OP_LT,
	QUERY_OP_LE,
	QUERY_OP_GT,
	QUERY_OP_GE,
	QUERY_OP_COUNT
};

const char *query_op_text(enum query_op op);
bool query_op_is_negative(enum query_op op); /* != and !~ */

/* A word or a value as it stands in the text. */
struct query_span {
	const char *at;
	size_t length;   /* quotes included */
	bool quoted;
	bool unclosed;   /* its quote does not end */
};

const char *query_skip_blanks(const char *at);
/* The operator at AT, and in *LENGTH its bytes. */
enum query_op query_lex_op(const char *at, size_t *length);
/* A word ends before blanks, parentheses and operators. */
struct query_span query_lex_word(const char *at);
/* What follows an operator ends before blanks, and before a ")" that it did not open itself. */
struct query_span query_lex_value(const char *at);
/* SPAN without its quotes, newly allocated. */
char *query_span_text(struct query_span span);

/* ---- query_number.c: numbers with units ---- */

/* "such as 80 or 80%" */
const char *query_number_example(enum unit unit);

/* ---- query_match.c: texts ---- */

/* A text that others are compared with in any case: in lower case when all ASCII, else folded as Unicode has it. */
struct query_pattern {
	char *text;
	bool unicode, glob;
};

struct query_pattern query_pattern_new(const char *text, bool glob);
/* Is TEXT the pattern? Does it contain it? */
bool query_pattern_equals(const struct query_pattern *pattern, const char *text);
bool query_pattern_within(const struct query_pattern *pattern, const char *text);
bool query_regex_match(const GRegex *regex, const char *text);
/* NULL with an error; then *AT is the byte of TEXT at fault. */
GRegex *query_regex_new(const char *text, size_t *at, GError **error);

/* The same for a text in lower case, of a pattern that is neither unicode nor a glob. */
bool query_pattern_within_lower(const struct query_pattern *pattern, const char *text);

/* ---- query_eval.c: the compiled form ---- */

enum query_truth { QUERY_NO, QUERY_YES, QUERY_UNKNOWN };

struct query_node;
typedef enum query_truth (*query_evaluator)(struct query *query, struct query_node *node, const void *ctx,
                                            const void *row);

struct query_node {
	query_evaluator eval;
	unsigned cost;       /* the cheap ones are asked first */
	GPtrArray *children; /* struct query_node *, of and, or, not */

	/* Terms. A word has no field; a label has neither. */
	const struct query_field *field;
	char *label;
	enum query_op op;
	bool negative;       /* the answer is the opposite one */
	bool hex;            /* a word that can be part of an address */
	bool by_text;        /* a word that is looked for in the schema's text of a row … */
	GPtrArray *fields;   /* const struct query_field *: … and where else, those that are the same for all rows of a host left
	                      * out; NULL: not a word */
	bool of_host;        /* the answer, for words a part of it, is the same for all rows of a host */
	struct query_pattern pattern;
	GRegex *regex;
	double number, slack;

	unsigned memo_round; /* query->round for which memo holds */
	enum query_truth memo;
};

struct query {
	const struct query_schema *schema;
	char *text;
	struct query_node *root;  /* NULL: everything matches */
	GPtrArray *searched_host; /* const struct query_field *: where words are looked for, the same for all rows of a host */
	const void *host;         /* the memos are about it */
	unsigned round;           /* counts its changes */
};

struct query_node *query_node_new(query_evaluator eval, unsigned cost);
void query_node_free(struct query_node *node); /* accepts NULL */
struct query_node *query_node_and(GPtrArray *children); /* these take the array */
struct query_node *query_node_or(GPtrArray *children);
struct query_node *query_node_not(struct query_node *child);
/* GLOB: "*" and "?" in it mean any characters. */
struct query_node *query_node_word(const char *text, bool glob);
bool query_node_is_and(const struct query_node *node);
/* Notes which fields' texts can hold the words below NODE. */
void query_node_aim(struct query_node *node, const struct query_schema *schema);
/* FIELD, or LABEL of which a copy is made. What it is compared with is set by the caller. */
struct query_node *query_node_compare(const struct query_field *field, const char *label, enum query_op op);

/* ---- query_parse.c, query_term.c ---- */

struct query_parser {
	const struct query_schema *schema;
	const char *text, *at;
	enum query_mode mode;
	unsigned depth, terms;
	bool partial; /* QUERY_TYPING made a difference … */
	const char *end; /* … and QUERY_TYPING_FIELD has left out what begins here; NULL: it has not */
	struct query_fault fault;
	GError *error;
};

/* The whole of parser->text. *OUT NULL: no terms. */
bool query_parse(struct query_parser *parser, struct query_node **out);

/* Notes the error, at LENGTH bytes from AT on. Always false. */
bool query_fail(struct query_parser *parser, const char *at, size_t length, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* The same where the text just ends too early: while it is typed that is no error, and true comes back. */
bool query_fail_incomplete(struct query_parser *parser, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What WORD op VALUE compares: a field, or a label (*LABEL borrowed from the schema or WORD). */
bool query_find_field(const struct query_schema *schema, const char *word, const struct query_field **field,
                      const char **label);
/* Reads one term at parser->at. *OUT NULL: it is incomplete and left out. */
bool query_parse_term(struct query_parser *parser, struct query_node **out);
/* The operators that fields of TYPE allow, with blanks between: "= != < <= > >=". */
const char *query_type_ops(enum query_type type);
