#include "tests/support/lab_proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Deeper trees than this do not come from a lab; the bound ends a walk that a reused pid has made circular. */
#define MAX_DEPTH 64

/* The parent of PID, 0 when PID is gone or a zombie. */
static pid_t
proc_parent(pid_t pid)
{
	char path[40], text[512];
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* "PID (COMM) STATE PPID …": COMM may hold anything, even a ')' */
	const char *after = strrchr(text, ')');
	char state;
	int parent;
	if (!after || sscanf(after + 1, " %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X')
		return 0;
	return parent;
}

bool
proc_descends(pid_t pid, pid_t root)
{
	for (int depth = 0; depth < MAX_DEPTH && pid > 1; depth++) {
		pid = proc_parent(pid);
		if (pid == root)
			return true;
	}
	return false;
}

unsigned
proc_descendants(pid_t root, pid_t *pids, unsigned max)
{
	DIR *dir = opendir("/proc");
	if (!dir)
		return 0;
	unsigned n = 0;
	for (struct dirent *entry; n < max && (entry = readdir(dir));) {
		pid_t pid = atoi(entry->d_name);
		if (pid > 1 && proc_descends(pid, root))
			pids[n++] = pid;
	}
	closedir(dir);
	return n;
}
