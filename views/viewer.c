#include "views/viewer.h"

#include "fleet/snapshot.h"

#include <string.h>

#define VNC_PORT 5900 /* of the local end, where the far one is a socket */

/* The first that somebody can connect to. */
static const struct vm_graphics *
graphics_of(const struct vm *vm)
{
	for (size_t i = 0; vm->facts && i < vm->facts->ngraphics; i++) {
		const struct vm_graphics *graphics = &vm->facts->graphics[i];

		if (graphics->port || graphics->tls_port || graphics->socket)
			return graphics;
	}
	return NULL;
}

const char *
viewer_why_not(const struct vm *vm)
{
	if (!vm->facts)
		return "its screen is not known yet";
	if (!vm->facts->ngraphics)
		return "it has no screen (no <graphics> in its XML)";
	return graphics_of(vm) ? NULL : "its screen is only served while it runs";
}

/* What a shell takes as it stands is left as it stands, to be read. */
static char *
quoted(const char *text)
{
	size_t plain = strspn(text, G_CSET_A_2_Z G_CSET_a_2_z "0123456789+-_./:@%,=");

	return *text && !text[plain] ? g_strdup(text) : g_shell_quote(text);
}

/* Where on its host: an address that means all of them is reached at the host's own. */
static const char *
far_address(const struct vm_graphics *graphics)
{
	static const char *const any[] = { "0.0.0.0", "::", "localhost" };

	for (size_t i = 0; graphics->listen && i < G_N_ELEMENTS(any); i++)
		if (strcmp(graphics->listen, any[i]) == 0)
			return "127.0.0.1";
	return graphics->listen ? graphics->listen : "127.0.0.1";
}

static int
far_port(const struct vm_graphics *graphics)
{
	return graphics->port ? graphics->port : graphics->tls_port;
}

char *
viewer_screen(const struct vm *vm)
{
	const struct vm_graphics *graphics = graphics_of(vm);

	if (!vm->facts || !vm->facts->ngraphics)
		return NULL;
	if (!graphics)
		return g_strdup(vm->facts->graphics[0].type ? vm->facts->graphics[0].type : "-");
	if (!far_port(graphics))
		return g_strdup_printf("%s on %s", graphics->type, graphics->socket);
	return g_strdup_printf("%s on %s port %d", graphics->type,
		graphics->listen ? graphics->listen : "127.0.0.1", far_port(graphics));
}

/* As libvirt's tools would be told: with a driver, which we may have had to find out. */
static char *
uri_of(const struct config_host *host, const struct vm *vm)
{
	const struct host_facts *facts = vm->host->facts;
	struct hostspec *spec = hostspec_copy(host->spec);
	g_autofree char *driver = facts && facts->driver ? g_ascii_strdown(facts->driver, -1) : NULL;
	char *uri;

	if (spec->transport == TRANSPORT_SIM) {
		spec->transport = TRANSPORT_SSH;
		g_free(spec->host);
		spec->host = g_strdup(host->name);
	}
	if (!spec->driver || !spec->path)
		hostspec_set_hypervisor(spec, driver ? driver : "qemu", NULL);
	uri = hostspec_format(spec);
	hostspec_free(spec);
	return uri;
}

char *
viewer_line(const struct config_host *host, const struct vm *vm)
{
	g_autofree char *uri = NULL, *plain = NULL;
	char uuid[37];

	if (viewer_why_not(vm))
		return NULL;
	plain = uri_of(host, vm);
	uri = quoted(plain);
	uuid_format(vm->uuid, uuid);
	return g_strdup_printf("virt-viewer -c %s --uuid %s", uri, uuid);
}

/* "root@kvm017", "-p 2222 kvm017" */
static char *
ssh_target(const struct config_host *host)
{
	g_autofree char *address =
		host->spec->host ? hostspec_address(host->spec, true, false) : g_strdup(host->name);
	g_autofree char *name = quoted(address);

	return host->spec->port ? g_strdup_printf("-p %u %s", host->spec->port, name) : g_strdup(name);
}

char *
viewer_tunnel(const struct config_host *host, const struct vm *vm)
{
	const struct vm_graphics *graphics = graphics_of(vm);
	g_autofree char *end = NULL, *forward = NULL, *target = NULL;
	int port;

	if (!graphics || host->spec->transport == TRANSPORT_DIRECT)
		return NULL;
	port = far_port(graphics);
	if (!port)
		end = g_strdup_printf("%d:%s", VNC_PORT, graphics->socket);
	else if (strchr(far_address(graphics), ':'))
		end = g_strdup_printf("%d:[%s]:%d", port, far_address(graphics), port);
	else
		end = g_strdup_printf("%d:%s:%d", port, far_address(graphics), port);
	forward = quoted(end);
	target = ssh_target(host);
	return g_strdup_printf("ssh -L %s %s", forward, target);
}
