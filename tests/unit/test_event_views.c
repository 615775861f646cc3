/* The time line on the screen: the view events, and what other views ask of it. */
#include "fleet/timeline.h"
#include "tests/support/snaps.h"
#include "views/catalog.h"
#include "views/console.h"
#include "views/events.h"
#include "views/rows.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <string.h>

#define ROWS    24
#define COLS    120
#define SECOND  INT64_C(1000000)
#define WALL_US INT64_C(1786363331000000)

/* Two hosts, a with web and db, b with a copy of db that has the same uuid. */
struct world {
	struct config *config;
	struct timeline *timeline;
	const struct fleet_snap *snap;
	struct console *console;
	int told;
};

static void
world_init(struct world *world)
{
	struct vm on_a[] = { snaps_vm("db", 2), snaps_vm("web", 1) }, on_b[] = { snaps_vm("db", 2) };
	const struct snaps_part parts[] = { { snaps_host(0, "a"), on_a, 2 },
		{ snaps_host(1, "b"), on_b, 1 } };

	setenv("TZ", "UTC", 1);
	setlocale(LC_ALL, "C.UTF-8");
	*world = (struct world){ .config = snaps_config(), .timeline = timeline_new(100) };
	world->snap = snaps_fleet(parts, 2);
	world->console = console_new(
		&(struct console_opts){
			.config = world->config, .timeline = world->timeline, .view = "events" },
		NULL);
	cr_assert_not_null(world->console);
	console_tick(world->console, SNAPS_NOW_US, WALL_US);
	console_set_snapshot(world->console, world->snap);
}

static void
world_done(struct world *world)
{
	console_free(world->console);
	timeline_free(world->timeline);
	fleet_snap_unref(world->snap);
	config_free(world->config);
}

/* WHAT befalls guest N of host INDEX; N 0: the host itself. Each is a second after the one before. */
static void
tell_of(struct world *world, uint32_t index, unsigned n, enum event_level level, const char *what)
{
	const struct vm vm = snaps_vm("", n);
	struct telling telling = {
		.at_us = SNAPS_NOW_US + (world->told - 60) * SECOND,
		.wall_us = WALL_US + (world->told - 60) * SECOND,
		.kind = n ? EVENT_KIND_GUEST : EVENT_KIND_HOST,
		.level = level,
		.subject = { .host = index, .is_host = n == 0 },
		.host = index ? "b" : "a",
		.vm = n == 0   ? NULL
		      : n == 1 ? "web"
		      : n == 2 ? "db"
			       : "old",
		.what = what,
	};

	if (n)
		memcpy(telling.subject.uuid, vm.uuid, UUID_LEN);
	world->told++;
	timeline_tell(world->timeline, &telling);
}

static void
refresh(struct world *world)
{
	console_set_snapshot(world->console, world->snap);
}

static void
type(struct world *world, const char *keys)
{
	for (; *keys; keys++) {
		uint32_t code = *keys == '\n'   ? KEY_CODE_ENTER
				: *keys == '\b' ? KEY_CODE_ESC
						: (uint32_t)(unsigned char)*keys;

		console_input(world->console, (struct input){ .type = INPUT_KEY, .key = { code, 0 } });
	}
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

/* Whether the screen has WORDS ("one two"), one below the other. */
static void
expect_order(struct world *world, const char *words)
{
	g_autofree char *text = screen(world);
	g_auto(GStrv) each = g_strsplit(words, " ", -1);
	const char *at = text;

	for (size_t i = 0; each[i]; i++) {
		const char *found = strstr(at, each[i]);

		cr_assert_not_null(found, "no %s where it should be in\n%s", each[i], text);
		at = strchr(found, '\n');
	}
}

static void
expect_screen(struct world *world, const char *has, const char *has_not)
{
	g_autofree char *text = screen(world);

	cr_expect_not_null(strstr(text, has), "no '%s' in\n%s", has, text);
	if (has_not)
		cr_expect_null(strstr(text, has_not), "'%s' in\n%s", has_not, text);
}

Test(event_views, shows_the_newest_first)
{
	struct world world;

	world_init(&world);
	tell_of(&world, 0, 1, EVENT_INFO, "first");
	tell_of(&world, 0, 0, EVENT_BAD, "second");
	tell_of(&world, 1, 2, EVENT_GOOD, "third");
	refresh(&world);
	expect_order(&world, "third second first");
	expect_screen(&world, "3 events · 1 bad, 0 to look at, 1 good", NULL);
	world_done(&world);
}

/* The cursor stays at the top, whatever comes there, until it is put on a row: then it stays on that. */
/* With nothing new the rows are those they were, and need no new order. */
Test(event_views, are_ordered_when_there_is_something_new)
{
	struct timeline *timeline = timeline_new(2);
	struct config *config = snaps_config();
	struct event_source source = { 0 };
	struct rows *rows = rows_new(&event_rows, &source);
	struct rows_query query = { .scope = -1,
		.sort = { { .column = column_by_name(&event_rows, "age") } } };
	struct row_ctx ctx = { .config = config, .now_us = SNAPS_NOW_US, .timeline = timeline };
	const struct fleet_snap *snap = snaps_fleet(NULL, 0);

	for (unsigned i = 0, rosters = 0; i < 5; i++) {
		timeline_tell(timeline, &(struct telling){ .host = "a", .what = "lost", .at_us = i + 1 });
		rows_update(rows, snap, &query, &ctx);
		cr_expect_neq(rows_rosters(rows), rosters);
		rosters = rows_rosters(rows);
		ctx.now_us += SECOND;
		rows_update(rows, snap, &query, &ctx);
		cr_expect_eq(rows_rosters(rows), rosters, "after %u events", i + 1);
		cr_expect_eq(rows_count(rows), MIN(i + 1, 2));
		cr_expect_eq(((const struct event *)rows_at(rows, 0))->at_us, i + 1);
	}
	rows_free(rows);
	event_source_done(&source);
	timeline_free(timeline);
	fleet_snap_unref(snap);
	config_free(config);
}

Test(event_views, leaves_the_cursor_where_it_was_put)
{
	struct world world;

	world_init(&world);
	tell_of(&world, 0, 1, EVENT_INFO, "first");
	tell_of(&world, 0, 0, EVENT_INFO, "second");
	refresh(&world);
	tell_of(&world, 1, 0, EVENT_INFO, "third");
	refresh(&world);
	type(&world, "\n"); /* the newest, about b */
	expect_screen(&world, "host b", NULL);
	type(&world, "\bjj"); /* the first, about web */
	for (int i = 0; i < 40; i++)
		tell_of(&world, 1, 0, EVENT_INFO, "more");
	refresh(&world);
	type(&world, "\n");
	expect_screen(&world, "vm web", NULL);
	world_done(&world);
}

Test(event_views, says_when_the_subject_is_gone)
{
	struct world world;

	world_init(&world);
	tell_of(&world, 0, 9, EVENT_INFO, "undefined");
	refresh(&world);
	type(&world, "\n");
	expect_screen(&world, "old is no longer there", "vm old");
	world_done(&world);
}

Test(event_views, filters_and_shows_faults)
{
	struct world world;

	world_init(&world);
	tell_of(&world, 0, 1, EVENT_INFO, "one");
	tell_of(&world, 0, 0, EVENT_WARN, "two");
	tell_of(&world, 1, 2, EVENT_BAD, "three");
	refresh(&world);
	type(&world, "!");
	expect_order(&world, "three two");
	expect_screen(&world, "2 of 3 events", "one ");
	type(&world, "!/kind=guest host=b\n");
	expect_screen(&world, "1 of 3 events", "two");
	type(&world, "\b/age<59s level!=bad\n");
	expect_screen(&world, "0 of 3 events", NULL);
	world_done(&world);
}

Test(event_views, keeps_no_more_than_the_time_line)
{
	struct world world;

	world_init(&world);
	refresh(&world);
	for (int i = 0; i < 250; i++)
		tell_of(&world, 0, 1, EVENT_INFO, "again");
	refresh(&world);
	expect_screen(&world, "100 events", NULL);
	world_done(&world);
}

/* ---- what other views ask ---- */

static char *
about(struct world *world, uint32_t index, unsigned n, size_t most)
{
	const struct env env = { .timeline = world->timeline, .snap = world->snap };
	const struct vm vm = snaps_vm("", n);
	struct row_key key = { .host = index, .is_host = n == 0 };
	g_autoptr(GPtrArray) events = NULL;
	GString *text = g_string_new(NULL);

	if (n)
		memcpy(key.uuid, vm.uuid, UUID_LEN);
	events = events_about(&env, &key, most);
	for (guint i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];

		g_string_append_printf(text, "%s%s:%s", i ? " " : "", event->host, event->what);
	}
	return g_string_free(text, FALSE);
}

Test(event_views, finds_what_was_told_of_one)
{
	static const struct {
		uint32_t host;
		unsigned guest;
		size_t most;
		const char *told;
	} cases[] = {
		{ 0, 0, 9, "a:4 a:3 a:1" }, /* a host's guests are its own matter */
		{ 0, 0, 2, "a:4 a:3" },
		{ 0, 1, 9, "a:3 b:2" }, /* web came from b, where it no longer is */
		{ 0, 2, 9, "a:4" },     /* b's db is a copy, and still there */
		{ 1, 2, 9, "b:5" },
		{ 1, 9, 9, "" },
	};
	struct world world;

	world_init(&world);
	tell_of(&world, 0, 0, EVENT_INFO, "1");
	tell_of(&world, 1, 1, EVENT_INFO, "2");
	tell_of(&world, 0, 1, EVENT_INFO, "3");
	tell_of(&world, 0, 2, EVENT_INFO, "4");
	tell_of(&world, 1, 2, EVENT_INFO, "5");
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *told = about(&world, cases[i].host, cases[i].guest, cases[i].most);

		cr_expect_str_eq(told, cases[i].told, "case %zu: %s", i, told);
	}
	world_done(&world);
}

Test(event_views, finds_the_latest_of_a_level)
{
	struct world world;
	struct env env;
	g_autoptr(GPtrArray) none = NULL, bad = NULL;

	world_init(&world);
	env = (struct env){ .timeline = world.timeline, .snap = world.snap };
	tell_of(&world, 0, 0, EVENT_BAD, "1");
	tell_of(&world, 0, 0, EVENT_WARN, "2");
	tell_of(&world, 0, 0, EVENT_GOOD, "3");
	bad = events_latest(&env, EVENT_WARN, 9);
	cr_expect_eq(bad->len, 2);
	cr_expect_str_eq(((const struct event *)bad->pdata[0])->what, "2");
	env.timeline = NULL;
	none = events_latest(&env, EVENT_INFO, 9);
	cr_expect_eq(none->len, 0);
	world_done(&world);
}
