#include "tests/support/snaps.h"
#include "tui/bar.h"
#include "views/history_line.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define STEP   LINE_STEP_US
#define GIB    (1024.0 * 1024 * 1024)

/* ---- numbers ---- */

Test(history_line, packed_numbers)
{
	static const double numbers[] = { 0.0002, 0.1, 1, 37.5, 99.9, 100, 1600, 65504, 1e6, 3.3e9, 1e12,
		4e14 };

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		double got = line_unpack(line_pack(numbers[i]));

		cr_expect_lt(fabs(got - numbers[i]), numbers[i] / 1000, "%g became %g", numbers[i], got);
	}
	cr_expect_eq(line_unpack(line_pack(0)), 0);
	cr_expect_eq(line_unpack(line_pack(1e-9)), 0);
	cr_expect(isnan(line_unpack(line_pack(NAN))));
	cr_expect(isnan(line_unpack(line_pack(-1))));
	cr_expect_gt(line_unpack(line_pack(1e300)), 4e14, "too much is very much, not unknown");
}

/* ---- rings ---- */

static void
put(struct line *line, int64_t since_us, int64_t at_us, double cpu)
{
	double numbers[HISTORY_SERIES_COUNT];

	for (int i = 0; i < HISTORY_SERIES_COUNT; i++)
		numbers[i] = i == HISTORY_CPU ? cpu : NAN;
	line_put(line, since_us, at_us, numbers);
}

/* The last N points of SPAN as "1 2 . 4". */
static void
expect_line(const struct line *line, enum history_span span, int64_t end_us, size_t n, const char *wanted)
{
	double numbers[HISTORY_MAX_POINTS];
	g_autoptr(GString) got = g_string_new(NULL);

	if (line_read(line, HISTORY_CPU, span, end_us, numbers))
		for (size_t i = history_points(span) - n; i < history_points(span); i++) {
			g_string_append(got, got->len ? " " : "");
			if (isnan(numbers[i]))
				g_string_append_c(got, '.');
			else
				g_string_append_printf(got, "%.4g", numbers[i]);
		}
	cr_expect_str_eq(got->str, wanted);
}

Test(history_line, spans_are_what_they_are_called)
{
	cr_expect_eq((int64_t)history_points(HISTORY_1M) * history_step_us(HISTORY_1M), 60 * SECOND);
	cr_expect_eq((int64_t)history_points(HISTORY_15M) * history_step_us(HISTORY_15M), 900 * SECOND);
	cr_expect_eq((int64_t)history_points(HISTORY_1H) * history_step_us(HISTORY_1H), 3600 * SECOND);
	cr_expect_leq(LINE_STEPS_1H, LINE_POINTS_1M, "a minute's mean needs all its steps");
	cr_expect_eq(LINE_STEPS_1H % LINE_STEPS_15M, 0);
	for (int i = 0; i < HISTORY_SPAN_COUNT; i++)
		cr_expect_leq(history_points((enum history_span)i), HISTORY_MAX_POINTS);
}

Test(history_line, nothing_is_nothing)
{
	struct line line;
	double untouched = 7;

	line_init(&line);
	cr_expect_not(line_read(&line, HISTORY_CPU, HISTORY_1M, 100 * STEP, &untouched));
	put(&line, 100 * STEP, 100 * STEP, NAN);
	cr_expect_not(line_read(&line, HISTORY_CPU, HISTORY_1M, 100 * STEP, &untouched));
	cr_expect_eq(untouched, 7);
	line_done(&line);
}

Test(history_line, a_series_takes_room_once_it_is_known)
{
	struct line line;
	double numbers[HISTORY_SERIES_COUNT];

	line_init(&line);
	put(&line, 100 * STEP, 100 * STEP, 1);
	for (int i = 0; i < HISTORY_SERIES_COUNT; i++)
		cr_expect_eq(line.points[i] != NULL, i == HISTORY_CPU);
	for (int i = 0; i < HISTORY_SERIES_COUNT; i++)
		numbers[i] = i == HISTORY_READY ? 7 : NAN;
	line_put(&line, 100 * STEP, 101 * STEP, numbers);
	cr_expect(isnan(line_newest(&line, HISTORY_CPU)));
	cr_expect_eq(line_newest(&line, HISTORY_READY), 7);
	cr_expect(isnan(line_newest(&line, HISTORY_MEM)));
	line_done(&line);
}

Test(history_line, numbers_hold_since_the_ones_before_and_gaps_stay_gaps)
{
	struct line line;

	line_init(&line);
	put(&line, 100 * STEP, 100 * STEP, 1);
	put(&line, 100 * STEP, 101 * STEP, 2);
	put(&line, 101 * STEP, 104 * STEP, 4); /* three steps of 4 */
	expect_line(&line, HISTORY_1M, 104 * STEP, 6, ". 1 2 4 4 4");
	put(&line, 107 * STEP, 107 * STEP, 7); /* silent since 104 */
	expect_line(&line, HISTORY_1M, 107 * STEP, 6, "4 4 4 . . 7");
	expect_line(&line, HISTORY_1M, 109 * STEP, 6, "4 . . 7 . .");
	put(&line, 107 * STEP, 107 * STEP + 1, 8); /* the step is not over */
	put(&line, 104 * STEP, 105 * STEP, 9);     /* from the past */
	put(&line, 107 * STEP, 107 * STEP + 1, 8); /* the same again */
	expect_line(&line, HISTORY_1M, 107 * STEP, 4, "4 . . 8");
	expect_line(&line, HISTORY_1M, 102 * STEP, 3, "1 2 4"); /* a screen that stands still */
	line_done(&line);
}

Test(history_line, longer_spans_are_means)
{
	struct line line;

	line_init(&line);
	for (int64_t i = 1; i <= 120; i++)
		put(&line, (i - 1) * STEP, i * STEP, (double)i);
	/* quarter-minute points end with steps 101, 107, 113, 119; 120 began another */
	expect_line(&line, HISTORY_15M, 120 * STEP, 4, "104.5 110.5 116.5 120");
	expect_line(&line, HISTORY_1H, 120 * STEP, 4, "59.5 83.5 107.5 120");
	put(&line, 120 * STEP, 121 * STEP, 200);
	expect_line(&line, HISTORY_15M, 121 * STEP, 1, "160");
	expect_line(&line, HISTORY_15M, 133 * STEP, 4, "116.5 160 . .");
	line_done(&line);
}

Test(history_line, what_is_old_goes)
{
	struct line line;

	line_init(&line);
	put(&line, 0, 1000 * STEP, 1);
	put(&line, 1023 * STEP, 1024 * STEP, 2);
	expect_line(&line, HISTORY_1M, line.at_us, 3, ". . 2");
	cr_expect_eq(line.points[HISTORY_CPU][1000 % LINE_POINTS_1M], line_pack(2), "the same place, anew");
	put(&line, 9000 * STEP, 9000 * STEP, 3); /* after hours */
	expect_line(&line, HISTORY_1M, 9000 * STEP, 3, ". . 3");
	expect_line(&line, HISTORY_1H, 9000 * STEP, 3, ". . 3");
	expect_line(&line, HISTORY_1H, 9000 * STEP + 3600 * SECOND, 3, "");
	line_done(&line);
}

/* ---- the fleet ---- */

struct world {
	struct history *history;
	const struct fleet_snap *snap;
};

static void
world_done(struct world *world)
{
	history_free(world->history);
	fleet_snap_unref(world->snap);
}

/* A host sampled at AT_US with guests called "a", "b", … of these CPU uses; below 0: off. */
static void
feed(struct world *world, int64_t at_us, enum link_state link, double host_cpu, const double *cpus, size_t n)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct vm vms[G_N_ELEMENTS(names)];
	struct snaps_part part = { .host = snaps_host(0, "h"), .vms = vms, .nvms = n };

	for (size_t i = 0; i < n; i++) {
		vms[i] = cpus[i] < 0 ? snaps_idle_vm(names[i], (unsigned)i, VM_STATE_OFF)
				     : snaps_vm(names[i], (unsigned)i);
		vms[i].sampled_us = at_us;
		if (cpus[i] >= 0)
			snaps_set_vm(&vms[i], VM_CPU, cpus[i]);
	}
	part.host.sampled_us = at_us;
	part.host.link = link;
	part.host.interval_us = 2 * SECOND;
	part.host.slow_us = 2 * SECOND;
	snaps_set_host(&part.host, HOST_CPU, host_cpu);
	fleet_snap_unref(world->snap);
	world->snap = snaps_fleet(&part, 1);
	history_feed(world->history, world->snap, at_us);
}

/* The newest point of what KEY's CPU use was in the last minute, and how many are known. */
static double
newest(const struct world *world, const struct row_key *key, int64_t now_us, int *known)
{
	double numbers[HISTORY_MAX_POINTS];

	*known = 0;
	if (!history_read(world->history, key, HISTORY_CPU, HISTORY_1M, now_us, numbers))
		return NAN;
	for (size_t i = 0; i < history_points(HISTORY_1M); i++)
		*known += !isnan(numbers[i]);
	return numbers[history_points(HISTORY_1M) - 1];
}

static struct row_key
guest_key(unsigned n)
{
	struct vm vm = snaps_vm("x", n);
	struct row_key key = { .host = 0 };

	memcpy(key.uuid, vm.uuid, UUID_LEN);
	return key;
}

Test(history, guests_hosts_and_the_fleet)
{
	struct world world = { .history = history_new() };
	struct row_key a = guest_key(0), b = guest_key(1), host = { .is_host = true };
	int known;

	cr_expect(isnan(newest(&world, NULL, 100 * SECOND, &known)));
	for (int64_t at = 100; at <= 110; at += 2)
		feed(&world, at * SECOND, LINK_UP, (double)at / 10, (const double[]){ (double)at, -1 }, 2);
	cr_expect_eq(newest(&world, &a, 110 * SECOND, &known), 110);
	cr_expect_eq(known, 5, "100 to 110 s in steps of 2.5 s are five, and all are known: %d", known);
	cr_expect_eq(newest(&world, &host, 110 * SECOND, &known), 11);
	cr_expect_eq(known, 5);
	cr_expect_eq(newest(&world, NULL, 110 * SECOND, &known), 11);
	cr_expect(isnan(newest(&world, &b, 110 * SECOND, &known)), "nothing is known of a guest that is off");
	cr_expect_eq(newest(&world, &a, 114 * SECOND, &known), 110, "no gap before the next sample is due");
	world_done(&world);
}

/* A line goes on with gaps while its host is silent, and after it. */
Test(history, of_a_host_that_was_lost)
{
	struct world world = { .history = history_new() };
	struct row_key a = guest_key(0), host = { .is_host = true };
	uint8_t points[HISTORY_MAX_POINTS];
	int known;
	size_t n;

	feed(&world, 100 * SECOND, LINK_UP, 10, (const double[]){ 50 }, 1);
	feed(&world, 102 * SECOND, LINK_UP, 10, (const double[]){ 50 }, 1);
	cr_expect(isnan(newest(&world, &host, 120 * SECOND, &known)));
	cr_expect_eq(known, 1, "%d", known);
	cr_expect(isnan(newest(&world, &a, 120 * SECOND, &known)));
	n = history_spark(world.history, &host,
		&(struct history_look){ .series = 1u << HISTORY_CPU, .span = HISTORY_1M, .full = 100 },
		120 * SECOND, points);
	cr_expect_eq(n, 9, "%zu", n);
	cr_expect_eq(points[0], 10);
	cr_expect_eq(points[n - 1], SPARK_UNKNOWN);
	feed(&world, 130 * SECOND, LINK_UP, 20, (const double[]){ 60 }, 1);
	cr_expect_eq(newest(&world, &host, 130 * SECOND, &known), 20);
	cr_expect_eq(known, 2, "%d", known);
	cr_expect_eq(newest(&world, &a, 130 * SECOND, &known), 60);
	cr_expect_eq(known, 2, "%d", known);
	newest(&world, &host, 300 * SECOND, &known);
	cr_expect_eq(known, 0);
	world_done(&world);
}

/* Only what answers is counted in the fleet's. */
Test(history, of_a_fleet_without_its_hosts)
{
	struct world world = { .history = history_new() };
	int known;

	feed(&world, 100 * SECOND, LINK_REFUSED, 10, NULL, 0);
	cr_expect(isnan(newest(&world, NULL, 100 * SECOND, &known)));
	cr_expect_eq(known, 0);
	feed(&world, 105 * SECOND, LINK_UP, 10, NULL, 0);
	cr_expect_eq(newest(&world, NULL, 105 * SECOND, &known), 10);
	cr_expect_eq(known, 1);
	world_done(&world);
}

Test(history, guests_come_and_go)
{
	struct world world = { .history = history_new() };
	struct row_key a = guest_key(0), b = guest_key(1), d = guest_key(3);
	int known;

	feed(&world, 100 * SECOND, LINK_UP, 1, (const double[]){ 1, 2 }, 2);
	feed(&world, 102 * SECOND, LINK_UP, 1, (const double[]){ 1, 2, 3, 4 }, 4);
	cr_expect_eq(newest(&world, &d, 102 * SECOND, &known), 4);
	feed(&world, 104 * SECOND, LINK_UP, 1, (const double[]){ 1 }, 1);
	cr_expect_eq(newest(&world, &a, 104 * SECOND, &known), 1);
	cr_expect(isnan(newest(&world, &b, 104 * SECOND, &known)));
	feed(&world, 106 * SECOND, LINK_UP, 1, (const double[]){ 1, 7 }, 2);
	cr_expect_eq(newest(&world, &b, 106 * SECOND, &known), 7);
	cr_expect_eq(known, 2, "it came back soon: %d", known);
	feed(&world, 108 * SECOND, LINK_UP, 1, (const double[]){ 1 }, 1);
	feed(&world, 180 * SECOND, LINK_UP, 1, (const double[]){ 1 }, 1);
	feed(&world, 182 * SECOND, LINK_UP, 1, (const double[]){ 1, 7 }, 2);
	newest(&world, &b, 182 * SECOND, &known);
	cr_expect_eq(known, 1, "it was forgotten: %d", known);
	world_done(&world);
}

/* MOVED 0: "mover" runs on the first of two hosts; 1: on the second. */
static void
feed_two(struct world *world, int64_t at_us, unsigned moved, double cpu)
{
	struct vm vm = snaps_vm("mover", 7);
	struct snaps_part parts[2];

	vm.sampled_us = at_us;
	snaps_set_vm(&vm, VM_CPU, cpu);
	for (uint32_t i = 0; i < 2; i++) {
		parts[i] = (struct snaps_part){ .host = snaps_host(i, "h"), .vms = &vm, .nvms = i == moved };
		parts[i].host.sampled_us = at_us;
		parts[i].host.interval_us = 5 * SECOND;
	}
	fleet_snap_unref(world->snap);
	world->snap = snaps_fleet(parts, 2);
	history_feed(world->history, world->snap, at_us);
}

Test(history, goes_with_a_guest_to_another_host)
{
	struct world world = { .history = history_new() };
	struct row_key there = guest_key(7);
	double numbers[HISTORY_MAX_POINTS];
	size_t last = history_points(HISTORY_1M) - 1;

	there.host = 1;
	feed_two(&world, 100 * SECOND, 0, 10);
	feed_two(&world, 105 * SECOND, 0, 20);
	feed_two(&world, 110 * SECOND, 1, 30);
	cr_assert(history_read(world.history, &there, HISTORY_CPU, HISTORY_1M, 110 * SECOND, numbers));
	cr_expect_eq(numbers[last], 30);
	cr_expect_eq(numbers[last - 2], 20);
	cr_expect_eq(numbers[last - 4], 10);
	there.host = 0;
	cr_expect_not(history_read(world.history, &there, HISTORY_CPU, HISTORY_1M, 110 * SECOND, numbers));
	feed_two(&world, 115 * SECOND, 0, 40); /* and back, to the host that is looked at first */
	cr_assert(history_read(world.history, &there, HISTORY_CPU, HISTORY_1M, 115 * SECOND, numbers));
	cr_expect_eq(numbers[last], 40);
	cr_expect_eq(numbers[last - 2], 30);
	cr_expect_eq(numbers[last - 4], 20);
	world_done(&world);
}

Test(history, the_worst_guest_is_the_hosts_ready)
{
	struct world world = { .history = history_new() };
	struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_vm("Domain-0", 3) };
	struct snaps_part part = { .host = snaps_host(0, "h"), .vms = vms, .nvms = 3 };
	struct row_key host = { .is_host = true };
	double numbers[HISTORY_MAX_POINTS];

	for (unsigned i = 0; i < 3; i++)
		snaps_set_vm(&vms[i], VM_READY, 10 * (i + 1));
	vms[2].is_dom0 = true;
	snaps_set_vm(&vms[0], VM_MEM, 4 * GIB);
	snaps_set_vm(&vms[0], VM_MEM_USED, GIB);
	world.snap = snaps_fleet(&part, 1);
	history_feed(world.history, world.snap, SNAPS_NOW_US);
	cr_assert(history_read(world.history, &host, HISTORY_READY, HISTORY_1M, SNAPS_NOW_US, numbers));
	cr_expect_eq(numbers[history_points(HISTORY_1M) - 1], 20);
	cr_assert(history_read(world.history, NULL, HISTORY_READY, HISTORY_1M, SNAPS_NOW_US, numbers));
	cr_expect_eq(numbers[history_points(HISTORY_1M) - 1], 20);
	cr_assert(history_read(world.history, &(struct row_key){ .uuid = { 0xaa, [15] = 1 } }, HISTORY_MEM,
		HISTORY_1M, SNAPS_NOW_US, numbers));
	cr_expect_eq(numbers[history_points(HISTORY_1M) - 1], 25);
	world_done(&world);
}

/* What a guest uses, and what its host holds of it when that is not known, are never in one line. */
Test(history, memory_is_of_one_thing)
{
	struct world world = { .history = history_new() };
	struct row_key key = guest_key(1);
	double numbers[HISTORY_MAX_POINTS];

	for (int i = 0; i < 6; i++) {
		struct vm vm = snaps_vm("a", 1);
		struct snaps_part part = { .host = snaps_host(0, "h"), .vms = &vm, .nvms = 1 };
		bool inside = i >= 3;
		int64_t at_us = SNAPS_NOW_US + i * 5 * SECOND;

		part.host.sampled_us = vm.sampled_us = at_us;
		part.host.interval_us = 5 * SECOND;
		snaps_set_vm(&vm, VM_MEM, GIB);
		snaps_set_vm(&vm, VM_MEM_RSS, 2 * GIB);
		snaps_unset_vm(&vm, VM_MEM_USED);
		if (inside)
			snaps_set_vm(&vm, VM_MEM_USED, GIB / 2);
		fleet_snap_unref(world.snap);
		world.snap = snaps_fleet(&part, 1);
		history_feed(world.history, world.snap, at_us);
		cr_assert(history_read(world.history, &key, HISTORY_MEM, HISTORY_1M, at_us, numbers));
		for (size_t j = 0; j < history_points(HISTORY_1M); j++)
			cr_expect(isnan(numbers[j]) || fabs(numbers[j] - (inside ? 50 : 200)) < 1,
				"sample %d, point %zu: %g", i, j, numbers[j]);
	}
	world_done(&world);
}
