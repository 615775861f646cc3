/*
 * tunnel_pump: one thread that owns every session once it is logged in, and moves bytes between its channels and local
 * sockets. Private to fleet/tunnel*.c.
 */
#pragma once

#include <glib.h>
#include <libssh/libssh.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fleet/tunnel_exec.h"
#include "fleet/tunnel_local.h"

struct pump;
struct pump_link;

struct pump *pump_new(GError **error); /* starts the thread */
void pump_free(struct pump *pump);     /* ends all links that are left, joins the thread; accepts NULL */

/* Hands SESSION over for good. FD is another descriptor of its connection, PROXY the process it goes through or 0; both
 * are taken too. The result is the caller's to drop. */
struct pump_link *pump_adopt(struct pump *pump, ssh_session session, int fd, pid_t proxy);
/* Closes the session and all through it. Any thread, never blocks; accepts NULL. */
void pump_link_drop(struct pump_link *link);
/* Ends the session at once; the link stays to be asked and dropped. Any thread, never blocks. */
void pump_link_cut(struct pump_link *link);
/* False once the session has ended; *WHY (may be NULL) in words, newly allocated. Any thread. */
bool pump_link_alive(struct pump_link *link, char **why);
/* Closes what USER has open in the session, and opens nothing for it any more. Any thread, never blocks. */
void pump_user_cut(struct pump_link *link, size_t user);
/* Likewise; nobody will be USER again. */
void pump_user_leave(struct pump_link *link, size_t user);
/* TCP_INFO's smoothed round trip in µs; 0: unknown. Any thread. */
int64_t pump_link_rtt_us(struct pump_link *link);
/* The numeric address at the other end, newly allocated; NULL: it goes through a proxy. Any thread. */
char *pump_link_address(struct pump_link *link);

/* Opens forwards to all of PATHS at once and keeps the first that opens, in their order: its index, LOCAL (taken) then
 * leads there. -1: NO_SOCKET with the words of libssh for the first path, GONE, TIMEOUT, CANCELLED. Blocks. */
int pump_open_unix(struct pump_link *link, size_t user, const char *const *paths, struct local_socket *local,
                   int64_t deadline_us, GError **error);
/* Runs COMMAND of tunnel_exec.h; when RESULT says it is open, LOCAL (taken) leads there. False: NO_SOCKET when it did not run or made no
 * sense, GONE, TIMEOUT, CANCELLED. Blocks. */
bool pump_open_exec(struct pump_link *link, size_t user, const char *command, struct local_socket *local,
                    int64_t deadline_us, struct tunnel_exec_result *result, GError **error);
