#include "views/filter.h"

#include <string.h>

#define MAX_WORDS 32
#define MIN_HEX   6 /* shorter ones, "db" say, would find UUIDs by chance */

struct word {
	char *text; /* folded: ASCII in lower case, or all of Unicode when it goes beyond ASCII */
	bool negated, unicode, hex;
};

struct filter {
	const struct row_kind *kind;
	char *text;
	struct word words[MAX_WORDS];
	size_t nwords;
	uint32_t hex;       /* bit per word that can be part of an address */
	GPtrArray *columns; /* const struct column *: those searched */

	/* What the columns that a host's rows share said of the words, for one host at one time. */
	const struct host_snap *host;
	int64_t host_us;
	uint32_t host_hits; /* bit per word */
};

static bool
is_hex(const char *text)
{
	return strlen(text) >= MIN_HEX && strspn(text, "0123456789abcdef:-") == strlen(text);
}

static bool
word_init(struct word *word, const char *text, size_t length, GError **error)
{
	g_autofree char *copy = g_strndup(text, length);

	word->negated = *copy == '!';
	if (word->negated && length == 1) {
		g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "nothing follows the '!'");
		return false;
	}
	word->unicode = !g_str_is_ascii(copy) && g_utf8_validate(copy, -1, NULL);
	word->text = word->unicode ? g_utf8_casefold(copy + word->negated, -1)
				   : g_ascii_strdown(copy + word->negated, -1);
	word->hex = is_hex(word->text);
	return true;
}

static GPtrArray *
searched_columns(const struct row_kind *kind)
{
	GPtrArray *columns = g_ptr_array_new();

	for (size_t i = 0; i < kind->ncolumns; i++)
		if (kind->columns[i].flags & COLUMN_SEARCH)
			g_ptr_array_add(columns, (gpointer)(uintptr_t)&kind->columns[i]);
	return columns;
}

struct filter *
filter_new(const struct row_kind *kind, const char *text, size_t *error_at, GError **error)
{
	struct filter *filter = g_new0(struct filter, 1);
	const char *at = text;

	filter->kind = kind;
	filter->text = g_strdup(text);
	filter->columns = searched_columns(kind);
	for (;;) {
		size_t length;
		bool ok;

		at += strspn(at, " \t");
		length = strcspn(at, " \t");
		if (length == 0)
			return filter;
		ok = filter->nwords < MAX_WORDS;
		if (!ok)
			g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "more than %d words", MAX_WORDS);
		if (!ok || !word_init(&filter->words[filter->nwords], at, length, error))
			break;
		filter->hex |= (uint32_t)filter->words[filter->nwords].hex << filter->nwords;
		filter->nwords++;
		at += length;
	}
	if (error_at)
		*error_at = (size_t)(at - text);
	filter_free(filter);
	return NULL;
}

void
filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->nwords; i++)
		g_free(filter->words[i].text);
	g_ptr_array_unref(filter->columns);
	g_free(filter->text);
	g_free(filter);
}

const char *
filter_text(const struct filter *filter)
{
	return filter->text;
}

/* strstr(3) that ignores the case of ASCII in TEXT; WORD is in lower case. */
static bool
contains_ascii(const char *text, const char *word)
{
	for (; *text; text++) {
		size_t i = 0;

		while (word[i] && g_ascii_tolower(text[i]) == word[i])
			i++;
		if (!word[i])
			return true;
	}
	return false;
}

static bool
contains(const char *text, const struct word *word)
{
	if (!word->unicode)
		return contains_ascii(text, word->text);
	if (!g_utf8_validate(text, -1, NULL))
		return false;
	g_autofree char *folded = g_utf8_casefold(text, -1);

	return strstr(folded, word->text) != NULL;
}

/* The words, as bits, that ROW has in the searched columns whose COLUMN_OF_HOST flag is OF_HOST; only those in WANTED
 * are looked for. */
static uint32_t
row_hits(const struct filter *filter, const struct row_ctx *ctx, const void *row, unsigned of_host,
	uint32_t wanted)
{
	uint32_t hits = 0;

	for (guint i = 0; i < filter->columns->len && (wanted & ~hits); i++) {
		const struct column *column = filter->columns->pdata[i];
		uint32_t possible = wanted & ~hits & (column->flags & COLUMN_HEX ? filter->hex : UINT32_MAX);
		struct value value;

		if ((column->flags & COLUMN_OF_HOST) != of_host || !possible)
			continue;
		column_value(column, ctx, row, &value);
		if (value.type != VALUE_TEXT)
			continue;
		for (size_t j = 0; j < filter->nwords; j++)
			if (possible >> j & 1 && contains(value.text, &filter->words[j]))
				hits |= 1u << j;
	}
	return hits;
}

bool
filter_match(struct filter *filter, const struct row_ctx *ctx, const void *row)
{
	const struct host_snap *host = filter->kind->host(row);
	uint32_t all = filter->nwords == MAX_WORDS ? UINT32_MAX : (1u << filter->nwords) - 1;
	uint32_t hits, negated = 0;

	if (filter->nwords == 0)
		return true;
	if (!host || filter->host != host || filter->host_us != ctx->now_us) {
		filter->host = host;
		filter->host_us = ctx->now_us;
		filter->host_hits = row_hits(filter, ctx, row, COLUMN_OF_HOST, all);
	}
	hits = filter->host_hits;
	hits |= row_hits(filter, ctx, row, 0, all & ~hits);
	for (size_t i = 0; i < filter->nwords; i++)
		negated |= (uint32_t)filter->words[i].negated << i;
	return (hits ^ negated) == all;
}
