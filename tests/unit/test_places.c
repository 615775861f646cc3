/* In which order a host's guests are asked where they may run. */
#include "fleet/conn_libvirt_detail.h"

#include <criterion/criterion.h>

/* Where there is no time for all, each has its turn at last. */
Test(places, those_never_read_come_first_then_the_one_read_longest_ago)
{
	struct affinity affinities[] = { { .read_us = 50 }, { .read_us = 0 },
		{ .read_us = INT64_C(5000000000) }, { .read_us = 20 } };
	static const int64_t expected[] = { 0, 20, 50, INT64_C(5000000000) };
	g_autoptr(GPtrArray) turns = g_ptr_array_new();

	for (size_t i = 0; i < G_N_ELEMENTS(affinities); i++)
		g_ptr_array_add(turns, &affinities[i]);
	g_ptr_array_sort(turns, affinity_by_age);
	for (size_t i = 0; i < turns->len; i++)
		cr_expect_eq(((const struct affinity *)turns->pdata[i])->read_us, expected[i], "turn %zu", i);
}
