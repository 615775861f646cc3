#include "tui/keymap.h"

#include <stdbool.h>

struct entry {
	struct keyspec keys[KEYMAP_MAX_SEQUENCE];
	size_t nkeys;
	int request;
};

struct keymap {
	const char *name;
	const struct keymap *parent;
	GArray *overrides; /* struct entry of one key; asked before the table */
	GArray *table;     /* struct entry, in the order of the binding table */
};

static struct entry
entry_parse(const char *name, const struct binding *binding)
{
	struct entry entry = { .request = binding->request };
	g_auto(GStrv) words = g_strsplit(binding->keys, " ", -1);

	for (size_t i = 0; words[i]; i++) {
		g_autoptr(GError) error = NULL;

		if (i == KEYMAP_MAX_SEQUENCE)
			g_error("keymap %s: '%s' has more than %d keys", name, binding->keys,
				KEYMAP_MAX_SEQUENCE);
		if (!keyspec_parse(words[i], &entry.keys[i], &error))
			g_error("keymap %s: '%s': %s", name, binding->keys, error->message);
		entry.nkeys++;
	}
	return entry;
}

/* How many of the keys of ENTRY the N KEYS are: true when they are its beginning or all of it. */
static bool
entry_begins(const struct entry *entry, const struct keyspec *keys, size_t n)
{
	if (n > entry->nkeys)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!keyspec_equal(entry->keys[i], keys[i]))
			return false;
	}
	return true;
}

static bool
entry_is_single(const struct entry *entry, struct keyspec key)
{
	return entry->nkeys == 1 && keyspec_equal(entry->keys[0], key);
}

/* "g" beside "g g" is as wrong as "g" twice: the longer one could never be typed. */
static bool
entries_clash(const struct entry *a, const struct entry *b)
{
	return entry_begins(a, b->keys, b->nkeys) || entry_begins(b, a->keys, a->nkeys);
}

static void
keymap_add(struct keymap *keymap, const struct binding *binding)
{
	struct entry entry = entry_parse(keymap->name, binding);

	for (guint i = 0; i < keymap->table->len; i++) {
		if (entries_clash(&g_array_index(keymap->table, struct entry, i), &entry))
			g_error("keymap %s: '%s' clashes with another key", keymap->name, binding->keys);
	}
	g_array_append_val(keymap->table, entry);
}

struct keymap *
keymap_new(const char *name, const struct binding *table, const struct keymap *parent)
{
	struct keymap *keymap = g_new0(struct keymap, 1);

	keymap->name = name;
	keymap->parent = parent;
	keymap->overrides = g_array_new(FALSE, FALSE, sizeof(struct entry));
	keymap->table = g_array_new(FALSE, FALSE, sizeof(struct entry));
	for (; table->keys; table++)
		keymap_add(keymap, table);
	return keymap;
}

void
keymap_free(struct keymap *keymap)
{
	if (!keymap)
		return;
	g_array_unref(keymap->overrides);
	g_array_unref(keymap->table);
	g_free(keymap);
}

const char *
keymap_name(const struct keymap *keymap)
{
	return keymap->name;
}

void
keymap_override(struct keymap *keymap, struct keyspec key, int request)
{
	struct entry entry = { .keys = { key }, .nkeys = 1, .request = request };

	for (guint i = 0; i < keymap->overrides->len; i++) {
		struct entry *old = &g_array_index(keymap->overrides, struct entry, i);

		if (entry_is_single(old, key)) {
			*old = entry;
			return;
		}
	}
	g_array_append_val(keymap->overrides, entry);
}

/* What this keymap alone says; false: nothing. An override speaks for all sequences that begin with its key. */
static bool
keymap_lookup_here(const struct keymap *keymap, const struct keyspec *keys, size_t n, int *request)
{
	for (guint i = 0; i < keymap->overrides->len; i++) {
		const struct entry *entry = &g_array_index(keymap->overrides, struct entry, i);

		if (entry_is_single(entry, keys[0])) {
			*request = n == 1 ? entry->request : KEYMAP_NONE;
			return true;
		}
	}
	for (guint i = 0; i < keymap->table->len; i++) {
		const struct entry *entry = &g_array_index(keymap->table, struct entry, i);

		if (entry_begins(entry, keys, n)) {
			*request = n == entry->nkeys ? entry->request : KEYMAP_PREFIX;
			return true;
		}
	}
	return false;
}

int
keymap_lookup(const struct keymap *keymap, const struct keyspec *keys, size_t n)
{
	int request = KEYMAP_NONE;

	if (n == 0)
		return KEYMAP_NONE;
	while (keymap && !keymap_lookup_here(keymap, keys, n, &request))
		keymap = keymap->parent;
	return request;
}

static void
append_keys(GString *out, const struct entry *entry)
{
	if (out->len > 0)
		g_string_append(out, ", ");
	for (size_t i = 0; i < entry->nkeys; i++) {
		g_autofree char *key = keyspec_format(entry->keys[i]);

		g_string_append_printf(out, "%s%s", i ? " " : "", key);
	}
}

/* Appends the entries of one table that still lead to REQUEST when typed in KEYMAP: a child may have taken their key. */
static void
append_entries(GString *out, const struct keymap *keymap, const GArray *entries, int request)
{
	for (guint i = 0; i < entries->len; i++) {
		const struct entry *entry = &g_array_index(entries, struct entry, i);

		if (entry->request == request && keymap_lookup(keymap, entry->keys, entry->nkeys) == request)
			append_keys(out, entry);
	}
}

char *
keymap_keys_for(const struct keymap *keymap, int request)
{
	GString *out = g_string_new(NULL);

	for (const struct keymap *it = keymap; it; it = it->parent) {
		append_entries(out, keymap, it->overrides, request);
		append_entries(out, keymap, it->table, request);
	}
	return g_string_free(out, out->len == 0);
}
