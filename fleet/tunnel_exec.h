/*
 * tunnel_exec: reaching a daemon's socket through a command on the far end, where forwards of unix sockets are
 * forbidden or libssh refuses them. Pure; private to fleet/tunnel*.c.
 *
 * The script looks for the sockets, says in one marked line what it found, and becomes nc, socat or virt-ssh-helper.
 * Whatever a login shell's start-up files print comes before that line and is dropped.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

enum tunnel_exec_state {
	EXEC_WAITS,   /* no marked line yet */
	EXEC_OPEN,    /* connected to path */
	EXEC_MISSING, /* none of the sockets is there */
	EXEC_DENIED,  /* path is there, but not for this user */
	EXEC_DEAD,    /* path is there, but nobody listens */
	EXEC_HELPLESS, /* neither nc -U nor socat nor virt-ssh-helper on the far end */
	EXEC_NONSENSE, /* too much, and no marked line in it */
};

struct tunnel_exec_result {
	enum tunnel_exec_state state;
	char *via;    /* OPEN: "nc" */
	char *path;
	char *user, *owner, *mode; /* DENIED: "bob", "root:libvirt", "srwxrwx---" */
};
void tunnel_exec_result_done(struct tunnel_exec_result *result);

/* The command line, for any login shell: sh, csh, fish. NULL when a path has a character that can't be quoted for all of
 * them. */
char *tunnel_exec_command(const char *const *paths);

/* Takes the marked line, and all before it, out of what the command wrote so far. */
void tunnel_exec_parse(GByteArray *written, struct tunnel_exec_result *result);
