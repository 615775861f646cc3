#include "actions/journal.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/json.h"
#include "fleet/snapshot.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define TAIL_BYTES (1 << 20) /* what recovery looks through */

struct journal {
	char *path;         /* constant */
	int64_t max_bytes;  /* constant */
	bool syslog;        /* constant */
	const char *source; /* constant */
	char *process; /* constant: "NODE:PID:START", told from every other process that ever wrote here */
	char *user;    /* constant */

	pthread_mutex_t lock;
	/* guarded by lock */
	int fd; /* -1: not open */
	uint64_t newest;
};

/* ---- who we are ---- */

/* When process PID was started, in clock ticks since boot (proc(5), field 22 of stat); NULL: there is none. */
static char *
process_start(const char *pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid), *stat = NULL;
	g_auto(GStrv) fields = NULL;
	const char *behind_name;

	if (!g_file_get_contents(path, &stat, NULL, NULL) || !(behind_name = strrchr(stat, ')')))
		return NULL;
	fields = g_strsplit(behind_name + 2, " ", 21); /* from field 3 on */
	return g_strv_length(fields) > 19 ? g_strdup(fields[19]) : NULL;
}

static char *
process_name(void)
{
	g_autofree char *pid = g_strdup_printf("%d", (int)getpid()), *start = process_start(pid);

	return g_strdup_printf("%s:%s:%s", g_get_host_name(), pid, start ? start : "0");
}

/* Could the process that NAME is of still end its acts? Those on other machines are not ours to judge. */
static bool
process_lives(const char *name)
{
	g_auto(GStrv) parts = g_strsplit(name, ":", 4);
	g_autofree char *start = NULL;

	if (g_strv_length(parts) < 3 || strcmp(parts[0], g_get_host_name()) != 0)
		return true;
	start = process_start(parts[1]);
	return g_strcmp0(start, parts[2]) == 0;
}

/* Who acts: root by way of sudo is somebody. */
static char *
user_name(void)
{
	const char *sudo = getuid() == 0 ? g_getenv("SUDO_USER") : NULL;

	return sudo && *sudo ? g_strdup_printf("%s (sudo by %s)", g_get_user_name(), sudo)
			     : g_strdup(g_get_user_name());
}

/* ---- life ---- */

char *
journal_place(const char *path)
{
	return path ? g_strdup(path)
		    : g_build_filename(g_get_user_state_dir(), "virt-fleet", "journal.jsonl", NULL);
}

struct journal *
journal_new(const struct journal_opts *opts)
{
	struct journal *journal = g_new0(struct journal, 1);

	journal->path = journal_place(opts->path);
	journal->max_bytes = opts->max_bytes;
	journal->syslog = opts->syslog;
	journal->source = opts->source;
	journal->process = process_name();
	journal->user = user_name();
	journal->fd = -1;
	pthread_mutex_init(&journal->lock, NULL);
	return journal;
}

void
journal_free(struct journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	pthread_mutex_destroy(&journal->lock);
	g_free(journal->path);
	g_free(journal->process);
	g_free(journal->user);
	g_free(journal);
}

const char *
journal_path(const struct journal *journal)
{
	return journal->path;
}

/* ---- the file ---- */

static bool
file_fail(const struct journal *journal, const char *what, GError **error)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
		"the journal %s can't be %s (%s), so nothing is done", journal->path, what,
		g_strerror(number));
	return false;
}

static bool
file_open(struct journal *journal, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(journal->path);

	if (g_mkdir_with_parents(folder, 0700) < 0)
		return file_fail(journal, "made", error);
	journal->fd = open(journal->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return journal->fd >= 0 || file_fail(journal, "opened", error);
}

static void
file_close(struct journal *journal)
{
	close(journal->fd); /* and so unlocks */
	journal->fd = -1;
}

static void
file_unlock(struct journal *journal)
{
	flock(journal->fd, LOCK_UN);
}

/* Is what we hold still what the name leads to? Another process may have rotated it. */
static bool
file_is_current(const struct journal *journal)
{
	struct stat held, named;

	return fstat(journal->fd, &held) == 0 && stat(journal->path, &named) == 0 &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* Opens and locks the file that the name leads to. The lock is held against other processes only while a line is written:
 * it is no waiting to speak of. */
static bool
file_lock(struct journal *journal, GError **error)
{
	for (;;) {
		if (journal->fd < 0 && !file_open(journal, error))
			return false;
		while (flock(journal->fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return file_fail(journal, "locked", error);
		if (file_is_current(journal))
			return true;
		file_close(journal);
	}
}

static char *
file_rotated(const struct journal *journal, int number)
{
	return number ? g_strdup_printf("%s.%d", journal->path, number) : g_strdup(journal->path);
}

/* Moves the files on by one. Locked; afterwards the file is not open. */
static void
file_rotate(struct journal *journal)
{
	for (int i = JOURNAL_KEPT - 1; i >= 0; i--) {
		g_autofree char *from = file_rotated(journal, i), *to = file_rotated(journal, i + 1);

		rename(from, to);
	}
	file_close(journal);
}

/* Appends LINE whole or not at all. Locked. */
static bool
file_append(struct journal *journal, const char *line, size_t length, GError **error)
{
	off_t before = lseek(journal->fd, 0, SEEK_END);
	ssize_t written = write(journal->fd, line, length);

	if (written == (ssize_t)length && fdatasync(journal->fd) == 0)
		return true;
	if (written >= 0 && written < (ssize_t)length)
		errno = ENOSPC;
	file_fail(journal, "written", error);
	if (written > 0 && ftruncate(journal->fd, before) < 0)
		file_close(journal); /* then the next line begins behind half a one, which readers skip */
	return false;
}

/* Lock held. */
static bool
file_write(struct journal *journal, const char *line, GError **error)
{
	struct stat stat;
	bool ok;

	if (!file_lock(journal, error))
		return false;
	if (fstat(journal->fd, &stat) == 0 && stat.st_size >= journal->max_bytes) {
		file_rotate(journal);
		if (!file_lock(journal, error))
			return false;
	}
	ok = file_append(journal, line, strlen(line), error);
	if (journal->fd >= 0)
		file_unlock(journal);
	return ok;
}

/* ---- lines ---- */

static char *
time_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	return g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
}

static cJSON *
line_new(const struct journal *journal, const char *event, const char *id)
{
	cJSON *object = cJSON_CreateObject();
	g_autofree char *now = time_now();

	json_add_text(object, "time", now);
	json_add_text(object, "event", event);
	json_add_text(object, "id", id);
	json_add_text(object, "user", journal->user);
	json_add_text(object, "source", journal->source);
	return object;
}

static void
add_params(cJSON *object, char *const *params)
{
	cJSON *members;

	if (!params || !params[0])
		return;
	members = cJSON_AddObjectToObject(object, "params");
	for (; params[0]; params += 2)
		json_add_text(members, params[0], params[1]);
}

char *
journal_id(const struct journal *journal, const struct job *job)
{
	return g_strdup_printf("%s:%" PRIu64, journal->process, job->number);
}

static cJSON *
line_of_job(const struct journal *journal, const char *event, const struct job *job)
{
	g_autofree char *id = journal_id(journal, job);
	cJSON *object = line_new(journal, event, id);
	char uuid[37];

	uuid_format(job->target.uuid, uuid);
	json_add_text(object, "host", job->host_name);
	json_add_text(object, "vm", job->vm_name);
	json_add_text(object, "uuid", uuid);
	json_add_text(object, "verb", job->verb);
	json_add_text(object, "dest", job->dest_name);
	add_params(object, job->params);
	return object;
}

/* Frees OBJECT. The line with its end. */
static char *
line_text(cJSON *object)
{
	g_autofree char *text = json_print(object);

	return g_strconcat(text, "\n", NULL);
}

bool
journal_begin(struct journal *journal, struct job *job, GError **error)
{
	g_autofree char *line = NULL;
	bool ok;

	pthread_mutex_lock(&journal->lock);
	job->number = ++journal->newest;
	line = line_text(line_of_job(journal, "begin", job));
	ok = file_write(journal, line, error);
	pthread_mutex_unlock(&journal->lock);
	if (ok && journal->syslog)
		syslog(LOG_NOTICE, "%s", line);
	return ok;
}

/* Frees OBJECT. Writes it, at worst to syslog alone. */
static void
line_write(struct journal *journal, cJSON *object)
{
	g_autofree char *line = line_text(object);
	bool ok;

	pthread_mutex_lock(&journal->lock);
	ok = file_write(journal, line, NULL);
	pthread_mutex_unlock(&journal->lock);
	if (!ok || journal->syslog)
		syslog(LOG_NOTICE, "%s", line);
}

void
journal_end(struct journal *journal, const struct job *job, const char *result, const char *error)
{
	cJSON *object = line_of_job(journal, "end", job);

	json_add_text(object, "result", result);
	json_add_text(object, "error", error);
	cJSON_AddNumberToObject(object, "took_s", (double)((clock_now_us() - job->started_us) / 1000) / 1000);
	line_write(journal, object);
}

void
journal_found(struct journal *journal, const char *id, const char *vm, const uint8_t uuid[UUID_LEN],
	const char *where)
{
	cJSON *object = line_new(journal, "found", id);
	char text[37];

	uuid_format(uuid, text);
	json_add_text(object, "vm", vm);
	json_add_text(object, "uuid", text);
	json_add_text(object, "where", where);
	line_write(journal, object);
}

/* ---- what an earlier run left behind ---- */

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
		file_fail(journal, "read", error);
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
		if (process_lives(id))
			g_hash_table_iter_remove(&iter);
	return begun;
}

/* Lock held. */
static bool
close_lost(struct journal *journal, const char *id, const cJSON *begin, GError **error)
{
	static const char *const same[] = { "source", "host", "vm", "uuid", "verb", "dest", "params" };
	cJSON *object = line_new(journal, "end", id);
	g_autofree char *line = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(begin, same[i]);

		cJSON_DeleteItemFromObjectCaseSensitive(object, same[i]);
		if (item)
			cJSON_AddItemToObject(object, same[i], cJSON_Duplicate(item, true));
	}
	json_add_text(object, "result", "unknown");
	json_add_text(object, "error", "virt-fleet ended before it knew");
	line = line_text(object);
	return file_write(journal, line, error);
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

	if (!file_lock(journal, error))
		return false;
	text = file_tail(journal, error);
	file_unlock(journal);
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

/* ---- around an act ---- */

/* What became of the act when the link was lost under it nobody here can know. */
static const char *
result_word(const struct job *job, const GError *error)
{
	if (!error)
		return "done";
	if (job->state == JOB_CANCELLED)
		return "cancelled";
	return fleet_error_is_link(error) ? "unknown" : "failed";
}

static bool
prepare(struct job *job, GError **error)
{
	return journal_begin(job->journal, job, error);
}

static void
settle(struct job *job, const GError *error)
{
	journal_end(job->journal, job, result_word(job, error), error ? error->message : NULL);
}

void
journal_attach(struct journal *journal, struct job *job)
{
	job->journal = journal;
	job->prepare = prepare;
	job->settle = settle;
}
