/*
 * The real program on a terminal, over a real sshd, at real libvirtd daemons with real QEMU guests: what an operator sees
 * when things happen to his hosts.
 */
#include "tests/support/lab.h"
#include "tests/support/screen.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Real daemons on a busy machine: long enough that only a real failure meets it. */
#define DEADLINE_MS 60000

#define UUID_A      "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_B      "bbbbbbbb-0000-4000-8000-000000000002"

struct scene {
	struct lab *lab;
	struct lab_sshd *sshd;
	struct lab_libvirtd *alpha, *beta;
	char *config;
	struct screen *screen;
};

static const char *
program(void)
{
	const char *path = g_getenv("VIRT_FLEET");

	cr_assert_not_null(path, "VIRT_FLEET must name the program to test (make check-integration does)");
	return path;
}

static void
write_config(struct scene *scene, const struct lab_sshd *beta_sshd)
{
	g_autofree char *alpha = lab_uri(scene->sshd, scene->alpha, "qemu", "/session");
	g_autofree char *beta = lab_uri(beta_sshd, scene->beta, "qemu", "/session");
	g_autofree char *text = g_strdup_printf("hosts:\n"
						"  - uri: %s\n"
						"    name: alpha\n"
						"  - uri: %s\n"
						"    name: beta\n"
						"journal: {path: %s/journal.jsonl}\n"
						"refresh: 1s\n"
						"limits:\n"
						"  slow_answer: 1s\n"
						"  call_timeout: 12s\n"
						"  retry_max: 2s\n",
		alpha, beta, lab_dir(scene->lab));

	scene->config = g_build_filename(lab_dir(scene->lab), "config.yaml", NULL);
	cr_assert(g_file_set_contents(scene->config, text, -1, NULL));
}

/* Two daemons behind one sshd: alpha with guests a1 and a2, beta with b1. */
static struct scene
scene_new(void)
{
	struct scene scene = { .lab = lab_new() };

	scene.sshd = lab_sshd_start(scene.lab, NULL, NULL, true);
	scene.alpha = lab_libvirtd_start(scene.lab, UUID_A);
	scene.beta = lab_libvirtd_start(scene.lab, UUID_B);
	lab_guest_start(scene.alpha, "a1");
	lab_guest_start(scene.alpha, "a2");
	lab_guest_start(scene.beta, "b1");
	write_config(&scene, scene.sshd);
	return scene;
}

static void
scene_open(struct scene *scene, const char *extra)
{
	const char *const argv[] = { program(), "--config", scene->config, "--ssh-config",
		lab_ssh_config(scene->lab), "--view", "hosts", extra, NULL };

	scene->screen = screen_start(argv, NULL, 24, 120);
}

static void
scene_done(struct scene *scene)
{
	screen_free(scene->screen);
	lab_free(scene->lab);
	g_free(scene->config);
}

#define see(scene, text)                                                          \
	do {                                                                      \
		if (!screen_wait_text((scene)->screen, text, DEADLINE_MS)) {      \
			g_autofree char *seen = screen_text((scene)->screen);     \
			cr_assert_fail("'%s' did not appear on\n%s", text, seen); \
		}                                                                 \
	} while (0)

static bool
row_has(struct screen *screen, void *ctx)
{
	const char *const *words = ctx;
	int y, x;

	if (!screen_find(screen, words[0], &y, &x))
		return false;
	for (; y < 24; y++) {
		g_autofree char *row = screen_row(screen, y);

		if (strstr(row, words[0]) && strstr(row, words[1]))
			return true;
	}
	return false;
}

/* Waits until a row that names NAME also says WORD. */
static void
see_row(struct scene *scene, const char *name, const char *word)
{
	const char *words[] = { name, word };

	if (!screen_wait(scene->screen, row_has, words, DEADLINE_MS)) {
		g_autofree char *seen = screen_text(scene->screen);

		cr_assert_fail("no row of %s with '%s' on\n%s", name, word, seen);
	}
}

Test(console, shows_real_guests_and_what_others_do_to_them)
{
	struct scene scene = scene_new();

	scene_open(&scene, NULL);
	see(&scene, "2/2 hosts");
	see(&scene, "3/3 VMs");
	screen_send(scene.screen, "3");
	see_row(&scene, "a1", "running");
	see_row(&scene, "b1", "running");

	g_free(lab_virsh(scene.alpha, (const char *const[]){ "destroy", "a2", NULL }));
	see_row(&scene, "a2", "off");
	see(&scene, "2/3 VMs");
	lab_guest_start(scene.beta, "b2");
	see_row(&scene, "b2", "running");
	scene_done(&scene);
}

Test(console, a_frozen_daemon_goes_stale_and_the_keyboard_does_not_care)
{
	struct scene scene = scene_new();

	scene_open(&scene, NULL);
	see_row(&scene, "alpha", ":1"); /* vCPUs are known: the first full sample is over */
	lab_libvirtd_freeze(scene.alpha);
	see_row(&scene, "alpha", "stale");
	see(&scene, "1/3 VMs");
	screen_send(scene.screen, "3");
	see_row(&scene, "b1", "running");
	screen_send(scene.screen, "2");
	see_row(&scene, "beta", "up");
	see_row(&scene, "alpha", "hung");
	lab_libvirtd_thaw(scene.alpha);
	see_row(&scene, "alpha", "up");
	see(&scene, "3/3 VMs");
	scene_done(&scene);
}

Test(console, a_killed_daemon_is_told_from_a_lost_sshd_and_both_come_back)
{
	struct scene scene = scene_new();

	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	lab_libvirtd_kill(scene.alpha);
	see_row(&scene, "alpha", "daemon gone");
	see_row(&scene, "beta", "up");
	lab_libvirtd_restart(scene.alpha);
	see_row(&scene, "alpha", "up");
	see(&scene, "3/3 VMs");

	lab_sshd_stop(scene.sshd);
	lab_sshd_kill_sessions(scene.sshd);
	see_row(&scene, "alpha", "refused");
	see_row(&scene, "beta", "refused");
	see(&scene, "0/2 hosts");
	lab_sshd_restart(scene.sshd, NULL);
	see(&scene, "2/2 hosts");
	scene_done(&scene);
}

Test(console, an_unknown_host_key_waits_for_the_operator)
{
	struct scene scene = scene_new();
	struct lab_sshd *stranger = lab_sshd_start(scene.lab, NULL, NULL, false);

	g_free(scene.config);
	write_config(&scene, stranger);
	scene_open(&scene, NULL);
	see_row(&scene, "alpha", "up");
	see_row(&scene, "beta", "new host key");
	screen_send(scene.screen, "A");
	see(&scene, "SHA256:");
	screen_send(scene.screen, SCREEN_TAB SCREEN_ENTER);
	see_row(&scene, "beta", "up");
	see(&scene, "3/3 VMs");
	scene_done(&scene);
}

Test(console, a_changed_host_key_is_refused_in_words)
{
	struct scene scene = scene_new();

	lab_sshd_new_hostkey(scene.sshd);
	scene_open(&scene, NULL);
	see_row(&scene, "alpha", "KEY CHANGED");
	screen_send(scene.screen, SCREEN_ENTER);
	see(&scene, "somebody may be listening in");
	see(&scene, "ssh-keygen -R [127.0.0.1]:");
	scene_done(&scene);
}

Test(console, a_verb_reaches_the_guest_after_a_question)
{
	struct scene scene = scene_new();

	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	screen_send(scene.screen, "3");
	see_row(&scene, "b1", "running");
	screen_send(scene.screen, "/b1\r");
	screen_send(scene.screen, "K");
	see(&scene, "Cancel");
	screen_send(scene.screen, SCREEN_ENTER); /* the focus is on Cancel */
	cr_assert(screen_wait_gone(scene.screen, "Cancel", DEADLINE_MS));
	see_row(&scene, "b1", "running");
	screen_send(scene.screen, "K");
	see(&scene, "Cancel");
	screen_send(scene.screen, SCREEN_TAB SCREEN_ENTER);
	see(&scene, "2/3 VMs");
	{
		g_autofree char *state =
			lab_virsh(scene.beta, (const char *const[]){ "domstate", "b1", NULL });

		cr_assert_not_null(strstr(state, "shut off"), "%s", state);
	}
	screen_send(scene.screen, "s");
	see(&scene, "3/3 VMs");
	{
		g_autofree char *path = g_build_filename(lab_dir(scene.lab), "journal.jsonl", NULL),
				*text = NULL;
		static const char *const parts[] = { "\"verb\":\"stop\"", "\"verb\":\"start\"",
			"\"vm\":\"b1\"", "\"result\":\"done\"" };

		cr_assert(g_file_get_contents(path, &text, NULL, NULL), "no journal");
		for (size_t i = 0; i < G_N_ELEMENTS(parts); i++)
			cr_expect_not_null(strstr(text, parts[i]), "no %s in %s", parts[i], text);
	}
	scene_done(&scene);
}

/* ---- the end of the program while an act is under way ---- */

/* What the journal says of ends; the program has ended well. */
static char *
journal_after_end(struct scene *scene)
{
	g_autofree char *path = g_build_filename(lab_dir(scene->lab), "journal.jsonl", NULL);
	int status = screen_exit_status(scene->screen, DEADLINE_MS);
	char *text = NULL;

	cr_assert(
		status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
	cr_assert(g_file_get_contents(path, &text, NULL, NULL), "no journal");
	return text;
}

Test(console, a_lost_terminal_leaves_an_act_its_end)
{
	struct scene scene = scene_new();
	g_autofree char *journal = NULL, *state = NULL;

	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	screen_send(scene.screen, "3/b1\r");
	see_row(&scene, "b1", "running");
	screen_send(scene.screen, "K");
	see(&scene, "Cancel");
	lab_libvirtd_freeze(scene.beta);
	screen_send(scene.screen, SCREEN_TAB SCREEN_ENTER);
	see(&scene, "1 under way");
	screen_hang_up(scene.screen);
	lab_libvirtd_thaw(scene.beta);
	journal = journal_after_end(&scene);
	cr_expect_not_null(strstr(journal, "\"result\":\"done\""), "%s", journal);
	state = lab_virsh(scene.beta, (const char *const[]){ "domstate", "b1", NULL });
	cr_expect_not_null(strstr(state, "shut off"), "%s", state);
	scene_done(&scene);
}

/* Whoever does not want to wait is told what is known: here that it was never sent, for its host was not there. */
Test(console, an_act_that_hangs_at_the_end_is_cut_and_told_of)
{
	struct scene scene = scene_new();
	int status;

	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	screen_send(scene.screen, "3/b1\r");
	see_row(&scene, "b1", "running");
	screen_send(scene.screen, "K");
	see(&scene, "Cancel");
	lab_libvirtd_freeze(scene.beta);
	screen_send(scene.screen, SCREEN_TAB SCREEN_ENTER);
	see(&scene, "1 under way");
	screen_signal(scene.screen, SIGTERM);
	see(&scene, "waiting up to 15 s for 1 act under way");
	screen_send(scene.screen, SCREEN_CTRL('c'));
	see(&scene, "stop b1: cancelled: ");
	status = screen_exit_status(scene.screen, DEADLINE_MS);
	cr_expect(
		status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
	lab_libvirtd_thaw(scene.beta);
	scene_done(&scene);
}

Test(console, a_lost_terminal_does_not_stop_a_migration)
{
	struct scene scene = scene_new();
	g_autofree char *journal = NULL, *state = NULL, *left = NULL;

	lab_guest_start_full(scene.alpha, "mover");
	scene_open(&scene, NULL);
	see(&scene, "4/4 VMs");
	screen_send(scene.screen, "3/mover\r");
	see_row(&scene, "mover", "QEMU");
	screen_send(scene.screen, ":migrate to=beta unsafe bandwidth=1M\r");
	see(&scene, "[Cancel]");
	screen_send(scene.screen, SCREEN_TAB SCREEN_ENTER);
	see(&scene, "1 under way");
	screen_send(scene.screen, "6");
	see(&scene, "copying memory");
	screen_hang_up(scene.screen);
	journal = journal_after_end(&scene);
	cr_expect_not_null(strstr(journal, "\"result\":\"done\""), "%s", journal);
	state = lab_virsh(scene.beta, (const char *const[]){ "domstate", "mover", NULL });
	cr_expect_not_null(strstr(state, "running"), "%s", state);
	left = lab_virsh(scene.alpha, (const char *const[]){ "list", "--all", "--name", NULL });
	cr_expect_null(strstr(left, "mover"), "%s", left);
	scene_done(&scene);
}

Test(console, readonly_has_no_verbs_and_a_session_daemon_without_such_a_socket_says_so)
{
	struct scene scene = scene_new();
	const char *const argv[] = { program(), "check", "--readonly", "--config", scene.config,
		"--ssh-config", lab_ssh_config(scene.lab), NULL };
	g_autofree char *out = NULL;
	int status;

	cr_assert(
		g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL, 0, NULL, NULL, &out, NULL, &status, NULL));
	if (lab_libvirtd_socket_ro(scene.alpha)) {
		cr_assert_eq(WEXITSTATUS(status), 0, "%s", out);
		cr_assert_not_null(strstr(out, "read only"), "%s", out);
	} else {
		cr_assert_eq(WEXITSTATUS(status), 1, "%s", out);
		cr_assert_not_null(strstr(out, "FAIL socket"), "%s", out);
	}
	scene_done(&scene);
}

/* The output of `virt-fleet ARGS` on the scene's config. */
static char *
run(struct scene *scene, const char *const *args, int expected)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	char *out = NULL;
	g_autofree char *err = NULL;
	int status;

	g_ptr_array_add(argv, (gpointer)(uintptr_t)program());
	for (; *args; args++)
		g_ptr_array_add(argv, (gpointer)(uintptr_t)*args);
	g_ptr_array_add(argv, (gpointer)(uintptr_t) "--config");
	g_ptr_array_add(argv, scene->config);
	g_ptr_array_add(argv, (gpointer)(uintptr_t) "--ssh-config");
	g_ptr_array_add(argv, (gpointer)(uintptr_t)lab_ssh_config(scene->lab));
	g_ptr_array_add(argv, NULL);
	cr_assert(g_spawn_sync(NULL, (char **)argv->pdata, NULL, 0, NULL, NULL, &out, &err, &status, NULL));
	cr_assert_eq(WEXITSTATUS(status), expected, "exit %d\n%s\n%s", WEXITSTATUS(status), out, err);
	return out;
}

Test(console, batch_commands_tell_the_same_and_their_exit_codes_who_failed)
{
	struct scene scene = scene_new();
	g_autofree char *all = run(&scene,
		(const char *const[]){ "list", "vms", "-o", "csv", "--columns", "name,host,state", NULL }, 0);
	g_autofree char *frame = run(&scene, (const char *const[]){ "snapshot", "--view", "hosts", NULL }, 0);
	g_autofree char *some = NULL, *check = NULL;

	cr_assert_str_eq(all, "name,host,state\n\"a1\",\"alpha\",\"running\"\n\"a2\",\"alpha\",\"running\"\n"
			      "\"b1\",\"beta\",\"running\"\n");
	cr_assert_not_null(strstr(frame, "2/2 hosts up"), "%s", frame);

	lab_libvirtd_kill(scene.alpha);
	some = run(&scene, (const char *const[]){ "list", "vms", "-o", "csv", "--columns", "name", NULL }, 1);
	cr_assert_str_eq(some, "name\n\"b1\"\n");
	check = run(&scene, (const char *const[]){ "check", NULL }, 1);
	cr_assert_not_null(strstr(check, "alpha: FAILED"), "%s", check);
	cr_assert_not_null(strstr(check, "beta: ok"), "%s", check);
	scene_done(&scene);
}

/* The first host named hangs; call_timeout is 12 s. */
Test(console, check_tells_of_each_host_when_it_is_done_and_of_one_that_hangs_in_time)
{
	struct scene scene = scene_new();
	int64_t began = g_get_monotonic_time();
	g_autofree char *check = NULL;
	const char *alpha, *beta;

	lab_libvirtd_freeze(scene.alpha);
	check = run(&scene, (const char *const[]){ "check", NULL }, 1);
	cr_assert_lt(g_get_monotonic_time() - began, INT64_C(1000) * DEADLINE_MS, "%s", check);
	alpha = strstr(check, "alpha: FAILED");
	beta = strstr(check, "beta: ok");
	cr_assert(alpha && beta && beta < alpha, "%s", check);
	cr_assert_not_null(strstr(alpha, "no answer within 12 s"), "%s", check);
	cr_assert_not_null(strstr(alpha, "FAIL libvirt"), "%s", check);
	lab_libvirtd_thaw(scene.alpha);
	scene_done(&scene);
}

Test(console, leaves_a_sane_terminal_however_it_ends)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGSEGV };
	struct scene scene = scene_new();

	for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
		scene_open(&scene, NULL);
		see(&scene, "3/3 VMs");
		screen_signal(scene.screen, signals[i]);
		cr_assert_neq(screen_exit_status(scene.screen, DEADLINE_MS), -1, "signal %d", signals[i]);
		cr_assert(screen_is_sane(scene.screen), "signal %d", signals[i]);
		screen_free(scene.screen);
	}
	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	screen_send(scene.screen, "q");
	cr_assert_eq(screen_exit_status(scene.screen, DEADLINE_MS), 0);
	cr_assert(screen_is_sane(scene.screen));
	screen_free(scene.screen);
	scene_open(&scene, NULL);
	see(&scene, "3/3 VMs");
	screen_hang_up(scene.screen);
	cr_assert_neq(screen_exit_status(scene.screen, DEADLINE_MS), -1, "a lost terminal must end it");
	scene_done(&scene);
}

/* A socket that accepts and says nothing; *PORT is where. */
static int
listen_silently(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&address, len), 0);
	cr_assert_eq(listen(fd, 8), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

Test(console, commands_end_at_a_signal)
{
	static const struct {
		const char *command, *what;
		int signal;
	} ways[] = { { "list", "hosts", SIGINT }, { "check", NULL, SIGTERM }, { "snapshot", NULL, SIGHUP } };
	unsigned port;
	int fd = listen_silently(&port);
	g_autofree char *host = g_strdup_printf("somebody@127.0.0.1:%u", port);

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		const char *const argv[] = { program(), ways[i].command, ways[i].what ? ways[i].what : host,
			ways[i].what ? host : NULL, NULL };
		struct screen *screen = screen_start(argv, NULL, 24, 80);
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		int status, peer;

		cr_assert_eq(poll(&wait, 1, DEADLINE_MS), 1, "%s never connected", ways[i].command);
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (ways[i].signal == SIGINT)
			screen_send(screen, SCREEN_CTRL('c'));
		else
			screen_signal(screen, ways[i].signal);
		status = screen_exit_status(screen, 5000);
		cr_assert(status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == ways[i].signal, "%s: %d",
			ways[i].command, status);
		screen_free(screen);
		close(peer);
	}
	close(fd);
}

/* Somebody is at the other end: what is typed comes back. */
static void
see_echo(struct scene *scene, const char *text)
{
	/* QEMU looks only now and then whether its line is open: what is typed before is lost */
	for (int i = 0; i < 100; i++) {
		screen_send(scene->screen, text);
		if (screen_wait_text(scene->screen, text, 500))
			return;
	}
	see(scene, text);
}

static void
see_in_journal(const struct scene *scene, const char *line)
{
	g_autofree char *path = g_build_filename(lab_dir(scene->lab), "journal.jsonl", NULL), *text = NULL;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	cr_expect(g_regex_match_simple(line, text, 0, 0), "no '%s' in\n%s", line, text);
}

static unsigned
count_in_journal(const struct scene *scene, const char *word)
{
	g_autofree char *path = g_build_filename(lab_dir(scene->lab), "journal.jsonl", NULL), *text = NULL;
	unsigned n = 0;

	cr_assert(g_file_get_contents(path, &text, NULL, NULL));
	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	return n;
}

Test(console, a_guests_serial_console_while_the_fleet_goes_on)
{
	struct scene scene = scene_new();

	lab_guest_start_echo(scene.alpha, "echo");
	scene_open(&scene, NULL);
	see(&scene, "2/2 hosts");
	screen_send(scene.screen, "3/echo\r");
	see_row(&scene, "echo", "running");
	screen_send(scene.screen, "c");
	see(&scene, "console echo on alpha");
	screen_wait_gone(scene.screen, "connecting", DEADLINE_MS);
	see_echo(&scene, "Hello, ");
	screen_send(scene.screen, "w\xc3\xb6rld");
	see(&scene, "w\xc3\xb6rld");

	/* left and taken up again; what happens elsewhere is seen */
	screen_send(scene.screen, SCREEN_CTRL(']'));
	see(&scene, "2/2 hosts");
	g_free(lab_virsh(scene.beta, (const char *[]){ "destroy", "b1", NULL }));
	see(&scene, "3/4 VMs");
	screen_send(scene.screen, "c");
	see(&scene, "w\xc3\xb6rld");
	screen_send(scene.screen, "again");
	see(&scene, "again");

	/* it ends with its guest, and comes with it */
	g_free(lab_virsh(scene.alpha, (const char *[]){ "destroy", "echo", NULL }));
	see(&scene, "the guest is off: Enter reconnects");
	see_in_journal(&scene, "\"event\":\"begin\".*\"vm\":\"echo\".*\"verb\":\"console\"");
	see_in_journal(
		&scene, "\"event\":\"end\".*\"vm\":\"echo\".*\"verb\":\"console\".*\"result\":\"done\"");
	g_free(lab_virsh(scene.alpha, (const char *[]){ "start", "echo", NULL }));
	for (int i = 0; i < 60 && screen_shows(scene.screen, "Enter reconnects"); i++) {
		screen_send(scene.screen, SCREEN_ENTER);
		screen_wait_gone(scene.screen, "Enter reconnects", 1000);
	}
	see_echo(&scene, "back");
	screen_send(scene.screen, SCREEN_CTRL(']'));
	see(&scene, "2/2 hosts");
	screen_send(scene.screen, "q"); /* with the line still open */
	cr_expect_eq(screen_exit_status(scene.screen, DEADLINE_MS), 0);
	cr_expect_eq(count_in_journal(&scene, "\"event\":\"begin\""),
		count_in_journal(&scene, "\"event\":\"end\""));
	cr_expect_eq(count_in_journal(&scene, "\"result\":\"unknown\""), 0);
	scene_done(&scene);
}
