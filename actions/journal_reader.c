/* journal_reader: the thread that reads, so that the screen never waits for a disk. */
#include "actions/journal_read.h"

#include "fleet/thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

struct journal_reader {
	char *path; /* constant */
	guint most; /* constant */
	pthread_t thread;
	bool started; /* main thread only */
	pthread_mutex_t lock;
	pthread_cond_t asked;
	/* guarded by lock */
	bool look, stop, known;
	GPtrArray *acts; /* read and not taken yet; NULL: none */
	char *error;     /* of the last try; NULL: it went well */
};

/* What tells one content of the file from another. */
struct mark {
	dev_t device;
	ino_t inode;
	off_t size;
	bool there, known;
};

static struct mark
mark_of(const char *path)
{
	struct stat stat_;
	bool there = stat(path, &stat_) == 0;

	return there ? (struct mark){ stat_.st_dev, stat_.st_ino, stat_.st_size, true, true }
		     : (struct mark){ .known = true };
}

static bool
same_mark(const struct mark *a, const struct mark *b)
{
	return a->known == b->known && a->there == b->there && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size;
}

/* False: it is to end. */
static bool
wait_for_look(struct journal_reader *reader)
{
	bool stop;

	pthread_mutex_lock(&reader->lock);
	while (!reader->look && !reader->stop)
		pthread_cond_wait(&reader->asked, &reader->lock);
	reader->look = false;
	stop = reader->stop;
	pthread_mutex_unlock(&reader->lock);
	return !stop;
}

static void
publish(struct journal_reader *reader, GPtrArray *acts, const GError *error)
{
	pthread_mutex_lock(&reader->lock);
	if (acts)
		g_clear_pointer(&reader->acts, g_ptr_array_unref);
	if (acts)
		reader->acts = acts;
	g_free(reader->error);
	reader->error = error ? g_strdup(error->message) : NULL;
	reader->known = true;
	pthread_mutex_unlock(&reader->lock);
}

static void *
reader_main(void *arg)
{
	struct journal_reader *reader = arg;
	struct mark seen = { 0 };

	thread_stand_back();
	while (wait_for_look(reader)) {
		g_autoptr(GError) error = NULL;
		struct mark mark = mark_of(reader->path);

		if (same_mark(&mark, &seen))
			continue;
		publish(reader, journal_read(reader->path, reader->most, &error), error);
		seen = error ? (struct mark){ 0 } : mark;
	}
	return NULL;
}

struct journal_reader *
journal_reader_new(const char *path, guint most)
{
	struct journal_reader *reader = g_new0(struct journal_reader, 1);
	sigset_t all, old;

	reader->path = g_strdup(path);
	reader->most = most;
	pthread_mutex_init(&reader->lock, NULL);
	pthread_cond_init(&reader->asked, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	reader->started = pthread_create(&reader->thread, NULL, reader_main, reader) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (reader->started)
		pthread_setname_np(reader->thread, "journal");
	return reader;
}

void
journal_reader_free(struct journal_reader *reader)
{
	if (!reader)
		return;
	pthread_mutex_lock(&reader->lock);
	reader->stop = true;
	pthread_cond_signal(&reader->asked);
	pthread_mutex_unlock(&reader->lock);
	if (reader->started)
		pthread_join(reader->thread, NULL);
	g_clear_pointer(&reader->acts, g_ptr_array_unref);
	pthread_cond_destroy(&reader->asked);
	pthread_mutex_destroy(&reader->lock);
	g_free(reader->error);
	g_free(reader->path);
	g_free(reader);
}

void
journal_reader_look(struct journal_reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	reader->look = true;
	pthread_cond_signal(&reader->asked);
	pthread_mutex_unlock(&reader->lock);
}

GPtrArray *
journal_reader_take(struct journal_reader *reader, char **error)
{
	GPtrArray *acts;

	pthread_mutex_lock(&reader->lock);
	acts = g_steal_pointer(&reader->acts);
	*error = g_strdup(reader->error);
	pthread_mutex_unlock(&reader->lock);
	return acts;
}

bool
journal_reader_knows(struct journal_reader *reader)
{
	bool known;

	pthread_mutex_lock(&reader->lock);
	known = reader->known;
	pthread_mutex_unlock(&reader->lock);
	return known;
}
