/*
 * Acts are written into a journal that is rotated all the time, while it is looked at by readers with threads of their own. A
 * plain program, because Criterion does not start under ThreadSanitizer. Ends with 0 when every reader came to see the last
 * act, and none saw one that was not written.
 */
#include "actions/journal.h"
#include "actions/journal_read.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WRITERS = 3, ACTS = 200, READERS = 3, MOST = 50, ROTATED_AT = 20000, TRIES = 20000 };

struct writer {
	struct journal *journal;
	pthread_t thread;
};

static struct job *
make_job(const char *vm)
{
	struct job *job = job_new();

	job->vm_name = g_strdup(vm);
	job->host_name = g_strdup("kvm1");
	job->verb = "stop";
	return job;
}

static void
write_act(struct journal *journal, const char *vm)
{
	struct job *job = make_job(vm);

	if (journal_begin(journal, job, NULL))
		journal_end(journal, job, "done", NULL);
	job_free(job);
}

static void *
write_main(void *arg)
{
	struct writer *writer = arg;

	for (unsigned i = 0; i < ACTS; i++)
		write_act(writer->journal, "web");
	return NULL;
}

/* Takes what there is; true when the newest act is the last one that is written. */
static bool
look(struct journal_reader *reader, unsigned *wrong)
{
	g_autofree char *error = NULL;
	g_autoptr(GPtrArray) acts = NULL;

	journal_reader_look(reader);
	acts = journal_reader_take(reader, &error);
	*wrong += error != NULL;
	for (guint i = 0; acts && i < acts->len; i++) {
		const struct journal_act *act = acts->pdata[i];

		*wrong += g_strcmp0(act->verb, "stop") != 0 || !act->vm ||
			  (strcmp(act->vm, "web") != 0 && strcmp(act->vm, "last") != 0);
	}
	return acts && acts->len && strcmp(((const struct journal_act *)acts->pdata[0])->vm, "last") == 0;
}

static void
remove_files(const char *path)
{
	for (int i = 0; i <= JOURNAL_KEPT; i++) {
		g_autofree char *name = i ? g_strdup_printf("%s.%d", path, i) : g_strdup(path);

		g_unlink(name);
	}
}

int
main(void)
{
	g_autofree char *folder = g_dir_make_tmp("vf-journal-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "j", NULL);
	struct journal *journal =
		journal_new(&(struct journal_opts){ .path = path, .max_bytes = ROTATED_AT });
	struct journal_reader *readers[READERS];
	struct writer writers[WRITERS];
	unsigned wrong = 0, saw = 0;

	for (int i = 0; i < READERS; i++)
		readers[i] = journal_reader_new(path, MOST);
	for (int i = 0; i < WRITERS; i++) {
		writers[i].journal = journal;
		pthread_create(&writers[i].thread, NULL, write_main, &writers[i]);
	}
	for (int i = 0; i < READERS; i++)
		look(readers[i], &wrong);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	write_act(journal, "last");
	for (int i = 0; i < READERS; i++) {
		bool seen = false;

		for (int tries = 0; tries < TRIES && !(seen = look(readers[i], &wrong)); tries++)
			g_usleep(1000);
		saw += seen;
		journal_reader_free(readers[i]);
	}
	journal_free(journal);
	remove_files(path);
	g_rmdir(folder);
	printf("journal: %u acts, %u of %u readers saw the last, %u wrong\n", WRITERS * ACTS + 1, saw,
		(unsigned)READERS, wrong);
	return saw == READERS && wrong == 0 ? 0 : 1;
}
