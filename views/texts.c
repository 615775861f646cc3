#include "views/texts.h"

#include "views/natural.h"

#include <glib.h>

struct texts {
	GHashTable *numbers; /* text to its number */
	GPtrArray *all;      /* const char *, by number */
	GStringChunk *chunk; /* what they are in */
	GArray *ranks;       /* uint32_t, by number; shorter than all: some are not ranked yet */
};

struct texts *
texts_new(void)
{
	struct texts *texts = g_new0(struct texts, 1);

	texts->numbers = g_hash_table_new(g_str_hash, g_str_equal);
	texts->all = g_ptr_array_new();
	texts->chunk = g_string_chunk_new(1024);
	texts->ranks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	return texts;
}

void
texts_free(struct texts *texts)
{
	if (!texts)
		return;
	g_hash_table_destroy(texts->numbers);
	g_ptr_array_free(texts->all, TRUE);
	g_string_chunk_free(texts->chunk);
	g_array_free(texts->ranks, TRUE);
	g_free(texts);
}

void
texts_clear(struct texts *texts)
{
	g_hash_table_remove_all(texts->numbers);
	g_ptr_array_set_size(texts->all, 0);
	g_string_chunk_clear(texts->chunk);
	g_array_set_size(texts->ranks, 0);
}

uint32_t
texts_number(struct texts *texts, const char *text)
{
	gpointer number;
	char *copy;

	if (g_hash_table_lookup_extended(texts->numbers, text, NULL, &number))
		return GPOINTER_TO_UINT(number);
	copy = g_string_chunk_insert(texts->chunk, text);
	g_hash_table_insert(texts->numbers, copy, GUINT_TO_POINTER(texts->all->len));
	g_ptr_array_add(texts->all, copy);
	return texts->all->len - 1;
}

size_t
texts_count(const struct texts *texts)
{
	return texts->all->len;
}

const char *
texts_at(const struct texts *texts, uint32_t number)
{
	return texts->all->pdata[number];
}

const uint32_t *
texts_ranks(struct texts *texts)
{
	guint n = texts->all->len;

	if (texts->ranks->len != n) {
		g_autofree uint32_t *order = g_new(uint32_t, n);

		for (guint i = 0; i < n; i++)
			order[i] = i;
		natural_sort((const char *const *)texts->all->pdata, order, n);
		g_array_set_size(texts->ranks, n);
		for (guint i = 0; i < n; i++)
			g_array_index(texts->ranks, uint32_t, order[i]) = i;
	}
	return (const uint32_t *)(const void *)texts->ranks->data;
}
