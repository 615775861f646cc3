#include "views/rows.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct config *config;
static struct row_ctx ctx;

static void
setup(void)
{
	config = snaps_config();
	ctx = (struct row_ctx){ .config = config, .now_us = SNAPS_NOW_US };
}

static void
teardown(void)
{
	config_free(config);
}

TestSuite(rows, .init = setup, .fini = teardown);

/* The names of the rows, joined. */
static void
expect_names(const struct rows *rows, const char *expected)
{
	GString *names = g_string_new(NULL);

	for (size_t i = 0; i < rows_count(rows); i++)
		g_string_append_printf(
			names, "%s%s", i ? " " : "", ((const struct vm *)rows_at(rows, i))->name);
	cr_expect_str_eq(names->str, expected, "%s", names->str);
	g_string_free(names, TRUE);
}

static struct rows_query
query_by(const char *column, bool descending)
{
	return (struct rows_query){ .scope = -1,
		.sort = { { column ? column_by_name(&vm_rows, column) : NULL, descending } } };
}

Test(rows, natural_order)
{
	static const char *const sorted[] = { "", "a", "A1", "a2", "a02b", "a10", "a10b", "b", "vm-9",
		"vm-10", "vm-10a", "vm-11", "vm-100", "vm-999999999", "vm-1000000000", "z" };

	for (size_t i = 0; i < G_N_ELEMENTS(sorted); i++)
		for (size_t j = 0; j < G_N_ELEMENTS(sorted); j++) {
			int order = natural_compare(sorted[i], sorted[j]);

			cr_expect_eq((order > 0) - (order < 0), (i > j) - (i < j), "'%s' and '%s': %d",
				sorted[i], sorted[j], order);
		}
}

Test(rows, sorts_by_name_then_host)
{
	const struct vm one[] = { snaps_vm("b", 1), snaps_vm("vm10", 2), snaps_vm("vm9", 3) };
	const struct vm two[] = { snaps_vm("B", 4), snaps_vm("a", 5), snaps_vm("vm9", 6) };
	const struct snaps_part parts[] = { { .host = snaps_host(0, "h0"), .vms = one, .nvms = 3 },
		{ .host = snaps_host(1, "h1"), .vms = two, .nvms = 3 } };
	const struct fleet_snap *snap = snaps_fleet(parts, 2);
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by(NULL, false);

	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "a B b vm9 vm9 vm10");
	cr_expect_eq(((const struct vm *)rows_at(rows, 3))->host->index, 0);
	cr_expect_eq(((const struct vm *)rows_at(rows, 4))->host->index, 1);
	query = query_by("name", true);
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "vm10 vm9 vm9 b B a");
	rows_free(rows);
	fleet_snap_unref(snap);
}

/* Unknown values come last both ways, and equal ones stay in the order of their names both ways. */
Test(rows, sorts_by_number)
{
	struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_vm("c", 3), snaps_vm("d", 4),
		snaps_vm("e", 5) };
	struct snaps_part part = { .host = snaps_host(0, "h0"), .vms = vms, .nvms = 5 };
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by("cpu", true);
	const struct fleet_snap *snap;

	snaps_set_vm(&vms[0], VM_CPU, 10);
	snaps_set_vm(&vms[1], VM_CPU, 90);
	snaps_unset_vm(&vms[2], VM_CPU);
	snaps_set_vm(&vms[3], VM_CPU, 10);
	snaps_set_vm(&vms[4], VM_CPU, 0);
	snap = snaps_fleet(&part, 1);
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "b a d e c");
	query = query_by("cpu", false);
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "e a d b c");
	rows_free(rows);
	fleet_snap_unref(snap);
}

Test(rows, sorts_by_text_with_unknown_last)
{
	struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_vm("c", 3) };
	struct snaps_part part = { .host = snaps_host(0, "h0"), .vms = vms, .nvms = 3 };
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by("tenant", false);
	const struct fleet_snap *snap;

	vms[0].facts = snaps_vm_facts("a-very-long-tenant-name-2");
	vms[2].facts = snaps_vm_facts("a-very-long-tenant-name-1");
	snap = snaps_fleet(&part, 1);
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "c a b");
	query.sort[0].descending = true;
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "a c b");
	vm_facts_unref(vms[0].facts);
	vm_facts_unref(vms[2].facts);
	rows_free(rows);
	fleet_snap_unref(snap);
}

Test(rows, filter_faults_and_scope)
{
	struct vm one[] = { snaps_vm("web-1", 1), snaps_vm("db-1", 2),
		snaps_idle_vm("web-2", 3, VM_STATE_CRASHED) };
	struct vm two[] = { snaps_vm("web-3", 4) };
	const struct snaps_part parts[] = { { .host = snaps_host(0, "h0"), .vms = one, .nvms = 3 },
		{ .host = snaps_host(1, "h1"), .vms = two, .nvms = 1 } };
	const struct fleet_snap *snap = snaps_fleet(parts, 2);
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by(NULL, false);

	query.filter = filter_new(&vm_rows, NULL, "web", QUERY_WHOLE, NULL, NULL);
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "web-1 web-2 web-3");
	cr_expect_eq(rows_total(rows), 4);
	query.scope = 0;
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "web-1 web-2");
	cr_expect_eq(rows_total(rows), 3);
	query.faults = true;
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "web-2");
	query.scope = 1;
	rows_update(rows, snap, &query, &ctx);
	expect_names(rows, "");
	filter_free(query.filter);
	rows_free(rows);
	fleet_snap_unref(snap);
}

Test(rows, finds_by_key)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	const struct snaps_part parts[] = { { .host = snaps_host(0, "h0"), .vms = vms, .nvms = 2 },
		{ .host = snaps_host(1, "h1"), .vms = vms, .nvms = 2 } };
	const struct fleet_snap *snap = snaps_fleet(parts, 2);
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by(NULL, false);
	struct row_key key;

	rows_update(rows, snap, &query, &ctx);
	key = vm_key(&snap->hosts[1]->vms[0]);
	cr_expect_eq(rows_find(rows, &key), 1);
	key.host = 2;
	cr_expect_eq(rows_find(rows, &key), rows_count(rows));
	rows_free(rows);
	fleet_snap_unref(snap);
}

/* ---- the shortcuts against plain sorting ---- */

#define HOSTS 7
#define MOST  40

struct world {
	struct vm vms[HOSTS][MOST];
	size_t nvms[HOSTS];
	const struct host_snap *hosts[HOSTS];
	char names[HOSTS * MOST * 4][24];
	unsigned next;
	GRand *rand;
};

static void
world_add(struct world *world, size_t host)
{
	static const char *const stems[] = { "vm-", "VM-", "x", "vm-000" };
	struct vm *vm = &world->vms[host][world->nvms[host]++];
	char *name = world->names[world->next];

	snprintf(name, sizeof(world->names[0]), "%s%d",
		stems[g_rand_int_range(world->rand, 0, G_N_ELEMENTS(stems))],
		g_rand_int_range(world->rand, 0, 120));
	*vm = snaps_vm(name, world->next++);
}

/* Its facts are other ones now, perhaps where the old ones were. */
static void
world_read_facts(struct world *world, struct vm *vm)
{
	static const char *const tenants[] = { "acme", "Bolt", "core", NULL };

	vm_facts_unref(vm->facts);
	vm->facts = snaps_vm_facts(tenants[g_rand_int_range(world->rand, 0, G_N_ELEMENTS(tenants))]);
}

/* Some guests come, some go, some get other numbers; the others' hosts stay the very same. */
static void
world_change(struct world *world, uint32_t i)
{
	struct host_snap host = snaps_host(i, "h");

	bool others = g_rand_boolean(world->rand);

	if (others && g_rand_boolean(world->rand) && world->nvms[i] < MOST &&
		world->next < G_N_ELEMENTS(world->names))
		world_add(world, i);
	if (others && g_rand_boolean(world->rand) && world->nvms[i] > 0) {
		size_t victim = (size_t)g_rand_int_range(world->rand, 0, (gint32)world->nvms[i]);

		vm_facts_unref(world->vms[i][victim].facts);
		world->vms[i][victim] = world->vms[i][--world->nvms[i]];
	}
	for (size_t j = 0; j < world->nvms[i]; j++) {
		snaps_set_vm(&world->vms[i][j], VM_CPU, g_rand_int_range(world->rand, 0, 5));
		if (g_rand_int_range(world->rand, 0, 30) == 0)
			world_read_facts(world, &world->vms[i][j]);
	}
	if (g_rand_int_range(world->rand, 0, 8) == 0)
		host.link = LINK_REFUSED;
	host.sampled_us += g_rand_int_range(world->rand, 0, 20) * INT64_C(1000000);
	if (world->hosts[i])
		host_snap_unref(world->hosts[i]);
	world->hosts[i] = host_snap_build(&host, world->vms[i], world->nvms[i]);
}

static const struct fleet_snap *
world_step(struct world *world)
{
	for (uint32_t i = 0; i < HOSTS; i++)
		if (!world->hosts[i] || g_rand_int_range(world->rand, 0, 3) == 0)
			world_change(world, i);
	return snaps_fleet_of(world->hosts, HOSTS);
}

static struct grouping groupings[3];

/* What is typed, letter by letter, so that most filters narrow the one before. */
static const char *const filters[] = { NULL, "v", "vm", "vm-", "vm-1", "vm-1 !unknown", "vm-1 !unknown core",
	"core", "!unknown", "running", "running 2", "cor", "co", "tenant=acme", "tenant=acme cpu>2",
	"name~1$", "name~1$ cpu<3", "acme or vm-1", "acme", "age>5s", "abcdef", "aaaaaa", "aaaaa" };

static void
world_type(struct world *world, struct rows_query *query, size_t *at)
{
	*at = g_rand_int_range(world->rand, 0, 4) == 0
		      ? (size_t)g_rand_int_range(world->rand, 0, G_N_ELEMENTS(filters))
		      : (*at + 1) % G_N_ELEMENTS(filters);
	filter_free(query->filter);
	query->filter =
		filters[*at] ? filter_new(&vm_rows, NULL, filters[*at], QUERY_WHOLE, NULL, NULL) : NULL;
}

static struct rows_query
world_query(struct world *world)
{
	static const char *const columns[] = { NULL, "name", "cpu", "state", "uuid", "tenant", "age",
		"host" };
	struct rows_query query = query_by(columns[g_rand_int_range(world->rand, 0, G_N_ELEMENTS(columns))],
		g_rand_boolean(world->rand));

	query.sort[1] = (struct sort_key){
		columns[g_rand_int_range(world->rand, 0, G_N_ELEMENTS(columns))]
			? column_by_name(
				  &vm_rows, columns[g_rand_int_range(world->rand, 1, G_N_ELEMENTS(columns))])
			: NULL,
		g_rand_boolean(world->rand)
	};
	query.grouping = g_rand_int_range(world->rand, 0, 3) == 0
				 ? &groupings[g_rand_int_range(world->rand, 0, G_N_ELEMENTS(groupings))]
				 : NULL;
	query.folding.all = g_rand_boolean(world->rand);
	query.faults = g_rand_int_range(world->rand, 0, 5) == 0;
	query.scope = g_rand_int_range(world->rand, 0, 4) == 0 ? 3 : -1;
	return query;
}

/* Whatever happened before, an update yields what one from nothing yields. */
Test(rows, taking_over_is_only_a_shortcut)
{
	struct world *world = g_new0(struct world, 1);
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by(NULL, false);
	size_t typed = 0;

	groupings[0] = (struct grouping){ .column = column_by_name(&vm_rows, "state") };
	groupings[2] = (struct grouping){ .column = column_by_name(&vm_rows, "tenant") };
	groupings[1] = (struct grouping){ .column = column_by_name(&vm_rows, "host"), .hosts = true };
	world->rand = g_rand_new_with_seed(20260810);
	for (unsigned i = 0; i < HOSTS * MOST / 2; i++)
		world_add(world, i % HOSTS);
	for (int step = 0; step < 1500; step++) {
		const struct fleet_snap *snap = world_step(world);
		struct rows *anew = rows_new(&vm_rows, NULL);

		if (step % 6 == 0) {
			filter_free(query.filter);
			query = world_query(world);
		} else if (step % 6 > 3) {
			world_type(world, &query, &typed);
		} else if (step % 6 == 3) {
			query.sort[1] = query.sort[0];
			query.sort[0] = (struct sort_key){ column_by_name(&vm_rows, "tenant"), step % 2 };
		}
		ctx.now_us += 500000; /* hosts go stale while nothing else happens */
		if (step % 60 == 0)
			ctx.now_us = SNAPS_NOW_US;
		rows_update(rows, snap, &query, &ctx);
		rows_update(anew, snap, &query, &ctx);
		cr_assert_eq(rows_count(rows), rows_count(anew), "step %d", step);
		cr_assert_eq(rows_total(rows), rows_total(anew), "step %d", step);
		cr_assert_eq(rows_matched(rows), rows_matched(anew), "step %d", step);
		for (size_t i = 0; i < rows_count(rows); i++) {
			struct row_key key = rows_key_at(rows, i), other = rows_key_at(anew, i);

			cr_assert_eq(rows_at(rows, i), rows_at(anew, i), "step %d, row %zu", step, i);
			cr_assert(row_key_equal(&key, &other), "step %d, row %zu", step, i);
		}
		rows_free(anew);
		fleet_snap_unref(snap);
	}
	filter_free(query.filter);
	rows_free(rows);
	for (size_t i = 0; i < HOSTS; i++) {
		host_snap_unref(world->hosts[i]);
		for (size_t j = 0; j < world->nvms[i]; j++)
			vm_facts_unref(world->vms[i][j].facts);
	}
	g_rand_free(world->rand);
	g_free(world);
}

/* Names that only differ beyond the extracted keys, in number or in case. */
Test(rows, order_agrees_with_natural_compare)
{
	enum { N = 400 };
	static const char *const stems[] = { "", "a", "customer-", "customer-production-web-", "0", "00",
		"12345678901", "A", "z-9-" };
	struct vm *vms = g_new(struct vm, N);
	char(*names)[64] = g_malloc(N * sizeof(*names));
	GRand *rand = g_rand_new_with_seed(7);
	struct snaps_part part = { .host = snaps_host(0, "h"), .vms = vms, .nvms = N };
	struct rows *rows = rows_new(&vm_rows, NULL);
	struct rows_query query = query_by(NULL, false);
	const struct fleet_snap *snap;

	for (unsigned i = 0; i < N; i++) {
		snprintf(names[i], sizeof(names[i]), "%s%d%s%d",
			stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))],
			g_rand_int_range(rand, 0, 2000),
			stems[g_rand_int_range(rand, 0, G_N_ELEMENTS(stems))], g_rand_int_range(rand, 0, 3));
		vms[i] = snaps_vm(names[i], i);
	}
	snap = snaps_fleet(&part, 1);
	rows_update(rows, snap, &query, &ctx);
	for (size_t i = 1; i < rows_count(rows); i++) {
		const char *before = ((const struct vm *)rows_at(rows, i - 1))->name;
		const char *after = ((const struct vm *)rows_at(rows, i))->name;

		cr_expect_leq(natural_compare(before, after), 0, "%s before %s", before, after);
	}
	rows_free(rows);
	fleet_snap_unref(snap);
	g_rand_free(rand);
	g_free(names);
	g_free(vms);
}

/* ---- totals of groups ---- */

static void
expect_total(struct rows *rows, const char *column, double wanted, bool whole)
{
	struct value value;
	bool got_whole =
		rows_total_of(rows, &ctx, rows_group_at(rows, 0), column_by_name(&vm_rows, column), &value);

	cr_assert_eq(value.type, VALUE_NUMBER, "%s", column);
	cr_expect_float_eq(value.number, wanted, 1e-9, "%s: %g", column, value.number);
	cr_expect_eq(got_whole, whole, "%s", column);
}

/* Sums and means are of what runs; Domain-0 is in none; a sum that lacks a part says so. */
Test(rows, groups_add_up)
{
	static const char *const names[] = { "vcpus", "cpu", "ready", "net", "state", "host", "tenant" };
	struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_idle_vm("c", 3, VM_STATE_OFF),
		snaps_vm("Domain-0", 4) };
	struct snaps_part part = { .host = snaps_host(0, "h0"), .vms = vms, .nvms = 4 };
	const struct grouping grouping = { .column = column_by_name(&vm_rows, "host"), .hosts = true };
	g_autoptr(GPtrArray) totals = g_ptr_array_new();
	struct rows_query query = query_by(NULL, false);
	struct rows *rows = rows_new(&vm_rows, NULL);
	const struct fleet_snap *snap;
	struct value value;

	for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
		g_ptr_array_add(totals, (gpointer)(uintptr_t)column_by_name(&vm_rows, names[i]));
	snaps_set_vm(&vms[0], VM_VCPUS, 6);
	snaps_set_vm(&vms[0], VM_CPU, 90);
	snaps_set_vm(&vms[1], VM_CPU, 10);
	snaps_set_vm(&vms[1], VM_READY, 7);
	snaps_unset_vm(&vms[1], VM_NET);
	vms[3].is_dom0 = true;
	snap = snaps_fleet(&part, 1);
	query.grouping = &grouping;
	query.totals = totals;
	rows_update(rows, snap, &query, &ctx);
	expect_total(rows, "vcpus", 8, true);
	expect_total(rows, "cpu", 70, true);
	expect_total(rows, "ready", 7, true);
	expect_total(rows, "net", 1000, false);
	rows_total_of(rows, &ctx, rows_group_at(rows, 0), column_by_name(&vm_rows, "host"), &value);
	cr_expect_str_eq(value.text, "h0");
	rows_total_of(rows, &ctx, rows_group_at(rows, 0), column_by_name(&vm_rows, "state"), &value);
	cr_expect_eq(value.type, VALUE_UNKNOWN, "states are not added up");
	cr_expect_eq(rows_group_at(rows, 0)->rows, 4);
	cr_expect_eq(rows_group_at(rows, 0)->counted, 3);
	cr_expect_eq(rows_group_at(rows, 0)->active, 2);
	cr_expect_eq(rows_parent(rows, 3), 0);
	rows_free(rows);
	fleet_snap_unref(snap);
}

Test(rows, sort_is_parsed)
{
	static const struct {
		const char *text, *first, *second;
		bool down, second_down;
	} good[] = {
		{ "cpu", "cpu", NULL, true, false },
		{ "name", "name", NULL, false, false },
		{ "cpu up", "cpu", NULL, false, false },
		{ "+cpu,-name", "cpu", "name", false, true },
		{ " mem , name down", "mem", "name", true, true },
	};
	static const char *const bad[] = { "", "speed", "cpu sideways", "cpu,mem,net", "cpu,," };

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
		struct sort_key keys[SORT_KEYS];

		cr_assert(sort_parse(&vm_rows, good[i].text, keys, NULL), "%s", good[i].text);
		cr_expect_eq(keys[0].column, column_by_name(&vm_rows, good[i].first));
		cr_expect_eq(keys[0].descending, good[i].down, "%s", good[i].text);
		cr_expect_eq(
			keys[1].column, good[i].second ? column_by_name(&vm_rows, good[i].second) : NULL);
		cr_expect(!good[i].second || keys[1].descending == good[i].second_down, "%s", good[i].text);
	}
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) error = NULL;
		struct sort_key keys[SORT_KEYS] = { { &vm_rows.columns[1], true } };

		cr_expect_not(sort_parse(&vm_rows, bad[i], keys, &error), "%s", bad[i]);
		cr_expect(error != NULL, "%s", bad[i]);
		cr_expect_eq(keys[0].column, &vm_rows.columns[1], "%s is left alone", bad[i]);
	}
}
