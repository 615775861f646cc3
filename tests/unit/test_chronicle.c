/* The chronicle of two hosts, a and b, that are sampled every two seconds; what it tells is compared as text. */
#include "fleet/chronicle.h"

#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECOND INT64_C(1000000)
#define START  (1000 * SECOND)

enum { A, B, HOSTS };
enum { WEB, DB, GUESTS };

static const char *const host_names[] = { "a", "b" };
static const char *const guest_names[] = { "web", "db" };

struct place {
	bool there;
	enum vm_state state;
	const char *reason;
	int id;
	double ready;
};

struct scene {
	struct config *config;
	struct timeline *timeline;
	struct chronicle *chronicle;
	int64_t now_us;

	/* the world */
	enum link_state link[HOSTS];
	const char *why[HOSTS];
	bool silent[HOSTS]; /* is up, but gives no more samples */
	double cpu[HOSTS], sample_ms[HOSTS];
	struct place guests[HOSTS][GUESTS];
	bool listed[HOSTS];
	bool nameless; /* events don't say whose they are */

	const struct host_snap *snaps[HOSTS]; /* as published last */
};

/* Both guests run on a. */
static struct scene
scene_new(void)
{
	struct scene scene = { .config = snaps_config(), .timeline = timeline_new(100), .now_us = START };

	scene.chronicle = chronicle_new(scene.config, scene.timeline);
	for (int i = 0; i < HOSTS; i++) {
		scene.link[i] = LINK_UP;
		scene.cpu[i] = 20;
		scene.listed[i] = true;
	}
	for (int i = 0; i < GUESTS; i++)
		scene.guests[A][i] = (struct place){ .there = true, .state = VM_STATE_RUNNING, .id = i + 1 };
	return scene;
}

static void
scene_done(struct scene *scene)
{
	for (int i = 0; i < HOSTS; i++)
		host_snap_unref(scene->snaps[i]);
	chronicle_free(scene->chronicle);
	timeline_free(scene->timeline);
	config_free(scene->config);
}

static void
publish(struct scene *scene, uint32_t index)
{
	struct host_snap host = snaps_host(index, host_names[index]);
	const struct host_snap *old = scene->snaps[index];
	struct vm vms[GUESTS];
	size_t n = 0;

	host.link = scene->link[index];
	host.why = scene->why[index];
	host.listed = scene->listed[index];
	host.sampled_us = host.link == LINK_UP || !old ? scene->now_us : old->sampled_us;
	snaps_set_host(&host, HOST_CPU, scene->cpu[index]);
	snaps_set_host(&host, HOST_SAMPLE_MS, scene->sample_ms[index]);
	for (unsigned i = 0; i < GUESTS; i++) {
		const struct place *place = &scene->guests[index][i];

		if (!place->there)
			continue;
		vms[n] = snaps_idle_vm(guest_names[i], i, place->state);
		vms[n].id = place->id;
		vms[n].reason = place->reason;
		snaps_set_vm(&vms[n++], VM_READY, place->ready);
	}
	/* what a host that is lost does is seen by nobody */
	if (host.link == LINK_UP || !old)
		scene->snaps[index] = host_snap_build(&host, vms, n);
	else
		scene->snaps[index] = host_snap_with_link(old, host.link, host.why, scene->now_us, 0);
	host_snap_unref(old);
}

static void
look(struct scene *scene)
{
	const struct fleet_snap *snap = snaps_fleet_of(scene->snaps, HOSTS);

	chronicle_look(scene->chronicle, snap, (struct moment){ scene->now_us, scene->now_us });
	fleet_snap_unref(snap);
}

/* SECONDS go by; a sample of each host in every other one. */
static void
pass(struct scene *scene, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		for (uint32_t host = 0; host < HOSTS; host++)
			if (!scene->snaps[host] || (scene->now_us / SECOND % 2 == 0 && !scene->silent[host]))
				publish(scene, host);
		look(scene);
		scene->now_us += SECOND;
	}
}

static void
emit(struct scene *scene, uint32_t host, int guest, enum conn_event_kind kind, enum conn_cause cause,
	const char *detail)
{
	const struct vm vm = snaps_idle_vm("", (unsigned)guest, VM_STATE_OFF);
	struct conn_event event = { .kind = kind,
		.cause = cause,
		.detail = detail,
		.name = scene->nameless ? NULL : guest_names[guest] };

	memcpy(event.uuid, vm.uuid, UUID_LEN);
	chronicle_event(scene->chronicle, host, &event, (struct moment){ scene->now_us, scene->now_us });
}

static void
set_state(struct scene *scene, uint32_t host, int guest, enum vm_state state)
{
	scene->guests[host][guest].there = true;
	scene->guests[host][guest].state = state;
}

static void
set_link(struct scene *scene, uint32_t host, enum link_state link, const char *why)
{
	scene->link[host] = link;
	scene->why[host] = why;
}

/* "! a/web crashed: panicked", a line each. */
static char *
told(const struct scene *scene)
{
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
	GString *text = g_string_new(NULL);

	timeline_since(scene->timeline, 0, events);
	for (guint i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];

		g_string_append_printf(text, "%s%c %s%s%s %s%s%s", i ? "\n" : "", ".+~!"[event->level],
			event -> host, event -> vm ? "/" : "", event->vm ? event->vm : "", event->what,
			event->detail ? ": " : "", event->detail ? event->detail : "");
	}
	return g_string_free(text, FALSE);
}

static void
expect_told(struct scene *scene, const char *expected)
{
	g_autofree char *text = told(scene);

	cr_expect_str_eq(text, expected, "told was:\n%s\nand not:\n%s", text, expected);
	scene_done(scene);
}

/* ---- guests ---- */

Test(chronicle, takes_what_it_finds_for_granted)
{
	struct scene scene = scene_new();

	pass(&scene, 60);
	expect_told(&scene, "");
}

Test(chronicle, takes_the_first_list_for_granted)
{
	struct scene scene = scene_new();

	scene.listed[A] = false;
	scene.guests[A][WEB].there = scene.guests[A][DB].there = false;
	pass(&scene, 3);
	scene.listed[A] = true;
	set_state(&scene, A, WEB, VM_STATE_RUNNING);
	pass(&scene, 10);
	expect_told(&scene, "");
}

/* What an event says, the snapshot after it does not say again: whether that was taken before or after. */
Test(chronicle, tells_an_event_once)
{
	static const struct {
		int before, between, sample_ms;
	} cases[] = { { 5, 0, 0 }, { 4, 0, 0 }, { 5, 1, 0 }, { 4, 3, 0 }, { 4, 1, 1500 }, { 5, 3, 1900 } };

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct scene scene = scene_new();

		scene.sample_ms[A] = cases[i].sample_ms;
		pass(&scene, cases[i].before);
		emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_NONE, "shut down");
		pass(&scene, cases[i].between);
		set_state(&scene, A, WEB, VM_STATE_OFF);
		pass(&scene, 20);
		expect_told(&scene, ". a/web stopped: shut down");
	}
}

Test(chronicle, tells_an_event_that_comes_after_its_sample_once)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	set_state(&scene, A, WEB, VM_STATE_OFF);
	pass(&scene, 2);
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_NONE, "shut down");
	pass(&scene, 20);
	expect_told(&scene, ". a/web stopped: shut down");
}

static const struct {
	struct place before, after;
	const char *told;
} missed[] = {
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_OFF, "shut down", -1, 0 },
		". a/web stopped: shut down; noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_OFF, "crashed", -1, 0 },
		"! a/web crashed: noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_CRASHED, "panicked", -1, 0 },
		"! a/web crashed: panicked; noticed at the sample" },
	{ { true, VM_STATE_OFF, NULL, -1, 0 }, { true, VM_STATE_RUNNING, "booted", 4, 0 },
		". a/web started: noticed at the sample" },
	{ { false, VM_STATE_OFF, NULL, -1, 0 }, { true, VM_STATE_RUNNING, NULL, 4, 0 },
		". a/web started: noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_PAUSED, "by user", 1, 0 },
		". a/web paused: by user; noticed at the sample" },
	{ { true, VM_STATE_PAUSED, NULL, 1, 0 }, { true, VM_STATE_RUNNING, NULL, 1, 0 },
		". a/web resumed: noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_RUNNING, NULL, 2, 0 },
		". a/web restarted: noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { false, VM_STATE_OFF, NULL, -1, 0 },
		". a/web stopped: no longer there; noticed at the sample" },
	{ { true, VM_STATE_OFF, NULL, -1, 0 }, { false, VM_STATE_OFF, NULL, -1, 0 },
		". a/web undefined: noticed at the sample" },
	{ { false, VM_STATE_OFF, NULL, -1, 0 }, { true, VM_STATE_OFF, NULL, -1, 0 },
		". a/web defined: noticed at the sample" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_STOPPING, NULL, 1, 0 }, "" },
	{ { true, VM_STATE_RUNNING, NULL, 1, 0 }, { true, VM_STATE_UNKNOWN, NULL, 1, 0 }, "" },
};

Test(chronicle, tells_what_no_event_told)
{
	for (size_t i = 0; i < G_N_ELEMENTS(missed); i++) {
		struct scene scene = scene_new();

		scene.guests[A][WEB] = missed[i].before;
		pass(&scene, 10);
		scene.guests[A][WEB] = missed[i].after;
		pass(&scene, 20);
		expect_told(&scene, missed[i].told);
	}
}

Test(chronicle, tells_what_follows_an_event_and_has_none)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_NONE, "forced off");
	pass(&scene, 10); /* it runs, all the time: somebody started it again */
	expect_told(&scene, ". a/web stopped: forced off\n"
			    ". a/web started: noticed at the sample");
}

Test(chronicle, says_what_happened_while_nobody_looked)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	set_link(&scene, A, LINK_DAEMON_GONE, "End of file");
	pass(&scene, 30);
	set_state(&scene, A, WEB, VM_STATE_OFF);
	set_link(&scene, A, LINK_UP, NULL);
	pass(&scene, 20);
	expect_told(&scene, "! a lost: daemon gone: End of file; 2 VMs unknown\n"
			    "+ a found: after 30s, was daemon gone\n"
			    ". a/web stopped: while not connected");
}

static const struct {
	enum conn_event_kind kind;
	enum conn_cause cause;
	const char *detail, *told;
} kinds[] = {
	{ CONN_EVENT_STARTED, CONN_CAUSE_NONE, "booted", ". b/db started: booted" },
	{ CONN_EVENT_DEFINED, CONN_CAUSE_NONE, "new", ". b/db defined: new" },
	{ CONN_EVENT_STOPPED, CONN_CAUSE_NONE, "forced off", ". b/db stopped: forced off" },
	{ CONN_EVENT_STOPPED, CONN_CAUSE_FAULT, "its emulator failed",
		"! b/db crashed: its emulator failed" },
	{ CONN_EVENT_CRASHED, CONN_CAUSE_FAULT, "panicked", "! b/db crashed: panicked" },
	{ CONN_EVENT_SUSPENDED, CONN_CAUSE_FAULT, "I/O error", "! b/db paused: I/O error" },
	{ CONN_EVENT_STOPPED, CONN_CAUSE_FAULT, "crashed", "! b/db crashed" },
	{ CONN_EVENT_RESUMED, CONN_CAUSE_NONE, "resumed", "" }, /* it is off: a start follows */
	{ CONN_EVENT_SHUTDOWN, CONN_CAUSE_NONE, NULL, "" },
	{ CONN_EVENT_CHANGED, CONN_CAUSE_NONE, "tuned", "" },
	{ CONN_EVENT_CLOSED, CONN_CAUSE_NONE, NULL, "" },
};

Test(chronicle, has_words_for_each_event)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct scene scene = scene_new();

		set_state(&scene, B, DB, VM_STATE_OFF);
		pass(&scene, 4);
		emit(&scene, B, DB, kinds[i].kind, kinds[i].cause, kinds[i].detail);
		expect_told(&scene, kinds[i].told);
	}
}

/* As QEMU's driver tells it. */
Test(chronicle, knows_a_start_from_a_pause)
{
	struct scene scene = scene_new();

	set_state(&scene, A, WEB, VM_STATE_OFF);
	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_RESUMED, CONN_CAUSE_NONE, "resumed");
	emit(&scene, A, WEB, CONN_EVENT_STARTED, CONN_CAUSE_NONE, "booted");
	set_state(&scene, A, WEB, VM_STATE_RUNNING);
	pass(&scene, 10);
	emit(&scene, A, WEB, CONN_EVENT_SUSPENDED, CONN_CAUSE_NONE, "paused");
	emit(&scene, A, WEB, CONN_EVENT_RESUMED, CONN_CAUSE_NONE, "resumed");
	pass(&scene, 10);
	expect_told(&scene, ". a/web started: booted\n"
			    ". a/web paused\n"
			    ". a/web resumed");
}

/* A definition beside a running guest comes and goes without a word about whether it runs. */
Test(chronicle, knows_a_definition_from_a_run)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_DEFINED, CONN_CAUSE_NONE, "changed");
	pass(&scene, 10);
	expect_told(&scene, ". a/web defined: changed");
}

Test(chronicle, calls_a_guest_nobody_knows_by_its_uuid)
{
	struct scene scene = scene_new();

	scene.nameless = true;
	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_NONE, NULL);
	emit(&scene, B, DB, CONN_EVENT_STARTED, CONN_CAUSE_NONE, NULL);
	expect_told(&scene, ". a/web stopped\n. b/aa000000-0000-0000-0000-000000000001 started");
}

/* ---- migrations ---- */

static void
move_web(struct scene *scene)
{
	scene->guests[A][WEB].there = false;
	set_state(scene, B, WEB, VM_STATE_RUNNING);
}

Test(chronicle, tells_a_migration_as_one)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, B, WEB, CONN_EVENT_STARTED, CONN_CAUSE_MIGRATION, "migrated here");
	set_state(&scene, B, WEB, VM_STATE_PAUSED);
	pass(&scene, 100);
	emit(&scene, A, WEB, CONN_EVENT_SUSPENDED, CONN_CAUSE_MIGRATION, "migrating");
	emit(&scene, B, WEB, CONN_EVENT_RESUMED, CONN_CAUSE_MIGRATION, "migrated");
	emit(&scene, B, WEB, CONN_EVENT_DEFINED, CONN_CAUSE_NONE, "new");
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_MIGRATION, "migrated away");
	emit(&scene, A, WEB, CONN_EVENT_UNDEFINED, CONN_CAUSE_NONE, NULL);
	move_web(&scene);
	pass(&scene, 20);
	expect_told(&scene, ". b/web migrated: from a");
}

Test(chronicle, tells_a_migration_whose_halves_come_the_other_way_round)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_MIGRATION, "migrated away");
	move_web(&scene);
	pass(&scene, 2);
	emit(&scene, B, WEB, CONN_EVENT_STARTED, CONN_CAUSE_MIGRATION, "migrated here");
	pass(&scene, 20);
	expect_told(&scene, ". b/web migrated: from a");
}

Test(chronicle, tells_a_migration_to_elsewhere)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_MIGRATION, "migrated away");
	scene.guests[A][WEB].there = false;
	pass(&scene, 20);
	expect_told(&scene, ". a/web migrated: to a host that is not ours");
}

Test(chronicle, tells_a_migration_from_elsewhere)
{
	struct scene scene = scene_new();

	scene.guests[A][WEB].there = false;
	pass(&scene, 4);
	emit(&scene, B, WEB, CONN_EVENT_STARTED, CONN_CAUSE_MIGRATION, "migrated here");
	set_state(&scene, B, WEB, VM_STATE_RUNNING);
	pass(&scene, 20);
	expect_told(&scene, ". b/web migrated: from a host that is not ours");
}

/* One half is told by an event, the other by a sample. */
Test(chronicle, puts_halves_of_a_migration_together)
{
	struct scene gone = scene_new(), restored = scene_new();

	pass(&gone, 4);
	emit(&gone, B, WEB, CONN_EVENT_STARTED, CONN_CAUSE_MIGRATION, "migrated here");
	move_web(&gone);
	pass(&gone, 20);
	expect_told(&gone, ". b/web migrated: from a");

	pass(&restored, 4);
	emit(&restored, A, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_MIGRATION, "migrated away");
	move_web(&restored);
	pass(&restored, 20);
	expect_told(&restored, ". b/web migrated: from a");
}

Test(chronicle, tells_a_migration_that_failed)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	emit(&scene, B, WEB, CONN_EVENT_STARTED, CONN_CAUSE_MIGRATION, "migrated here");
	pass(&scene, 4);
	emit(&scene, B, WEB, CONN_EVENT_STOPPED, CONN_CAUSE_FAULT, "its emulator failed");
	pass(&scene, 20);
	expect_told(&scene, "~ b/web not migrated: here: given up or failed on its way");
}

Test(chronicle, sees_a_migration_in_the_samples)
{
	struct scene scene = scene_new();

	pass(&scene, 4);
	move_web(&scene);
	pass(&scene, 20);
	expect_told(&scene, ". b/web migrated: from a; noticed at the sample");
}

/* ---- hosts ---- */

Test(chronicle, tells_of_hosts_lost_and_found)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	set_link(&scene, A, LINK_REFUSED, "connection refused (port 22)");
	pass(&scene, 252);
	set_link(&scene, A, LINK_UP, NULL);
	pass(&scene, 10);
	expect_told(&scene, "! a lost: refused: connection refused (port 22); 2 VMs unknown\n"
			    "+ a found: after 4m 12s, was refused");
}

Test(chronicle, tells_of_hosts_that_were_never_there)
{
	struct scene scene = scene_new();

	set_link(&scene, A, LINK_UNREACHABLE, "timed out");
	set_link(&scene, B, LINK_KEY_UNKNOWN, "its key is not known");
	pass(&scene, 60);
	set_link(&scene, A, LINK_UP, NULL);
	set_link(&scene, B, LINK_UP, NULL);
	pass(&scene, 60);
	expect_told(&scene, "! a not reached: unreachable: timed out\n"
			    "~ b new host key: its key is not known\n"
			    "+ a reached: after 1m 0s, was unreachable\n"
			    "+ b reached: after 1m 0s, was new host key");
}

Test(chronicle, tells_when_a_lost_host_is_lost_otherwise)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	set_link(&scene, A, LINK_REFUSED, "refused");
	pass(&scene, 20);
	set_link(&scene, A, LINK_UNREACHABLE, "a blip");
	pass(&scene, 4);
	set_link(&scene, A, LINK_REFUSED, "refused");
	pass(&scene, 20);
	set_link(&scene, A, LINK_LOGIN, "no key was accepted");
	pass(&scene, 20);
	expect_told(&scene, "! a lost: refused: refused; 2 VMs unknown\n"
			    "! a login denied: no key was accepted; 2 VMs unknown");
}

Test(chronicle, notices_silence_by_the_clock)
{
	struct scene scene = scene_new();

	pass(&scene, 11);
	scene.silent[A] = true;
	pass(&scene, 60);
	scene.silent[A] = false;
	pass(&scene, 60);
	expect_told(&scene, "~ a stale: no answer for 14s\n"
			    "+ a in time: answers in time again, was stale for 48s");
}

Test(chronicle, does_not_tell_of_a_late_answer_or_two)
{
	struct scene scene = scene_new();

	for (int i = 0; i < 20; i++) {
		scene.sample_ms[A] = 3000;
		pass(&scene, 6);
		scene.sample_ms[A] = 1;
		pass(&scene, 6);
	}
	expect_told(&scene, "");
}

Test(chronicle, tells_that_answers_are_late)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	scene.sample_ms[A] = 3000;
	pass(&scene, 40);
	scene.sample_ms[A] = 1;
	pass(&scene, 40);
	expect_told(&scene, "~ a slow: answers take 3.0s\n"
			    "+ a in time: answers in time again, was slow for 30s");
}

Test(chronicle, damps_a_flapping_host)
{
	struct scene scene = scene_new();
	g_autofree char *text = NULL;

	pass(&scene, 10);
	for (int i = 0; i < 60; i++) { /* ten minutes */
		set_link(&scene, A, i % 2 ? LINK_UP : LINK_DAEMON_GONE, i % 2 ? NULL : "End of file");
		pass(&scene, 10);
	}
	pass(&scene, 70);
	text = told(&scene);
	cr_expect_not_null(strstr(text, "~ a flaps: 5 times in 1m 20s"), "%s", text);
	cr_expect_not_null(strstr(text, "~ a flaps: 15 times in 5m 0s"), "%s", text);
	cr_expect_str_eq(strrchr(text, '\n'), "\n+ a steady: flaps no longer");
	cr_expect_leq(timeline_newest(scene.timeline), 14, "%s", text);
	scene_done(&scene);
}

/* ---- numbers ---- */

Test(chronicle, waits_for_numbers_to_last)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	for (int i = 0; i < 10; i++) { /* up and down, never for long */
		scene.cpu[A] = 95;
		pass(&scene, 10);
		scene.cpu[A] = 60;
		pass(&scene, 10);
	}
	expect_told(&scene, "");
}

Test(chronicle, tells_of_numbers_between_two_thresholds_once)
{
	struct scene scene = scene_new();

	scene.cpu[A] = 95;
	pass(&scene, 60);
	for (int i = 0; i < 10; i++) { /* above and below "bad", above "warn" */
		scene.cpu[A] = 85;
		pass(&scene, 30);
		scene.cpu[A] = 92;
		pass(&scene, 30);
	}
	scene.cpu[A] = 50;
	pass(&scene, 60);
	expect_told(&scene, "~ a CPU high: 95% for 20s, the limit is 90%\n"
			    "+ a CPU normal: 50%, after 11m 0s");
}

Test(chronicle, tells_of_guests_that_wait)
{
	struct scene scene = scene_new();

	pass(&scene, 10);
	scene.guests[A][WEB].ready = 30;
	pass(&scene, 60);
	scene.guests[A][WEB].ready = 1;
	pass(&scene, 60);
	scene.guests[A][DB].ready = 30;
	pass(&scene, 60);
	scene.guests[A][DB].there = false; /* nobody is told that it waits no longer */
	emit(&scene, A, DB, CONN_EVENT_UNDEFINED, CONN_CAUSE_NONE, NULL);
	expect_told(&scene, "~ a/web ready high: 30% for 20s, the limit is 10%\n"
			    "+ a/web ready normal: 1%, after 1m 0s\n"
			    "~ a/db ready high: 30% for 20s, the limit is 10%\n"
			    ". a/db undefined");
}
