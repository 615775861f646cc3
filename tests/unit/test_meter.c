#include "fleet/meter.h"

#include <criterion/criterion.h>

#define SECOND INT64_C(1000000)

struct reading {
	const char *name;
	uint64_t value;
	int64_t us;
	bool known;
	double rate;
};

static void
check(const struct reading *readings, size_t n)
{
	struct meter *meter = meter_new();

	for (size_t i = 0; i < n; i++) {
		double rate = -1;
		bool known = meter_rate(meter, readings[i].name, readings[i].value, readings[i].us, &rate);

		cr_assert_eq(known, readings[i].known, "reading %zu", i);
		cr_assert_float_eq(rate, known ? readings[i].rate : -1, 1e-9, "reading %zu: %f", i, rate);
	}
	meter_free(meter);
}

Test(meter, grows_and_stands)
{
	static const struct reading readings[] = {
		{ "a", 100, 0, false, 0 },
		{ "a", 300, 2 * SECOND, true, 100 },
		{ "b", 7, 2 * SECOND, false, 0 },
		{ "a", 300, 3 * SECOND, true, 0 },
		{ "b", 8, 4 * SECOND, true, 0.5 },
	};

	check(readings, G_N_ELEMENTS(readings));
}

/* A poke right behind a reading keeps the rate, and the next is measured from the reading before the poke. */
Test(meter, too_near)
{
	static const struct reading readings[] = {
		{ "a", 0, 0, false, 0 },
		{ "a", 0, SECOND / 10, false, 0 },
		{ "a", 1000, 1 * SECOND, true, 1000 },
		{ "a", 1900, 1 * SECOND + SECOND / 10, true, 1000 },
		{ "a", 2000, 2 * SECOND, true, 1000 },
	};

	check(readings, G_N_ELEMENTS(readings));
}

Test(meter, restart_and_long_silence)
{
	static const struct reading readings[] = {
		{ "a", 5000, 0, false, 0 },
		{ "a", 5001, 1 * SECOND, true, 1 },
		{ "a", 10, 2 * SECOND, false, 0 },
		{ "a", 30, 3 * SECOND, true, 20 },
		{ "a", 40, 90 * SECOND, false, 0 },
		{ "a", 41, 91 * SECOND, true, 1 },
	};

	check(readings, G_N_ELEMENTS(readings));
}
