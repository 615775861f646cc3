/* batch: rows as JSON. */
#include "views/batch_private.h"

#include "fleet/json.h"

#include <cjson/cJSON.h>

static cJSON *
json_list(const char *text)
{
	g_auto(GStrv) items = g_strsplit(text, ",", -1);
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; items[i]; i++)
		cJSON_AddItemToArray(list, json_text(items[i]));
	return list;
}

/* NULL: unknown. */
static cJSON *
json_value(const struct column *column, const struct row_ctx *ctx, const void *row)
{
	struct value value;

	column_value(column, ctx, row, &value);
	switch (value.type) {
	case VALUE_NUMBER:
		return cJSON_CreateNumber(value.number);
	case VALUE_FLAG:
		return cJSON_CreateBool(value.number != 0);
	case VALUE_TEXT:
		return column->flags & COLUMN_LIST ? json_list(value.text) : json_text(value.text);
	default:
		return NULL;
	}
}

static void
print_object(const struct batch_page *page, const void *row, FILE *out)
{
	cJSON *object = cJSON_CreateObject();
	g_autofree char *text = NULL;

	if (page->time)
		cJSON_AddStringToObject(object, "time", page->time);
	for (guint i = 0; i < page->columns->len; i++) {
		const struct column *column = batch_column(page, i);
		cJSON *value = json_value(column, page->ctx, row);

		if (value)
			cJSON_AddItemToObject(object, column->info->name, value);
	}
	text = json_print(object);
	fputs(text, out);
}

/* An array with one object on each line: whole JSON, and still one can grep it. */
void
batch_print_json(const struct batch_page *page, FILE *out)
{
	fputs("[", out);
	for (guint i = 0; i < page->rows->len; i++) {
		fputs(i ? ",\n" : "\n", out);
		print_object(page, page->rows->pdata[i], out);
	}
	fputs(page->rows->len ? "\n]\n" : "]\n", out);
}

void
batch_print_jsonl(const struct batch_page *page, FILE *out)
{
	for (guint i = 0; i < page->rows->len; i++) {
		print_object(page, page->rows->pdata[i], out);
		fputc('\n', out);
	}
}
