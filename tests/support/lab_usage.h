/* lab_usage: what a process has used, from /proc. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct usage {
	double cpu_s;  /* its own user and system time, and that of children it has waited for */
	long peak_kib; /* VmHWM: the most memory it ever held */
};

/* False, and USAGE as it was, when PID has gone. */
bool usage_read(pid_t pid, struct usage *usage);

/* The same for PID and all its living descendants together; the memory is the sum of their proportional shares now, in
 * which a page that n processes share counts as an n-th. Costs milliseconds per process: not inside a measurement. */
bool usage_read_tree(pid_t pid, struct usage *usage);
