/* command: runs a program for its output, within a time limit. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Runs ARGV (NULL-terminated, looked up in PATH) without a terminal and returns what it printed, newly
 * allocated. NULL with CONFIG_ERROR_FILE when it can't be started, fails (with the last line of its
 * stderr), takes longer than TIMEOUT_MS or prints more than LIMIT bytes; it and its children in the same
 * process group are killed then. Blocks. Any thread. */
char *command_run(const char *const *argv, int64_t timeout_ms, size_t limit, GError **error);
