/*
 * lab_keeper: a small process between a test and the daemons it starts. It is their parent and subreaper, so that
 * everything below it (a daemonized QEMU, sshd's sessions) can be found and killed by pid – also when the test
 * crashes or is killed: the keeper sees its end of the socket close, kills all, removes the folder and exits.
 * It reaps at once, so a pid that kill(2) still finds is a living one. Not for use by several threads.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct keeper;

/* Forks the keeper. FOLDER is removed with all that is in it at the end. */
struct keeper *keeper_new(const char *folder);
void keeper_free(struct keeper *keeper); /* kills and reaps everything, removes the folder; blocks up to 10 s */

/* A program to start: ARGV and ENV (added to the keeper's own) end with NULL, LOG gets stdout and stderr. */
struct keeper_job {
	const char *const *argv;
	const char *const *env;   /* "NAME=VALUE", or NULL */
	const char *const *binds; /* "FROM:OVER" pairs, bind-mounted in a mount namespace of its own; or NULL */
	const char *log;
	uid_t uid;                /* 0: stay who we are; else become this user and group */
};

pid_t keeper_spawn(struct keeper *keeper, const struct keeper_job *job);

/* Sends SIGNAL to PID if it descends from the keeper; false if not (any more). */
bool keeper_kill(struct keeper *keeper, pid_t pid, int signal);

/* The living descendants of ROOT (0: of the keeper), at most MAX of them; returns how many. */
unsigned keeper_descendants(struct keeper *keeper, pid_t root, pid_t *pids, unsigned max);
