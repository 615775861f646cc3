/* The libvirt connection on libvirt's test driver, in this process. */
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct witness witness;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	cr_assert(events_start(&error), "%s", error ? error->message : "no error");
}

static void
stop(void)
{
	events_stop();
	witness_done(&witness);
}

TestSuite(libvirt, .init = start, .fini = stop, .timeout = 120);

static const struct sample_opts list_opts = { .depth = SAMPLE_LIST };
static const struct sample_opts cheap_opts = { .depth = SAMPLE_CHEAP };
static const struct sample_opts full_opts = { .depth = SAMPLE_FULL };

Test(libvirt, list)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	struct host_sample sample;

	cr_assert(witness.step_ok[CONN_STEP_LIBVIRT] && witness.step_ok[CONN_STEP_PERMISSION]);
	take_sample(conn, &list_opts, &sample);
	cr_assert_eq(sample.vms->len, 1);
	const struct vm_sample *vm = sample_vm(&sample, "test");
	cr_assert(vm);
	cr_assert_eq(vm->state, VM_STATE_RUNNING);
	cr_assert_eq(vm->id, 1);
	cr_assert_not(vm->is_dom0);
	cr_assert_eq(vm->valid, 0);
	cr_assert_eq(sample.valid, 0);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt, full_reads_guests_one_by_one)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	struct host_sample sample;

	take_sample(conn, &full_opts, &sample);
	const struct vm_sample *vm = sample_vm(&sample, "test");
	cr_assert(HAS(vm, RAW_CPU_NS) && HAS(vm, RAW_MEM_BYTES) && HAS(vm, RAW_VCPUS));
	cr_assert_eq(vm->raw[RAW_MEM_MAX_BYTES], 8388608ull * 1024);
	cr_assert_eq(vm->raw[RAW_VCPUS], 2);
	cr_assert(HAS(vm, RAW_NET_RX_BYTES) && HAS(vm, RAW_DISK_RD_BYTES));
	cr_assert_not(HAS(vm, RAW_DELAY_NS));
	cr_assert(vm->persistent && vm->autostart_known && !vm->autostart);
	cr_assert(HAS(&sample, HRAW_PCPUS) && HAS(&sample, HRAW_MEM_TOTAL) && HAS(&sample, HRAW_MEM_FREE));
	cr_assert_not(HAS(&sample, HRAW_KSM_SAVED));
	cr_assert_not(HAS(&sample, HRAW_RTT_US));
	host_sample_done(&sample);
	conn->ops->free(conn);
}

/* On a long line the first full samples only bring what the screen needs most. */
Test(libvirt, what_can_wait_is_spread)
{
	static const struct sample_opts thrifty = {
		.depth = SAMPLE_FULL, .limited = true, .calls = 20, .until_us = INT64_MAX
	};
	struct conn *conn = witness_open(&witness, "test:///default");
	struct host_sample sample;

	for (unsigned round = 1; round <= 3; round++) {
		take_sample(conn, &thrifty, &sample);
		cr_assert_eq(sample_vm(&sample, "test")->autostart_known, round > 1);
		host_sample_done(&sample);
	}
	conn->ops->free(conn);
}

Test(libvirt, facts)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	struct host_facts *host = conn->ops->host_facts(conn, &error);
	cr_assert(host, "%s", error ? error->message : "no error");
	cr_assert_eq(host->hypervisor, HYPERVISOR_TEST);
	cr_assert_str_eq(host->driver, "TEST");
	cr_assert_str_eq(host->via, "direct");
	cr_assert_str_eq(host->uri, "test:///default");
	cr_assert(host->hostname && host->libvirt_version && host->ncells > 0);
	cr_assert_gt(g_strv_length(host->unknowns), 0);
	for (char **unknown = host->unknowns; *unknown; unknown++)
		cr_assert(strstr(*unknown, ": "), "%s", *unknown);
	host_facts_unref(host);

	struct vm_facts *vm = conn->ops->vm_facts(conn, uuid, &error);
	cr_assert(vm, "%s", error ? error->message : "no error");
	cr_assert_eq(vm->type, VM_TYPE_TEST);
	vm_facts_unref(vm);
	g_autofree char *xml = conn->ops->vm_xml(conn, uuid, &error);
	cr_assert(g_str_has_prefix(xml, "<domain type='test'"));

	uint8_t stranger[UUID_LEN] = { 1, 2, 3 };
	cr_assert_null(conn->ops->vm_facts(conn, stranger, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_DOMAIN), "%s", error->message);
	conn->ops->free(conn);
}

Test(libvirt, verbs_and_events)
{
	static const struct {
		enum vm_act act;
		enum conn_event_kind event;
		enum vm_state state;
	} cases[] = {
		{ VM_ACT_SUSPEND, CONN_EVENT_SUSPENDED, VM_STATE_PAUSED },
		{ VM_ACT_RESUME, CONN_EVENT_RESUMED, VM_STATE_RUNNING },
		{ VM_ACT_DESTROY, CONN_EVENT_STOPPED, VM_STATE_OFF },
		{ VM_ACT_START, CONN_EVENT_STARTED, VM_STATE_RUNNING },
		{ VM_ACT_SHUTDOWN, CONN_EVENT_STOPPED, VM_STATE_OFF },
	};
	struct conn *conn = witness_open(&witness, "test:///default");
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		do_act(conn, uuid, cases[i].act);
		cr_assert(witness_saw(&witness, cases[i].event, uuid), "case %zu", i);
		cr_assert_eq(state_of(conn, "test", NULL), cases[i].state, "case %zu", i);
	}
	conn->ops->free(conn);
}

Test(libvirt, autostart_shows_with_the_next_sample)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	struct host_sample sample;
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	do_act(conn, uuid, VM_ACT_AUTOSTART_ON);
	take_sample(conn, &full_opts, &sample);
	cr_assert(sample_vm(&sample, "test")->autostart);
	host_sample_done(&sample);
	do_act(conn, uuid, VM_ACT_AUTOSTART_OFF);
	take_sample(conn, &full_opts, &sample);
	cr_assert_not(sample_vm(&sample, "test")->autostart);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt, verb_in_the_wrong_state)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	do_act(conn, uuid, VM_ACT_DESTROY);
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_RESET, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE), "%s", error->message);
	cr_assert(g_str_has_prefix(error->message, "reset: "), "%s", error->message);
	conn->ops->free(conn);
}

Test(libvirt, domain0_is_never_a_target)
{
	static const uint8_t zero[UUID_LEN];
	struct conn *conn = witness_open(&witness, "test:///default");

	for (unsigned verb = 0; verb < VM_ACT_COUNT; verb++) {
		g_autoptr(GError) error = NULL;

		cr_assert_not(conn->ops->act(conn, zero, verb, &error));
		cr_assert(strstr(error->message, "Domain-0"), "%s", error->message);
	}
	conn->ops->free(conn);
}

Test(libvirt, readonly)
{
	struct conn *conn = witness_conn(&witness, "test:///default", true, 5000);
	g_autoptr(GError) error = NULL;
	const char *why_not = NULL;
	uint8_t uuid[UUID_LEN];

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	cr_assert_eq(state_of(conn, "test", uuid), VM_STATE_RUNNING);
	cr_assert_not(conn->ops->can(conn, VM_ACT_DESTROY, &why_not));
	cr_assert(strstr(why_not, "read-only"));
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_DESTROY, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_DENIED));
	cr_assert_eq(state_of(conn, "test", NULL), VM_STATE_RUNNING);
	conn->ops->free(conn);
}

Test(libvirt, cancelled)
{
	struct conn *conn = witness_open(&witness, "test:///default");
	struct host_sample sample;
	g_autoptr(GError) error = NULL;

	conn->ops->cancel(conn);
	conn->ops->cancel(conn);
	host_sample_init(&sample);
	cr_assert_not(conn->ops->sample(conn, &full_opts, &sample, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CANCELLED));
	host_sample_done(&sample);
	g_clear_error(&error);
	cr_assert_null(conn->ops->host_facts(conn, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CANCELLED));
	conn->ops->free(conn);
}

Test(libvirt, open_fails)
{
	static const struct {
		const char *uri;
		enum fleet_error class;
	} cases[] = {
		{ "nosuchdriver:///", FLEET_ERROR_NO_SOCKET },
		{ "qemu+unix:///system?socket=/nonexistent/sock", FLEET_ERROR_NO_SOCKET },
		{ "qemu+tcp://127.0.0.1:1/system", FLEET_ERROR_GONE },
		{ "test:///nonexistent/node.xml", FLEET_ERROR_FAILED },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct conn *conn = witness_conn(&witness, cases[i].uri, false, 5000);
		g_autoptr(GError) error = NULL;

		witness.step_failed[CONN_STEP_LIBVIRT] = false;
		cr_assert_not(conn->ops->open(conn, &error), "%s", cases[i].uri);
		cr_assert_eq(error->code, (int)cases[i].class, "%s: %s (%d)", cases[i].uri, error->message,
			error->code);
		cr_assert(witness.step_failed[CONN_STEP_LIBVIRT]);
		conn->ops->free(conn);
	}
}

Test(libvirt, never_opened)
{
	struct conn *conn = witness_conn(&witness, "test:///default", false, 5000);
	struct host_sample sample;
	g_autoptr(GError) error = NULL;

	host_sample_init(&sample);
	cr_assert_not(conn->ops->sample(conn, &full_opts, &sample, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_GONE));
	host_sample_done(&sample);
	conn->ops->free(conn);
}

/* ---- a node of many guests, read one by one with few round trips ---- */

#define NODE_VMS 12

static const char node_guest[] =
	"<domain "
	"type='test'><name>g%02u</name><memory>1024</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>"
	"<disk type='file' device='disk'><source file='/img/%u'/><target dev='vda' bus='virtio'/></disk>"
	"<interface type='bridge'><source bridge='br0'/><target dev='t%u'/></interface></devices></domain>";

/* The URI of a node file with guests g00 to g11. */
static char *
node_uri(char **path)
{
	g_autoptr(GString) xml =
		g_string_new("<node><cpu><mhz>2000</mhz><model>m</model><active>4</active><nodes>1"
			     "</nodes><sockets>1</sockets><cores>4</cores><threads>1</threads></cpu>"
			     "<memory>8000000</memory>");
	int fd = g_file_open_tmp("node-XXXXXX.xml", path, NULL);

	cr_assert_geq(fd, 0);
	close(fd);
	for (unsigned i = 0; i < NODE_VMS; i++)
		g_string_append_printf(xml, node_guest, i, i, i);
	g_string_append(xml, "</node>");
	cr_assert(g_file_set_contents(*path, xml->str, -1, NULL));
	return g_strconcat("test://", *path, NULL);
}

/* 4 round trips per guest (info, memory, NIC, disk), one more for its XML the first time. */
Test(libvirt, turns_go_round)
{
	g_autofree char *path = NULL;
	g_autofree char *uri = node_uri(&path);
	struct conn *conn = witness_open(&witness, uri);
	uint8_t visible[1][UUID_LEN];
	struct sample_opts opts = {
		.depth = SAMPLE_FULL, .limited = true, .calls = 10, .until_us = INT64_MAX
	};
	int64_t newest = 0;
	struct host_sample sample;

	take_sample(conn, &list_opts, &sample);
	cr_assert_eq(sample.vms->len, NODE_VMS);
	memcpy(visible[0], sample_vm(&sample, "g11")->uuid, UUID_LEN);
	host_sample_done(&sample);
	opts.visible = visible;
	opts.nvisible = 1;

	for (unsigned round = 0; round < 8; round++) {
		take_sample(conn, &opts, &sample);
		const struct vm_sample *vm = sample_vm(&sample, "g11");
		cr_assert(HAS(vm, RAW_CPU_NS), "round %u", round);
		cr_assert_gt(vm->taken_us, newest, "the one on the screen is read in each round");
		newest = vm->taken_us;
		unsigned known = 0, fresh = 0;
		for (guint i = 0; i < sample.vms->len; i++) {
			const struct vm_sample *any = &g_array_index(sample.vms, struct vm_sample, i);

			cr_assert_eq(any->state, VM_STATE_RUNNING);
			known += HAS(any, RAW_CPU_NS);
			fresh += HAS(any, RAW_CPU_NS) && any->taken_us >= newest;
			if (HAS(any, RAW_CPU_NS))
				cr_assert(HAS(any, RAW_NET_RX_BYTES) && HAS(any, RAW_DISK_RD_BYTES),
					"a turn reads all of a guest");
		}
		cr_assert_leq(fresh, 4, "few round trips are spent on those that are not visible");
		cr_assert_geq(known, MIN(round + 2, NODE_VMS));
		host_sample_done(&sample);
	}
	conn->ops->free(conn);
	unlink(path);
}

static void
check_states(const struct host_sample *sample, const char *off)
{
	cr_assert_eq(sample->vms->len, NODE_VMS);
	for (guint i = 0; i < sample->vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(sample->vms, struct vm_sample, i);
		bool is_off = g_strcmp0(vm->name, off) == 0;

		cr_assert_eq(vm->state, is_off ? VM_STATE_OFF : VM_STATE_RUNNING, "%s", vm->name);
		cr_assert_eq(vm->id < 0, is_off, "%s", vm->name);
	}
}

/* Without a round trip for any guest: what the last list told, until an event overtakes it. */
Test(libvirt, a_list_holds_until_an_event)
{
	static const struct sample_opts thrifty = {
		.depth = SAMPLE_FULL, .limited = true, .calls = 0, .until_us = INT64_MAX
	};
	static const struct {
		enum vm_act act;
		enum conn_event_kind event;
		const char *off;
	} steps[] = {
		{ VM_ACT_DESTROY, CONN_EVENT_STOPPED, "g07" },
		{ VM_ACT_START, CONN_EVENT_STARTED, NULL },
	};
	g_autofree char *path = NULL;
	g_autofree char *uri = node_uri(&path);
	struct conn *conn = witness_open(&witness, uri);
	uint8_t uuid[UUID_LEN];
	struct host_sample sample;

	take_sample(conn, &thrifty, &sample);
	memcpy(uuid, sample_vm(&sample, "g07")->uuid, UUID_LEN);
	host_sample_done(&sample);
	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		do_act(conn, uuid, steps[i].act);
		cr_assert(witness_saw(&witness, steps[i].event, uuid));
		for (unsigned round = 0; round < 8; round++) {
			take_sample(conn, &thrifty, &sample);
			check_states(&sample, steps[i].off);
			host_sample_done(&sample);
		}
	}
	conn->ops->free(conn);
	unlink(path);
}

Test(libvirt, no_limit_reads_all)
{
	g_autofree char *path = NULL;
	g_autofree char *uri = node_uri(&path);
	struct conn *conn = witness_open(&witness, uri);
	struct host_sample sample;

	take_sample(conn, &cheap_opts, &sample);
	for (guint i = 0; i < sample.vms->len; i++)
		cr_assert(HAS(&g_array_index(sample.vms, struct vm_sample, i), RAW_DISK_WR_OPS));
	host_sample_done(&sample);
	conn->ops->free(conn);
	unlink(path);
}
