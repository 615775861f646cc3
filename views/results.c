#include "views/results.h"

#include "fleet/json.h"
#include "tui/cell.h"
#include "views/units.h"

#include <cjson/cJSON.h>
#include <string.h>

struct result {
	char *host, *name, *dest, *error, *remark; /* NULL: none */
	uint8_t uuid[UUID_LEN];
	const char *verb, *result;
	int64_t took_us; /* -1: it was not begun */
};

struct results {
	GPtrArray *list; /* struct result */
};

static void
result_free(gpointer pointer)
{
	struct result *result = pointer;

	g_free(result->host);
	g_free(result->name);
	g_free(result->dest);
	g_free(result->error);
	g_free(result->remark);
	g_free(result);
}

struct results *
results_new(void)
{
	struct results *results = g_new0(struct results, 1);

	results->list = g_ptr_array_new_with_free_func(result_free);
	return results;
}

void
results_free(struct results *results)
{
	if (!results)
		return;
	g_ptr_array_unref(results->list);
	g_free(results);
}

/* ---- what there is ---- */

static const char *
state_word(enum job_state state)
{
	static const char *const words[] = {
		[JOB_DONE] = "done",
		[JOB_FAILED] = "failed",
		[JOB_CANCELLED] = "cancelled",
		[JOB_UNKNOWN] = "unknown",
	};

	return state < G_N_ELEMENTS(words) && words[state] ? words[state] : "unknown";
}

void
results_add_job(struct results *results, const struct job *job)
{
	struct result *result = g_new(struct result, 1);

	*result = (struct result){
		.host = g_strdup(job->host_name),
		.name = g_strdup(job->vm_name),
		.dest = g_strdup(job->dest_name),
		.error = g_strdup(job->error),
		.remark = g_strdup(job->remark),
		.verb = job->verb,
		.result = state_word(job->state),
		.took_us = job->started_us && job->ended_us ? job->ended_us - job->started_us : -1,
	};
	memcpy(result->uuid, job->target.uuid, UUID_LEN);
	g_ptr_array_add(results->list, result);
}

/* What a target would be given of its own: "pins=vcpu0:1 holds=both"; NULL: nothing. Caller frees. */
static char *
own_words(const struct plan_target *target)
{
	GString *words = g_string_new(NULL);

	for (char *const *param = target->params; param && *param; param += 2)
		g_string_append_printf(words, "%s%s=%s", words->len ? " " : "", param[0], param[1]);
	return g_string_free(words, words->len == 0);
}

static void
add_target(struct results *results, const struct plan *plan, const struct plan_target *target,
	const char *word, const char *why)
{
	struct result *result = g_new(struct result, 1);

	*result = (struct result){
		.host = g_strdup(target->host),
		.name = g_strdup(target->name),
		.dest = g_strdup(target->dest_name),
		.error = g_strdup(why),
		.remark = why ? NULL : own_words(target),
		.verb = plan->action->name,
		.result = word,
		.took_us = -1,
	};
	memcpy(result->uuid, target->key.uuid, UUID_LEN);
	g_ptr_array_add(results->list, result);
}

void
results_add_plan(struct results *results, const struct plan *plan, bool planned)
{
	for (guint i = 0; planned && i < plan->targets->len; i++)
		add_target(results, plan, plan->targets->pdata[i], "planned", NULL);
	for (guint i = 0; i < plan->refusals->len; i++) {
		const struct plan_refusal *refusal = plan->refusals->pdata[i];

		for (guint j = 0; j < refusal->guests->len; j++) {
			const struct plan_target *guest = refusal->guests->pdata[j];
			g_autofree char *why =
				g_strconcat(refusal->why, guest->detail ? ": " : NULL, guest->detail, NULL);

			add_target(results, plan, guest, refusal->denied ? "denied" : "left out", why);
		}
	}
}

/* ---- printing ---- */

static gint
by_host_and_name(gconstpointer a, gconstpointer b)
{
	const struct result *one = *(const struct result *const *)a, *two = *(const struct result *const *)b;
	int order = g_strcmp0(one->host, two->host);

	return order ? order : g_strcmp0(one->name, two->name);
}

static char *
result_json(const struct result *result)
{
	cJSON *object = cJSON_CreateObject();
	char uuid[37];

	uuid_format(result->uuid, uuid);
	json_add_text(object, "host", result->host);
	json_add_text(object, "name", result->name);
	json_add_text(object, "uuid", uuid);
	json_add_text(object, "verb", result->verb);
	json_add_text(object, "dest", result->dest);
	json_add_text(object, "result", result->result);
	json_add_text(object, "error", result->error);
	json_add_text(object, "remark", result->remark);
	if (result->took_us >= 0)
		cJSON_AddNumberToObject(object, "took_s", (double)(result->took_us / 1000) / 1000);
	return json_print(object);
}

/* An array with one object on each line, as lists are. */
static void
print_json(const GPtrArray *list, FILE *out)
{
	fputs("[", out);
	for (guint i = 0; i < list->len; i++) {
		g_autofree char *text = result_json(list->pdata[i]);

		fprintf(out, "%s%s", i ? ",\n" : "\n", text);
	}
	fputs(list->len ? "\n]\n" : "]\n", out);
}

static void
print_jsonl(const GPtrArray *list, FILE *out)
{
	for (guint i = 0; i < list->len; i++) {
		g_autofree char *text = result_json(list->pdata[i]);

		fprintf(out, "%s\n", text);
	}
}

enum part { PART_HOST, PART_NAME, PART_DEST, PART_RESULT, PART_TOOK, PART_WHY, NPARTS };

static void
fill_parts(const struct result *result, char *parts[NPARTS])
{
	const char *why = result->error ? result->error : result->remark;

	parts[PART_HOST] = text_harmless(result->host ? result->host : "-");
	parts[PART_NAME] = text_harmless(result->name ? result->name : "-");
	parts[PART_DEST] = text_harmless(result->dest ? result->dest : "-");
	parts[PART_RESULT] = g_strdup(result->result);
	parts[PART_TOOK] = result->took_us < 0
				   ? g_strdup("-")
				   : g_strdup_printf("%.1fs", (double)(result->took_us / 100000) / 10);
	parts[PART_WHY] = text_harmless(why ? why : "");
}

/* The column of destinations only where there are some. */
static void
print_table(const GPtrArray *list, FILE *out)
{
	static const char *const titles[NPARTS] = { "HOST", "NAME", "TO", "RESULT", "TOOK", "WHY" };
	g_autofree char *(*parts)[NPARTS] = g_malloc0_n(list->len + 1, sizeof(*parts));
	int widths[NPARTS];
	bool moves = false;

	if (!list->len)
		return;
	for (int part = 0; part < NPARTS; part++)
		parts[0][part] = g_strdup(titles[part]);
	for (guint i = 0; i < list->len; i++) {
		fill_parts(list->pdata[i], parts[i + 1]);
		moves |= ((const struct result *)list->pdata[i])->dest != NULL;
	}
	for (int part = 0; part < NPARTS; part++) {
		widths[part] = 0;
		for (guint i = 0; i <= list->len; i++)
			widths[part] = MAX(widths[part], text_width(parts[i][part]));
	}
	for (guint i = 0; i <= list->len; i++)
		for (int part = 0; part < NPARTS; part++) {
			bool last = part == PART_WHY || (part == PART_TOOK && !*parts[i][PART_WHY]);
			int pad = last ? 0 : widths[part] - text_width(parts[i][part]) + 2;

			if (part != PART_DEST || moves)
				fprintf(out, "%s%*s%s", parts[i][part], pad, "",
					part == PART_WHY ? "\n" : "");
			g_free(parts[i][part]);
		}
}

static const char *const formats[] = { "table", "json", "jsonl", NULL };

const char *const *
results_formats(void)
{
	return formats;
}

void
results_print(struct results *results, const char *format, FILE *out)
{
	static void (*const print[])(const GPtrArray *, FILE *) = { print_table, print_json, print_jsonl };

	g_ptr_array_sort(results->list, by_host_and_name);
	for (size_t i = 0; formats[i]; i++)
		if (strcmp(formats[i], format) == 0)
			print[i](results->list, out);
}
