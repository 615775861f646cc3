#include "fleet/eventlog.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/json.h"
#include "fleet/snapshot.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_US  INT64_C(250000)  /* how often it looks for new entries … */
#define RETRY_US INT64_C(2000000) /* … and tries again what failed */
#define LOG_MODE 0640

struct eventlog {
	char *path; /* constant, as are the next three */
	struct timeline *timeline;
	void (*changed)(void *ctx);
	void *ctx;
	pthread_t thread;

	/* the thread's */
	int fd;
	uint64_t seq; /* of the last entry that is in `left`, or written */
	/* lines not written yet: nothing else is taken up until they are, so it is one time line at most */
	GString *left;
	size_t begun; /* bytes of the first of them that are in the file */
	bool failing;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	/* guarded by lock */
	bool stop, ended;
	char *news; /* NULL: none */
	bool news_bad;
};

/* ---- words ---- */

static void
add_time(cJSON *object, int64_t wall_us)
{
	char text[CLOCK_TEXT];

	clock_wall_text(wall_us, text);
	cJSON_AddStringToObject(object, "time", text);
}

char *
event_json(const struct event *event)
{
	cJSON *object = cJSON_CreateObject();
	char uuid[37];

	add_time(object, event->wall_us);
	cJSON_AddStringToObject(object, "kind", event_kind_name(event->kind));
	cJSON_AddStringToObject(object, "level", event_level_name(event->level));
	json_add_text(object, "host", event->host);
	json_add_text(object, "vm", event->vm);
	if (event_has_uuid(event)) {
		uuid_format(event->subject.uuid, uuid);
		cJSON_AddStringToObject(object, "uuid", uuid);
	}
	json_add_text(object, "what", event->what);
	json_add_text(object, "detail", event->detail);
	return json_print(object);
}

/* A line that says how many are not there. */
static char *
missed_json(uint64_t missed)
{
	g_autofree char *detail = g_strdup_printf("%" PRIu64 " entries could not be written", missed);
	cJSON *object = cJSON_CreateObject();

	add_time(object, clock_wall_us());
	cJSON_AddStringToObject(object, "kind", "log");
	cJSON_AddStringToObject(object, "level", event_level_name(EVENT_WARN));
	cJSON_AddStringToObject(object, "what", "missed");
	cJSON_AddStringToObject(object, "detail", detail);
	return json_print(object);
}

static void
set_news(struct eventlog *log, bool bad, char *text)
{
	pthread_mutex_lock(&log->lock);
	g_free(log->news);
	log->news = text;
	log->news_bad = bad;
	pthread_mutex_unlock(&log->lock);
	if (log->changed)
		log->changed(log->ctx);
}

/* Told once, until it goes on. */
static void
note_failure(struct eventlog *log, const char *what, int error)
{
	if (!log->failing)
		set_news(log, true,
			g_strdup_printf(
				"event log: %s %s: %s; what happens is kept for a while and tried again",
				what, log->path, g_strerror(error)));
	log->failing = true;
}

static void
note_success(struct eventlog *log)
{
	if (log->failing)
		set_news(log, false, g_strdup_printf("event log: %s is written again", log->path));
	log->failing = false;
}

/* ---- the file ---- */

static int
open_file(const char *path)
{
	/* never waits for whoever may read from a pipe */
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, LOG_MODE);
}

/* The name may belong to another file by now, or to none: logs are rotated. */
static bool
follow_name(struct eventlog *log)
{
	struct stat named, opened;
	int fd;

	if (stat(log->path, &named) == 0 && fstat(log->fd, &opened) == 0 && named.st_dev == opened.st_dev &&
		named.st_ino == opened.st_ino)
		return true;
	fd = open_file(log->path);
	if (fd < 0) {
		note_failure(log, "can't open", errno);
		return false;
	}
	close(log->fd);
	log->fd = fd;
	log->begun = 0;
	return true;
}

/* Forgets what is written in whole lines. */
static void
drop_lines(struct eventlog *log)
{
	const char *last = memrchr(log->left->str, '\n', log->begun);
	size_t size = last ? (size_t)(last + 1 - log->left->str) : 0;

	g_string_erase(log->left, 0, (gssize)size);
	log->begun -= size;
}

/* Writes what is left up to END, whole or in part; 0, or why not all of it could be. */
static int
write_until(struct eventlog *log, size_t end)
{
	int failed = 0;

	while (log->begun < end && !failed) {
		ssize_t n = write(log->fd, log->left->str + log->begun, end - log->begun);

		if (n >= 0)
			log->begun += (size_t)n;
		else if (errno != EINTR)
			failed = errno;
	}
	drop_lines(log);
	return failed;
}

/* Half a line is finished in the file it was begun in. A full one is waited for; one that is broken is not, and the next
 * file gets all of the line. False: not yet. */
static bool
finish_line(struct eventlog *log)
{
	const char *end = log->begun ? strchr(log->left->str, '\n') : NULL;
	int failed = end ? write_until(log, (size_t)(end + 1 - log->left->str)) : 0;

	if (failed != ENOSPC && failed != EAGAIN)
		return true;
	note_failure(log, "can't write", failed);
	return false;
}

/* False: not all could be written. */
static bool
write_left(struct eventlog *log)
{
	int failed = write_until(log, log->left->len);

	if (failed)
		note_failure(log, "can't write", failed);
	return !failed;
}

/* ---- the thread ---- */

static void
take_line(struct eventlog *log, char *line)
{
	g_string_append(log->left, line);
	g_string_append_c(log->left, '\n');
	g_free(line);
}

/* Takes up what is new; false: nothing is. */
static bool
take_events(struct eventlog *log)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
	const struct event *first;

	timeline_since(log->timeline, log->seq, events);
	if (events->len == 0)
		return false;
	first = events->pdata[0];
	if (first->seq > log->seq + 1)
		take_line(log, missed_json(first->seq - log->seq - 1));
	for (guint i = 0; i < events->len; i++)
		take_line(log, event_json(events->pdata[i]));
	log->seq += events->len + (first->seq - log->seq - 1);
	return true;
}

static void
write_events(struct eventlog *log)
{
	if (log->left->len == 0 && !take_events(log))
		return;
	if (finish_line(log) && follow_name(log) && write_left(log))
		note_success(log);
}

/* Sleeps for US; false: it is time to end. */
static bool
pause_log(struct eventlog *log, int64_t us)
{
	int64_t due = clock_now_us() + us;
	struct timespec until = { .tv_sec = due / 1000000, .tv_nsec = due % 1000000 * 1000 };
	bool goes_on;

	pthread_mutex_lock(&log->lock);
	while (!log->stop && pthread_cond_timedwait(&log->cond, &log->lock, &until) == 0)
		;
	goes_on = !log->stop;
	pthread_mutex_unlock(&log->lock);
	return goes_on;
}

static void *
log_main(void *arg)
{
	struct eventlog *log = arg;

	while (pause_log(log, log->failing ? RETRY_US : LOOK_US))
		write_events(log);
	write_events(log);
	pthread_mutex_lock(&log->lock);
	log->ended = true;
	pthread_cond_broadcast(&log->cond);
	pthread_mutex_unlock(&log->lock);
	return NULL;
}

/* ---- life ---- */

struct eventlog *
eventlog_new(
	const char *path, struct timeline *timeline, void (*changed)(void *ctx), void *ctx, GError **error)
{
	struct eventlog *log;
	pthread_condattr_t attr;
	int fd = open_file(path), failed;

	if (fd < 0) {
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't write the event log %s: %s", path,
			g_strerror(errno));
		return NULL;
	}
	log = g_new0(struct eventlog, 1);
	log->path = g_strdup(path);
	log->timeline = timeline;
	log->changed = changed;
	log->ctx = ctx;
	log->fd = fd;
	log->left = g_string_new(NULL);
	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&log->cond, &attr);
	pthread_condattr_destroy(&attr);
	failed = pthread_create(&log->thread, NULL, log_main, log);
	g_assert(!failed);
	pthread_setname_np(log->thread, "event-log");
	return log;
}

char *
eventlog_take_news(struct eventlog *log, bool *bad)
{
	char *news;

	pthread_mutex_lock(&log->lock);
	news = g_steal_pointer(&log->news);
	*bad = log->news_bad;
	pthread_mutex_unlock(&log->lock);
	return news;
}

bool
eventlog_stop(struct eventlog *log, int64_t timeout_ms)
{
	int64_t end = clock_now_us() + timeout_ms * 1000;
	struct timespec until = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };
	bool ended;

	pthread_mutex_lock(&log->lock);
	log->stop = true;
	pthread_cond_broadcast(&log->cond);
	while (!log->ended && pthread_cond_timedwait(&log->cond, &log->lock, &until) == 0)
		;
	ended = log->ended;
	pthread_mutex_unlock(&log->lock);
	return ended;
}

void
eventlog_free(struct eventlog *log)
{
	if (!log)
		return;
	pthread_join(log->thread, NULL);
	close(log->fd);
	g_string_free(log->left, TRUE);
	g_free(log->news);
	g_free(log->path);
	pthread_cond_destroy(&log->cond);
	pthread_mutex_destroy(&log->lock);
	g_free(log);
}
