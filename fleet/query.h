/*
 * query: the one language of `/`, `--where` and whatever else asks which hosts or guests are meant. It knows no columns: a
 * schema says which fields a row has and how to get at them. Pure, but for memos inside a query: one thread at a time each.
 *
 *   query = terms { "or" terms }
 *   terms = { "!" } ( term | "(" query ")" ) { ["and"] … }
 *   term  = word | "several words" | field op value           op: =  !=  ~  !~  <  <=  >  >=
 *
 * A word is looked for, in any case, in all searched fields. What is not known – a number, a yes or no, one of a field's
 * fixed words – is neither equal nor unequal to anything, smaller nor larger: neither a comparison with it nor the
 * comparison's opposite is true. A text or a list that is missing is just no text: "tag!=prod" is true where there is none.
 */
#pragma once

#include "fleet/model.h"
#include "fleet/value.h"

#include <glib.h>

#define QUERY_TEXT_MAX 4096 /* bytes of a query */
#define QUERY_TERMS_MAX 64
#define QUERY_DEPTH_MAX 32  /* parentheses and "!" within each other */
#define QUERY_REGEX_MAX 256 /* bytes of a regular expression */

enum query_type { QUERY_NUMBER, QUERY_WORDS, QUERY_FLAG, QUERY_LIST };

enum query_field_flag {
	QUERY_OF_HOST = 1 << 0,  /* the same for all rows of a host: looked at once per host */
	QUERY_SEARCHED = 1 << 1, /* a word alone is looked for here */
	QUERY_HEX = 1 << 2,      /* … when it can be part of a UUID or a MAC address */
	QUERY_IN_TEXT = 1 << 3,  /* … and is part of the schema's text of a row */
};

struct query_field {
	const char *name, *alias; /* alias: NULL none */
	const char *help;
	enum query_type type;
	enum unit unit;           /* of QUERY_NUMBER */
	const char *const *words; /* the only texts there can be, NULL-terminated, "unknown" among them means not known; NULL: any */
	unsigned flags;           /* enum query_field_flag */
	const void *data;         /* the schema's own */
};

/* CTX and ROW are what query_match() was given. A schema outlives the queries made with it. */
struct query_schema {
	const char *plural; /* "VMs" */
	const struct query_field *fields;
	size_t nfields;
	const char *const *labels; /* names of all labels there are, NULL-terminated; NULL: none */
	/* What FIELD holds; OUT comes as VALUE_UNKNOWN. */
	void (*get)(const struct query_field *field, const void *ctx, const void *row, struct value *out);
	/* The value of a label, NULL: it has none; NULL where labels is. */
	const char *(*label)(const struct query_schema *schema, const void *row, const char *name);
	/* All fields of ROW that are QUERY_IN_TEXT in lower case (of ASCII), each with a line end: to be searched at once instead of
	 * one by one. NULL where no field is. */
	const char *(*text)(const struct query_schema *schema, const void *row);
	/* What QUERY_OF_HOST fields and labels hang on; gives NULL, or is NULL: on nothing, look each time. */
	const void *(*host)(const struct query_schema *schema, const void *row);
	const void *data; /* the schema's own */
};

struct query;

/* Where a query is wrong. */
struct query_fault {
	size_t at, length; /* bytes of the text; length may be 0, at the end */
	bool incomplete;   /* only something at the end is missing */
};

enum query_mode {
	QUERY_WHOLE,
	/* Somebody still types: what is incomplete at the end is left out, and a text that something is to be equal to is
	 * just its beginning. If there is such a thing the query's text gets "…" at its end. */
	QUERY_TYPING,
	/* The same, and a word at the end that is the beginning of a field's name is left out, too, because
	 * nothing is called so; the text then ends before it. */
	QUERY_TYPING_FIELD,
};

/* Compiles TEXT. NULL with CONFIG_ERROR_VALUE, whose words tell what is wrong and what is allowed, and *FAULT (may be NULL)
 * where. A text without terms matches everything. */
struct query *query_new(const struct query_schema *schema, const char *text, enum query_mode mode,
                        struct query_fault *fault, GError **error);
void query_free(struct query *query); /* accepts NULL */
const char *query_text(const struct query *query);

bool query_match(struct query *query, const void *ctx, const void *row);
/* The hosts, or what is known of them, are other ones now: call it before each round of matching. */
void query_forget(struct query *query);
/* True: QUERY matches no row that OTHER, of the same kind of rows, does not match at the same time. False: nobody knows. */
bool query_narrows(const struct query *query, const struct query *other);
/* Calls FN for each field that can decide about a row, labels left out; a field may come several times. */
void query_each_field(const struct query *query, void (*fn)(const struct query_field *field, void *ctx), void *ctx);

/* ERROR's text with the query and a caret under the fault, in three lines without a last line end; caller frees. */
char *query_explain(const char *text, const struct query_fault *fault, const GError *error);

/* Collects VALUE of a field as a completion. */
typedef void (*query_emit)(void *to, const char *value);
/* Emits values that FIELD has now (LABEL: it is a label's), as many as is sensible; FIELD is NULL with LABEL. */
typedef void (*query_values)(void *ctx, const struct query_field *field, const char *label, query_emit emit, void *to);

/* How TEXT can go on at its end: NULL-terminated whole texts, caller frees; NULL: no idea. Field names, then operators,
 * then values: a field's fixed words, else those that VALUES (NULL: none) knows. */
char **query_complete(const struct query_schema *schema, const char *text, query_values values, void *ctx);

/* TEXT as a number of UNIT, "1h30m"; *SLACK: how far a value may be off and still be equal, for measures are compared as
 * exactly as they are written. False: it is none. */
bool query_parse_number(const char *text, enum unit unit, double *number, double *slack);

/* The language by examples: help and manual are made of this. All examples are right for guests. */
struct query_note {
	const char *example, *help;
};
const struct query_note *query_notes(size_t *n);
