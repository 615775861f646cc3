/* The libvirt connection against real drivers and daemons. */
#include "fleet/clock.h"
#include "fleet/conn_libvirt.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* ---- a connection under test, and what it told its listener ---- */

struct told {
	pthread_mutex_t lock;
	pthread_cond_t more;
	GArray *events; /* struct conn_event; guarded by lock */
	bool step_ok[CONN_STEP_COUNT], step_failed[CONN_STEP_COUNT];
};

static void
on_event(void *ctx, const struct conn_event *event)
{
	struct told *told = ctx;

	pthread_mutex_lock(&told->lock);
	g_array_append_val(told->events, *event);
	pthread_cond_broadcast(&told->more);
	pthread_mutex_unlock(&told->lock);
}

static void
on_step(void *ctx, enum conn_step step, bool ok, int64_t took_us, const char *text)
{
	struct told *told = ctx;

	(void)text;
	cr_assert(took_us >= 0);
	*(ok ? &told->step_ok[step] : &told->step_failed[step]) = true;
}

static struct told told;
static struct conn_listener listener = { .ctx = &told, .event = on_event, .step = on_step };

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	pthread_mutex_init(&told.lock, NULL);
	pthread_cond_init(&told.more, NULL);
	told.events = g_array_new(FALSE, FALSE, sizeof(struct conn_event));
	cr_assert(events_start(&error), "%s", error->message);
}

static void
stop(void)
{
	events_stop();
	g_array_unref(told.events);
}

/* Waits until KIND was told of UUID (NULL: of anybody). */
static bool
event_came(enum conn_event_kind kind, const uint8_t *uuid)
{
	struct timespec deadline;
	bool found = false;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += 10;
	pthread_mutex_lock(&told.lock);
	for (guint seen = 0; !found;) {
		for (; seen < told.events->len && !found; seen++) {
			const struct conn_event *event = &g_array_index(told.events, struct conn_event, seen);

			found = event->kind == kind && (!uuid || memcmp(event->uuid, uuid, UUID_LEN) == 0);
		}
		if (!found && pthread_cond_timedwait(&told.more, &told.lock, &deadline) != 0)
			break;
	}
	pthread_mutex_unlock(&told.lock);
	return found;
}

static struct conn *
direct(const char *uri, bool readonly)
{
	struct hostspec spec = { .transport = TRANSPORT_DIRECT, .uri = (char *)(uintptr_t)uri };
	struct conn_libvirt_opts opts = { .readonly = readonly, .keepalive_ms = 5000 };

	return conn_libvirt_new(&opts, &spec, 0, &listener);
}

static struct conn *
opened(const char *uri)
{
	g_autoptr(GError) error = NULL;
	struct conn *conn = direct(uri, false);

	cr_assert(conn->ops->open(conn, &error), "%s", error->message);
	return conn;
}

static void
take(struct conn *conn, const struct sample_opts *opts, struct host_sample *sample)
{
	g_autoptr(GError) error = NULL;

	host_sample_init(sample);
	cr_assert(conn->ops->sample(conn, opts, sample, &error), "%s", error->message);
}

static const struct vm_sample *
vm_named(const struct host_sample *sample, const char *name)
{
	for (guint i = 0; i < sample->vms->len; i++)
		if (g_str_equal(g_array_index(sample->vms, struct vm_sample, i).name, name))
			return &g_array_index(sample->vms, struct vm_sample, i);
	return NULL;
}

#define HAS(sample, bit) (((sample)->valid >> (bit)) & 1u)

TestSuite(libvirt, .init = start, .fini = stop, .timeout = 120);

static const struct sample_opts list_opts = { .depth = SAMPLE_LIST };
static const struct sample_opts cheap_opts = { .depth = SAMPLE_CHEAP };
static const struct sample_opts full_opts = { .depth = SAMPLE_FULL };

/* A sample of NAME alone; its uuid goes into UUID. */
static enum vm_state
state_of(struct conn *conn, const char *name, uint8_t uuid[UUID_LEN])
{
	struct host_sample sample;

	take(conn, &full_opts, &sample);
	const struct vm_sample *vm = vm_named(&sample, name);
	cr_assert(vm);
	enum vm_state state = vm->state;
	if (uuid)
		memcpy(uuid, vm->uuid, UUID_LEN);
	host_sample_done(&sample);
	return state;
}

static void
act(struct conn *conn, const uint8_t uuid[UUID_LEN], enum vm_act verb)
{
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->act(conn, uuid, verb, &error), "%s", error ? error->message : "no error");
}

/* ---- the test driver, in this process ---- */

Test(libvirt, direct_list)
{
	struct conn *conn = opened("test:///default");
	struct host_sample sample;

	cr_assert(told.step_ok[CONN_STEP_LIBVIRT] && told.step_ok[CONN_STEP_PERMISSION]);
	take(conn, &list_opts, &sample);
	cr_assert_eq(sample.vms->len, 1);
	const struct vm_sample *vm = vm_named(&sample, "test");
	cr_assert(vm);
	cr_assert_eq(vm->state, VM_STATE_RUNNING);
	cr_assert_eq(vm->id, 1);
	cr_assert_not(vm->is_dom0);
	cr_assert_eq(vm->valid, 0);
	cr_assert_eq(sample.valid, 0);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt, direct_full_reads_guests_one_by_one)
{
	struct conn *conn = opened("test:///default");
	struct host_sample sample;

	take(conn, &full_opts, &sample);
	const struct vm_sample *vm = vm_named(&sample, "test");
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

Test(libvirt, direct_facts)
{
	struct conn *conn = opened("test:///default");
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

Test(libvirt, direct_verbs_and_events)
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
	struct conn *conn = opened("test:///default");
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		act(conn, uuid, cases[i].act);
		cr_assert(event_came(cases[i].event, uuid), "case %zu", i);
		cr_assert_eq(state_of(conn, "test", NULL), cases[i].state, "case %zu", i);
	}
	conn->ops->free(conn);
}

Test(libvirt, direct_autostart_shows_with_the_next_sample)
{
	struct conn *conn = opened("test:///default");
	struct host_sample sample;
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	act(conn, uuid, VM_ACT_AUTOSTART_ON);
	take(conn, &full_opts, &sample);
	cr_assert(vm_named(&sample, "test")->autostart);
	host_sample_done(&sample);
	act(conn, uuid, VM_ACT_AUTOSTART_OFF);
	take(conn, &full_opts, &sample);
	cr_assert_not(vm_named(&sample, "test")->autostart);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt, direct_verb_in_the_wrong_state)
{
	struct conn *conn = opened("test:///default");
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	state_of(conn, "test", uuid);
	act(conn, uuid, VM_ACT_DESTROY);
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_RESET, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE), "%s", error->message);
	cr_assert(g_str_has_prefix(error->message, "reset: "), "%s", error->message);
	conn->ops->free(conn);
}

Test(libvirt, direct_domain0_is_never_a_target)
{
	static const uint8_t zero[UUID_LEN];
	struct conn *conn = opened("test:///default");

	for (unsigned verb = 0; verb < VM_ACT_COUNT; verb++) {
		g_autoptr(GError) error = NULL;

		cr_assert_not(conn->ops->act(conn, zero, verb, &error));
		cr_assert(strstr(error->message, "Domain-0"), "%s", error->message);
	}
	conn->ops->free(conn);
}

Test(libvirt, direct_readonly)
{
	struct conn *conn = direct("test:///default", true);
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

Test(libvirt, direct_cancelled)
{
	struct conn *conn = opened("test:///default");
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

Test(libvirt, direct_open_fails)
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
		struct conn *conn = direct(cases[i].uri, false);
		g_autoptr(GError) error = NULL;

		told.step_failed[CONN_STEP_LIBVIRT] = false;
		cr_assert_not(conn->ops->open(conn, &error), "%s", cases[i].uri);
		cr_assert_eq(error->code, (int)cases[i].class, "%s: %s (%d)", cases[i].uri, error->message,
			error->code);
		cr_assert(told.step_failed[CONN_STEP_LIBVIRT]);
		conn->ops->free(conn);
	}
}

Test(libvirt, never_opened)
{
	struct conn *conn = direct("test:///default", false);
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
Test(libvirt, direct_turns_go_round)
{
	g_autofree char *path = NULL;
	g_autofree char *uri = node_uri(&path);
	struct conn *conn = opened(uri);
	uint8_t visible[1][UUID_LEN];
	struct sample_opts opts = { .depth = SAMPLE_FULL, .calls = 10 };
	int64_t newest = 0;
	struct host_sample sample;

	take(conn, &list_opts, &sample);
	cr_assert_eq(sample.vms->len, NODE_VMS);
	memcpy(visible[0], vm_named(&sample, "g11")->uuid, UUID_LEN);
	host_sample_done(&sample);
	opts.visible = visible;
	opts.nvisible = 1;

	for (unsigned round = 0; round < 8; round++) {
		take(conn, &opts, &sample);
		const struct vm_sample *vm = vm_named(&sample, "g11");
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
		cr_assert_leq(fresh, 3, "few round trips are spent");
		cr_assert_geq(known, MIN(round + 2, NODE_VMS));
		host_sample_done(&sample);
	}
	conn->ops->free(conn);
	unlink(path);
}

Test(libvirt, direct_no_limit_reads_all)
{
	g_autofree char *path = NULL;
	g_autofree char *uri = node_uri(&path);
	struct conn *conn = opened(uri);
	struct host_sample sample;

	take(conn, &cheap_opts, &sample);
	for (guint i = 0; i < sample.vms->len; i++)
		cr_assert(HAS(&g_array_index(sample.vms, struct vm_sample, i), RAW_DISK_WR_OPS));
	host_sample_done(&sample);
	conn->ops->free(conn);
	unlink(path);
}
