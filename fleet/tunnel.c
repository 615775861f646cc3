#include "fleet/tunnel.h"

#include <sys/eventfd.h>

#include "fleet/error.h"
#include "fleet/tunnel_private.h"

/* ---- all tunnels ---- */

struct tunnels *
tunnels_new(const struct tunnels_opts *opts, GError **error)
{
	struct tunnels *tunnels = g_new0(struct tunnels, 1);

	tunnels->connect_timeout_us = opts->connect_timeout_ms * 1000;
	tunnels->asks = opts->asks;
	tunnels->ssh_config = g_strdup(opts->ssh_config);
	tunnels->conf = sshconf_new(opts->ssh_config);
	tunnels->names = gate_new(opts->parallel, opts->parallel);
	tunnels->handshakes = gate_new(opts->parallel, opts->gate_parallel);
	tunnels->known = knownhosts_new();
	tunnels->keys = tunnel_keys_new();
	tunnels->shared = shared_new();
	tunnels->folder = local_folder_new(error);
	if (tunnels->folder)
		tunnels->pump = pump_new(error);
	if (!tunnels->pump)
		g_clear_pointer(&tunnels, tunnels_free);
	return tunnels;
}

void
tunnels_free(struct tunnels *tunnels)
{
	if (!tunnels)
		return;
	pump_free(tunnels->pump);
	shared_free(tunnels->shared);
	local_folder_free(tunnels->folder);
	tunnel_keys_free(tunnels->keys);
	knownhosts_free(tunnels->known);
	gate_free(tunnels->handshakes);
	gate_free(tunnels->names);
	sshconf_free(tunnels->conf);
	g_free(tunnels->ssh_config);
	g_free(tunnels);
}

/* ---- one tunnel ---- */

struct tunnel *
tunnel_new(struct tunnels *tunnels, const struct hostspec *spec, uint32_t index)
{
	struct tunnel *tunnel = g_new0(struct tunnel, 1);

	tunnel->refs = 1;
	tunnel->tunnels = tunnels;
	tunnel->spec = hostspec_copy(spec);
	tunnel->index = index;
	gate_pass_init(&tunnel->at_names);
	gate_pass_init(&tunnel->at_handshakes);
	pthread_mutex_init(&tunnel->lock, NULL);
	tunnel->cancel_fd = -1;
	return tunnel;
}

struct tunnel *
tunnel_new_beside(struct tunnels *tunnels, const struct hostspec *spec, uint32_t index)
{
	struct tunnel *tunnel = tunnel_new(tunnels, spec, index);

	tunnel->beside = true;
	return tunnel;
}

struct tunnel *
tunnel_ref(struct tunnel *tunnel)
{
	g_atomic_int_inc(&tunnel->refs);
	return tunnel;
}

void
tunnel_unref(struct tunnel *tunnel)
{
	if (!tunnel || !g_atomic_int_dec_and_test(&tunnel->refs))
		return;
	share_leave(tunnel->tunnels->shared, &tunnel->share);
	gate_pass_done(&tunnel->at_names);
	gate_pass_done(&tunnel->at_handshakes);
	pthread_mutex_destroy(&tunnel->lock);
	hostspec_free(tunnel->spec);
	g_free(tunnel);
}

struct share
tunnel_share(struct tunnel *tunnel)
{
	struct share share;

	pthread_mutex_lock(&tunnel->lock);
	share = tunnel->share;
	pthread_mutex_unlock(&tunnel->lock);
	return share;
}

bool
tunnel_take_share(struct tunnel *tunnel, struct share *share, GError **error)
{
	bool cancelled;

	pthread_mutex_lock(&tunnel->lock);
	cancelled = tunnel->cancelled;
	if (!cancelled)
		tunnel->share = *share;
	pthread_mutex_unlock(&tunnel->lock);
	if (!cancelled)
		return true;
	share_leave(tunnel->tunnels->shared, share);
	g_set_error(error, FLEET_ERROR, FLEET_ERROR_CANCELLED, "cancelled");
	return false;
}

bool
tunnel_is_cancelled(struct tunnel *tunnel)
{
	bool cancelled;

	pthread_mutex_lock(&tunnel->lock);
	cancelled = tunnel->cancelled;
	pthread_mutex_unlock(&tunnel->lock);
	return cancelled;
}

void
tunnel_cancel(struct tunnel *tunnel)
{
	struct share share;

	pthread_mutex_lock(&tunnel->lock);
	tunnel->cancelled = true;
	share = tunnel->share;
	if (tunnel->cancel_fd >= 0)
		eventfd_write(tunnel->cancel_fd, 1);
	pthread_mutex_unlock(&tunnel->lock);

	gate_cancel(tunnel->tunnels->names, &tunnel->at_names);
	gate_cancel(tunnel->tunnels->handshakes, &tunnel->at_handshakes);
	sshconf_wake(tunnel->tunnels->conf);
	if (share.session)
		share_cut(tunnel->tunnels->shared, &share);
}

int64_t
tunnel_rtt_us(struct tunnel *tunnel)
{
	struct share share = tunnel_share(tunnel);

	return share.session ? pump_link_rtt_us(share_link(&share)) : 0;
}

void
tunnel_peer(struct tunnel *tunnel, char **name, char **address)
{
	struct share share = tunnel_share(tunnel);

	*name = g_strdup(share_peer(&share));
	*address = share.session ? pump_link_address(share_link(&share)) : NULL;
}

bool
tunnel_alive(struct tunnel *tunnel, char **why)
{
	struct share share = tunnel_share(tunnel);
	const char *words = tunnel_is_cancelled(tunnel) ? "cancelled"
			    : !share.session            ? "not connected"
							: NULL;

	if (!words)
		return pump_link_alive(share_link(&share), why);
	if (why)
		*why = g_strdup(words);
	return false;
}
