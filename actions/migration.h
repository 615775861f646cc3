/* migration: how a move is asked for, and what to do about one that failed, in words. Pure. Any thread. */
#pragma once

#include "fleet/conn.h"

/* What a job's params come to; *OUT borrows from them. False with FLEET_ERROR_FAILED when they make no sense. */
bool migration_opts(char *const *params, struct move_opts *out, GError **error);

/* How long a move may stand still until that is told, of a job's params; ms. */
int64_t migration_stall_ms(char *const *params);

/* What an operator can do about libvirt's MESSAGE, static; NULL: nothing is known. */
const char *migration_advice(const char *message);
