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
	value_text(out, config ? config->tag_list : NULL);
}

void
place_labels(const struct host_static *config, struct value *out)
{
	value_text(out, config ? config->label_list : NULL);
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
