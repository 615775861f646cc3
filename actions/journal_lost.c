/* journal: acts that an earlier run began and did not live to see the end of. */
#include "actions/journal_private.h"

#include "fleet/json.h"
#include "fleet/snapshot.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <unistd.h>

#define TAIL_BYTES (1 << 20) /* what recovery looks through */

static void
lost_free(gpointer pointer)
{
	struct journal_lost *lost = pointer;

	g_free(lost->id);
	g_free(lost->host);
	g_free(lost->vm);
	g_free(lost->verb);
	g_free(lost->time);
	g_free(lost->dest);
	g_free(lost);
}

static char *
member(const cJSON *object, const char *name)
{
	return g_strdup(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

/* The end of the file, from the beginning of a line on. Locked. */
static char *
file_tail(const struct journal *journal, GError **error)
{
	off_t size = lseek(journal->fd, 0, SEEK_END), from = MAX(size - TAIL_BYTES, 0);
	g_autofree char *text = g_malloc((gsize)(size - from) + 1);
	ssize_t n = pread(journal->fd, text, (size_t)(size - from), from);
	const char *start;

	if (n < 0) {
		journal_fail(journal, "read", error);
		return NULL;
	}
	text[n] = '\0';
	start = from > 0 ? strchr(text, '\n') : NULL;
	return g_strdup(start ? start + 1 : text);
}

/* Whether LINE, an end, is that of a migration that may still be found. */
static bool
is_open_end(const cJSON *line, const char *event)
{
	g_autofree char *result = member(line, "result"), *dest = member(line, "dest");

	return g_strcmp0(event, "end") == 0 && g_strcmp0(result, "unknown") == 0 && dest;
}

/* The begins in TEXT that have no end, or an open one in their place, and whose process is not there any more: id to cJSON
 * object. */
static GHashTable *
find_lost(const char *text)
{
	GHashTable *begun =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cJSON_Delete);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GHashTableIter iter;
	gpointer id;

	for (size_t i = 0; lines[i]; i++) {
		cJSON *object = cJSON_Parse(lines[i]);
		g_autofree char *event = member(object, "event"), *key = member(object, "id");

		if (key && (g_strcmp0(event, "begin") == 0 || is_open_end(object, event))) {
			g_hash_table_replace(begun, g_steal_pointer(&key), g_steal_pointer(&object));
		} else if (key) {
			g_hash_table_remove(begun, key);
		}
		cJSON_Delete(object);
	}
	g_hash_table_iter_init(&iter, begun);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		if (journal_process_lives(id))
			g_hash_table_iter_remove(&iter);
	return begun;
}

/* Lock held. */
static bool
close_lost(struct journal *journal, const char *id, const cJSON *begin, GError **error)
{
	static const char *const same[] = { "source", "host", "vm", "uuid", "verb", "dest", "params" };
	cJSON *object = journal_line(journal, "end", id);
	g_autofree char *line = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(begin, same[i]);

		cJSON_DeleteItemFromObjectCaseSensitive(object, same[i]);
		if (item)
			cJSON_AddItemToObject(object, same[i], cJSON_Duplicate(item, true));
	}
	json_add_text(object, "result", "unknown");
	json_add_text(object, "error", "virt-fleet ended before it knew");
	line = journal_line_text(object);
	return journal_write(journal, line, error);
}

static gint
by_time(gconstpointer a, gconstpointer b)
{
	return g_strcmp0((*(struct journal_lost *const *)a)->time, (*(struct journal_lost *const *)b)->time);
}

static struct journal_lost *
lost_new(const char *id, const cJSON *begin)
{
	const cJSON *params = cJSON_GetObjectItemCaseSensitive(begin, "params");
	struct journal_lost *lost = g_new0(struct journal_lost, 1);
	g_autofree char *uuid = member(begin, "uuid"), *event = member(begin, "event");

	lost->id = g_strdup(id);
	lost->told = g_strcmp0(event, "end") == 0;
	lost->offline = cJSON_HasObjectItem(params, "offline");
	lost->host = member(begin, "host");
	lost->vm = member(begin, "vm");
	lost->verb = member(begin, "verb");
	lost->time = member(begin, "time");
	lost->dest = member(begin, "dest");
	lost->has_uuid = uuid && uuid_parse(uuid, lost->uuid);
	return lost;
}

/* Lock held. */
static bool
recover(struct journal *journal, GPtrArray *found, GError **error)
{
	g_autofree char *text = NULL;
	g_autoptr(GHashTable) begun = NULL;
	GHashTableIter iter;
	gpointer id, begin;

	if (!journal_lock_file(journal, error))
		return false;
	text = file_tail(journal, error);
	journal_unlock_file(journal);
	if (!text)
		return false;
	begun = find_lost(text);
	g_hash_table_iter_init(&iter, begun);
	while (g_hash_table_iter_next(&iter, &id, &begin)) {
		struct journal_lost *lost = lost_new(id, begin);

		g_ptr_array_add(found, lost);
		if (!lost->told && !close_lost(journal, id, begin, error))
			return false;
	}
	g_ptr_array_sort(found, by_time);
	return true;
}

GPtrArray *
journal_recover(struct journal *journal, GError **error)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(lost_free);
	bool ok = true;

	if (access(journal->path, F_OK) == 0) {
		pthread_mutex_lock(&journal->lock);
		ok = recover(journal, found, error);
		pthread_mutex_unlock(&journal->lock);
	}
	return ok ? g_steal_pointer(&found) : NULL;
}
