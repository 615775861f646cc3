#include "views/groups.h"

#include "tests/support/snaps.h"
#include "views/rows.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define GIB (1024.0 * 1024 * 1024)

static struct config *config;
static struct row_ctx ctx;
static struct groups groups;
static struct rows *rows;

static void
setup(void)
{
	config = snaps_config();
	ctx = (struct row_ctx){ .config = config, .now_us = SNAPS_NOW_US };
	rows = rows_new(&group_rows, &groups);
}

static void
teardown(void)
{
	rows_free(rows);
	groups_done(&groups);
	config_free(config);
}

TestSuite(groups, .init = setup, .fini = teardown);

/* The rows of SNAP by name, whose reference is taken. */
static void
gather(const struct fleet_snap *snap)
{
	struct rows_query query = { .scope = -1,
		.sort = { { .column = column_by_name(&group_rows, "name") } } };

	rows_update(rows, snap, &query, &ctx);
	fleet_snap_unref(snap);
}

static const struct group *
group_named(const char *name)
{
	for (size_t i = 0; i < rows_count(rows); i++) {
		const struct group *group = rows_at(rows, i);

		if (g_strcmp0(group->name, name) == 0)
			return group;
	}
	cr_assert_fail("no group %s", name ? name : "without a name");
	return NULL;
}

/* What the table says of the group called NAME. */
static void
expect_cell(const char *name, const char *column, const char *text)
{
	struct cell cell;

	column_cell(column_by_name(&group_rows, column), &ctx, group_named(name), &cell);
	cr_expect_str_eq(
		cell.text, text, "%s, %s: '%s' is not '%s'", name ? name : "-", column, cell.text, text);
}

/* The names of all rows in their order: "acme bolt -". */
static void
expect_names(const char *names)
{
	g_autoptr(GString) found = g_string_new(NULL);

	for (size_t i = 0; i < rows_count(rows); i++) {
		const struct group *group = rows_at(rows, i);

		g_string_append_printf(found, "%s%s", i ? " " : "", group->name ? group->name : "-");
	}
	cr_expect_str_eq(found->str, names);
}

/* Two hosts: kvm1 with Domain-0-like company, xen1. Facts are the caller's to unref. */
struct fleet {
	const struct vm_facts *acme, *bolt;
	struct vm a[4], b[3];
	struct host_static kvm, xen;
	struct snaps_part parts[2];
};

static char *kvm_tags[] = { (char *)(uintptr_t) "prod", (char *)(uintptr_t) "ssd", NULL };
static char *no_tags[] = { NULL };

static void
fleet_init(struct fleet *fleet)
{
	*fleet = (struct fleet){
		.acme = snaps_vm_facts("acme"),
		.bolt = snaps_vm_facts("bolt"),
		.a = { snaps_vm("a1", 1), snaps_vm("a2", 2), snaps_idle_vm("a3", 3, VM_STATE_OFF),
			snaps_idle_vm("a4", 4, VM_STATE_CRASHED) },
		.b = { snaps_vm("Domain-0", 5), snaps_vm("b1", 6), snaps_vm("b2", 7) },
		.kvm = { .site = (char *)(uintptr_t) "dc1", .tags = kvm_tags },
		.xen = { .tags = no_tags, .labels = g_hash_table_new(g_str_hash, g_str_equal) },
	};
	g_hash_table_insert(fleet->xen.labels, (gpointer)(uintptr_t) "rack", (gpointer)(uintptr_t) "b7");
	fleet->b[0].is_dom0 = true;
	fleet->a[0].facts = fleet->a[2].facts = fleet->a[3].facts = fleet->b[1].facts = fleet->acme;
	fleet->a[1].facts = fleet->bolt;
	snaps_set_vm(&fleet->b[1], VM_READY, 12);
	snaps_unset_vm(&fleet->b[1], VM_DISK);
	fleet->parts[0] = (struct snaps_part){ snaps_host(0, "kvm1"), fleet->a, 4 };
	fleet->parts[1] = (struct snaps_part){ snaps_host(1, "xen1"), fleet->b, 3 };
	fleet->parts[0].host.config = &fleet->kvm;
	fleet->parts[1].host.config = &fleet->xen;
	fleet->parts[0].host.facts = snaps_host_facts(HYPERVISOR_KVM);
	fleet->parts[1].host.facts = snaps_host_facts(HYPERVISOR_XEN);
}

static void
fleet_done(struct fleet *fleet)
{
	vm_facts_unref(fleet->acme);
	vm_facts_unref(fleet->bolt);
	host_facts_unref(fleet->parts[0].host.facts);
	host_facts_unref(fleet->parts[1].host.facts);
	g_hash_table_unref(fleet->xen.labels);
}

Test(groups, by_tenant)
{
	struct fleet fleet;

	fleet_init(&fleet);
	gather(snaps_fleet(fleet.parts, 2));
	expect_names("acme bolt -");
	expect_cell("acme", "vms", "2/4");
	expect_cell("acme", "off", "1");
	expect_cell("acme", "crashed", "1");
	expect_cell("acme", "hosts", "2");
	expect_cell("acme", "vcpus", "4 ");
	expect_cell("acme", "cores", "2.0 ");
	expect_cell("acme", "cpu", "50%");
	expect_cell("acme", "cpu-share", "50%");
	expect_cell("acme", "mem", "8.0G ");
	expect_cell("acme", "mem-share", "50%");
	expect_cell("acme", "vms-share", "67%");
	expect_cell("acme", "net", "2.0K ");
	expect_cell("acme", "ready", "12%");
	expect_cell("acme", "ready-vm", "b1");
	expect_cell("acme", "by", "tenant");
	expect_cell("bolt", "vms", "1/1");
	expect_cell("bolt", "crashed", "0");
	expect_cell(NULL, "vms", "1/1");
	expect_cell(NULL, "name", "-");
	cr_expect_eq(groups_totals(&groups)->all.totals.guests.vms, 6, "Domain-0 is in no group");
	cr_expect_eq(groups_totals(&groups)->nameless, 1);
	cr_expect_eq(groups_totals(&groups)->unread, 1);
	fleet_done(&fleet);
}

/* A sum that some guests don't tell is at least so much; one that none tells is not known, and of nothing it is 0. */
Test(groups, sums_say_what_they_cover)
{
	struct fleet fleet;

	fleet_init(&fleet);
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("acme", "disk", "2.0K+");
	expect_cell("acme", "mem-used", "- ");
	expect_cell("acme", "partial", "disk");
	expect_cell("bolt", "disk", "2.0K ");
	expect_cell("bolt", "partial", "-");
	fleet.a[1].state = VM_STATE_OFF;
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("bolt", "vms", "0/1");
	expect_cell("bolt", "net", "0 ");
	expect_cell("bolt", "cpu", "-");
	fleet_done(&fleet);
}

Test(groups, silent_hosts)
{
	char why[160];
	struct fleet fleet;

	fleet_init(&fleet);
	fleet.parts[0].host.link = LINK_REFUSED;
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("acme", "vms", "1/4");
	expect_cell("acme", "unknown", "3");
	expect_cell("acme", "off", "0");
	expect_cell("acme", "mem", "4.0G+");
	expect_cell("bolt", "vms", "?/1");
	expect_cell("bolt", "mem", "- ");
	expect_cell("bolt", "crashed", "-");
	cr_expect_eq(group_rows.fault(&ctx, group_named("bolt"), why, sizeof(why)), SEVERITY_WARN);
	cr_expect_str_eq(why, "1 VM unknown: hosts do not answer");
	fleet_done(&fleet);
}

Test(groups, faults)
{
	char why[160];
	struct fleet fleet;

	fleet_init(&fleet);
	gather(snaps_fleet(fleet.parts, 2));
	cr_expect_eq(group_rows.fault(&ctx, group_named("acme"), why, sizeof(why)), SEVERITY_BAD);
	cr_expect_str_eq(why, "1 VM crashed");
	cr_expect_eq(group_rows.fault(&ctx, group_named("bolt"), NULL, 0), SEVERITY_NONE);
	fleet.a[3].state = VM_STATE_OFF;
	gather(snaps_fleet(fleet.parts, 2));
	cr_expect_eq(group_rows.fault(&ctx, group_named("acme"), why, sizeof(why)), SEVERITY_WARN);
	cr_expect_str_eq(why, "b1 waits for a CPU 12% of the time");
	fleet_done(&fleet);
}

/* One that is being migrated is on two hosts, and is one guest. */
Test(groups, migrating_guests_count_once)
{
	struct fleet fleet;

	fleet_init(&fleet);
	fleet.b[2] = fleet.a[0];
	fleet.b[2].state = VM_STATE_PAUSED;
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("acme", "vms", "2/4");
	expect_names("acme bolt");
	fleet_done(&fleet);
}

static const struct {
	const char *by, *names;
} dimensions[] = {
	{ "tenant", "acme bolt -" },
	{ "site", "dc1 -" },
	{ "tag", "prod ssd -" },
	{ "hypervisor", "kvm xen" },
	{ "os", "hvm -" },
	{ "type", "KVM -" },
	{ "state", "crashed off running" },
	{ "host", "kvm1 xen1" },
	{ "label rack", "b7 -" },
	{ "label row", "-" },
};

Test(groups, by_anything)
{
	struct fleet fleet;

	fleet_init(&fleet);
	for (size_t i = 0; i < G_N_ELEMENTS(dimensions); i++) {
		g_autofree char *by = NULL;

		cr_assert(groups_choose(&groups, dimensions[i].by, NULL));
		gather(snaps_fleet(fleet.parts, 2));
		expect_names(dimensions[i].names);
		by = groups_by_name(&groups);
		cr_expect_str_eq(by, dimensions[i].by);
		cr_expect_eq(groups_totals(&groups)->all.totals.guests.vms, 6, "%s", by);
	}
	fleet_done(&fleet);
}

Test(groups, a_guest_counts_in_each_tag)
{
	struct fleet fleet;

	fleet_init(&fleet);
	cr_assert(groups_choose(&groups, "tag", NULL));
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("prod", "vms", "2/4");
	expect_cell("ssd", "vms", "2/4");
	expect_cell(NULL, "vms", "2/2");
	expect_cell("ssd", "mem-share", "50%");
	fleet_done(&fleet);
}

Test(groups, what_can_be_chosen)
{
	static const char *const wrong[] = { "customer", "", "label", "tenant x", "labels rack" };
	const struct fleet_snap *snap;
	g_auto(GStrv) choices = NULL;
	g_autofree char *all = NULL;
	struct fleet fleet;

	fleet_init(&fleet);
	snap = snaps_fleet(fleet.parts, 2);
	choices = groups_choices(snap);
	all = g_strjoinv(",", choices);
	cr_expect_str_eq(all, "tenant,site,tag,hypervisor,os,type,state,host,label rack");
	for (size_t i = 0; choices[i]; i++)
		cr_expect(groups_choose(&groups, choices[i], NULL), "%s", choices[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_not(groups_choose(&groups, wrong[i], &error), "%s", wrong[i]);
		cr_expect(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_expect(strstr(error->message, "allowed are: tenant, site, tag, "), "%s", error->message);
		cr_expect_eq(groups.by, GROUP_BY_LABEL, "the choice stays");
	}
	fleet_snap_unref(snap);
	fleet_done(&fleet);
}

/* Guests come, go, and change hands between two snapshots; groups keep their identity. */
Test(groups, follow_their_guests)
{
	struct row_key acme;
	struct fleet fleet;

	fleet_init(&fleet);
	gather(snaps_fleet(fleet.parts, 2));
	acme = group_named("acme")->key;
	cr_expect_eq(acme.host, UINT32_MAX);
	cr_expect_not(row_key_equal(&acme, &group_named("bolt")->key));

	fleet.a[0].facts = fleet.bolt;
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("acme", "vms", "1/3");
	expect_cell("bolt", "vms", "2/2");

	fleet.parts[0].vms++;
	fleet.parts[0].nvms--;
	gather(snaps_fleet(fleet.parts, 2));
	expect_cell("bolt", "vms", "1/1");

	fleet.b[1].facts = fleet.a[2].facts = fleet.a[3].facts = fleet.bolt;
	gather(snaps_fleet(fleet.parts, 2));
	expect_names("bolt -");

	fleet.b[2].facts = fleet.acme;
	gather(snaps_fleet(fleet.parts, 2));
	expect_names("acme bolt");
	cr_expect(row_key_equal(&acme, &group_named("acme")->key), "it came back as another one");
	fleet_done(&fleet);
}

/* The memory of facts that are gone is used again, for others: those are not the same because they are in the same place. */
Test(groups, forget_what_guests_had_that_are_gone)
{
	struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct snaps_part part = { snaps_host(0, "kvm1"), vms, 2 };

	for (int round = 0; round < 2; round++) {
		struct vm_facts *facts = (struct vm_facts *)(uintptr_t)snaps_vm_facts("acme");

		vms[1].facts = facts;
		gather(snaps_fleet(&part, 1));
		expect_names("acme -");
		if (round == 0)
			part.nvms = 1; /* it is undefined … */
		else
			vms[1].is_dom0 = true; /* … or not counted */
		gather(snaps_fleet(&part, 1));
		expect_names("-");

		g_free(facts->tenant);
		facts->tenant = g_strdup("bolt");
		part.nvms = 2;
		vms[1].is_dom0 = false;
		gather(snaps_fleet(&part, 1));
		expect_names("bolt -");
		vm_facts_unref(facts);
	}
}

/* Tenants that are gone must not fill the memory, and what is left is right. */
Test(groups, forget_those_that_are_gone)
{
	struct vm vms[60];
	char tenant[16];

	for (unsigned round = 0; round < 10; round++) {
		struct snaps_part part = { snaps_host(0, "kvm1"), vms, round % 2 ? 1 : G_N_ELEMENTS(vms) };

		for (unsigned i = 0; i < G_N_ELEMENTS(vms); i++) {
			snprintf(tenant, sizeof(tenant), "t%u-%02u", round, i);
			vms[i] = snaps_vm("web", i);
			vms[i].facts = snaps_vm_facts(tenant);
		}
		gather(snaps_fleet(&part, 1));
		cr_expect_eq(rows_count(rows), part.nvms);
		snprintf(tenant, sizeof(tenant), "t%u-00", round);
		expect_cell(tenant, "vms", "1/1");
		for (unsigned i = 0; i < G_N_ELEMENTS(vms); i++)
			vm_facts_unref(vms[i].facts);
	}
}

/* What did not change is not counted again, and a host that falls silent without a new snapshot is noticed. */
Test(groups, are_counted_when_there_is_something_new)
{
	const struct fleet_snap *snap;
	struct fleet fleet;
	uint64_t roster;

	fleet_init(&fleet);
	snap = snaps_fleet(fleet.parts, 2);
	gather(fleet_snap_ref(snap));
	roster = groups_roster(&groups);
	gather(fleet_snap_ref(snap));
	cr_expect_eq(groups_roster(&groups), roster);
	ctx.now_us += 60 * INT64_C(1000000);
	gather(snap);
	expect_cell("acme", "vms", "?/4");
	cr_expect_eq(groups_roster(&groups), roster, "they are the same groups");
	fleet_done(&fleet);
}

static const struct {
	const char *by, *name, *query;
} queries[] = {
	{ "tenant", "acme", "tenant=\"acme\"" },
	{ "tenant", NULL, "tenant=-" },
	{ "tag", "ssd", "tag=\"ssd\"" },
	{ "hypervisor", "xen", "hv=\"xen\"" },
	{ "label rack", "b7", "label.rack=\"b7\"" },
};

Test(groups, as_queries)
{
	struct fleet fleet;

	fleet_init(&fleet);
	for (size_t i = 0; i < G_N_ELEMENTS(queries); i++) {
		g_autoptr(GString) query = g_string_new(NULL);
		const struct group *group;

		cr_assert(groups_choose(&groups, queries[i].by, NULL));
		gather(snaps_fleet(fleet.parts, 2));
		group = group_named(queries[i].name);
		cr_expect_eq(groups_find(&groups, &group->key), group);
		group_query(group, query);
		cr_expect_str_eq(query->str, queries[i].query);
	}
	fleet_done(&fleet);
}

/* A group's query finds its guests, all of them, and no others – whatever its name looks like. */
Test(groups, queries_find_their_guests)
{
	static const char *const tenants[] = { "Acme \"Best\" Ltd", "a\\b", "x or y", "(z)", "*", "-", "ü=1",
		"!no" };
	struct vm vms[G_N_ELEMENTS(tenants) + 1];
	struct snaps_part part = { snaps_host(0, "kvm1"), vms, G_N_ELEMENTS(vms) };
	const struct fleet_snap *snap;

	for (size_t i = 0; i < G_N_ELEMENTS(vms); i++) {
		vms[i] = snaps_vm("web", (unsigned)i);
		vms[i].facts = snaps_vm_facts(i < G_N_ELEMENTS(tenants) ? tenants[i] : NULL);
	}
	snap = snaps_fleet(&part, 1);
	gather(fleet_snap_ref(snap));
	cr_assert_eq(rows_count(rows), G_N_ELEMENTS(vms));
	for (size_t i = 0; i < rows_count(rows); i++) {
		const struct group *group = rows_at(rows, i);
		g_autoptr(GString) query = g_string_new(NULL);
		g_autoptr(GError) error = NULL;
		struct filter *filter;

		group_query(group, query);
		filter = filter_new(&vm_rows, config, query->str, QUERY_WHOLE, NULL, &error);
		cr_assert(filter, "%s: %s", query->str, error ? error->message : "");
		for (size_t j = 0; j < snap->hosts[0]->nvms; j++) {
			const struct vm *vm = &snap->hosts[0]->vms[j];

			cr_expect_eq(filter_match(filter, &ctx, vm),
				g_strcmp0(vm->facts->tenant, group->name) == 0, "%s of %s", query->str,
				vm->facts->tenant ? vm->facts->tenant : "nobody");
		}
		filter_free(filter);
	}
	fleet_snap_unref(snap);
	for (size_t i = 0; i < G_N_ELEMENTS(vms); i++)
		vm_facts_unref(vms[i].facts);
}

/* ---- counting in parts ---- */

enum { CROWD_HOSTS = 5, CROWD_VMS = 12 };

struct crowd {
	struct vm vms[CROWD_HOSTS][CROWD_VMS];
	const struct host_snap *hosts[CROWD_HOSTS];
	GRand *rand;
};

/* Some hosts have other numbers, and some guests other facts, perhaps where the old ones were. */
static const struct fleet_snap *
crowd_step(struct crowd *crowd)
{
	static const char *const tenants[] = { "acme", "bolt", "core", "dune", NULL };

	for (uint32_t i = 0; i < CROWD_HOSTS; i++) {
		struct host_snap host = snaps_host(i, "h");

		if (crowd->hosts[i] && g_rand_int_range(crowd->rand, 0, 3))
			continue;
		for (unsigned j = 0; j < CROWD_VMS; j++) {
			struct vm *vm = &crowd->vms[i][j];
			const struct vm_facts *facts = vm->facts;

			if (facts && g_rand_int_range(crowd->rand, 0, 4) == 0)
				g_clear_pointer(&facts, vm_facts_unref);
			if (!facts && g_rand_boolean(crowd->rand))
				facts = snaps_vm_facts(
					tenants[g_rand_int_range(crowd->rand, 0, G_N_ELEMENTS(tenants))]);
			*vm = snaps_vm("vm", i * CROWD_VMS + j);
			vm->facts = facts;
			snaps_set_vm(vm, VM_READY, g_rand_int_range(crowd->rand, 0, 50));
			if (g_rand_int_range(crowd->rand, 0, 5) == 0)
				vm->state = VM_STATE_CRASHED;
		}
		if (g_rand_int_range(crowd->rand, 0, 6) == 0)
			host.link = LINK_REFUSED;
		g_clear_pointer(&crowd->hosts[i], host_snap_unref);
		crowd->hosts[i] = host_snap_build(&host, crowd->vms[i], CROWD_VMS);
	}
	return snaps_fleet_of(crowd->hosts, CROWD_HOSTS);
}

static void
expect_same_group(const struct group *group, const GPtrArray *all, int step)
{
	const struct group *other = NULL;

	for (guint i = 0; i < all->len; i++)
		if (row_key_equal(&((const struct group *)all->pdata[i])->key, &group->key))
			other = all->pdata[i];
	cr_assert(other, "step %d: %s", step, group->name);
	cr_assert_eq(memcmp(&group->totals.guests, &other->totals.guests, sizeof(group->totals.guests)), 0,
		"step %d: %s", step, group->name);
	cr_assert_float_eq(group->totals.mem.value, other->totals.mem.value, 1);
	cr_assert_eq(group->hosts, other->hosts);
	cr_assert_eq(group->crashed, other->crashed);
	cr_assert_eq(group->waiting, other->waiting, "step %d: %s", step, group->name);
}

/* Counted in parts, given up, taken up again: the groups are those that are counted from nothing. */
Test(groups, parts_make_a_whole)
{
	struct crowd *crowd = g_new0(struct crowd, 1);
	struct groups parts = { 0 };

	crowd->rand = g_rand_new_with_seed(3);
	for (int step = 0; step < 400; step++) {
		const struct fleet_snap *snap = crowd_step(crowd);
		g_autoptr(GPtrArray) some = g_ptr_array_new(), all = g_ptr_array_new();
		struct groups anew = { 0 };
		int turns = g_rand_int_range(crowd->rand, 0, 8);

		while (turns-- > 0 && !groups_prepare(&parts, snap, ctx.now_us, 15))
			;
		if (g_rand_int_range(crowd->rand, 0, 3)) {
			groups_gather(&parts, snap, &ctx, some);
			groups_gather(&anew, snap, &ctx, all);
			cr_assert_eq(some->len, all->len, "step %d", step);
			for (guint i = 0; i < some->len; i++)
				expect_same_group(some->pdata[i], all, step);
			cr_assert_eq(
				groups_totals(&parts)->unread, groups_totals(&anew)->unread, "step %d", step);
			cr_assert_eq(groups_totals(&parts)->nameless, groups_totals(&anew)->nameless,
				"step %d", step);
			groups_done(&anew);
		}
		fleet_snap_unref(snap);
	}
	groups_done(&parts);
	for (size_t i = 0; i < CROWD_HOSTS; i++) {
		host_snap_unref(crowd->hosts[i]);
		for (size_t j = 0; j < CROWD_VMS; j++)
			vm_facts_unref(crowd->vms[i][j].facts);
	}
	g_rand_free(crowd->rand);
	g_free(crowd);
}
