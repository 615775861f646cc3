/* Several connections over one SSH session: real sshd, real libvirtd. */
#include "fleet/conn_libvirt.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/hands.h"
#include "tests/support/lab.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define DEADLINE_MS 20000

static struct witness witness;
static struct lab *lab;
static struct lab_sshd *sshd;
static struct asks *asks;
static struct tunnels *tunnels;
static struct lab_libvirtd *daemon_;

static void
start(void)
{
	g_autoptr(GError) error = NULL;

	witness_init(&witness);
	lab = lab_new();
	sshd = lab_sshd_start(lab, NULL, NULL, true);
	daemon_ = lab_libvirtd_start(lab, NULL);
	asks = asks_new(false, NULL, NULL, NULL);
	tunnels = tunnels_new(
		&(struct tunnels_opts){
			.connect_timeout_ms = DEADLINE_MS,
			.parallel = 8,
			.gate_parallel = 8,
			.asks = asks,
			.ssh_config = lab_ssh_config(lab),
		},
		&error);
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

TestSuite(sessions, .init = start, .fini = stop, .timeout = 240);

static struct conn *
make(uint32_t index, enum conn_purpose purpose)
{
	g_autofree char *uri = lab_uri(sshd, daemon_, "test", "/default");
	g_autoptr(GError) error = NULL;
	struct hostspec *spec = hostspec_parse(uri, "auto", &error);
	struct conn *conn;

	cr_assert(spec, "%s: %s", uri, error ? error->message : "no error");
	conn = conn_libvirt_new(
		&(struct conn_libvirt_opts){ .tunnels = tunnels, .purpose = purpose, .keepalive_ms = 5000 },
		spec, index, purpose == CONN_PURPOSE_POLL ? &witness.listener : NULL);
	hostspec_free(spec);
	return conn;
}

static struct conn *
reach(uint32_t index, enum conn_purpose purpose)
{
	struct conn *conn = make(index, purpose);
	g_autoptr(GError) error = NULL;

	cr_assert(conn->ops->open(conn, &error), "%s", error ? error->message : "no error");
	return conn;
}

static void
expect_answer(struct conn *conn)
{
	g_autoptr(GError) error = NULL;

	cr_expect(conn->ops->ping(conn, &error), "%s", error ? error->message : "no error");
}

static void
expect_refusal(uint32_t index)
{
	struct conn *conn = make(index, CONN_PURPOSE_JOB);
	g_autoptr(GError) error = NULL;

	cr_assert_not(conn->ops->open(conn, &error));
	cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_GONE), "%s", error->message);
	cr_expect_not_null(strstr(error->message, "not connected"), "%s", error->message);
	conn->ops->free(conn);
}

/* TCP connections that this machine has to our sshd. */
static unsigned
sessions(void)
{
	g_autofree char *text = NULL, *to = g_strdup_printf(":%04X 01 ", lab_sshd_port(sshd));
	g_auto(GStrv) lines = NULL;
	unsigned n = 0;

	cr_assert(g_file_get_contents("/proc/net/tcp", &text, NULL, NULL));
	lines = g_strsplit(text, "\n", 0);
	for (char **line = lines; *line; line++)
		n += strstr(*line, to) != NULL;
	return n;
}

static bool
sessions_are(void *n)
{
	return sessions() == *(unsigned *)n;
}

static void
expect_sessions(unsigned n)
{
	cr_expect(lab_wait(sessions_are, &n, DEADLINE_MS), "%u sessions instead of %u", sessions(), n);
}

/* ---- a call that blocks ---- */

struct call {
	struct conn *conn;
	bool (*ask)(struct conn *conn, GError **error);
	pthread_t thread;
	atomic_bool done;
	bool ok;
	GError *error;
};

static void *
call_main(void *arg)
{
	struct call *call = arg;

	call->ok = call->ask(call->conn, &call->error);
	atomic_store(&call->done, true);
	return NULL;
}

static void
call_start(struct call *call)
{
	cr_assert_eq(pthread_create(&call->thread, NULL, call_main, call), 0);
}

static void
call_end(struct call *call, bool ok, enum fleet_error code)
{
	pthread_join(call->thread, NULL);
	cr_expect_eq(call->ok, ok, "%s", call->error ? call->error->message : "no error");
	if (!ok)
		cr_expect(g_error_matches(call->error, FLEET_ERROR, (gint)code), "%s", call->error->message);
	g_clear_error(&call->error);
}

/* ---- tests ---- */

Test(sessions, an_act_uses_the_session_of_its_host)
{
	struct conn *poll = reach(0, CONN_PURPOSE_POLL), *one = reach(0, CONN_PURPOSE_JOB),
		    *two = reach(0, CONN_PURPOSE_JOB);

	expect_sessions(1);
	expect_answer(poll);
	expect_answer(one);
	expect_answer(two);
	one->ops->free(one);
	expect_answer(two);
	two->ops->free(two);
	expect_answer(poll);
	poll->ops->free(poll);
	expect_sessions(0);
}

Test(sessions, an_act_on_a_host_that_is_not_connected_fails_in_words)
{
	struct conn *poll;

	expect_refusal(0);
	poll = reach(0, CONN_PURPOSE_POLL);
	expect_refusal(1); /* another one */
	poll->ops->cancel(poll);
	expect_refusal(0);
	poll->ops->free(poll);
	expect_refusal(0);
	expect_sessions(0);
}

Test(sessions, what_an_act_has_is_cut_alone)
{
	struct conn *poll = reach(0, CONN_PURPOSE_POLL), *cut = reach(0, CONN_PURPOSE_JOB),
		    *other = reach(0, CONN_PURPOSE_JOB);
	struct call call = { .conn = cut, .ask = cut->ops->ping };

	lab_libvirtd_freeze(daemon_);
	call_start(&call);
	cut->ops->cancel(cut);
	call_end(&call, false, FLEET_ERROR_CANCELLED);
	lab_libvirtd_thaw(daemon_);
	expect_answer(poll);
	expect_answer(other);
	cr_expect_not(cut->ops->ping(cut, NULL));
	cut->ops->free(cut);
	other->ops->free(other);
	poll->ops->free(poll);
	expect_sessions(0);
}

/* Nobody answers, so the supervisor cuts who asks for samples; whoever waits for the end of an act goes on waiting. */
Test(sessions, the_cut_of_a_host_spares_its_acts)
{
	struct conn *poll = reach(0, CONN_PURPOSE_POLL), *act = reach(0, CONN_PURPOSE_JOB), *again;
	struct call waiting = { .conn = act, .ask = act->ops->ping };
	struct call hung = { .conn = poll, .ask = poll->ops->ping };

	lab_libvirtd_freeze(daemon_);
	call_start(&waiting);
	call_start(&hung);
	poll->ops->cancel(poll);
	call_end(&hung, false, FLEET_ERROR_CANCELLED);
	poll->ops->free(poll);
	expect_refusal(0);
	cr_expect_not(atomic_load(&waiting.done));
	lab_libvirtd_thaw(daemon_);
	call_end(&waiting, true, FLEET_ERROR_FAILED);

	again = reach(0,
		CONN_PURPOSE_POLL); /* over a session of its own, for there may be something wrong with the old one */
	expect_sessions(2);
	expect_answer(act);
	act->ops->free(act);
	expect_sessions(1);
	act = reach(0, CONN_PURPOSE_JOB);
	expect_sessions(1);
	again->ops->free(again);
	expect_answer(act); /* the last one who uses it */
	act->ops->cancel(act);
	act->ops->free(act);
	expect_sessions(0);
}

Test(sessions, an_act_that_is_on_its_way_in_is_cut_alone)
{
	struct conn *poll = reach(0, CONN_PURPOSE_POLL), *act = make(0, CONN_PURPOSE_JOB);
	struct call call = { .conn = act, .ask = act->ops->open };

	lab_libvirtd_freeze(daemon_);
	call_start(&call);
	act->ops->cancel(act);
	call_end(&call, false, FLEET_ERROR_CANCELLED);
	act->ops->free(act);
	lab_libvirtd_thaw(daemon_);
	expect_answer(poll);
	poll->ops->free(poll);
	expect_sessions(0);
}

Test(sessions, the_end_of_the_session_is_everybodys)
{
	struct conn *poll = reach(0, CONN_PURPOSE_POLL), *act = reach(0, CONN_PURPOSE_JOB);
	struct call call = { .conn = act, .ask = act->ops->ping };

	lab_libvirtd_freeze(daemon_);
	call_start(&call);
	lab_sshd_kill_sessions(sshd);
	call_end(&call, false, FLEET_ERROR_GONE);
	lab_libvirtd_thaw(daemon_);
	cr_expect_not(poll->ops->ping(poll, NULL));
	expect_refusal(0);
	act->ops->free(act);
	poll->ops->free(poll);
	expect_sessions(0);
}

/* ---- acts, as hands do them ---- */

/* A host without a tunnel, where a connection for an act is simply a second one. */
static struct conn *
make_local(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	const bool *readonly = ctx;
	struct hostspec spec = { .transport = TRANSPORT_DIRECT,
		.uri = (char *)(uintptr_t) "test:///default" };

	return conn_libvirt_new(&(struct conn_libvirt_opts){ .readonly = *readonly, .purpose = purpose },
		&spec, index, listener);
}

static bool
act_run(struct job *job, struct conn *conn, GError **error)
{
	return conn->ops->act(conn, job->target.uuid, job->act, error);
}

static void
on_ended(void *ctx, struct job *job)
{
	g_atomic_pointer_set((struct job **)ctx, job);
}

static void
on_nothing(void *ctx G_GNUC_UNUSED)
{
}

static void
on_poke(void *ctx G_GNUC_UNUSED, uint32_t host G_GNUC_UNUSED)
{
}

static bool
is_set(void *ended)
{
	return g_atomic_pointer_get((struct job **)ended) != NULL;
}

static void
expect_refused(bool readonly, const uint8_t uuid[UUID_LEN], const char *words)
{
	const struct conn_factory factory = { .ctx = &readonly, .make = make_local };
	struct job *job = job_new(), *ended = NULL;
	struct hands *hands = hands_new(&(struct hands_opts){
		.factory = &factory,
		.call_timeout_us = DEADLINE_MS * INT64_C(1000),
		.idle_us = 1000,
		.ended = on_ended,
		.progress = on_nothing,
		.poke = on_poke,
		.ctx = &ended,
	});

	memcpy(job->target.uuid, uuid, UUID_LEN);
	job->run = act_run;
	job->act = VM_ACT_DESTROY;
	hands_submit(hands, job);
	cr_assert(lab_wait(is_set, &ended, DEADLINE_MS));
	cr_expect_eq(ended->state, JOB_FAILED);
	cr_expect(strstr(ended->error, words), "%s", ended->error);
	job_free(ended);
	hands_stop(hands);
	cr_assert(hands_wait(hands, DEADLINE_MS));
	hands_free(hands);
}

/* Whatever the caller thought. */
Test(sessions, hands_do_nothing_to_domain0_and_nothing_read_only)
{
	static const uint8_t domain0[UUID_LEN];
	struct conn *conn = witness_open(&witness, "test:///default");
	uint8_t uuid[UUID_LEN];

	cr_assert_eq(state_of(conn, "test", uuid), VM_STATE_RUNNING);
	expect_refused(false, domain0, "Domain-0 is the host itself");
	expect_refused(true, uuid, "read-only");
	cr_expect_eq(state_of(conn, "test", NULL), VM_STATE_RUNNING);
	conn->ops->free(conn);
}
