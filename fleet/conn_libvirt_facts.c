#include "fleet/conn_libvirt_impl.h"

#include "fleet/domxml.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

/* ---- guests ---- */

char *
libvirt_vm_xml(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct libvirt *lv = libvirt_of(conn);

	if (!libvirt_ready(lv, error))
		return NULL;
	virDomainPtr dom = guests_domain(lv, uuid, error);
	if (!dom)
		return NULL;
	char *xml = virDomainGetXMLDesc(dom, 0);
	if (!xml)
		libvirt_fail(lv, error, "read the guest's XML");
	virDomainFree(dom);

	char *copy = g_strdup(xml); /* callers free with GLib */
	free(xml);
	return copy;
}

struct vm_facts *
libvirt_parse_facts(const struct libvirt *lv, const char *xml, unsigned *vcpus_max, GError **error)
{
	const struct domxml_opts opts = {
		.pcpus = (unsigned)lv->pcpus, .tenant = lv->opts.tenant, .labels = lv->opts.labels
	};

	return domxml_parse(xml, strlen(xml), &opts, vcpus_max, error);
}

struct vm_facts *
libvirt_vm_facts(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct libvirt *lv = libvirt_of(conn);

	if (!libvirt_ready(lv, error))
		return NULL;
	libvirt_forget_changed(lv); /* what we hold may be out of date since the last sample */
	struct guest *guest = guests_find(lv, uuid);
	if (guest && guest->facts)
		return (struct vm_facts *)(uintptr_t)vm_facts_ref(guest->facts);

	/* which guest is pinned depends on how many CPUs there are */
	g_autofree char *xml = node_read_info(lv, error) ? libvirt_vm_xml(conn, uuid, error) : NULL;
	unsigned vcpus_max = 0;
	struct vm_facts *facts = xml ? libvirt_parse_facts(lv, xml, &vcpus_max, error) : NULL;
	if (guest && facts) {
		guest->facts = vm_facts_ref(facts);
		guest->vcpus_max = vcpus_max;
	}
	return facts;
}

/* ---- the host ---- */

bool
libvirt_read_caps(struct libvirt *lv, GError **error)
{
	if (lv->caps_read)
		return true;
	lv->caps_read = true;
	char *xml = virConnectGetCapabilities(lv->vir);
	if (!xml)
		return !libvirt_lost(lv, error, "read the capabilities");
	capsxml_parse(xml, strlen(xml), &lv->caps, NULL); /* unreadable: then it tells nothing */
	free(xml);
	return true;
}

/* 9000000 is 9.0.0. */
static char *
version_text(unsigned long version)
{
	return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

static enum hypervisor
hypervisor_of(enum libvirt_driver driver)
{
	static const enum hypervisor hypervisors[DRIVER_COUNT] = {
		[DRIVER_OTHER] = HYPERVISOR_OTHER,
		[DRIVER_QEMU] = HYPERVISOR_KVM,
		[DRIVER_XEN] = HYPERVISOR_XEN,
		[DRIVER_LXC] = HYPERVISOR_LXC,
		[DRIVER_TEST] = HYPERVISOR_TEST,
	};

	return hypervisors[driver];
}

static bool
read_versions(struct libvirt *lv, struct host_facts *facts, GError **error)
{
	unsigned long version;

	if (virConnectGetVersion(lv->vir, &version) == 0)
		facts->hv_version = version > 0 ? version_text(version) : NULL;
	else if (libvirt_lost(lv, error, "read the hypervisor's version"))
		return false;
	if (virConnectGetLibVersion(lv->vir, &version) == 0)
		facts->libvirt_version = version_text(version);
	else if (libvirt_lost(lv, error, "read libvirt's version"))
		return false;
	return true;
}

/* Through a tunnel the URI names our end of it: the far end's own form has neither transport nor socket. */
static char *
far_uri(const char *uri)
{
	const char *plus = strchr(uri, '+');
	const char *colon = strstr(uri, "://");
	const char *path = colon ? strchr(colon + 3, '/') : NULL;
	const char *query = strchr(uri, '?');

	if (!path)
		return g_strdup(uri);
	return g_strdup_printf("%.*s://%.*s", (int)((plus && plus < colon ? plus : colon) - uri), uri,
		(int)(query ? query - path : (ptrdiff_t)strlen(path)), path);
}

/* Where the daemon found the driver out itself, our URI doesn't name it. On the known sockets, which are the system's,
 * it is the system's driver; on a socket that the user named we can't tell. */
static char *
uri_of(const struct libvirt *lv, const char *uri)
{
	g_autofree char *driver = g_ascii_strdown(lv->type, -1);

	if (!lv->tunnel)
		return g_strdup(uri);
	if (!g_str_has_prefix(uri, "remote"))
		return far_uri(uri);
	return lv->spec->socket ? NULL : g_strconcat(driver, ":///system", NULL);
}

static bool
read_names(struct libvirt *lv, struct host_facts *facts, GError **error)
{
	char *hostname = virConnectGetHostname(lv->vir);
	char *uri = virConnectGetURI(lv->vir);

	facts->hostname = g_strdup(hostname);
	if (uri)
		facts->uri = uri_of(lv, uri);
	free(hostname);
	free(uri);
	return hostname || !libvirt_lost(lv, error, "read the host's name");
}

static bool
read_cpu(struct libvirt *lv, struct host_facts *facts, GError **error)
{
	virNodeInfo info;

	if (!libvirt_read_caps(lv, error))
		return false;
	facts->uuid = g_strdup(lv->caps.uuid);
	facts->arch = g_strdup(lv->caps.arch);
	facts->cpu_model = g_strdup(lv->caps.cpu_model);
	facts->live_migration = lv->caps.live_migration;
	facts->moves = libvirt_moves(lv);
	facts->sockets = lv->caps.sockets;
	facts->cores = lv->caps.cores;
	facts->threads = lv->caps.threads;
	facts->ncells = lv->caps.ncells;
	facts->cells = g_memdup2(lv->caps.cells, facts->ncells * sizeof(*facts->cells));
	facts->ncpus = lv->caps.ncpus;
	facts->cpus = g_memdup2(lv->caps.cpus, facts->ncpus * sizeof(*facts->cpus));

	if (virNodeGetInfo(lv->vir, &info) < 0)
		return !libvirt_lost(lv, error, "read the host's CPUs");
	facts->mhz = (int)info.mhz;
	if (!facts->cpu_model && info.model[0])
		facts->cpu_model = g_strndup(info.model, sizeof(info.model));
	if (facts->cores == 0) {
		facts->sockets = (int)(info.sockets * info.nodes);
		facts->cores = (int)info.cores;
		facts->threads = (int)info.threads;
	}
	return true;
}

/* ---- what can't be told ---- */

const char *
libvirt_driver_title(const struct libvirt *lv)
{
	static const char *const titles[DRIVER_COUNT] = {
		[DRIVER_OTHER] = "this driver",
		[DRIVER_QEMU] = "the QEMU driver",
		[DRIVER_XEN] = "Xen's libxl driver",
		[DRIVER_LXC] = "the LXC driver",
		[DRIVER_TEST] = "the test driver",
	};

	return titles[lv->driver];
}

static void
add_unknown(GPtrArray *list, const struct libvirt *lv, bool unknown, const char *what, const char *why)
{
	if (unknown)
		g_ptr_array_add(list, g_strdup_printf("%s: %s %s", what, libvirt_driver_title(lv), why));
}

static char **
unknowns_of(const struct libvirt *lv)
{
	GPtrArray *list = g_ptr_array_new();
	const struct libvirt_lacks *lacks = &lv->lacks;
	bool no_vcpu = lacks->groups & STATS_BIT(STATS_VCPU);
	bool alone = lacks->groups & STATS_BIT(STATS_BALLOON);

	add_unknown(list, lv, no_vcpu, "ready and wait", "doesn't count what vCPUs wait for");
	add_unknown(list, lv, alone && lacks->guest_mem, "memory used and resident", "doesn't tell it");
	add_unknown(list, lv, lacks->guest_net, "network", "doesn't count it");
	add_unknown(list, lv, lacks->guest_block, "disk", "doesn't count it");
	add_unknown(
		list, lv, lacks->guest_block_times && !lacks->guest_block, "disk latency", "doesn't time it");
	add_unknown(list, lv, lv->driver == DRIVER_XEN, "disk of file-backed guests",
		"counts \"phy\" disks only");
	if (lv->driver == DRIVER_XEN && lv->xen.why_not)
		g_ptr_array_add(list, g_strdup_printf("xentop: %s", lv->xen.why_not));
	add_unknown(list, lv, lv->driver == DRIVER_XEN, "pins in the list",
		"tells those of the guest's XML, not what xl pinned since; the guest's page asks Xen");
	add_unknown(list, lv, lacks->bulk && lv->driver != DRIVER_XEN, "state reasons", "lists states only");
	add_unknown(list, lv, lacks->node_cpu && lv->driver == DRIVER_XEN, "host CPU counters",
		"has none; shown is the sum over all domains");
	add_unknown(list, lv, lacks->node_cpu && lv->driver != DRIVER_XEN, "host CPU", "doesn't count it");
	add_unknown(list, lv, lacks->node_mem && lacks->node_free, "host memory", "doesn't tell it");
	add_unknown(list, lv, lacks->node_mem && !lacks->node_free, "host caches", "tells free memory only");
	add_unknown(list, lv, lacks->ksm, "same-page merging", "doesn't tell it");
	add_unknown(list, lv, lacks->list_filters, "autostart", "can't list by it");
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

struct host_facts *
libvirt_host_facts(struct conn *conn, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);

	if (!libvirt_ready(lv, error))
		return NULL;
	struct host_facts *facts = host_facts_new();
	facts->hypervisor = hypervisor_of(lv->driver);
	facts->driver = g_strdup(lv->type);
	facts->via = lv->driver == DRIVER_XEN && !lv->xen.why_not ? g_strdup_printf("%s; and xentop", lv->via)
								  : g_strdup(lv->via);
	/* whether it tells of same-page merging must be known for the list of what it doesn't tell */
	if (!read_versions(lv, facts, error) || !read_names(lv, facts, error) ||
		!read_cpu(lv, facts, error) || (!lv->ksm_known && !node_read_ksm(lv, error))) {
		host_facts_unref(facts);
		return NULL;
	}
	facts->unknowns = unknowns_of(lv);
	return facts;
}
