/*
 * tunnel_pipe: one channel of a session and the local socket it feeds. Private to fleet/tunnel*.c; pump thread only.
 *
 * Nothing is buffered without bound: of what comes from the far end only as much is taken as its window allows, and the
 * local end is read only while the far end's window is open and the session's output is empty.
 */
#pragma once

#include <libssh/libssh.h>
#include <stdbool.h>

#include "fleet/tunnel_exec.h"
#include "fleet/tunnel_local.h"
#include "fleet/tunnel_watch.h"

enum pipe_state {
	PIPE_OPENING,   /* the far end is asked for the channel */
	PIPE_STARTING,  /* … for the command */
	PIPE_MARKING,   /* waits for the command's marked line */
	PIPE_OPEN,      /* may be given a local socket */
	PIPE_FAILED,    /* there is no channel, see pipe_words() */
	PIPE_UNWANTED,  /* was opening when nobody needed it any more */
	PIPE_LISTENING, /* for the one local connection */
	PIPE_FLOWING,
	PIPE_CLOSING,
	PIPE_GONE,      /* may be freed */
};

struct pipe;

/* READY(CTX) is called when the local end has something to do; then pipe_step() is due. */
struct pipe_opts {
	ssh_session session;
	int epoll_fd;
	size_t user; /* whose it is, see pipe_user() */
	void (*ready)(void *ctx);
	void *ctx;
};
struct pipe *pipe_new_unix(const struct pipe_opts *opts, const char *path);
struct pipe *pipe_new_exec(const struct pipe_opts *opts, const char *command);
/* With its local end; the channel is the session's to free unless the pipe is GONE. */
void pipe_free(struct pipe *pipe);

/* Does what can be done now; true when it is in another state and another step is due. Never blocks. */
bool pipe_step(struct pipe *pipe);
/* Watches the local end for what can be done next. */
void pipe_rest(struct pipe *pipe);

enum pipe_state pipe_state(const struct pipe *pipe);
size_t pipe_user(const struct pipe *pipe);
/* Why it failed; owned by PIPE. */
const char *pipe_words(const struct pipe *pipe);
/* What the command found; MARKING is over. */
const struct tunnel_exec_result *pipe_result(const struct pipe *pipe);

/* OPEN → LISTENING on LOCAL, which is taken. */
void pipe_listen(struct pipe *pipe, struct local_socket *local);
/* Ends it in good order. */
void pipe_drop(struct pipe *pipe);
