/*
 * What a host says of a guest that may come to it: does its hypervisor know the machine and the CPU, are the networks and
 * pools there, is there memory now. A few round trips, and nothing is changed.
 */
#include "fleet/conn_libvirt_impl.h"

#include "fleet/error.h"
#include "fleet/takexml.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

struct look {
	struct libvirt *lv;
	const struct takexml *take;
	GArray *found; /* struct take_finding */
};

static void add(struct look *look, bool blocks, const char *what, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

static void
add(struct look *look, bool blocks, const char *what, const char *format, ...)
{
	struct take_finding finding = { .blocks = blocks, .what = what };
	va_list args;

	va_start(args, format);
	finding.why = g_strdup_vprintf(format, args);
	va_end(args);
	g_array_append_val(look->found, finding);
}

/* A call has failed: what the host does not know of stays unknown, what it says is a reason. False: the link is lost. */
static bool
heed(struct look *look, bool blocks, const char *what, const char *doing, GError **error)
{
	g_autofree char *words = NULL;

	if (libvirt_unsupported()) {
		virResetLastError();
		return true;
	}
	words = g_strdup(virGetLastErrorMessage());
	if (libvirt_lost(look->lv, error, doing))
		return false;
	add(look, blocks, what, "%s", words);
	return true;
}

/* ---- hypervisor and CPU ---- */

static bool
look_at_machine(struct look *look, GError **error)
{
	const struct takexml *take = look->take;
	char *caps;

	if (!take->arch || !take->machine)
		return true;
	caps = virConnectGetDomainCapabilities(
		look->lv->vir, take->emulator, take->arch, take->machine, take->type, 0);
	if (!caps)
		return heed(look, true, "machine", "ask for the machine type", error);
	free(caps);
	return true;
}

static bool
look_at_cpu(struct look *look, GError **error)
{
	const struct takexml *take = look->take;
	int result;

	if (!take->cpu || look->lv->driver != DRIVER_QEMU)
		return true;
	result = virConnectCompareHypervisorCPU(look->lv->vir, take->emulator, take->arch, take->machine,
		take->type, take->cpu, VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE);
	if (result == VIR_CPU_COMPARE_ERROR)
		return heed(look, true, "CPU model", "compare the CPU", error);
	if (result == VIR_CPU_COMPARE_INCOMPATIBLE)
		add(look, true, "CPU model", "its CPU lacks what the guest's has");
	return true;
}

/* ---- memory ---- */

static bool
look_at_memory(struct look *look, GError **error)
{
	struct host_sample sample;
	bool ok;

	if (!look->take->mem_bytes)
		return true;
	host_sample_init(&sample);
	ok = node_read_info(look->lv, error) && node_sample(look->lv, true, &sample, error);
	if (ok && sample.valid >> HRAW_MEM_FREE & 1 && sample.raw[HRAW_MEM_FREE] < look->take->mem_bytes)
		add(look, true, "memory", "needs %.1f GiB, %.1f GiB are free now",
			(double)look->take->mem_bytes / (1 << 30),
			(double)sample.raw[HRAW_MEM_FREE] / (1 << 30));
	host_sample_done(&sample);
	return ok;
}

/* ---- networks and pools ---- */

static bool
look_at_network(struct look *look, const char *name, GError **error)
{
	virNetworkPtr network = virNetworkLookupByName(look->lv->vir, name);

	if (!network)
		return heed(look, true, "network", "look for a network", error);
	if (virNetworkIsActive(network) == 0)
		add(look, true, "network", "its network %s is not active", name);
	virNetworkFree(network);
	return true;
}

/* Of libvirt's own networks and of the host's interfaces some daemons know nothing: that says nothing. */
static bool
look_at_device(struct look *look, const char *name, GError **error)
{
	virInterfacePtr device = virInterfaceLookupByName(look->lv->vir, name);
	virErrorPtr last = virGetLastError();

	if (device) {
		virInterfaceFree(device);
		return true;
	}
	if (last && last->code == VIR_ERR_NO_INTERFACE) {
		virResetLastError();
		add(look, true, "network", "there is no bridge or device %s", name);
		return true;
	}
	return !libvirt_lost(look->lv, error, "look for a bridge");
}

/* A copy makes it. */
static bool
heed_missing_volume(struct look *look, GError **error)
{
	virErrorPtr last = virGetLastError();
	bool missing = last && last->code == VIR_ERR_NO_STORAGE_VOL;
	guint known = look->found->len;
	bool ok = heed(look, true, "pool", "look for a volume", error);

	if (missing && look->found->len > known)
		g_array_index(look->found, struct take_finding, known).when = TAKE_UNCOPIED;
	return ok;
}

static bool
look_at_volume(struct look *look, const char *path, GError **error)
{
	g_auto(GStrv) names = g_strsplit(path, "/", 2);
	virStoragePoolPtr pool = virStoragePoolLookupByName(look->lv->vir, names[0]);
	virStorageVolPtr volume;

	if (!pool)
		return heed(look, true, "pool", "look for a pool", error);
	volume = virStorageVolLookupByName(pool, names[1]);
	virStoragePoolFree(pool);
	if (!volume)
		return heed_missing_volume(look, error);
	virStorageVolFree(volume);
	return true;
}

/* libvirt makes the file that a disk is copied into, if it knows the folder as a pool. (An incremental copy fills one that
 * is there already.) */
static bool
look_at_folder(struct look *look, const struct take_folder *folder, GError **error)
{
	virStoragePoolPtr pool = virStoragePoolLookupByTargetPath(look->lv->vir, folder->path);
	virErrorPtr last = virGetLastError();

	if (pool) {
		virStoragePoolFree(pool);
		return true;
	}
	if (last && last->code == VIR_ERR_NO_STORAGE_POOL) {
		virResetLastError();
		add(look, true, "pool", "no storage pool at %s: a copy of %s needs one", folder->path,
			folder->disks);
		g_array_index(look->found, struct take_finding, look->found->len - 1).when = TAKE_COPIED;
		return true;
	}
	return !libvirt_lost(look->lv, error, "look for a pool");
}

static bool
look_at_each(struct look *look, const GPtrArray *names, bool (*at)(struct look *, const char *, GError **),
	GError **error)
{
	for (guint i = 0; i < names->len; i++)
		if (!at(look, names->pdata[i], error))
			return false;
	return true;
}

static bool
look_at_folders(struct look *look, GError **error)
{
	const GArray *folders = look->take->folders;

	for (guint i = 0; i < folders->len; i++)
		if (!look_at_folder(look, &g_array_index(folders, struct take_folder, i), error))
			return false;
	return true;
}

static bool
look_at_all(struct look *look, GError **error)
{
	return look_at_memory(look, error) && look_at_machine(look, error) && look_at_cpu(look, error) &&
	       look_at_each(look, look->take->networks, look_at_network, error) &&
	       look_at_each(look, look->take->devices, look_at_device, error) &&
	       look_at_each(look, look->take->pools, look_at_volume, error) && look_at_folders(look, error);
}

/* ---- the calls ---- */

GArray *
libvirt_take_check(struct conn *conn, const char *xml, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	struct takexml take;
	struct look look = { .lv = lv, .take = &take };
	bool ok;

	if (!libvirt_ready(lv, error) || !takexml_parse(xml, &take, error))
		return NULL;
	look.found = take_findings_new();
	ok = look_at_all(&look, error);
	takexml_done(&take);
	if (ok)
		return look.found;
	g_array_unref(look.found);
	return NULL;
}

/* As the guest would be sent: with the CPU that it has got instead of the one it asked for. */
char *
libvirt_move_xml(struct conn *conn, const uint8_t uuid[UUID_LEN], GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	virDomainPtr dom = libvirt_ready(lv, error) ? guests_domain(lv, uuid, error) : NULL;
	char *xml, *copy;

	if (!dom)
		return NULL;
	xml = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_MIGRATABLE);
	if (!xml && libvirt_unsupported())
		xml = virDomainGetXMLDesc(dom, 0);
	if (!xml)
		libvirt_fail(lv, error, "read the guest's XML");
	virDomainFree(dom);
	copy = g_strdup(xml);
	free(xml);
	return copy;
}
