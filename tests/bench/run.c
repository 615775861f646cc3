/*
 * run: runs a command to its end and says on stdout what it took:
 *
 *   run [--output FILE] [--limit SECONDS] COMMAND [ARGUMENT…]
 *
 *   wall_s=… cpu_s=… peak_kib=… status=…      CPU and the largest process's memory include children that were waited for
 *
 * The command's stdout goes to FILE (default /dev/null). This program is small, so that the memory it passes through
 * fork is none that counts.
 */
#include "tests/support/lab_proc.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PIDS 4096

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double
seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

_Noreturn static void
child(char **argv, const char *output)
{
	int fd = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0) {
		perror(output);
		_exit(127);
	}
	execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static void
interrupt(int signal)
{
	(void)signal; /* it only ends wait4() */
}

/* When the limit passes, everything below PID is killed, too: xargs would leave its children behind. */
static bool
wait_for(pid_t pid, unsigned limit_s, int *status, struct rusage *usage)
{
	static pid_t pids[MAX_PIDS];
	const struct sigaction action = { .sa_handler = interrupt };

	sigaction(SIGALRM, &action, NULL);
	alarm(limit_s);
	if (wait4(pid, status, 0, usage) == pid)
		return true;
	for (unsigned n = proc_descendants(pid, pids, MAX_PIDS); n > 0; n--)
		kill(pids[n - 1], SIGKILL);
	kill(pid, SIGKILL);
	return wait4(pid, status, 0, usage) == pid;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
		{ "limit", required_argument, NULL, 'l' }, { 0 } };
	const char *output = "/dev/null";
	unsigned limit_s = 120;
	struct rusage usage;
	int status, option;
	double began;
	pid_t pid;

	while ((option = getopt_long(argc, argv, "+o:l:", options, NULL)) != -1) {
		if (option == 'o')
			output = optarg;
		else if (option == 'l')
			limit_s = (unsigned)atoi(optarg);
		else
			return 2;
	}
	if (optind == argc)
		return 2;
	began = now_s();
	pid = fork();
	if (pid == 0)
		child(argv + optind, output);
	if (pid < 0 || !wait_for(pid, limit_s, &status, &usage)) {
		perror("run");
		return EXIT_FAILURE;
	}
	printf("wall_s=%.3f cpu_s=%.3f peak_kib=%ld status=%d\n", now_s() - began,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss,
		WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return EXIT_SUCCESS;
}
