/* A query of any text over rows with any texts: a fault lies within the text and is explained, what is accepted says the
 * same twice, and completions begin with what was typed. */
#include "fleet/query.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const states[] = { "unknown", "running", "no name", NULL };
static const char *const labels[] = { "rack", "row", NULL };

static const struct query_field fields[] = {
	{ .name = "name", .type = QUERY_WORDS, .flags = QUERY_SEARCHED },
	{ .name = "host", .type = QUERY_WORDS, .flags = QUERY_SEARCHED | QUERY_OF_HOST },
	{ .name = "state", .type = QUERY_WORDS, .words = states },
	{ .name = "tags", .alias = "tag", .type = QUERY_LIST, .flags = QUERY_SEARCHED | QUERY_HEX },
	{ .name = "cpu", .type = QUERY_NUMBER, .unit = UNIT_PCT },
	{ .name = "mem", .type = QUERY_NUMBER, .unit = UNIT_BYTES },
	{ .name = "age", .type = QUERY_NUMBER, .unit = UNIT_SECONDS },
	{ .name = "auto", .type = QUERY_FLAG },
};

/* The row is a text; numbers are made of its length. */
static void
get(const struct query_field *field, const void *ctx, const void *row, struct value *out)
{
	(void)ctx;
	if (field->type == QUERY_NUMBER)
		value_number(out, (double)strlen(row));
	else if (field->type == QUERY_FLAG)
		value_flag(out, strlen(row) & 1);
	else
		value_text(out, field->words ? states[strlen(row) % 3] : row);
}

static const char *
label(const struct query_schema *schema, const void *row, const char *name)
{
	(void)schema;
	(void)name;
	return row;
}

static void
values(void *ctx, const struct query_field *field, const char *name, query_emit emit, void *to)
{
	(void)field;
	(void)name;
	emit(to, ctx);
}

static const struct query_schema schema = {
	.plural = "rows",
	.fields = fields,
	.nfields = G_N_ELEMENTS(fields),
	.labels = labels,
	.get = get,
	.label = label,
};

static bool
compiles(const char *text, enum query_mode mode, struct query_fault *fault)
{
	struct query *query = query_new(&schema, text, mode, fault, NULL);

	query_free(query);
	return query != NULL;
}

/* What is right, or only incomplete, can be shown while it is typed. */
static void
check_typing(const char *text)
{
	struct query_fault fault = { 0 };
	bool shown = compiles(text, QUERY_WHOLE, &fault) || fault.incomplete;

	g_assert(compiles(text, QUERY_TYPING, NULL) == shown);
	g_assert(compiles(text, QUERY_TYPING_FIELD, NULL) == shown);
}

static void
check_query(const char *text, const char *row, enum query_mode mode)
{
	struct query_fault fault = { 0 };
	g_autoptr(GError) error = NULL;
	struct query *query = query_new(&schema, text, mode, &fault, &error);

	g_assert((query == NULL) == (error != NULL));
	if (!query) {
		g_autofree char *explained = query_explain(text, &fault, error);

		g_assert(fault.at + fault.length <= strlen(text) && explained[0]);
		return;
	}
	g_assert(query_match(query, NULL, row) == query_match(query, NULL, row));
	query_free(query);
}

static void
check_completion(const char *text, char *row)
{
	g_auto(GStrv) found = query_complete(&schema, text, values, row);

	for (size_t i = 0; found && found[i]; i++)
		g_assert(strlen(found[i]) > 0);
}

/* The query, a line end, the row. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	char *end = strchr(text, '\n');
	char *row = end ? end + 1 : text + strlen(text);

	if (end)
		*end = '\0';
	check_query(text, row, QUERY_WHOLE);
	check_query(text, row, QUERY_TYPING);
	check_query(text, row, QUERY_TYPING_FIELD);
	check_typing(text);
	check_completion(text, row);
	return 0;
}
