/* The pulse: what it says of fleets that are known by half, and its cursor. */
#include "fleet/timeline.h"
#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define WALL_US INT64_C(1786363331000000)

static struct config *config;
static struct timeline *timeline;

static void
setup(void)
{
	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	config = snaps_config();
	timeline = timeline_new(16);
}

static void
teardown(void)
{
	timeline_free(timeline);
	config_free(config);
}

TestSuite(pulse, .init = setup, .fini = teardown);

static void
quit(void *ctx G_GNUC_UNUSED, bool abort G_GNUC_UNUSED)
{
}

static struct console *
open_pulse(const struct fleet_snap *snap)
{
	struct console *console = console_new(
		&(struct console_opts){ .config = config, .timeline = timeline, .quit = quit }, NULL);

	cr_assert_not_null(console);
	console_tick(console, SNAPS_NOW_US, WALL_US);
	console_set_snapshot(console, snap);
	return console;
}

static char *
draw(struct console *console, int rows, int cols)
{
	struct canvas *canvas = canvas_new(rows, cols, false);
	char *text;

	console_draw(console, canvas);
	text = canvas_text(canvas);
	canvas_free(canvas);
	return text;
}

/* PARTS that begin with '!' must not be there. */
static void
expect(struct console *console, int rows, int cols, const char *const *parts)
{
	g_autofree char *text = draw(console, rows, cols);

	for (; *parts; parts++) {
		bool absent = **parts == '!' && (*parts)[1] != ' ';

		cr_expect_eq(strstr(text, *parts + absent) == NULL, absent, "'%s':\n%s", *parts, text);
	}
}

static void
press(struct console *console, uint32_t code)
{
	console_input(console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
}

/* The text under the cursor, blanks at its ends taken off. */
static char *
under_cursor(struct console *console, int rows, int cols)
{
	struct canvas *canvas = canvas_new(rows, cols, false);
	g_autoptr(GString) text = g_string_new(NULL);

	console_draw(console, canvas);
	for (int y = 0; y < rows; y++)
		for (int x = 0; x < cols; x++) {
			const struct canvas_cell *cell = canvas_at(canvas, y, x);

			if (cell->role == ROLE_CURSOR)
				g_string_append_unichar(text, cell->ch[0] ? cell->ch[0] : ' ');
		}
	canvas_free(canvas);
	return g_strstrip(g_strdup(text->str));
}

static void
expect_cursor(struct console *console, const char *wanted)
{
	g_autofree char *got = under_cursor(console, 40, 120);

	cr_expect(*wanted ? strstr(got, wanted) != NULL : !*got, "the cursor is on '%s', not on '%s'", got,
		wanted);
}

/* ---- half known ---- */

Test(pulse, says_in_one_line_that_nothing_is_known)
{
	static const struct {
		size_t n;
		enum link_state link;
		const char *line;
	} cases[] = {
		{ 0, LINK_UP, "no hosts: name some" },
		{ 1, LINK_CONNECTING, "connecting to 1 host; none has answered yet" },
		{ 2, LINK_CONNECTING, "connecting to 2 hosts; none has answered yet" },
		{ 2, LINK_REFUSED, "none of 2 hosts answers" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct snaps_part parts[2];
		const struct fleet_snap *snap;
		struct console *console;

		for (uint32_t j = 0; j < 2; j++)
			parts[j] = (struct snaps_part){
				.host = { .index = j, .name = "h", .link = cases[i].link }
			};
		snap = snaps_fleet(parts, cases[i].n);
		console = open_pulse(snap);
		expect(console, 24, 80, (const char *const[]){ cases[i].line, "!density", "!busiest", NULL });
		console_free(console);
		fleet_snap_unref(snap);
	}
}

Test(pulse, says_what_its_numbers_cover)
{
	struct vm vms[] = { snaps_vm("a", 1) };
	struct snaps_part parts[3];
	const struct fleet_snap *snap;
	struct console *console;

	for (uint32_t i = 0; i < 3; i++)
		parts[i] = (struct snaps_part){ .host = snaps_host(i, "h"), .vms = vms, .nvms = 1 };
	parts[0].host.valid &= ~(UINT64_C(1) << HOST_CPU); /* came up just now */
	snap = snaps_fleet(parts, 3);
	console = open_pulse(snap);
	expect(console, 24, 70, (const char *const[]){ "25% of 2/3 hosts", "!now of", NULL });
	expect(console, 40, 120, (const char *const[]){ "25% 16/64 cores of 2/3 hosts", NULL });
	fleet_snap_unref(snap);
	parts[0].host = snaps_host(0, "h");
	parts[2].host.link = LINK_REFUSED;
	snap = snaps_fleet(parts, 3);
	console_set_snapshot(console, snap);
	expect(console, 24, 80, (const char *const[]){ "now of 2/3 hosts", "25% 16/64 cores\n", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pulse, says_since_when_a_guest_is_in_trouble)
{
	struct vm vms[] = { snaps_idle_vm("db-1", 1, VM_STATE_CRASHED),
		snaps_idle_vm("old-1", 2, VM_STATE_CRASHED) };
	struct snaps_part part = { .host = snaps_host(0, "kvm1"), .vms = vms, .nvms = 2 };
	const struct fleet_snap *snap;
	struct console *console;

	vms[0].since_us = SNAPS_NOW_US - 240 * INT64_C(1000000);
	vms[0].reason = "panicked";
	snap = snaps_fleet(&part, 1);
	console = open_pulse(snap);
	expect(console, 40, 120,
		(const char *const[]){
			"✕ db-1@kvm1 crashed for 4m: panicked", "✕ old-1@kvm1 crashed\n", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

/* ---- the cursor ---- */

static const struct fleet_snap *
two_sites(double cpu_of_first)
{
	static char dc1[] = "dc1", dc2[] = "dc2";
	static struct host_static sites[] = { { .site = dc1 }, { .site = dc2 } };
	static const char *const names[] = { "kvm1", "kvm2", "kvm3" };
	struct vm vms[] = { snaps_vm("web-1", 1), snaps_vm("web-2", 2) };
	struct snaps_part parts[3];

	for (uint32_t i = 0; i < 3; i++) {
		parts[i] = (struct snaps_part){ .host = snaps_host(i, names[i]), .vms = vms, .nvms = 2 };
		parts[i].host.config = &sites[i / 2];
		snaps_set_host(&parts[i].host, HOST_CPU, i ? 50 - i : cpu_of_first);
	}
	return snaps_fleet(parts, 3);
}

Test(pulse, cursor_goes_through_the_lists_and_opens)
{
	const struct fleet_snap *snap = two_sites(50);
	struct console *console = open_pulse(snap);

	expect_cursor(console, "");
	press(console, KEY_CODE_TAB);
	expect_cursor(console, "dc1");
	press(console, 'j');
	expect_cursor(console, "dc2");
	press(console, KEY_CODE_ENTER);
	expect(console, 40, 120, (const char *const[]){ "kvm3", "!kvm1", "site=\"dc2\"", NULL });
	press(console, '1');
	expect_cursor(console, "dc2");
	press(console, KEY_CODE_TAB); /* past the hypervisors' table, which is of the same section */
	expect_cursor(console, "kvm1");
	press(console, 'j');
	expect_cursor(console, "kvm2");
	press(console, KEY_CODE_RIGHT);
	expect_cursor(console, "web-");
	press(console, KEY_CODE_ENTER);
	expect(console, 40, 120, (const char *const[]){ "vm web-", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pulse, a_click_chooses_and_a_double_click_opens)
{
	const struct fleet_snap *snap = two_sites(50);
	struct console *console = open_pulse(snap);
	g_autofree char *text = draw(console, 40, 120);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	struct input click = { .type = INPUT_MOUSE, .button = MOUSE_LEFT, .x = 3 };

	while (lines[click.y] && !g_str_has_prefix(lines[click.y], " kvm2"))
		click.y++;
	cr_assert_not_null(lines[click.y], "%s", text);
	console_input(console, click);
	expect_cursor(console, "kvm2");
	click.button = MOUSE_LEFT_DOUBLE;
	console_input(console, click);
	expect(console, 40, 120, (const char *const[]){ "host kvm2", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}

Test(pulse, cursor_stays_on_its_host_when_the_order_changes)
{
	const struct fleet_snap *before = two_sites(50), *after = two_sites(10);
	struct console *console = open_pulse(before);

	expect_cursor(console, "");
	press(console, KEY_CODE_TAB);
	press(console, KEY_CODE_TAB);
	expect_cursor(console, "kvm1");
	console_set_snapshot(console, after);
	expect_cursor(console, "kvm1");
	press(console, 'k');
	expect_cursor(console, "kvm3"); /* it is the last one now */
	press(console, KEY_CODE_ESC);
	expect_cursor(console, "");
	console_free(console);
	fleet_snap_unref(before);
	fleet_snap_unref(after);
}

/* ---- events ---- */

static void
add_event(enum event_level level, const char *vm, const char *what)
{
	struct event *event = g_new0(struct event, 1);

	event->at_us = SNAPS_NOW_US;
	event->wall_us = WALL_US;
	event->level = level;
	event->host = g_strdup("kvm1");
	event->vm = g_strdup(vm);
	event->what = g_strdup(what);
	timeline_add(timeline, event);
}

Test(pulse, shows_faults_first_when_room_is_short)
{
	const struct fleet_snap *snap = two_sites(50);
	struct console *console = open_pulse(snap);

	add_event(EVENT_BAD, "db-9", "crashed");
	for (int i = 0; i < 6; i++)
		add_event(EVENT_INFO, "web-1", "started");
	expect(console, 24, 80,
		(const char *const[]){ "last events", "12:02:11  ✕ db-9@kvm1 crashed", NULL });
	expect(console, 60, 200,
		(const char *const[]){ "· web-1@kvm1 started", "✕ db-9@kvm1 crashed", NULL });
	console_free(console);
	fleet_snap_unref(snap);
}
