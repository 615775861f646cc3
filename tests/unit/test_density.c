#include "views/density.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>

/* Hosts that run as many guests as COUNTS says; below 0: as many as last known, but it is lost. */
static const struct fleet_snap *
fleet_of(const int *counts, size_t n)
{
	g_autofree struct snaps_part *parts = g_new0(struct snaps_part, n);
	static struct vm vms[100];

	for (unsigned i = 0; i < G_N_ELEMENTS(vms); i++)
		vms[i] = snaps_vm("x", i);
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct snaps_part){
			.host = snaps_host((uint32_t)i, "h"), .vms = vms, .nvms = (size_t)ABS(counts[i])
		};
		if (counts[i] < 0)
			parts[i].host.link = LINK_REFUSED;
	}
	return snaps_fleet(parts, n);
}

Test(density, of_nothing)
{
	const int lost[] = { -5 };
	const struct fleet_snap *snap = fleet_of(lost, 1);
	struct density density;

	density_of(snap, SNAPS_NOW_US, 10, &density);
	cr_expect_eq(density.hosts, 0);
	fleet_snap_unref(snap);
}

Test(density, counts)
{
	static const struct {
		int counts[8];
		size_t n;
		unsigned nbins, min, max, want_nbins, want_step;
		double median, mean;
		unsigned bins[8];
	} cases[] = {
		{ { 7 }, 1, 8, 7, 7, 1, 1, 7, 7, { 1 } },
		{ { 0, 0, 0 }, 3, 8, 0, 0, 1, 1, 0, 0, { 3 } },
		{ { 1, 2, 3, 4, -90 }, 4 + 1, 8, 1, 4, 4, 1, 3, 2.5, { 1, 1, 1, 1 } },
		{ { 10, 30, 20, 11, 19 }, 5, 7, 10, 30, 7, 3, 19, 18, { 2, 0, 0, 2, 0, 0, 1 } },
		{ { 0, 99 }, 2, 2, 0, 99, 2, 50, 99, 49.5, { 1, 1 } },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct fleet_snap *snap = fleet_of(cases[i].counts, cases[i].n);
		struct density density;

		density_of(snap, SNAPS_NOW_US, cases[i].nbins, &density);
		cr_expect_eq(density.min, cases[i].min, "case %zu", i);
		cr_expect_eq(density.max, cases[i].max, "case %zu", i);
		cr_expect_eq(density.median, cases[i].median, "case %zu: %g", i, density.median);
		cr_expect_float_eq(density.mean, cases[i].mean, 1e-9, "case %zu: %g", i, density.mean);
		cr_expect_eq(density.nbins, cases[i].want_nbins, "case %zu: %u", i, density.nbins);
		cr_expect_eq(density.step, cases[i].want_step, "case %zu: %u", i, density.step);
		cr_expect_eq(density.first, cases[i].min);
		for (unsigned j = 0; j < density.nbins; j++)
			cr_expect_eq(density.bins[j], cases[i].bins[j], "case %zu, bin %u", i, j);
		fleet_snap_unref(snap);
	}
}
