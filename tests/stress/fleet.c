/*
 * Hosts publish, a reader takes snapshots, jobs go out, some hang and are cut, some move between two hosts, some wait, and
 * all come back, events and pokes rain and are written into a time line – all at once, for a bounded number of rounds. A plain program, because Criterion does not start under
 * ThreadSanitizer. Ends with 0 when every job came back, every host was sampled and something was told.
 */
#include "fleet/fleet.h"
#include "fleet/clock.h"
#include "fleet/hands.h"
#include "tests/support/fake_conn.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define HOSTS       24
#define JOBS        400
#define DEADLINE_US (60 * INT64_C(1000000))

struct poker {
	struct fleet *fleet;
	struct fake *fake;
	int rounds;
};

static bool
act_run(struct job *job, struct conn *conn, GError **error)
{
	return conn->ops->act(conn, job->target.uuid, job->act, error);
}

static bool
move_run(struct job *job, struct conn *conn, GError **error)
{
	struct conn *other = hand_connect(job->hand, job->dest, error);
	bool ok;

	if (!other)
		return false;
	hand_begin(job->hand, other, 20000);
	ok = act_run(job, other, error);
	hand_end(job->hand, other);
	hand_progress(job->hand);
	return ok && act_run(job, conn, error);
}

/* The Nth: an act, one that waits for its guest, or a move. */
static struct job *
job_make(int n)
{
	struct job *job = job_new();

	job->target.host = (uint32_t)n % HOSTS;
	job->run = act_run;
	if (n % 3 == 1) {
		job->awaited = VM_STATE_OFF;
	} else if (n % 3 == 2) {
		job->class = JOB_MOVE;
		job->dest = (job->target.host + 1) % HOSTS;
		job->run = move_run;
	}
	if (n % 7 == 0)
		job_gauge_cancel(job->gauge);
	return job;
}

static void *
poker_main(void *arg)
{
	struct poker *poker = arg;
	uint8_t uuid[1][UUID_LEN];

	for (int i = 0; i < poker->rounds; i++) {
		uint32_t host = (uint32_t)i % HOSTS;

		fake_uuid((uint8_t)i, uuid[0]);
		fake_emit(poker->fake, host, i % 8 ? CONN_EVENT_CHANGED : CONN_EVENT_SUSPENDED, uuid[0]);
		fleet_poke(poker->fleet, host);
		fleet_watch(poker->fleet, host, (const uint8_t(*)[UUID_LEN])uuid, i % 2);
	}
	return NULL;
}

static struct config *
config_make(void)
{
	struct config *config = g_new0(struct config, 1);

	config->hosts = g_ptr_array_new();
	config->interval_ms = 5;
	config->call_timeout_ms = 50;
	config->slow_ms = 100;
	config->retry_min_ms = 1;
	config->retry_max_ms = 5;
	config->calls_per_second = 10;
	config->fleet_calls_per_second = 300;
	for (int i = 0; i < HOSTS; i++) {
		struct config_host *host = g_new0(struct config_host, 1);

		host->spec = g_new0(struct hostspec, 1);
		host->name = g_strdup_printf("host%d", i);
		host->tags = g_new0(char *, 1);
		host->labels = g_hash_table_new(g_str_hash, g_str_equal);
		g_ptr_array_add(config->hosts, host);
	}
	return config;
}

static void
script(struct fake *fake, uint32_t host)
{
	static const struct fake_step trouble[] = {
		{ 0 },
		{ .delay_ms = 1 },
		{ 0 },
		{ .hang = true },
		{ 0 },
		{ .code = FLEET_ERROR_GONE, .error = "gone" },
	};
	struct vm_sample vms[8] = { 0 };

	for (size_t i = 0; i < G_N_ELEMENTS(vms); i++) {
		vms[i].name = (char *)(uintptr_t) "guest";
		vms[i].state = VM_STATE_RUNNING;
		fake_uuid((uint8_t)i, vms[i].uuid);
	}
	fake_set_vms(fake, host, vms, G_N_ELEMENTS(vms));
	for (int i = 0; i < 5; i++) {
		fake_script(fake, host, FAKE_SAMPLE, trouble, G_N_ELEMENTS(trouble));
		fake_script(fake, host, FAKE_PING, &trouble[5], 1);
	}
	/* a hang ends by the deadline of an act; a move without one would hang for ever */
	fake_script(fake, host, FAKE_OPEN_JOB, trouble, G_N_ELEMENTS(trouble));
}

static bool
all_sampled(struct fake *fake)
{
	for (uint32_t i = 0; i < HOSTS; i++)
		if (fake_count(fake, i, FAKE_SAMPLE) < 40)
			return false;
	return true;
}

static void
drop(struct message message)
{
	job_free(message.data);
}

int
main(void)
{
	struct config *config = config_make();
	struct fake *fake = fake_new(HOSTS);
	struct conn_factory factory = fake_factory(fake);
	struct mailbox *mailbox = mailbox_new(4);     /* small: host threads must wait for room */
	struct timeline *timeline = timeline_new(16); /* short: entries go while they are read */
	struct fleet *fleet = fleet_new(&(struct fleet_opts){
		.config = config, .factory = &factory, .mailbox = mailbox, .timeline = timeline });
	struct poker poker = { .fleet = fleet, .fake = fake, .rounds = 20000 };
	int64_t end = clock_now_us() + DEADLINE_US;
	int sent = 0, back = 0;
	size_t seen = 0;
	pthread_t thread;
	uint64_t told;
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);

	for (uint32_t i = 0; i < HOSTS; i++)
		script(fake, i);
	fleet_start(fleet);
	pthread_create(&thread, NULL, poker_main, &poker);
	while ((back < JOBS || !all_sampled(fake)) && clock_now_us() < end) {
		struct pollfd wait = { .fd = mailbox_fd(mailbox), .events = POLLIN };
		const struct fleet_snap *snap;
		struct message message;

		if (sent < JOBS)
			fleet_submit(fleet, job_make(sent++));
		mailbox_take_mark(mailbox);
		while (mailbox_pop(mailbox, &message)) {
			struct job *job = message.data;

			if (job->state == JOB_WAITING) {
				job->state = JOB_DONE;
				fleet_settle(fleet, job);
			} else {
				drop(message);
				back++;
			}
		}
		snap = fleet_snapshot(fleet);
		for (size_t i = 0; i < snap->nhosts; i++)
			for (size_t j = 0; j < snap->hosts[i]->nvms; j++)
				seen += snap->hosts[i]->vms[j].name[0] == 'g';
		fleet_snap_unref(snap);
		timeline_since(timeline, 0, events);
		g_ptr_array_set_size(events, 0);
		poll(&wait, 1, 1);
	}
	pthread_join(thread, NULL);
	mailbox_close(mailbox);
	fleet_stop(fleet);
	if (!fleet_wait(fleet, 10000)) {
		fprintf(stderr, "a host's thread did not end\n");
		return EXIT_FAILURE;
	}
	fleet_free(fleet);
	mailbox_free(mailbox, drop);
	told = timeline_newest(timeline);
	timeline_free(timeline);
	printf("%d of %d jobs came back, guests seen %zu times, %u things told\n", back, JOBS, seen,
		(unsigned)told);
	return back == JOBS && all_sampled(fake) && seen > 0 && told > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
