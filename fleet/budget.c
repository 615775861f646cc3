#include "fleet/budget.h"

#include <glib.h>
#include <stdatomic.h>

/* Enough to read a guest twice, as its rates need: what it is, its memory, a NIC and two disks, and its XML once. */
#define CALLS_TO_KNOW_A_GUEST 11

/* Nobody saves for longer than this. */
#define SAVINGS_S 10

struct budget {
	double per_host, all; /* per second, constant */
	atomic_uint sharers;  /* any thread */
};

struct budget *
budget_new(int64_t per_host, int64_t all)
{
	struct budget *budget = g_new0(struct budget, 1);

	budget->per_host = (double)per_host;
	budget->all = (double)all;
	atomic_init(&budget->sharers, 0);
	return budget;
}

void
budget_free(struct budget *budget)
{
	g_free(budget);
}

/* What a host earns per second. */
static double
share(const struct budget *budget)
{
	return MIN(budget->per_host, budget->all / MAX(atomic_load(&budget->sharers), 1));
}

void
purse_open(struct purse *purse, struct budget *budget, size_t guests, int64_t now_us)
{
	if (purse->budget)
		return;
	atomic_fetch_add(&budget->sharers, 1);
	*purse = (struct purse){
		.budget = budget,
		.calls = (double)(guests * CALLS_TO_KNOW_A_GUEST),
		.filled_us = now_us,
	};
}

void
purse_close(struct purse *purse)
{
	if (purse->budget)
		atomic_fetch_sub(&purse->budget->sharers, 1);
	*purse = (struct purse){ 0 };
}

static void
fill(struct purse *purse, int64_t now_us)
{
	double rate = share(purse->budget), most = rate * SAVINGS_S;

	if (purse->calls < most)
		purse->calls = MIN(most, purse->calls + rate * (double)(now_us - purse->filled_us) / 1e6);
	purse->filled_us = now_us;
}

unsigned
purse_look(struct purse *purse, const struct budget *budget, int64_t now_us, int64_t interval_us)
{
	double most = MAX(budget->per_host * (double)interval_us / 1e6, 1);

	if (!purse->budget)
		return (unsigned)most;
	fill(purse, now_us);
	return (unsigned)CLAMP(purse->calls, 0, most);
}

void
purse_pay(struct purse *purse, unsigned calls)
{
	purse->calls -= calls;
}
