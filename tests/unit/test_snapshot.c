#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static struct vm
guest(const char *name, uint8_t id, enum vm_state state, double vcpus, double mem)
{
	return (struct vm){
		.name = name,
		.uuid = { id },
		.state = state,
		.valid = 1u << VM_VCPUS | 1u << VM_MEM,
		.value = { [VM_VCPUS] = vcpus, [VM_MEM] = mem },
	};
}

static struct host_snap
skeleton(void)
{
	return (struct host_snap){
		.index = 3,
		.name = "kvm1",
		.link = LINK_UP,
		.listed = true,
		.sampled_us = 100 * SECOND,
		.interval_us = 2 * SECOND,
		.slow_us = 2 * SECOND,
		.valid = 1u << HOST_PCPUS | 1u << HOST_MEM_TOTAL,
		.value = { [HOST_PCPUS] = 4, [HOST_MEM_TOTAL] = 1000 },
	};
}

Test(snapshot, sums_its_guests_and_leaves_domain_0_out)
{
	struct vm vms[] = {
		guest("web", 1, VM_STATE_RUNNING, 2, 300),
		guest("db", 2, VM_STATE_PAUSED, 4, 200),
		guest("old", 3, VM_STATE_OFF, 8, 400),
		guest("Domain-0", 0, VM_STATE_RUNNING, 4, 100),
	};
	struct host_snap base = skeleton();
	const struct host_snap *snap;

	vms[3].is_dom0 = true;
	snap = host_snap_build(&base, vms, G_N_ELEMENTS(vms));
	cr_assert_float_eq(snap->value[HOST_VMS], 3, 0);
	cr_assert_float_eq(snap->value[HOST_VMS_RUNNING], 1, 0);
	cr_assert_float_eq(snap->value[HOST_VCPUS], 6, 0, "running and paused guests hold their vCPUs");
	cr_assert_float_eq(snap->value[HOST_MEM_PROMISED], 500, 0);
	cr_assert_float_eq(snap->value[HOST_MEM_PROMISED_PCT], 50, 1e-9);
	cr_assert_float_eq(snap->value[HOST_VCPU_RATIO], 1.5, 1e-9);
	cr_assert(!HOST_HAS(snap, HOST_NET), "nobody told a rate: the sum is unknown, not 0");
	host_snap_unref(snap);
}

Test(snapshot, owns_its_strings_and_sorts_its_guests)
{
	char name[] = "zeta", why[] = "because";
	struct vm vms[] = { guest(name, 1, VM_STATE_RUNNING, 1, 1), guest("alpha", 2, VM_STATE_OFF, 1, 1) };
	struct host_snap base = skeleton();
	const struct host_snap *snap, *down;

	base.why = why;
	snap = host_snap_build(&base, vms, G_N_ELEMENTS(vms));
	memset(name, 'x', sizeof name - 1);
	memset(why, 'x', sizeof why - 1);
	cr_assert_str_eq(snap->vms[0].name, "alpha");
	cr_assert_str_eq(snap->vms[1].name, "zeta");
	cr_assert_str_eq(snap->why, "because");
	cr_assert_eq(snap->vms[0].host, snap);

	down = host_snap_with_link(snap, LINK_REFUSED, "connection refused", 5, 6);
	host_snap_unref(snap);
	cr_assert_str_eq(down->vms[1].name, "zeta", "the guests stay known, with their age");
	cr_assert_eq(down->vms[1].host, down);
	cr_assert_str_eq(down->why, "connection refused");
	cr_assert_eq(down->sampled_us, 100 * SECOND);
	host_snap_unref(down);
}

Test(snapshot, the_clock_makes_a_host_slow_and_then_stale)
{
	struct host_snap base = skeleton();
	const struct host_snap *snap = host_snap_build(&base, NULL, 0);
	static const struct {
		int64_t age_s;
		enum link_state link;
		bool fresh;
	} rows[] = {
		{ 0, LINK_UP, true },
		{ 3, LINK_UP, true },
		{ 5, LINK_SLOW, true },
		{ 9, LINK_STALE, false },
		{ 600, LINK_STALE, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		int64_t now = snap->sampled_us + rows[i].age_s * SECOND;

		cr_assert_eq(host_snap_link(snap, now), rows[i].link, "age %d", (int)rows[i].age_s);
		cr_assert_eq(host_snap_fresh(snap, now), rows[i].fresh, "age %d", (int)rows[i].age_s);
	}
	host_snap_unref(snap);

	base.warming = true;
	snap = host_snap_build(&base, NULL, 0);
	cr_assert_eq(host_snap_link(snap, snap->sampled_us + 60 * SECOND), LINK_SLOW,
		"a cold daemon is slow, not lost");
	host_snap_unref(snap);
}

Test(snapshot, what_was_asked_once_does_not_go_stale)
{
	struct host_snap base = skeleton();
	const struct host_snap *snap;

	base.once = true;
	snap = host_snap_build(&base, NULL, 0);
	cr_assert_eq(host_snap_link(snap, 1000 * SECOND), LINK_UP);
	cr_assert(host_snap_fresh(snap, 1000 * SECOND));
	host_snap_unref(snap);
}

Test(snapshot, a_guest_is_found_by_its_key)
{
	struct vm vms[] = { guest("same", 1, VM_STATE_RUNNING, 1, 1), guest("same", 2, VM_STATE_OFF, 1, 1) };
	struct host_snap base = skeleton();
	struct fleet_snap *fleet = g_malloc0(sizeof *fleet + sizeof fleet->hosts[0]);
	struct row_key key, gone;

	base.index = 0;
	fleet->refs = 1;
	fleet->nhosts = 1;
	fleet->hosts[0] = host_snap_build(&base, vms, G_N_ELEMENTS(vms));
	key = vm_key(&fleet->hosts[0]->vms[1]);
	cr_assert_eq(fleet_snap_find_vm(fleet, &key), &fleet->hosts[0]->vms[1]);
	gone = key;
	gone.uuid[0] = 99;
	cr_assert_null(fleet_snap_find_vm(fleet, &gone));
	gone = key;
	gone.host = 1;
	cr_assert_null(fleet_snap_find_vm(fleet, &gone), "a host beyond the fleet");
	cr_assert(!row_key_equal(&key, &gone));
	fleet_snap_unref(fleet);
}

Test(snapshot, uuids_go_there_and_back)
{
	uint8_t uuid[UUID_LEN];
	char text[37];

	cr_assert(uuid_parse("0123abcd-4567-89ef-fedc-BA9876543210", uuid));
	uuid_format(uuid, text);
	cr_assert_str_eq(text, "0123abcd-4567-89ef-fedc-ba9876543210");
	cr_assert(!uuid_parse("0123abcd-4567-89ef-fedc-ba987654321", uuid), "too short");
	cr_assert(!uuid_parse("0123abcd-4567-89ef-fedc-ba98765432100", uuid), "too long");
	cr_assert(!uuid_parse("0123abcg-4567-89ef-fedc-ba9876543210", uuid), "no hex digit");
	cr_assert(!uuid_parse("", uuid));
}
