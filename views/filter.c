#include "views/filter.h"

#include <string.h>

#define ROWS_MOST 200000 /* looked through for values of one field */

/* The columns of a kind as the query language sees them. */
struct schema {
	struct query_schema query;
	const struct row_kind *kind;
	GArray *fields;    /* struct query_field */
	GPtrArray *labels; /* const char *, NULL-terminated */
};

struct filter {
	unsigned refs;
	struct schema schema;
	struct query *query;
	int64_t now_us; /* of the last row: what is remembered of a host holds for one time */
};

/* ---- the schema ---- */

static enum query_type
field_type(const struct column *column)
{
	if (column->flags & COLUMN_FLAG)
		return QUERY_FLAG;
	if (column->flags & COLUMN_LIST)
		return QUERY_LIST;
	return column->flags & COLUMN_TEXT ? QUERY_WORDS : QUERY_NUMBER;
}

static void
add_field(GArray *fields, const struct column *column)
{
	static const struct {
		unsigned column, field;
	} flags[] = {
		{ COLUMN_OF_HOST, QUERY_OF_HOST },
		{ COLUMN_SEARCH, QUERY_SEARCHED },
		{ COLUMN_HEX, QUERY_HEX },
		{ COLUMN_IN_TEXT, QUERY_IN_TEXT },
	};
	struct query_field field = {
		.name = column->info->name,
		.alias = column->alias,
		.help = column->info->help,
		.type = field_type(column),
		.unit = column->info->unit,
		.words = column->words,
		.data = column,
	};

	for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
		if (column->flags & flags[i].column)
			field.flags |= flags[i].field;
	g_array_append_val(fields, field);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all labels in CONFIG, sorted and NULL-terminated. */
static GPtrArray *
label_names(const struct config *config)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *sorted = g_ptr_array_new();
	GHashTableIter iter;
	gpointer name;

	for (guint i = 0; config && i < config->hosts->len; i++) {
		const struct config_host *host = config->hosts->pdata[i];

		g_hash_table_iter_init(&iter, host->labels);
		while (g_hash_table_iter_next(&iter, &name, NULL))
			g_hash_table_add(names, name);
	}
	g_hash_table_iter_init(&iter, names);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(sorted, name);
	g_ptr_array_sort(sorted, compare_names);
	g_ptr_array_add(sorted, NULL);
	return sorted;
}

static void
get(const struct query_field *field, const void *ctx, const void *row, struct value *out)
{
	column_value(field->data, ctx, row, out);
}

static const void *
host_of(const struct query_schema *schema, const void *row)
{
	return ((const struct row_kind *)schema->data)->host(row);
}

static const char *
label_of(const struct query_schema *schema, const void *row, const char *name)
{
	const struct host_snap *host = host_of(schema, row);
	GHashTable *labels = host && host->config ? host->config->labels : NULL;

	return labels ? g_hash_table_lookup(labels, name) : NULL;
}

static const char *
text_of(const struct query_schema *schema, const void *row)
{
	return ((const struct row_kind *)schema->data)->text(row);
}

static void
schema_init(struct schema *schema, const struct row_kind *kind, const struct config *config)
{
	schema->kind = kind;
	schema->labels = label_names(config);
	schema->fields = g_array_new(FALSE, FALSE, sizeof(struct query_field));
	for (size_t i = 0; i < kind->ncolumns; i++)
		if (!(kind->columns[i].flags & COLUMN_SCREEN))
			add_field(schema->fields, &kind->columns[i]);
	schema->query = (struct query_schema){
		.plural = kind->plural,
		.fields = (const struct query_field *)(const void *)schema->fields->data,
		.nfields = schema->fields->len,
		.labels = (const char *const *)schema->labels->pdata,
		.get = get,
		.label = label_of,
		.text = kind->text ? text_of : NULL,
		.host = host_of,
		.data = kind,
	};
}

static void
schema_done(struct schema *schema)
{
	g_array_unref(schema->fields);
	g_ptr_array_unref(schema->labels);
}

/* ---- the filter ---- */

struct filter *
filter_new(const struct row_kind *kind, const struct config *config, const char *text, enum query_mode mode,
	struct query_fault *fault, GError **error)
{
	struct filter *filter = g_new0(struct filter, 1);

	filter->refs = 1;
	schema_init(&filter->schema, kind, config);
	filter->query = query_new(&filter->schema.query, text, mode, fault, error);
	if (filter->query)
		return filter;
	filter_free(filter);
	return NULL;
}

void
filter_free(struct filter *filter)
{
	if (!filter || --filter->refs > 0)
		return;
	query_free(filter->query);
	schema_done(&filter->schema);
	g_free(filter);
}

struct filter *
filter_ref(struct filter *filter)
{
	filter->refs++;
	return filter;
}

bool
filter_narrows(const struct filter *filter, const struct filter *other)
{
	return query_narrows(filter->query, other->query);
}

const char *
filter_text(const struct filter *filter)
{
	return query_text(filter->query);
}

void
filter_forget(struct filter *filter)
{
	query_forget(filter->query);
}

bool
filter_match(struct filter *filter, const struct row_ctx *ctx, const void *row)
{
	if (filter->now_us != ctx->now_us)
		filter_forget(filter);
	filter->now_us = ctx->now_us;
	return query_match(filter->query, ctx, row);
}

struct each {
	void (*fn)(const struct column *column, void *ctx);
	void *ctx;
};

static void
call_each(const struct query_field *field, void *ctx)
{
	const struct each *each = ctx;

	each->fn(field->data, each->ctx);
}

void
filter_each_column(const struct filter *filter, void (*fn)(const struct column *column, void *ctx), void *ctx)
{
	query_each_field(filter->query, call_each, &(struct each){ fn, ctx });
}

static void
add_flags(const struct column *column, void *ctx)
{
	*(unsigned *)ctx |= column->flags;
}

unsigned
filter_flags(const struct filter *filter)
{
	unsigned flags = 0;

	filter_each_column(filter, add_flags, &flags);
	return flags;
}

static void
note_passing(const struct column *column, void *passing)
{
	*(bool *)passing = *(bool *)passing || !column_lasts(column);
}

bool
filter_lasts(const struct filter *filter)
{
	bool passing = false;

	filter_each_column(filter, note_passing, &passing);
	return !passing;
}

struct needing {
	const struct row_kind *kind;
	struct snap_need *need;
};

static void
add_need(const struct column *column, void *ctx)
{
	const struct needing *needing = ctx;

	column_need(column, needing->kind, needing->need);
}

void
filter_need(const struct filter *filter, struct snap_need *need)
{
	filter_each_column(filter, add_need, &(struct needing){ filter->schema.kind, need });
}

/* ---- completion ---- */

struct live {
	const struct row_kind *kind;
	const struct row_ctx *row;
	const struct fleet_snap *snap;
};

/* Emits what COLUMN says of one row; of lists each item. */
static void
emit_row(const struct live *live, const struct column *column, const void *row, query_emit emit, void *to)
{
	struct value value;

	column_value(column, live->row, row, &value);
	if (value.type != VALUE_TEXT)
		return;
	if (!(column->flags & COLUMN_LIST)) {
		emit(to, value.text);
		return;
	}
	g_auto(GStrv) items = g_strsplit(value.text, ",", -1);

	for (size_t i = 0; items[i]; i++)
		emit(to, items[i]);
}

static void
emit_host_rows(const struct live *live, const struct column *column, const struct host_snap *host,
	query_emit emit, void *to)
{
	size_t n = live->kind->count(host);

	if (column->flags & COLUMN_OF_HOST)
		n = MIN(n, 1);
	for (size_t i = 0; i < n; i++)
		emit_row(live, column, live->kind->at(host, i), emit, to);
}

static void
emit_label(const struct host_snap *host, const char *label, query_emit emit, void *to)
{
	GHashTable *labels = host->config ? host->config->labels : NULL;
	const char *value = labels ? g_hash_table_lookup(labels, label) : NULL;

	if (value)
		emit(to, value);
}

static void
emit_values(void *ctx, const struct query_field *field, const char *label, query_emit emit, void *to)
{
	const struct live *live = ctx;
	size_t rows = 0;

	for (size_t i = 0; i < live->snap->nhosts && rows < ROWS_MOST; i++) {
		const struct host_snap *host = live->snap->hosts[i];

		rows += 1 + host->nvms;
		if (label)
			emit_label(host, label, emit, to);
		else if (live->kind->count)
			emit_host_rows(live, field->data, host, emit, to);
	}
}

char **
filter_complete(const struct row_kind *kind, const struct row_ctx *row, const struct fleet_snap *snap,
	const char *text)
{
	struct live live = { .kind = kind, .row = row, .snap = snap };
	struct schema schema;
	char **completions;

	schema_init(&schema, kind, row->config);
	completions = query_complete(&schema.query, text, snap ? emit_values : NULL, &live);
	schema_done(&schema);
	return completions;
}
