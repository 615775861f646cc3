/*
 * spawn: child processes that inherit nothing but what they are given: no descriptors, no signal mask, no terminal
 * (each is a session of its own, so it can't ask on ours).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct spawn {
	const char *const *argv; /* argv[0] is looked up in PATH */
	int in, out, err;        /* the child's 0, 1, 2; borrowed; -1: /dev/null */
};

/* The new process, or -1 with FLEET_ERROR_FAILED, or _UNSUPPORTED when there is no such program. Doesn't block. */
pid_t spawn_start(const struct spawn *spawn, GError **error);

/* Kills the process and all that it started, and reaps it. Accepts 0. Blocks only as long as the kernel needs. */
void spawn_end(pid_t pid);

struct spawn_output {
	char *out, *err; /* never NULL on success */
	int status;      /* as waitpid() */
};

/* Runs ARGV to its end and keeps what it writes, at most 1 MiB each. False with FLEET_ERROR_TIMEOUT at DEADLINE_US
 * (clock_now_us()), FLEET_ERROR_CANCELLED when CANCEL_FD (-1: none) becomes readable, or as spawn_start(). Blocks. */
bool spawn_capture(const char *const *argv, int64_t deadline_us, int cancel_fd, struct spawn_output *output,
                   GError **error);
void spawn_output_done(struct spawn_output *output);
