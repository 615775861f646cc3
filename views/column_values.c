/* column_values: what several tables say. */
#include "views/column_table.h"

#include "tui/bar.h"

#include <string.h>

#define TREND_US INT64_C(300000000)

void
value_append(struct value *value, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = value->buffer; (at = strstr(at, text)); at += length)
		if ((at == value->buffer || at[-1] == ',') && (at[length] == '\0' || at[length] == ','))
			return;
	if (value->buffer[0])
		g_strlcat(value->buffer, ",", sizeof(value->buffer));
	g_strlcat(value->buffer, text, sizeof(value->buffer));
}

void
place_site(const struct host_static *config, struct value *out)
{
	value_text(out, config ? config->site : NULL);
}

void
place_tags(const struct host_static *config, struct value *out)
{
	out->buffer[0] = '\0';
	for (size_t i = 0; config && config->tags && config->tags[i]; i++)
		value_append(out, config->tags[i]);
	value_text(out, out->buffer);
}

static gint
compare_texts(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

void
place_labels(const struct host_static *config, struct value *out)
{
	GList *names = config && config->labels ? g_hash_table_get_keys(config->labels) : NULL;

	out->buffer[0] = '\0';
	names = g_list_sort(names, compare_texts);
	for (GList *at = names; at; at = at->next) {
		g_autofree char *label = g_strdup_printf("%s=%s", (const char *)at->data,
			(const char *)g_hash_table_lookup(config->labels, at->data));

		value_append(out, label);
	}
	g_list_free(names);
	value_text(out, out->buffer);
}

void
trend_cell(const struct column *column, const struct row_ctx *ctx, const struct row_key *key,
	enum history_series series, double full, struct cell *out)
{
	const struct history_look look = { .series = 1u << series, .span = HISTORY_15M, .full = full };
	uint8_t points[HISTORY_MAX_POINTS];
	size_t n = history_spark(ctx->history, key, &look, ctx->now_us, points);
	size_t shown = MIN(n, (size_t)(TREND_US / history_step_us(HISTORY_15M)));

	out->role = ROLE_GRAPH;
	bar_spark_text(out->text, sizeof(out->text), column->width, ctx->ascii, points + n - shown, shown);
}
