/*
 * tunnel_local: the near end of a tunnel, a unix socket in a folder that only this user can enter, for exactly one
 * connection of this very process. Private to fleet/tunnel*.c.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct local_folder;

/* A new folder of mode 0700 in $XDG_RUNTIME_DIR or /tmp. Removes what dead processes of this user left behind. NULL with
 * FLEET_ERROR_FAILED. */
struct local_folder *local_folder_new(GError **error);
void local_folder_free(struct local_folder *folder); /* and removes it; accepts NULL */

struct local_socket {
	int fd;     /* listening, non-blocking; -1: none */
	char *path; /* at most 107 bytes */
};

/* Makes the folder anew should somebody have cleaned it away. Any thread. FLEET_ERROR_FAILED. */
bool local_socket_open(struct local_folder *folder, struct local_socket *local, GError **error);
/* The connection, non-blocking, or -1 when there is none yet; strangers are turned away. */
int local_socket_accept(const struct local_socket *local);
/* Closes and unlinks; on one that is closed does nothing. */
void local_socket_close(struct local_socket *local);
