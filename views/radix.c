#include "views/radix.h"

#include <string.h>

#define BITS   11
#define VALUES (1u << BITS)
#define DIGITS 6 /* of 11 bits: 64 */

static inline size_t
digit_of(uint64_t key, int digit)
{
	return (size_t)(key >> digit * BITS) & (VALUES - 1);
}

static void
count_digits(const struct keyed *items, size_t n, uint32_t counts[DIGITS][VALUES])
{
	memset(counts, 0, sizeof(uint32_t[DIGITS][VALUES]));
	for (size_t i = 0; i < n; i++)
		for (int digit = 0; digit < DIGITS; digit++)
			counts[digit][digit_of(items[i].key, digit)]++;
}

static void
scatter(const struct keyed *from, struct keyed *to, size_t n, int digit, uint32_t *counts)
{
	uint32_t start = 0;

	for (size_t value = 0; value < VALUES; value++) {
		uint32_t count = counts[value];

		counts[value] = start;
		start += count;
	}
	for (size_t i = 0; i < n; i++)
		to[counts[digit_of(from[i].key, digit)]++] = from[i];
}

void
radix_sort(struct keyed *items, struct keyed *scratch, size_t n)
{
	uint32_t counts[DIGITS][VALUES];
	struct keyed *from = items, *to = scratch;

	if (n < 2)
		return;
	count_digits(items, n, counts);
	for (int digit = 0; digit < DIGITS; digit++) {
		struct keyed *other = from;

		/* a digit that all have alike orders nothing */
		if (counts[digit][digit_of(items[0].key, digit)] == n)
			continue;
		scatter(from, to, n, digit, counts[digit]);
		from = to;
		to = other;
	}
	if (from != items)
		memcpy(items, from, n * sizeof(*items));
}
