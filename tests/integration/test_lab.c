/* The lab itself: its daemons answer real clients, its faults are real, and nothing is left of it. */
#include "tests/support/lab.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS(n) ((n)*1000)

/* Runs ARGV; its stdout when it exits with 0, else NULL. */
static char *
output_of(const char *const *argv)
{
	char *out = NULL;
	int status = 1;
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	for (; *argv; argv++)
		g_strv_builder_add(builder, *argv);
	g_auto(GStrv) copy = g_strv_builder_end(builder);
	cr_assert(g_spawn_sync(NULL, copy, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
		&out, NULL, &status, NULL));
	if (status == 0)
		return out;
	g_free(out);
	return NULL;
}

static char *
ssh(struct lab *lab, struct lab_sshd *sshd, const char *command)
{
	g_autofree char *port = g_strdup_printf("%u", lab_sshd_port(sshd));
	return output_of((const char *[]){ "timeout", "20", "ssh", "-F", lab_ssh_config(lab), "-o",
		"BatchMode=yes", "-p", port, lab_sshd_address(sshd), command, NULL });
}

/* virsh through ssh, nc and the daemon's socket: the way without anything of ours. */
static char *
virsh_over_ssh(struct lab *lab, const char *uri, const char *verb)
{
	g_autofree char *full = g_strdup_printf("%s&command=%s/ssh", uri, lab_dir(lab));
	return output_of(
		(const char *[]){ "timeout", "20", "virsh", "-q", "-c", full, verb, "--name", NULL });
}

static bool
process_gone(void *ctx)
{
	return kill(*(pid_t *)ctx, 0) != 0 && errno == ESRCH;
}

Test(lab, ssh_logs_in)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	g_autofree char *out = ssh(lab, sshd, "echo $SSH_CONNECTION; echo $HOME");
	cr_assert_not_null(out);
	cr_assert(g_str_has_prefix(out, "127.0.0.1 "), "%s", out);
	cr_assert_not_null(strstr(out, lab_dir(lab)), "the login's HOME must be the lab's: %s", out);
	lab_free(lab);
}

Test(lab, ssh_on_two_addresses)
{
	struct lab *lab = lab_new();
	struct lab_sshd *one = lab_sshd_start(lab, "127.0.3.1", NULL, true);
	struct lab_sshd *two = lab_sshd_start(lab, "127.0.3.2", NULL, true);
	g_autofree char *a = ssh(lab, one, "echo $SSH_CONNECTION");
	g_autofree char *b = ssh(lab, two, "echo $SSH_CONNECTION");
	cr_assert(a && strstr(a, " 127.0.3.1 "));
	cr_assert(b && strstr(b, " 127.0.3.2 "));
	lab_free(lab);
}

Test(lab, host_keys_unknown_changed_and_known)
{
	struct lab *lab = lab_new();
	struct lab_sshd *stranger = lab_sshd_start(lab, NULL, NULL, false);
	cr_assert_null(ssh(lab, stranger, "true"), "an unknown key must not be accepted");
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	g_autofree char *before = ssh(lab, sshd, "echo yes");
	cr_assert_str_eq(before, "yes\n");
	lab_sshd_new_hostkey(sshd);
	cr_assert_null(ssh(lab, sshd, "true"), "a changed key must not be accepted");
	lab_free(lab);
}

Test(lab, sshd_obeys_extra_settings_on_restart)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	lab_sshd_restart(sshd, "AuthorizedKeysFile /dev/null");
	cr_assert_null(ssh(lab, sshd, "true"), "without its key the client must be turned away");
	lab_sshd_restart(sshd, NULL);
	g_autofree char *out = ssh(lab, sshd, "echo yes");
	cr_assert_str_eq(out, "yes\n");
	lab_free(lab);
}

/* A login that stays: its ssh, and the pipe its remote end holds. */
struct session {
	GPid pid;
	int out;
};

static struct session
open_session(struct lab *lab, struct lab_sshd *sshd)
{
	struct session session;
	g_autofree char *port = g_strdup_printf("%u", lab_sshd_port(sshd));
	g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
	g_strv_builder_add_many(builder, "ssh", "-F", lab_ssh_config(lab), "-p", port, "127.0.0.1",
		"echo up; sleep 60", NULL);
	g_auto(GStrv) argv = g_strv_builder_end(builder);
	cr_assert(g_spawn_async_with_pipes(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD,
		NULL, NULL, &session.pid, NULL, &session.out, NULL, NULL));
	char text[3];
	cr_assert_eq(read(session.out, text, sizeof text), 3);
	return session;
}

static bool
session_ended(void *ctx)
{
	return waitpid(((struct session *)ctx)->pid, NULL, WNOHANG) != 0;
}

Test(lab, sessions_outlive_the_listener_until_killed)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	struct session session = open_session(lab, sshd);
	lab_sshd_stop(sshd);
	cr_assert_null(ssh(lab, sshd, "true"));
	cr_assert(!session_ended(&session));
	lab_sshd_restart(sshd, NULL);
	struct session second = open_session(lab, sshd);
	lab_sshd_kill_sessions(sshd);
	cr_assert(lab_wait(session_ended, &session, SECONDS(20)));
	cr_assert(lab_wait(session_ended, &second, SECONDS(20)));
	g_autofree char *out = ssh(lab, sshd, "echo yes");
	cr_assert_str_eq(out, "yes\n");
	lab_free(lab);
}

Test(lab, virsh_sees_guests_through_ssh)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, "11111111-2222-4333-8444-555555555555");
	lab_guest_start(daemon, "tiny");
	g_autofree char *uri = lab_uri(sshd, daemon, "qemu", NULL);
	g_autofree char *out = virsh_over_ssh(lab, uri, "list");
	cr_assert_not_null(out);
	cr_assert_str_eq(g_strstrip(out), "tiny");
	g_autofree char *caps = lab_virsh(daemon, (const char *[]){ "capabilities", NULL });
	cr_assert_not_null(strstr(caps, "<uuid>11111111-2222-4333-8444-555555555555</uuid>"));
	lab_free(lab);
}

Test(lab, test_driver_serves_node_files)
{
	struct lab *lab = lab_new();
	struct lab_sshd *sshd = lab_sshd_start(lab, NULL, NULL, true);
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	g_autofree char *uri = lab_uri(sshd, daemon, "test", lab_node_file(lab, "node1", 10));
	g_autofree char *out = virsh_over_ssh(lab, uri, "list");
	cr_assert_not_null(out);
	cr_assert_not_null(strstr(out, "node1-vm0"));
	cr_assert_null(strstr(out, "node1-vm3"), "every tenth guest, from the fourth on, is off");
	lab_free(lab);
}

/* Whether virsh gets an answer from a daemon within two seconds. */
static bool
answers(struct lab_libvirtd *daemon)
{
	g_autofree char *uri = g_strdup_printf("test+unix:///default?socket=%s", lab_libvirtd_socket(daemon));
	g_autofree char *out =
		output_of((const char *[]){ "timeout", "-s", "KILL", "2", "virsh", "-c", uri, "uri", NULL });
	return out != NULL;
}

Test(lab, daemon_freezes_thaws_dies_and_comes_back_to_its_guests)
{
	struct lab *lab = lab_new();
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	lab_guest_start(daemon, "tiny");
	pid_t guest = lab_guest_pid(daemon, "tiny");
	cr_assert_eq(kill(guest, 0), 0);

	lab_libvirtd_freeze(daemon);
	cr_assert(!answers(daemon));
	lab_libvirtd_thaw(daemon);
	cr_assert(answers(daemon));

	lab_libvirtd_kill(daemon);
	cr_assert(!answers(daemon));
	cr_assert_eq(kill(guest, 0), 0, "a guest must outlive its daemon");
	lab_libvirtd_restart(daemon);
	g_autofree char *list = lab_virsh(daemon, (const char *[]){ "list", "--name", NULL });
	cr_assert_str_eq(g_strstrip(list), "tiny");
	lab_free(lab);
}

static bool
guest_is_off(void *ctx)
{
	g_autofree char *state = lab_virsh(ctx, (const char *[]){ "domstate", "tiny", NULL });
	return strcmp(g_strstrip(state), "shut off") == 0;
}

Test(lab, guest_obeys_the_power_button)
{
	struct lab *lab = lab_new();
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	lab_guest_start(daemon, "tiny");
	/* the BIOS may still be busy and miss the first push */
	for (int push = 0; push < 20 && !lab_wait(guest_is_off, daemon, SECONDS(1)); push++)
		g_free(lab_virsh(daemon, (const char *[]){ "shutdown", "tiny", NULL }));
	cr_assert(guest_is_off(daemon));
	lab_free(lab);
}

Test(lab, two_daemons_do_not_see_each_other)
{
	struct lab *lab = lab_new();
	struct lab_libvirtd *one = lab_libvirtd_start(lab, NULL), *two = lab_libvirtd_start(lab, NULL);
	lab_guest_start(one, "tiny");
	lab_guest_start(two, "other");
	g_autofree char *a = lab_virsh(one, (const char *[]){ "list", "--name", NULL });
	g_autofree char *b = lab_virsh(two, (const char *[]){ "list", "--name", NULL });
	cr_assert_str_eq(g_strstrip(a), "tiny");
	cr_assert_str_eq(g_strstrip(b), "other");
	lab_free(lab);
}

Test(lab, read_only_socket_refuses_verbs)
{
	struct lab *lab = lab_new();
	struct lab_libvirtd *daemon = lab_libvirtd_start(lab, NULL);
	if (!lab_libvirtd_socket_ro(daemon)) {
		lab_free(lab);
		cr_skip("a session daemon has no read-only socket");
	}
	lab_guest_start(daemon, "tiny");
	g_autofree char *uri =
		g_strdup_printf("qemu+unix:///system?socket=%s", lab_libvirtd_socket_ro(daemon));
	g_autofree char *list =
		output_of((const char *[]){ "virsh", "-r", "-q", "-c", uri, "list", "--name", NULL });
	cr_assert_str_eq(g_strstrip(list), "tiny");
	cr_assert_null(output_of((const char *[]){ "virsh", "-q", "-c", uri, "destroy", "tiny", NULL }));
	lab_free(lab);
}

/* Everything the lab runs, as pids a later check can ask for. */
struct pids {
	pid_t daemon, guest;
	char dir[64];
};

static struct pids
start_all(struct lab **lab)
{
	struct pids pids;
	*lab = lab_new();
	lab_sshd_start(*lab, NULL, NULL, true);
	struct lab_libvirtd *daemon = lab_libvirtd_start(*lab, NULL);
	lab_guest_start(daemon, "tiny");
	pids.daemon = lab_libvirtd_pid(daemon);
	pids.guest = lab_guest_pid(daemon, "tiny");
	g_strlcpy(pids.dir, lab_dir(*lab), sizeof pids.dir);
	return pids;
}

static bool
folder_gone(void *ctx)
{
	return g_access(((struct pids *)ctx)->dir, F_OK) != 0;
}

static void
assert_all_gone(struct pids *pids)
{
	cr_assert(lab_wait(folder_gone, pids, SECONDS(20)), "%s is left behind", pids->dir);
	cr_assert(process_gone(&pids->daemon));
	cr_assert(process_gone(&pids->guest));
}

Test(lab, free_leaves_nothing)
{
	struct lab *lab;
	struct pids pids = start_all(&lab);
	cr_assert_eq(kill(pids.guest, 0), 0);
	lab_free(lab);
	assert_all_gone(&pids);
}

Test(lab, a_killed_test_leaves_nothing)
{
	int pipe_fds[2];
	cr_assert_eq(pipe(pipe_fds), 0);
	pid_t victim = fork();
	if (victim == 0) {
		struct lab *lab;
		struct pids pids = start_all(&lab);
		if (write(pipe_fds[1], &pids, sizeof pids) == sizeof pids)
			pause();
		_exit(1);
	}
	close(pipe_fds[1]);
	struct pids pids;
	cr_assert_eq(read(pipe_fds[0], &pids, sizeof pids), (ssize_t)sizeof pids);
	cr_assert_eq(kill(pids.daemon, 0), 0);
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	assert_all_gone(&pids);
}
