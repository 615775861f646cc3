#include "actions/causes.h"

#include <string.h>

struct cause {
	char *words; /* key */
	unsigned count, order;
	char *example; /* one guest's name */
};

struct causes {
	GPtrArray *all;    /* struct cause, in the order of coming, owned */
	GHashTable *known; /* the same by their words */
	unsigned total;
};

static void
cause_free(gpointer pointer)
{
	struct cause *cause = pointer;

	g_free(cause->words);
	g_free(cause->example);
	g_free(cause);
}

struct causes *
causes_new(void)
{
	struct causes *causes = g_new0(struct causes, 1);

	causes->all = g_ptr_array_new_with_free_func(cause_free);
	causes->known = g_hash_table_new(g_str_hash, g_str_equal);
	return causes;
}

void
causes_free(struct causes *causes)
{
	if (!causes)
		return;
	g_hash_table_destroy(causes->known);
	g_ptr_array_free(causes->all, TRUE);
	g_free(causes);
}

/* ERROR with '…' for the guest's quoted name. */
static char *
cause_words(const char *error, const char *vm)
{
	g_autofree char *quoted = g_strdup_printf("'%s'", vm ? vm : "");
	const char *at = vm && *vm ? strstr(error, quoted) : NULL;
	GString *words = g_string_new(NULL);

	for (; at; at = strstr(error, quoted)) {
		g_string_append_len(words, error, at - error);
		g_string_append(words, "'…'");
		error = at + strlen(quoted);
	}
	g_string_append(words, error);
	return g_string_free(words, FALSE);
}

void
causes_add(struct causes *causes, const char *error, const char *vm)
{
	g_autofree char *words = cause_words(error ? error : "no reason given", vm);
	struct cause *cause = g_hash_table_lookup(causes->known, words);

	causes->total++;
	if (cause) {
		cause->count++;
		return;
	}
	cause = g_new(struct cause, 1);
	*cause = (struct cause){
		.words = g_steal_pointer(&words), .count = 1, .order = causes->total, .example = g_strdup(vm)
	};
	g_hash_table_insert(causes->known, cause->words, cause);
	g_ptr_array_add(causes->all, cause);
}

static gint
compare_causes(gconstpointer a, gconstpointer b)
{
	const struct cause *one = *(struct cause *const *)a, *other = *(struct cause *const *)b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

void
causes_append(const struct causes *causes, GString *text, guint most)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	g_ptr_array_extend(all, causes->all, NULL, NULL);
	g_ptr_array_sort(all, compare_causes);
	for (guint i = 0; i < all->len && i < most; i++) {
		const struct cause *cause = all->pdata[i];

		g_string_append_printf(text, "%s%s", i ? ", " : "", cause->words);
		if (cause->count == 1 && causes->total > 1 && cause->example)
			g_string_append_printf(text, " (%s)", cause->example);
		else if (all->len > 1)
			g_string_append_printf(text, " (%u)", cause->count);
	}
	if (all->len > most)
		g_string_append_printf(text, " and %u other causes", all->len - most);
}
