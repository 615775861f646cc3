/*
 * pin_changes: changes of where a guest's threads may run, as text, for the journal, a dry run and the command line:
 * "vcpu0-3:0-7;vcpu4:8;emulator:0-7;iothread*:0-7". Pure. Any thread.
 */
#pragma once

#include "fleet/pins.h"

#include <glib.h>
#include <stdbool.h>

/* In place of a number, "*" in the text: all of that kind that the guest has and its driver can pin. */
#define PIN_ALL G_MAXUINT

/* Of struct pin_change, which it frees with it. */
GArray *pin_changes_new(void);
/* CPUS is copied. */
void pin_changes_add(GArray *changes, enum pin_what what, unsigned number, const struct cpu_set *cpus);
/* Neighbours with the same CPUs are told together; what they hold for is not told. Caller frees. */
char *pin_changes_format(const GArray *changes);
/* The array is the caller's. NULL with CONFIG_ERROR_VALUE in words that name what is wrong. */
GArray *pin_changes_parse(const char *text, GError **error);

/* CHANGES for the very threads that PINS has, SCOPE as far as it can be for each: a vCPU that is offline has only what is kept;
 * one that already is so has none. False with FLEET_ERROR in words: the guest has no such thread, or it can't be pinned so. */
bool pin_changes_aim(const GArray *changes, const struct vm_pins *pins, unsigned scope, GArray **out, GError **error);
/* Whether AFTER, read back, has what CHANGES asked for; CPUs that are offline need not appear. *WORDS, for the caller: what is
 * otherwise, NULL when true. */
bool pin_changes_hold(const GArray *changes, const struct vm_pins *after, char **words);
