/* The console as an operator handles it: cursor, marks, filter, verbs, questions. */
#include "views/console.h"

#include "actions/journal.h"
#include "actions/registry.h"
#include "fleet/clock.h"
#include "tests/support/fake_conn.h"
#include "tests/support/snaps.h"
#include "views/console_private.h"
#include "views/guard_filter.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <poll.h>
#include <string.h>

#define ROWS        24
#define COLS        120
#define WALL_US     INT64_C(1786363331000000)
#define DEADLINE_US 20000000

/* A console over made-up snapshots, or over a fleet of scripted connections. */
struct world {
	struct config *config;
	struct console *console;
	struct asks *asks;
	unsigned quits, aborts, redraws;
	bool readonly;
	bool dom0;         /* the first guest of the first host is the host itself */
	const char *rules; /* of the config; NULL: the defaults */
	struct guards *guards;
	struct journal *journal;
	/* with a fleet */
	struct fake *fake;
	struct conn_factory factory;
	struct mailbox *mailbox;
	struct fleet *fleet;
};

static void
count_quit(void *ctx, bool abort)
{
	struct world *world = ctx;

	world->quits++;
	world->aborts += abort;
}

static void
count_redraw(void *ctx)
{
	((struct world *)ctx)->redraws++;
}

static void
world_open(struct world *world)
{
	g_autoptr(GError) error = NULL;

	world->console = console_new(
		&(struct console_opts){
			.config = world->config,
			.fleet = world->fleet,
			.asks = world->asks,
			.guards = world->guards,
			.journal = world->journal,
			.readonly = world->readonly,
			.view = "vms",
			.quit = count_quit,
			.redraw = count_redraw,
			.ctx = world,
		},
		&error);
	cr_assert(world->console, "%s", error ? error->message : "");
}

static void
world_init(struct world *world)
{
	setlocale(LC_ALL, "C.UTF-8");
	if (!world->config)
		world->config = snaps_config();
	world_open(world);
	console_tick(world->console, SNAPS_NOW_US, WALL_US);
}

static void
drop(struct message message)
{
	job_free(message.data);
}

static void
world_done(struct world *world)
{
	console_free(world->console);
	guards_free(world->guards);
	if (world->fleet) {
		mailbox_close(world->mailbox);
		fleet_stop(world->fleet);
		cr_assert(fleet_wait(world->fleet, DEADLINE_US / 1000));
		fleet_free(world->fleet);
		mailbox_free(world->mailbox, drop);
		fake_free(world->fake);
	}
	if (world->asks)
		asks_free(world->asks);
	config_free(world->config);
}

static void
press(struct world *world, uint32_t code, uint8_t mods)
{
	console_input(world->console, (struct input){ .type = INPUT_KEY, .key = { code, mods } });
}

#define ESC   press(&world, KEY_CODE_ESC, 0)
#define ENTER press(&world, KEY_CODE_ENTER, 0)
#define TAB   press(&world, KEY_CODE_TAB, 0)

static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++)
		press(world, *keys == '\r' ? (uint32_t)KEY_CODE_ENTER : (uint32_t)(unsigned char)*keys, 0);
}

static char *
screen(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	char *text;

	console_draw(world->console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

static bool
shows(struct world *world, const char *part)
{
	g_autofree char *text = screen(world);

	return strstr(text, part) != NULL;
}

#define expect_shown(part)                                                                   \
	do {                                                                                 \
		g_autofree char *shown_text = screen(&world);                                \
		cr_expect(strstr(shown_text, part), "'%s' is not in\n%s", part, shown_text); \
	} while (0)
#define expect_not_shown(part)                                                               \
	do {                                                                                 \
		g_autofree char *shown_text = screen(&world);                                \
		cr_expect_not(strstr(shown_text, part), "'%s' is in\n%s", part, shown_text); \
	} while (0)

/* The text of the row under the cursor. */
static char *
cursor_row(struct world *world)
{
	struct canvas *canvas = canvas_new(ROWS, COLS, false);
	char *row = NULL;

	console_draw(world->console, canvas);
	for (int y = 2; y < ROWS - 2 && !row; y++) {
		g_autofree char *text = NULL;
		g_auto(GStrv) lines = NULL;

		if (canvas_at(canvas, y, 4)->role != ROLE_CURSOR)
			continue;
		text = canvas_text(canvas);
		lines = g_strsplit(text, "\n", -1);
		row = g_strdup(lines[y]);
	}
	canvas_free(canvas);
	return row ? row : g_strdup("(no cursor)");
}

#define expect_cursor(name)                                                                \
	do {                                                                               \
		g_autofree char *cursor_text = cursor_row(&world);                         \
		cr_expect(strstr(cursor_text, name), "the cursor is on: %s", cursor_text); \
	} while (0)

/* Guests "a" to "h" on one host, with CPU loads. */
static const struct fleet_snap *
letters(const double *loads)
{
	static const char *const names[] = { "vm-a", "vm-b", "vm-c", "vm-d", "vm-e", "vm-f", "vm-g", "vm-h" };
	struct vm vms[8];
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 8 };

	for (unsigned i = 0; i < 8; i++) {
		vms[i] = snaps_vm(names[i], i);
		if (loads)
			snaps_set_vm(&vms[i], VM_CPU, loads[i]);
	}
	return snaps_fleet(&part, 1);
}

static void
show(struct world *world, const struct fleet_snap *snap)
{
	console_set_snapshot(world->console, snap);
	fleet_snap_unref(snap);
}

/* ---- tables ---- */

Test(console, the_cursor_stays_on_its_guest)
{
	static const double before[] = { 10, 20, 30, 40, 50, 60, 70, 80 },
			    after[] = { 80, 70, 60, 50, 40, 30, 20, 90 };
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(before));
	type(&world, ":sort cpu");
	ENTER;
	expect_cursor("vm-h");
	type(&world, "j");
	expect_cursor("vm-g");
	show(&world, letters(after));
	expect_cursor("vm-g");
	world_done(&world);
}

Test(console, keys_may_come_before_the_first_picture)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "jjj");
	expect_cursor("vm-d");
	expect_shown("vm-a");
	world_done(&world);
}

Test(console, an_untouched_cursor_stays_at_the_top)
{
	static const double before[] = { 10, 20, 30, 40, 50, 60, 70, 80 },
			    after[] = { 80, 70, 60, 50, 40, 30, 20, 9 };
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(before));
	type(&world, ":sort cpu down");
	ENTER;
	expect_cursor("vm-h");
	show(&world, letters(after));
	expect_cursor("vm-a");
	type(&world, "jg"); /* g lets go again */
	show(&world, letters(before));
	expect_cursor("vm-h");
	world_done(&world);
}

/* Whoever put the cursor on a row keeps it there; g lets go of it. */
Test(console, a_new_order_keeps_the_chosen_row)
{
	static const double loads[] = { 10, 20, 30, 40, 50, 60, 70, 80 };
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(loads));
	type(&world, "jj");
	expect_cursor("vm-c");
	type(&world, ":sort cpu");
	ENTER;
	expect_cursor("vm-c");
	type(&world, "I");
	expect_cursor("vm-c");
	type(&world, "gI");
	expect_cursor("vm-h");
	type(&world, "I");
	expect_cursor("vm-a");
	type(&world, "jjF");
	expect_shown("following vm-c");
	type(&world, "I");
	expect_cursor("vm-c");
	type(&world, "F");
	expect_shown("no longer following");
	world_done(&world);
}

/* A guest that is followed and goes to another host takes the cursor along. */
Test(console, follows_to_another_host)
{
	const struct vm vms[] = { snaps_vm("vm-a", 1), snaps_vm("vm-b", 2), snaps_vm("vm-c", 3) };
	struct snaps_part parts[] = { { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 },
		{ .host = snaps_host(1, "kvm2") } };
	struct world world = { 0 };

	world_init(&world);
	show(&world, snaps_fleet(parts, 2));
	type(&world, "jjF");
	expect_cursor("vm-c");
	parts[0].nvms = 2;
	parts[1].vms = &vms[2];
	parts[1].nvms = 1;
	show(&world, snaps_fleet(parts, 2));
	expect_cursor("vm-c");
	expect_cursor("kvm2");
	world_done(&world);
}

Test(console, when_the_guest_is_gone_its_neighbour_has_the_cursor)
{
	const struct vm vms[] = { snaps_vm("vm-a", 1), snaps_vm("vm-b", 2), snaps_vm("vm-c", 3) };
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 3 };
	struct world world = { 0 };

	world_init(&world);
	show(&world, snaps_fleet(&part, 1));
	type(&world, "jj");
	part.nvms = 2;
	show(&world, snaps_fleet(&part, 1));
	expect_cursor("vm-b");
	part.nvms = 3;
	show(&world, snaps_fleet(&part, 1));
	expect_cursor("vm-b");
	world_done(&world);
}

Test(console, filters_as_it_is_typed)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "/vm-c");
	expect_shown("1 of 8 VMs");
	expect_not_shown("vm-d");
	ESC; /* back to what was before */
	expect_shown("8 VMs:");
	type(&world, "/!vm-c");
	ENTER;
	expect_shown("7 of 8 VMs");
	expect_shown("/ !vm-c");
	type(&world, "/vm-d"); /* another one, not both */
	expect_shown("1 of 8 VMs");
	ESC;
	expect_shown("7 of 8 VMs");
	type(&world, "/");
	console_input(world.console, (struct input){ .type = INPUT_KEY, .key = { KEY_CODE_END, 0 } });
	type(&world, " nothing"); /* one more */
	expect_shown("no VM matches '!vm-c nothing'");
	ESC;
	expect_shown("7 of 8 VMs");
	ESC;
	expect_shown("8 VMs:");
	world_done(&world);
}

/* On the way to "cpu>40" no row is called "cpu". */
Test(console, half_a_query_does_not_empty_the_table)
{
	struct world world = { 0 };
	static const char *const keys[] = { "/", "c", "p", "u", ">", "4", "0" };

	world_init(&world);
	show(&world, letters(NULL));
	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
		type(&world, keys[i]);
		expect_shown("vm-c");
	}
	ENTER;
	expect_shown("/ cpu>40");
	expect_shown("vm-d");
	world_done(&world);
}

Test(console, a_wrong_filter_leaves_the_rows)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "/vm-c !");
	expect_not_shown("vm-d");
	expect_shown("nothing follows the '!'");
	expect_cursor("vm-c");
	ENTER; /* it is still to be mended */
	expect_shown("/vm-c !");
	type(&world, "vm-d");
	expect_shown("1 of 8 VMs");
	ENTER;
	expect_shown("/ vm-c !vm-d");
	world_done(&world);
}

Test(console, marks_and_backs_out_layer_by_layer)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "/vm");
	ENTER;
	type(&world, "  "); /* a, b */
	expect_shown("2 marked");
	type(&world, "vj"); /* c to d … */
	ESC;                /* … not after all */
	expect_shown("2 marked");
	type(&world, "vj "); /* d to e */
	expect_shown("4 marked");
	ESC;
	expect_not_shown("marked");
	expect_shown("/ vm");
	ESC;
	expect_not_shown("/ vm");
	world_done(&world);
}

Test(console, inverts_and_clears_marks)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, " *");
	expect_shown("7 marked");
	type(&world, "/vm-a");
	ENTER;
	type(&world, "*"); /* of what is shown */
	expect_shown("8 marked");
	type(&world, "U");
	expect_not_shown("marked");
	world_done(&world);
}

Test(console, marks_of_what_is_gone_do_not_count)
{
	const struct vm vms[] = { snaps_vm("vm-a", 1), snaps_vm("vm-b", 2) };
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 2 };
	struct world world = { 0 };

	world_init(&world);
	show(&world, snaps_fleet(&part, 1));
	type(&world, "*");
	expect_shown("2 marked");
	part.nvms = 1;
	show(&world, snaps_fleet(&part, 1));
	expect_shown("1 marked");
	world_done(&world);
}

Test(console, the_mouse_chooses_opens_and_sorts)
{
	static const double loads[] = { 10, 20, 30, 40, 50, 60, 70, 80 };
	struct input click = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .y = 4, .x = 5 };
	struct world world = { 0 };
	g_autofree char *text = NULL;
	char *title;

	world_init(&world);
	show(&world, letters(loads));
	text = screen(&world);
	console_input(world.console, click);
	expect_cursor("vm-c");
	title = strstr(strchr(text, '\n'), " CPU ");
	cr_assert_not_null(title);
	click.y = 1;
	click.x = (int)g_utf8_strlen(strchr(text, '\n') + 1, title + 2 - strchr(text, '\n') - 1);
	type(&world, "g");
	console_input(world.console, click);
	expect_cursor("vm-h");
	click = (struct input){ .type = INPUT_MOUSE, .button = MOUSE_LEFT_DOUBLE, .y = 3, .x = 5 };
	console_input(world.console, click);
	expect_shown("vm vm-g");
	world_done(&world);
}

Test(console, chooses_columns)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, ":columns name,uuid");
	ENTER;
	expect_shown("UUID");
	expect_not_shown("TENANT");
	type(&world, ":columns name,speed");
	ENTER;
	expect_shown("no column 'speed'");
	expect_shown("UUID");
	type(&world, ":columns default");
	ENTER;
	expect_shown("TENANT");
	world_done(&world);
}

Test(console, says_what_it_does_not_know)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "y");
	expect_shown("y does nothing here; ? shows the keys");
	type(&world, ":dance");
	ENTER;
	expect_shown("there is no command 'dance'");
	world_done(&world);
}

Test(console, completes_commands)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, ":sort-i");
	TAB;
	ENTER;
	expect_cursor("vm-h");
	world_done(&world);
}

Test(console, other_keys_by_config)
{
	static const char yaml[] = "keys:\n  x: quit\n";
	struct world world = { .config = config_parse(yaml, strlen(yaml), "x", NULL) };

	world_init(&world);
	type(&world, "x");
	cr_expect_eq(world.quits, 1);
	world_done(&world);
}

Test(console, quits_and_redraws)
{
	struct world world = { 0 };

	world_init(&world);
	press(&world, 'l', KEY_MOD_CTRL);
	cr_expect_eq(world.redraws, 1);
	type(&world, "q");
	cr_expect_eq(world.quits, 1);
	type(&world, ":q");
	ENTER;
	cr_expect_eq(world.quits, 2);
	world_done(&world);
}

Test(console, q_leaves_the_help)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "?");
	expect_shown("Move down one row");
	type(&world, "q");
	expect_shown("8 VMs:");
	cr_expect_eq(world.quits, 0);
	world_done(&world);
}

Test(console, rejects_unknown_views)
{
	struct config *config = snaps_config();
	g_autoptr(GError) error = NULL;

	cr_expect_null(console_new(&(struct console_opts){ .config = config, .view = "kitchen" }, &error));
	cr_assert_not_null(error);
	cr_expect(strstr(error->message, "pulse, hosts, vms"), "%s", error->message);
	g_clear_error(&error);
	cr_expect_null(console_new(&(struct console_opts){ .config = config, .view = "host" }, &error));
	config_free(config);
}

/* ---- time ---- */

Test(console, shows_a_host_going_stale_without_news)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	expect_shown("8 running");
	console_tick(world.console, SNAPS_NOW_US + 30000000, WALL_US + 30000000);
	expect_shown("8 unknown");
	expect_shown("oldest 31s");
	world_done(&world);
}

Test(console, stands_still_while_frozen)
{
	struct world world = { 0 };

	world_init(&world);
	show(&world, letters(NULL));
	type(&world, "Z");
	console_tick(world.console, SNAPS_NOW_US + 30000000, WALL_US + 30000000);
	expect_shown("8 running");
	expect_shown("FROZEN 30s");
	type(&world, "Z");
	console_tick(world.console, SNAPS_NOW_US + 31000000, WALL_US + 31000000);
	expect_shown("8 unknown");
	expect_not_shown("FROZEN");
	world_done(&world);
}

Test(console, wakes_for_the_clock_and_old_notices)
{
	struct world world = { 0 };

	world_init(&world);
	cr_expect_eq(console_next_due(world.console), SNAPS_NOW_US + 1000000);
	console_tick(world.console, SNAPS_NOW_US + 250000, WALL_US + 250000);
	cr_expect_eq(console_next_due(world.console), SNAPS_NOW_US + 1000000);
	type(&world, "y");
	expect_shown("does nothing here");
	cr_expect_not(console_needs_draw(world.console));
	console_tick(world.console, SNAPS_NOW_US + 60000000, WALL_US + 60000000);
	cr_expect(console_needs_draw(world.console));
	expect_not_shown("does nothing here");
	world_done(&world);
}

/* ---- questions ---- */

static void
poked(void *ctx, uint32_t host)
{
	(void)ctx;
	(void)host;
}

static void
changed(void *ctx)
{
	(void)ctx;
}

Test(console, host_keys_are_asked_about_one_by_one)
{
	struct world world = { .asks = asks_new(true, poked, changed, NULL) };
	char *secret = NULL;

	world_init(&world);
	show(&world, letters(NULL));
	asks_get(world.asks, ASK_HOSTKEY, "kvm1:22 SHA256:abc", "kvm1's key is\nSHA256:abc", 0, &secret);
	asks_get(world.asks, ASK_HOSTKEY, "kvm2:22 SHA256:def", "kvm2's key is\nSHA256:def", 1, &secret);
	expect_shown("press A to answer 2 questions: unknown host key of kvm1:22 SHA256:abc (1 host)");
	type(&world, "A");
	expect_shown("SHA256:abc");
	ENTER; /* Cancel has the focus */
	cr_expect_eq(asks_open_count(world.asks), 2);
	type(&world, "A");
	TAB;
	ENTER;
	cr_expect_eq(asks_get(world.asks, ASK_HOSTKEY, "kvm1:22 SHA256:abc", "", 0, &secret), ASK_YES);
	expect_shown("SHA256:def"); /* the next one follows */
	ESC;
	cr_expect_eq(asks_get(world.asks, ASK_HOSTKEY, "kvm2:22 SHA256:def", "", 1, &secret), ASK_PENDING);
	world_done(&world);
}

Test(console, secrets_are_not_shown)
{
	struct world world = { .asks = asks_new(true, poked, changed, NULL) };
	char *secret = NULL;

	world_init(&world);
	show(&world, letters(NULL));
	asks_get(world.asks, ASK_PASSPHRASE, "/home/me/.ssh/id_ed25519", "?", 0, &secret);
	type(&world, "Ahunter2");
	expect_shown("passphrase for /home/me/.ssh/id_ed25519 (1 host):");
	expect_not_shown("hunter2");
	ENTER;
	cr_expect_eq(
		asks_get(world.asks, ASK_PASSPHRASE, "/home/me/.ssh/id_ed25519", "?", 0, &secret), ASK_YES);
	cr_expect_str_eq(secret, "hunter2");
	asks_wipe(secret);
	type(&world, "A");
	expect_shown("no host has a question");
	asks_get(world.asks, ASK_PASSWORD, "me@kvm1", "Password of me@kvm1\nThe last one was wrong", 0,
		&secret);
	type(&world, "A");
	expect_shown("The last one was wrong; password of me@kvm1 (1 host):");
	ESC;
	world_done(&world);
}

/* ---- verbs, over scripted hosts ---- */

#define GUESTS 4

static void
set_guests(struct world *world, uint32_t host, enum vm_state state)
{
	static const char *const names[2][GUESTS] = { { "vm-a", "vm-b", "vm-c", "vm-d" },
		{ "vm-e", "vm-f", "vm-g", "vm-h" } };
	struct vm_sample vms[GUESTS] = { 0 };

	for (unsigned i = 0; i < GUESTS; i++) {
		vms[i].name = (char *)(uintptr_t)names[host][i];
		vms[i].state = state;
		vms[i].id = state == VM_STATE_OFF ? -1 : 1;
		vms[i].persistent = true;
		vms[i].is_dom0 = world->dom0 && host == 0 && i == 0;
		fake_uuid((uint8_t)(host * GUESTS + i + 1), vms[i].uuid);
	}
	fake_set_vms(world->fake, host, vms, GUESTS);
}

/* Lets the console live until it shows PART. */
static void
wait_for(struct world *world, const char *part)
{
	int64_t end = clock_now_us() + DEADLINE_US;

	while (clock_now_us() < end) {
		struct pollfd fd = { .fd = mailbox_fd(world->mailbox), .events = POLLIN };
		struct message message;

		if (mailbox_take_mark(world->mailbox))
			console_fleet_changed(world->console);
		while (mailbox_pop(world->mailbox, &message))
			console_job_done(world->console, message.data);
		console_tick(world->console, clock_now_us(), WALL_US);
		if (shows(world, part))
			return;
		poll(&fd, 1, 20);
	}
	g_autofree char *text = screen(world);
	cr_assert_fail("'%s' did not come:\n%s", part, text);
}

static void
fleet_init(struct world *world, enum vm_state state)
{
	static const char *const hosts[] = { "kvm1", "kvm2", NULL };
	g_autoptr(GError) error = NULL;

	setlocale(LC_ALL, "C.UTF-8");
	world->config = world->rules ? config_parse(world->rules, strlen(world->rules), "c.yaml", NULL)
				     : snaps_config();
	world->guards = guards_new(world->config, &guard_filters, &error);
	cr_assert(world->guards, "%s", error ? error->message : "");
	cr_assert(config_select(world->config, hosts, NULL, &error), "%s", error ? error->message : "");
	world->config->interval_ms = 100;
	world->config->shutdown_wait_ms = 4000;
	world->fake = fake_new(2);
	set_guests(world, 0, state);
	set_guests(world, 1, state);
	world->factory = fake_factory(world->fake);
	world->mailbox = mailbox_new(64);
	world->fleet = fleet_new(&(struct fleet_opts){
		.config = world->config, .factory = &world->factory, .mailbox = world->mailbox });
	world_open(world);
	fleet_start(world->fleet);
	wait_for(world, world->dom0 ? "7 VMs:" : "8 VMs:");
}

Test(console, starting_one_needs_no_question)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_OFF);
	type(&world, "js");
	wait_for(&world, "started vm-b");
	cr_expect_eq(fake_seen(world.fake, 0).act, VM_ACT_START);
	cr_expect_eq(fake_seen(world.fake, 0).act_uuid[UUID_LEN - 1], 2);
	world_done(&world);
}

Test(console, what_hurts_asks_and_cancel_is_the_default)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "K");
	expect_shown("Force off vm-a on kvm1");
	expect_shown("[Cancel]");
	ENTER;
	expect_not_shown("[Cancel]");
	type(&world, "K");
	TAB;
	ENTER;
	wait_for(&world, "forced off vm-a");
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 1);
	cr_expect_eq(fake_seen(world.fake, 0).act, VM_ACT_DESTROY);
	world_done(&world);
}

Test(console, many_are_counted_and_results_grouped)
{
	static const struct fake_step broken = { .code = FLEET_ERROR_FAILED, .error = "out of order" };
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	fake_script_rest(world.fake, 1, FAKE_ACT, &broken);
	type(&world, "*K");
	expect_shown("Force off 8 guests on 2 hosts");
	expect_shown("Hosts: kvm1 (4), kvm2 (4)");
	TAB;
	ENTER;
	wait_for(&world, "forced off 4; 4 failed: out of order");
	for (uint32_t i = 0; i < 2; i++)
		cr_expect_leq(fake_count(world.fake, i, FAKE_OPEN_JOB), 2,
			"one act after the other uses a connection");
	type(&world, "6");
	expect_shown("4 done, 4 failed: out of order");
	/* another try, of exactly those */
	type(&world, "r");
	expect_shown("Force off 4 guests on 1 host");
	fake_script_rest(world.fake, 1, FAKE_ACT, NULL);
	TAB;
	ENTER;
	wait_for(&world, "forced off 4");
	world_done(&world);
}

/* A guest that was asked to go has gone when it is seen to be off; force is offered for the others, and no more. */
Test(console, waits_for_guests_to_go_and_offers_force)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "*S");
	expect_shown("Shut down 8 guests on 2 hosts");
	TAB;
	ENTER;
	wait_for(&world, "8 under way");
	set_guests(&world, 0, VM_STATE_OFF);
	wait_for(&world, "shut down 4; 4 failed: did not go within 4s; Ctrl-K forces off 4 that did not go");
	expect_shown("4 did not go");
	cr_expect_eq(fake_seen(world.fake, 1).act, VM_ACT_SHUTDOWN);
	press(&world, 'k', KEY_MOD_CTRL);
	expect_shown("Force off 4 guests on 1 host");
	expect_shown("Guests: vm-e, vm-f, vm-g, vm-h");
	TAB;
	ENTER;
	wait_for(&world, "forced off 4");
	cr_expect_eq(fake_seen(world.fake, 1).act, VM_ACT_DESTROY);
	expect_not_shown("did not go");
	world_done(&world);
}

Test(console, pauses_and_cancels_jobs)
{
	static const struct fake_step held = { .hold = true };
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	fake_script_rest(world.fake, 0, FAKE_ACT, &held);
	type(&world, "6p");
	expect_shown("the queue is paused");
	type(&world, "3*K");
	TAB;
	ENTER;
	expect_shown("8 paused");
	type(&world, "6");
	wait_for(&world, "PAUSED: 8 queued");
	type(&world, "p");
	wait_for(&world, "2 running, 2 queued, 4 done");
	type(&world, "C");
	wait_for(&world, "2 running, 4 done, 2 cancelled");
	fake_script_rest(world.fake, 0, FAKE_ACT, NULL);
	fake_release(world.fake, 0);
	wait_for(&world, "forced off 6; 2 cancelled");
	ENTER;
	expect_shown("vm-");
	world_done(&world);
}

Test(console, above_the_threshold_the_count_is_typed)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	world.config->confirm_type_count = 8;
	type(&world, "*K");
	expect_shown("Type 8 to confirm");
	TAB;
	ENTER; /* not without it */
	expect_shown("Type 8 to confirm");
	type(&world, "8");
	ENTER;
	wait_for(&world, "forced off 8");
	world_done(&world);
}

Test(console, hidden_marks_are_mentioned)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "*/vm-a");
	ENTER;
	type(&world, "K");
	expect_shown("Force off 8 guests on 2 hosts");
	expect_shown("7 of the marked ones are hidden by the filter");
	ESC;
	world_done(&world);
}

Test(console, says_why_nothing_can_be_done)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "s");
	expect_shown("nothing to start: already running (vm-a)");
	type(&world, "2S");
	expect_shown("shutdown is done to VMs");
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	world_done(&world);
}

Test(console, the_menu_counts_and_does)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "x");
	expect_shown("vm-a on kvm1");
	expect_shown("already running");
	ESC;
	expect_not_shown("already running");
	type(&world, "  ");
	ENTER; /* on marks: the menu, and not a page */
	expect_shown("2 VMs");
	expect_shown("2 of 2");
	type(&world, "K");
	expect_shown("Force off 2 guests on 1 host");
	ESC;
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	world_done(&world);
}

Test(console, words_behind_a_verb_are_checked)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, ":stop now");
	ENTER;
	expect_shown("stop: what is 'now'? type: stop");
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	world_done(&world);
}

/* The same rails before keys, menu and commands. */
Test(console, guard_rails_hold_wherever_a_verb_comes_from)
{
	static const char *const ways[] = { "K", "xK", ":stop\r" };
	struct world world = { .rules = "guards:\n  - deny: stop where host=kvm1\n  - confirm: suspend\n" };

	fleet_init(&world, VM_STATE_RUNNING);
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		type(&world, ways[i]);
		expect_shown("nothing to force off: deny: stop where host=kvm1 (vm-a)");
		ESC;
		ESC;
	}
	type(&world, "*K");
	expect_shown("Force off 4 guests on 1 host");
	expect_shown("deny: stop where host=kvm1 (vm-a");
	ESC;
	type(&world, "U:suspend\r");
	expect_shown("Type 1 to confirm");
	expect_shown("confirm: suspend");
	ESC;
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	world_done(&world);
}

/* No act without its line; watching goes on. */
Test(console, an_unwritable_journal_stops_acts)
{
	g_autofree char *folder = g_dir_make_tmp("vf-console-XXXXXX", NULL);
	g_autofree char *plain = g_build_filename(folder, "plain", NULL);
	g_autofree char *below = g_build_filename(plain, "journal", NULL);
	struct world world = { 0 };

	cr_assert(g_file_set_contents(plain, "", 0, NULL));
	world.journal = journal_new(&(struct journal_opts){ .path = below, .max_bytes = 1 << 20 });
	fleet_init(&world, VM_STATE_OFF);
	type(&world, "s");
	wait_for(&world, "so nothing is done");
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	expect_shown("8 VMs:");
	world_done(&world);
	journal_free(world.journal);
	g_unlink(plain);
	g_rmdir(folder);
}

/* The host itself is no target, whichever way one comes. */
Test(console, no_way_leads_to_domain_0)
{
	static const struct {
		const char *keys, *shown;
	} ways[] = {
		{ "K", "nothing to force off: Domain-0 is the host itself (vm-a)" },
		{ "P", "nothing to suspend: Domain-0 is the host itself (vm-a)" },
		{ "a", "pin: Domain-0 is the host itself" },
		{ "M", "migrate: Domain-0 is the host itself" },
		{ "c", "console: Domain-0 is the host itself" },
		{ "xK", "nothing to force off: Domain-0" },
		{ ":stop\r", "nothing to force off: Domain-0" },
		{ ":migrate kvm2\r", "nothing to migrate: Domain-0" },
		{ ":pin cpus=0\r", "nothing to pin: Domain-0" },
	};
	struct world world = { .dom0 = true };

	fleet_init(&world, VM_STATE_RUNNING);
	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		type(&world, ways[i].keys);
		expect_shown(ways[i].shown);
		ESC;
		ESC;
	}
	type(&world, " K"); /* it takes no mark: what is meant is the row after it */
	expect_shown("Force off vm-b on kvm1");
	ESC;
	type(&world, "gv");
	press(&world, KEY_CODE_DOWN, 0);
	type(&world, "K");
	expect_shown("Force off vm-b on kvm1");
	ESC;
	type(&world, "U*K");
	expect_shown("Force off 7 guests on 2 hosts");
	ESC;
	cr_expect_eq(fake_count(world.fake, 0, FAKE_ACT), 0);
	world_done(&world);
}

Test(console, p_resumes_what_is_suspended)
{
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_PAUSED);
	type(&world, "P");
	wait_for(&world, "resumed vm-a");
	cr_expect_eq(fake_seen(world.fake, 0).act, VM_ACT_RESUME);
	world_done(&world);
}

Test(console, read_only_has_no_verbs)
{
	struct world world = { .readonly = true };
	g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(struct row_key));

	fleet_init(&world, VM_STATE_RUNNING);
	expect_shown("[RO]");
	expect_not_shown("shutdown");
	type(&world, "K");
	expect_shown("K does nothing here (read-only)");
	type(&world, ":shutdown");
	ENTER;
	expect_shown("'shutdown' is refused: read-only");
	/* nor for views that make a plan of their own */
	g_array_append_val(keys, ((struct row_key[]){ { .host = 0 } })[0]);
	fake_uuid(1, g_array_index(keys, struct row_key, 0).uuid);
	console_act_on(
		world.console, &(struct env_act){ .action = registry_find(false, "stop"), .keys = keys });
	expect_shown("nothing is done in read-only mode");
	expect_not_shown("Force off");
	world_done(&world);
}

Test(console, quitting_asks_while_something_is_under_way)
{
	static const struct fake_step held = { .hold = true };
	struct world world = { 0 };

	fleet_init(&world, VM_STATE_OFF);
	fake_script(world.fake, 0, FAKE_ACT, &held, 1);
	type(&world, "s");
	cr_assert(fake_wait_count(world.fake, 0, FAKE_ACT, 1, DEADLINE_US / 1000));
	expect_shown("1 under way");
	type(&world, "q");
	expect_shown("Quit?");
	cr_expect_eq(world.quits, 0);
	ESC;
	type(&world, "q");
	TAB;
	ENTER;
	cr_expect_eq(world.quits, 1);
	fake_release(world.fake, 0);
	wait_for(&world, "started vm-a");
	expect_not_shown("under way");
	world_done(&world);
}

static bool
nothing_is_left(struct world *world)
{
	struct message message;

	while (mailbox_pop(world->mailbox, &message))
		console_job_done(world->console, message.data);
	return console_left(world->console, false) == 0;
}

Test(console, what_has_not_begun_when_it_ends_never_will)
{
	static const struct fake_step held = { .hold = true };
	struct world world = { 0 };
	int64_t end = clock_now_us() + DEADLINE_US;

	fleet_init(&world, VM_STATE_OFF);
	for (uint32_t i = 0; i < 2; i++)
		fake_script_rest(world.fake, i, FAKE_ACT, &held);
	type(&world, "*s");
	expect_shown("Start 8 guests on 2 hosts");
	TAB;
	ENTER;
	for (uint32_t i = 0; i < 2; i++)
		cr_assert(fake_wait_count(world.fake, i, FAKE_ACT, 2, DEADLINE_US / 1000));
	type(&world, "q");
	expect_shown("4 acts are under way and get some time to end.");
	expect_shown("4 acts have not begun and never will.");
	expect_not_shown("Abort");
	console_close(world.console, clock_now_us());
	cr_expect_eq(console_left(world.console, false), 4);
	cr_expect_eq(console_left(world.console, true), 0);
	for (uint32_t i = 0; i < 2; i++)
		fake_release(world.fake, i);
	while (!nothing_is_left(&world)) {
		cr_assert_lt(clock_now_us(), end);
		g_usleep(1000);
	}
	for (uint32_t i = 0; i < 2; i++)
		cr_expect_eq(fake_count(world.fake, i, FAKE_ACT), 2);
	world_done(&world);
}

/* The guests on the screen are those that hosts are asked for first. */
Test(console, watches_what_it_shows)
{
	struct world world = { 0 };
	int64_t end = clock_now_us() + DEADLINE_US;

	fleet_init(&world, VM_STATE_RUNNING);
	type(&world, "/vm-c");
	ENTER;
	g_free(screen(&world));
	while (fake_seen(world.fake, 0).nvisible != 1 && clock_now_us() < end)
		poll(NULL, 0, 10);
	cr_expect_eq(fake_seen(world.fake, 0).nvisible, 1);
	cr_expect_eq(fake_seen(world.fake, 0).visible[UUID_LEN - 1], 3);
	while (fake_seen(world.fake, 1).nvisible != 0 && clock_now_us() < end)
		poll(NULL, 0, 10);
	cr_expect_eq(fake_seen(world.fake, 1).nvisible, 0);
	world_done(&world);
}
