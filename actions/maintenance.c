#include "actions/maintenance_notes.h"

#include "fleet/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What tells one state of the file from another. */
struct print {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct maintenance {
	char *path;        /* NULL: in memory alone */
	GPtrArray *notes;  /* struct maintenance_note * */
	char *unknown;     /* why the file can't be read; NULL: it was */
	struct print seen; /* of the file that notes are from; all zero: none was there */
	unsigned version;
};

/* ---- the file ---- */

char *
maintenance_usual_path(void)
{
	return g_build_filename(g_get_user_state_dir(), "virt-fleet", "maintenance", NULL);
}

/* All zero when there is none. */
static struct print
print_of(const char *path)
{
	struct print print;
	struct stat found;

	memset(&print, 0, sizeof(print)); /* its gaps are compared, too */
	if (stat(path, &found) == 0) {
		print.device = found.st_dev;
		print.inode = found.st_ino;
		print.size = found.st_size;
		print.changed = found.st_mtim;
	}
	return print;
}

static void
take_notes(struct maintenance *maintenance, GPtrArray *notes)
{
	g_ptr_array_free(maintenance->notes, TRUE);
	maintenance->notes = notes;
	maintenance->version++;
	g_clear_pointer(&maintenance->unknown, g_free);
}

/* A file that is not there says that no host is in maintenance. */
static GPtrArray *
notes_read(const char *path, GError **error)
{
	g_autoptr(GError) failure = NULL;
	g_autofree char *text = NULL;
	GPtrArray *notes;
	gsize length;

	if (!g_file_get_contents(path, &text, &length, &failure)) {
		if (g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT))
			return notes_new();
		g_propagate_error(error, g_steal_pointer(&failure));
		return NULL;
	}
	notes = notes_parse(text, length, &failure);
	if (!notes)
		g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", path);
	return notes;
}

bool
maintenance_refresh(struct maintenance *maintenance, GError **error)
{
	GError *failure = NULL;
	struct print now;
	GPtrArray *notes;

	if (!maintenance->path)
		return true;
	now = print_of(maintenance->path);
	if (memcmp(&now, &maintenance->seen, sizeof(now)) == 0)
		return true;
	maintenance->seen = now;
	notes = notes_read(maintenance->path, &failure);
	if (notes) {
		take_notes(maintenance, notes);
		return true;
	}
	g_free(maintenance->unknown);
	maintenance->unknown = g_strdup(failure->message);
	g_propagate_error(error, failure);
	return false;
}

static bool
file_fail(const struct maintenance *maintenance, GError **error)
{
	int number = errno;

	g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(number),
		"%s can't be written (%s): which hosts are in maintenance would be forgotten",
		maintenance->path, g_strerror(number));
	return false;
}

/* So that no two processes change it at once; -1: with an error. */
static int
lock_file(const struct maintenance *maintenance, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(maintenance->path);
	g_autofree char *path = g_strconcat(maintenance->path, ".lock", NULL);
	int fd;

	if (g_mkdir_with_parents(folder, 0700) < 0) {
		file_fail(maintenance, error);
		return -1;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		file_fail(maintenance, error);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

static bool
notes_write(struct maintenance *maintenance, const GPtrArray *notes, GError **error)
{
	gsize length;
	g_autofree char *text = notes_format(notes, &length);

	if (!g_file_set_contents_full(
		    maintenance->path, text, (gssize)length, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
		return false;
	maintenance->seen = print_of(maintenance->path);
	return true;
}

/* ---- life ---- */

struct maintenance *
maintenance_new(const char *path)
{
	struct maintenance *maintenance = g_new0(struct maintenance, 1);

	maintenance->path = g_strdup(path);
	maintenance->notes = notes_new();
	return maintenance;
}

void
maintenance_free(struct maintenance *maintenance)
{
	if (!maintenance)
		return;
	g_ptr_array_free(maintenance->notes, TRUE);
	g_free(maintenance->unknown);
	g_free(maintenance->path);
	g_free(maintenance);
}

/* ---- questions ---- */

const char *
maintenance_unknown(const struct maintenance *maintenance)
{
	return maintenance ? maintenance->unknown : NULL;
}

const struct maintenance_note *
maintenance_find(const struct maintenance *maintenance, const char *host)
{
	return maintenance ? notes_find(maintenance->notes, host) : NULL;
}

bool
maintenance_covers(const struct maintenance *maintenance, const struct host_static *host)
{
	const struct maintenance_note *note = host ? maintenance_find(maintenance, host->name) : NULL;

	return host && (host->maintenance || (note && !note->released));
}

char *
maintenance_words(const struct maintenance *maintenance, const struct host_static *host)
{
	const struct maintenance_note *note = maintenance_find(maintenance, host->name);
	GString *text = g_string_new("in maintenance");

	if (!note || note->released) {
		g_string_append(text, ", by the config");
		note = NULL;
	}
	if (note && note->since)
		g_string_append_printf(text, " since %.10s", note->since);
	if (note && note->by)
		g_string_append_printf(text, " by %s", note->by);
	if (note && note->guests->len)
		g_string_append_printf(text, "; %u guest%s moved away", note->guests->len,
			note->guests->len == 1 ? "" : "s");
	return g_string_free(text, FALSE);
}

unsigned
maintenance_count(const struct maintenance *maintenance)
{
	return maintenance->notes->len;
}

unsigned
maintenance_version(const struct maintenance *maintenance)
{
	return maintenance->version;
}

/* ---- changes ---- */

/* What a change does to the notes, which are a copy of its own. */
struct change {
	const char *host;
	const GPtrArray *guests; /* that left; NULL: none */
	bool end;
};

static void
apply(const struct change *change, GPtrArray *notes)
{
	struct maintenance_note *note = notes_find(notes, change->host);

	if (change->end) {
		if (note && note->guests->len)
			note->released = true;
		else if (note)
			g_ptr_array_remove(notes, note);
		return;
	}
	if (note && note->released) {
		g_ptr_array_remove(notes, note);
		note = NULL;
	}
	if (!note) {
		char since[CLOCK_TEXT];

		note = notes_add(notes, change->host);
		clock_wall_text(clock_wall_us(), since);
		note->since = g_strdup(since);
		note->by = g_strdup(g_get_user_name());
	}
	for (guint i = 0; change->guests && i < change->guests->len; i++) {
		const struct maintenance_guest *guest = change->guests->pdata[i];

		notes_add_guest(note, guest->uuid, guest->name, guest->to);
	}
}

static GPtrArray *
notes_copy(const GPtrArray *notes)
{
	gsize length;
	g_autofree char *text = notes_format(notes, &length);

	return notes_parse(text, length, NULL);
}

static bool
change_file(struct maintenance *maintenance, const struct change *change, GError **error)
{
	int lock = lock_file(maintenance, error);
	GPtrArray *notes;
	bool ok;

	if (lock < 0)
		return false;
	notes = notes_read(maintenance->path, error);
	if (notes)
		apply(change, notes);
	ok = notes && notes_write(maintenance, notes, error);
	close(lock);
	if (ok)
		take_notes(maintenance, notes);
	else if (notes)
		g_ptr_array_free(notes, TRUE);
	return ok;
}

static bool
change_notes(struct maintenance *maintenance, const struct change *change, GError **error)
{
	GPtrArray *notes;

	if (maintenance->path)
		return change_file(maintenance, change, error);
	notes = notes_copy(maintenance->notes);
	apply(change, notes);
	take_notes(maintenance, notes);
	return true;
}

bool
maintenance_begin(struct maintenance *maintenance, const char *host, GError **error)
{
	return change_notes(maintenance, &(struct change){ .host = host }, error);
}

bool
maintenance_leave(struct maintenance *maintenance, const char *host, const GPtrArray *guests, GError **error)
{
	return change_notes(maintenance, &(struct change){ .host = host, .guests = guests }, error);
}

bool
maintenance_end(struct maintenance *maintenance, const char *host, GError **error)
{
	return change_notes(maintenance, &(struct change){ .host = host, .end = true }, error);
}
