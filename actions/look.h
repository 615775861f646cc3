/*
 * look: asks a host what it says of a guest that may come to it – CPU, machine type, memory now, networks, pools – before
 * anything moves. No act: nothing is changed, nothing is journalled, nobody waits for it.
 */
#pragma once

#include "fleet/jobs.h"

/* Asks DEST of VM; the answer is job->found, or job->error. Caller owns it until it is submitted. */
struct job *look_job(const struct vm *vm, const struct host_snap *dest);
