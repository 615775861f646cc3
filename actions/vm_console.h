/* vm_console: the job behind a guest's console on the screen. */
#pragma once

#include "fleet/jobs.h"

/* Joins VM's console with FD, an end of a stream socket pair, which is taken; FORCE: takes it over from whoever has it. Kept
 * in JOURNAL (borrowed; NULL: in none). To be given to fleet_submit(); closing the socket's other end ends it. */
struct job *vm_console_job(const struct vm *vm, int fd, bool force, struct journal *journal);

/* Of such a job's gauge: the console is open. Any thread. */
bool vm_console_is_open(struct job_gauge *gauge);
