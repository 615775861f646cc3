/*
 * look: asks a host what it says of a guest that may come to it – CPU, machine type, memory now, networks, pools – before
 * anything moves. No act: nothing is changed, nothing is journalled, nobody waits for it.
 */
#pragma once

#include "fleet/jobs.h"

struct conn;
struct hand;

/* What DEST says of the guest, whose host CONN is of: as fleet/conn.h's take_check(), caller unrefs. Of a hand, with both
 * connections in use by its thread alone. Some round trips. */
GArray *look_ask(struct hand *hand, const uint8_t uuid[UUID_LEN], struct conn *conn, struct conn *dest, GError **error);

/* Asks DEST of VM; the answer is job->found, or job->error. Caller owns it until it is submitted. */
struct job *look_job(const struct vm *vm, const struct host_snap *dest);
