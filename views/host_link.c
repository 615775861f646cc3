/* The blocks of a host's page on the connection: how it is, and what to do when it is not. */
#include "views/host_page.h"

#include "views/units.h"

#include <string.h>

/* What helps, and a command to begin with, in which %s is the host's name; NULL: none helps. */
/* clang-format off */
static const struct {
	const char *what, *command;
} remedies[LINK_STATE_COUNT] = {
	[LINK_CONNECTING] = {
		"wait: it is being tried for the first time", NULL },
	[LINK_SLOW] = {
		"look at its load and at the link", "ssh %s uptime" },
	[LINK_STALE] = {
		"wait: after three missed keepalives it is connected anew. If it comes back like this, look for what hangs there",
		"ssh %s virsh list" },
	[LINK_NAME] = {
		"correct the name in the config or in DNS", "getent hosts %s" },
	[LINK_UNREACHABLE] = {
		"see whether it is switched on and its network up", "ping %s" },
	[LINK_REFUSED] = {
		"see whether sshd runs there, and on which port", "ssh -v %s" },
	[LINK_KEY_UNKNOWN] = {
		"compare the fingerprint with the host's own; then press A here, or log in once", "ssh %s" },
	[LINK_KEY_CHANGED] = {
		"find out why. If nobody installed it anew, somebody may be listening in. If it was, forget the old key, "
		"press Ctrl-R here and A to answer for the new one",
		"ssh-keygen -R %s" },
	[LINK_LOGIN] = {
		"give it one of your keys; `ssh-add -l` lists those you have", "ssh-copy-id %s" },
	[LINK_NEEDS_SECRET] = {
		"press A and type it, or load the key before", "ssh-add" },
	[LINK_NO_SOCKET] = {
		"install or start libvirt's daemon there; with split daemons it is virtqemud.socket or virtxend.socket",
		"ssh %s systemctl enable --now libvirtd.socket" },
	[LINK_DENIED] = {
		"let this user use libvirt, or log in as root", "usermod -aG libvirt USER" },
	[LINK_DAEMON_GONE] = {
		"see why it ended; it is tried again by itself", "ssh %s journalctl -n 50 -u libvirtd -u virtqemud" },
	[LINK_TIMEOUT] = {
		"look for what hangs there: a guest's monitor and dead storage are the usual causes. It is tried again by itself",
		"ssh %s virsh list" },
	[LINK_DOWN] = {
		"go through the steps of connecting one by one", "virt-fleet check %s" },
};
/* clang-format on */

/* The name in known_hosts may be another than ours, "[name]:2222": what was found out about a key says which. */
static char *
known_name(const struct host_snap *host)
{
	static const char before[] = "host key of ";
	const char *at = host->why && g_str_has_prefix(host->why, before) ? host->why + strlen(before) : NULL;
	const char *end = at ? strchr(at, ' ') : NULL;

	return end ? g_strndup(at, (gsize)(end - at)) : g_strdup(host->name);
}

/* The file with the old key, from "… another one in FILE:LINE. …"; NULL: not told. */
static char *
known_file(const struct host_snap *host)
{
	static const char before[] = "another one in ";
	const char *at = host->why ? strstr(host->why, before) : NULL;
	g_autofree char *place =
		at ? g_strndup(at + strlen(before), strcspn(at + strlen(before), " ")) : NULL;
	const char *colon = place ? strrchr(place, ':') : NULL;

	return colon ? g_strndup(place, (gsize)(colon - place)) : NULL;
}

static void
add_remedy(const struct host_page *on, enum link_state link)
{
	g_autofree char *name = link == LINK_KEY_CHANGED ? known_name(on->host) : g_strdup(on->host->name);
	g_autofree char *command = NULL, *file = NULL;
	g_auto(GStrv) parts = NULL;

	page_field(on->page, "what to do", ROLE_NORMAL, "%s", remedies[link].what);
	if (!remedies[link].command)
		return;
	parts = g_strsplit(remedies[link].command, "%s", -1);
	command = g_strjoinv(name, parts);
	file = link == LINK_KEY_CHANGED ? known_file(on->host) : NULL;
	page_field(on->page, "command", ROLE_INFO, "%s%s%s", command, file ? " -f " : "", file ? file : "");
}

void
host_page_trouble(const struct host_page *on)
{
	const struct host_snap *host = on->host;
	enum link_state link = host_snap_link(host, on->env->row.now_us);
	const struct look *look = link_look(link);
	char age[UNIT_TEXT];

	if (link == LINK_UP)
		return;
	page_section(on->page, link == LINK_CONNECTING ? "Not connected yet" : "What is wrong");
	unit_age(age, on->env->row.now_us - (link == LINK_STALE ? host->sampled_us : host->link_since_us));
	if (link == LINK_SLOW)
		page_field(on->page, "state", look->role, "slow: %s", look->help);
	else if (link == LINK_DOWN)
		page_field(on->page, "state", look->role, "down for %s", age);
	else
		page_field(on->page, "state", look->role, "%s for %s: %s", link_state_word(link), age,
			look->help);
	if (host->why)
		page_field(on->page, "cause", look->role, "%s", host->why);
	if (host->retry_us) {
		unit_age(age, host->retry_us - on->env->row.now_us);
		page_field(on->page, "next try", ROLE_NORMAL, "in %s", age);
	}
	add_remedy(on, link);
	if (host->listed && host->value[HOST_VMS] > 0 && !on->fresh)
		page_field(on->page, "meanwhile", ROLE_NORMAL,
			"its VMs (%.0f at last) count as unknown; they may well run", host->value[HOST_VMS]);
}

void
host_page_connection(const struct host_page *on)
{
	const struct host_snap *host = on->host;
	const struct host_facts *facts = host->facts;
	char age[UNIT_TEXT];

	page_section(on->page, "Connection");
	unit_age(age, on->env->row.now_us - host->link_since_us);
	if (host->link == LINK_UP)
		page_field(on->page, "up", ROLE_NORMAL, "for %s", age);
	if (host->sampled_us)
		unit_age(age, on->env->row.now_us - host->sampled_us);
	page_field(on->page, "numbers", on->fresh ? ROLE_NORMAL : ROLE_WARN, "%s%s",
		host->sampled_us ? age : "none yet", host->sampled_us ? " old" : "");
	dossier_field(on->page, on->env, &host_rows, host, "round trip", "rtt");
	dossier_field(on->page, on->env, &host_rows, host, "a sample takes", "sample");
	unit_format(age, UNIT_MS, (double)host->interval_us / 1000);
	page_field(on->page, "asked every", ROLE_NORMAL, "%s", age);
	dossier_text(on->page, "reached by", facts ? facts->via : NULL);
	dossier_text(on->page, "uri", facts ? facts->uri : NULL);
}
