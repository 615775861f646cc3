#include "actions/journal_private.h"

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
bool
journal_process_lives(const char *name)
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

bool
journal_fail(const struct journal *journal, const char *what, GError **error)
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
		return journal_fail(journal, "made", error);
	journal->fd = open(journal->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return journal->fd >= 0 || journal_fail(journal, "opened", error);
}

static void
file_close(struct journal *journal)
{
	close(journal->fd); /* and so unlocks */
	journal->fd = -1;
}

void
journal_unlock_file(struct journal *journal)
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
bool
journal_lock_file(struct journal *journal, GError **error)
{
	for (;;) {
		if (journal->fd < 0 && !file_open(journal, error))
			return false;
		while (flock(journal->fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return journal_fail(journal, "locked", error);
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
	journal_fail(journal, "written", error);
	if (written > 0 && ftruncate(journal->fd, before) < 0)
		file_close(journal); /* then the next line begins behind half a one, which readers skip */
	return false;
}

/* Lock held. */
bool
journal_write(struct journal *journal, const char *line, GError **error)
{
	struct stat stat;
	bool ok;

	if (!journal_lock_file(journal, error))
		return false;
	if (fstat(journal->fd, &stat) == 0 && stat.st_size >= journal->max_bytes) {
		file_rotate(journal);
		if (!journal_lock_file(journal, error))
			return false;
	}
	ok = file_append(journal, line, strlen(line), error);
	if (journal->fd >= 0)
		journal_unlock_file(journal);
	return ok;
}

/* ---- lines ---- */

static char *
time_now(void)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();

	return g_date_time_format(now, "%Y-%m-%dT%H:%M:%S.%fZ");
}

cJSON *
journal_line(const struct journal *journal, const char *event, const char *id)
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
	cJSON *object = journal_line(journal, event, id);
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
char *
journal_line_text(cJSON *object)
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
	line = journal_line_text(line_of_job(journal, "begin", job));
	ok = journal_write(journal, line, error);
	pthread_mutex_unlock(&journal->lock);
	if (ok && journal->syslog)
		syslog(LOG_NOTICE, "%s", line);
	return ok;
}

/* Frees OBJECT. Writes it, at worst to syslog alone. */
static void
line_write(struct journal *journal, cJSON *object)
{
	g_autofree char *line = journal_line_text(object);
	bool ok;

	pthread_mutex_lock(&journal->lock);
	ok = journal_write(journal, line, NULL);
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
	cJSON *object = journal_line(journal, "found", id);
	char text[37];

	uuid_format(uuid, text);
	json_add_text(object, "vm", vm);
	json_add_text(object, "uuid", text);
	json_add_text(object, "where", where);
	line_write(journal, object);
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
