#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>

Test(cpuset, reads_and_writes_lists)
{
	static const struct {
		const char *text, *again;
		size_t count;
	} cases[] = {
		{ "0", "0", 1 },
		{ "0-3,8", "0-3,8", 5 },
		{ "8, 0-3", "0-3,8", 5 },
		{ "0-7,^3", "0-2,4-7", 7 },
		{ "1,1,1", "1", 1 },
		{ "5,^5", NULL, 0 },
		{ "0-127", "0-127", 128 },
		{ " 4 ", "4", 1 },
		{ "6-8", "6-8", 3 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct cpu_set set = { 0 };

		cr_assert(cpu_set_parse(cases[i].text, &set), "%s", cases[i].text);
		cr_assert_eq(cpu_set_count(&set), cases[i].count, "%s", cases[i].text);
		g_autofree char *again = cpu_set_format(&set);
		cr_assert_eq(g_strcmp0(again, cases[i].again), 0, "%s: %s", cases[i].text, again);
		cpu_set_clear(&set);
	}
}

Test(cpuset, refuses_what_is_no_list)
{
	static const char *const cases[] = { NULL, "", ",", "0,", "a", "3-1", "1-", "-1", "0x1", "1 2", "^",
		"99999999999999999999", "0-8192", "1;2" };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct cpu_set set = { 0 };

		cr_assert_not(cpu_set_parse(cases[i], &set), "%s", cases[i]);
		cr_assert_eq(set.nbytes, 0);
	}
}

Test(cpuset, joins_and_compares)
{
	struct cpu_set a = { 0 }, b = { 0 };

	cr_assert(cpu_set_parse("0-2", &a));
	cr_assert(cpu_set_parse("3,70", &b));
	cpu_set_add_all(&a, &b);
	cr_assert_eq(cpu_set_count(&a), 5);
	cr_assert(cpu_set_full(&a, 4));
	cr_assert_not(cpu_set_full(&a, 5));
	cr_assert(cpu_set_full(&b, 0));

	struct cpu_set copy = cpu_set_copy(&a);
	cpu_set_add(&copy, 4);
	cr_assert_not(cpu_set_has(&a, 4));
	cr_assert(cpu_set_full(&copy, 5));
	cpu_set_clear(&copy);
	cpu_set_clear(&a);
	cpu_set_clear(&b);
	cr_assert_eq(cpu_set_count(&a), 0);
}
