#include "views/density.h"
#include "views/totals.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>

#define GIB (1024.0 * 1024 * 1024)

static struct config *config;
static struct row_ctx ctx;

static void
setup(void)
{
	config = snaps_config();
	ctx = (struct row_ctx){ .config = config, .now_us = SNAPS_NOW_US, .size = { 2, 4 * GIB } };
}

static void
teardown(void)
{
	config_free(config);
}

TestSuite(totals, .init = setup, .fini = teardown);

Test(totals, of_nothing)
{
	const struct fleet_snap *snap = snaps_fleet(NULL, 0);
	struct fleet_totals totals;

	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.all.hosts, 0);
	cr_expect_eq(totals.oldest_us, -1);
	cr_expect_lt(sum_pct(&totals.cores_used, &totals.pcpus), 0);
	cr_expect_lt(totals_vcpu_ratio(&totals), 0);
	cr_expect_eq(density_size(snap, SNAPS_NOW_US).vcpus, 0);
	fleet_snap_unref(snap);
}

Test(totals, by_hypervisor_and_state)
{
	struct vm kvm[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_idle_vm("c", 3, VM_STATE_OFF),
		snaps_idle_vm("d", 4, VM_STATE_CRASHED) };
	struct vm xen[] = { snaps_vm("Domain-0", 5), snaps_vm("e", 6) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = kvm, .nvms = 4 },
		{ .host = snaps_host(1, "xen1"), .vms = xen, .nvms = 2 } };
	const struct fleet_snap *snap;
	struct fleet_totals totals;

	parts[0].host.facts = snaps_host_facts(HYPERVISOR_KVM);
	parts[1].host.facts = snaps_host_facts(HYPERVISOR_XEN);
	xen[0].is_dom0 = true;
	kvm[1].state = VM_STATE_IDLE;
	snap = snaps_fleet(parts, 2);
	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.all.hosts, 2);
	cr_expect_eq(totals.all.up, 2);
	cr_expect_eq(totals.all.guests.vms, 5, "Domain-0 is no guest");
	cr_expect_eq(totals.all.guests.running, 3, "idle is running");
	cr_expect_eq(totals.by_hypervisor[HYPERVISOR_KVM].guests.running, 2);
	cr_expect_eq(totals.by_hypervisor[HYPERVISOR_XEN].guests.vms, 1);
	cr_expect_eq(totals.all.guests.by_state[VM_STATE_OFF], 1);
	cr_expect_eq(totals.all.guests.by_state[VM_STATE_CRASHED], 1);
	cr_expect_float_eq(totals.pcpus.value, 64, 1e-9);
	cr_expect_float_eq(sum_pct(&totals.cores_used, &totals.pcpus), 25, 1e-9);
	cr_expect_float_eq(sum_pct(&totals.mem_used, &totals.mem_total), 50, 1e-9);
	cr_expect_eq(totals.oldest_us, SNAPS_AGE_US);
	host_facts_unref(parts[0].host.facts);
	host_facts_unref(parts[1].host.facts);
	fleet_snap_unref(snap);
}

/* What a host that is gone held is counted as unknown, not as running and not as nothing. */
Test(totals, a_silent_host)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 2 },
		{ .host = snaps_host(1, "kvm2"), .vms = vms, .nvms = 2 } };
	const struct fleet_snap *snap;
	struct fleet_totals totals;

	parts[1].host.link = LINK_REFUSED;
	snap = snaps_fleet(parts, 2);
	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.all.up, 1);
	cr_expect_eq(totals.silent, 1);
	cr_expect_eq(totals.by_link[LINK_REFUSED], 1);
	cr_expect_eq(totals.all.guests.vms, 4);
	cr_expect_eq(totals.all.guests.unknown, 2);
	cr_expect_eq(totals.all.guests.running, 2);
	cr_expect_float_eq(totals.pcpus.value, 32, 1e-9);
	cr_expect_eq(totals.pcpus.covered, 1);
	fleet_snap_unref(snap);
}

/* Shares are of those whose both parts are known: a host that just came up has no CPU use yet. */
Test(totals, shares_leave_out_what_is_known_by_half)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2) };
	struct vm young[] = { snaps_vm("c", 3) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 2 },
		{ .host = snaps_host(1, "kvm2"), .vms = young, .nvms = 1 } };
	const void *rows[3];
	const struct fleet_snap *snap;
	struct fleet_totals totals;
	struct vm_totals of_vms;

	parts[1].host.valid &= ~(UINT64_C(1) << HOST_CPU);
	snaps_unset_vm(&young[0], VM_CPU);
	snap = snaps_fleet(parts, 2);
	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.pcpus.covered, 1);
	cr_expect_float_eq(sum_pct(&totals.cores_used, &totals.pcpus), 25, 1e-9);
	cr_expect_float_eq(totals_vcpu_ratio(&totals), 6.0 / 64, 1e-9);
	for (size_t i = 0; i < 3; i++)
		rows[i] = i < 2 ? &snap->hosts[0]->vms[i] : &snap->hosts[1]->vms[0];
	totals_vms(rows, 3, &ctx, &of_vms);
	cr_expect_float_eq(of_vms.vcpus.value, 6, 1e-9);
	cr_expect_float_eq(sum_pct(&of_vms.cores_used, &of_vms.cpu_vcpus), 50, 1e-9);
	fleet_snap_unref(snap);
}

Test(totals, a_migrating_guest_counts_once)
{
	struct vm source[] = { snaps_vm("moving", 1), snaps_vm("clone", 2) };
	struct vm target[] = { snaps_idle_vm("moving", 1, VM_STATE_PAUSED), snaps_vm("clone", 2),
		snaps_idle_vm("resting", 3, VM_STATE_PAUSED) };
	const struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = source, .nvms = 2 },
		{ .host = snaps_host(1, "kvm2"), .vms = target, .nvms = 3 } };
	const struct fleet_snap *snap = snaps_fleet(parts, 2);
	struct fleet_totals totals;

	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.all.guests.vms, 4, "%u", totals.all.guests.vms);
	cr_expect_eq(totals.all.guests.running, 3, "two running guests of one uuid are two guests");
	cr_expect_eq(totals.all.guests.by_state[VM_STATE_PAUSED], 1);
	fleet_snap_unref(snap);
}

/* … also in a table, as long as both halves are in it. */
Test(totals, a_migrating_guest_counts_once_in_a_table)
{
	const struct vm source[] = { snaps_vm("moving", 1) };
	const struct vm target[] = { snaps_idle_vm("moving", 1, VM_STATE_PAUSED) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = source, .nvms = 1 },
		{ .host = snaps_host(1, "kvm2"), .vms = target, .nvms = 1 } };
	const struct fleet_snap *snap = snaps_fleet(parts, 2);
	const void *rows[] = { &snap->hosts[1]->vms[0], &snap->hosts[0]->vms[0] };
	struct vm_totals of_vms;

	totals_vms(rows, 2, &ctx, &of_vms);
	cr_expect_eq(of_vms.guests.vms, 1);
	cr_expect_eq(of_vms.guests.running, 1);
	totals_vms(rows, 1, &ctx, &of_vms);
	cr_expect_eq(of_vms.guests.vms, 1);
	cr_expect_eq(of_vms.guests.by_state[VM_STATE_PAUSED], 1);
	fleet_snap_unref(snap);
}

/* The target is lost under the move: its paused half is still the guest that runs, and none that nobody knows of. */
Test(totals, a_migrating_guest_counts_once_when_its_target_is_lost)
{
	const struct vm source[] = { snaps_vm("moving", 1) };
	const struct vm target[] = { snaps_idle_vm("moving", 1, VM_STATE_PAUSED),
		snaps_idle_vm("resting", 3, VM_STATE_PAUSED) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = source, .nvms = 1 },
		{ .host = snaps_host(1, "kvm2"), .vms = target, .nvms = 2 } };
	const struct fleet_snap *snap;
	struct fleet_totals totals;
	struct vm_totals of_all, of_rows;

	parts[1].host.link = LINK_DOWN;
	snap = snaps_fleet(parts, 2);
	const void *rows[] = { &snap->hosts[0]->vms[0], &snap->hosts[1]->vms[0], &snap->hosts[1]->vms[1] };
	totals_fleet(snap, &ctx, &totals);
	cr_expect_eq(totals.all.guests.vms, 2, "%u", totals.all.guests.vms);
	cr_expect_eq(totals.all.guests.running, 1);
	cr_expect_eq(totals.all.guests.unknown, 1, "%u", totals.all.guests.unknown);
	totals_all_vms(snap, &ctx, &of_all);
	cr_expect_eq(of_all.guests.vms, 2, "%u", of_all.guests.vms);
	totals_vms(rows, 3, &ctx, &of_rows);
	cr_expect_eq(of_rows.guests.vms, 2, "%u", of_rows.guests.vms);
	fleet_snap_unref(snap);
}

static const char *
site_of(const struct host_snap *host)
{
	return host->config ? host->config->site : NULL;
}

Test(totals, by_site)
{
	struct host_static here = { .site = (char[]){ "dc2" } }, there = { .site = (char[]){ "dc10" } };
	const struct vm source[] = { snaps_vm("moving", 1), snaps_vm("a", 2) };
	const struct vm target[] = { snaps_idle_vm("moving", 1, VM_STATE_PAUSED) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "h1") },
		{ .host = snaps_host(1, "h2"), .vms = target, .nvms = 1 },
		{ .host = snaps_host(2, "h3"), .vms = source, .nvms = 2 } };
	const struct fleet_snap *snap;
	g_autoptr(GArray) sites = NULL;
	const struct part_totals *site;

	parts[1].host.config = &there;
	parts[2].host.config = &here;
	snap = snaps_fleet(parts, 3);
	sites = totals_by(snap, &ctx, site_of);
	cr_assert_eq(sites->len, 3);
	site = &g_array_index(sites, struct part_totals, 0);
	cr_expect_str_eq(site[0].name, "dc2", "2 comes before 10");
	cr_expect_eq(site[0].totals.all.guests.running, 2);
	cr_expect_str_eq(site[1].name, "dc10");
	cr_expect_eq(site[1].totals.all.guests.vms, 0, "it is not there yet");
	cr_expect_null(site[2].name);
	cr_expect_eq(site[2].totals.all.hosts, 1);
	fleet_snap_unref(snap);
}

Test(totals, median_size)
{
	static const double vcpus[] = { 1, 8, 2, 4, 2, 16, 2 };
	struct vm vms[G_N_ELEMENTS(vcpus) + 1];
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = G_N_ELEMENTS(vms) };
	const struct fleet_snap *snap;
	struct vm_size size;

	for (unsigned i = 0; i < G_N_ELEMENTS(vcpus); i++) {
		vms[i] = snaps_vm("x", i);
		snaps_set_vm(&vms[i], VM_VCPUS, vcpus[i]);
		snaps_set_vm(&vms[i], VM_MEM, vcpus[i] * GIB);
	}
	vms[G_N_ELEMENTS(vcpus)] = snaps_idle_vm("off", 99, VM_STATE_OFF);
	snap = snaps_fleet(&part, 1);
	size = density_size(snap, SNAPS_NOW_US);
	cr_expect_float_eq(size.vcpus, 2, 1e-9);
	cr_expect_float_eq(size.mem_bytes, 2 * GIB, 1);
	fleet_snap_unref(snap);
}

static const struct host_snap *
host_with(double pcpus, double vcpus, double total, double promised)
{
	struct host_snap host = snaps_host(0, "h");

	host.listed = false; /* the sums stay as given */
	snaps_set_host(&host, HOST_PCPUS, pcpus);
	snaps_set_host(&host, HOST_VCPUS, vcpus);
	snaps_set_host(&host, HOST_MEM_TOTAL, total * GIB);
	snaps_set_host(&host, HOST_MEM_PROMISED, promised * GIB);
	return host_snap_build(&host, NULL, 0);
}

/* The config's cap is 4 vCPUs per physical CPU. */
Test(totals, headroom)
{
	static const struct {
		double pcpus, vcpus, total, promised, fit;
	} cases[] = {
		{ 32, 0, 128, 0, 32 },   /* by memory: 128 / 4 */
		{ 32, 0, 1024, 0, 64 },  /* by CPU: 32 * 4 / 2 */
		{ 32, 127, 1024, 0, 0 }, /* half a guest is none */
		{ 32, 200, 1024, 0, 0 }, /* over the cap is not less than none */
		{ 32, 0, 128, 130, 0 },  /* overcommitted */
	};

	cr_assert_eq(config->vcpu_cap_pct, 400);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct host_snap *host =
			host_with(cases[i].pcpus, cases[i].vcpus, cases[i].total, cases[i].promised);

		cr_expect_float_eq(headroom_host(host, config, &ctx.size), cases[i].fit, 1e-9, "case %zu", i);
		cr_expect_lt(headroom_host(host, config, &(struct vm_size){ 0 }), 0);
		host_snap_unref(host);
	}
}

Test(totals, of_guests)
{
	const struct vm vms[] = { snaps_vm("a", 1), snaps_vm("b", 2), snaps_idle_vm("c", 3, VM_STATE_OFF) };
	const struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 };
	const struct fleet_snap *snap = snaps_fleet(&part, 1);
	const void *rows[] = { &snap->hosts[0]->vms[0], &snap->hosts[0]->vms[1], &snap->hosts[0]->vms[2] };
	struct vm_totals totals;

	totals_vms(rows, 3, &ctx, &totals);
	cr_expect_eq(totals.guests.vms, 3);
	cr_expect_eq(totals.guests.running, 2);
	cr_expect_float_eq(totals.vcpus.value, 4, 1e-9);
	cr_expect_float_eq(totals.cores_used.value, 2, 1e-9);
	cr_expect_float_eq(totals.mem.value, 8 * GIB, 1);
	cr_expect_eq(totals.net.covered, 2);
	fleet_snap_unref(snap);
}
