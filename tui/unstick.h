/*
 * unstick: who writes to a terminal that nobody reads waits for ever, and a signal that wants the program to end is not even
 * looked at. A small thread sees that such a signal has been waiting for seconds, and takes the terminal away: what is
 * written from then on goes nowhere, and the writer goes on.
 */
#pragma once

#include <stdbool.h>

struct unstick;

/* Watches over the calling thread, which takes SIGTERM and SIGHUP from a signalfd and has them blocked, as all threads have.
 * Handles SIGUSR1. */
struct unstick *unstick_start(void);
/* Ends the watch. True: it took the terminal away, so that nothing must be written to another descriptor of it either. By the
 * thread that is watched over. */
bool unstick_stop(struct unstick *unstick);
