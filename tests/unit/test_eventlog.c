/* The time line as a file: what a line looks like, and what befalls files. */
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/eventlog.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEADLINE_MS 20000

/* ---- a line ---- */

static const struct {
	struct telling telling;
	const char *json;
} lines[] = {
	{ { .wall_us = 1786363331123456,
		  .kind = EVENT_KIND_GUEST,
		  .level = EVENT_BAD,
		  .host = "kvm017",
		  .vm = "web-3",
		  .subject = { .uuid = { 0xab, [15] = 1 } },
		  .what = "crashed",
		  .detail = "panicked" },
		"{\"time\":\"2026-08-10T12:02:11.123Z\",\"kind\":\"guest\",\"level\":\"bad\",\"host\":"
		"\"kvm017\","
		"\"vm\":\"web-3\",\"uuid\":\"ab000000-0000-0000-0000-000000000001\",\"what\":\"crashed\","
		"\"detail\":\"panicked\"}" },
	{ { .wall_us = 1786363331000000,
		  .kind = EVENT_KIND_HOST,
		  .level = EVENT_GOOD,
		  .host = "a",
		  .subject = { .is_host = true },
		  .what = "found" },
		"{\"time\":\"2026-08-10T12:02:11.000Z\",\"kind\":\"host\",\"level\":\"good\",\"host\":\"a\","
		"\"what\":\"found\"}" },
	/* names are the guests' own choice */
	{ { .wall_us = 1786363331000000,
		  .host = "a\"b",
		  .vm = "\033[2J\n\u202e\xff\xc2\x9b\U000e0001",
		  .what = "x",
		  .subject = { .is_host = true } },
		"{\"time\":\"2026-08-10T12:02:11.000Z\",\"kind\":\"guest\",\"level\":\"info\",\"host\":"
		"\"a\\\"b\","
		"\"vm\":\"\\u001b[2J\\n\\u202e\ufffd\\u009b\\udb40\\udc01\",\"what\":\"x\"}" },
};

Test(eventlog, writes_an_object_per_line)
{
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
		struct timeline *timeline = timeline_new(1);
		g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
		g_autofree char *json = NULL;

		timeline_tell(timeline, &lines[i].telling);
		timeline_since(timeline, 0, events);
		json = event_json(events->pdata[0]);
		timeline_free(timeline);
		cr_expect_str_eq(json, lines[i].json, "case %zu: %s", i, json);
	}
}

/* ---- a file ---- */

struct desk {
	char *folder, *path;
	struct timeline *timeline;
	struct eventlog *log;
};

static struct desk
desk_new(size_t capacity)
{
	struct desk desk = { .folder = g_dir_make_tmp("virt-fleet-test-XXXXXX", NULL) };

	desk.path = g_build_filename(desk.folder, "events.jsonl", NULL);
	desk.timeline = timeline_new(capacity);
	return desk;
}

static void
desk_open(struct desk *desk, const char *path)
{
	g_autoptr(GError) error = NULL;

	desk->log = eventlog_new(path, desk->timeline, NULL, NULL, &error);
	cr_assert_not_null(desk->log, "%s", error ? error->message : "");
}

static void
desk_close(struct desk *desk)
{
	cr_assert(eventlog_stop(desk->log, DEADLINE_MS));
	eventlog_free(desk->log);
	desk->log = NULL;
}

static void
desk_done(struct desk *desk)
{
	timeline_free(desk->timeline);
	g_unlink(desk->path);
	g_rmdir(desk->folder);
	g_free(desk->folder);
	g_free(desk->path);
}

static void
tell_one(const struct desk *desk, const char *what)
{
	timeline_tell(desk->timeline,
		&(struct telling){ .host = "a", .subject = { .is_host = true }, .what = what });
}

/* What each line of PATH says, as "one two"; "" without a file. */
static char *
read_whats(const char *path)
{
	GString *whats = g_string_new(NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) all = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return g_string_free(whats, FALSE);
	all = g_strsplit(text, "\n", -1);
	for (size_t i = 0; all[i] && *all[i]; i++) {
		const char *what = strstr(all[i], "\"what\":\"");

		cr_assert(
			what && g_str_has_prefix(all[i], "{") && g_str_has_suffix(all[i], "}"), "%s", all[i]);
		what += strlen("\"what\":\"");
		g_string_append_printf(
			whats, "%s%.*s", whats->len ? " " : "", (int)strcspn(what, "\""), what);
	}
	return g_string_free(whats, FALSE);
}

static void
expect_file(const char *path, const char *expected)
{
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);
	g_autofree char *whats = read_whats(path);

	while (strcmp(whats, expected) != 0 && clock_now_us() < end) {
		g_usleep(5000);
		g_free(whats);
		whats = read_whats(path);
	}
	cr_assert_str_eq(whats, expected, "%s: %s", path, whats);
}

Test(eventlog, appends)
{
	struct desk desk = desk_new(100);

	tell_one(&desk, "one");
	desk_open(&desk, desk.path);
	tell_one(&desk, "two");
	expect_file(desk.path, "one two");
	tell_one(&desk, "three");
	desk_close(&desk);
	expect_file(desk.path, "one two three");
	desk_open(&desk, desk.path); /* another run, whose time line begins anew */
	desk_close(&desk);
	expect_file(desk.path, "one two three one two three");
	desk_done(&desk);
}

Test(eventlog, refuses_what_it_can_not_open)
{
	struct desk desk = desk_new(100);
	g_autofree char *nowhere = g_build_filename(desk.folder, "no", "such", "file", NULL);
	g_autoptr(GError) error = NULL;

	cr_assert_null(eventlog_new(nowhere, desk.timeline, NULL, NULL, &error));
	cr_assert_not_null(strstr(error->message, nowhere), "%s", error->message);
	cr_assert_not_null(strstr(error->message, "No such file"), "%s", error->message);
	desk_done(&desk);
}

Test(eventlog, follows_its_name)
{
	struct desk desk = desk_new(100);
	g_autofree char *rotated = g_strconcat(desk.path, ".1", NULL);

	desk_open(&desk, desk.path);
	tell_one(&desk, "one");
	expect_file(desk.path, "one");
	cr_assert_eq(g_rename(desk.path, rotated), 0);
	tell_one(&desk, "two");
	expect_file(desk.path, "two");
	expect_file(rotated, "one");
	cr_assert_eq(truncate(desk.path, 0), 0); /* copytruncate */
	tell_one(&desk, "three");
	expect_file(desk.path, "three");
	desk_close(&desk);
	g_unlink(rotated);
	desk_done(&desk);
}

static char *
wait_news(const struct desk *desk, bool *bad)
{
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);
	char *news = NULL;

	while (!(news = eventlog_take_news(desk->log, bad)) && clock_now_us() < end)
		g_usleep(5000);
	return news;
}

/* A full disk is told once, and again when it no longer is; in between as much is kept as the time line holds. */
Test(eventlog, survives_a_full_disk)
{
	struct desk desk = desk_new(4);
	g_autofree char *news = NULL, *again = NULL;
	bool bad;

	cr_assert_eq(symlink("/dev/full", desk.path), 0);
	desk_open(&desk, desk.path);
	tell_one(&desk, "one");
	news = wait_news(&desk, &bad);
	cr_assert_not_null(news);
	cr_expect(bad);
	cr_expect_not_null(strstr(news, "No space left"), "%s", news);
	for (int i = 0; i < 9; i++)
		tell_one(&desk, "more");
	g_unlink(desk.path);
	again = wait_news(&desk, &bad);
	cr_assert_not_null(again);
	cr_expect_not(bad);
	expect_file(desk.path, "one missed more more more more");
	desk_close(&desk);
	desk_done(&desk);
}

/* Reads FD up to the end of a line; false: that did not come in time. */
static bool
read_line(int fd)
{
	int64_t end = clock_now_us() + DEADLINE_MS * INT64_C(1000);
	char c = 0;

	while (c != '\n' && clock_now_us() < end)
		if (read(fd, &c, 1) != 1)
			g_usleep(5000);
	return c == '\n';
}

/* A pipe that takes half a line is a file that is renamed at a bad moment: the line's other half goes where the first is,
 * or, when nothing goes there any more, the whole of it to the new file; all others go to the new file. */
Test(eventlog, half_a_line_keeps_no_other_from_the_new_file)
{
	for (int breaks = 0; breaks < 2; breaks++) {
		struct desk desk = desk_new(4);
		g_autofree char *rotated = g_strconcat(desk.path, ".1", NULL), *news = NULL;
		g_autofree char *long_detail = g_strnfill(100000, 'x');
		int reader;
		bool bad;

		signal(SIGPIPE, SIG_IGN);
		cr_assert_eq(mkfifo(desk.path, 0600), 0);
		reader = open(desk.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		timeline_tell(desk.timeline, &(struct telling){ .host = "a",
						     .subject = { .is_host = true },
						     .what = "one",
						     .detail = long_detail });
		tell_one(&desk, "two");
		desk_open(&desk, desk.path);
		news = wait_news(&desk, &bad);
		cr_assert(news && bad);
		cr_assert_eq(g_rename(desk.path, rotated), 0);
		if (breaks)
			close(reader);
		else
			cr_expect(read_line(reader));
		expect_file(desk.path, breaks ? "one two" : "two");
		desk_close(&desk);
		if (!breaks)
			close(reader);
		g_unlink(rotated);
		desk_done(&desk);
	}
}
