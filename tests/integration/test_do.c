/*
 * do, of the real binary: over a real sshd, at real libvirtd daemons with real QEMU guests – what it does, what it refuses,
 * what it says, and what the journal keeps.
 */
#include "tests/support/lab.h"
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Real daemons on a busy machine: long enough that only a real failure meets it. */
#define DEADLINE_MS 90000
#define WORDS_MOST  16

struct scene {
	struct lab *lab;
	struct lab_sshd *sshd;
	struct lab_libvirtd *alpha, *beta;
	char *config, *journal;
};

static struct scene scene;

static const char *
program(void)
{
	const char *path = g_getenv("VIRT_FLEET");

	cr_assert_not_null(path, "VIRT_FLEET must name the program to test (make check-integration does)");
	return path;
}

/* EXTRA: more lines of the config. */
static void
write_config(const char *extra)
{
	g_autofree char *alpha = lab_uri(scene.sshd, scene.alpha, "qemu", "/session");
	g_autofree char *beta = lab_uri(scene.sshd, scene.beta, "qemu", "/session");
	g_autofree char *text = g_strdup_printf("hosts:\n"
						"  - {uri: '%s', name: alpha, tags: [prod]}\n"
						"  - {uri: '%s', name: beta}\n"
						"journal: {path: %s}\n"
						"refresh: 500ms\n%s",
		alpha, beta, scene.journal, extra);

	cr_assert(g_file_set_contents(scene.config, text, -1, NULL));
}

/* Two daemons behind one sshd: alpha with guests a1 and a2, beta with b1; all do as their power button says. */
static void
start(void)
{
	scene.lab = lab_new();
	scene.sshd = lab_sshd_start(scene.lab, NULL, NULL, true);
	scene.alpha = lab_libvirtd_start(scene.lab, NULL);
	scene.beta = lab_libvirtd_start(scene.lab, NULL);
	lab_guest_start(scene.alpha, "a1");
	lab_guest_start(scene.alpha, "a2");
	lab_guest_start(scene.beta, "b1");
	scene.config = g_build_filename(lab_dir(scene.lab), "config.yaml", NULL);
	scene.journal = g_build_filename(lab_dir(scene.lab), "journal.jsonl", NULL);
	write_config("");
}

static void
stop(void)
{
	lab_free(scene.lab);
	g_free(scene.config);
	g_free(scene.journal);
}

TestSuite(do, .init = start, .fini = stop, .timeout = 400);

/* ---- running it ---- */

struct outcome {
	int status; /* exit code */
	char *out, *err;
};

static const char **
command(const char *words, char ***split)
{
	GPtrArray *argv = g_ptr_array_new();

	*split = g_strsplit(words, " ", -1);
	g_ptr_array_add(argv, (gpointer)(uintptr_t)program());
	g_ptr_array_add(argv, (gpointer)(uintptr_t) "do");
	for (size_t i = 0; (*split)[i]; i++)
		g_ptr_array_add(argv, (*split)[i]);
	g_ptr_array_add(argv, (gpointer)(uintptr_t) "--config");
	g_ptr_array_add(argv, scene.config);
	g_ptr_array_add(argv, (gpointer)(uintptr_t) "-F");
	g_ptr_array_add(argv, (gpointer)(uintptr_t)lab_ssh_config(scene.lab));
	g_ptr_array_add(argv, NULL);
	return (const char **)g_ptr_array_free(argv, FALSE);
}

/* virt-fleet do WORDS, which are split at blanks, without a terminal. */
static struct outcome
run(const char *words)
{
	g_auto(GStrv) split = NULL;
	g_autofree const char **argv = command(words, &split);
	struct outcome outcome;
	int status;

	cr_assert(g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
		&outcome.out, &outcome.err, &status, NULL));
	cr_assert(WIFEXITED(status), "%s", outcome.err);
	outcome.status = WEXITSTATUS(status);
	return outcome;
}

static void
outcome_done(struct outcome *outcome)
{
	g_free(outcome->out);
	g_free(outcome->err);
}

static void
expect_part(const char *text, const char *part)
{
	cr_expect(strstr(text, part), "no '%s' in: %s", part, text);
}

static void
expect_run(const char *words, int status, const char *out, const char *err)
{
	struct outcome outcome = run(words);

	cr_expect_eq(outcome.status, status, "%s: %d\n%s%s", words, outcome.status, outcome.out, outcome.err);
	if (out)
		expect_part(outcome.out, out);
	if (err)
		expect_part(outcome.err, err);
	outcome_done(&outcome);
}

static void
expect_state(struct lab_libvirtd *daemon, const char *name, const char *state)
{
	g_autofree char *text = lab_virsh(daemon, (const char *[]){ "domstate", name, NULL });

	cr_expect(g_str_has_prefix(text, state), "%s is %s", name, text);
}

static unsigned
count_in_journal(const char *part)
{
	g_autofree char *text = NULL;
	unsigned n = 0;

	if (!g_file_get_contents(scene.journal, &text, NULL, NULL))
		return 0;
	for (const char *at = strstr(text, part); at; at = strstr(at + 1, part))
		n++;
	return n;
}

/* ---- what it does ---- */

Test(do, stops_starts_and_shuts_down)
{
	expect_run("stop --where name=a* --yes -o json", 0, "\"host\":\"alpha\",\"name\":\"a2\"",
		"alpha: a1: forced off");
	expect_state(scene.alpha, "a1", "shut off");
	expect_state(scene.alpha, "a2", "shut off");
	expect_state(scene.beta, "b1", "running");
	cr_expect_eq(count_in_journal("\"event\":\"begin\""), 2);
	cr_expect_eq(count_in_journal("\"result\":\"done\""), 2);
	cr_expect_eq(count_in_journal("\"source\":\"do\""), 4);

	/* starting hurts nobody: no --yes; what runs is left out */
	expect_run("start --where name=* -o jsonl", 0, "\"name\":\"b1\"", "Left out: already running (b1)");
	expect_state(scene.alpha, "a1", "running");
	expect_state(scene.alpha, "a2", "running");

	/* a request: done means that the guest is off */
	expect_run("shutdown wait=1m --where a1 --yes", 0, "done", "shut down");
	expect_state(scene.alpha, "a1", "shut off");
	cr_expect_eq(count_in_journal("\"params\":{\"wait\":\"1m\"}"), 2);
}

Test(do, a_dry_run_changes_nothing)
{
	expect_run("stop --where name=* --dry-run", 0, "planned", "Force off 3 guests on 2 hosts");
	expect_run("start --where name=* --dry-run", 1, "left out", "nothing to start: already running (3)");
	expect_run("stop --where name=zzz --dry-run -o json", 1, "[]", "no guest matches");
	expect_state(scene.alpha, "a1", "running");
	expect_state(scene.beta, "b1", "running");
	cr_expect_eq(count_in_journal("begin"), 0);
}

Test(do, without_a_terminal_what_hurts_wants_yes)
{
	expect_run("stop --where a1", 2, NULL, "nothing is done: this hurts guests");
	expect_state(scene.alpha, "a1", "running");
	cr_expect_eq(count_in_journal("begin"), 0);
}

/* Where it went is in the results and in the journal, and it runs there and nowhere else. */
Test(do, migrates)
{
	g_autofree char *left = NULL;

	expect_run("migrate unsafe --where a1 --to gamma --yes", 2, NULL, "there is no host 'gamma'");
	expect_run("migrate unsafe --where a1 --to beta --yes -o jsonl", 0,
		"\"dest\":\"beta\",\"result\":\"done\"", "To: beta");
	expect_state(scene.beta, "a1", "running");
	left = lab_virsh(scene.alpha, (const char *[]){ "list", "--all", "--name", NULL });
	cr_expect_not(strstr(left, "a1"), "%s", left);
	cr_expect_eq(count_in_journal("\"dest\":\"beta\""), 2);
}

/* It is known by its name, left alone, and so told. */
Test(do, guard_rails_hold)
{
	write_config("guards:\n  - deny: stop where tag=prod\n  - max: suspend 2\n  - confirm: resume\n");
	expect_run("stop --where name=* --yes -o jsonl", 1,
		"\"result\":\"denied\",\"error\":\"deny: stop where tag=prod\"",
		"deny: stop where tag=prod (a1, a2)");
	expect_state(scene.alpha, "a1", "running");
	expect_state(scene.alpha, "a2", "running");
	expect_state(scene.beta, "b1", "shut off");
	expect_run("stop --where name=a* --yes", 2, "denied", "nothing to force off");
	expect_run("start --where b1", 0, "done", NULL);
	expect_run("suspend --where name=* --yes", 2, NULL, "3 guests are too many (max: suspend 2)");
	expect_run("suspend --where b1 --yes", 0, "done", NULL);
	expect_run("resume --where b1", 2, NULL, "nothing is done: confirm: resume");
	expect_state(scene.beta, "b1", "paused");
	expect_run("resume --where b1 --yes", 0, "done", NULL);
	write_config("guards:\n  - deny: stp where tag=prod\n");
	expect_run("stop --where b1 --yes", 2, NULL, "did you mean 'stop'?");
	expect_state(scene.beta, "b1", "running");
}

/* More guests might have been meant. */
Test(do, a_host_that_does_not_answer_is_no_reason_to_do_less_in_silence)
{
	lab_libvirtd_kill(scene.beta);
	expect_run("start --where name=* --dry-run", 1, NULL, "virt-fleet: beta: ");
	expect_run("shutdown --where a1", 2, NULL, "some hosts could not be asked");
	expect_state(scene.alpha, "a1", "running");
	expect_run("suspend --where a1 --yes", 1, "done", "Not looked at: 1 host");
	expect_state(scene.alpha, "a1", "paused");
}

/* No act without its line. */
Test(do, an_unwritable_journal_stops_acts)
{
	cr_assert_eq(g_mkdir(scene.journal, 0700), 0);
	expect_run("stop --where name=* --yes", 1, "failed", "so nothing is done");
	expect_state(scene.alpha, "a1", "running");
	expect_state(scene.beta, "b1", "running");
	g_rmdir(scene.journal);
}

/* ---- guests that do not go, and signals ---- */

Test(do, a_guest_that_does_not_go_is_reported_and_never_forced)
{
	lab_guest_start_echo(scene.beta, "deaf");
	expect_run("shutdown wait=5s --where deaf --yes", 1, "failed", "beta: deaf: shutdown failed");
	expect_state(scene.beta, "deaf", "running");
}

static void
wait_for_journal(const char *part)
{
	int64_t end = g_get_monotonic_time() + DEADLINE_MS * INT64_C(1000);

	while (!count_in_journal(part) && g_get_monotonic_time() < end)
		g_usleep(20000);
	cr_assert(count_in_journal(part), "'%s' did not come", part);
}

/* The first signal: what has not begun is left; the second: nobody waits for the rest. */
Test(do, signals_stop_it_in_two_steps)
{
	g_auto(GStrv) split = NULL;
	g_autofree const char **argv =
		command("shutdown wait=1h --where deaf --yes --parallel 1 -o jsonl", &split);
	g_autofree char *out = NULL, *path = NULL;
	GPid pid;
	int fd, status;
	gsize n;
	GIOChannel *channel;

	lab_guest_start_echo(scene.beta, "deaf");
	cr_assert(g_spawn_async_with_pipes(NULL, (char **)(uintptr_t)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
		NULL, NULL, &pid, NULL, &fd, NULL, NULL));
	wait_for_journal("\"event\":\"begin\"");
	kill(pid, SIGINT);
	cr_expect_eq(waitpid(pid, &status, WNOHANG), 0, "what has begun is waited for");
	kill(pid, SIGTERM);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%x", status);
	channel = g_io_channel_unix_new(fd);
	g_io_channel_read_to_end(channel, &out, &n, NULL);
	g_io_channel_unref(channel);
	close(fd);
	expect_part(out, "\"name\":\"deaf\"");
	cr_expect_eq(count_in_journal("\"event\":\"end\""), 1, "it has an end in the journal");
	expect_state(scene.beta, "deaf", "running");
}

/* ---- on a terminal ---- */

static struct screen *
on_terminal(const char *words, char ***split)
{
	g_autofree const char **argv = command(words, split);

	return screen_start(argv, NULL, 24, 100);
}

Test(do, asks_on_a_terminal)
{
	g_auto(GStrv) split = NULL, again = NULL;
	struct screen *screen = on_terminal("stop --where a1", &split);

	cr_assert(screen_wait_text(screen, "Force off a1 on alpha", DEADLINE_MS));
	cr_assert(screen_wait_text(screen, "Type yes to confirm:", DEADLINE_MS));
	screen_send(screen, "y\n");
	cr_expect(screen_wait_text(screen, "nothing is done", DEADLINE_MS));
	cr_expect_eq(WEXITSTATUS(screen_exit_status(screen, DEADLINE_MS)), 2);
	screen_free(screen);
	expect_state(scene.alpha, "a1", "running");

	write_config("limits: {confirm_count: 2}\n");
	screen = on_terminal("stop --where name=a*", &again);
	cr_assert(screen_wait_text(screen, "Type 2 to confirm:", DEADLINE_MS));
	screen_send(screen, "2\n");
	cr_expect(screen_wait_text(screen, "done", DEADLINE_MS));
	cr_expect_eq(WEXITSTATUS(screen_exit_status(screen, DEADLINE_MS)), 0);
	screen_free(screen);
	expect_state(scene.alpha, "a1", "shut off");
}

/* ---- another driver ---- */

Test(do, other_drivers_say_what_they_can_not)
{
	g_autofree char *uri = lab_uri(scene.sshd, scene.alpha, "test", "/default");
	g_autofree char *stop_it = g_strdup_printf("stop --where name=test --yes -c %s", uri);
	g_autofree char *shut_it = g_strdup_printf("shutdown --where name=test --yes -o json -c %s", uri);
	g_autofree char *move_it = g_strdup_printf("migrate to=x --where name=test --yes -o json -c %s", uri);
	g_autofree char *readonly = g_strdup_printf("stop --where name=test --yes --readonly -c %s", uri);

	expect_run(stop_it, 0, "done", "test: forced off");
	expect_run(shut_it, 0, "\"result\":\"done\"", NULL);
	expect_run(move_it, 1, "libvirt's test driver can't migrate", "nothing to migrate");
	expect_run(readonly, 2, NULL, "with --readonly there are no verbs");
}
