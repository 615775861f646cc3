/*
 * journal: every act, on disk before it begins and again when it ends, as one JSON line each. Several virt-fleets may
 * write the same file; it is rotated by size. No act without its line: when the journal can't be written, acts fail and
 * watching goes on.
 *
 * Members: time (UTC), event ("begin", "end", "found"), id (the same in all), user, source ("console", "do"), host, vm, uuid, verb,
 * dest (the host a move goes to), params (an object, when there are any); an end has result ("done", "failed", "cancelled",
 * "unknown"), error when there is one, and took_s. Of a migration with an unknown end, "found" says in where what became of the
 * guest, once its hosts could be asked.
 */
#pragma once

#include "fleet/jobs.h"

struct journal;

struct journal_opts {
	const char *source; /* static: who asks for acts, "console" or "do"; NULL: it is not told */
	const char *path;  /* NULL: $XDG_STATE_HOME/virt-fleet/journal.jsonl, in ~/.local/state without that */
	int64_t max_bytes; /* then it becomes PATH.1, and that PATH.2, up to JOURNAL_KEPT */
	bool syslog;       /* the same lines to syslog(3), too */
};

#define JOURNAL_KEPT 4

/* Where the journal is when the config says PATH, or nothing (NULL). Caller frees. Any thread. */
char *journal_place(const char *path);

/* Opens nothing yet. */
struct journal *journal_new(const struct journal_opts *opts);
void journal_free(struct journal *journal); /* nobody writes any more; accepts NULL */
const char *journal_path(const struct journal *journal);

/* Writes and syncs that JOB begins, and numbers it. False with G_FILE_ERROR: it must not begin. Any thread; blocks on the
 * disk. */
bool journal_begin(struct journal *journal, struct job *job, GError **error);
/* … that it ended: RESULT is one of the above, ERROR its words or NULL. What can't be written then goes to
 * syslog(3) alone: the act is done. Any thread; blocks on the disk. */
void journal_end(struct journal *journal, const struct job *job, const char *result, const char *error);

/* JOB's id in JOURNAL; caller frees. */
char *journal_id(const struct journal *journal, const struct job *job);
/* Writes that the guest VM of the act ID, whose end was unknown, WHERE ("runs on kvm2"). Any thread; blocks on the disk. */
void journal_found(struct journal *journal, const char *id, const char *vm, const uint8_t uuid[UUID_LEN],
                   const char *where);

/* An act that an earlier run of this program on this machine began and never ended, or whose end nobody has found yet. */
struct journal_lost {
	char *id;
	char *host, *vm, *verb, *time, *dest; /* NULL: its line does not say */
	uint8_t uuid[UUID_LEN];
	bool has_uuid; /* else uuid is zero */
	bool offline;  /* a migration of a guest that was off */
	bool told;     /* its end is written as unknown: a migration of which nothing was found yet */
};

/* Finds those among the last mebibyte, and writes for each that its end is unknown, so that it is TOLD from then on. The array's
 * elements are freed with it. NULL with G_FILE_ERROR when the journal is there and can't be read or written. Blocks. */
GPtrArray *journal_recover(struct journal *journal, GError **error);

/* JOURNAL, borrowed, is kept around JOB's run(), on the hand's thread. */
void journal_attach(struct journal *journal, struct job *job);
