/* The natural order, the radix sort it is made with, and texts by number. */
#include "views/natural.h"
#include "views/radix.h"
#include "views/texts.h"

#include <criterion/criterion.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

Test(natural, words_agree_with_comparing)
{
	static const char *const texts[] = { "", "a", "A1", "a2", "a02b", "a10", "vm-9", "vm-10",
		"vm-999999999", "vm-1000000000", "customer-production-web-7", "customer-production-web-12",
		"0", "00", "é", "\xff" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
			uint64_t a[NATURAL_WORDS], b[NATURAL_WORDS];
			int order = 0;

			natural_words(texts[i], a, NATURAL_WORDS);
			natural_words(texts[j], b, NATURAL_WORDS);
			for (size_t k = 0; !order && k < NATURAL_WORDS; k++)
				order = (a[k] > b[k]) - (a[k] < b[k]);
			cr_expect(order == 0 || order == sign(natural_compare(texts[i], texts[j])),
				"'%s' and '%s'", texts[i], texts[j]);
		}
}

static int
compare(const void *a, const void *b, void *texts)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	int order = natural_compare(((char **)texts)[left], ((char **)texts)[right]);

	return order ? order : (left > right) - (left < right);
}

/* Names that agree in many words, or altogether, or differ only in case and zeros. */
Test(natural, sorts_as_comparing_does)
{
	enum { N = 5000 };
	static const char *const stems[] = { "", "vm-", "VM-0",
		"a-very-long-prefix-of-all-the-guests-of-one-customer-",
		"a-very-long-prefix-of-all-the-guests-of-another-" };
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	GRand *rand = g_rand_new_with_seed(7);
	uint32_t sorted[N], wanted[N];

	for (uint32_t i = 0; i < N; i++) {
		g_ptr_array_add(
			texts, g_strdup_printf("%s%d", stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))],
				       g_rand_int_range(rand, 0, 900)));
		sorted[i] = wanted[i] = i;
	}
	natural_sort((const char *const *)texts->pdata, sorted, N);
	qsort_r(wanted, N, sizeof(*wanted), compare, texts->pdata);
	cr_expect_arr_eq(sorted, wanted, sizeof(sorted));
	natural_sort(NULL, NULL, 0);
	g_rand_free(rand);
}

Test(radix, sorts_by_key_and_keeps_equal_ones_in_order)
{
	static const uint64_t masks[] = { 0, 1, 0xff, 0xffff0000, UINT64_MAX };
	enum { N = 3000 };
	struct keyed items[N], scratch[N];
	GRand *rand = g_rand_new_with_seed(3);

	for (size_t m = 0; m < G_N_ELEMENTS(masks); m++)
		for (size_t n = 0; n <= N; n = n ? n * 7 : 1) {
			for (uint32_t i = 0; i < n; i++)
				items[i] = (struct keyed){
					((uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand)) & masks[m], i
				};
			radix_sort(items, scratch, n);
			for (size_t i = 1; i < n; i++)
				cr_assert(items[i - 1].key < items[i].key ||
						  (items[i - 1].key == items[i].key &&
							  items[i - 1].id < items[i].id),
					"mask %zu, %zu of %zu", m, i, n);
		}
	g_rand_free(rand);
}

Test(texts, numbers_last_and_ranks_follow)
{
	struct texts *texts = texts_new();
	char text[] = "db-10";

	cr_expect_eq(texts_number(texts, "web"), 0);
	cr_expect_eq(texts_number(texts, text), 1);
	text[4] = '\0'; /* it is copied */
	cr_expect_eq(texts_number(texts, "web"), 0);
	cr_expect_eq(texts_number(texts, "db-9"), 2);
	cr_expect_eq(texts_count(texts), 3);
	cr_expect_str_eq(texts_at(texts, 1), "db-10");
	cr_expect_eq(texts_ranks(texts)[0], 2);
	cr_expect_eq(texts_ranks(texts)[1], 1);
	cr_expect_eq(texts_ranks(texts)[2], 0);
	texts_number(texts, "a");
	cr_expect_eq(texts_ranks(texts)[0], 3, "a new text moves the others on");
	texts_clear(texts);
	cr_expect_eq(texts_count(texts), 0);
	cr_expect_eq(texts_number(texts, "other"), 0);
	texts_free(texts);
}
