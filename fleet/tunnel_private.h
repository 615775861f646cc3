/* tunnel_private: what tunnel.c, tunnel_connect.c and tunnel_daemon.c share. */
#pragma once

#include <pthread.h>

#include "fleet/gate.h"
#include "fleet/knownhosts.h"
#include "fleet/sshconf.h"
#include "fleet/tunnel.h"
#include "fleet/tunnel_keys.h"
#include "fleet/tunnel_local.h"
#include "fleet/tunnel_pump.h"
#include "fleet/tunnel_share.h"

struct tunnels {
	/* all constant after tunnels_new(), each with its own lock */
	int64_t connect_timeout_us;
	struct asks *asks;
	char *ssh_config;
	struct sshconf *conf;
	struct gate *names;      /* resolver calls at once */
	struct gate *handshakes; /* per address or proxy, and in all */
	struct knownhosts *known;
	struct tunnel_keys *keys;
	struct local_folder *folder;
	struct pump *pump;
	struct shared *shared;
};

struct tunnel {
	gint refs; /* atomic */
	struct tunnels *tunnels;
	struct hostspec *spec; /* constant */
	uint32_t index;        /* constant */
	bool beside;           /* constant: through another's session */
	struct gate_pass at_names, at_handshakes;

	pthread_mutex_t lock;
	bool cancelled;         /* guarded by lock, as all below */
	int cancel_fd;          /* eventfd while connecting, else -1 */
	struct share share;     /* none until connected; then constant */
};

/* None until connected. Any thread. */
struct share tunnel_share(struct tunnel *tunnel);
/* TUNNEL uses SHARE (taken) from now on; false when it was cancelled meanwhile. */
bool tunnel_take_share(struct tunnel *tunnel, struct share *share, GError **error);
bool tunnel_is_cancelled(struct tunnel *tunnel);
