#include "fleet/knownhosts.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet/error.h"
#include "fleet/sshconf.h"

enum { SHA1_LEN = 20, FILE_MAX_BYTES = 64 << 20 };

enum marker { MARKER_NONE, MARKER_CA, MARKER_REVOKED };

struct entry {
	enum marker marker;
	unsigned line;
	char *names;  /* lower-case patterns; NULL: hashed */
	guint8 *salt; /* hashed only */
	gsize salt_len;
	guint8 hash[SHA1_LEN];
	char *type, *key;
};

/* One file as it was. Immutable. */
struct known_file {
	gint refs; /* atomic */
	char *path;
	struct stat stat;
	GArray *entries;    /* struct entry */
	GHashTable *by_key; /* base64 key → GArray of indices */
	bool any_hashed;
};

struct knownhosts {
	pthread_mutex_t lock;
	GHashTable *files; /* path → struct known_file; guarded by lock */
	GHashTable
		*searched; /* names whose hashed entries were searched → types (char **); guarded by lock */
};

/* ---- one file ---- */

static void
entry_clear(void *data)
{
	struct entry *entry = data;

	g_free(entry->names);
	g_free(entry->salt);
	g_free(entry->type);
	g_free(entry->key);
}

static void
known_file_unref(void *data)
{
	struct known_file *file = data;

	if (!g_atomic_int_dec_and_test(&file->refs))
		return;
	g_array_unref(file->entries);
	g_hash_table_unref(file->by_key);
	g_free(file->path);
	g_free(file);
}

static void
free_array(void *array)
{
	g_array_unref(array);
}

/* "|1|salt|hash" */
static bool
parse_hashed(struct entry *entry, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "|", 5);
	g_autofree guint8 *hash = NULL;
	gsize len = 0;

	if (g_strv_length(parts) != 4 || strcmp(parts[1], "1"))
		return false;
	hash = g_base64_decode(parts[3], &len);
	if (len != SHA1_LEN)
		return false;
	memcpy(entry->hash, hash, SHA1_LEN);
	entry->salt = g_base64_decode(parts[2], &entry->salt_len);
	return true;
}

static bool
parse_marker(const char *word, enum marker *marker)
{
	if (strcmp(word, "@cert-authority") == 0)
		*marker = MARKER_CA;
	else if (strcmp(word, "@revoked") == 0)
		*marker = MARKER_REVOKED;
	else
		return false;
	return true;
}

/* [marker] names type key [comment] */
static bool
parse_line(struct entry *entry, const char *line)
{
	g_auto(GStrv) words = NULL;
	g_autoptr(GPtrArray) used = g_ptr_array_new();
	guint first = 0;

	if (*line == '#')
		return false;
	words = g_strsplit_set(line, " \t\r", -1);
	for (char **word = words; *word; word++) {
		if (**word)
			g_ptr_array_add(used, *word);
	}
	if (used->len && *(char *)used->pdata[0] == '@') {
		if (!parse_marker(used->pdata[0], &entry->marker))
			return false;
		first = 1;
	}
	if (used->len < first + 3)
		return false;
	if (*(char *)used->pdata[first] != '|')
		entry->names = g_ascii_strdown(used->pdata[first], -1);
	else if (!parse_hashed(entry, used->pdata[first]))
		return false;
	entry->type = g_strdup(used->pdata[first + 1]);
	entry->key = g_strdup(used->pdata[first + 2]);
	return true;
}

static void
index_entry(struct known_file *file, const struct entry *entry)
{
	GArray *indices = g_hash_table_lookup(file->by_key, entry->key);
	guint index = file->entries->len - 1;

	if (!indices) {
		indices = g_array_new(FALSE, FALSE, sizeof(guint));
		g_hash_table_insert(file->by_key, entry->key, indices);
	}
	g_array_append_val(indices, index);
	file->any_hashed |= !entry->names;
}

static struct known_file *
known_file_parse(const char *path, const struct stat *st, const char *text)
{
	struct known_file *file = g_new0(struct known_file, 1);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	file->refs = 1;
	file->path = g_strdup(path);
	file->stat = *st;
	file->entries = g_array_new(FALSE, TRUE, sizeof(struct entry));
	g_array_set_clear_func(file->entries, entry_clear);
	file->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_array);
	for (unsigned i = 0; lines[i]; i++) {
		struct entry entry = { .line = i + 1 };

		if (!parse_line(&entry, lines[i])) {
			entry_clear(&entry);
			continue;
		}
		g_array_append_val(file->entries, entry);
		index_entry(file, &entry);
	}
	return file;
}

static bool
same_stat(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The file as it is now, with a reference; NULL: there is none. With the lock held. */
static struct known_file *
load(struct knownhosts *known, const char *path)
{
	struct known_file *file = g_hash_table_lookup(known->files, path);
	g_autofree char *text = NULL;
	struct stat st;

	if (stat(path, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		return NULL;
	if (!file || !same_stat(&file->stat, &st)) {
		if (!g_file_get_contents(path, &text, NULL, NULL))
			return NULL;
		file = known_file_parse(path, &st, text);
		g_hash_table_replace(known->files, g_strdup(path), file);
		g_hash_table_remove_all(known->searched);
	}
	g_atomic_int_inc(&file->refs);
	return file;
}

/* All of PATHS there are; to be unreffed as a GPtrArray. */
static GPtrArray *
load_all(struct knownhosts *known, char **paths)
{
	GPtrArray *files = g_ptr_array_new_with_free_func(known_file_unref);

	pthread_mutex_lock(&known->lock);
	for (; *paths; paths++) {
		struct known_file *file = load(known, *paths);

		if (file)
			g_ptr_array_add(files, file);
	}
	pthread_mutex_unlock(&known->lock);
	return files;
}

/* ---- names ---- */

static void
hash_name(const guint8 *salt, gsize salt_len, const char *name, guint8 hash[SHA1_LEN])
{
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA1, salt, salt_len);
	gsize len = SHA1_LEN;

	g_hmac_update(hmac, (const guchar *)name, -1);
	g_hmac_get_digest(hmac, hash, &len);
	g_hmac_unref(hmac);
}

/* NAME against "a,b*,!c". */
static bool
names_match(const char *names, const char *name)
{
	g_auto(GStrv) patterns = NULL;
	bool matches = false;

	if (!strpbrk(names, ",*?!"))
		return strcmp(names, name) == 0;
	patterns = g_strsplit(names, ",", -1);
	for (char **pattern = patterns; *pattern; pattern++) {
		bool negated = **pattern == '!';

		if (sshconf_glob(*pattern + negated, name)) {
			if (negated)
				return false;
			matches = true;
		}
	}
	return matches;
}

static bool
entry_is_for(const struct entry *entry, const char *name)
{
	guint8 hash[SHA1_LEN];

	if (entry->names)
		return names_match(entry->names, name);
	hash_name(entry->salt, entry->salt_len, name, hash);
	return memcmp(hash, entry->hash, SHA1_LEN) == 0;
}

char *
knownhosts_name(const char *hostname, uint16_t port, const char *alias)
{
	g_autofree char *lower = g_ascii_strdown(alias ? alias : hostname, -1);

	if (alias || port == 22)
		return g_steal_pointer(&lower);
	return g_strdup_printf("[%s]:%u", lower, port);
}

/* ---- looking up ---- */

static char *
where(const struct known_file *file, const struct entry *entry)
{
	return g_strdup_printf("%s:%u", file->path, entry->line);
}

static void
add_type(GPtrArray *types, const char *type)
{
	if (!g_ptr_array_find_with_equal_func(types, type, g_str_equal, NULL))
		g_ptr_array_add(types, g_strdup(type));
}

static char **
finish_types(GPtrArray *types)
{
	g_ptr_array_add(types, NULL);
	return (char **)g_ptr_array_free(types, FALSE);
}

/* Entries that hold this very key: few, whatever the size of the file. */
static bool
check_key(const GPtrArray *files, const char *name, const char *type, const char *key,
	struct known_result *result)
{
	for (guint f = 0; f < files->len; f++) {
		const struct known_file *file = files->pdata[f];
		const GArray *indices = g_hash_table_lookup(file->by_key, key);

		for (guint i = 0; indices && i < indices->len; i++) {
			const struct entry *entry =
				&g_array_index(file->entries, struct entry, g_array_index(indices, guint, i));

			if (entry->marker == MARKER_CA || strcmp(entry->type, type) ||
				!entry_is_for(entry, name))
				continue;
			if (entry->marker == MARKER_NONE && result->status == KNOWN_YES)
				continue;
			g_free(result->where);
			result->where = where(file, entry);
			result->status = entry->marker == MARKER_REVOKED ? KNOWN_REVOKED : KNOWN_YES;
			if (result->status == KNOWN_REVOKED)
				return true;
		}
	}
	return result->status == KNOWN_YES;
}

/* Every entry for NAME. */
static void
search_name(const GPtrArray *files, const char *name, const char *type, struct known_result *result)
{
	GPtrArray *types = g_ptr_array_new();

	for (guint f = 0; f < files->len; f++) {
		const struct known_file *file = files->pdata[f];

		for (guint i = 0; i < file->entries->len; i++) {
			const struct entry *entry = &g_array_index(file->entries, struct entry, i);
			bool first = result->status == KNOWN_NO;

			if (entry->marker == MARKER_REVOKED || !entry_is_for(entry, name))
				continue;
			if (entry->marker == MARKER_CA) {
				result->ca = true;
				continue;
			}
			result->status = KNOWN_CHANGED;
			add_type(types, entry->type);
			/* The entry of the same type is the one the operator will want to look at. */
			if (first || strcmp(entry->type, type) == 0) {
				g_free(result->where);
				result->where = where(file, entry);
			}
		}
	}
	result->types = finish_types(types);
}

struct known_result
knownhosts_check(struct knownhosts *known, char **paths, const char *name, const char *type, const char *key)
{
	g_autoptr(GPtrArray) files = load_all(known, paths);
	struct known_result result = { .status = KNOWN_NO };

	if (check_key(files, name, type, key, &result)) {
		result.types = g_new0(char *, 2);
		result.types[0] = g_strdup(type);
	} else {
		search_name(files, name, type, &result);
	}
	pthread_mutex_lock(&known->lock);
	g_hash_table_replace(known->searched, g_strdup(name), g_strdupv(result.types));
	pthread_mutex_unlock(&known->lock);
	return result;
}

void
known_result_done(struct known_result *result)
{
	g_clear_pointer(&result->where, g_free);
	g_clear_pointer(&result->types, g_strfreev);
}

static void
add_plain_types(GPtrArray *types, const struct known_file *file, const char *name)
{
	for (guint i = 0; i < file->entries->len; i++) {
		const struct entry *entry = &g_array_index(file->entries, struct entry, i);

		if (entry->names && entry->marker == MARKER_NONE && names_match(entry->names, name))
			add_type(types, entry->type);
	}
}

char **
knownhosts_types(struct knownhosts *known, char **paths, const char *name)
{
	g_autoptr(GPtrArray) files = load_all(known, paths);
	GPtrArray *types = g_ptr_array_new();
	char **searched;

	pthread_mutex_lock(&known->lock);
	searched = g_hash_table_lookup(known->searched, name);
	for (; searched && *searched; searched++)
		add_type(types, *searched);
	pthread_mutex_unlock(&known->lock);
	for (guint i = 0; i < files->len && types->len == 0; i++)
		add_plain_types(types, files->pdata[i], name);
	return finish_types(types);
}

/* ---- adding ---- */

static char *
hashed_name(const char *name)
{
	guint8 salt[SHA1_LEN], hash[SHA1_LEN];
	g_autofree char *salt_text = NULL, *hash_text = NULL;

	if (getrandom(salt, sizeof(salt), 0) != sizeof(salt))
		return g_strdup(name);
	hash_name(salt, sizeof(salt), name, hash);
	salt_text = g_base64_encode(salt, sizeof(salt));
	hash_text = g_base64_encode(hash, sizeof(hash));
	return g_strdup_printf("|1|%s|%s", salt_text, hash_text);
}

/* A file that does not end its last line would swallow the entry. */
static bool
ends_open(int fd)
{
	char last = '\n';
	off_t end = lseek(fd, 0, SEEK_END);

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

static bool
append(const char *path, const char *text)
{
	g_autofree char *folder = g_path_get_dirname(path);
	g_autofree char *line = NULL;
	bool ok;
	int fd;

	if (g_mkdir_with_parents(folder, 0700))
		return false;
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	line = g_strdup_printf("%s%s", ends_open(fd) ? "\n" : "", text);
	ok = write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	return close(fd) == 0 && ok;
}

bool
knownhosts_add(struct knownhosts *known, const char *file, const char *name, bool hashed, const char *type,
	const char *key, GError **error)
{
	g_autofree char *shown = hashed ? hashed_name(name) : g_strdup(name);
	g_autofree char *line = g_strdup_printf("%s %s %s\n", shown, type, key);
	bool ok;

	/* One writer at a time, so that two new keys can't mix. */
	pthread_mutex_lock(&known->lock);
	ok = append(file, line);
	if (!ok)
		g_set_error(error, FLEET_ERROR, FLEET_ERROR_FAILED, "can't write %s: %s", file,
			g_strerror(errno));
	pthread_mutex_unlock(&known->lock);
	return ok;
}

struct knownhosts *
knownhosts_new(void)
{
	struct knownhosts *known = g_new0(struct knownhosts, 1);

	pthread_mutex_init(&known->lock, NULL);
	known->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_file_unref);
	known->searched = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_strfreev);
	return known;
}

void
knownhosts_free(struct knownhosts *known)
{
	if (!known)
		return;
	g_hash_table_unref(known->files);
	g_hash_table_unref(known->searched);
	pthread_mutex_destroy(&known->lock);
	g_free(known);
}
