/* The libvirt connection through our own tunnel: real sshd, real libvirtd, real QEMU guests. */
#include "fleet/conn_libvirt.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_MS 20000

static struct witness witness;
static struct lab *lab;
static struct lab_sshd *sshd;
static struct asks *asks;
static struct tunnels *tunnels;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	lab = lab_new();
	sshd = lab_sshd_start(lab, NULL, NULL, true);
	asks = asks_new(false, NULL, NULL, NULL);
	struct tunnels_opts opts = {
		.connect_timeout_ms = DEADLINE_MS,
		.parallel = 8,
		.gate_parallel = 8,
		.asks = asks,
		.ssh_config = lab_ssh_config(lab),
	};
	tunnels = tunnels_new(&opts, &error);
	cr_assert(tunnels && events_start(&error), "%s", error ? error->message : "no error");
}

static void
stop(void)
{
	events_stop();
	tunnels_free(tunnels);
	asks_free(asks);
	lab_free(lab);
	witness_done(&witness);
}

TestSuite(libvirt_ssh, .init = start, .fini = stop, .timeout = 240);

static const struct sample_opts list_opts = { .depth = SAMPLE_LIST };
static const struct sample_opts full_opts = { .depth = SAMPLE_FULL };

static struct conn *
conn_to(const char *uri, bool readonly)
{
	g_autoptr(GError) error = NULL;
	struct hostspec *spec = hostspec_parse(uri, "auto", &error);
	struct conn_libvirt_opts opts = { .tunnels = tunnels, .readonly = readonly, .keepalive_ms = 5000 };

	cr_assert(spec, "%s: %s", uri, error ? error->message : "no error");
	struct conn *conn = conn_libvirt_new(&opts, spec, 0, &witness.listener);
	hostspec_free(spec);
	return conn;
}

static struct conn *
open_daemon(const struct lab_libvirtd *daemon)
{
	g_autofree char *uri = lab_uri(sshd, daemon, "qemu", NULL);
	struct conn *conn = conn_to(uri, false);
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->open(conn, &error), "%s: %s", uri, error ? error->message : "no error");
	return conn;
}

/* The same, told of events, which begin with the first sample that is more than a list. */
static struct conn *
open_with_events(const struct lab_libvirtd *daemon)
{
	struct conn *conn = open_daemon(daemon);
	struct host_sample sample;

	take_sample(conn, &full_opts, &sample);
	host_sample_done(&sample);
	return conn;
}

/* ---- everything works ---- */

Test(libvirt_ssh, opens_and_samples)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	for (unsigned step = CONN_STEP_NAME; step < CONN_STEP_COUNT; step++)
		cr_assert(witness.step_ok[step] && !witness.step_failed[step], "step %u", step);

	take_sample(conn, &full_opts, &sample);
	cr_assert_eq(sample_vm(&sample, "a")->state, VM_STATE_RUNNING);
	cr_assert(HAS(sample_vm(&sample, "a"), RAW_CPU_NS));
	cr_assert(HAS(&sample, HRAW_RTT_US));
	host_sample_done(&sample);

	struct host_facts *facts = conn->ops->host_facts(conn, &error);
	cr_assert(g_str_has_prefix(facts->uri, "qemu:///"), "%s", facts->uri);
	cr_assert_null(strchr(facts->uri, '?'));
	cr_assert(facts->via && facts->via[0]);
	host_facts_unref(facts);
	conn->ops->free(conn);
}

/* A plain host name: which driver there is only the daemon knows. */
Test(libvirt_ssh, driver_is_found_out)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autoptr(GError) error = NULL;
	g_autofree char *name = g_strdup_printf("%s:%u", lab_sshd_address(sshd), lab_sshd_port(sshd));
	struct hostspec *spec = hostspec_parse(name, "auto", &error);
	struct conn_libvirt_opts opts = { .tunnels = tunnels };

	cr_assert(spec, "%s", error ? error->message : "no error");
	spec->socket = g_strdup(lab_libvirtd_socket(daemon));
	struct conn *conn = conn_libvirt_new(&opts, spec, 0, &witness.listener);
	hostspec_free(spec);
	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	struct host_facts *facts = conn->ops->host_facts(conn, &error);
	cr_assert_str_eq(facts->driver, "QEMU");
	cr_assert_null(facts->uri, "a socket of the user's choice: system or session is not told");
	host_facts_unref(facts);
	conn->ops->free(conn);
}

Test(libvirt_ssh, test_driver_with_a_node_file)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	const char *node = lab_node_file(lab, "node", 30);
	g_autofree char *uri = lab_uri(sshd, daemon, "test", node);
	struct conn *conn = conn_to(uri, false);
	g_autoptr(GError) error = NULL;
	struct host_sample sample;

	cr_assert(conn->ops->open(conn, &error), "%s: %s", uri, error ? error->message : "no error");
	take_sample(conn, &full_opts, &sample);
	cr_assert_eq(sample.vms->len, 30);
	host_sample_done(&sample);
	conn->ops->free(conn);
}

static unsigned
count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static bool
few_fds(void *limit)
{
	return count_fds() <= *(unsigned *)limit;
}

Test(libvirt_ssh, nothing_is_left_behind)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct host_sample sample;

	lab_guest_start(daemon, "a");
	struct conn *conn = open_daemon(daemon);
	conn->ops->free(conn);
	unsigned before = count_fds();
	for (unsigned i = 0; i < 10; i++) {
		conn = open_daemon(daemon);
		take_sample(conn, &full_opts, &sample);
		host_sample_done(&sample);
		if (i % 2)
			conn->ops->cancel(conn);
		conn->ops->free(conn);
	}
	cr_assert(lab_wait(few_fds, &before, DEADLINE_MS), "%u descriptors became %u", before, count_fds());
}

/* ---- faults: a call under way on a thread of its own, as a host's ---- */

struct call {
	struct conn *conn;
	bool open; /* else: sample with OPTS */
	const struct sample_opts *opts;
	pthread_t thread;
	atomic_int tid;
	atomic_bool done;
	bool ok;
	struct host_sample sample; /* taken when ok; freed by call_done() */
	GError *error;
};

static void *
call_main(void *arg)
{
	struct call *call = arg;

	atomic_store(&call->tid, (int)syscall(SYS_gettid));
	host_sample_init(&call->sample);
	call->ok = call->open ? call->conn->ops->open(call->conn, &call->error)
			      : call->conn->ops->sample(call->conn, call->opts, &call->sample, &call->error);
	atomic_store(&call->done, true);
	return NULL;
}

/* The thread sits in poll(), where libvirt waits for a reply. */
static bool
is_polling(void *arg)
{
	struct call *call = arg;
	g_autofree char *path = g_strdup_printf("/proc/self/task/%d/syscall", atomic_load(&call->tid));
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	long number = strtol(text, NULL, 10);
#ifdef SYS_poll
	if (number == SYS_poll)
		return true;
#endif
	return number == SYS_ppoll;
}

static void
call_start(struct call *call)
{
	cr_assert_eq(pthread_create(&call->thread, NULL, call_main, call), 0);
	cr_assert(lab_wait(is_polling, call, DEADLINE_MS));
}

/* Joins; the call must have failed in CLASS. */
static void
call_failed(struct call *call, enum fleet_error class)
{
	pthread_join(call->thread, NULL);
	cr_assert_not(call->ok);
	cr_assert(g_error_matches(call->error, FLEET_ERROR, (int)class), "%s (%d)", call->error->message,
		call->error->code);
	g_clear_error(&call->error);
	host_sample_done(&call->sample);
}

Test(libvirt_ssh, frozen_daemon_is_cut_by_cancel)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct conn *conn = open_with_events(daemon);
	struct call call = { .conn = conn, .opts = &list_opts };

	lab_libvirtd_freeze(daemon);
	call_start(&call);
	conn->ops->cancel(conn);
	call_failed(&call, FLEET_ERROR_CANCELLED);
	conn->ops->free(conn);

	/* nor does opening one end by itself */
	g_autofree char *uri = lab_uri(sshd, daemon, "qemu", NULL);
	call = (struct call){ .conn = conn_to(uri, false), .open = true };
	memset(witness.step_ok, 0, sizeof(witness.step_ok));
	call_start(&call);
	call.conn->ops->cancel(call.conn);
	call_failed(&call, FLEET_ERROR_CANCELLED);
	call.conn->ops->free(call.conn);

	lab_libvirtd_thaw(daemon);
	conn = open_daemon(daemon);
	conn->ops->free(conn);
}

static bool
one_is_done(void *calls)
{
	struct call *call = calls;

	return atomic_load(&call[0].done) || atomic_load(&call[1].done);
}

/* Who first asks a frozen guest's monitor waits, NOWAIT or not. The next one gets all but that guest's numbers, and
 * nobody waits who asks for what needs no monitor. */
Test(libvirt_ssh, frozen_guest)
{
	static const struct sample_opts no_monitor = { .depth = SAMPLE_FULL, .no_monitor = true };
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct call calls[2] = { 0 };
	struct host_sample sample;

	lab_guest_start(daemon, "a");
	lab_guest_start(daemon, "b");
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
		calls[i] = (struct call){ .conn = open_with_events(daemon), .opts = &full_opts };
	pid_t qemu = lab_guest_pid(daemon, "a");
	cr_assert_eq(kill(qemu, SIGSTOP), 0);
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
		cr_assert_eq(pthread_create(&calls[i].thread, NULL, call_main, &calls[i]), 0);

	cr_assert(lab_wait(one_is_done, calls, DEADLINE_MS), "one of them must not wait");
	struct call *next = atomic_load(&calls[0].done) ? &calls[0] : &calls[1];
	struct call *first = next == &calls[0] ? &calls[1] : &calls[0];
	pthread_join(next->thread, NULL);
	cr_assert(next->ok, "%s", next->error ? next->error->message : "no error");
	cr_assert_eq(sample_vm(&next->sample, "a")->state, VM_STATE_RUNNING);
	cr_assert(HAS(sample_vm(&next->sample, "b"), RAW_DISK_RD_BYTES));
	cr_assert_not(HAS(sample_vm(&next->sample, "a"), RAW_DISK_RD_BYTES));
	host_sample_done(&next->sample);
	cr_assert_not(atomic_load(&first->done), "the other one waits for the guest");

	take_sample(next->conn, &no_monitor, &sample);
	cr_assert_eq(sample_vm(&sample, "a")->state, VM_STATE_RUNNING);
	cr_assert(HAS(sample_vm(&sample, "b"), RAW_NET_RX_BYTES));
	cr_assert_not(HAS(sample_vm(&sample, "b"), RAW_CPU_NS));
	host_sample_done(&sample);

	first->conn->ops->cancel(first->conn);
	call_failed(first, FLEET_ERROR_CANCELLED);
	first->conn->ops->free(first->conn);
	cr_assert_eq(kill(qemu, SIGCONT), 0);
	take_sample(next->conn, &full_opts, &sample);
	cr_assert(HAS(sample_vm(&sample, "b"), RAW_CPU_NS));
	host_sample_done(&sample);
	next->conn->ops->free(next->conn);
}

Test(libvirt_ssh, killed_daemon_ends_the_call_under_way)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct conn *conn = open_with_events(daemon);
	struct call call = { .conn = conn, .opts = &list_opts };

	lab_libvirtd_freeze(daemon);
	call_start(&call);
	lab_libvirtd_kill(daemon);
	call_failed(&call, FLEET_ERROR_GONE);
	cr_assert(witness_saw(&witness, CONN_EVENT_CLOSED, NULL));
	conn->ops->free(conn);
	lab_libvirtd_restart(daemon);
	conn = open_daemon(daemon);
	conn->ops->free(conn);
}

Test(libvirt_ssh, lost_session_ends_the_call_under_way)
{
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	struct conn *conn = open_with_events(daemon);
	struct call call = { .conn = conn, .opts = &list_opts };

	lab_libvirtd_freeze(daemon);
	call_start(&call);
	lab_sshd_kill_sessions(sshd);
	call_failed(&call, FLEET_ERROR_GONE);
	cr_assert(witness_saw(&witness, CONN_EVENT_CLOSED, NULL));
	conn->ops->free(conn);
	lab_libvirtd_thaw(daemon);
}

/* Accepts and never says a word: libvirt itself would wait for ever. */
Test(libvirt_ssh, silent_far_end_is_cut_by_cancel)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	g_autofree char *path = g_build_filename(lab_dir(lab), "silent", NULL);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
	cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(listener, 1), 0);
	g_autofree char *uri = g_strdup_printf(
		"qemu+ssh://%s:%u/system?socket=%s", lab_sshd_address(sshd), lab_sshd_port(sshd), path);
	struct call call = { .conn = conn_to(uri, false), .open = true };
	call_start(&call);
	call.conn->ops->cancel(call.conn);
	call_failed(&call, FLEET_ERROR_CANCELLED);
	call.conn->ops->free(call.conn);
	close(listener);
}

Test(libvirt_ssh, no_daemon)
{
	g_autofree char *uri = g_strdup_printf("qemu+ssh://%s:%u/system?socket=/nonexistent/libvirt-sock",
		lab_sshd_address(sshd), lab_sshd_port(sshd));
	struct conn *conn = conn_to(uri, false);
	g_autoptr(GError) error = NULL;

	cr_assert_not(conn->ops->open(conn, &error));
	cr_assert(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_SOCKET), "%s (%d)", error->message,
		error->code);
	cr_assert(witness.step_ok[CONN_STEP_LOGIN] && witness.step_failed[CONN_STEP_SOCKET]);
	conn->ops->free(conn);
}
