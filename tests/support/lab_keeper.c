#include "tests/support/lab_keeper.h"

#include "tests/support/lab_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A request is one packet: struct request, then STRINGS texts, each with its NUL. The answer is one int32_t. */
#define MAX_PACKET   65536
#define MAX_STRINGS  128
#define MAX_PIDS     4096
#define CLEANUP_MS   10000
#define EXIT_NO_EXEC 127

enum op { OP_SPAWN, OP_KILL };

/* The texts follow in this order: log, argv, env, binds. */
struct request {
	enum op op;
	pid_t pid;
	int signal;
	uid_t uid;
	unsigned n_argv, n_env, n_binds;
};

struct keeper {
	int fd;
	pid_t pid;
};

/* ---- in the keeper ---- */

struct job {
	const struct request *request;
	char *log;
	char *argv[MAX_STRINGS], *env[MAX_STRINGS], *binds[MAX_STRINGS];
};

static char *
take_strings(char *at, char **strings, unsigned n)
{
	for (unsigned i = 0; i < n; i++, at += strlen(at) + 1)
		strings[i] = at;
	strings[n] = NULL;
	return at;
}

_Noreturn static void
child_fail(const char *what)
{
	dprintf(STDERR_FILENO, "lab: %s: %s\n", what, strerror(errno));
	_exit(EXIT_NO_EXEC);
}

static void
child_binds(char **binds)
{
	if (!*binds)
		return;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		child_fail("own mount namespace");
	for (; *binds; binds++) {
		char *over = strchr(*binds, ':');
		*over++ = '\0';
		if (mount(*binds, over, NULL, MS_BIND | MS_REC, NULL))
			child_fail(over);
	}
}

_Noreturn static void
child_run(struct job *job)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);

	int null = open("/dev/null", O_RDWR), log = open(job->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		child_fail(job->log);
	close_range(3, ~0U, 0);
	child_binds(job->binds);
	uid_t uid = job->request->uid;
	if (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))
		child_fail("setuid");
	for (char *const *env = job->env; *env; env++)
		putenv(*env);
	execvp(job->argv[0], job->argv);
	child_fail(job->argv[0]);
}

static int32_t
serve_spawn(const struct request *request, char *strings)
{
	struct job job = { .request = request, .log = strings };
	char *at = strings + strlen(strings) + 1;
	at = take_strings(at, job.argv, request->n_argv);
	at = take_strings(at, job.env, request->n_env);
	take_strings(at, job.binds, request->n_binds);
	pid_t pid = fork();
	if (pid == 0)
		child_run(&job);
	return pid;
}

/* False when the test has gone. */
static bool
serve(int fd)
{
	static const size_t head = sizeof(struct request);
	_Alignas(struct request) char packet[MAX_PACKET];
	ssize_t n = recv(fd, packet, sizeof packet, 0);
	if (n < (ssize_t)head)
		return false;
	const struct request *request = (const struct request *)packet;
	int32_t answer = -1;
	if (request->op == OP_SPAWN)
		answer = serve_spawn(request, packet + head);
	else if (proc_descends(request->pid, getpid()))
		answer = kill(request->pid, request->signal);
	return send(fd, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer;
}

static void
reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	remove(path);
	return 0;
}

/* What a killed process leaves behind becomes our child; so this ends when no child is left. */
static void
kill_all(void)
{
	for (int waited = 0; waited < CLEANUP_MS; waited += 10) {
		static pid_t pids[MAX_PIDS];
		unsigned n = proc_descendants(getpid(), pids, MAX_PIDS);
		for (unsigned i = 0; i < n; i++)
			kill(pids[i], SIGKILL);
		reap();
		if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return;
		poll(NULL, 0, 10);
	}
}

_Noreturn static void
keeper_main(int fd, const char *folder)
{
	setsid(); /* Ctrl-C is for the test, and its end is our sign */
	prctl(PR_SET_NAME, "lab-keeper");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigset_t mask;
	sigfillset(&mask);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	int children = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);

	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = children, .events = POLLIN } };
	for (;;) {
		if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
			continue;
		struct signalfd_siginfo info;
		if (fds[1].revents && read(children, &info, sizeof info) > 0)
			reap();
		if (fds[0].revents && !serve(fd))
			break;
	}
	kill_all();
	nftw(folder, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	_exit(0);
}

/* Nothing of the test may stay open in the keeper: its ptys and pipes would never end. */
static int
keep_only(int fd)
{
	int null = open("/dev/null", O_RDWR);
	for (int std = 0; std <= 2; std++)
		dup2(null, std);
	dup2(fd, 3);
	close_range(4, ~0U, 0);
	return 3;
}

/* ---- in the test ---- */

struct keeper *
keeper_new(const char *folder)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		g_error("lab: socketpair: %s", g_strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		g_error("lab: fork: %s", g_strerror(errno));
	if (pid == 0)
		keeper_main(keep_only(pair[1]), folder);
	close(pair[1]);
	struct keeper *keeper = g_new(struct keeper, 1);
	*keeper = (struct keeper){ .fd = pair[0], .pid = pid };
	return keeper;
}

void
keeper_free(struct keeper *keeper)
{
	close(keeper->fd);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	g_free(keeper);
}

static unsigned
add_strings(GByteArray *packet, const char *const *strings)
{
	unsigned n = 0;
	for (; strings && strings[n]; n++)
		g_byte_array_append(packet, (const guint8 *)strings[n], (guint)strlen(strings[n]) + 1);
	g_assert(n < MAX_STRINGS);
	return n;
}

static int32_t
ask(struct keeper *keeper, const GByteArray *packet)
{
	int32_t answer = -1;
	if (send(keeper->fd, packet->data, packet->len, MSG_NOSIGNAL) != (ssize_t)packet->len ||
		recv(keeper->fd, &answer, sizeof answer, 0) != sizeof answer)
		g_error("lab: the keeper does not answer");
	return answer;
}

pid_t
keeper_spawn(struct keeper *keeper, const struct keeper_job *job)
{
	struct request request = { .op = OP_SPAWN, .uid = job->uid };
	g_autoptr(GByteArray) packet = g_byte_array_new();
	g_byte_array_set_size(packet, sizeof request);
	add_strings(packet, (const char *[]){ job->log, NULL });
	request.n_argv = add_strings(packet, job->argv);
	request.n_env = add_strings(packet, job->env);
	request.n_binds = add_strings(packet, job->binds);
	g_assert(packet->len <= MAX_PACKET);
	memcpy(packet->data, &request, sizeof request);
	return ask(keeper, packet);
}

bool
keeper_kill(struct keeper *keeper, pid_t pid, int signal)
{
	struct request request = { .op = OP_KILL, .pid = pid, .signal = signal };
	g_autoptr(GByteArray) packet = g_byte_array_new();
	g_byte_array_append(packet, (const guint8 *)&request, sizeof request);
	return ask(keeper, packet) == 0;
}

unsigned
keeper_descendants(struct keeper *keeper, pid_t root, pid_t *pids, unsigned max)
{
	return proc_descendants(root ? root : keeper->pid, pids, max);
}
