/* The journal: what is written when, by whom, what happens when it can't be, and what an earlier run left behind. */
#include "actions/journal.h"
#include "actions/note.h"
#include "fleet/clock.h"
#include "fleet/error.h"
#include "fleet/eventlog.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

static void
make_folder(void)
{
	folder = g_dir_make_tmp("vf-journal-XXXXXX", NULL);
	cr_assert(folder);
}

static void
remove_folder(void)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

TestSuite(journal, .init = make_folder, .fini = remove_folder);

static char *
file(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

static struct journal *
open_journal(int64_t max_bytes)
{
	g_autofree char *path = file("j");

	return journal_new(&(struct journal_opts){ .path = path, .max_bytes = max_bytes, .source = "do" });
}

static char *
contents(const char *name)
{
	g_autofree char *path = file(name);
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

static unsigned
count_lines(const char *text)
{
	unsigned n = 0;

	for (; text && *text; text++)
		n += *text == '\n';
	return n;
}

/* What the act does, and what the journal said meanwhile. */
static enum fleet_error act_error;
static char *seen;

static bool
act(struct job *job, struct conn *conn, GError **error)
{
	(void)job;
	(void)conn;
	seen = contents("j");
	if (act_error == FLEET_ERROR_COUNT)
		return true;
	g_set_error_literal(error, FLEET_ERROR, (gint)act_error, "no \"such\" thing\n");
	return false;
}

static struct job
job_of(struct journal *journal)
{
	struct job job = { .vm_name = (char *)(uintptr_t) "web\033[31m\xc2\x9b\xe2\x80\xae\x7f",
		.host_name = (char *)(uintptr_t) "kvm1",
		.verb = "shutdown",
		.target = { .uuid = { 0xab } },
		.started_us = clock_now_us(),
		.run = act };

	journal_attach(journal, &job);
	return job;
}

/* As a hand does it. */
static bool
run(struct job *job, GError **error)
{
	g_autoptr(GError) failed = NULL;
	bool ok;

	if (!job->prepare(job, error))
		return false;
	ok = job->run(job, NULL, &failed);
	job->settle(job, failed);
	if (!ok)
		g_propagate_error(error, g_steal_pointer(&failed));
	return ok;
}

static void
expect_part(const char *text, const char *part)
{
	cr_expect(text && strstr(text, part), "no %s in: %s", part, text);
}

Test(journal, an_act_is_written_before_it_begins_and_when_it_ends)
{
	struct journal *journal = open_journal(1 << 20);
	struct job job = job_of(journal);
	g_autofree char *text = NULL;
	g_autofree char *path = file("j");
	struct stat status;

	act_error = FLEET_ERROR_COUNT;
	cr_assert(run(&job, NULL));
	cr_expect_eq(count_lines(seen), 1);
	expect_part(seen, "\"event\":\"begin\"");
	expect_part(seen, "\"verb\":\"shutdown\"");
	expect_part(seen, "\"host\":\"kvm1\"");
	expect_part(seen, "\"vm\":\"web\\u001b[31m\\u009b\\u202e\\u007f\"");
	expect_part(seen, "\"uuid\":\"ab000000-0000-0000-0000-000000000000\"");
	expect_part(seen, "\"user\":");
	expect_part(seen, "\"source\":\"do\"");
	cr_expect_not(strstr(seen, "params"), "there are none: %s", seen);
	text = contents("j");
	cr_expect_eq(count_lines(text), 2);
	expect_part(text, "\"result\":\"done\"");
	expect_part(text, "\"took_s\":");
	cr_assert_eq(g_stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 0777, 0600);
	journal_free(journal);
	g_free(seen);
}

/* What was asked for beyond the verb, in the line that tells of the loss, too. */
Test(journal, keeps_params_and_where_a_move_goes)
{
	char *params[] = { (char *)(uintptr_t) "bandwidth", (char *)(uintptr_t) "100M\n", NULL };
	static const char wanted[] = "\"dest\":\"kvm2\",\"params\":{\"bandwidth\":\"100M\\n\"}";
	struct journal *journal = open_journal(1 << 20);
	struct job job = job_of(journal);
	g_autofree char *begun = NULL, *lost = NULL, *path = file("j"), *old = NULL;
	g_autofree char *dead = g_strdup_printf("\"id\":\"%s:1:0:7\"", g_get_host_name());
	g_auto(GStrv) lines = NULL;
	g_autoptr(GPtrArray) found = NULL;
	g_autoptr(GRegex) id = g_regex_new("\"id\":\"[^\"]*\"", 0, 0, NULL);

	job.dest_name = (char *)(uintptr_t) "kvm2";
	job.params = params;
	cr_assert(journal_begin(journal, &job, NULL));
	begun = contents("j");
	expect_part(begun, wanted);
	journal_free(journal);
	old = g_regex_replace_literal(id, begun, -1, 0, dead, 0, NULL);
	cr_assert(g_file_set_contents(path, old, -1, NULL));
	journal = open_journal(1 << 20);
	found = journal_recover(journal, NULL);
	cr_assert_eq(found->len, 1);
	cr_expect_str_eq(((const struct journal_lost *)found->pdata[0])->dest, "kvm2");
	lost = contents("j");
	cr_expect_eq(count_lines(lost), 2);
	lines = g_strsplit(lost, "\n", 2);
	expect_part(lines[1], wanted);
	journal_free(journal);
}

Test(journal, says_how_it_failed)
{
	static const struct {
		enum fleet_error code;
		const char *result;
	} cases[] = {
		{ FLEET_ERROR_UNSUPPORTED, "\"result\":\"failed\"" },
		{ FLEET_ERROR_GONE, "\"result\":\"unknown\"" }, /* the link was lost: who knows */
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct journal *journal = open_journal(1 << 20);
		struct job job = job_of(journal);
		g_autoptr(GError) error = NULL;
		g_autofree char *text = NULL;

		act_error = cases[i].code;
		cr_assert_not(run(&job, &error));
		cr_expect(g_error_matches(error, FLEET_ERROR, (gint)cases[i].code));
		text = contents("j");
		expect_part(text, cases[i].result);
		expect_part(text, "\"error\":\"no \\\"such\\\" thing\\n\"");
		journal_free(journal);
		g_free(seen);
	}
}

Test(journal, what_can_not_be_written_is_not_done)
{
	g_autofree char *plain = file("plain"), *below = g_build_filename(plain, "j", NULL);
	struct journal *journal;
	struct job job;
	g_autoptr(GError) error = NULL;

	cr_assert(g_file_set_contents(plain, "", 0, NULL));
	journal = journal_new(&(struct journal_opts){ .path = below, .max_bytes = 1 << 20 });
	job = job_of(journal);
	act_error = FLEET_ERROR_COUNT;
	cr_assert_not(run(&job, &error));
	cr_expect(error && error->domain == G_FILE_ERROR);
	expect_part(error->message, below);
	expect_part(error->message, "nothing is done");
	cr_expect_null(seen, "the act has run");
	journal_free(journal);
}

Test(journal, a_full_disk_leaves_no_half_line)
{
	struct journal *journal;
	struct job job;
	g_autoptr(GError) error = NULL;

	if (access("/dev/full", W_OK) < 0)
		cr_skip_test("no /dev/full here");
	journal = journal_new(&(struct journal_opts){ .path = "/dev/full", .max_bytes = 1 << 20 });
	job = job_of(journal);
	cr_assert_not(journal_begin(journal, &job, &error));
	expect_part(error->message, g_strerror(ENOSPC));
	journal_free(journal);
}

Test(journal, is_rotated_by_size_and_by_whom_ever)
{
	struct journal *one = open_journal(1), *other = open_journal(1);
	struct job job = job_of(one), theirs = job_of(other);

	/* each line is more than a byte: each begins a file */
	for (int i = 0; i < JOURNAL_KEPT; i++) {
		cr_assert(journal_begin(one, &job, NULL));
		cr_assert(journal_begin(other, &theirs, NULL));
	}
	for (int i = 0; i <= JOURNAL_KEPT; i++) {
		g_autofree char *name = i ? g_strdup_printf("j.%d", i) : g_strdup("j");
		g_autofree char *text = contents(name);

		cr_expect_eq(count_lines(text), 1, "%s: %s", name, text);
	}
	g_autofree char *beyond = g_strdup_printf("j.%d", JOURNAL_KEPT + 1), *text = contents(beyond);
	cr_expect_null(text);
	journal_free(one);
	journal_free(other);
}

/* PROCESS is the beginning of the id. */
static void
write_begin(GString *text, const char *process, int number)
{
	g_string_append_printf(text,
		"{\"time\":\"2026-01-01T00:00:0%d.0Z\",\"event\":\"begin\",\"id\":\"%s:%d\",\"user\":\"u\","
		"\"host\":\"kvm%d\",\"vm\":\"web\",\"uuid\":\"ab000000-0000-0000-0000-000000000001\","
		"\"verb\":\"stop\"}\n",
		number, process, number, number);
}

Test(journal, tells_once_what_an_earlier_run_left)
{
	struct journal *journal = open_journal(1 << 20);
	g_autoptr(GString) old = g_string_new("half a line that is not JSON\n");
	g_autofree char *dead = g_strdup_printf("%s:1:0", g_get_host_name()), *path = file("j");
	g_autoptr(GPtrArray) found = NULL, again = NULL;
	const struct journal_lost *lost;
	g_autofree char *text = NULL;
	struct job job = job_of(journal);

	write_begin(old, dead, 1);
	write_begin(old, dead, 2);
	g_string_append_printf(old, "{\"event\":\"end\",\"id\":\"%s:1\",\"result\":\"done\"}\n", dead);
	write_begin(old, "another-machine:1:0", 3);
	cr_assert(g_file_set_contents(path, old->str, -1, NULL));
	cr_assert(journal_begin(journal, &job, NULL)); /* ours is under way */

	found = journal_recover(journal, NULL);
	cr_assert(found);
	cr_assert_eq(found->len, 1);
	lost = found->pdata[0];
	cr_expect_str_eq(lost->host, "kvm2");
	cr_expect_str_eq(lost->vm, "web");
	cr_expect_str_eq(lost->verb, "stop");
	cr_expect(lost->has_uuid);
	cr_expect_eq(lost->uuid[0], 0xab);
	cr_expect_eq(lost->uuid[15], 1);
	text = contents("j");
	expect_part(text, "\"result\":\"unknown\"");
	again = journal_recover(journal, NULL);
	cr_assert_eq(again->len, 0);
	journal_free(journal);
}

/* It belongs to its guest's host, wherever in the fleet that is; elsewhere it is about nothing that has a page. */
Test(journal, a_lost_act_is_told_of_its_own_guest)
{
	static const char text[] = "hosts: [kvm1, kvm2]\n";
	struct config *config = config_parse(text, strlen(text), "test", NULL);
	static const struct {
		const char *host;
		bool has_uuid;
		uint32_t slot;
	} cases[] = { { "kvm2", true, 1 }, { "kvm2", false, EVENT_NO_HOST },
		{ "kvm9", true, EVENT_NO_HOST } };

	cr_assert(config);
	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const struct journal_lost lost = { .host = (char *)(uintptr_t)cases[i].host,
			.vm = (char *)(uintptr_t) "web",
			.verb = (char *)(uintptr_t) "stop",
			.uuid = { cases[i].has_uuid ? 0xab : 0 },
			.has_uuid = cases[i].has_uuid };
		struct timeline *timeline = timeline_new(1);
		g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(event_unref);
		const struct event *event;
		g_autofree char *json = NULL;

		note_lost(timeline, config, &lost);
		timeline_since(timeline, 0, events);
		event = events->pdata[0];
		cr_expect_eq(event->subject.host, cases[i].slot, "row %zu", i);
		cr_expect_eq(event->level, EVENT_WARN);
		cr_expect_str_eq(event->what, "stop outcome unknown");
		json = event_json(event);
		cr_expect_eq(strstr(json, "\"uuid\":\"ab") != NULL, cases[i].slot == 1, "%s", json);
		cr_expect_eq(strstr(json, "\"uuid\"") != NULL, cases[i].slot == 1, "%s", json);
		timeline_free(timeline);
	}
	config_free(config);
}

Test(journal, without_a_journal_there_is_nothing_to_tell)
{
	struct journal *journal = open_journal(1 << 20);
	g_autoptr(GPtrArray) found = journal_recover(journal, NULL);
	g_autofree char *path = file("j");

	cr_assert(found);
	cr_expect_eq(found->len, 0);
	cr_expect(access(path, F_OK) < 0, "to look makes no file");
	journal_free(journal);
}
