/* A fleet over scripted connections: what can't be provoked with real daemons, or not so exactly. */
#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/fleet.h"
#include "tests/support/fake_conn.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <string.h>

#define DEADLINE_MS 20000

struct world {
	struct config config;
	struct fake *fake;
	struct conn_factory factory;
	struct mailbox *mailbox;
	struct timeline *timeline;
	struct fleet *fleet;
	struct job *job; /* the last that came back */
};

static void
host_config_free(gpointer data)
{
	struct config_host *host = data;

	g_free(host->name);
	hostspec_free(host->spec);
	g_strfreev(host->tags);
	g_hash_table_unref(host->labels);
	g_free(host);
}

static struct world *
world_new_for(unsigned hosts, const struct snap_need *once)
{
	struct world *world = g_new0(struct world, 1);

	world->config = (struct config){
		.hosts = g_ptr_array_new_with_free_func(host_config_free),
		.interval_ms = 100,
		.connect_timeout_ms = 5000,
		.slow_ms = 300,
		.call_timeout_ms = 1000,
		.retry_min_ms = 20,
		.retry_max_ms = 100,
		.calls_per_second = 10,
		.fleet_calls_per_second = 300,
	};
	for (unsigned i = 0; i < hosts; i++) {
		struct config_host *host = g_new0(struct config_host, 1);

		host->spec = g_new0(struct hostspec, 1);
		host->name = g_strdup_printf("host%u", i);
		host->tags = g_strsplit(i ? "" : "prod,ssd", ",", 0);
		host->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
		if (i == 0) {
			g_hash_table_insert(host->labels, g_strdup("rack"), g_strdup("b7"));
			g_hash_table_insert(host->labels, g_strdup("owner"), g_strdup("net"));
		}
		g_ptr_array_add(world->config.hosts, host);
	}
	world->fake = fake_new(hosts);
	world->factory = fake_factory(world->fake);
	world->mailbox = mailbox_new(16);
	world->timeline = timeline_new(100);
	world->fleet = fleet_new(&(struct fleet_opts){ .config = &world->config,
		.factory = &world->factory,
		.mailbox = world->mailbox,
		.timeline = world->timeline,
		.once = once });
	return world;
}

static struct world *
world_new(unsigned hosts)
{
	return world_new_for(hosts, NULL);
}

static void
drop(struct message message)
{
	job_free(message.data);
}

static void
world_free(struct world *world)
{
	mailbox_close(world->mailbox);
	fleet_stop(world->fleet);
	cr_assert(fleet_wait(world->fleet, DEADLINE_MS), "a host's thread did not end");
	fleet_free(world->fleet);
	mailbox_free(world->mailbox, drop);
	fake_free(world->fake);
	timeline_free(world->timeline);
	job_free(world->job);
	g_ptr_array_unref(world->config.hosts);
	g_free(world);
}

/* Waits on the mailbox until CHECK holds for host INDEX's newest snapshot. */
static bool
world_until(struct world *world, uint32_t index, bool (*check)(const struct host_snap *, const void *),
	const void *ctx)
{
	struct pollfd wait = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);
	struct message message;

	for (;;) {
		const struct fleet_snap *snap;
		bool ok;

		mailbox_take_mark(world->mailbox);
		while (mailbox_pop(world->mailbox, &message)) {
			job_free(world->job);
			world->job = message.data;
		}
		snap = fleet_snapshot(world->fleet);
		ok = check(snap->hosts[index], ctx);
		fleet_snap_unref(snap);
		if (ok)
			return true;
		if (clock_now_us() > end)
			return false;
		poll(&wait, 1, 50);
	}
}

static bool
link_is(const struct host_snap *host, const void *link)
{
	return host->link == *(const enum link_state *)link;
}

static bool
has_samples(const struct host_snap *host, const void *n)
{
	return host->link == LINK_UP && host->samples >= *(const unsigned *)n;
}

static bool
is_listed_without_sample(const struct host_snap *host, const void *ctx)
{
	(void)ctx;
	return host->listed && host->samples == 0;
}

static bool
meets(const struct host_snap *host, const void *need)
{
	return host_snap_meets(host, need);
}

static bool
is_complete(const struct host_snap *host, const void *ctx)
{
	(void)ctx;
	return host->facts_complete;
}

static bool
looks_stale(const struct host_snap *host, const void *ctx)
{
	(void)ctx;
	return host->listed && host_snap_link(host, clock_now_us()) == LINK_STALE;
}

static struct vm_sample
running(uint8_t n, const char *name)
{
	struct vm_sample vm = { .name = (char *)(uintptr_t)name, .id = n, .state = VM_STATE_RUNNING };

	fake_uuid(n, vm.uuid);
	return vm;
}

Test(fleet, every_slot_is_there_before_the_first_answer)
{
	struct world *world = world_new(3);
	const struct fleet_snap *snap = fleet_snapshot(world->fleet);

	cr_assert_eq(snap->nhosts, 3);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(snap->hosts[i]->link, LINK_CONNECTING);
		cr_assert(!snap->hosts[i]->listed);
		cr_assert_eq(snap->hosts[i]->index, i);
	}
	cr_assert_str_eq(snap->hosts[2]->name, "host2");
	fleet_snap_unref(snap);
	world_free(world);
}

Test(fleet, knows_what_the_config_says_of_a_host)
{
	struct world *world = world_new(2);
	const struct fleet_snap *snap = fleet_snapshot(world->fleet);

	cr_expect_str_eq(snap->hosts[0]->config->tag_list, "prod,ssd");
	cr_expect_str_eq(snap->hosts[0]->config->label_list, "owner=net,rack=b7");
	cr_expect_str_eq(snap->hosts[1]->config->tag_list, "");
	cr_expect_str_eq(snap->hosts[1]->config->label_list, "");
	fleet_snap_unref(snap);
	fleet_start(world->fleet);
	world_free(world);
}

Test(fleet, names_come_before_the_slow_numbers)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct fake_step steps[] = { { 0 }, { 0 }, { .hold = true } };
	unsigned one = 1;

	fake_set_vms(world->fake, 0, &vm, 1);
	fake_script(world->fake, 0, FAKE_SAMPLE, steps, G_N_ELEMENTS(steps));
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, is_listed_without_sample, NULL),
		"the list must be shown while the first full sample is under way");
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, G_N_ELEMENTS(steps), DEADLINE_MS));
	fake_release(world->fake, 0);
	cr_assert(world_until(world, 0, has_samples, &one));
	cr_assert(world_until(world, 0, is_complete, NULL));
	world_free(world);
}

Test(fleet, a_hung_host_costs_the_others_nothing)
{
	struct world *world = world_new(4);
	struct fake_step hang = { .hang = true };
	unsigned many = 5;

	fake_script_rest(world->fake, 0, FAKE_OPEN, &hang);
	fake_script_rest(world->fake, 1, FAKE_SAMPLE, &hang);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 2, has_samples, &many));
	cr_assert(world_until(world, 3, has_samples, &many));
	cr_assert_eq(fake_seen(world->fake, 2).overlaps, 0);
	world_free(world); /* and both hung ones end at once */
}

Test(fleet, a_hung_call_is_cut_said_and_tried_again)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct fake_step steps[] = { { 0 }, { 0 }, { 0 }, { .hang = true } };
	enum link_state timeout = LINK_TIMEOUT;
	unsigned one = 1;

	fake_set_vms(world->fake, 0, &vm, 1);
	fake_script(world->fake, 0, FAKE_SAMPLE, steps, G_N_ELEMENTS(steps));
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, looks_stale, NULL), "old numbers must be said to be old");
	cr_assert(world_until(world, 0, link_is, &timeout), "and then the call is cut");
	cr_assert_geq(fake_seen(world->fake, 0).cancels, 1);
	cr_assert(world_until(world, 0, has_samples, &one), "it comes back by itself");
	cr_assert(!fake_seen(world->fake, 0).no_monitor, "and everything is asked for again");
	world_free(world);
}

Test(fleet, a_guest_that_hangs_every_full_sample_is_worked_round)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	/* list, cheap and full; a full one hangs; list, cheap; the full one hangs again */
	struct fake_step steps[] = { { 0 }, { 0 }, { 0 }, { .hang = true }, { 0 }, { 0 }, { .hang = true } };
	enum link_state timeout = LINK_TIMEOUT;
	unsigned one = 1;

	fake_set_vms(world->fake, 0, &vm, 1);
	fake_script(world->fake, 0, FAKE_SAMPLE, steps, G_N_ELEMENTS(steps));
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &timeout));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, G_N_ELEMENTS(steps) + 3, DEADLINE_MS));
	cr_assert(world_until(world, 0, has_samples, &one));
	cr_assert(fake_seen(world->fake, 0).no_monitor, "the monitors, of which one is frozen, are left out");
	world_free(world);
}

static const struct {
	enum fleet_error code;
	enum link_state link;
} errors[] = {
	{ FLEET_ERROR_NAME, LINK_NAME },
	{ FLEET_ERROR_UNREACHABLE, LINK_UNREACHABLE },
	{ FLEET_ERROR_REFUSED, LINK_REFUSED },
	{ FLEET_ERROR_HOSTKEY_UNKNOWN, LINK_KEY_UNKNOWN },
	{ FLEET_ERROR_HOSTKEY_CHANGED, LINK_KEY_CHANGED },
	{ FLEET_ERROR_LOGIN, LINK_LOGIN },
	{ FLEET_ERROR_NEEDS_SECRET, LINK_NEEDS_SECRET },
	{ FLEET_ERROR_NO_SOCKET, LINK_NO_SOCKET },
	{ FLEET_ERROR_DENIED, LINK_DENIED },
	{ FLEET_ERROR_GONE, LINK_DAEMON_GONE },
	{ FLEET_ERROR_PROTOCOL, LINK_DOWN },
};

Test(fleet, each_cause_has_its_state_and_its_words)
{
	struct world *world = world_new(G_N_ELEMENTS(errors));

	for (uint32_t i = 0; i < G_N_ELEMENTS(errors); i++)
		fake_script_rest(world->fake, i, FAKE_OPEN,
			&(struct fake_step){ .code = errors[i].code, .error = "the far end's words" });
	fleet_start(world->fleet);
	for (uint32_t i = 0; i < G_N_ELEMENTS(errors); i++) {
		const struct fleet_snap *snap;

		cr_assert(world_until(world, i, link_is, &errors[i].link), "error %d", errors[i].code);
		snap = fleet_snapshot(world->fleet);
		cr_assert_str_eq(snap->hosts[i]->why, "the far end's words");
		fleet_snap_unref(snap);
	}
	world_free(world);
}

Test(fleet, a_host_that_waits_for_a_decision_is_not_tried_until_poked)
{
	struct world *world = world_new(2);
	struct fake_step unknown = { .code = FLEET_ERROR_HOSTKEY_UNKNOWN, .error = "unknown key" };
	struct fake_step refused = { .code = FLEET_ERROR_REFUSED, .error = "refused" };
	enum link_state waits = LINK_KEY_UNKNOWN, up = LINK_UP;

	fake_script(world->fake, 0, FAKE_OPEN, &unknown, 1);
	fake_script_rest(world->fake, 1, FAKE_OPEN, &refused);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &waits));
	/* the other one is tried again and again meanwhile: time goes by */
	cr_assert(fake_wait_count(world->fake, 1, FAKE_OPEN, 8, DEADLINE_MS));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_OPEN), 1);
	fleet_poke(world->fleet, 0);
	cr_assert(world_until(world, 0, link_is, &up));
	world_free(world);
}

Test(fleet, a_lost_host_keeps_its_guests_and_comes_back)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct fake_step lost = { .code = FLEET_ERROR_GONE, .error = "end of file" };
	struct fake_step refused[] = { { 0 }, { .code = FLEET_ERROR_REFUSED, .error = "refused" } };
	enum link_state gone = LINK_REFUSED;
	const struct fleet_snap *snap;
	unsigned three = 3;

	fake_set_vms(world->fake, 0, &vm, 1);
	fake_script(world->fake, 0, FAKE_OPEN, refused, 2);
	fake_script(world->fake, 0, FAKE_SAMPLE, (struct fake_step[]){ { 0 }, { 0 }, { 0 }, lost }, 4);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &gone));
	snap = fleet_snapshot(world->fleet);
	cr_assert_eq(snap->hosts[0]->nvms, 1, "what was known stays, with its age");
	cr_assert(!host_snap_fresh(snap->hosts[0], clock_now_us()), "but counts as unknown");
	fleet_snap_unref(snap);
	cr_assert(world_until(world, 0, has_samples, &three));
	world_free(world);
}

Test(fleet, an_event_samples_at_once)
{
	struct world *world = world_new(1);
	struct vm_sample vms[] = { running(1, "web"), running(2, "new") };
	unsigned one = 1, before;

	world->config.interval_ms = 3600 * 1000;
	fake_set_vms(world->fake, 0, vms, 1);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, has_samples, &one));
	cr_assert(world_until(world, 0, is_complete, NULL));
	before = fake_count(world->fake, 0, FAKE_SAMPLE);
	fake_set_vms(world->fake, 0, vms, 2);
	cr_assert(fake_emit(world->fake, 0, CONN_EVENT_STARTED, vms[1].uuid));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, before + 1, DEADLINE_MS));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_VM_FACTS, 2, DEADLINE_MS), "its facts are read, too");
	world_free(world);
}

static bool
act_run(struct job *job, struct conn *conn, GError **error)
{
	return conn->ops->act(conn, job->target.uuid, job->act, error);
}

static struct job *
stop_job(uint32_t host)
{
	struct job *job = job_new();

	job->target.host = host;
	fake_uuid(9, job->target.uuid);
	job->verb = "stop";
	job->run = act_run;
	job->act = VM_ACT_DESTROY;
	return job;
}

static bool
job_is_back(const struct host_snap *host, const void *job)
{
	(void)host;
	return *(struct job *const *)job != NULL;
}

Test(fleet, a_job_runs_on_its_host_and_comes_back)
{
	struct world *world = world_new(2);
	enum link_state up = LINK_UP;
	struct fake_seen seen;

	fleet_start(world->fleet);
	cr_assert(world_until(world, 1, link_is, &up));
	fleet_submit(world->fleet, stop_job(1));
	cr_assert(world_until(world, 1, job_is_back, &world->job));
	cr_assert_eq(world->job->state, JOB_DONE);
	seen = fake_seen(world->fake, 1);
	cr_assert_eq(seen.act, VM_ACT_DESTROY);
	cr_assert_eq(memcmp(seen.act_uuid, world->job->target.uuid, UUID_LEN), 0);
	cr_assert_eq(fake_count(world->fake, 0, FAKE_ACT), 0);
	cr_assert_eq(fleet_jobs_pending(world->fleet), 0);
	world_free(world);
}

Test(fleet, a_hung_act_holds_up_no_sample_of_its_host)
{
	struct world *world = world_new(1);
	unsigned many = 5;

	fake_script(world->fake, 0, FAKE_ACT, &(struct fake_step){ .hold = true }, 1);
	fleet_start(world->fleet);
	fleet_submit(world->fleet, stop_job(0));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_ACT, 1, DEADLINE_MS));
	cr_assert(world_until(world, 0, has_samples, &many));
	cr_assert_null(world->job);
	fake_release(world->fake, 0);
	cr_assert(world_until(world, 0, job_is_back, &world->job));
	cr_assert_eq(world->job->state, JOB_DONE);
	world_free(world);
}

Test(fleet, a_hung_job_is_cut_and_its_outcome_said_to_be_unknown)
{
	struct world *world = world_new(1);
	enum link_state up = LINK_UP;

	fake_script(world->fake, 0, FAKE_ACT, &(struct fake_step){ .hang = true }, 1);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &up));
	fleet_submit(world->fleet, stop_job(0));
	cr_assert(world_until(world, 0, job_is_back, &world->job));
	cr_assert_eq(world->job->state, JOB_UNKNOWN);
	cr_assert_not_null(strstr(world->job->error, "the connection was cut"), "%s", world->job->error);
	cr_assert(world_until(world, 0, link_is, &up), "and the host is as it was");
	world_free(world);
}

/* Longer than the job may take, and than the supervisor sleeps. */
#define DISK_US 600000

static bool
prepare_slowly(struct job *job, GError **error)
{
	(void)job;
	(void)error;
	g_usleep(DISK_US);
	return true;
}

static void
settle_slowly(struct job *job, const GError *error)
{
	(void)job;
	cr_expect_null(error);
	g_usleep(DISK_US);
}

/* The journal's disk may be slow, and all hosts share it. */
Test(fleet, the_time_of_a_job_is_the_hosts_alone)
{
	struct world *world = world_new(1);
	enum link_state up = LINK_UP;
	struct job *job = stop_job(0);

	job->timeout_ms = 100;
	job->prepare = prepare_slowly;
	job->settle = settle_slowly;
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &up));
	fleet_submit(world->fleet, job);
	cr_assert(world_until(world, 0, job_is_back, &world->job));
	cr_assert_eq(world->job->state, JOB_DONE, "%s", world->job->error);
	cr_assert_eq(fake_seen(world->fake, 0).cancels, 0);
	world_free(world);
}

/* The next job that comes back becomes world->job; why it failed. */
static const char *
next_job_error(struct world *world)
{
	struct pollfd wait = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);
	struct message message;

	while (!mailbox_pop(world->mailbox, &message)) {
		cr_assert_lt(clock_now_us(), end, "no job came back");
		mailbox_take_mark(world->mailbox);
		poll(&wait, 1, 50);
	}
	job_free(world->job);
	world->job = message.data;
	return world->job->error ? world->job->error : "none";
}

Test(fleet, a_job_after_the_end_comes_back_at_once)
{
	struct world *world = world_new(1);

	fleet_start(world->fleet);
	fleet_stop(world->fleet);
	cr_assert(fleet_wait(world->fleet, DEADLINE_MS));
	fleet_submit(world->fleet, stop_job(0));
	cr_assert_str_eq(next_job_error(world), "virt-fleet is ending");
	cr_assert_eq(fleet_jobs_pending(world->fleet), 0);
	world_free(world);
}

/* A frozen guest may be why samples hang, and forcing it off the cure. */
Test(fleet, a_host_whose_samples_hang_can_be_acted_on)
{
	struct world *world = world_new(1);
	enum link_state hung = LINK_TIMEOUT;

	world->config.retry_min_ms = world->config.retry_max_ms = 600000;
	fake_script_rest(world->fake, 0, FAKE_SAMPLE, &(struct fake_step){ .hang = true });
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &hung));
	fleet_submit(world->fleet, stop_job(0));
	cr_assert(world_until(world, 0, job_is_back, &world->job));
	cr_assert_eq(world->job->state, JOB_DONE, "%s", world->job->error);
	world_free(world);
}

/* A tunnel bounds its own part of the opening; libvirt bounds nothing. */
Test(fleet, opening_without_a_tunnel_is_cut_too)
{
	struct world *world = world_new(1);
	struct config_host *host = g_ptr_array_index(world->config.hosts, 0);
	enum link_state hung = LINK_TIMEOUT, up = LINK_UP;

	host->spec->transport = TRANSPORT_DIRECT;
	world->config.retry_min_ms = world->config.retry_max_ms = 1000; /* to be seen */
	fake_script(world->fake, 0, FAKE_OPEN, &(struct fake_step){ .hang = true }, 1);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &hung));
	cr_assert(world_until(world, 0, link_is, &up));
	world_free(world);
}

Test(fleet, visible_guests_are_told_to_the_connection)
{
	struct world *world = world_new(1);
	uint8_t uuid[1][UUID_LEN];
	unsigned one = 1, before;

	fake_uuid(5, uuid[0]);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, has_samples, &one));
	fleet_watch(world->fleet, 0, (const uint8_t(*)[UUID_LEN])uuid, 1);
	before = fake_count(world->fake, 0, FAKE_SAMPLE);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, before + 2, DEADLINE_MS));
	cr_assert_eq(fake_seen(world->fake, 0).nvisible, 1);
	cr_assert_eq(memcmp(fake_seen(world->fake, 0).visible, uuid[0], UUID_LEN), 0);
	world_free(world);
}

Test(fleet, once_means_once)
{
	struct world *world = world_new_for(2, &(struct snap_need){ .samples = 2 });
	struct fake_step refused = { .code = FLEET_ERROR_REFUSED, .error = "refused" };
	enum link_state gone = LINK_REFUSED;
	unsigned two = 2;

	fake_script_rest(world->fake, 0, FAKE_OPEN, &refused);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &gone));
	cr_assert(world_until(world, 1, has_samples, &two));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_OPEN), 1);
	cr_assert_eq(fake_count(world->fake, 1, FAKE_SAMPLE), 3, "a list and two samples");
	cr_assert_eq(fake_count(world->fake, 1, FAKE_HOST_FACTS), 0);
	world_free(world);
}

/* What is not needed is not asked for; a poke asks again. */
Test(fleet, once_is_only_what_is_needed)
{
	static const struct snap_need names = { 0 };
	struct world *world = world_new_for(1, &names);

	fleet_start(world->fleet);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, 1, DEADLINE_MS));
	cr_assert(world_until(world, 0, meets, &names));
	fleet_poke(world->fleet, 0);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, 2, DEADLINE_MS));
	cr_assert_eq(fake_seen(world->fake, 0).depth, SAMPLE_LIST);
	cr_assert_eq(fake_count(world->fake, 0, FAKE_HOST_FACTS), 0);
	world_free(world);
}

/* A guest whose monitor was busy is asked again, but not for ever: it may be frozen. */
Test(fleet, once_asks_again_for_what_was_not_told)
{
	static const struct snap_need numbers = { .samples = 1 };
	static const struct {
		unsigned partial, samples;
	} cases[] = { { 0, 1 }, { 1, 2 }, { 2, 3 }, { 99, 7 } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct world *world = world_new_for(1, &numbers);

		fake_set_partial(world->fake, 0, cases[i].partial);
		fleet_start(world->fleet);
		cr_assert(world_until(world, 0, meets, &numbers));
		cr_expect_eq(fake_count(world->fake, 0, FAKE_SAMPLE), 2 * cases[i].samples,
			"%u partial ones: %u lists and samples", cases[i].partial,
			fake_count(world->fake, 0, FAKE_SAMPLE));
		world_free(world);
	}
}

Test(fleet, once_reads_all_facts_that_are_needed)
{
	static const struct snap_need need = { .vm_facts = true };
	struct world *world = world_new_for(1, &need);
	struct vm_sample vms[20];

	for (uint8_t i = 0; i < G_N_ELEMENTS(vms); i++)
		vms[i] = running(i, "guest");
	fake_set_vms(world->fake, 0, vms, G_N_ELEMENTS(vms));
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, meets, &need));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_SAMPLE), 1);
	cr_assert_eq(fake_count(world->fake, 0, FAKE_VM_FACTS), G_N_ELEMENTS(vms));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_HOST_FACTS), 0);
	world_free(world);
}

/* ---- details ---- */

static struct row_key
key_of(uint8_t n)
{
	struct row_key key = { .host = 0 };

	fake_uuid(n, key.uuid);
	return key;
}

static bool
has_detail_of(const struct host_snap *host, const void *key)
{
	return host->vm_detail &&
	       memcmp(host->vm_detail->uuid, ((const struct row_key *)key)->uuid, UUID_LEN) == 0;
}

/* Read three times or more, each with what was read before. */
static bool
detail_goes_on(const struct host_snap *host, const void *key)
{
	return has_detail_of(host, key) && host->vm_detail->snapshots >= 2;
}

struct steady {
	unsigned until; /* samples */
	bool *lost;
};

static bool
is_detailed_so_long(const struct host_snap *host, const void *ctx)
{
	const struct steady *steady = ctx;

	*steady->lost |= !host->vm_detail;
	return host->samples >= steady->until;
}

static bool
has_host_detail_only(const struct host_snap *host, const void *ctx)
{
	(void)ctx;
	return host->detail && !host->vm_detail;
}

static bool
has_no_detail(const struct host_snap *host, const void *ctx)
{
	(void)ctx;
	return host->link == LINK_UP && !host->detail && !host->vm_detail;
}

static struct world *
world_of_two_guests(void)
{
	struct world *world = world_new(1);
	struct vm_sample vms[] = { running(1, "web"), running(2, "db") };

	fake_set_vms(world->fake, 0, vms, G_N_ELEMENTS(vms));
	fleet_start(world->fleet);
	return world;
}

Test(fleet, the_detail_is_of_what_is_looked_at)
{
	struct world *world = world_of_two_guests();
	struct row_key web = key_of(1), db = key_of(2), host = { .host = 0, .is_host = true };
	unsigned one = 1;

	cr_assert(world_until(world, 0, has_samples, &one));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_VM_DETAIL), 0, "nobody looks");
	fleet_inspect(world->fleet, &web);
	cr_assert(world_until(world, 0, detail_goes_on, &web));
	fleet_inspect(world->fleet, &db);
	cr_assert(world_until(world, 0, has_detail_of, &db));
	fleet_inspect(world->fleet, &host);
	cr_assert(world_until(world, 0, has_host_detail_only, NULL));
	fleet_inspect(world->fleet, NULL);
	cr_assert(world_until(world, 0, has_no_detail, NULL));
	cr_assert_eq(fake_seen(world->fake, 0).overlaps, 0);
	world_free(world);
}

Test(fleet, the_detail_outlives_the_samples_between)
{
	struct world *world = world_of_two_guests();
	struct row_key web = key_of(1);
	struct fake_step late = { .delay_ms = 50 };
	bool lost = false;

	fake_script_rest(world->fake, 0, FAKE_VM_DETAIL, &late);
	fleet_inspect(world->fleet, &web);
	cr_assert(world_until(world, 0, has_detail_of, &web));
	cr_assert(world_until(world, 0, is_detailed_so_long, &(struct steady){ .until = 6, .lost = &lost }));
	cr_assert_not(lost, "a sample was shown without the detail read before");
	world_free(world);
}

Test(fleet, a_guest_that_is_gone_has_no_detail_and_its_host_stays)
{
	struct world *world = world_of_two_guests();
	struct row_key web = key_of(1), db = key_of(2);
	struct fake_step gone = { .code = FLEET_ERROR_NO_DOMAIN, .error = "no such guest" };
	unsigned before;

	fleet_inspect(world->fleet, &web);
	cr_assert(world_until(world, 0, has_detail_of, &web));
	fake_script_rest(world->fake, 0, FAKE_VM_DETAIL, &gone);
	cr_assert(world_until(world, 0, has_no_detail, NULL));
	before = fake_seen(world->fake, 0).made;
	fake_script_rest(world->fake, 0, FAKE_VM_DETAIL, NULL);
	fleet_inspect(world->fleet, &db);
	cr_assert(world_until(world, 0, has_detail_of, &db));
	cr_assert_eq(fake_seen(world->fake, 0).made, before, "the connection was good all the time");
	world_free(world);
}

static bool
says_why_no_detail(const struct host_snap *host, const void *key)
{
	const struct row_key *of = key;
	char *const *unknowns = of->is_host                ? host->detail ? host->detail->unknowns : NULL
				: has_detail_of(host, key) ? host->vm_detail->unknowns
							   : NULL;

	return host->link == LINK_UP && unknowns && unknowns[0] &&
	       strstr(unknowns[0], "within 1 s; not asked");
}

/* Else an open page would keep its host down. */
static void
a_detail_hangs(enum fake_call call, const struct row_key *key, const struct row_key *other)
{
	struct world *world = world_of_two_guests();
	struct fake_step hang = { .hang = true };
	unsigned samples;

	fake_script_rest(world->fake, 0, call, &hang);
	fleet_inspect(world->fleet, key);
	/* that it was down for a moment may be missed, not that it had to come anew */
	cr_assert(fake_wait_count(world->fake, 0, FAKE_OPEN, 2, DEADLINE_MS), "it is cut like a sample");
	cr_assert(
		world_until(world, 0, says_why_no_detail, key), "the host comes back and the page says why");
	samples = fake_count(world->fake, 0, FAKE_SAMPLE);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, samples + 3, DEADLINE_MS));
	fleet_inspect(world->fleet, other);
	cr_assert(world_until(world, 0, says_why_no_detail, other));
	cr_assert_eq(
		fake_count(world->fake, 0, FAKE_VM_DETAIL) + fake_count(world->fake, 0, FAKE_HOST_DETAIL), 1,
		"no page of that host is asked for again");
	cr_assert_eq(fake_seen(world->fake, 0).made, 2, "and it stays up");
	world_free(world);
}

Test(fleet, a_guests_detail_that_hangs_is_not_asked_for_again)
{
	struct row_key web = key_of(1), host = { .host = 0, .is_host = true };

	a_detail_hangs(FAKE_VM_DETAIL, &web, &host);
}

Test(fleet, a_hosts_detail_that_hangs_is_not_asked_for_again)
{
	struct row_key web = key_of(1), host = { .host = 0, .is_host = true };

	a_detail_hangs(FAKE_HOST_DETAIL, &host, &web);
}

Test(fleet, a_detail_leaves_out_monitors_as_samples_do)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct fake_step steps[] = { { 0 }, { 0 }, { 0 }, { .hang = true }, { 0 }, { 0 }, { .hang = true } };
	struct row_key web = key_of(1);

	fake_set_vms(world->fake, 0, &vm, 1);
	fake_script(world->fake, 0, FAKE_SAMPLE, steps, G_N_ELEMENTS(steps));
	fleet_start(world->fleet);
	cr_assert(fake_wait_count(world->fake, 0, FAKE_SAMPLE, G_N_ELEMENTS(steps) + 3, DEADLINE_MS));
	fleet_inspect(world->fleet, &web);
	cr_assert(world_until(world, 0, has_detail_of, &web));
	cr_assert(fake_seen(world->fake, 0).detail_no_monitor);
	world_free(world);
}

/* ---- the time line ---- */

static char *
told(struct world *world)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
	GString *text = g_string_new(NULL);

	fleet_catch_up(world->fleet);
	timeline_since(world->timeline, 0, events);
	for (guint i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];

		g_string_append_printf(text, "%s%s %s: %s", i ? "\n" : "",
			event->vm ? event->vm : event->host, event->what, event->detail ? event->detail : "");
	}
	return g_string_free(text, FALSE);
}

Test(fleet, what_happens_is_in_the_time_line_when_it_has_caught_up)
{
	static const struct fake_step refused = { .code = FLEET_ERROR_REFUSED, .error = "port 22" };
	const enum link_state lost = LINK_REFUSED, up = LINK_UP;
	struct world *world = world_new(2);
	struct vm_sample vm = { .name = (char *)(uintptr_t) "web", .state = VM_STATE_RUNNING };
	g_autofree char *text = NULL;

	fake_uuid(1, vm.uuid);
	fake_set_vms(world->fake, 1, &vm, 1);
	fake_script_rest(world->fake, 0, FAKE_OPEN, &refused);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, link_is, &lost));
	cr_assert(world_until(world, 1, link_is, &up));
	text = told(world);
	cr_expect_str_eq(text, "host0 not reached: refused: port 22", "%s", text);
	cr_assert(fake_emit(world->fake, 1, CONN_EVENT_SUSPENDED, vm.uuid));
	g_free(text);
	text = told(world);
	cr_expect_str_eq(text, "host0 not reached: refused: port 22\nweb paused: ", "%s", text);
	world_free(world);
}

/* ---- pins ---- */

static bool
shows_pins(const struct host_snap *host, const void *key)
{
	const struct row_key *wanted = key;

	return host->pins && host->detail && !host->vm_detail &&
	       memcmp(host->pins->uuid, wanted->uuid, UUID_LEN) == 0;
}

static bool
shows_no_pins(const struct host_snap *host, const void *unused)
{
	(void)unused;
	return !host->pins && !host->detail;
}

Test(fleet, pins_are_read_while_somebody_looks_at_the_map)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct row_key web = key_of(1);

	fake_set_vms(world->fake, 0, &vm, 1);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, is_complete, NULL));
	cr_assert_eq(fake_count(world->fake, 0, FAKE_PINS), 0u);
	fleet_inspect_pins(world->fleet, &web);
	cr_assert(world_until(world, 0, shows_pins, &web));
	fleet_inspect(world->fleet, NULL);
	cr_assert(world_until(world, 0, shows_no_pins, NULL));
	world_free(world);
}

static bool
pin_run(struct job *job, struct conn *conn, GError **error)
{
	struct pin_change change = { .what = PIN_VCPU, .scope = PIN_KEPT };
	bool ok;

	cpu_set_add(&change.cpus, 1);
	ok = conn->ops->pin(conn, job->target.uuid, &change, error);
	cpu_set_clear(&change.cpus);
	return ok;
}

/* There is no event for what is only kept in the definition. */
Test(fleet, a_pin_has_the_facts_of_its_guest_read_anew)
{
	struct world *world = world_new(1);
	struct vm_sample vm = running(1, "web");
	struct job *job = job_new();

	fake_set_vms(world->fake, 0, &vm, 1);
	fleet_start(world->fleet);
	cr_assert(world_until(world, 0, is_complete, NULL));
	job->target = key_of(1);
	job->verb = "pin";
	job->run = pin_run;
	job->act = VM_ACT_PIN;
	fleet_submit(world->fleet, job);
	cr_assert(world_until(world, 0, job_is_back, &world->job));
	cr_assert(fake_wait_count(world->fake, 0, FAKE_VM_FACTS, 2, DEADLINE_MS));
	world_free(world);
}
