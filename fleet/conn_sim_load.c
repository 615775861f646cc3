#include "fleet/conn_sim_load.h"

#include <math.h>
#include <stddef.h>

#define DAY_S  86400.0
#define TIDE_S 270.0

/* Shares of the swing; together at most 1, so that the load can't become negative. */
static const double day_share = 0.30, tide_share = 0.10, own_share = 0.14;
static const struct noise {
	double step_s, share;
} noises[] = {
	{ .step_s = 3.0, .share = 0.14 },
	{ .step_s = 11.0, .share = 0.14 },
	{ .step_s = 53.0, .share = 0.18 },
};

/* splitmix64's finaliser. */
uint64_t
sim_mix(uint64_t a, uint64_t b)
{
	uint64_t x = a + 0x9e3779b97f4a7c15u * (b + 1);

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

double
sim_unit(uint64_t bits)
{
	return (double)(bits >> 11) * 0x1p-53;
}

/* Integral of sin(2πt/period + phase), 0 at 0. */
static double
sine_area(double t, double period, double phase)
{
	double omega = 2 * M_PI / period;

	return (cos(phase) - cos(omega * t + phase)) / omega;
}

/* A zigzag through random heights whose slope stays within [-1, 1]: added to a counter it is noise on the rate. */
static double
zigzag(uint64_t bits, double t, double step)
{
	double knot = floor(t / step);
	double left = sim_unit(sim_mix(bits, (uint64_t)(int64_t)knot));
	double right = sim_unit(sim_mix(bits, (uint64_t)(int64_t)knot + 1));

	return step * (left + (right - left) * (t / step - knot));
}

double
sim_wave(uint64_t bits, double t, double swing)
{
	double area = 0;

	if (swing <= 0)
		return t;
	/* Working hours are much the same for all, and so is the tide, which makes the fleet as a whole move; other
	 * periods are everybody's own. */
	area += day_share * sine_area(t, DAY_S, 0.8 * sim_unit(bits));
	area += tide_share * sine_area(t, TIDE_S, 0.8 * sim_unit(sim_mix(bits, 9)));
	area += own_share *
		sine_area(t, 300 + 1500 * sim_unit(sim_mix(bits, 1)), 6.3 * sim_unit(sim_mix(bits, 2)));
	for (size_t i = 0; i < sizeof(noises) / sizeof(noises[0]); i++)
		area += noises[i].share * zigzag(sim_mix(bits, 3 + i), t, noises[i].step_s);
	return t + swing * area;
}
