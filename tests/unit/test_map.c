/* The map: levels, lines, and the cursor. */
#include "views/map.h"

#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WALL_US INT64_C(1786363331000000)

static struct config *config;
static struct row_ctx ctx;

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	config = snaps_config();
	ctx = (struct row_ctx){ .config = config, .now_us = SNAPS_NOW_US };
}

static void
teardown(void)
{
	config_free(config);
}

TestSuite(map, .init = setup, .fini = teardown);

/* Hosts h0 to h4 in the sites b, a, b, none, a, at 10, 30, … percent; h2 is lost, of h4 nothing is known. Each has a
 * guest that runs, one that is off and a Domain-0. */
static const struct fleet_snap *
five_hosts(void)
{
	static char a[] = "a", b[] = "b";
	static struct host_static sites[] = { { .site = b }, { .site = a }, { .site = b }, { .site = NULL },
		{ .site = a } };
	static const char *const names[] = { "h0", "h1", "h2", "h3", "h4" };
	struct vm vms[] = { snaps_vm("Domain-0", 1), snaps_idle_vm("off", 2, VM_STATE_OFF),
		snaps_vm("run", 3) };
	struct snaps_part parts[5];

	vms[0].is_dom0 = true;
	snaps_set_vm(&vms[2], VM_READY, 5);
	for (uint32_t i = 0; i < 5; i++) {
		parts[i] = (struct snaps_part){ .host = snaps_host(i, names[i]), .vms = vms, .nvms = 3 };
		parts[i].host.config = &sites[i];
		snaps_set_host(&parts[i].host, HOST_CPU, 10 + 20 * i);
	}
	parts[2].host.link = LINK_REFUSED;
	parts[4].host.valid &= ~(UINT64_C(1) << HOST_CPU);
	return snaps_fleet(parts, 5);
}

/* "a: h1=1 h4=?; b: …": names and levels. */
static char *
describe(const struct map_cells *cells)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < cells->groups->len; i++) {
		const struct map_group *group = &g_array_index(cells->groups, struct map_group, i);

		g_string_append_printf(out, "%s%s:", i ? "; " : "", group->name ? group->name : "-");
		for (size_t j = group->first; j < group->first + group->count; j++) {
			const struct map_cell *cell = &g_array_index(cells->cells, struct map_cell, j);
			int level = map_cell_level(cells, cell);

			g_string_append_printf(out, " %s=", map_cell_name(cells, cell));
			if (level >= 0)
				g_string_append_printf(out, "%d", level);
			else
				g_string_append(out, cell->look ? cell->look->glyph : "?");
		}
	}
	return g_string_free(out, FALSE);
}

Test(map, cells)
{
	static const struct {
		bool guests;
		enum map_measure measure;
		enum map_grouping grouping;
		const char *wanted;
	} cases[] = {
		{ false, MAP_CPU, MAP_BY_SITE, "a: h1=2 h4=?; b: h0=0 h2=✕; -: h3=5" },
		{ false, MAP_CPU, MAP_BY_NOTHING, "-: h0=0 h1=2 h2=✕ h3=5 h4=?" },
		{ false, MAP_READY, MAP_BY_NOTHING, "-: h0=2 h1=2 h2=✕ h3=2 h4=2" },
		{ false, MAP_DENSITY, MAP_BY_NOTHING, "-: h0=7 h1=7 h2=✕ h3=7 h4=7" },
		{ true, MAP_CPU, MAP_BY_SITE,
			"a: off=○ run=4 off=○ run=4; b: off=○ run=4 off=✕ run=✕; -: off=○ run=4" },
	};
	const struct fleet_snap *snap = five_hosts();
	struct map_cells cells;

	map_cells_init(&cells);
	cr_assert_eq(config->ready_bad_pct, 10);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = NULL;

		map_cells_gather(&cells, snap, &ctx, cases[i].guests, cases[i].measure, cases[i].grouping);
		got = describe(&cells);
		cr_expect_str_eq(got, cases[i].wanted, "case %zu: %s", i, got);
	}
	map_cells_done(&cells);
	fleet_snap_unref(snap);
}

/* N hosts in a group of their own per entry of COUNTS. */
static void
make_cells(struct map_cells *cells, const size_t *counts, size_t ngroups, const struct host_snap *hosts)
{
	size_t first = 0;

	cells->full = 100;
	g_array_set_size(cells->cells, 0);
	g_array_set_size(cells->groups, 0);
	for (size_t i = 0; i < ngroups; first += counts[i++]) {
		struct map_group group = { .name = "g", .first = first, .count = counts[i] };

		for (size_t j = 0; j < counts[i]; j++) {
			struct map_cell cell = { .row = &hosts[j], .number = (double)((first + j) % 100) };

			g_array_append_val(cells->cells, cell);
		}
		g_array_append_val(cells->groups, group);
	}
}

Test(map, lines_fit_their_room)
{
	struct host_snap *hosts = g_new0(struct host_snap, 20000);
	struct map_cells cells;
	struct map_layout layout;
	static const size_t counts[][2] = { { 6, 0 }, { 100, 20 }, { 3000, 1000 }, { 20000, 5 }, { 1, 1 } };

	for (size_t i = 0; i < 20000; i++)
		hosts[i].name = "host5";
	map_cells_init(&cells);
	map_layout_init(&layout);
	for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
		for (int rows = 1; rows < 60; rows += 7)
			for (int cols = 10; cols < 210; cols += 37) {
				size_t ngroups = counts[i][1] ? 2 : 1, next = 0, slots = 0;

				make_cells(&cells, counts[i], ngroups, hosts);
				map_layout_make(&layout, &cells, rows, cols);
				cr_expect_leq(layout.lines->len, MAX((guint)rows, (guint)ngroups));
				cr_expect_leq(layout.per_line * layout.width + layout.label,
					MAX(cols, layout.label + 1));
				for (guint j = 0; j < layout.slots->len; j++) {
					const struct map_slot *slot =
						&g_array_index(layout.slots, struct map_slot, j);

					cr_assert_eq(slot->first, next, "each cell is in one slot");
					cr_assert(slot->cell >= next && slot->cell < next + slot->count);
					next += slot->count;
				}
				cr_expect_eq(next, cells.cells->len);
				for (guint j = 0; j < layout.lines->len; j++) {
					const struct map_line *line =
						&g_array_index(layout.lines, struct map_line, j);

					cr_assert_eq(line->first, slots);
					cr_expect_eq(map_layout_line(&layout, slots + line->count - 1), j);
					slots += line->count;
				}
				cr_expect_eq(slots, layout.slots->len);
			}
	map_layout_done(&layout);
	map_cells_done(&cells);
	g_free(hosts);
}

Test(map, the_worst_of_several_is_shown)
{
	const double numbers[] = { 3, 90, 7, NAN, 5, NAN };
	const struct look *crashed = vm_look(VM_STATE_CRASHED);
	struct host_snap host = { .name = "h" };
	const size_t counts[] = { 6 };
	struct map_cells cells;
	struct map_layout layout;

	map_cells_init(&cells);
	map_layout_init(&layout);
	make_cells(&cells, counts, 1, (struct host_snap[6]){ host, host, host, host, host, host });
	for (size_t i = 0; i < 6; i++)
		g_array_index(cells.cells, struct map_cell, i).number = numbers[i];
	g_array_index(cells.cells, struct map_cell, 5).look = crashed;
	map_layout_make(&layout, &cells, 1, 4); /* a label of two columns, two slots */
	cr_assert_eq(layout.slots->len, 2);
	cr_expect_eq(layout.pack, 3);
	cr_expect_eq(g_array_index(layout.slots, struct map_slot, 0).cell, 1);
	cr_expect_eq(
		g_array_index(layout.slots, struct map_slot, 1).cell, 5, "crashed is worse than any load");
	map_layout_done(&layout);
	map_cells_done(&cells);
}

/* ---- the view ---- */

static void
quit(void *unused G_GNUC_UNUSED, bool abort G_GNUC_UNUSED)
{
}

static struct console *
open_map(const struct fleet_snap *snap)
{
	struct console *console =
		console_new(&(struct console_opts){ .config = config, .view = "map", .quit = quit }, NULL);

	cr_assert_not_null(console);
	console_tick(console, SNAPS_NOW_US, WALL_US);
	console_set_snapshot(console, snap);
	return console;
}

static bool
shows(struct console *console, const char *part)
{
	struct canvas *canvas = canvas_new(24, 80, false);
	g_autofree char *text = NULL;

	console_draw(console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return strstr(text, part);
}

static void
expect(struct console *console, const char *part)
{
	struct canvas *canvas = canvas_new(24, 80, false);
	g_autofree char *text = NULL;

	console_draw(console, canvas);
	text = canvas_text(canvas);
	cr_expect(strstr(text, part), "'%s' is not in\n%s", part, text);
	canvas_free(canvas);
}

static void
press(struct console *console, uint32_t code)
{
	console_input(console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
}

Test(map, cursor_names_and_opens_a_cell)
{
	const struct fleet_snap *snap = five_hosts();
	struct console *console = open_map(snap);

	expect(console, "CPU of 5 hosts by site");
	expect(console, "h3  CPU 70%  up, 1/2 VMs"); /* the hottest */
	press(console, 'g');
	expect(console, "h1 (a)  CPU 30%");
	press(console, KEY_CODE_RIGHT);
	expect(console, "h4 (a)  CPU -");
	press(console, KEY_CODE_TAB);
	expect(console, "h0 (b)  CPU 10%");
	press(console, KEY_CODE_RIGHT);
	expect(console, "h2 (b)  CPU -  refused");
	press(console, 'm');
	expect(console, "memory of 5 hosts");
	expect(console, "h2 (b)  memory -  refused");
	press(console, KEY_CODE_ENTER);
	expect(console, "host h2");
	press(console, KEY_CODE_ESC);
	press(console, 't');
	expect(console, "memory of 10 VMs by site");
	press(console, 'b');
	expect(console, "memory of 10 VMs by hypervisor");
	console_free(console);
	fleet_snap_unref(snap);
}

/* Numbers of guests that are off have an age, too: that of the table of VMs. */
Test(map, age_of_all)
{
	const struct fleet_snap *snap = five_hosts();
	struct map_cells cells;

	map_cells_init(&cells);
	map_cells_gather(&cells, snap, &ctx, true, MAP_AGE, MAP_BY_NOTHING);
	for (guint i = 0; i < cells.cells->len; i++) {
		const struct map_cell *cell = &g_array_index(cells.cells, struct map_cell, i);
		char text[32];

		map_cell_text(&cells, cell, text, sizeof(text));
		cr_expect_str_eq(text, "1s", "%s: %s", map_cell_name(&cells, cell), text);
	}
	map_cells_gather(&cells, snap, &ctx, false, MAP_AGE, MAP_BY_NOTHING);
	for (guint i = 0; i < cells.cells->len; i++)
		cr_expect_eq(g_array_index(cells.cells, struct map_cell, i).number, 1);
	map_cells_done(&cells);
	fleet_snap_unref(snap);
}

/* Keys that come before the first frame choose nothing blindly. */
Test(map, cursor_waits_for_the_first_frame)
{
	const struct fleet_snap *snap = five_hosts();
	struct console *console = open_map(snap);

	press(console, 'm');
	press(console, '<');
	press(console, KEY_CODE_ENTER);
	expect(console, "h3  CPU 70%");
	console_free(console);
	fleet_snap_unref(snap);
}

Test(map, cursor_stays_on_its_host)
{
	const struct fleet_snap *snap = five_hosts(), *fewer = NULL;
	const struct host_snap *hosts[] = { snap->hosts[0], snap->hosts[1], snap->hosts[3] };
	struct console *console = open_map(snap);

	expect(console, "h3  CPU");
	fewer = snaps_fleet_of(hosts, 3);
	console_set_snapshot(console, fewer);
	press(console, KEY_CODE_LEFT); /* before anything is drawn again */
	expect(console, "h0 (b)  CPU");
	press(console, 'b');
	press(console, 'b');
	press(console, 'b');
	expect(console, "h0 (b)  CPU");
	console_free(console);
	fleet_snap_unref(fewer);
	fleet_snap_unref(snap);
}

Test(map, click_selects)
{
	const struct fleet_snap *snap = five_hosts();
	struct console *console = open_map(snap);
	struct input click = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = 3, .x = 4 };

	expect(console, "h3  CPU");
	console_input(console, click);
	expect(console, "h1 (a)  CPU");
	click.x = 79; /* beyond the line's end */
	console_input(console, click);
	expect(console, "h1 (a)  CPU");
	click.x = 4;
	click.button = MOUSE_LEFT_DOUBLE;
	console_input(console, click);
	expect(console, "host h1");
	console_free(console);
	fleet_snap_unref(snap);
}

/* What stands on the screen may be gone by the time it is clicked at: there is nothing then. */
Test(map, click_comes_before_the_next_frame)
{
	const struct fleet_snap *snap = five_hosts(), *fewer;
	const struct host_snap *hosts[] = { snap->hosts[0], snap->hosts[1], snap->hosts[3] };
	struct console *console = open_map(snap);
	struct input click = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = 3, .x = 4 };

	while (click.x < 79 && !shows(console, "h4 (a)  CPU")) {
		click.x++;
		console_input(console, click);
	}
	cr_assert_lt(click.x, 79);
	press(console, 'G');
	expect(console, "h3  CPU");
	fewer = snaps_fleet_of(hosts, 3);
	console_set_snapshot(console, fewer);
	fleet_snap_unref(snap);
	console_input(console, click);
	expect(console, "h3  CPU");
	console_free(console);
	fleet_snap_unref(fewer);
}

/* Nothing there, and no room. */
Test(map, endures_nothing_at_all)
{
	const struct fleet_snap *empty = snaps_fleet(NULL, 0), *snap = five_hosts();
	struct console *console = open_map(empty);
	static const int sizes[][2] = { { 1, 1 }, { 3, 10 }, { 5, 5 }, { 24, 80 } };

	expect(console, "no hosts");
	for (size_t i = 0; i < 2 * G_N_ELEMENTS(sizes); i++) {
		struct canvas *canvas = canvas_new(sizes[i / 2][0], sizes[i / 2][1], false);

		press(console, 'j');
		press(console, KEY_CODE_TAB);
		press(console, 't');
		console_draw(console, canvas);
		press(console, 'G');
		console_set_snapshot(console, i % 2 ? empty : snap);
		canvas_free(canvas);
	}
	console_free(console);
	fleet_snap_unref(empty);
	fleet_snap_unref(snap);
}
