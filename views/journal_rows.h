/* journal_rows: what the table of the journal is gathered from. UI thread only. */
#pragma once

#include "actions/journal_read.h"
#include "views/columns.h"

/* Zeroed at first. */
struct journal_source {
	struct journal_reader *reader; /* NULL: none yet */
	GPtrArray *acts;               /* const struct journal_act *, the newest first; NULL: none yet */
	char *error;                   /* why it can't be read; NULL: it can */
	uint64_t version;              /* of acts */
	bool known;                    /* it was read, or could not be */
};

void journal_source_done(struct journal_source *source);
/* The act that a row's key stands for; NULL: there is none any more. Borrowed from SOURCE. */
const struct journal_act *journal_source_find(const struct journal_source *source, const struct row_key *key);
