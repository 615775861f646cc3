/* Looking at the journal: what is made of its lines, of files that were rotated away, and of nonsense; and its view. */
#include "actions/journal.h"
#include "actions/journal_read.h"
#include "fleet/clock.h"
#include "tests/support/snaps.h"
#include "views/console.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST        100
#define DEADLINE_US 20000000
#define WALL_US     INT64_C(1786363331000000)

static char *folder, *path;

static void
make_folder(void)
{
	folder = g_dir_make_tmp("vf-journal-XXXXXX", NULL);
	cr_assert(folder);
	path = g_build_filename(folder, "j", NULL);
}

static void
remove_folder(void)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(folder, name, NULL);

		g_unlink(file);
	}
	g_rmdir(folder);
	g_free(folder);
	g_free(path);
}

TestSuite(journal_read, .init = make_folder, .fini = remove_folder);

static void
write_file(const char *suffix, const char *text)
{
	g_autofree char *file = g_strconcat(path, suffix, NULL);

	cr_assert(g_file_set_contents(file, text, -1, NULL));
}

#define BEGIN(id, second, vm, more)                                                          \
	"{\"time\":\"2026-11-22T08:35:" second ".500000Z\",\"event\":\"begin\",\"id\":\"" id \
	"\",\"user\":\"ada\",\"source\":\"console\",\"host\":\"kvm1\",\"vm\":\"" vm          \
	"\",\"uuid\":\"00000000-0000-0000-0000-000000000001\",\"verb\":\"stop\"" more "}\n"
#define END(id, result, more)                                                                         \
	"{\"time\":\"2026-11-22T08:36:00Z\",\"event\":\"end\",\"id\":\"" id "\",\"result\":\"" result \
	"\"" more "}\n"
#define FOUND(id, where)                                                                                    \
	"{\"time\":\"2026-11-22T08:37:00Z\",\"event\":\"found\",\"id\":\"" id "\",\"where\":\"" where "\"}" \
	"\n"

static GPtrArray *
read_all(guint most)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *acts = journal_read(path, most, &error);

	cr_assert(acts, "%s", error ? error->message : "");
	return acts;
}

static const struct journal_act *
act_at(const GPtrArray *acts, guint i)
{
	cr_assert_lt(i, acts->len);
	return acts->pdata[i];
}

Test(journal_read, joins_begin_and_end)
{
	g_autoptr(GPtrArray) acts = NULL;
	const struct journal_act *act;

	write_file("", BEGIN("h:1:2:1", "10", "web-1",
			       ",\"dest\":\"kvm2\",\"params\":{\"to\":\"kvm2\",\"live\":\"yes\"}")
			       BEGIN("h:1:2:2", "11", "web-2", "")
				       END("h:1:2:1", "failed", ",\"error\":\"no\",\"took_s\":1.5"));
	acts = read_all(MOST);
	cr_assert_eq(acts->len, 2);
	act = act_at(acts, 0); /* the newest first */
	cr_expect_str_eq(act->vm, "web-2");
	cr_expect_null(act->result, "it has no end yet");
	cr_expect_eq(act->took_s, -1);
	cr_expect_null(act->params);
	act = act_at(acts, 1);
	cr_expect_str_eq(act->user, "ada");
	cr_expect_str_eq(act->source, "console");
	cr_expect_str_eq(act->host, "kvm1");
	cr_expect_str_eq(act->dest, "kvm2");
	cr_expect_str_eq(act->verb, "stop");
	cr_expect_str_eq(act->params, "to=kvm2 live=yes");
	cr_expect_str_eq(act->result, "failed");
	cr_expect_str_eq(act->error, "no");
	cr_expect_eq(act->took_s, 1.5);
	cr_expect_eq(act->begun_us, INT64_C(1795336510500000));
}

/* An end that nobody saw is found out later: that, and not "check", is what is to be read then. */
Test(journal_read, tells_what_was_found_of_an_unknown_end)
{
	g_autoptr(GPtrArray) acts = NULL;
	const struct journal_act *act;

	write_file("", BEGIN("h:1:2:1", "10", "web-1", "") BEGIN("h:1:2:2", "11", "web-2", "")
			       END("h:1:2:1", "unknown", ",\"error\":\"kvm2 unknown: check\",\"took_s\":1.5")
				       END("h:1:2:2", "done", "") FOUND("h:1:2:1", "runs on kvm1 as before")
					       FOUND("h:1:2:2", "runs nowhere") FOUND("h:9:9:9", "runs"));
	acts = read_all(MOST);
	cr_assert_eq(acts->len, 2);
	act = act_at(acts, 1);
	cr_expect_str_eq(act->result, "unknown");
	cr_expect_str_eq(act->error, "found: runs on kvm1 as before");
	cr_expect_eq(act->took_s, 1.5);
	cr_expect_null(act_at(acts, 0)->error);
}

Test(journal_read, goes_on_in_rotated_files)
{
	g_autoptr(GPtrArray) acts = NULL;

	write_file(".2", BEGIN("a", "01", "oldest", "") END("a", "done", ""));
	write_file(".1", BEGIN("b", "02", "older", "") BEGIN("c", "03", "across", ""));
	write_file("", END("c", "done", "") END("b", "unknown", "") BEGIN("d", "04", "new", ""));
	acts = read_all(MOST);
	cr_assert_eq(acts->len, 4);
	cr_expect_str_eq(act_at(acts, 0)->vm, "new");
	cr_expect_str_eq(act_at(acts, 1)->vm, "across");
	cr_expect_str_eq(act_at(acts, 1)->result, "done");
	cr_expect_str_eq(act_at(acts, 2)->result, "unknown");
	cr_expect_str_eq(act_at(acts, 3)->vm, "oldest");
}

Test(journal_read, reads_no_more_than_wanted)
{
	GString *text = g_string_new(NULL);
	g_autoptr(GPtrArray) acts = NULL;

	for (int i = 0; i < 300; i++)
		g_string_append_printf(text,
			"{\"event\":\"begin\",\"id\":\"%d\",\"vm\":\"vm%d\"}\n"
			"{\"event\":\"end\",\"id\":\"%d\",\"result\":\"done\"}\n",
			i, i, i);
	write_file("", text->str);
	write_file(".1", "not looked at");
	acts = read_all(10);
	cr_assert_eq(acts->len, 10);
	cr_expect_str_eq(act_at(acts, 0)->vm, "vm299");
	cr_expect_str_eq(act_at(acts, 9)->vm, "vm290");
	g_string_free(text, TRUE);
}

Test(journal_read, passes_over_what_it_does_not_understand)
{
	g_autoptr(GPtrArray) acts = NULL;

	write_file("",
		"\n{}\n[1,2]\nnull\n{\"event\":\"begin\"}\n{\"id\":7,\"event\":\"begin\"}\n{\"id\":\"x\","
		"\"event\":3}\n"
		"{\"time\":\"yesterday\",\"event\":\"begin\",\"id\":\"y\",\"params\":[3,\"x\"],\"vm\":5}\n"
		"{\"event\":\"end\",\"id\":\"z\",\"took_s\":\"long\"}\n{\"event\":\"beg");
	acts = read_all(MOST);
	cr_assert_eq(acts->len, 2);
	cr_expect_str_eq(act_at(acts, 0)->id, "z");
	cr_expect_str_eq(act_at(acts, 0)->result, "unknown");
	cr_expect_eq(act_at(acts, 1)->begun_us, 0);
	cr_expect_null(act_at(acts, 1)->vm);
}

Test(journal_read, no_journal_is_no_error_but_what_is_none_is)
{
	g_autoptr(GPtrArray) acts = read_all(MOST);
	g_autoptr(GError) error = NULL;

	cr_expect_eq(acts->len, 0);
	g_mkdir(path, 0700);
	cr_expect_null(journal_read(path, MOST, &error));
	cr_assert(error);
	cr_expect(strstr(error->message, "can't be read"), "%s", error->message);
	g_rmdir(path);
}

/* ---- on the screen ---- */

static void
quit(void *ctx, bool abort_moves)
{
	(void)ctx;
	(void)abort_moves;
}

/* Until PART is shown, or the deadline passes. */
static void
wait_for(struct console *console, const char *part)
{
	int64_t end = clock_now_us() + DEADLINE_US;
	g_autofree char *text = NULL;

	while (clock_now_us() < end) {
		struct canvas *canvas = canvas_new(24, 120, false);

		console_tick(console, clock_now_us(), WALL_US);
		console_draw(console, canvas);
		g_free(text);
		text = canvas_text(canvas);
		canvas_free(canvas);
		if (strstr(text, part))
			return;
		poll(NULL, 0, 10);
	}
	cr_assert_fail("'%s' did not come:\n%s", part, text);
}

static void
type(struct console *console, const char *keys)
{
	for (; *keys; keys++)
		console_input(
			console, (struct input){ .type = INPUT_KEY,
					 .key = { *keys == '\n' ? KEY_CODE_ENTER : (uint32_t)*keys, 0 } });
}

Test(journal_read, is_a_view_that_follows_the_file)
{
	struct config *config = snaps_config();
	struct console *console;

	setenv("TZ", "UTC", 1);
	setenv("VIRT_FLEET_NOW", "1795336600", 1);
	setlocale(LC_ALL, "C.UTF-8");
	config->journal_path = g_strdup(path);
	console = console_new(
		&(struct console_opts){ .config = config, .view = "journal", .quit = quit }, NULL);
	cr_assert(console);
	wait_for(console, "no act was written down yet");
	wait_for(console, "0 acts");
	write_file("", BEGIN("a", "10", "web-1", "") BEGIN("b", "11", "web\\u202e-2", "")
			       END("a", "failed", ",\"error\":\"no memory\",\"took_s\":3"));
	wait_for(console, "2 acts, 1 failed");
	wait_for(console, "✕ ");
	wait_for(console, " 08:35:10 ");
	wait_for(console, "no end yet");
	wait_for(console, "no memory");
	wait_for(console, "web\\u{202e}-2");
	type(console, "/result=failed\n");
	wait_for(console, "1 of 2 acts, 1 failed");
	console_free(console);
	config_free(config);
}
