/* The pin map: what is wanted beside what is, as snapshots come; and its view with many CPUs and threads. */
#include "fleet/cpuset.h"
#include "tests/support/snaps.h"
#include "views/pin_view.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

/* ---- a host and its guest ---- */

/* NCPUS in cells of CELL CPUs, two threads a core. */
static struct host_facts *
facts_of(int ncpus, int cell)
{
	struct host_facts *facts = host_facts_new();

	facts->ncpus = (size_t)ncpus;
	facts->cpus = g_new0(struct host_cpu, (size_t)ncpus);
	for (int i = 0; i < ncpus; i++)
		facts->cpus[i] = (struct host_cpu){
			.id = i, .cell = i / cell, .socket = i / cell, .core = i % cell / 2
		};
	return facts;
}

/* The guest on host INDEX with PINS, which it takes. */
static const struct fleet_snap *
snap_of(const struct host_facts *facts, struct vm_pins *pins, uint32_t index)
{
	struct vm vm = snaps_vm("web", 1);
	struct snaps_part parts[2] = { { .host = snaps_host(0, "kvm0") }, { .host = snaps_host(1, "kvm1") } };
	const struct fleet_snap *snap;

	parts[index].vms = &vm;
	parts[index].nvms = 1;
	parts[index].host.listed = true;
	parts[index].host.facts = facts;
	parts[index].host.pins = pins;
	snap = snaps_fleet(parts, 2);
	vm_pins_unref(pins);
	return snap;
}

static struct vm_pins *
pins_of(unsigned nvcpus, const char *live, const char *kept)
{
	struct vm vm = snaps_vm("web", 1);
	struct vm_pins *pins = vm_pins_new(vm.uuid);

	pins->running = live != NULL;
	pins->persistent = true;
	for (unsigned i = 0; i <= nvcpus; i++) {
		struct pin_row *row =
			vm_pins_add(pins, i < nvcpus ? PIN_VCPU : PIN_EMULATOR, i < nvcpus ? i : 0);

		row->active = live != NULL;
		cpu_set_parse(live, &row->live);
		cpu_set_parse(kept, &row->kept);
	}
	return pins;
}

static void
take(struct pin_map *map, const struct host_facts *facts, struct vm_pins *pins, uint32_t index)
{
	const struct fleet_snap *snap = snap_of(facts, pins, index);

	pin_map_take(map, &snap->hosts[index]->vms[0]);
	fleet_snap_unref(snap);
}

static void
expect_changes(const struct pin_map *map, const char *wanted)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = pin_map_changes(map, &error);

	cr_expect_str_eq(text ? text : error->message, wanted);
}

/* ---- what is wanted ---- */

Test(pin_map, wants_what_was_toggled_until_it_is_so)
{
	struct host_facts *facts = facts_of(8, 4);
	struct pin_map map;

	pin_map_init(&map);
	take(&map, facts, pins_of(2, "0-7", "0-7"), 0);
	pin_map_toggle(&map, &(struct pin_area){ .row = 0, .rows = 2, .column = 4, .columns = 4 });
	expect_changes(&map, "vcpu0-1:0-3");
	cr_expect_eq(pin_map_wants(&map), 2u);

	/* half of it has come true, then all */
	take(&map, facts, pins_of(2, "0-3", "0-7"), 0);
	cr_expect_eq(pin_map_wants(&map), 2u);
	take(&map, facts, pins_of(2, "0-3", "0-3"), 0);
	cr_expect_eq(pin_map_wants(&map), 0u);
	expect_changes(&map, "");
	pin_map_done(&map);
	host_facts_unref(facts);
}

Test(pin_map, an_area_that_is_partly_on_goes_on_first)
{
	struct host_facts *facts = facts_of(8, 4);
	const struct pin_area area = { .row = 0, .rows = 1, .column = 2, .columns = 4 };
	struct pin_map map;

	pin_map_init(&map);
	take(&map, facts, pins_of(1, "0-3", "0-3"), 0);
	pin_map_toggle(&map, &area);
	expect_changes(&map, "vcpu0:0-5");
	pin_map_toggle(&map, &area);
	expect_changes(&map, "vcpu0:0-1");
	pin_map_forget(&map, 0, 1);
	expect_changes(&map, "");
	pin_map_toggle(&map, &(struct pin_area){ .row = 0, .rows = 1, .column = 0, .columns = 4 });
	expect_changes(&map, "no CPU would be left for vCPU 0");
	pin_map_done(&map);
	host_facts_unref(facts);
}

Test(pin_map, scope_says_what_is_shown_and_changed)
{
	struct host_facts *facts = facts_of(8, 4);
	struct pin_map map;

	pin_map_init(&map);
	take(&map, facts, pins_of(1, "0-3", "4-7"), 0);
	cr_expect(pin_line_differs(pin_map_line(&map, 0)));
	cr_expect(cpu_set_has(pin_line_shown(&map, pin_map_line(&map, 0)), 0));
	map.scope = PIN_KEPT;
	cr_expect_not(cpu_set_has(pin_line_shown(&map, pin_map_line(&map, 0)), 0));
	pin_map_done(&map);

	/* a guest that is off has nothing live */
	pin_map_init(&map);
	take(&map, facts, pins_of(1, NULL, "4-7"), 0);
	cr_expect_null(pin_line_obstacle(&map, pin_map_line(&map, 0)));
	map.scope = PIN_LIVE;
	cr_expect_not_null(pin_line_obstacle(&map, pin_map_line(&map, 0)));
	pin_map_toggle(&map, &(struct pin_area){ .row = 0, .rows = 2, .column = 0, .columns = 1 });
	expect_changes(&map, "");
	pin_map_done(&map);
	host_facts_unref(facts);
}

Test(pin_map, what_the_driver_cannot_stays)
{
	struct host_facts *facts = facts_of(8, 4);
	struct vm_pins *pins = pins_of(2, "0-7", "0-7");
	struct pin_map map;

	pin_map_init(&map);
	pins->cannot[PIN_EMULATOR] = "Xen's libxl driver pins vCPUs only";
	take(&map, facts, pins, 0);
	cr_assert_eq(pin_map_preset(&map, &(struct pin_wish){ .preset = PIN_ISOLATE }), PINNING_NONE);
	expect_changes(&map, "vcpu0:0;vcpu1:1");
	pin_map_done(&map);
	host_facts_unref(facts);
}

/* Its new host has other CPUs: nothing of the old one holds. */
Test(pin_map, a_guest_that_moved_starts_anew)
{
	struct host_facts *facts = facts_of(8, 4), *other = facts_of(2, 2);
	struct pin_map map;

	pin_map_init(&map);
	take(&map, facts, pins_of(1, "0-7", "0-7"), 0);
	pin_map_toggle(&map, &(struct pin_area){ .row = 0, .rows = 1, .column = 0, .columns = 1 });
	take(&map, other, pins_of(1, "0-1", "0-1"), 1);
	cr_expect_eq(pin_map_columns(&map), 2u);
	expect_changes(&map, "");
	pin_map_done(&map);
	host_facts_unref(facts);
	host_facts_unref(other);
}

Test(pin_map, counts_what_claims_a_cpu)
{
	struct host_facts *facts = facts_of(8, 4);
	struct pin_map map;

	pin_map_init(&map);
	take(&map, facts, pins_of(4, "0-1", "0-1"), 0);
	cr_expect_float_eq(pin_map_claims(&map, 0), 2.0, 1e-9);
	cr_expect_float_eq(pin_map_claims(&map, 2), 0.0, 1e-9);
	pin_map_done(&map);
	host_facts_unref(facts);
}

/* ---- on the screen ---- */

/* 256 CPUs and 128 vCPUs at all sizes: the cursor's cell is always there. */
Test(pin_map, scrolls_both_ways)
{
	static const struct {
		int rows, cols;
	} sizes[] = { { 22, 80 }, { 38, 120 }, { 58, 200 }, { 8, 40 }, { 3, 20 }, { 1, 1 } };
	static const struct {
		guint row, column;
	} cursors[] = { { 0, 0 }, { 127, 255 }, { 64, 128 }, { 128, 0 } };
	struct host_facts *facts = facts_of(256, 64);
	const struct fleet_snap *snap = snap_of(facts, pins_of(128, "0-255", "0-255"), 0);
	const struct vm *vm = &snap->hosts[0]->vms[0];
	struct config *config = snaps_config();
	struct env env = {
		.config = config, .snap = snap, .row = { .config = config, .now_us = SNAPS_NOW_US }
	};
	struct pin_view view = { 0 };

	setlocale(LC_ALL, "C.UTF-8");
	env.keys = keys_new(config, false, NULL);
	pin_map_init(&view.map);
	pin_map_take(&view.map, vm);
	for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
		struct canvas *canvas = canvas_new(sizes[s].rows, sizes[s].cols, false);
		struct pane pane = pane_whole(canvas);

		for (size_t c = 0; c < G_N_ELEMENTS(cursors); c++) {
			unsigned reversed = 0;

			view.map.row = cursors[c].row;
			view.map.column = cursors[c].column;
			canvas_clear(canvas);
			pin_draw(&view, &env, vm, &pane);
			for (int y = 0; y < sizes[s].rows; y++)
				for (int x = 0; x < sizes[s].cols; x++)
					reversed += (canvas_at(canvas, y, x)->flags & CELL_REVERSE) != 0;
			if (sizes[s].rows > 8)
				cr_expect_eq(reversed, 1u, "%d x %d, cursor %zu: %u", sizes[s].cols,
					sizes[s].rows, c, reversed);
		}
		canvas_free(canvas);
	}
	pin_map_done(&view.map);
	keys_free((struct keys *)(uintptr_t)env.keys);
	config_free(config);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
}

/* Four vCPUs on two CPUs, of which another guest has one, too. */
Test(pin_map, marks_conflicts)
{
	struct host_facts *facts = facts_of(8, 4);
	struct vm vms[] = { snaps_vm("other", 2), snaps_vm("web", 1) };
	struct vm_facts *other = vm_facts_new();
	struct vm_pins *pins = pins_of(4, "0-1", "0-1");
	struct snaps_part part = { .host = snaps_host(0, "kvm0"), .vms = vms, .nvms = 2 };
	struct config *config = snaps_config();
	struct env env = { .config = config,
		.row = { .config = config, .now_us = SNAPS_NOW_US, .ascii = true } };
	struct canvas *canvas = canvas_new(22, 80, true);
	struct pane pane = pane_whole(canvas);
	struct pin_view view = { 0 };
	const struct vm *web;

	other->pinned = true;
	other->cpuset = g_strdup("1");
	vms[0].facts = other;
	part.host.facts = facts;
	part.host.pins = pins;
	part.host.listed = true;
	env.snap = snaps_fleet(&part, 1);
	env.keys = keys_new(config, false, NULL);
	web = &env.snap->hosts[0]->vms[1];
	pin_map_init(&view.map);
	pin_map_take(&view.map, web);
	view.map.column = 1;
	pin_draw(&view, &env, web, &pane);

	g_autofree char *text = canvas_text(canvas);
	static const char *const parts[] = { " other VMs   .1 ..  .. ..", " overbooked  !!",
		" vCPU 0      #% ..  .. ..", "CPU 1, cell 0 with CPU 0 | 4 pinned vCPUs | other VMs: other" };

	for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
		cr_expect(strstr(text, parts[i]), "'%s' is not in\n%s", parts[i], text);
	pin_map_done(&view.map);
	keys_free((struct keys *)(uintptr_t)env.keys);
	canvas_free(canvas);
	config_free(config);
	fleet_snap_unref(env.snap);
	vm_pins_unref(pins);
	vm_facts_unref(other);
	host_facts_unref(facts);
}
