/* The block of a guest's page on how to look into it: its console, its screen. */
#include "views/vm_page.h"

#include "views/request.h"
#include "views/viewer.h"

/* "V copies", as the key table has it. */
static char *
key_note(const struct env *env, int request)
{
	g_autofree char *key = keys_label(keys_of(env->keys, "vm"), request);

	return key ? g_strdup_printf("%s copies: ", key) : g_strdup("");
}

static void
add_line(const struct vm_page *on, const char *label, int request, const char *line)
{
	g_autofree char *note = key_note(on->env, request);

	if (line)
		page_field(on->page, label, ROLE_NORMAL, "%s%s", note, line);
}

void
vm_page_screen(const struct vm_page *on)
{
	const struct config_host *host = on->env->config->hosts->len > on->vm->host->index
						 ? on->env->config->hosts->pdata[on->vm->host->index]
						 : NULL;
	g_autofree char *screen = viewer_screen(on->vm), *line = NULL, *tunnel = NULL;

	if (!on->vm->facts || !host || on->vm->is_dom0)
		return;
	line = viewer_line(host, on->vm);
	tunnel = viewer_tunnel(host, on->vm);
	page_section(on->page, "Console and screen");
	page_field(on->page, "console", on->vm->facts->has_console ? ROLE_NORMAL : ROLE_DIM, "%s",
		on->vm->facts->has_console ? "serial" : "none");
	page_field(on->page, "screen", screen ? ROLE_NORMAL : ROLE_DIM, "%s", screen ? screen : "none");
	add_line(on, "viewer", REQ_VIEWER, line);
	add_line(on, "tunnel", REQ_TUNNEL, tunnel);
}
