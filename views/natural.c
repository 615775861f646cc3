#include "views/natural.h"

#include "views/radix.h"

#include <glib.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES sizeof(uint64_t)
#define SMALL      512 /* so few are not worth extracting words of */

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* ---- comparing ---- */

static const char *
skip_zeros(const char *text)
{
	while (*text == '0' && is_digit(text[1]))
		text++;
	return text;
}

static size_t
count_digits(const char *text)
{
	size_t n = 0;

	while (is_digit(text[n]))
		n++;
	return n;
}

/* Compares the numbers that *A and *B begin with, and moves both behind them. */
static int
compare_digits(const char **a, const char **b)
{
	size_t nleft, nright;
	int difference;

	*a = skip_zeros(*a);
	*b = skip_zeros(*b);
	nleft = count_digits(*a);
	nright = count_digits(*b);
	if (nleft != nright)
		return nleft < nright ? -1 : 1;
	difference = memcmp(*a, *b, nleft);
	*a += nleft;
	*b += nright;
	return difference;
}

int
natural_compare(const char *a, const char *b)
{
	const char *left = a, *right = b;

	while (*left && *right) {
		int difference;

		if (is_digit(*left) && is_digit(*right))
			difference = compare_digits(&left, &right);
		else
			difference = lower(*left++) - lower(*right++);
		if (difference)
			return difference;
	}
	if (*left || *right)
		return *left ? 1 : -1;
	return strcmp(a, b);
}

/* ---- words ---- */

/* Bytes in lower case, and each run of digits led by how many there are, without its leading zeros. */
void
natural_words(const char *text, uint64_t *words, size_t n)
{
	unsigned char bytes[NATURAL_WORDS * WORD_BYTES] = { 0 };
	size_t at = 0, size = n * WORD_BYTES;

	while (*text && at < size) {
		size_t digits;

		if (!is_digit(*text)) {
			bytes[at++] = lower(*text++);
			continue;
		}
		text = skip_zeros(text);
		digits = count_digits(text);
		bytes[at++] = (unsigned char)('0' + MIN(digits, 9));
		if (digits >= 9 && at < size)
			bytes[at++] = (unsigned char)MIN(digits - 9, UCHAR_MAX);
		for (; digits && at < size; digits--)
			bytes[at++] = (unsigned char)*text++;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t word;

		memcpy(&word, &bytes[i * WORD_BYTES], WORD_BYTES);
		words[i] = GUINT64_FROM_BE(word);
	}
}

/* ---- sorting ---- */

struct sorting {
	const char *const *texts;
	struct keyed *scratch;
};

static int
compare_items(const void *a, const void *b, void *ctx)
{
	const struct sorting *sorting = ctx;
	const struct keyed *left = a, *right = b;
	int difference = natural_compare(sorting->texts[left->id], sorting->texts[right->id]);

	return difference ? difference : (left->id > right->id) - (left->id < right->id);
}

/* Sorts texts that agree in all words before number WORD. */
static void
sort_from(const struct sorting *sorting, struct keyed *items, size_t n, size_t word)
{
	uint64_t words[NATURAL_WORDS];

	if (n < SMALL || word == NATURAL_WORDS) {
		qsort_r(items, n, sizeof(*items), compare_items, (void *)(uintptr_t)sorting);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		natural_words(sorting->texts[items[i].id], words, word + 1);
		items[i].key = words[word];
	}
	radix_sort(items, sorting->scratch, n);
	for (size_t start = 0, end; start < n; start = end) {
		for (end = start + 1; end < n && items[end].key == items[start].key; end++)
			;
		if (end - start > 1)
			sort_from(sorting, items + start, end - start, word + 1);
	}
}

void
natural_sort(const char *const *texts, uint32_t *ids, size_t n)
{
	g_autofree struct keyed *items = g_new(struct keyed, 2 * n + 1);
	const struct sorting sorting = { .texts = texts, .scratch = items + n };

	for (size_t i = 0; i < n; i++)
		items[i] = (struct keyed){ .id = ids[i] };
	if (n > 1)
		sort_from(&sorting, items, n, 0);
	for (size_t i = 0; i < n; i++)
		ids[i] = items[i].id;
}
