#include "fleet/conn_sim.h"
#include "fleet/conn_sim_names.h"
#include "fleet/conn_sim_world.h"
#include "fleet/cpuset.h"
#include "fleet/domxml.h"

#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/rates.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND INT64_C(1000000)

static const struct sim_opts usual = { .hosts = 221, .vms = 4780 };
static const struct sim_opts small_calm = { .hosts = 9, .vms = 150, .calm = true };

/* ---- the size of the world ---- */

struct size_case {
	const char *text;
	bool ok;
	unsigned hosts, vms;
};

Test(sim, sizes_are_parsed)
{
	static const struct size_case cases[] = {
		{ NULL, true, 221, 4780 },
		{ "", true, 221, 4780 },
		{ "1x1", true, 1, 1 },
		{ "1000x100000", true, 1000, 100000 },
		{ "221", false, 0, 0 },
		{ "x", false, 0, 0 },
		{ "0x5", false, 0, 0 },
		{ "5x0", false, 0, 0 },
		{ "5x5x5", false, 0, 0 },
		{ "-5x5", false, 0, 0 },
		{ " 5x5", false, 0, 0 },
		{ "99999x1", false, 0, 0 },
		{ "1x99999999999999999999", false, 0, 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct sim_opts opts = { .hosts = 77 };
		bool ok = sim_parse(cases[i].text, &opts, &error);

		cr_assert_eq(ok, cases[i].ok, "\"%s\"", cases[i].text);
		cr_assert_eq(ok, error == NULL, "\"%s\"", cases[i].text);
		if (!ok)
			cr_assert(g_error_matches(error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
		cr_assert_eq(opts.hosts, ok ? cases[i].hosts : 77, "\"%s\"", cases[i].text);
		if (ok)
			cr_assert_eq(opts.vms, cases[i].vms, "\"%s\"", cases[i].text);
	}
}

static unsigned
count_tenants(const struct sim *sim)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned h = 0; h < sim->nhosts; h++) {
		for (unsigned i = 0; i < sim->hosts[h].nvms; i++) {
			struct vm_facts *facts = sim_vm_facts(&sim->hosts[h], &sim->hosts[h].vms[i]);

			g_hash_table_add(seen, g_strdup(facts->tenant));
			vm_facts_unref(facts);
		}
	}
	return g_hash_table_size(seen);
}

static unsigned
count_guests(const struct sim *sim)
{
	unsigned n = 0;

	for (unsigned h = 0; h < sim->nhosts; h++)
		n += sim->hosts[h].nvms;
	return n;
}

Test(sim, usual_fleet_has_the_promised_size)
{
	struct sim *sim = sim_new(&usual);
	unsigned xen = 0;

	for (unsigned h = 0; h < sim->nhosts; h++)
		xen += sim->hosts[h].hypervisor == HYPERVISOR_XEN;
	cr_assert_eq(sim->nhosts, 221u);
	cr_assert_eq(xen, 50u);
	cr_assert_eq(count_guests(sim), 4780u);
	cr_assert_eq(count_tenants(sim), 2340u);
	sim_free(sim);
}

Test(sim, tenants_have_names_of_their_own)
{
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (uint32_t i = 0; i < 10000; i++)
		g_hash_table_add(names, sim_tenant_name(i));
	cr_assert_eq(g_hash_table_size(names), 10000u);
}

Test(sim, any_size_comes_out_exactly)
{
	static const unsigned sizes[][2] = { { 1, 1 }, { 1, 50 }, { 3, 2 }, { 10, 200 }, { 1000, 100000 } };

	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		struct sim *sim = sim_new(&(struct sim_opts){ .hosts = sizes[i][0], .vms = sizes[i][1] });

		cr_assert_eq(sim->nhosts, sizes[i][0]);
		cr_assert_eq(count_guests(sim), sizes[i][1]);
		sim_free(sim);
	}
}

Test(sim, a_guest_costs_little_memory)
{
	cr_assert_lt(sizeof(struct sim_vm), 100u);
}

Test(sim, names_and_uuids_are_unique_in_the_fleet)
{
	struct sim *sim = sim_new(&usual);
	g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned h = 0; h < sim->nhosts; h++) {
		for (unsigned i = 0; i < sim->hosts[h].nvms; i++) {
			const struct sim_vm *vm = &sim->hosts[h].vms[i];
			char uuid[37];

			uuid_format(vm->uuid, uuid);
			g_hash_table_add(names, sim_vm_label(vm));
			g_hash_table_add(uuids, g_strdup(uuid));
		}
	}
	cr_assert_eq(g_hash_table_size(names), 4780u);
	cr_assert_eq(g_hash_table_size(uuids), 4780u);
	sim_free(sim);
}

Test(sim, hosts_become_configuration)
{
	struct sim *sim = sim_new(&usual);
	struct config config = { .hosts = g_ptr_array_new() };
	const struct config_host *first, *last;

	sim_add_hosts(sim, &config);
	cr_assert_eq(config.hosts->len, 221u);
	first = g_ptr_array_index(config.hosts, 0);
	last = g_ptr_array_index(config.hosts, 220);
	cr_assert_str_eq(first->name, "kvm001");
	cr_assert_str_eq(first->site, "dc1");
	cr_assert_str_eq(first->spec->driver, "qemu");
	cr_assert_eq(first->spec->transport, TRANSPORT_SIM);
	cr_assert_str_eq(last->name, "xen050");
	cr_assert_str_eq(last->site, "dc3");
	cr_assert_str_eq(g_hash_table_lookup(first->labels, "rack"), "r01");
	for (guint i = 0; i < config.hosts->len; i++) {
		struct config_host *host = g_ptr_array_index(config.hosts, i);

		cr_assert_neq(host->tags[0], NULL);
		for (char **tag = host->tags; tag[0] && tag[1]; tag++)
			cr_assert_lt(strcmp(tag[0], tag[1]), 0, "the tags of %s are sorted", host->name);
		g_free(host->name);
		g_free(host->site);
		g_free(host->origin);
		g_free(host->spec->driver);
		g_free(host->spec);
		g_strfreev(host->tags);
		g_hash_table_unref(host->labels);
		g_free(host);
	}
	g_ptr_array_free(config.hosts, TRUE);
	sim_free(sim);
}

/* ---- by the seed ---- */

static bool
worlds_equal(const struct sim_opts *a_opts, const struct sim_opts *b_opts)
{
	struct sim *a = sim_new(a_opts), *b = sim_new(b_opts);
	bool equal = true;

	for (unsigned h = 0; h < a->nhosts && equal; h++) {
		equal = a->hosts[h].nvms == b->hosts[h].nvms;
		for (unsigned i = 0; equal && i < a->hosts[h].nvms; i++)
			equal = memcmp(&a->hosts[h].vms[i], &b->hosts[h].vms[i], sizeof(struct sim_vm)) == 0;
	}
	sim_free(a);
	sim_free(b);
	return equal;
}

Test(sim, the_seed_decides_everything)
{
	struct sim_opts other = usual;

	cr_assert(worlds_equal(&usual, &usual));
	other.seed = 7;
	cr_assert(worlds_equal(&other, &other));
	cr_assert_not(worlds_equal(&usual, &other));
}

/* ---- helpers for single hosts ---- */

static struct sim_host *
host_of(struct sim *sim, enum hypervisor hypervisor)
{
	for (unsigned h = 0; h < sim->nhosts; h++) {
		if (sim->hosts[h].hypervisor == hypervisor)
			return &sim->hosts[h];
	}
	cr_assert_fail("no host of this kind");
	return NULL;
}

static uint32_t
index_of(const struct sim_host *host)
{
	return (uint32_t)(host - host->sim->hosts);
}

static struct sim_vm *
vm_in(struct sim_host *host, enum vm_state state)
{
	for (unsigned i = 0; i < host->nvms; i++) {
		if (host->vms[i].state == (uint8_t)state)
			return &host->vms[i];
	}
	cr_assert_fail("no guest is %s on %s", vm_state_name(state), host->name);
	return NULL;
}

static const struct vm_sample *
sample_of(const struct host_sample *sample, const uint8_t uuid[UUID_LEN])
{
	for (guint i = 0; i < sample->vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(sample->vms, struct vm_sample, i);

		if (memcmp(vm->uuid, uuid, UUID_LEN) == 0)
			return vm;
	}
	return NULL;
}

static struct conn *
connect_to(struct sim_host *host, bool readonly)
{
	struct conn *conn = conn_sim_new(host->sim, index_of(host), readonly, NULL);
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "");
	return conn;
}

static void
sample(struct conn *conn, enum sample_depth depth, struct host_sample *out)
{
	struct sample_opts opts = { .depth = depth };
	g_autoptr(GError) error = NULL;

	host_sample_init(out);
	cr_assert(conn->ops->sample(conn, &opts, out, &error), "%s", error ? error->message : "");
}

#define HAS(valid, raw) (((valid) >> (raw)) & 1u)

/* ---- what hypervisors tell ---- */

Test(sim, xen_has_the_gaps_of_the_real_one)
{
	static const enum vm_raw never[] = { RAW_DELAY_NS, RAW_WAIT_NS, RAW_RSS_BYTES, RAW_USED_BYTES,
		RAW_DISK_RD_NS, RAW_DISK_WR_NS };
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_XEN);
	struct conn *conn = connect_to(host, false);
	unsigned dom0 = 0, with_disk = 0;
	struct host_sample out;
	struct host_facts *facts;

	sample(conn, SAMPLE_FULL, &out);
	cr_assert_not(HAS(out.valid, HRAW_CPU_BUSY_NS));
	cr_assert_not(HAS(out.valid, HRAW_CPU_TOTAL_NS));
	cr_assert_not(HAS(out.valid, HRAW_KSM_SAVED));
	cr_assert(HAS(out.valid, HRAW_MEM_TOTAL));
	cr_assert(HAS(out.valid, HRAW_MEM_FREE));
	cr_assert_eq(out.vms->len, host->nvms + 1);
	for (guint i = 0; i < out.vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(out.vms, struct vm_sample, i);

		for (size_t n = 0; n < G_N_ELEMENTS(never); n++)
			cr_assert_not(HAS(vm->valid, never[n]), "%s, raw %d", vm->name, never[n]);
		with_disk += HAS(vm->valid, RAW_DISK_RD_BYTES);
		if (!vm->is_dom0)
			continue;
		dom0++;
		cr_assert_eq(vm->id, 0);
		cr_assert_str_eq(vm->name, "Domain-0");
		for (unsigned b = 0; b < UUID_LEN; b++)
			cr_assert_eq(vm->uuid[b], 0);
	}
	cr_assert_eq(dom0, 1u);
	cr_assert_gt(with_disk, 0u);
	cr_assert_lt(with_disk, host->nvms);
	host_sample_done(&out);

	facts = conn->ops->host_facts(conn, NULL);
	cr_assert_eq(facts->uuid, NULL);
	cr_assert_str_eq(facts->driver, "Xen");
	cr_assert_neq(facts->unknowns[0], NULL);
	host_facts_unref(facts);
	conn->ops->free(conn);
	sim_free(sim);
}

Test(sim, kvm_tells_everything_and_only_as_deep_as_asked)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	const struct sim_vm *running = vm_in(host, VM_STATE_RUNNING);
	struct conn *conn = connect_to(host, false);
	struct host_sample out;

	sample(conn, SAMPLE_LIST, &out);
	cr_assert_eq(out.valid, 0u);
	cr_assert_eq(out.vms->len, host->nvms);
	cr_assert_eq(sample_of(&out, running->uuid)->state, VM_STATE_RUNNING);
	cr_assert_eq(sample_of(&out, running->uuid)->valid, 0u);
	host_sample_done(&out);

	sample(conn, SAMPLE_CHEAP, &out);
	cr_assert(HAS(out.valid, HRAW_CPU_BUSY_NS));
	cr_assert(HAS(sample_of(&out, running->uuid)->valid, RAW_NET_RX_BYTES));
	cr_assert_not(HAS(sample_of(&out, running->uuid)->valid, RAW_CPU_NS));
	host_sample_done(&out);

	sample(conn, SAMPLE_FULL, &out);
	cr_assert_eq(out.valid, (1u << HRAW_COUNT) - 1);
	cr_assert_eq(sample_of(&out, running->uuid)->valid, (1u << RAW_COUNT) - 1);
	host_sample_done(&out);
	conn->ops->free(conn);
	sim_free(sim);
}

Test(sim, a_guest_that_is_off_has_no_counters)
{
	struct sim *sim = sim_new(&usual);
	unsigned off = 0;

	for (unsigned h = 0; h < sim->nhosts; h++) {
		struct host_sample out;

		host_sample_init(&out);
		sim_sample_host(&sim->hosts[h], sim->epoch_us, SAMPLE_FULL, &out);
		for (guint i = 0; i < out.vms->len; i++) {
			const struct vm_sample *vm = &g_array_index(out.vms, struct vm_sample, i);

			if (vm->state != VM_STATE_OFF && vm->state != VM_STATE_CRASHED)
				continue;
			off++;
			cr_assert_eq(vm->id, -1);
			cr_assert_not(HAS(vm->valid, RAW_CPU_NS));
			cr_assert_not(HAS(vm->valid, RAW_NET_RX_BYTES));
		}
		host_sample_done(&out);
	}
	cr_assert_gt(off, 100u);
	cr_assert_lt(off, 500u);
	sim_free(sim);
}

/* ---- time ---- */

static const enum vm_raw vm_counters[] = { RAW_CPU_NS, RAW_DELAY_NS, RAW_WAIT_NS, RAW_NET_RX_BYTES,
	RAW_NET_TX_BYTES, RAW_DISK_RD_BYTES, RAW_DISK_WR_BYTES, RAW_DISK_RD_OPS, RAW_DISK_WR_OPS,
	RAW_DISK_RD_NS, RAW_DISK_WR_NS };

static void
assert_grown(const struct host_sample *before, const struct host_sample *after)
{
	cr_assert_geq(after->raw[HRAW_CPU_BUSY_NS], before->raw[HRAW_CPU_BUSY_NS]);
	cr_assert_leq(after->raw[HRAW_CPU_BUSY_NS] - before->raw[HRAW_CPU_BUSY_NS],
		after->raw[HRAW_CPU_TOTAL_NS] - before->raw[HRAW_CPU_TOTAL_NS]);
	for (guint i = 0; i < after->vms->len; i++) {
		const struct vm_sample *new = &g_array_index(after->vms, struct vm_sample, i);
		const struct vm_sample *old = &g_array_index(before->vms, struct vm_sample, i);
		uint64_t wall_ns = (uint64_t)(new->taken_us - old->taken_us) * 1000;

		if (new->id != old->id || !HAS(new->valid & old->valid, RAW_CPU_NS))
			continue;
		for (size_t c = 0; c < G_N_ELEMENTS(vm_counters); c++)
			cr_assert_geq(new->raw[vm_counters[c]], old->raw[vm_counters[c]], "%s, raw %d",
				new->name, vm_counters[c]);
		cr_assert_leq(new->raw[RAW_CPU_NS] - old->raw[RAW_CPU_NS],
			wall_ns * new->raw[RAW_VCPUS] + 1000, "%s used more than all of its vCPUs",
			new->name);
	}
}

Test(sim, counters_never_fall_and_never_exceed_the_machine)
{
	struct sim *sim = sim_new(&(struct sim_opts){ .hosts = 40, .vms = 800 });
	unsigned nevents = 0;

	for (unsigned h = 0; h < sim->nhosts; h++) {
		struct sim_host *host = &sim->hosts[h];
		g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
		struct host_sample before, after;

		host_sample_init(&before);
		sim_sample_host(host, sim->epoch_us, SAMPLE_FULL, &before);
		for (int64_t t = 2 * SECOND; t < 2000 * SECOND; t += 2 * SECOND) {
			sim_life_advance(host, sim->epoch_us + t, events);
			host_sample_init(&after);
			sim_sample_host(host, sim->epoch_us + t, SAMPLE_FULL, &after);
			assert_grown(&before, &after);
			host_sample_done(&before);
			before = after;
		}
		host_sample_done(&before);
		nevents += events->len;
	}
	cr_assert_gt(nevents, 40u, "something happens by itself");
	sim_free(sim);
}

static void
rates_between(
	const struct sim_host *host, const struct sim_vm *vm, int64_t from_us, int64_t to_us, struct vm *out)
{
	struct host_sample before, after;

	host_sample_init(&before);
	host_sample_init(&after);
	sim_sample_host(host, host->sim->epoch_us + from_us, SAMPLE_FULL, &before);
	sim_sample_host(host, host->sim->epoch_us + to_us, SAMPLE_FULL, &after);
	*out = (struct vm){ .state = VM_STATE_RUNNING };
	rates_vm(sample_of(&before, vm->uuid), sample_of(&after, vm->uuid), out);
	host_sample_done(&before);
	host_sample_done(&after);
}

Test(sim, in_a_calm_world_rates_do_not_depend_on_when_they_are_read)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	const struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	static const enum vm_field fields[] = { VM_CPU, VM_READY, VM_WAIT, VM_NET_RX, VM_NET_TX, VM_DISK_RD,
		VM_DISK_WR, VM_DISK_RD_OPS, VM_DISK_WR_OPS, VM_DISK_RD_MS, VM_DISK_WR_MS };
	struct vm first, second;

	rates_between(host, vm, 17, 2000123, &first);
	rates_between(host, vm, 31234567, 32981111, &second);
	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		cr_assert(VM_HAS(&first, fields[i]), "%s", vm_field_info[fields[i]].name);
		cr_assert_float_eq(first.value[fields[i]], second.value[fields[i]], 1e-6, "%s: %f, %f",
			vm_field_info[fields[i]].name, first.value[fields[i]], second.value[fields[i]]);
	}
	cr_assert_gt(first.value[VM_CPU], 0.1);
	sim_free(sim);
}

Test(sim, a_calm_world_stays_as_it_is)
{
	struct sim *sim = sim_new(&small_calm);
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));

	for (unsigned h = 0; h < sim->nhosts; h++) {
		sim_life_advance(&sim->hosts[h], sim->epoch_us + 100000 * SECOND, events);
		cr_assert_eq(sim->hosts[h].trouble, SIM_FINE);
	}
	cr_assert_eq(events->len, 0u);
	sim_free(sim);
}

Test(sim, hosts_get_into_trouble_and_out_of_it)
{
	struct sim *sim = sim_new(&usual);
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	unsigned begun = 0, ended = 0, worst = 0;

	for (int64_t t = SECOND; t < 900 * SECOND; t += SECOND) {
		unsigned now = 0;

		for (unsigned h = 0; h < sim->nhosts; h++) {
			bool was = sim->hosts[h].trouble != SIM_FINE;

			sim_life_advance(&sim->hosts[h], sim->epoch_us + t, events);
			begun += !was && sim->hosts[h].trouble != SIM_FINE;
			ended += was && sim->hosts[h].trouble == SIM_FINE;
			now += sim->hosts[h].trouble != SIM_FINE;
		}
		if (t == 3 * SECOND)
			cr_assert_eq(now, 0u, "at first all hosts answer");
		if (t == 30 * SECOND)
			cr_assert_gt(now, 1u, "soon there is something to see");
		worst = MAX(worst, now);
	}
	cr_assert_gt(begun, 15u);
	cr_assert_gt(ended, 5u);
	cr_assert_lt(worst, 40u, "most hosts are well");
	sim_free(sim);
}

/* ---- acts ---- */

struct act_case {
	enum vm_state from;
	enum vm_act act;
	bool ok;
	const char *message; /* when not */
	enum vm_state to;    /* at once */
	enum conn_event_kind event;
	unsigned nevents;
};

Test(sim, acts_change_states_as_libvirt_does)
{
	static const struct act_case cases[] = {
		{ VM_STATE_OFF, VM_ACT_START, true, NULL, VM_STATE_RUNNING, CONN_EVENT_STARTED, 1 },
		{ VM_STATE_CRASHED, VM_ACT_START, true, NULL, VM_STATE_RUNNING, CONN_EVENT_STARTED, 1 },
		{ VM_STATE_RUNNING, VM_ACT_START, false,
			"Requested operation is not valid: domain is already running", VM_STATE_RUNNING, 0,
			0 },
		{ VM_STATE_OFF, VM_ACT_SHUTDOWN, false,
			"Requested operation is not valid: domain is not running", VM_STATE_OFF, 0, 0 },
		{ VM_STATE_RUNNING, VM_ACT_SHUTDOWN, true, NULL, VM_STATE_RUNNING, 0, 0 },
		{ VM_STATE_RUNNING, VM_ACT_DESTROY, true, NULL, VM_STATE_OFF, CONN_EVENT_STOPPED, 1 },
		{ VM_STATE_PAUSED, VM_ACT_DESTROY, true, NULL, VM_STATE_OFF, CONN_EVENT_STOPPED, 1 },
		{ VM_STATE_OFF, VM_ACT_DESTROY, false,
			"Requested operation is not valid: domain is not running", VM_STATE_OFF, 0, 0 },
		{ VM_STATE_RUNNING, VM_ACT_SUSPEND, true, NULL, VM_STATE_PAUSED, CONN_EVENT_SUSPENDED, 1 },
		{ VM_STATE_OFF, VM_ACT_SUSPEND, false,
			"Requested operation is not valid: domain is not running", VM_STATE_OFF, 0, 0 },
		{ VM_STATE_PAUSED, VM_ACT_RESUME, true, NULL, VM_STATE_RUNNING, CONN_EVENT_RESUMED, 1 },
		{ VM_STATE_RUNNING, VM_ACT_RESUME, false,
			"Requested operation is not valid: domain is already running", VM_STATE_RUNNING, 0,
			0 },
		{ VM_STATE_RUNNING, VM_ACT_RESET, true, NULL, VM_STATE_RUNNING, 0, 0 },
		{ VM_STATE_OFF, VM_ACT_RESET, false,
			"Requested operation is not valid: domain is not running", VM_STATE_OFF, 0, 0 },
		{ VM_STATE_OFF, VM_ACT_REBOOT, false,
			"Requested operation is not valid: domain is not running", VM_STATE_OFF, 0, 0 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct act_case *c = &cases[i];
		struct sim *sim = sim_new(&(struct sim_opts){ .hosts = 2, .vms = 3000, .calm = true });
		struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
		struct sim_vm *vm = vm_in(host, c->from);
		g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
		g_autoptr(GError) error = NULL;
		bool ok = sim_life_act(host, vm, c->act, sim->epoch_us + SECOND, events, &error);

		cr_assert_eq(ok, c->ok, "case %zu", i);
		cr_assert_eq((enum vm_state)vm->state, c->to, "case %zu", i);
		cr_assert_eq(events->len, c->nevents, "case %zu", i);
		if (c->nevents)
			cr_assert_eq(
				g_array_index(events, struct conn_event, 0).kind, c->event, "case %zu", i);
		if (!ok) {
			cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE), "case %zu", i);
			cr_assert_str_eq(error->message, c->message, "case %zu", i);
		}
		sim_free(sim);
	}
}

Test(sim, most_guests_shut_down_after_a_while_and_some_never)
{
	struct sim *sim = sim_new(&(struct sim_opts){ .hosts = 2, .vms = 1000, .calm = true });
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	unsigned asked = 0, off = 0;

	for (unsigned i = 0; i < host->nvms; i++) {
		struct sim_vm *vm = &host->vms[i];

		if (vm->state != VM_STATE_RUNNING)
			continue;
		asked++;
		cr_assert(sim_life_act(host, vm, VM_ACT_SHUTDOWN, sim->epoch_us, events, NULL));
	}
	cr_assert_eq(events->len, 0u, "nothing has happened yet");
	sim_life_advance(host, sim->epoch_us + 60 * SECOND, events);
	for (guint i = 0; i < events->len; i++)
		off += g_array_index(events, struct conn_event, i).kind == CONN_EVENT_STOPPED;
	cr_assert_gt(off, asked * 8 / 10);
	cr_assert_lt(off, asked);
	sim_free(sim);
}

/* In an hour some guests are moved; none is lost or doubled on the way, and no host is overrun. */
Test(sim, guests_move_and_none_is_lost)
{
	struct sim *sim = sim_new(&(struct sim_opts){ .hosts = 20, .vms = 400 });
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	unsigned left = 0, came = 0, total = 0;

	for (int64_t now = 0; now < 3600; now += 5) {
		for (unsigned i = 0; i < sim->nhosts; i++) {
			struct sim_host *host = &sim->hosts[i];
			struct sim_vm vm;
			int to;

			sim_life_advance(host, sim->epoch_us + now * SECOND, events);
			if (sim_move_take(host, &vm, &to))
				sim_move_deliver(host, &vm, to);
		}
	}
	for (guint i = 0; i < events->len; i++) {
		const struct conn_event *event = &g_array_index(events, struct conn_event, i);

		left += event->cause == CONN_CAUSE_MIGRATION && event->kind == CONN_EVENT_STOPPED;
		came += event->cause == CONN_CAUSE_MIGRATION && event->kind == CONN_EVENT_STARTED;
	}
	for (unsigned i = 0; i < sim->nhosts; i++) {
		struct sim_host *host = &sim->hosts[i];

		total += host->nvms + host->arrived->len;
		left -= host->arrived->len;
		cr_expect_leq(host->nvms, host->home_vms + 3);
	}
	cr_expect_gt(came, 10);
	cr_expect_eq(left, came);
	cr_expect_eq(total, 400);
	sim_free(sim);
}

Test(sim, a_paused_guest_uses_nothing_and_goes_on_where_it_was)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	g_autoptr(GArray) events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	double before, paused, after;

	before = sim_vm_cpu_ns(host, vm, 10);
	cr_assert(sim_life_act(host, vm, VM_ACT_SUSPEND, sim->epoch_us + 10 * SECOND, events, NULL));
	paused = sim_vm_cpu_ns(host, vm, 500);
	cr_assert(sim_life_act(host, vm, VM_ACT_RESUME, sim->epoch_us + 500 * SECOND, events, NULL));
	after = sim_vm_cpu_ns(host, vm, 510);
	cr_assert_float_eq(before, paused, 1000);
	cr_assert_float_eq(after - before, 10 * (double)vm->util * vm->vcpus * 1e9, 1000);
	sim_free(sim);
}

struct seen {
	unsigned events, steps, failed_steps;
	struct conn_event last;
};

static void
on_event(void *ctx, const struct conn_event *event)
{
	struct seen *seen = ctx;

	seen->events++;
	seen->last = *event;
}

static void
on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct seen *seen = ctx;

	(void)step;
	cr_assert_geq(took_us, 0);
	cr_assert_eq(ok, text == NULL);
	seen->steps += ok;
	seen->failed_steps += !ok;
}

Test(sim, an_act_through_a_connection_is_told_to_its_listener)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	struct seen seen = { 0 };
	struct conn_listener listener = { .ctx = &seen, .event = on_event, .step = on_step };
	struct conn *conn = conn_sim_new(sim, index_of(host), false, &listener);

	cr_assert(conn->ops->open(conn, NULL));
	cr_assert_eq(seen.steps, (unsigned)CONN_STEP_COUNT);
	cr_assert(conn->ops->act(conn, vm->uuid, VM_ACT_SUSPEND, NULL));
	cr_assert_eq(seen.events, 1u);
	cr_assert_eq(seen.last.kind, CONN_EVENT_SUSPENDED);
	cr_assert_arr_eq(seen.last.uuid, vm->uuid, UUID_LEN);
	conn->ops->free(conn);
	sim_free(sim);
}

/* As acts have one beside their host's: it takes nothing away from that. */
Test(sim, an_act_through_a_second_connection_is_told_to_the_first_ones_listener)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	struct seen seen = { 0 };
	struct conn_listener listener = { .ctx = &seen, .event = on_event, .step = on_step };
	struct conn *first = conn_sim_new(sim, index_of(host), false, &listener);
	struct conn *second = connect_to(host, false);

	cr_assert(first->ops->open(first, NULL));
	cr_assert(second->ops->act(second, vm->uuid, VM_ACT_SUSPEND, NULL));
	cr_assert_eq(seen.events, 0u);
	second->ops->cancel(second);
	second->ops->free(second);
	cr_assert(first->ops->ping(first, NULL));
	cr_assert_eq(seen.events, 1u);
	cr_assert_eq(seen.last.kind, CONN_EVENT_SUSPENDED);
	first->ops->free(first);
	sim_free(sim);
}

static void
assert_refused(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act act, enum fleet_error code)
{
	g_autoptr(GError) error = NULL;

	cr_assert_not(conn->ops->act(conn, uuid, act, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, (gint)code), "%s", error->message);
}

Test(sim, some_acts_are_refused)
{
	static const uint8_t zero[UUID_LEN], nobody[UUID_LEN] = { 1 };
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *xen = host_of(sim, HYPERVISOR_XEN), *kvm = host_of(sim, HYPERVISOR_KVM);
	struct conn *to_xen = connect_to(xen, false), *to_kvm = connect_to(kvm, false);
	const char *why = NULL;

	for (enum vm_act act = 0; act < VM_ACT_COUNT; act++)
		assert_refused(to_xen, zero, act, FLEET_ERROR_UNSUPPORTED);
	assert_refused(to_xen, vm_in(xen, VM_STATE_RUNNING)->uuid, VM_ACT_RESET, FLEET_ERROR_UNSUPPORTED);
	cr_assert_not(to_xen->ops->can(to_xen, VM_ACT_RESET, &why));
	cr_assert_neq(why, NULL);
	cr_assert(to_xen->ops->can(to_xen, VM_ACT_START, &why));
	cr_assert(to_kvm->ops->can(to_kvm, VM_ACT_RESET, &why));
	assert_refused(to_kvm, nobody, VM_ACT_START, FLEET_ERROR_NO_DOMAIN);
	to_xen->ops->free(to_xen);
	to_kvm->ops->free(to_kvm);
	sim_free(sim);
}

Test(sim, readonly_refuses_every_act)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	const struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	struct sim_vm before = *vm;
	struct conn *conn = connect_to(host, true);

	for (enum vm_act act = 0; act < VM_ACT_COUNT; act++)
		assert_refused(conn, vm->uuid, act, FLEET_ERROR_DENIED);
	cr_assert_arr_eq(&before, vm, sizeof(before));
	conn->ops->free(conn);
	sim_free(sim);
}

/* ---- trouble ---- */

static void
set_trouble(struct sim_host *host, enum sim_trouble trouble)
{
	host->trouble = trouble;
	host->trouble_us = INT64_MAX;
	host->link_epoch++;
}

Test(sim, each_trouble_has_its_own_error)
{
	static const struct {
		enum sim_trouble trouble;
		enum fleet_error code;
		unsigned steps; /* taken before */
	} cases[] = {
		{ SIM_REFUSED, FLEET_ERROR_REFUSED, CONN_STEP_TCP },
		{ SIM_KEY_UNKNOWN, FLEET_ERROR_HOSTKEY_UNKNOWN, CONN_STEP_HOSTKEY },
		{ SIM_KEY_CHANGED, FLEET_ERROR_HOSTKEY_CHANGED, CONN_STEP_HOSTKEY },
		{ SIM_DENIED, FLEET_ERROR_DENIED, CONN_STEP_PERMISSION },
		{ SIM_NO_SOCKET, FLEET_ERROR_NO_SOCKET, CONN_STEP_SOCKET },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct sim *sim = sim_new(&small_calm);
		struct seen seen = { 0 };
		struct conn_listener listener = { .ctx = &seen, .step = on_step };
		struct conn *conn = conn_sim_new(sim, 0, false, &listener);
		g_autoptr(GError) error = NULL;

		set_trouble(&sim->hosts[0], cases[i].trouble);
		cr_assert_not(conn->ops->open(conn, &error));
		cr_assert(g_error_matches(error, FLEET_ERROR, (gint)cases[i].code), "%s", error->message);
		cr_assert_eq(seen.steps, cases[i].steps);
		cr_assert_eq(seen.failed_steps, 1u);
		conn->ops->free(conn);
		sim_free(sim);
	}
}

Test(sim, trouble_cuts_a_connection_that_was_up)
{
	struct sim *sim = sim_new(&small_calm);
	struct conn *conn = connect_to(&sim->hosts[0], false);
	struct sample_opts opts = { .depth = SAMPLE_FULL };
	g_autoptr(GError) error = NULL;
	struct host_sample out;

	set_trouble(&sim->hosts[0], SIM_REFUSED);
	host_sample_init(&out);
	cr_assert_not(conn->ops->sample(conn, &opts, &out, &error));
	cr_assert(fleet_error_is_link(error), "%s", error->message);
	host_sample_done(&out);
	conn->ops->free(conn);
	sim_free(sim);
}

struct blocked {
	struct conn *conn;
	GError *error;
	bool opened;
};

static void *
blocked_main(void *arg)
{
	struct blocked *blocked = arg;

	blocked->opened = blocked->conn->ops->open(blocked->conn, &blocked->error);
	return NULL;
}

/* Without cancel() the call would block for years. */
Test(sim, cancel_interrupts_and_lasts, .timeout = 30)
{
	struct sim *sim = sim_new(&small_calm);
	struct blocked blocked = { .conn = conn_sim_new(sim, 0, false, NULL) };
	const struct conn_ops *ops = blocked.conn->ops;
	pthread_t thread;

	set_trouble(&sim->hosts[0], SIM_HUNG);
	cr_assert_eq(pthread_create(&thread, NULL, blocked_main, &blocked), 0);
	ops->cancel(blocked.conn);
	ops->cancel(blocked.conn);
	pthread_join(thread, NULL);
	cr_assert_not(blocked.opened);
	cr_assert(g_error_matches(blocked.error, FLEET_ERROR, FLEET_ERROR_CANCELLED));
	g_clear_error(&blocked.error);

	set_trouble(&sim->hosts[0], SIM_FINE);
	cr_assert_not(ops->open(blocked.conn, &blocked.error));
	cr_assert(g_error_matches(blocked.error, FLEET_ERROR, FLEET_ERROR_CANCELLED));
	g_clear_error(&blocked.error);
	ops->free(blocked.conn);
	sim_free(sim);
}

/* ---- what pages show ---- */

static void
facts_agree(const struct sim_host *host, const struct sim_vm *vm)
{
	g_autofree char *xml = sim_vm_xml(host, vm);
	struct vm_facts *told = sim_vm_facts(host, vm);
	struct vm_facts *read =
		domxml_parse(xml, strlen(xml), &(struct domxml_opts){ .pcpus = host->cpus }, NULL, NULL);

	cr_assert(read, "%s", xml);
	cr_assert_eq(told->pinned, read->pinned, "%s", xml);
	cr_assert_eq(g_strcmp0(told->cpuset, read->cpuset), 0, "%s", xml);
	cr_assert_eq(g_strcmp0(told->numa_nodes, read->numa_nodes), 0, "%s", xml);
	cr_assert_eq(g_strcmp0(told->cpu_mode, read->cpu_mode), 0, "%s", xml);
	cr_assert_eq(told->type, read->type, "%s", xml);
	cr_assert_eq(told->ndisks, read->ndisks, "%s", xml);
	for (size_t i = 0; i < told->ndisks; i++) {
		cr_assert_eq(told->disks[i].storage, read->disks[i].storage, "%s", xml);
		cr_assert_str_eq(told->disks[i].source, read->disks[i].source, "%s", xml);
	}
	cr_assert_eq(told->nnics, read->nnics, "%s", xml);
	for (size_t i = 0; i < told->nnics; i++) {
		cr_assert_eq(told->nics[i].kind, read->nics[i].kind, "%s", xml);
		cr_assert_str_eq(told->nics[i].source, read->nics[i].source, "%s", xml);
	}
	cr_assert_eq(told->nhostdevs, read->nhostdevs, "%s", xml);
	cr_assert_eq(told->has_console, read->has_console, "%s", xml);
	cr_assert_eq(told->ngraphics, read->ngraphics, "%s", xml);
	for (size_t i = 0; i < told->ngraphics; i++) {
		cr_assert_str_eq(told->graphics[i].type, read->graphics[i].type, "%s", xml);
		cr_assert_str_eq(told->graphics[i].listen, read->graphics[i].listen, "%s", xml);
		cr_assert_eq(told->graphics[i].port, read->graphics[i].port, "%s", xml);
	}
	for (size_t i = 0; i < told->nhostdevs; i++)
		cr_assert_str_eq(told->hostdevs[i].address, read->hostdevs[i].address, "%s", xml);
	vm_facts_unref(told);
	vm_facts_unref(read);
}

Test(sim, facts_are_those_of_the_xml)
{
	struct sim *sim = sim_new(&(struct sim_opts){ .hosts = 20, .vms = 600, .calm = true });
	unsigned pinned = 0;

	for (unsigned h = 0; h < sim->nhosts; h++) {
		for (unsigned i = 0; i < sim->hosts[h].nvms; i++) {
			facts_agree(&sim->hosts[h], &sim->hosts[h].vms[i]);
			pinned += sim_vm_pin(&sim->hosts[h], &sim->hosts[h].vms[i]) != SIM_PIN_NONE;
		}
	}
	cr_assert_gt(pinned, 10u);
	cr_assert_lt(pinned, 200u);
	sim_free(sim);
}

/* The devices' rates together are those of the guest. */
Test(sim, a_kvm_guests_detail_adds_up)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_KVM);
	const struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	struct conn *conn = connect_to(host, false);
	struct vm_detail *detail = conn->ops->vm_detail(conn, vm->uuid, NULL, false, NULL);
	struct host_sample then, now;
	double read = 0, pct = 0;
	const uint64_t *was = NULL, *is = NULL;

	cr_assert(detail);
	cr_assert_eq(memcmp(detail->uuid, vm->uuid, UUID_LEN), 0);
	cr_assert_eq(detail->nvcpus, vm->vcpus);
	cr_assert_geq(detail->snapshots, 0);
	for (size_t i = 0; i < detail->ndisks; i++) {
		cr_assert_eq(detail->disks[i].valid | 1u << DISK_F_PHYSICAL, (1u << DISK_F_COUNT) - 1);
		read += detail->disks[i].value[DISK_F_RD];
	}
	for (size_t i = 0; i < detail->nvcpus; i++) {
		cr_assert(cpu_set_has(&detail->vcpus[i].affinity, (size_t)detail->vcpus[i].cpu));
		cr_assert_geq(detail->vcpus[i].ready_pct, 0);
		pct += detail->vcpus[i].cpu_pct;
	}
	cr_assert_gt(pct, 0);

	host_sample_init(&then);
	host_sample_init(&now);
	sim_sample_host(host, sim->epoch_us + 60000000, SAMPLE_FULL, &then);
	sim_sample_host(host, sim->epoch_us + 61000000, SAMPLE_FULL, &now);
	for (guint i = 0; i < now.vms->len; i++) {
		if (memcmp(g_array_index(now.vms, struct vm_sample, i).uuid, vm->uuid, UUID_LEN) != 0)
			continue;
		was = g_array_index(then.vms, struct vm_sample, i).raw;
		is = g_array_index(now.vms, struct vm_sample, i).raw;
	}
	cr_assert(was);
	cr_assert_float_eq(read, (double)(is[RAW_DISK_RD_BYTES] - was[RAW_DISK_RD_BYTES]), 2);
	host_sample_done(&then);
	host_sample_done(&now);
	vm_detail_unref(detail);
	conn->ops->free(conn);
	sim_free(sim);
}

Test(sim, a_xen_guests_detail_has_the_gaps_of_a_real_one)
{
	struct sim *sim = sim_new(&small_calm);
	struct sim_host *host = host_of(sim, HYPERVISOR_XEN);
	const struct sim_vm *vm = vm_in(host, VM_STATE_RUNNING);
	struct conn *conn = connect_to(host, false);
	struct vm_detail *detail = conn->ops->vm_detail(conn, vm->uuid, NULL, false, NULL);
	static const uint8_t dom0[UUID_LEN];

	cr_assert(detail);
	cr_assert_eq(detail->snapshots, -1);
	cr_assert_eq(detail->emulator.nbytes, 0);
	cr_assert_str_eq(detail->scheduling.name, "credit");
	cr_assert_eq(detail->scheduling.vcpu_cap_pct, -1);
	cr_assert_null(detail->agent_hostname);
	cr_assert_geq(g_strv_length(detail->unknowns), 4);
	for (size_t i = 0; i < detail->ndisks; i++)
		cr_assert_not(detail->disks[i].valid >> DISK_F_CAPACITY & 1u);
	for (size_t i = 0; i < detail->nvcpus; i++) {
		cr_assert_eq(detail->vcpus[i].ready_pct, -1);
		cr_assert_geq(detail->vcpus[i].cpu_pct, 0);
	}
	vm_detail_unref(detail);
	detail = conn->ops->vm_detail(conn, dom0, NULL, false, NULL);
	cr_assert(detail && detail->xml);
	vm_detail_unref(detail);
	conn->ops->free(conn);
	sim_free(sim);
}

Test(sim, a_guest_that_is_gone_has_no_detail)
{
	struct sim *sim = sim_new(&small_calm);
	struct conn *conn = connect_to(host_of(sim, HYPERVISOR_KVM), false);
	uint8_t uuid[UUID_LEN] = { 1 };
	g_autoptr(GError) error = NULL;

	cr_assert_null(conn->ops->vm_detail(conn, uuid, NULL, false, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_DOMAIN));
	conn->ops->free(conn);
	sim_free(sim);
}

Test(sim, hosts_details)
{
	struct sim *sim = sim_new(&small_calm);
	static const enum hypervisor kinds[] = { HYPERVISOR_KVM, HYPERVISOR_XEN };

	for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++) {
		struct sim_host *host = host_of(sim, kinds[k]);
		struct conn *conn = connect_to(host, false);
		struct host_detail *detail = conn->ops->host_detail(conn, NULL, NULL);
		size_t running = 0;

		cr_assert(detail);
		cr_assert_eq(detail->ncpus, kinds[k] == HYPERVISOR_KVM ? host->cpus : 0);
		for (size_t i = 0; i < detail->ncpus; i++)
			cr_assert(detail->cpu_pct[i] >= 0 && detail->cpu_pct[i] <= 100);
		cr_assert_eq(detail->ncells, 2);
		for (unsigned i = 0; i < host->nvms; i++)
			running += host->vms[i].id >= 0;
		cr_assert_eq(detail->nvms, running);
		for (size_t i = 0; i < detail->nvms; i++)
			cr_assert_eq(detail->vms[i].pinned, !cpu_set_full(&detail->vms[i].cpus, host->cpus));
		host_detail_unref(detail);
		conn->ops->free(conn);
	}
	sim_free(sim);
}
