/*
 * The views, as golden screens of a simulated fleet whose clock was stopped, and the real program under an operator's
 * fingers. `make check-screen UPDATE_SCREENS=1` writes the goldens anew; the diff is to be looked at.
 */
#include "fleet/clock.h"
#include "fleet/conn_sim.h"
#include "fleet/fleet.h"
#include "tests/support/golden.h"
#include "tests/support/screen.h"
#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define DEADLINE_MS 60000 /* sanitizers and a busy machine take their time */
#define SECOND_US   INT64_C(1000000)
#define NOW_US      (1000 * SECOND_US)
#define STEP_S      15 /* between the snapshots of … */
#define PAST_S      300
#define STILLS      (PAST_S / STEP_S + 1)
#define WALL_US     INT64_C(1786363331000000)

/* ---- a fleet whose clock was stopped ---- */

struct world {
	struct config *config;
	struct sim *sim;
	struct conn_factory factory;
	struct mailbox *mailbox;
	struct fleet *fleet;
};

static struct conn *
make_conn(void *ctx, uint32_t index, enum conn_purpose purpose, const struct conn_listener *listener)
{
	(void)purpose;
	return conn_sim_new(((struct world *)ctx)->sim, index, false, listener);
}

static bool
settled(const struct fleet_snap *snap)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (snap->hosts[i]->samples < 2 || !snap->hosts[i]->facts_complete)
			return false;
	return true;
}

static const struct fleet_snap *
settle(struct world *world)
{
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);

	for (;;) {
		struct pollfd fd = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
		const struct fleet_snap *snap;

		mailbox_take_mark(world->mailbox);
		snap = fleet_snapshot(world->fleet);
		if (settled(snap))
			return snap;
		fleet_snap_unref(snap);
		cr_assert_lt(clock_now_us(), end, "the simulated fleet does not settle");
		poll(&fd, 1, 100);
	}
}

/* The snapshot of KEY's host with KEY's detail, as it comes while somebody looks at its page, or PINS, its pin map. */
static const struct host_snap *
inspect(struct world *world, const struct row_key *key, bool pins)
{
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);

	if (pins)
		fleet_inspect_pins(world->fleet, key);
	else
		fleet_inspect(world->fleet, key);
	for (;;) {
		struct pollfd fd = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
		const struct fleet_snap *snap;
		const struct host_snap *host;

		mailbox_take_mark(world->mailbox);
		snap = fleet_snapshot(world->fleet);
		host = host_snap_ref(snap->hosts[key->host]);
		fleet_snap_unref(snap);
		if (pins ? host->pins != NULL : key->is_host ? host->detail != NULL : host->vm_detail != NULL)
			return host;
		host_snap_unref(host);
		cr_assert_lt(clock_now_us(), end, "no detail comes");
		poll(&fd, 1, 100);
	}
}

/* The CPU that a vCPU is on depends on the moment. */
static void
stop_vcpus(const struct vm_pins *pins)
{
	for (guint i = 0; i < pins->rows->len; i++) {
		struct pin_row *row = &g_array_index(pins->rows, struct pin_row, i);
		unsigned at = 3 * i;

		for (int cpu = 0; row->cpu >= 0 && cpu < (int)row->live.nbytes * 8; cpu++)
			if (cpu_set_has(&row->live, (size_t)cpu) && at-- == 0)
				row->cpu = cpu;
	}
}

/* SNAP, whose reference it takes, with the details of the first host and of its first guest, which no page of a real fleet
 * shows at once. */
static const struct fleet_snap *
with_details(struct world *world, const struct fleet_snap *snap)
{
	const struct host_snap *host = snap->hosts[0], *seen, *guest_seen, *pins_seen, *built;
	const struct row_key own = host_key(host), guest = vm_key(&host->vms[0]);
	g_autofree const struct host_snap **hosts = g_new(const struct host_snap *, snap->nhosts);
	const struct fleet_snap *detailed;
	struct host_snap both = host_snap_skeleton(host);

	seen = inspect(world, &own, false);
	guest_seen = inspect(world, &guest, false);
	pins_seen = inspect(world, &guest, true);
	both.detail = seen->detail;
	both.vm_detail = guest_seen->vm_detail;
	both.pins = pins_seen->pins;
	stop_vcpus(both.pins);
	built = host_snap_build(&both, host->vms, host->nvms);
	memcpy(hosts, snap->hosts, snap->nhosts * sizeof(*hosts));
	hosts[0] = built;
	detailed = snaps_fleet_of(hosts, snap->nhosts);
	host_snap_unref(seen);
	host_snap_unref(guest_seen);
	host_snap_unref(pins_seen);
	host_snap_unref(built);
	fleet_snap_unref(snap);
	return detailed;
}

/* All that depends on when it was asked is set to what makes a good picture of what was AGO seconds before. */
static const struct host_snap *
stop_clock(const struct host_snap *host, int ago)
{
	struct host_snap still = *host;
	g_autofree struct vm *vms = g_new(struct vm, host->nvms);

	still.sampled_us = NOW_US - 1000000 - ago * SECOND_US;
	if (ago && HOST_HAS(&still, HOST_CPU))
		still.value[HOST_CPU] = (ago * 7 / STEP_S + host->index * 13) % 100;
	still.link_since_us = NOW_US - 3600 * SECOND_US;
	if (HOST_HAS(&still, HOST_SAMPLE_MS))
		still.value[HOST_SAMPLE_MS] = 1.5;
	/* a few hosts are in trouble */
	if (ago < 240 && (host->index == 6 || host->index == 16)) {
		still.link = host->index == 6 ? LINK_REFUSED : LINK_KEY_UNKNOWN;
		still.why =
			host->index == 6 ? "connection refused (port 22)" : "its key SHA256:abc is not known";
		still.sampled_us = NOW_US - 240 * SECOND_US;
		still.link_since_us = NOW_US - 240 * SECOND_US;
		still.retry_us = NOW_US + 9000000;
	} else if (!ago && host->index == 2) {
		still.sampled_us = NOW_US - 7000000;
	}
	memcpy(vms, host->vms, host->nvms * sizeof(*vms));
	for (size_t i = 0; i < host->nvms; i++)
		vms[i].sampled_us = still.sampled_us;
	return host_snap_build(&still, vms, host->nvms);
}

static const struct fleet_snap *
still_fleet(const struct fleet_snap *snap, int ago)
{
	struct fleet_snap *still = g_malloc0(sizeof(*still) + snap->nhosts * sizeof(still->hosts[0]));

	still->refs = 1;
	still->nhosts = snap->nhosts;
	for (size_t i = 0; i < snap->nhosts; i++)
		still->hosts[i] = stop_clock(snap->hosts[i], ago);
	return still;
}

static void
world_init(struct world *world)
{
	struct sim_opts opts;

	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	world->config = config_load(NULL, NULL);
	cr_assert(sim_parse(NULL, &opts, NULL));
	opts.calm = true;
	world->sim = sim_new(&opts);
	sim_add_hosts(world->sim, world->config);
	world->config->interval_ms = 500;
	world->factory = (struct conn_factory){ .ctx = world, .make = make_conn };
	world->mailbox = mailbox_new(16);
	world->fleet = fleet_new(&(struct fleet_opts){
		.config = world->config, .factory = &world->factory, .mailbox = world->mailbox });
	fleet_start(world->fleet);
}

static void
world_done(struct world *world)
{
	mailbox_close(world->mailbox);
	fleet_stop(world->fleet);
	cr_assert(fleet_wait(world->fleet, DEADLINE_MS));
	fleet_free(world->fleet);
	mailbox_free(world->mailbox, NULL);
	sim_free(world->sim);
	config_free(world->config);
}

/* ---- golden screens ---- */

/* KEYS as typed; '\n' is Enter, '\t' Tab, '\b' Esc. Each is typed at what the one before has led to. */
static void
type(struct console *console, struct canvas *canvas, const char *keys)
{
	for (; *keys; keys++) {
		uint32_t code = (uint32_t)(unsigned char)*keys;

		code = *keys == '\n'   ? KEY_CODE_ENTER
		       : *keys == '\t' ? KEY_CODE_TAB
		       : *keys == '\b' ? KEY_CODE_ESC
		       : *keys == '}'  ? KEY_CODE_RIGHT
				       : code;
		console_draw(console, canvas);
		console_input(console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
	}
	console_draw(console, canvas);
}

static void
quit(void *ctx, bool abort)
{
	(void)ctx;
	(void)abort;
}

static const struct {
	const char *name;
	int rows, cols;
	bool ascii, readonly;
	const char *keys;
} scenes[] = {
	{ "pulse-80", 24, 80, false, false, "1" },
	{ "pulse-120", 40, 120, false, false, "1" },
	{ "pulse-200", 60, 200, false, false, "1" },
	{ "pulse-ascii", 24, 80, true, true, "1" },
	{ "map-80", 24, 80, false, false, "5" },
	{ "map-120", 40, 120, false, false, "5t" },
	{ "map-200", 60, 200, false, false, "5tmmb" },
	{ "map-ascii", 24, 80, true, false, "5mmmm" },
	{ "hosts-80", 24, 80, false, false, "2" },
	{ "hosts-120", 40, 120, false, false, "2:sort cpu\n" },
	{ "hosts-200", 60, 200, false, false, "2" },
	{ "hosts-faults", 24, 120, false, true, "2!" },
	{ "hosts-ascii", 24, 80, true, false, "2" },
	{ "vms-80", 24, 80, false, false, "3" },
	{ "vms-120", 40, 120, false, false, "3/web dc2\n  vjj" },
	{ "vms-200", 60, 200, false, false, "3:sort ready\n" },
	{ "vms-filtering", 12, 80, false, false, "3/web-4 !" },
	{ "vms-query-wrong", 12, 80, false, false, "3/web state=runing cpu>5" },
	{ "vms-query-typing", 12, 80, false, false, "3/web cpu>" },
	{ "vms-query-fields", 12, 80, false, false, "3/web mem\t" },
	{ "vms-query-values", 12, 80, false, false, "3/web state=\t" },
	{ "vms-query-live", 12, 80, false, false, "3/web site=\t" },
	{ "vms-completing", 12, 80, false, false, "3:sort net\t" },
	{ "events-80", 24, 80, false, false, "7" },
	{ "events-120", 40, 120, false, false, "7" },
	{ "events-200", 60, 200, false, false, "7w" },
	{ "events-faults", 24, 120, false, false, "7!" },
	{ "events-ascii", 24, 80, true, false, "7/kind=host\n" },
	{ "host-80", 24, 80, false, false, ":host kvm001\n" },
	{ "host-120", 40, 120, false, false, ":host kvm001\n" },
	{ "host-200", 60, 200, false, false, ":host kvm001\n" },
	{ "host-blocks", 24, 80, false, false, ":host kvm001\n\t\t\t" },
	{ "groups-80", 24, 80, false, false, "4" },
	{ "groups-120", 40, 120, false, false, "4jj :sort ready\n" },
	{ "groups-200", 60, 200, false, false, "4" },
	{ "groups-tags", 16, 120, false, false, ":groups tag\n" },
	{ "groups-ascii", 16, 80, true, true, "4bbb" },
	{ "groups-opened", 24, 120, false, false, "4jj\n" },
	{ "host-refused", 40, 120, false, false, ":host kvm007\n" },
	{ "host-key", 24, 80, false, false, ":host kvm017\n" },
	{ "host-ascii", 40, 120, true, true, ":host kvm001\n" },
	{ "vm-80", 24, 80, false, false, ":vm api-1\n" },
	{ "vm-120", 40, 120, false, false, ":vm api-1\n" },
	{ "vm-200", 60, 200, false, false, ":vm api-1\n" },
	{ "pins-80", 24, 80, false, false, ":vm api-1\na" },
	{ "pins-120", 40, 120, false, false, ":vm api-1\naps}}j " },
	{ "pins-200", 60, 200, false, false, ":vm api-1\napim" },
	{ "pins-ascii", 24, 80, true, false, ":vm api-1\na}}vj}}" },
	{ "pins-typing", 24, 80, false, false, ":vm api-1\na=0-3,99\n" },
	{ "pins-many-120", 40, 120, false, false, "3    apim" },
	{ "pins-many-80", 24, 80, false, false, "3    apppf" },
	{ "vm-off", 24, 80, false, false, ":vm app-1\n" },
	{ "vm-ascii", 40, 120, true, true, ":vm api-1\n" },
	{ "xml-80", 24, 80, false, false, ":vm api-1\nX/source\n" },
	{ "vm-unknown", 24, 80, false, false, ":host kvm007\n\n\n" },
	{ "help-80", 24, 80, false, false, "?" },
	{ "help-200", 60, 200, false, false, "?" },
	{ "vms-tree-80", 24, 80, false, false, "3t" },
	{ "vms-tree-120", 40, 120, false, false, "3t" },
	{ "vms-tree-200", 60, 200, false, false, "3t" },
	{ "vms-grouped-80", 24, 80, false, false, "3:group site\nj+" },
	{ "vms-grouped-120", 40, 120, false, false, "3:group site\nj+" },
	{ "vms-grouped-200", 60, 200, false, false, "3:group site\nj+" },
	{ "vms-wide-80", 24, 80, false, false, "3w" },
	{ "vms-wide-120", 40, 120, false, false, "3w" },
	{ "vms-wide-200", 60, 200, false, false, "3w" },
	{ "vms-scrolled-80", 24, 80, false, false, "3}}}}" },
	{ "vms-scrolled-120", 40, 120, false, false, "3}}}}" },
	{ "vms-scrolled-200", 60, 200, false, false, "3}}}}" },
	{ "hosts-wide-120", 24, 120, false, false, "2w}}}}" },
	{ "vms-sorted-120", 24, 120, false, false, "3:sort state,-cpu\n" },
	{ "vms-tree-ascii", 24, 80, true, false, "3t_j+" },
	{ "vms-marked-120", 24, 120, false, false, "3t_ j :sort cpu,name\nj+" },
	{ "hosts-maintenance-120", 16, 120, false, false, "2mj:maintenance on\n!" },
	{ "targets-80", 24, 80, false, false, "3M" },
	{ "targets-120", 40, 120, false, false, "3Mc" },
	{ "targets-200", 60, 200, false, false, "3  Mca" },
	{ "targets-ascii", 24, 80, true, false, "3M" },
	{ "plan-80", 24, 80, false, false, "2E" },
	{ "plan-120", 40, 120, false, false, "2Ec" },
	{ "plan-200", 60, 200, false, false, "2jEcb" },
	{ "plan-ascii", 24, 80, true, false, "2E" },
	{ "plan-even-120", 40, 120, false, false, "8u" },
	{ "plan-empty-80", 12, 80, false, false, "8" },
	{ "tiny", 6, 30, false, false, "3" },
};

/* What happened in the last hours; a host's when VM is NULL. */
static const struct {
	int ago_s;
	enum event_kind kind;
	enum event_level level;
	const char *host, *vm, *what, *detail;
} story[] = {
	{ 90000, EVENT_KIND_GUEST, EVENT_INFO, "kvm001", "api-1", "started", "booted" },
	{ 7260, EVENT_KIND_GUEST, EVENT_INFO, "kvm001", "api-1", "paused", NULL },
	{ 7200, EVENT_KIND_GUEST, EVENT_INFO, "kvm001", "api-1", "resumed", "resumed" },
	{ 3605, EVENT_KIND_HOST, EVENT_BAD, "kvm012", NULL, "lost",
		"unreachable: connection timed out (port 22); 21 VMs unknown" },
	{ 3353, EVENT_KIND_HOST, EVENT_GOOD, "kvm012", NULL, "found", "after 4m 12s, was unreachable" },
	{ 1230, EVENT_KIND_LIMIT, EVENT_WARN, "kvm001", NULL, "CPU high", "93% for 20s, the limit is 90%" },
	{ 1011, EVENT_KIND_LIMIT, EVENT_GOOD, "kvm001", NULL, "CPU normal", "61%, after 3m 39s" },
	{ 612, EVENT_KIND_ACT, EVENT_INFO, "kvm002", "app-1", "shutdown asked", NULL },
	{ 611, EVENT_KIND_ACT, EVENT_INFO, "kvm002", "app-1", "shutdown done", NULL },
	{ 608, EVENT_KIND_GUEST, EVENT_INFO, "kvm002", "app-1", "stopped", "shut down" },
	{ 333, EVENT_KIND_ACT, EVENT_BAD, "kvm003", "db-1", "start failed",
		"internal error: qemu unexpectedly closed the monitor" },
	{ 240, EVENT_KIND_HOST, EVENT_BAD, "kvm007", NULL, "lost",
		"refused: connection refused (port 22); 18 VMs unknown" },
	{ 240, EVENT_KIND_HOST, EVENT_WARN, "kvm017", NULL, "new host key",
		"its key SHA256:abc is not known" },
	{ 61, EVENT_KIND_GUEST, EVENT_INFO, "kvm004", "web-2", "migrated", "from kvm001" },
	{ 5, EVENT_KIND_GUEST, EVENT_BAD, "kvm005", "mail-7", "crashed", "panicked" },
};

static void
find_subject(const struct fleet_snap *snap, const char *host, const char *vm, struct row_key *key)
{
	for (size_t i = 0; i < snap->nhosts; i++) {
		if (strcmp(snap->hosts[i]->name, host) != 0)
			continue;
		*key = host_key(snap->hosts[i]);
		key->is_host = vm == NULL;
		for (size_t j = 0; vm && j < snap->hosts[i]->nvms; j++)
			if (strcmp(snap->hosts[i]->vms[j].name, vm) == 0)
				*key = vm_key(&snap->hosts[i]->vms[j]);
	}
}

static struct timeline *
tell_story(const struct fleet_snap *snap)
{
	struct timeline *timeline = timeline_new(5000);

	for (size_t i = 0; i < G_N_ELEMENTS(story); i++) {
		struct telling telling = {
			.at_us = NOW_US - story[i].ago_s * SECOND_US,
			.wall_us = WALL_US - story[i].ago_s * SECOND_US,
			.kind = story[i].kind,
			.level = story[i].level,
			.host = story[i].host,
			.vm = story[i].vm,
			.what = story[i].what,
			.detail = story[i].detail,
		};

		find_subject(snap, story[i].host, story[i].vm, &telling.subject);
		timeline_tell(timeline, &telling);
	}
	return timeline;
}

/* One fleet for all pictures: it takes a second to settle. */
Test(views, golden)
{
	struct world world = { 0 };
	const struct fleet_snap *settled_snap, *stills[STILLS];
	struct timeline *timeline;

	world_init(&world);
	settled_snap = with_details(&world, settle(&world));
	for (int i = 0; i < STILLS; i++)
		stills[i] = still_fleet(settled_snap, PAST_S - i * STEP_S);
	timeline = tell_story(settled_snap);
	fleet_snap_unref(settled_snap);
	for (size_t i = 0; i < G_N_ELEMENTS(scenes); i++) {
		struct console *console = console_new(&(struct console_opts){ .config = world.config,
							      .timeline = timeline,
							      .demo = true,
							      .ascii = scenes[i].ascii,
							      .readonly = scenes[i].readonly,
							      .quit = quit },
			NULL);
		struct canvas *canvas = canvas_new(scenes[i].rows, scenes[i].cols, scenes[i].ascii);
		g_autofree char *got = NULL;

		for (int j = 0; j < STILLS; j++) { /* histories want a past */
			int64_t ago_us = (PAST_S - j * STEP_S) * SECOND_US;

			console_tick(console, NOW_US - ago_us, WALL_US - ago_us);
			console_set_snapshot(console, stills[j]);
		}
		type(console, canvas, scenes[i].keys);
		got = golden_picture(canvas);
		cr_expect(golden_matches(scenes[i].name, got), "%s", scenes[i].name);
		canvas_free(canvas);
		console_free(console);
	}
	for (int i = 0; i < STILLS; i++)
		fleet_snap_unref(stills[i]);
	timeline_free(timeline);
	world_done(&world);
}

/* ---- the real program ---- */

/* In a world that stands still. */
static struct screen *
start(const char *const *options, bool mono, int rows, int cols)
{
	const char *const env[] = { "VIRT_FLEET_NOW=1786363331", mono ? "NO_COLOR=1" : NULL, NULL };
	const char *argv[16] = { g_getenv("VIRT_FLEET"), "--demo" };
	size_t n = 2;

	cr_assert_not_null(argv[0], "VIRT_FLEET must name the program to test (make check-screen does)");
	for (; options && *options; options++)
		argv[n++] = *options;
	return screen_start(argv, env, rows, cols);
}

static void
expect(struct screen *screen, const char *text)
{
	g_autofree char *shown = NULL;

	if (screen_wait_text(screen, text, DEADLINE_MS))
		return;
	shown = screen_text(screen);
	cr_assert_fail("'%s' did not come:\n%s", text, shown);
}

static void
expect_gone(struct screen *screen, const char *text)
{
	cr_assert(screen_wait_gone(screen, text, DEADLINE_MS), "'%s' stays", text);
}

/* q ends it with success and leaves the terminal as it was. */
static void
quit_program(struct screen *screen)
{
	int status;

	screen_send(screen, "q");
	status = screen_exit_status(screen, DEADLINE_MS);
	cr_expect(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
	cr_expect(screen_is_sane(screen));
	screen_free(screen);
}

Test(program, from_pulse_to_a_guest_and_back)
{
	struct screen *screen = start(NULL, false, 24, 80);

	expect(screen, "221/221 hosts up");
	expect(screen, "busiest hosts");
	screen_send(screen, "3");
	expect(screen, "4780 VMs:");
	screen_send(screen, "/web-4");
	expect(screen, "of 4780 VMs");
	screen_send(screen, SCREEN_ENTER);
	expect(screen, "/ web-4");
	screen_send(screen, SCREEN_ENTER);
	expect(screen, "vm web-4");
	screen_send(screen, SCREEN_ENTER);
	expect(screen, "Room");
	screen_send(screen, SCREEN_ESC);
	expect(screen, "vm web-4");
	screen_send(screen, SCREEN_ESC);
	expect(screen, "/ web-4");
	screen_send(screen, SCREEN_ESC);
	expect_gone(screen, "/ web-4");
	quit_program(screen);
}

Test(program, forces_off_a_guest)
{
	struct screen *screen = start(NULL, false, 24, 120);

	expect(screen, "221/221 hosts up");
	screen_send(screen, "3:sort host\r");
	expect(screen, "HOST");
	screen_send(screen, "/running\r");
	expect(screen, "/ running");
	screen_send(screen, "K");
	expect(screen, "Force off ");
	expect(screen, "[Cancel]");
	screen_send(screen, "\t");
	expect(screen, "[Force off]");
	screen_send(screen, SCREEN_ENTER);
	expect(screen, "forced off ");
	quit_program(screen);
}

Test(program, read_only_says_so_and_has_no_verbs)
{
	static const char *const options[] = { "--readonly", NULL };
	struct screen *screen = start(options, false, 24, 80);

	expect(screen, "[RO]");
	expect(screen, "221/221");
	screen_send(screen, "3");
	expect(screen, "4780 VMs:");
	cr_expect_not(screen_shows(screen, "shutdown"));
	screen_send(screen, "K");
	expect(screen, "K does nothing here (read-only)");
	quit_program(screen);
}

Test(program, follows_the_size_of_the_terminal)
{
	static const int sizes[][2] = { { 60, 200 }, { 10, 40 }, { 3, 10 }, { 1, 1 }, { 24, 80 } };
	struct screen *screen = start(NULL, false, 24, 80);

	expect(screen, "221/221 hosts up");
	for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
		screen_resize(screen, sizes[i][0], sizes[i][1]);
		screen_send(screen, i % 2 ? "2" : "3");
	}
	expect(screen, "4780 VMs:");
	quit_program(screen);
}

Test(program, ascii_and_mono)
{
	static const char *const options[] = { "-U", NULL };
	struct screen *screen = start(options, true, 24, 80);
	g_autofree char *text = NULL;

	expect(screen, "221/221 hosts up");
	screen_send(screen, "2");
	expect(screen, "221 hosts:");
	text = screen_text(screen);
	cr_expect(g_str_is_ascii(text), "%s", text);
	for (int y = 0; y < 24; y++)
		for (int x = 0; x < 80; x++) {
			struct screen_style style = screen_style_at(screen, y, x);

			cr_assert(style.fg == -1 && style.bg == -1, "colour %d on %d at %d,%d", style.fg,
				style.bg, y, x);
		}
	quit_program(screen);
}

Test(program, mouse_sorts_and_opens)
{
	struct screen *screen = start(NULL, false, 24, 120);
	int y, x;

	expect(screen, "221/221 hosts up");
	screen_send(screen, "2");
	expect(screen, "221 hosts:");
	cr_assert(screen_find(screen, " CPU ", &y, &x));
	screen_click(screen, y, x + 1);
	expect(screen, "▼CPU");
	screen_click(screen, 4, 5);
	screen_click(screen, 4, 5);
	expect(screen, "Room");
	quit_program(screen);
}

static bool
is_stopped(struct screen *screen, void *ctx)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)screen_pid(screen)), *stat = NULL;
	const char *state;

	(void)ctx;
	if (!g_file_get_contents(path, &stat, NULL, NULL) || !(state = strrchr(stat, ')')))
		return false;
	return state[2] == 'T';
}

static bool
is_full_screen(struct screen *screen, void *ctx)
{
	(void)ctx;
	return screen_in_alternate(screen);
}

static bool
is_plain_screen(struct screen *screen, void *ctx)
{
	return !is_full_screen(screen, ctx);
}

Test(program, steps_into_the_background_and_comes_back)
{
	struct screen *screen = start(NULL, false, 24, 80);

	expect(screen, "221/221 hosts up");
	screen_send(screen, SCREEN_CTRL('z'));
	cr_assert(screen_wait(screen, is_stopped, NULL, DEADLINE_MS), "Ctrl-Z does not stop it");
	cr_assert(screen_wait(screen, is_plain_screen, NULL, DEADLINE_MS),
		"the shell's screen is not given back");
	screen_signal(screen, SIGCONT);
	cr_assert(screen_wait(screen, is_full_screen, NULL, DEADLINE_MS), "it does not come back");
	screen_send(screen, "3");
	expect(screen, "4780 VMs:");
	quit_program(screen);
}

/* Everybody's impatience at once. */
Test(program, endures_a_storm_of_keys)
{
	static const char storm[] =
		"123jjkkGg/we\x7f\x7f\x7f\rvj *U<>IwwF!!ZZ?q:so\t\x15\x7f" SCREEN_DOWN SCREEN_PGDN
			SCREEN_PGUP;
	struct screen *screen = start(NULL, false, 24, 80);

	expect(screen, "221/221 hosts up");
	for (int i = 0; i < 20; i++) {
		screen_send(screen, storm);
		screen_resize(screen, 20 + i % 5, 70 + i);
	}
	screen_send(screen, SCREEN_ESC); /* out of the prompt it ended in */
	expect(screen, "? help");
	screen_send(screen, "2");
	expect(screen, "hosts:");
	quit_program(screen);
}
