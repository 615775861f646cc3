/* journal_private: shared by actions/journal.c and journal_lost.c alone. */
#pragma once

#include "actions/journal.h"

#include <pthread.h>

struct cJSON;

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

/* Sets ERROR: the journal can't be WHAT ("read"), by errno. Returns false. */
bool journal_fail(const struct journal *journal, const char *what, GError **error);
/* Opens and locks the file that the name leads to. Lock held. */
bool journal_lock_file(struct journal *journal, GError **error);
void journal_unlock_file(struct journal *journal);
/* Appends LINE, synced. Lock held. */
bool journal_write(struct journal *journal, const char *line, GError **error);
/* A line's first members. */
struct cJSON *journal_line(const struct journal *journal, const char *event, const char *id);
/* Frees OBJECT. The line with its end; caller frees. */
char *journal_line_text(struct cJSON *object);
/* Could the process that wrote the id NAME still end its acts? Those on other machines are not ours to judge. */
bool journal_process_lives(const char *name);
