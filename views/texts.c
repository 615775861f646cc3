#include "views/texts.h"

#include "views/natural.h"

#include <glib.h>
#include <string.h>

#define LEAST 64 /* places of the table; a power of two */
#define BATCH 64

/* A place of the table; number 0: nobody's, else one more than the text's. */
struct place {
	uint32_t hash, number;
};

struct texts {
	struct place *places; /* open addressing, at most half of them taken */
	uint32_t mask;
	GPtrArray *all;      /* const char *, by number */
	GStringChunk *chunk; /* what they are in */
	GArray *ranks;       /* uint32_t, by number; shorter than all: some are not ranked yet */
};

struct texts *
texts_new(void)
{
	struct texts *texts = g_new0(struct texts, 1);

	texts->places = g_new0(struct place, LEAST);
	texts->mask = LEAST - 1;
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
	g_free(texts->places);
	g_ptr_array_free(texts->all, TRUE);
	g_string_chunk_free(texts->chunk);
	g_array_free(texts->ranks, TRUE);
	g_free(texts);
}

void
texts_clear(struct texts *texts)
{
	memset(texts->places, 0, (texts->mask + 1) * sizeof(*texts->places));
	g_ptr_array_set_size(texts->all, 0);
	g_string_chunk_clear(texts->chunk);
	g_array_set_size(texts->ranks, 0);
}

/* ---- numbers ---- */

static uint32_t
hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

static void
grow(struct texts *texts)
{
	struct place *old = texts->places;
	uint32_t n = texts->mask + 1;

	texts->mask = 2 * n - 1;
	texts->places = g_new0(struct place, 2 * n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = old[i].hash & texts->mask;

		while (old[i].number && texts->places[at].number)
			at = (at + 1) & texts->mask;
		if (old[i].number)
			texts->places[at] = old[i];
	}
	g_free(old);
}

static uint32_t
add(struct texts *texts, uint32_t at, uint32_t hash, const char *text)
{
	g_ptr_array_add(texts->all, g_string_chunk_insert(texts->chunk, text));
	texts->places[at] = (struct place){ hash, texts->all->len };
	if (texts->all->len > texts->mask / 2)
		grow(texts);
	return texts->all->len - 1;
}

static uint32_t
find(struct texts *texts, uint32_t hash, const char *text)
{
	uint32_t at = hash & texts->mask;

	for (; texts->places[at].number; at = (at + 1) & texts->mask) {
		uint32_t number = texts->places[at].number - 1;

		if (texts->places[at].hash == hash && strcmp(texts->all->pdata[number], text) == 0)
			return number;
	}
	return add(texts, at, hash, text);
}

uint32_t
texts_number(struct texts *texts, const char *text)
{
	return find(texts, hash_of(text), text);
}

/* Texts lie anywhere in memory: what is waited for of one is waited for of the next ones meanwhile, unless something is done
 * with each in between. */
void
texts_numbers(struct texts *texts, const char *const *in, uint32_t *out, size_t n)
{
	uint32_t hashes[BATCH];

	for (size_t from = 0, count; from < n; from += count) {
		count = MIN(n - from, BATCH);
		for (size_t i = 0; i < count; i++)
			hashes[i] = in[from + i] ? hash_of(in[from + i]) : 0;
		for (size_t i = 0; i < count; i++)
			out[from + i] = in[from + i] ? find(texts, hashes[i], in[from + i]) : TEXTS_NONE;
	}
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

/* ---- ranks ---- */

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
