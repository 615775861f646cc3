/* The blocks of a host's page on the connection: how it is, and what to do when it is not. */
#include "views/host_page.h"

#include "views/units.h"

#include <string.h>

/* %s is the host's name as ssh and known_hosts have it. */
static const char *const remedies[LINK_STATE_COUNT] = {
	[LINK_CONNECTING] = "wait: it is being tried for the first time",
	[LINK_SLOW] = "look at its load and at the link: `ssh %s uptime`, `ping %s`",
	[LINK_STALE] = "wait: its link is cut after three missed keepalives, and tried anew. If it comes "
		       "back like this, "
		       "look for what hangs: `ssh %s virsh list`",
	[LINK_NAME] = "correct the name in the config or in DNS: `getent hosts %s`",
	[LINK_UNREACHABLE] = "see whether it is switched on and its network up: `ping %s`, then `ssh -v %s`",
	[LINK_REFUSED] = "see whether sshd runs there and on which port: `ssh -v %s`",
	[LINK_KEY_UNKNOWN] =
		"compare the fingerprint with the host's own, then press A here, or say yes to `ssh %s` once",
	[LINK_KEY_CHANGED] =
		"find out why first. If it was installed anew: `ssh-keygen -R %s`, then Ctrl-R here and A to "
		"answer for the new key. If nobody did that, somebody may be listening in",
	[LINK_LOGIN] = "give it your key: `ssh-add -l` shows those you have, `ssh-copy-id %s` puts one there",
	[LINK_NEEDS_SECRET] = "press A and type it, or load the key before: `ssh-add`",
	[LINK_NO_SOCKET] = "start or install libvirt's daemon there: `ssh %s systemctl enable --now "
			   "libvirtd.socket`; with "
			   "split daemons it is virtqemud.socket or virtxend.socket",
	[LINK_DENIED] = "let this user use libvirt: `usermod -aG libvirt USER` there and log in anew, or log "
			"in as root",
	[LINK_DAEMON_GONE] = "see why it ended: `ssh %s journalctl -u libvirtd -u virtqemud -n 50`",
	[LINK_TIMEOUT] = "look for what hangs there: `ssh %s virsh list`; a guest's monitor or dead storage "
			 "are the usual "
			 "causes. It is tried again by itself",
	[LINK_DOWN] = "go through the steps one by one: `virt-fleet check %s`",
};

/* The name in known_hosts may be another than ours, "[name]:2222": what was found out about a key says which. */
static char *
ssh_name(const struct host_snap *host)
{
	static const char before[] = "host key of ";
	const char *at = host->why && g_str_has_prefix(host->why, before) ? host->why + strlen(before) : NULL;
	const char *end = at ? strchr(at, ' ') : NULL;

	return end ? g_strndup(at, (gsize)(end - at)) : g_strdup(host->name);
}

static char *
remedy(const struct host_snap *host, enum link_state link)
{
	g_autofree char *name = ssh_name(host);
	g_auto(GStrv) parts = g_strsplit(remedies[link], "%s", -1);

	return g_strjoinv(name, parts);
}

void
host_page_trouble(const struct host_page *on)
{
	const struct host_snap *host = on->host;
	enum link_state link = host_snap_link(host, on->env->row.now_us);
	const struct look *look = link_look(link);
	g_autofree char *what = NULL;
	char age[UNIT_TEXT];

	if (link == LINK_UP)
		return;
	what = remedy(host, link);
	page_section(on->page, link == LINK_CONNECTING ? "Not connected yet" : "What is wrong");
	unit_age(age, on->env->row.now_us - (link == LINK_STALE ? host->sampled_us : host->link_since_us));
	if (link == LINK_SLOW)
		page_field(on->page, "state", look->role, "slow: %s", look->help);
	else
		page_field(on->page, "state", look->role, "%s for %s: %s", link_state_word(link), age,
			look->help);
	if (host->why)
		page_field(on->page, "cause", look->role, "%s", host->why);
	if (host->retry_us) {
		unit_age(age, host->retry_us - on->env->row.now_us);
		page_field(on->page, "next try", ROLE_NORMAL, "in %s", age);
	}
	page_field(on->page, "what to do", ROLE_NORMAL, "%s", what);
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
