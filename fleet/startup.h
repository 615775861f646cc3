/*
 * startup: lets a fleet's first picture come before its first details. Logins are what a start costs most, and they
 * compete with whatever hosts that are in already ask for: so a host that has listed its guests waits here until the
 * others have done so too, or are stuck. Later it holds nobody up.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct startup;

/* HOSTS are on their first way in. Without a step of any of them for QUIET_US they count as stuck; nobody waits longer than
 * PATIENCE_US. */
struct startup *startup_new(size_t hosts, int64_t quiet_us, int64_t patience_us);
void startup_free(struct startup *startup);

/* All below: any thread. */

/* A host has come a step further on its first way in. Never blocks. */
void startup_step(struct startup *startup);
/* … has come in, or has failed to. Once per host, never blocks. */
void startup_arrived(struct startup *startup);
/* Blocks until nobody is on the way any more, or all who are seem stuck, or patience is over, or startup_open(). */
void startup_wait(struct startup *startup);
/* Holds nobody up from now on. Never blocks. */
void startup_open(struct startup *startup);
