#include "fleet/tunnel.h"

#include <sys/eventfd.h>

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
	pump_link_drop(tunnel->link);
	gate_pass_done(&tunnel->at_names);
	gate_pass_done(&tunnel->at_handshakes);
	pthread_mutex_destroy(&tunnel->lock);
	hostspec_free(tunnel->spec);
	g_free(tunnel->peer_name);
	g_free(tunnel);
}

struct pump_link *
tunnel_link(struct tunnel *tunnel)
{
	struct pump_link *link;

	pthread_mutex_lock(&tunnel->lock);
	link = tunnel->link;
	pthread_mutex_unlock(&tunnel->lock);
	return link;
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
	struct pump_link *link;

	pthread_mutex_lock(&tunnel->lock);
	tunnel->cancelled = true;
	link = tunnel->link;
	if (tunnel->cancel_fd >= 0)
		eventfd_write(tunnel->cancel_fd, 1);
	pthread_mutex_unlock(&tunnel->lock);

	gate_cancel(tunnel->tunnels->names, &tunnel->at_names);
	gate_cancel(tunnel->tunnels->handshakes, &tunnel->at_handshakes);
	sshconf_wake(tunnel->tunnels->conf);
	if (link)
		pump_link_cut(link);
}

int64_t
tunnel_rtt_us(struct tunnel *tunnel)
{
	struct pump_link *link = tunnel_link(tunnel);

	return link ? pump_link_rtt_us(link) : 0;
}

void
tunnel_peer(struct tunnel *tunnel, char **name, char **address)
{
	struct pump_link *link;

	pthread_mutex_lock(&tunnel->lock);
	link = tunnel->link;
	*name = g_strdup(tunnel->peer_name);
	pthread_mutex_unlock(&tunnel->lock);
	*address = link ? pump_link_address(link) : NULL;
}

bool
tunnel_alive(struct tunnel *tunnel, char **why)
{
	struct pump_link *link = tunnel_link(tunnel);

	if (link && pump_link_alive(link, why))
		return true;
	if (why && tunnel_is_cancelled(tunnel)) {
		if (link)
			g_free(*why);
		*why = g_strdup("cancelled");
	} else if (why && !link) {
		*why = g_strdup("not connected");
	}
	return false;
}
