/* lab_proc: who descends from whom, from one reading of /proc. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The descendants of ROOT that are no zombies, in no order, at most MAX; returns how many. Allocates nothing. */
unsigned proc_descendants(pid_t root, pid_t *pids, unsigned max);
bool proc_descends(pid_t pid, pid_t root);
