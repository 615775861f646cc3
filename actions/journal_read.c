#include "actions/journal_read.h"

#include "actions/journal.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_BYTES (INT64_C(4) << 20) /* of each file */

/* ---- one act ---- */

const struct journal_act *
journal_act_ref(const struct journal_act *act)
{
	g_atomic_int_inc(&((struct journal_act *)(uintptr_t)act)->refs);
	return act;
}

void
journal_act_unref(gpointer pointer)
{
	struct journal_act *act = pointer;

	if (!act || !g_atomic_int_dec_and_test(&act->refs))
		return;
	char *const texts[] = { act->id, act->user, act->source, act->host, act->vm, act->uuid, act->verb,
		act->dest, act->error, act->params, act->result };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_free(act);
}

static const char *
text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static char *
params_of(const cJSON *object)
{
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(object, "params"), *param;
	GString *text = g_string_new(NULL);

	cJSON_ArrayForEach(param, params) if (cJSON_IsString(param) && param->string) g_string_append_printf(
		text, "%s%s=%s", text->len ? " " : "", param->string, param->valuestring);
	return g_string_free(text, text->len == 0);
}

static int64_t
time_of(const cJSON *object)
{
	const char *text = text_of(object, "time");
	g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, NULL) : NULL;

	return time ? g_date_time_to_unix(time) * 1000000 + g_date_time_get_microsecond(time) : 0;
}

static struct journal_act *
act_new(const cJSON *object)
{
	struct journal_act *act = g_new0(struct journal_act, 1);

	*act = (struct journal_act){
		.refs = 1,
		.id = g_strdup(text_of(object, "id")),
		.user = g_strdup(text_of(object, "user")),
		.source = g_strdup(text_of(object, "source")),
		.host = g_strdup(text_of(object, "host")),
		.vm = g_strdup(text_of(object, "vm")),
		.uuid = g_strdup(text_of(object, "uuid")),
		.verb = g_strdup(text_of(object, "verb")),
		.dest = g_strdup(text_of(object, "dest")),
		.params = params_of(object),
		.took_s = -1,
	};
	return act;
}

static void
act_end(struct journal_act *act, const cJSON *object)
{
	const cJSON *took = cJSON_GetObjectItemCaseSensitive(object, "took_s");
	const char *result = text_of(object, "result");

	g_free(act->result);
	g_free(act->error);
	act->result = g_strdup(result ? result : "unknown");
	act->error = g_strdup(text_of(object, "error"));
	act->took_s = cJSON_IsNumber(took) ? took->valuedouble : -1;
}

/* What became of it after all, in place of what was not known. */
static void
act_found(struct journal_act *act, const cJSON *object)
{
	const char *where = text_of(object, "where");

	if (!where)
		return;
	g_free(act->error);
	act->error = g_strdup_printf("found: %s", where);
}

/* ---- many ---- */

struct reading {
	GPtrArray *acts;  /* in the order of the file */
	GHashTable *open; /* id in the act to struct journal_act: without an end, or with one nobody saw */
};

static void
read_line(struct reading *reading, const char *line)
{
	cJSON *object = cJSON_Parse(line);
	const char *event = text_of(object, "event"), *id = text_of(object, "id");
	struct journal_act *act = id ? g_hash_table_lookup(reading->open, id) : NULL;

	if (id && event && strcmp(event, "begin") == 0) {
		act = act_new(object);
		act->begun_us = time_of(object);
		g_ptr_array_add(reading->acts, act);
		g_hash_table_replace(reading->open, act->id, act);
	} else if (id && event && strcmp(event, "end") == 0) {
		if (!act) /* its begin is further back than we look */
			g_ptr_array_add(reading->acts, act = act_new(object));
		act_end(act, object);
		if (strcmp(act->result, "unknown") == 0)
			g_hash_table_replace(reading->open, act->id, act);
		else
			g_hash_table_remove(reading->open, id);
	} else if (act && event && strcmp(event, "found") == 0) {
		act_found(act, object);
	}
	cJSON_Delete(object);
}

static bool
fail(const char *path, GError **error)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
		"the journal %s can't be read: %s", path, g_strerror(number));
	return false;
}

/* The end of the file, from the beginning of a line on; "" where there is no file. */
static char *
read_tail(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0, from = MAX(size - TAIL_BYTES, 0);
	g_autofree char *text = g_malloc0((gsize)(size - from) + 1);
	ssize_t n = fd >= 0 ? pread(fd, text, (size_t)(size - from), from) : 0;
	const char *start;

	if (n < 0 || (fd < 0 && errno != ENOENT))
		fail(path, error);
	if (fd >= 0)
		close(fd);
	if (error && *error)
		return NULL;
	start = from > 0 ? strchr(text, '\n') : NULL;
	return g_strdup(start ? start + 1 : text);
}

/* The texts of as many files as are needed for about MOST acts, the newest first. */
static GPtrArray *
read_tails(const char *path, guint most, GError **error)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	gsize lines = 0;

	for (int i = 0; i <= JOURNAL_KEPT && lines < 2 * (gsize)most; i++) {
		g_autofree char *name = i ? g_strdup_printf("%s.%d", path, i) : g_strdup(path);
		char *text = read_tail(name, error);

		if (!text) {
			g_ptr_array_free(texts, TRUE);
			return NULL;
		}
		for (const char *at = text; (at = strchr(at, '\n')); at++)
			lines++;
		g_ptr_array_add(texts, text);
	}
	return texts;
}

static void
read_text(struct reading *reading, char *text)
{
	char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		read_line(reading, text);
	}
}

GPtrArray *
journal_read(const char *path, guint most, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autoptr(GPtrArray) texts = read_tails(path, most, &failure);
	struct reading reading = { 0 };
	GPtrArray *newest;

	if (!texts) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return NULL;
	}
	reading.acts = g_ptr_array_new_with_free_func(journal_act_unref);
	reading.open = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = texts->len; i-- > 0;)
		read_text(&reading, texts->pdata[i]);
	newest = g_ptr_array_new_with_free_func(journal_act_unref);
	for (guint i = reading.acts->len; i-- > 0 && newest->len < most;)
		g_ptr_array_add(newest, (gpointer)(uintptr_t)journal_act_ref(reading.acts->pdata[i]));
	g_hash_table_destroy(reading.open);
	g_ptr_array_free(reading.acts, TRUE);
	return newest;
}
