/*
 * Where another host finds this one, for what flows between the two without us. Nobody knows for sure: the name by which we
 * reach it may be an alias of ~/.ssh/config or lie in a network of ours, so there is a list to be tried in order.
 */
#include "fleet/conn_libvirt_impl.h"

#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <string.h>

static bool
is_loopback(const char *address)
{
	return g_str_has_prefix(address, "127.") || g_str_has_prefix(address, "localhost") ||
	       strcmp(address, "::1") == 0;
}

/* How we reach LV's host: *NAME, and *ADDRESS behind it, NULL where we don't know. */
static void
reached_by(const struct libvirt *lv, char **name, char **address)
{
	g_autoptr(GUri) uri = lv->tunnel ? NULL : g_uri_parse(lv->spec->uri, G_URI_FLAGS_NONE, NULL);
	const char *host = uri ? g_uri_get_host(uri) : NULL;

	*name = *address = NULL;
	if (lv->tunnel)
		tunnel_peer(lv->tunnel, name, address);
	else
		*name = g_strdup(host && *host ? host : "localhost");
}

static bool
is_local(const struct libvirt *lv)
{
	g_autofree char *name = NULL, *address = NULL;

	reached_by(lv, &name, &address);
	return (name && is_loopback(name)) || (address && is_loopback(address));
}

static void
add(GPtrArray *list, const char *address, bool loopback_too)
{
	if (address && *address && (loopback_too || !is_loopback(address)) &&
		!g_ptr_array_find_with_equal_func(list, address, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(address));
}

GPtrArray *
libvirt_addresses(struct libvirt *to, const struct libvirt *from)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *name = NULL, *address = NULL;
	bool together = is_local(from); /* what is this machine for us is so for the other host, too */

	if (to->opts.migration_address) {
		add(list, to->opts.migration_address, true);
		return list;
	}
	reached_by(to, &name, &address);
	/* a name that means this machine here means another one there */
	if (together || !address || !is_loopback(address))
		add(list, name, together);
	add(list, address, together);

	char *own = virConnectGetHostname(to->vir);
	add(list, own, together);
	free(own);
	return list;
}
