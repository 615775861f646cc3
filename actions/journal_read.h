/* journal_read: the journal as it can be looked at – the newest acts of all users who write to the same file. */
#pragma once

#include "fleet/model.h"

#include <glib.h>
#include <stdbool.h>

/* One act. Immutable once it was read. Texts are as they stand there, and may be anything; NULL: not said. */
struct journal_act {
	gint refs;          /* private to journal_read.c */
	char *id, *user, *source, *host, *vm, *uuid, *verb, *dest, *error;
	char *params;       /* "bandwidth=100M copy=yes"; NULL: none */
	char *result;       /* "done", "failed", "cancelled", "unknown"; NULL: it has no end yet */
	int64_t begun_us;   /* of the wall clock; 0: not said */
	double took_s;      /* -1: not said */
};

const struct journal_act *journal_act_ref(const struct journal_act *act); /* any thread */
void journal_act_unref(gpointer act); /* accepts NULL */

/* The at most MOST newest acts of the journal at PATH, those that were rotated away included, the newest first: const struct
 * journal_act *, a reference each (free with the array). None where there is no journal. Lines that can't be understood are
 * passed over. NULL with G_FILE_ERROR when it can't be read. Blocks on the disk, for some MiB at most; any thread. */
GPtrArray *journal_read(const char *path, guint most, GError **error);

/* Reads the journal again and again, on a thread of its own. Main thread, but for what it does itself. */
struct journal_reader;

struct journal_reader *journal_reader_new(const char *path, guint most);
void journal_reader_free(struct journal_reader *reader); /* waits for a reading under way; accepts NULL */
/* Wants to know whether something was written. Never blocks. */
void journal_reader_look(struct journal_reader *reader);
/* What was read since the last call, as of journal_read(); NULL: nothing new. *ERROR: why it could not be read last, caller
 * frees; NULL: it could. Never blocks. */
GPtrArray *journal_reader_take(struct journal_reader *reader, char **error);
/* Something was read, or could not be: "none" can be said. */
bool journal_reader_knows(struct journal_reader *reader);
