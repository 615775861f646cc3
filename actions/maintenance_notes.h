/* maintenance_notes: what is noted of hosts in maintenance, in memory and as text. Private to actions/maintenance*.c. Pure. */
#pragma once

#include "actions/maintenance.h"

/* An array of struct maintenance_note *, which it owns. */
GPtrArray *notes_new(void);
struct maintenance_note *notes_add(GPtrArray *notes, const char *host);
struct maintenance_note *notes_find(const GPtrArray *notes, const char *host); /* NULL: none */
/* One that left before takes the place of what was known of it. */
void notes_add_guest(struct maintenance_note *note, const uint8_t uuid[UUID_LEN], const char *name, const char *to);

/* As a key file, a section for each host; caller frees. */
char *notes_format(const GPtrArray *notes, gsize *length);
/* NULL with G_KEY_FILE_ERROR. */
GPtrArray *notes_parse(const char *text, gsize length, GError **error);
