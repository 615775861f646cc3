/* Real QEMU guests, moved between two real daemons over real sshd. */
#include "fleet/conn_libvirt.h"
#include "fleet/error.h"
#include "fleet/events.h"
#include "fleet/snapshot.h"
#include "tests/support/lab.h"
#include "tests/support/mover.h"

#include <criterion/criterion.h>
#include <string.h>

#define DEADLINE_MS 60000

static struct lab *lab;
static struct lab_sshd *sshds[2];
static struct lab_libvirtd *daemons[2];
static struct asks *asks;
static struct tunnels *tunnels;
static struct mover *mover;

static struct conn *
make_conn(void *ctx G_GNUC_UNUSED, uint32_t index, enum conn_purpose purpose G_GNUC_UNUSED,
	const struct conn_listener *listener)
{
	g_autofree char *uri = lab_uri(sshds[index], daemons[index], "qemu", NULL);
	struct hostspec *spec = hostspec_parse(uri, "auto", NULL);
	struct conn_libvirt_opts opts = { .tunnels = tunnels, .keepalive_ms = 5000 };
	struct conn *conn;

	conn = conn_libvirt_new(&opts, spec, index, listener);
	hostspec_free(spec);
	return conn;
}

static void
start(void)
{
	const struct conn_factory factory = { .make = make_conn };
	g_autoptr(GError) error = NULL;

	lab = lab_new();
	for (unsigned i = 0; i < 2; i++) {
		sshds[i] = lab_sshd_start(lab, NULL, NULL, true);
		daemons[i] = lab_libvirtd_start(lab, NULL);
	}
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
	mover = mover_new(&factory);
}

static void
stop(void)
{
	mover_free(mover);
	events_stop();
	tunnels_free(tunnels);
	asks_free(asks);
	lab_free(lab);
}

TestSuite(migrate, .init = start, .fini = stop, .timeout = 240);

/* ---- what virsh says ---- */

static void
uuid_of(unsigned daemon, const char *name, uint8_t uuid[UUID_LEN])
{
	g_autofree char *text = lab_virsh(daemons[daemon], (const char *[]){ "domuuid", name, NULL });

	cr_assert(uuid_parse(g_strstrip(text), uuid), "%s", text);
}

/* "running", "shut off", …; NULL: it is not there. */
static char *
state_of(unsigned daemon, const char *name)
{
	g_autofree char *names =
		lab_virsh(daemons[daemon], (const char *[]){ "list", "--all", "--name", NULL });
	g_auto(GStrv) lines = g_strsplit(names, "\n", -1);

	if (!g_strv_contains((const char *const *)lines, name))
		return NULL;
	return g_strstrip(lab_virsh(daemons[daemon], (const char *[]){ "domstate", name, NULL }));
}

static void
expect_only_on(unsigned daemon, const char *name, const char *state)
{
	g_autofree char *here = state_of(daemon, name), *elsewhere = state_of(!daemon, name);

	cr_expect_str_eq(here ? here : "not there", state);
	cr_expect_null(elsewhere, "it is on the other host, too: %s", elsewhere);
}

static struct job *
begin(const char *name, const char *const *params)
{
	uint8_t uuid[UUID_LEN];
	struct job *job;

	uuid_of(0, name, uuid);
	job = mover_job(name, uuid, 0, 1, params);
	mover_begin(mover, job);
	return job;
}

static struct job *
end(void)
{
	struct job *job = mover_end(mover, DEADLINE_MS);

	cr_assert_not_null(job);
	return job;
}

/* Both daemons see the same files, which libvirt can't know. */
#define SHARED "unsafe", "yes"

/* ---- whole moves ---- */

Test(migrate, a_running_guest_arrives)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	begin("a", (const char *[]){ SHARED, NULL });
	job = end();
	cr_assert_eq(job->state, JOB_DONE, "%s", job->error);
	cr_expect(job->remark && g_str_has_prefix(job->remark, "downtime "), "%s", job->remark);
	job_free(job);
	expect_only_on(1, "a", "running");
}

Test(migrate, a_paused_guest_arrives_paused)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	g_free(lab_virsh(daemons[0], (const char *[]){ "suspend", "a", NULL }));
	begin("a", (const char *[]){ SHARED, NULL });
	job = end();
	cr_assert_eq(job->state, JOB_DONE, "%s", job->error);
	job_free(job);
	expect_only_on(1, "a", "paused");
}

Test(migrate, a_guest_that_is_off_moves_offline)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	g_free(lab_virsh(daemons[0], (const char *[]){ "destroy", "a", NULL }));
	begin("a", NULL);
	job = end();
	cr_expect_eq(job->state, JOB_FAILED);
	cr_expect(strstr(job->error, "offline"), "%s", job->error);
	job_free(job);
	begin("a", (const char *[]){ "offline", "yes", NULL });
	job = end();
	cr_assert_eq(job->state, JOB_DONE, "%s", job->error);
	job_free(job);
	expect_only_on(1, "a", "shut off");
}

/* ---- what does not go ---- */

Test(migrate, unshared_storage_is_refused_with_advice)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	begin("a", NULL);
	job = end();
	cr_assert_eq(job->state, JOB_FAILED);
	cr_expect(strstr(job->error, "copy=all") && strstr(job->error, "unsafe"), "%s", job->error);
	job_free(job);
	expect_only_on(0, "a", "running");
}

Test(migrate, a_copy_without_a_pool_is_refused_before_it_begins)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	begin("a", (const char *[]){ "copy", "all", NULL });
	job = end();
	cr_assert_eq(job->state, JOB_FAILED);
	cr_expect(g_str_has_prefix(job->error, "h1 can't take it: no storage pool at /"), "%s", job->error);
	cr_expect(g_str_has_suffix(job->error, ": a copy of hda needs one"), "%s", job->error);
	job_free(job);
	expect_only_on(0, "a", "running");
}

Test(migrate, a_guest_that_the_target_has_is_not_moved)
{
	struct job *job;

	lab_guest_start(daemons[0], "a");
	g_autofree char *xml = lab_virsh(daemons[0], (const char *[]){ "dumpxml", "a", "--inactive", NULL });
	g_autofree char *path = g_build_filename(lab_dir(lab), "a.xml", NULL);
	cr_assert(g_file_set_contents(path, xml, -1, NULL));
	g_free(lab_virsh(daemons[1], (const char *[]){ "define", path, NULL }));

	begin("a", (const char *[]){ SHARED, NULL });
	job = end();
	cr_assert_eq(job->state, JOB_FAILED);
	cr_expect(strstr(job->error, "UUID already"), "%s", job->error);
	job_free(job);
	g_autofree char *here = state_of(0, "a");
	cr_expect_str_eq(here, "running");
}

Test(migrate, one_host_under_two_names_is_refused)
{
	uint8_t uuid[UUID_LEN];
	struct job *job;

	lab_guest_start(daemons[0], "a");
	uuid_of(0, "a", uuid);
	sshds[1] = sshds[0];
	daemons[1] = daemons[0];
	mover_begin(mover, mover_job("a", uuid, 0, 1, NULL));
	job = end();
	cr_assert_eq(job->state, JOB_FAILED);
	cr_expect(strstr(job->error, "UUID"), "%s", job->error);
	job_free(job);
}

/* ---- on the way ---- */

static bool
is_copying(void *gauge)
{
	struct job_progress progress;

	job_gauge_get(gauge, &progress);
	return progress.phase && strcmp(progress.phase, "copying memory") == 0 && progress.mem_left >= 0;
}

/* On its way for a quarter of a minute. */
static struct job_gauge *
begin_slow(void)
{
	struct job *job;
	uint8_t uuid[UUID_LEN];
	struct job_gauge *gauge;

	lab_guest_start_full(daemons[0], "a");
	uuid_of(0, "a", uuid);
	job = mover_job("a", uuid, 0, 1, (const char *[]){ SHARED, "bandwidth", "1M", NULL });
	gauge = job_gauge_ref(job->gauge);
	mover_begin(mover, job);
	cr_assert(lab_wait(is_copying, gauge, DEADLINE_MS), "no progress is told");
	return gauge;
}

Test(migrate, an_aborted_guest_is_whole_on_its_source)
{
	struct job_gauge *gauge = begin_slow();
	struct job *job;

	job_gauge_cancel(gauge);
	job = end();
	cr_expect_eq(job->state, JOB_CANCELLED, "%s", job->error);
	cr_expect(strstr(job->error, "given up"), "%s", job->error);
	job_free(job);
	job_gauge_unref(gauge);
	expect_only_on(0, "a", "running");
}

Test(migrate, the_loss_of_both_links_is_found_out)
{
	struct job_gauge *gauge = begin_slow();
	struct job *job;

	lab_sshd_kill_sessions(sshds[0]);
	lab_sshd_kill_sessions(sshds[1]);
	job = end();
	cr_expect_eq(job->state, JOB_FAILED, "the listeners are there: it can be asked");
	job_free(job);
	job_gauge_unref(gauge);
	expect_only_on(0, "a", "running");
}

Test(migrate, a_host_that_is_gone_leaves_the_outcome_unknown)
{
	struct job_gauge *gauge = begin_slow();
	struct job *job;

	lab_sshd_stop(sshds[0]);
	lab_sshd_kill_sessions(sshds[0]);
	job = end();
	cr_expect_eq(job->state, JOB_UNKNOWN, "%s", job->error);
	cr_expect(strstr(job->error, "not on h1; h0 unknown: check"), "%s", job->error);
	job_free(job);
	job_gauge_unref(gauge);
	expect_only_on(0, "a", "running");
}
