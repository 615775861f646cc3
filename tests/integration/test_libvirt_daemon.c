/* The libvirt connection against private daemons with real QEMU guests, without a tunnel between. */
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "fleet/stats.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct witness witness;
static struct lab *lab;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	lab = lab_new();
	cr_assert(events_start(&error), "%s", error ? error->message : "no error");
}

static void
stop(void)
{
	events_stop();
	lab_free(lab);
	witness_done(&witness);
}

TestSuite(libvirt_daemon, .init = start, .fini = stop, .timeout = 240);

static const struct sample_opts list_opts = { .depth = SAMPLE_LIST };
static const struct sample_opts cheap_opts = { .depth = SAMPLE_CHEAP };
static const struct sample_opts full_opts = { .depth = SAMPLE_FULL };

static char *
daemon_uri(const struct lab_libvirtd *daemon)
{
	return g_strdup_printf("remote+unix:///?socket=%s", lab_libvirtd_socket(daemon));
}

static struct conn *
open_daemon(const struct lab_libvirtd *daemon)
{
	g_autofree char *uri = daemon_uri(daemon);

	return witness_open(&witness, uri);
}

/* ---- numbers ---- */

/* "  name=value" lines of virsh domstats, added up over devices where EACH is set. */
static uint64_t
virsh_number(const char *text, const char *pattern, bool *found)
{
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) match = NULL;
	uint64_t sum = 0;

	*found = false;
	for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
		g_match_info_next(match, NULL)) {
		g_autofree char *number = g_match_info_fetch(match, 1);

		sum += g_ascii_strtoull(number, NULL, 10);
		*found = true;
	}
	return sum;
}

static const struct {
	enum vm_raw raw;
	const char *pattern;
	uint64_t unit;
} numbers[] = {
	{ RAW_VCPUS, "^ +vcpu\\.current=(\\d+)$", 1 },
	{ RAW_VCPUS_MAX, "^ +vcpu\\.maximum=(\\d+)$", 1 },
	{ RAW_CPU_NS, "^ +cpu\\.time=(\\d+)$", 1 },
	{ RAW_DELAY_NS, "^ +vcpu\\.\\d+\\.delay=(\\d+)$", 1 },
	{ RAW_WAIT_NS, "^ +vcpu\\.\\d+\\.wait=(\\d+)$", 1 },
	{ RAW_MEM_BYTES, "^ +balloon\\.current=(\\d+)$", 1024 },
	{ RAW_MEM_MAX_BYTES, "^ +balloon\\.maximum=(\\d+)$", 1024 },
	{ RAW_DISK_RD_BYTES, "^ +block\\.\\d+\\.rd\\.bytes=(\\d+)$", 1 },
	{ RAW_DISK_WR_BYTES, "^ +block\\.\\d+\\.wr\\.bytes=(\\d+)$", 1 },
	{ RAW_DISK_RD_OPS, "^ +block\\.\\d+\\.rd\\.reqs=(\\d+)$", 1 },
	{ RAW_DISK_WR_OPS, "^ +block\\.\\d+\\.wr\\.reqs=(\\d+)$", 1 },
	{ RAW_DISK_RD_NS, "^ +block\\.\\d+\\.rd\\.times=(\\d+)$", 1 },
	{ RAW_DISK_WR_NS, "^ +block\\.\\d+\\.wr\\.times=(\\d+)$", 1 },
};

/* Counters only grow: ours, read between two of virsh's, must lie between them. */
Test(libvirt_daemon, bulk_statistics_are_what_virsh_says)
{
	static const char *const domstats[] = { "domstats", "--raw", "b", NULL };
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct host_sample sample;

	lab_guest_start(daemon, "a");
	lab_guest_start(daemon, "b");
	struct conn *conn = open_daemon(daemon);
	g_autofree char *before = lab_virsh(daemon, domstats);
	take_sample(conn, &full_opts, &sample);
	g_autofree char *after = lab_virsh(daemon, domstats);

	cr_assert_eq(sample.vms->len, 2);
	const struct vm_sample *vm = sample_vm(&sample, "b");
	cr_assert_eq(vm->state, VM_STATE_RUNNING);
	cr_assert_str_eq(vm->reason, "booted");
	cr_assert(vm->persistent && vm->autostart_known && !vm->autostart);
	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		bool known;
		uint64_t low = virsh_number(before, numbers[i].pattern, &known) * numbers[i].unit;
		uint64_t high = virsh_number(after, numbers[i].pattern, &known) * numbers[i].unit;
		uint64_t ours = vm->raw[numbers[i].raw];

		cr_assert_eq(HAS(vm, numbers[i].raw), known, "%s", numbers[i].pattern);
		cr_assert(low <= ours && ours <= high,
			"%s: %" G_GUINT64_FORMAT " is not in %" G_GUINT64_FORMAT "..%" G_GUINT64_FORMAT,
			numbers[i].pattern, ours, low, high);
	}
	cr_assert(HAS(vm, RAW_RSS_BYTES) && vm->raw[RAW_RSS_BYTES] > 1024 * 1024);
	cr_assert(HAS(vm, RAW_NET_RX_BYTES) && vm->raw[RAW_NET_RX_BYTES] == 0, "no NIC: a true 0");
	cr_assert_not(HAS(vm, RAW_USED_BYTES), "no balloon driver in the guest");
	host_sample_done(&sample);
	conn->ops->free(conn);
}

/* Nanoseconds of nodecpustats' FIELDS together. */
static uint64_t
node_cpu_ns(const char *text, const char *fields)
{
	g_autofree char *pattern = g_strdup_printf("^(?:%s): +(\\d+)$", fields);
	bool found;
	uint64_t ns = virsh_number(text, pattern, &found);

	cr_assert(found, "%s in: %s", fields, text);
	return ns;
}

/* As with guests: between virsh's two. */
Test(libvirt_daemon, host_cpu_is_what_nodecpustats_says)
{
	static const struct {
		enum host_raw raw;
		const char *fields;
	} counters[] = {
		{ HRAW_CPU_BUSY_NS, "user|system" },
		{ HRAW_CPU_TOTAL_NS, "user|system|idle|iowait" },
	};
	static const char *const stats[] = { "nodecpustats", NULL };
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct conn *conn = open_daemon(daemon);
	struct host_sample sample;

	g_autofree char *before = lab_virsh(daemon, stats);
	take_sample(conn, &cheap_opts, &sample);
	g_autofree char *after = lab_virsh(daemon, stats);
	for (size_t i = 0; i < G_N_ELEMENTS(counters); i++) {
		uint64_t ours = sample.raw[counters[i].raw];

		cr_assert(HAS(&sample, counters[i].raw));
		cr_assert_geq(ours, node_cpu_ns(before, counters[i].fields), "%s", before);
		cr_assert_leq(ours, node_cpu_ns(after, counters[i].fields), "%s", after);
	}
	host_sample_done(&sample);
	conn->ops->free(conn);
}

Test(libvirt_daemon, host_numbers)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, "77770000-0000-4000-8000-000000000009");
	struct conn *conn = open_daemon(daemon);
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	take_sample(conn, &cheap_opts, &sample);
	cr_assert_eq(sample.raw[HRAW_PCPUS], (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	cr_assert_eq(sample.raw[HRAW_MEM_TOTAL] / 4096, (uint64_t)sysconf(_SC_PHYS_PAGES));
	cr_assert(HAS(&sample, HRAW_MEM_FREE) && sample.raw[HRAW_MEM_FREE] < sample.raw[HRAW_MEM_TOTAL]);
	cr_assert(HAS(&sample, HRAW_CPU_BUSY_NS) &&
		  sample.raw[HRAW_CPU_BUSY_NS] < sample.raw[HRAW_CPU_TOTAL_NS]);
	host_sample_done(&sample);

	struct host_facts *facts = conn->ops->host_facts(conn, &error);
	cr_assert(facts, "%s", error ? error->message : "no error");
	cr_assert_eq(facts->hypervisor, HYPERVISOR_KVM);
	cr_assert_str_eq(facts->driver, "QEMU");
	cr_assert_str_eq(facts->uuid, "77770000-0000-4000-8000-000000000009");
	cr_assert(facts->hv_version && facts->libvirt_version && facts->hostname && facts->cpu_model);
	cr_assert(facts->live_migration);
	host_facts_unref(facts);
	conn->ops->free(conn);
}

/* ---- what others do ---- */

Test(libvirt_daemon, changes_by_others_are_told_and_seen)
{
	static const struct {
		const char *verb;
		enum conn_event_kind event;
		enum vm_state state;
	} cases[] = {
		{ "suspend", CONN_EVENT_SUSPENDED, VM_STATE_PAUSED },
		{ "resume", CONN_EVENT_RESUMED, VM_STATE_RUNNING },
		{ "destroy", CONN_EVENT_STOPPED, VM_STATE_OFF },
		{ "start", CONN_EVENT_STARTED, VM_STATE_RUNNING },
	};
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct host_sample sample;
	uint8_t uuid[UUID_LEN];

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	state_of(conn, "a", uuid);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_free(lab_virsh(daemon, (const char *[]){ cases[i].verb, "a", NULL }));
		cr_assert(witness_saw(&witness, cases[i].event, uuid), "%s", cases[i].verb);
		take_sample(conn, i % 2 ? &list_opts : &cheap_opts, &sample);
		cr_assert_eq(sample_vm(&sample, "a")->state, cases[i].state, "%s", cases[i].verb);
		host_sample_done(&sample);
	}

	lab_guest_start(daemon, "new");
	cr_assert(witness_saw(&witness, CONN_EVENT_DEFINED, NULL));
	cr_assert_eq(state_of(conn, "new", NULL), VM_STATE_RUNNING);
	g_free(lab_virsh(daemon, (const char *[]){ "destroy", "new", NULL }));
	g_free(lab_virsh(daemon, (const char *[]){ "undefine", "new", NULL }));
	cr_assert(witness_saw(&witness, CONN_EVENT_UNDEFINED, NULL));
	take_sample(conn, &full_opts, &sample);
	cr_assert_null(sample_vm(&sample, "new"));
	host_sample_done(&sample);
	conn->ops->free(conn);
}

/* Guests that are off are read apart and seldom. */
Test(libvirt_daemon, guest_that_is_off_stays_in_the_list)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct host_sample sample;

	lab_guest_start(daemon, "on");
	lab_guest_start(daemon, "off");
	struct conn *conn = open_daemon(daemon);
	take_sample(conn, &full_opts, &sample);
	host_sample_done(&sample);
	g_free(lab_virsh(daemon, (const char *[]){ "destroy", "off", NULL }));
	for (unsigned round = 0; round < 25; round++) {
		take_sample(conn, &full_opts, &sample);
		const struct vm_sample *vm = sample_vm(&sample, "off");
		cr_assert(vm && sample.vms->len == 2, "round %u", round);
		cr_assert_eq(vm->state, VM_STATE_OFF);
		cr_assert_str_eq(vm->reason, "forced off");
		cr_assert_eq(vm->id, -1);
		cr_assert_eq(vm->raw[RAW_MEM_MAX_BYTES], 16 * 1024 * 1024);
		cr_assert(HAS(vm, RAW_VCPUS) && !HAS(vm, RAW_MEM_BYTES) && !HAS(vm, RAW_CPU_NS));
		cr_assert(HAS(sample_vm(&sample, "on"), RAW_DISK_RD_BYTES));
		host_sample_done(&sample);
	}
	g_free(lab_virsh(daemon, (const char *[]){ "setmaxmem", "off", "20M", "--config", NULL }));
	uint64_t max = 0; /* no event tells of it: found within some samples */
	for (unsigned round = 0; round < 12 && max != 20 * 1024 * 1024; round++) {
		take_sample(conn, &full_opts, &sample);
		max = sample_vm(&sample, "off")->raw[RAW_MEM_MAX_BYTES];
		host_sample_done(&sample);
	}
	cr_assert_eq(max, 20 * 1024 * 1024);
	conn->ops->free(conn);
}

struct onlooker {
	struct conn *conn;
	atomic_bool stop;
	unsigned samples, absent; /* read after the thread was joined */
};

static void *
look_on(void *arg)
{
	struct onlooker *onlooker = arg;
	struct host_sample sample;

	while (!atomic_load(&onlooker->stop)) {
		take_sample(onlooker->conn, &full_opts, &sample);
		onlooker->samples++;
		onlooker->absent += sample.vms->len != 2;
		host_sample_done(&sample);
	}
	return NULL;
}

Test(libvirt_daemon, no_guest_vanishes_or_doubles_while_it_starts_and_stops)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct onlooker onlooker = { 0 };
	pthread_t thread;

	lab_guest_start(daemon, "a");
	lab_guest_start(daemon, "b");
	onlooker.conn = open_daemon(daemon);
	cr_assert_eq(pthread_create(&thread, NULL, look_on, &onlooker), 0);
	for (unsigned i = 0; i < 6; i++) {
		g_free(lab_virsh(daemon, (const char *[]){ "destroy", "a", NULL }));
		g_free(lab_virsh(daemon, (const char *[]){ "start", "a", NULL }));
	}
	atomic_store(&onlooker.stop, true);
	pthread_join(thread, NULL);
	cr_assert_eq(onlooker.absent, 0, "%u of %u samples", onlooker.absent, onlooker.samples);
	cr_assert_gt(onlooker.samples, 6);
	onlooker.conn->ops->free(onlooker.conn);
}

Test(libvirt_daemon, changed_title_is_told)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	state_of(conn, "a", uuid); /* the first full sample subscribes to what can wait */
	g_free(lab_virsh(daemon, (const char *[]){ "desc", "a", "--title", "--live", "hello", NULL }));
	cr_assert(witness_saw(&witness, CONN_EVENT_CHANGED, uuid));
	struct vm_facts *facts = conn->ops->vm_facts(conn, uuid, &error);
	cr_assert_str_eq(facts->title, "hello");
	cr_assert_eq(facts->type, VM_TYPE_QEMU);
	cr_assert_eq(facts->ndisks, 1);
	vm_facts_unref(facts);
	conn->ops->free(conn);
}

/* ---- our own verbs ---- */

Test(libvirt_daemon, verbs)
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
	};
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	state_of(conn, "a", uuid);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		do_act(conn, uuid, cases[i].act);
		cr_assert(witness_saw(&witness, cases[i].event, uuid), "case %zu", i);
		cr_assert_eq(state_of(conn, "a", NULL), cases[i].state, "case %zu", i);
	}
	do_act(conn, uuid, VM_ACT_RESET);
	do_act(conn, uuid, VM_ACT_AUTOSTART_ON);
	g_autofree char *info = lab_virsh(daemon, (const char *[]){ "dominfo", "a", NULL });
	cr_assert(strstr(info, "enable"), "%s", info);
	do_act(conn, uuid, VM_ACT_AUTOSTART_OFF);
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_START, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE), "%s", error->message);
	conn->ops->free(conn);
}

Test(libvirt_daemon, readonly_is_enforced_by_the_daemon)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	const char *socket_ro = lab_libvirtd_socket_ro(daemon);
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	if (!socket_ro)
		cr_skip("a session daemon has no read-only socket");
	lab_guest_start(daemon, "a");
	g_autofree char *uri = g_strdup_printf("remote+unix:///?socket=%s", socket_ro);
	struct conn *conn = witness_conn(&witness, uri, true, 5000);
	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	cr_assert_eq(state_of(conn, "a", uuid), VM_STATE_RUNNING);
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_DESTROY, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_DENIED), "%s", error->message);
	conn->ops->free(conn);
	g_clear_error(&error);

	/* not by hiding the verb only: a connection that claims to be a full one is refused as well */
	conn = witness_conn(&witness, uri, false, 5000);
	if (conn->ops->open(conn, &error))
		cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_DESTROY, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_DENIED), "%s", error->message);
	conn->ops->free(conn);
}

/* ---- faults ---- */

static bool
sample_fails(struct conn *conn, const struct sample_opts *opts, enum fleet_error class)
{
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	host_sample_init(&sample);
	bool ok = conn->ops->sample(conn, opts, &sample, &error);
	host_sample_done(&sample);
	if (ok || !g_error_matches(error, FLEET_ERROR, (int)class))
		cr_log_warn("%s", ok ? "the sample was taken" : error->message);
	return !ok && g_error_matches(error, FLEET_ERROR, (int)class);
}

Test(libvirt_daemon, killed_and_restarted)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	cr_assert_eq(state_of(conn, "a", NULL), VM_STATE_RUNNING);
	lab_libvirtd_kill(daemon);
	cr_assert(witness_saw(&witness, CONN_EVENT_CLOSED, NULL));
	cr_assert(sample_fails(conn, &full_opts, FLEET_ERROR_GONE));
	cr_assert(sample_fails(conn, &list_opts, FLEET_ERROR_GONE));
	conn->ops->free(conn);

	lab_libvirtd_restart(daemon);
	conn = open_daemon(daemon);
	cr_assert_eq(state_of(conn, "a", NULL), VM_STATE_RUNNING);
	conn->ops->free(conn);
}

Test(libvirt_daemon, keepalive_gives_up_a_frozen_daemon)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autofree char *uri = daemon_uri(daemon);
	struct conn *conn = witness_conn(&witness, uri, false, 1000);
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	take_sample(conn, &cheap_opts, &sample); /* from now on it is told of events */
	host_sample_done(&sample);
	lab_libvirtd_freeze(daemon);
	cr_assert(sample_fails(conn, &full_opts, FLEET_ERROR_TIMEOUT));
	cr_assert(witness_saw(&witness, CONN_EVENT_CLOSED, NULL));
	conn->ops->free(conn); /* returns although the daemon is still frozen */
	lab_libvirtd_thaw(daemon);
}

/* The daemon couldn't reach another daemon, and says so with the very error that our side has for a lost connection. */
Test(libvirt_daemon, a_connection_that_the_daemon_lost_is_not_ours)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autofree char *run = g_path_get_dirname(lab_libvirtd_socket(daemon));
	g_autofree char *conf = g_build_filename(run, "../../etc/libvirt/qemu.conf", NULL);
	g_autoptr(GError) error = NULL;
	uint8_t uuid[UUID_LEN];

	lab_guest_start(daemon, "a");
	g_free(lab_virsh(daemon, (const char *[]){ "destroy", "a", NULL }));
	/* nobody is logd here */
	g_autofree char *text = NULL;
	cr_assert(g_file_get_contents(conf, &text, NULL, NULL));
	g_auto(GStrv) parts = g_strsplit(text, "stdio_handler = \"file\"", 2);
	cr_assert_not_null(parts[1]);
	g_autofree char *logd = g_strjoinv("stdio_handler = \"logd\"", parts);
	cr_assert(g_file_set_contents(conf, logd, -1, NULL));
	lab_libvirtd_kill(daemon);
	lab_libvirtd_restart(daemon);

	struct conn *conn = open_daemon(daemon);
	cr_assert_eq(state_of(conn, "a", uuid), VM_STATE_OFF);
	cr_assert_not(conn->ops->act(conn, uuid, VM_ACT_START, &error));
	cr_assert_not_null(strstr(error->message, "virtlogd-sock"), "%s", error->message);
	cr_assert_not(fleet_error_is_link(error), "%s", error->message);
	cr_assert_eq(state_of(conn, "a", NULL), VM_STATE_OFF, "the connection is as good as before");
	conn->ops->free(conn);
}

/* NOWAIT is no cure: who asks a frozen guest's monitor waits. Without the monitor nobody waits. */
Test(libvirt_daemon, frozen_guest_does_not_hold_up_what_needs_no_monitor)
{
	static const struct sample_opts no_monitor = { .depth = SAMPLE_FULL, .no_monitor = true };
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct host_sample sample;

	lab_guest_start(daemon, "a");
	lab_guest_start(daemon, "b");
	struct conn *conn = open_daemon(daemon);
	pid_t qemu = lab_guest_pid(daemon, "a");
	cr_assert_eq(kill(qemu, SIGSTOP), 0);

	take_sample(conn, &list_opts, &sample);
	cr_assert_eq(sample_vm(&sample, "a")->state, VM_STATE_RUNNING);
	host_sample_done(&sample);
	take_sample(conn, &no_monitor, &sample);
	const struct vm_sample *vm = sample_vm(&sample, "b");
	cr_assert(HAS(vm, RAW_NET_RX_BYTES));
	cr_assert_not(HAS(vm, RAW_CPU_NS));
	cr_assert(HAS(&sample, HRAW_CPU_BUSY_NS));
	host_sample_done(&sample);

	cr_assert_eq(kill(qemu, SIGCONT), 0);
	take_sample(conn, &full_opts, &sample);
	cr_assert(HAS(sample_vm(&sample, "a"), RAW_DISK_RD_BYTES));
	host_sample_done(&sample);
	conn->ops->free(conn);
}

struct asking {
	struct conn *conn;
	pthread_t thread;
	atomic_bool answered;
};

static void *
ask_once(void *arg)
{
	struct asking *asking = arg;
	struct host_sample sample;

	host_sample_init(&sample);
	asking->conn->ops->sample(asking->conn, &full_opts, &sample, NULL);
	host_sample_done(&sample);
	atomic_store(&asking->answered, true);
	return NULL;
}

static bool
one_is_answered(void *arg)
{
	struct asking *two = arg;

	return atomic_load(&two[0].answered) || atomic_load(&two[1].answered);
}

static bool
is_silent(void *arg)
{
	struct host_sample sample;

	take_sample(arg, &full_opts, &sample);
	const char *reason = sample_vm(&sample, "a")->reason;
	bool silent = g_strcmp0(reason, STATS_REASON_SILENT) == 0;
	cr_assert_str_neq(sample_vm(&sample, "b")->reason, STATS_REASON_SILENT);
	host_sample_done(&sample);
	return silent;
}

static bool
speaks_again(void *arg)
{
	return !is_silent(arg);
}

/* Its page is read without its monitor, and says so. */
static void
check_silent_detail(struct conn *conn, const uint8_t uuid[UUID_LEN])
{
	struct vm_detail *detail = conn->ops->vm_detail(conn, uuid, NULL, false, NULL);

	cr_assert(detail);
	cr_assert(g_str_has_prefix(detail->unknowns[0], "disks and memory: QEMU's monitor does not answer"));
	cr_assert_not(detail->disks[0].valid);
	cr_assert(detail->xml && detail->nvcpus == 1);
	vm_detail_unref(detail);
}

/* The first who asks a frozen guest waits for ever and is cut in the end; whoever comes after him is told less. */
Test(libvirt_daemon, frozen_guest_is_marked_until_it_answers)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct asking two[2] = { 0 };

	lab_guest_start(daemon, "a");
	lab_guest_start(daemon, "b");
	pid_t qemu = lab_guest_pid(daemon, "a");
	uint8_t uuid[UUID_LEN];
	two[0].conn = open_daemon(daemon);
	state_of(two[0].conn, "a", uuid);
	two[1].conn = open_daemon(daemon);
	cr_assert_eq(kill(qemu, SIGSTOP), 0);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&two[i].thread, NULL, ask_once, &two[i]), 0);
	cr_assert(lab_wait(one_is_answered, two, 60000));

	struct asking *second = atomic_load(&two[0].answered) ? &two[0] : &two[1];
	struct asking *first = second == &two[0] ? &two[1] : &two[0];
	pthread_join(second->thread, NULL);
	cr_assert(lab_wait(is_silent, second->conn, 60000));
	check_silent_detail(second->conn, uuid);
	first->conn->ops->cancel(first->conn);
	pthread_join(first->thread, NULL);
	cr_assert(is_silent(second->conn));

	cr_assert_eq(kill(qemu, SIGCONT), 0);
	cr_assert(lab_wait(speaks_again, second->conn, 60000));
	first->conn->ops->free(first->conn);
	second->conn->ops->free(second->conn);
}

/* ---- a far end that is no libvirt ---- */

struct stranger {
	const char *answer;  /* to the first words, or */
	struct conn *silent; /* has whom they come from cancelled */
	int listener;
	char *path;
};

static void *
answer_once(void *arg)
{
	struct stranger *stranger = arg;
	int fd = accept4(stranger->listener, NULL, NULL, SOCK_CLOEXEC);
	char sink[256];

	if (fd < 0)
		return NULL;
	if (read(fd, sink, sizeof(sink)) > 0) {
		if (stranger->silent)
			stranger->silent->ops->cancel(stranger->silent);
		else
			cr_expect(write(fd, stranger->answer, strlen(stranger->answer)) > 0);
	}
	while (read(fd, sink, sizeof(sink)) > 0)
		;
	close(fd);
	return NULL;
}

static void
stranger_listen(struct stranger *stranger)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	stranger->path = g_build_filename(lab_dir(lab), "stranger", NULL);
	g_strlcpy(address.sun_path, stranger->path, sizeof(address.sun_path));
	stranger->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(stranger->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(stranger->listener, 1), 0);
}

Test(libvirt_daemon, garbage_instead_of_a_reply)
{
	static const char *const answers[] = {
		"SSH-2.0-OpenSSH_9.2p1 Debian\r\n and then some more text, longer than any header\r\n",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		struct stranger stranger = { .answer = answers[i] };
		g_autoptr(GError) error = NULL;
		pthread_t thread;

		stranger_listen(&stranger);
		cr_assert_eq(pthread_create(&thread, NULL, answer_once, &stranger), 0);
		g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", stranger.path);
		struct conn *conn = witness_conn(&witness, uri, false, 1000);
		cr_assert_not(conn->ops->open(conn, &error));
		cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL), "%s", error->message);
		cr_assert(witness.step_failed[CONN_STEP_LIBVIRT]);
		conn->ops->free(conn);
		pthread_join(thread, NULL);
		close(stranger.listener);
		unlink(stranger.path);
		g_free(stranger.path);
	}
}

/* Before there is keepalive nothing but us ends the wait for a daemon that says nothing. */
Test(libvirt_daemon, cancel_ends_the_opening_without_a_tunnel)
{
	struct stranger stranger = { 0 };
	g_autoptr(GError) error = NULL, early = NULL;
	pthread_t thread;

	stranger_listen(&stranger);
	g_autofree char *uri = g_strdup_printf("qemu+unix:///system?socket=%s", stranger.path);
	stranger.silent = witness_conn(&witness, uri, false, 1000);
	cr_assert_eq(pthread_create(&thread, NULL, answer_once, &stranger), 0);
	cr_assert_not(stranger.silent->ops->open(stranger.silent, &error));
	cr_assert_eq(error->code, FLEET_ERROR_CANCELLED, "%s", error->message);
	stranger.silent->ops->free(stranger.silent);
	pthread_join(thread, NULL);

	struct conn *conn = witness_conn(&witness, uri, false, 1000);
	conn->ops->cancel(conn);
	cr_assert_not(conn->ops->open(conn, &early));
	cr_assert_eq(early->code, FLEET_ERROR_CANCELLED, "%s", early->message);
	conn->ops->free(conn);
	close(stranger.listener);
	unlink(stranger.path);
	g_free(stranger.path);
}

Test(libvirt_daemon, a_cancelled_connection_to_a_frozen_daemon_is_freed_at_once)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autofree char *uri = daemon_uri(daemon);
	struct conn *conn = witness_conn(&witness, uri, false, 0);
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	take_sample(conn, &cheap_opts, &sample); /* from now on it is told of events */
	host_sample_done(&sample);
	lab_libvirtd_freeze(daemon);
	conn->ops->cancel(conn);
	conn->ops->free(conn);
	lab_libvirtd_thaw(daemon);
}
