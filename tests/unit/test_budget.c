#include "fleet/budget.h"

#include <criterion/criterion.h>
#include <glib.h>

#define SECOND 1000000

/* Lets SECONDS go by, one sample each, that spend all they may; the calls. */
static unsigned
spend(struct purse *purse, const struct budget *budget, int64_t *now, unsigned seconds)
{
	unsigned calls = 0;

	for (unsigned i = 0; i < seconds; i++) {
		unsigned may = purse_look(purse, budget, *now, SECOND);

		purse_pay(purse, may);
		calls += may;
		*now += SECOND;
	}
	return calls;
}

Test(budget, a_host_that_is_not_known_has_its_own_limit)
{
	struct budget *budget = budget_new(10, 300);
	struct purse purse = { 0 };

	cr_expect_eq(purse_look(&purse, budget, SECOND, SECOND), 10);
	cr_expect_eq(purse_look(&purse, budget, SECOND, 2 * SECOND), 20);
	cr_expect_eq(purse_look(&purse, budget, SECOND, SECOND / 1000), 1, "never nothing");
	purse_close(&purse);
	budget_free(budget);
}

Test(budget, few_hosts_have_their_own_limit)
{
	struct budget *budget = budget_new(10, 300);
	struct purse purse = { 0 };
	int64_t now = SECOND;

	purse_open(&purse, budget, 0, now);
	now += SECOND;
	cr_expect_eq(spend(&purse, budget, &now, 20), 200);
	purse_close(&purse);
	budget_free(budget);
}

Test(budget, many_hosts_share)
{
	struct budget *budget = budget_new(10, 300);
	struct purse purses[100] = { 0 };
	int64_t now = SECOND;

	for (size_t i = 0; i < G_N_ELEMENTS(purses); i++) {
		purse_open(&purses[i], budget, 0, now);
		purse_open(&purses[i], budget, 0, now); /* open already */
	}
	now += SECOND;
	cr_expect_eq(spend(&purses[0], budget, &now, 20), 60);
	for (size_t i = 1; i < G_N_ELEMENTS(purses); i++)
		purse_close(&purses[i]);
	cr_expect_eq(spend(&purses[0], budget, &now, 20), 200);
	purse_close(&purses[0]);
	budget_free(budget);
}

Test(budget, guests_are_known_at_the_host_s_own_pace)
{
	struct budget *budget = budget_new(10, 10);
	struct purse purses[10] = { 0 };
	int64_t now = SECOND;

	for (size_t i = 0; i < G_N_ELEMENTS(purses); i++)
		purse_open(&purses[i], budget, 5, now);
	cr_expect_eq(spend(&purses[0], budget, &now, 5), 50);
	cr_expect_leq(spend(&purses[0], budget, &now, 100), 110, "then its share");
	for (size_t i = 0; i < G_N_ELEMENTS(purses); i++)
		purse_close(&purses[i]);
	budget_free(budget);
}

Test(budget, what_is_overdrawn_is_paid_off)
{
	struct budget *budget = budget_new(10, 300);
	struct purse purse = { 0 };

	purse_open(&purse, budget, 0, 0);
	purse_pay(&purse, 25);
	cr_expect_eq(purse_look(&purse, budget, 2 * SECOND, SECOND), 0);
	cr_expect_eq(purse_look(&purse, budget, 3 * SECOND, SECOND), 5);
	purse_close(&purse);
	budget_free(budget);
}

Test(budget, savings_end)
{
	struct budget *budget = budget_new(10, 300);
	struct purse purse = { 0 };
	int64_t now = INT64_C(3600) * SECOND;

	purse_open(&purse, budget, 0, 0);
	cr_expect_leq(spend(&purse, budget, &now, 30), 400, "an hour's silence is no licence");
	purse_close(&purse);
	budget_free(budget);
}
