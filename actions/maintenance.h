/*
 * maintenance: hosts that are taken out of service for a while – nothing is moved to them until they are released – and
 * which guests were moved away from them, so that they can come back. Kept in a small file, for the next run and for other
 * virt-fleets of this user; what the config says (`maintenance: true`) is not in it and can't be released here.
 * Main thread only.
 */
#pragma once

#include "fleet/model.h"

#include <glib.h>
#include <stdbool.h>

struct maintenance;

/* Where it is kept: in $XDG_STATE_HOME/virt-fleet, in ~/.local/state without that. Caller frees. */
char *maintenance_usual_path(void);

/* PATH NULL: in memory alone. Reads nothing yet. */
struct maintenance *maintenance_new(const char *path);
void maintenance_free(struct maintenance *maintenance); /* accepts NULL */

/* Reads the file if it is another one than before: cheap when it is not. False with G_FILE_ERROR or G_KEY_FILE_ERROR once
 * for each state of a file that can't be read; what was known stays. Blocks on the disk. */
bool maintenance_refresh(struct maintenance *maintenance, GError **error);

/* Why it is not known who is in maintenance: the file could not be read last time; NULL: it is known. Borrowed until the next
 * maintenance_refresh() or change. MAINTENANCE may be NULL. */
const char *maintenance_unknown(const struct maintenance *maintenance);

/* A guest that was moved away. */
struct maintenance_guest {
	uint8_t uuid[UUID_LEN];
	char *name, *to; /* the host that it was to go to */
};

struct maintenance_note {
	char *host;        /* its name in the config */
	char *since, *by;  /* "2026-11-22T11:20:00Z", a user; NULL: not told */
	bool released;     /* it is back in service, and only its guests are remembered: they may come back yet */
	GPtrArray *guests; /* struct maintenance_guest *, in the order in which they went */
};

/* NULL: not noted (the config may still say so). Borrowed until the next call that changes something. MAINTENANCE may be
 * NULL. */
const struct maintenance_note *maintenance_find(const struct maintenance *maintenance, const char *host);
/* Is HOST out of service, by the config or by a note? MAINTENANCE may be NULL: then the config alone says. */
bool maintenance_covers(const struct maintenance *maintenance, const struct host_static *host);
/* "in maintenance since 2026-11-22 by root; 20 guests moved away", "in maintenance, by the config"; caller frees. */
char *maintenance_words(const struct maintenance *maintenance, const struct host_static *host);
/* How many notes there are. */
unsigned maintenance_count(const struct maintenance *maintenance);
/* Another number whenever a note may have changed. */
unsigned maintenance_version(const struct maintenance *maintenance);

/* These read the file, change it and write it, so that no other process's notes are lost. False with an error in words, and
 * then nothing has changed. They block on the disk for a moment.
 *
 * Takes HOST out of service, by USER; no error when it was already. */
bool maintenance_begin(struct maintenance *maintenance, const char *host, GError **error);
/* … and remembers that GUESTS (struct maintenance_guest *, borrowed) go away from it, besides those that have gone. */
bool maintenance_leave(struct maintenance *maintenance, const char *host, const GPtrArray *guests, GError **error);
/* Puts it back. Who left is remembered until it is taken out again. */
bool maintenance_end(struct maintenance *maintenance, const char *host, GError **error);
