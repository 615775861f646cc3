#include "fleet/query_private.h"

#include "config/config.h"

#include <string.h>

/* Words are compared with what is the same for all rows of a host first. */
static void
note_searched(struct query *query)
{
	const struct query_schema *schema = query->schema;
	const unsigned both = QUERY_SEARCHED | QUERY_OF_HOST;

	query->searched_host = g_ptr_array_new();
	for (size_t i = 0; i < schema->nfields; i++)
		if ((schema->fields[i].flags & both) == both)
			g_ptr_array_add(query->searched_host, (gpointer)(uintptr_t)&schema->fields[i]);
	if (query->root)
		query_node_aim(query->root, schema);
}

struct query *
query_new(const struct query_schema *schema, const char *text, enum query_mode mode,
	struct query_fault *fault, GError **error)
{
	struct query_parser parser = { .schema = schema, .text = text, .at = text, .mode = mode };
	struct query_node *root = NULL;
	struct query *query;

	if (!query_parse(&parser, &root)) {
		if (fault)
			*fault = parser.fault;
		g_propagate_error(error, parser.error);
		return NULL;
	}
	query = g_new0(struct query, 1);
	query->schema = schema;
	query->text =
		g_strdup_printf("%.*s%s", (int)(parser.end ? (size_t)(parser.end - text) : strlen(text)),
			text, parser.partial ? "…" : "");
	query->root = root;
	query->round = 1;
	note_searched(query);
	return query;
}

void
query_free(struct query *query)
{
	if (!query)
		return;
	query_node_free(query->root);
	g_ptr_array_unref(query->searched_host);
	g_free(query->text);
	g_free(query);
}

const char *
query_text(const struct query *query)
{
	return query->text;
}

void
query_forget(struct query *query)
{
	query->host = NULL;
}

bool
query_match(struct query *query, const void *ctx, const void *row)
{
	const void *host;

	if (!query->root)
		return true;
	host = query->schema->host ? query->schema->host(query->schema, row) : NULL;
	if (!host || host != query->host)
		query->round++;
	query->host = host;
	return query->root->eval(query, query->root, ctx, row) == QUERY_YES;
}

/* ---- what it is about ---- */

static void
each_field(const struct query *query, const struct query_node *node,
	void (*fn)(const struct query_field *field, void *ctx), void *ctx)
{
	if (node->children) {
		for (guint i = 0; i < node->children->len; i++)
			each_field(query, node->children->pdata[i], fn, ctx);
	} else if (node->field) {
		fn(node->field, ctx);
	} else if (!node->label) {
		for (size_t i = 0; i < query->schema->nfields; i++)
			if (query->schema->fields[i].flags & QUERY_SEARCHED)
				fn(&query->schema->fields[i], ctx);
	}
}

void
query_each_field(const struct query *query, void (*fn)(const struct query_field *field, void *ctx), void *ctx)
{
	if (query->root)
		each_field(query, query->root, fn, ctx);
}

/* ---- words about it ---- */

/* Columns of a terminal that TEXT's first LENGTH bytes take, near enough for a caret under it. */
static int
columns_of(const char *text, size_t length)
{
	g_autofree char *part = g_strndup(text, length);
	g_autofree char *valid = g_utf8_make_valid(part, -1);
	int columns = 0;

	for (const char *at = valid; *at; at = at + g_utf8_skip[(guchar)*at])
		columns += g_unichar_iswide(g_utf8_get_char(at)) ? 2 : 1;
	return columns;
}

char *
query_explain(const char *text, const struct query_fault *fault, const GError *error)
{
	g_autofree char *line = g_utf8_make_valid(text, -1);
	GString *carets = g_string_new("^");

	for (char *at = line; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			*at = ' ';
	for (int i = 1; i < columns_of(text + fault->at, fault->length); i++)
		g_string_append_c(carets, '^');
	char *explained = g_strdup_printf(
		"%s\n  %s\n  %*s%s", error->message, line, columns_of(text, fault->at), "", carets->str);

	g_string_free(carets, TRUE);
	return explained;
}

const struct query_note *
query_notes(size_t *n)
{
	static const struct query_note notes[] = {
		{ "web", "this in a name, host, tenant, site or other text, in any case" },
		{ "web dc1", "both of them" },
		{ "!web", "rows without it" },
		{ "web or db", "either; terms side by side bind tighter" },
		{ "(web or db) state=running", "parentheses hold terms together" },
		{ "\"two words\"", "a text with blanks or signs" },
		{ "cpu>80", "numbers compare by = != < <= > >=" },
		{ "mem>=4G age<1m net>100M/s", "units are K M G T, %, ms s m h d, 2.3:1" },
		{ "state!=running", "texts are = or !=, in any case" },
		{ "host=kvm0*", "* stands for any text, ? for one character" },
		{ "name~^db-\\d+", "Perl's regular expressions by ~ and !~" },
		{ "tag=prod", "one of the host's tags is this" },
		{ "label.rack=b7", "a label of the host; rack=b7 does where no column is called so" },
		{ "autostart=yes", "yes or no, where there is nothing else" },
		{ "tenant=-", "not known, or there is none" },
		{ "!cpu>80", "what is not known is neither above nor below" },
	};

	*n = G_N_ELEMENTS(notes);
	return notes;
}
