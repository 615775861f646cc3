#include "tests/support/lab_usage.h"

#include "tests/support/lab_proc.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_TREE 8192

static bool
read_proc(pid_t pid, const char *file, char **text)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, file);

	return g_file_get_contents(path, text, NULL, NULL);
}

/* The number behind KEY, in the kernel's "Key:   123 kB"; 0 when there is none. */
static long
kib_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) : 0;
}

static bool
cpu_of(pid_t pid, double *cpu_s)
{
	unsigned long utime, stime;
	long cutime, cstime;
	g_autofree char *stat = NULL;
	const char *after = NULL;

	if (read_proc(pid, "stat", &stat))
		after = strrchr(stat, ')'); /* the name before it may hold anything */
	if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
			      &utime, &stime, &cutime, &cstime) != 4)
		return false;
	*cpu_s = (double)(utime + stime + (unsigned long)(cutime + cstime)) / (double)sysconf(_SC_CLK_TCK);
	return true;
}

bool
usage_read(pid_t pid, struct usage *usage)
{
	g_autofree char *status = NULL;

	if (!read_proc(pid, "status", &status) || !cpu_of(pid, &usage->cpu_s))
		return false;
	usage->peak_kib = kib_of(status, "\nVmHWM:");
	return true;
}

bool
usage_read_tree(pid_t pid, struct usage *usage)
{
	static const char pss[] = "\nPss:";
	g_autofree pid_t *pids = g_new(pid_t, MAX_TREE);
	unsigned n = proc_descendants(pid, pids, MAX_TREE - 1);
	double cpu_s;

	if (!cpu_of(pid, &cpu_s))
		return false;
	*usage = (struct usage){ 0 };
	pids[n++] = pid;
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *rollup = NULL;

		if (cpu_of(pids[i], &cpu_s))
			usage->cpu_s += cpu_s;
		if (read_proc(pids[i], "smaps_rollup", &rollup))
			usage->peak_kib += kib_of(rollup, pss);
	}
	return true;
}
