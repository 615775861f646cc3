#include "actions/maintenance_notes.h"

#include "fleet/snapshot.h"

#include <string.h>

#define HEAD                                                                                                 \
	" Hosts that virt-fleet holds in maintenance; names are escaped as in URIs. :maintenance off on a\n" \
	" host, or deleting its section while no virt-fleet runs, releases it."

/* ---- notes ---- */

static void
guest_free(gpointer pointer)
{
	struct maintenance_guest *guest = pointer;

	g_free(guest->name);
	g_free(guest->to);
	g_free(guest);
}

static void
note_free(gpointer pointer)
{
	struct maintenance_note *note = pointer;

	g_free(note->host);
	g_free(note->since);
	g_free(note->by);
	g_ptr_array_free(note->guests, TRUE);
	g_free(note);
}

GPtrArray *
notes_new(void)
{
	return g_ptr_array_new_with_free_func(note_free);
}

struct maintenance_note *
notes_add(GPtrArray *notes, const char *host)
{
	struct maintenance_note *note = g_new0(struct maintenance_note, 1);

	note->host = g_strdup(host);
	note->guests = g_ptr_array_new_with_free_func(guest_free);
	g_ptr_array_add(notes, note);
	return note;
}

/* One that left before takes the place of what was known of it. */
void
notes_add_guest(struct maintenance_note *note, const uint8_t uuid[UUID_LEN], const char *name, const char *to)
{
	struct maintenance_guest *guest;

	for (guint i = 0; i < note->guests->len; i++) {
		guest = note->guests->pdata[i];
		if (memcmp(guest->uuid, uuid, UUID_LEN) == 0) {
			g_ptr_array_remove_index(note->guests, i);
			break;
		}
	}
	guest = g_new0(struct maintenance_guest, 1);
	memcpy(guest->uuid, uuid, UUID_LEN);
	guest->name = g_strdup(name);
	guest->to = g_strdup(to);
	g_ptr_array_add(note->guests, guest);
}

struct maintenance_note *
notes_find(const GPtrArray *notes, const char *host)
{
	for (guint i = 0; i < notes->len; i++) {
		struct maintenance_note *note = notes->pdata[i];

		if (strcmp(note->host, host) == 0)
			return note;
	}
	return NULL;
}

/* ---- notes as text: a section for each host ---- */

/* "UUID TO NAME", of which the last two may be anything. */
static char *
guest_format(const struct maintenance_guest *guest)
{
	g_autofree char *name = g_uri_escape_string(guest->name, NULL, FALSE);
	g_autofree char *to = g_uri_escape_string(guest->to, NULL, FALSE);
	char uuid[37];

	uuid_format(guest->uuid, uuid);
	return g_strdup_printf("%s %s %s", uuid, to, name);
}

/* One that can't be read was written by somebody else: it is left out. */
static void
guest_parse(struct maintenance_note *note, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", 3);
	uint8_t uuid[UUID_LEN];
	g_autofree char *to = NULL, *name = NULL;

	if (g_strv_length(words) != 3 || !uuid_parse(words[0], uuid))
		return;
	to = g_uri_unescape_string(words[1], NULL);
	name = g_uri_unescape_string(words[2], NULL);
	if (to && name)
		notes_add_guest(note, uuid, name, to);
}

char *
notes_format(const GPtrArray *notes, gsize *length)
{
	g_autoptr(GKeyFile) file = g_key_file_new();

	g_key_file_set_comment(file, NULL, NULL, HEAD, NULL);
	for (guint i = 0; i < notes->len; i++) {
		const struct maintenance_note *note = notes->pdata[i];
		g_autofree char *section = g_uri_escape_string(note->host, NULL, FALSE);
		g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func(g_free);

		for (guint j = 0; j < note->guests->len; j++)
			g_ptr_array_add(guests, guest_format(note->guests->pdata[j]));
		if (note->since)
			g_key_file_set_string(file, section, "since", note->since);
		if (note->by)
			g_key_file_set_string(file, section, "by", note->by);
		if (note->released)
			g_key_file_set_boolean(file, section, "released", TRUE);
		g_key_file_set_string_list(
			file, section, "guests", (const char *const *)guests->pdata, guests->len);
	}
	return g_key_file_to_data(file, length, NULL);
}

GPtrArray *
notes_parse(const char *text, gsize length, GError **error)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_auto(GStrv) sections = NULL;
	GPtrArray *notes;

	if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, error))
		return NULL;
	notes = notes_new();
	sections = g_key_file_get_groups(file, NULL);
	for (size_t i = 0; sections[i]; i++) {
		g_autofree char *host = g_uri_unescape_string(sections[i], NULL);
		struct maintenance_note *note = host ? notes_add(notes, host) : NULL;
		g_auto(GStrv) guests = g_key_file_get_string_list(file, sections[i], "guests", NULL, NULL);

		if (!note)
			continue;
		note->since = g_key_file_get_string(file, sections[i], "since", NULL);
		note->by = g_key_file_get_string(file, sections[i], "by", NULL);
		note->released = g_key_file_get_boolean(file, sections[i], "released", NULL);
		for (size_t j = 0; guests && guests[j]; j++)
			guest_parse(note, guests[j]);
	}
	return notes;
}
