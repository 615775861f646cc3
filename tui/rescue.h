/*
 * rescue: what it takes to give the operator a usable terminal back when the program dies. Holds the process's only
 * terminal state outside struct term, because a signal handler can be handed nothing.
 */
#pragma once

#include <stddef.h>
#include <termios.h>

/* Remembers TTY and the bytes that undo what was sent to FD, and hooks the deadly signals. UI thread only. */
void rescue_arm(int fd, const struct termios *tty, const char *undo, size_t len);
/* The terminal has been restored in good order: unhooks. */
void rescue_disarm(void);
