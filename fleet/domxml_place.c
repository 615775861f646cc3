#include "fleet/domxml_place.h"

#include "fleet/cpuset.h"
#include "fleet/xml.h"

#include <string.h>

/* ---- CPUs and memory ---- */

/* Where the vCPUs may run that have no pin of their own. */
struct pins {
	struct cpu_set all; /* of all vCPUs together */
	bool somewhere;     /* some vCPU may run on a part of the host only */
	bool everywhere;    /* some vCPU may run on the whole of it */
	unsigned pcpus;
};

/* One vCPU may run on the CPUs in TEXT; NULL or unreadable: everywhere. */
static void
pins_add(struct pins *pins, const char *text)
{
	struct cpu_set set = { 0 };

	if (!cpu_set_parse(text, &set) || (pins->pcpus > 0 && cpu_set_full(&set, pins->pcpus))) {
		pins->everywhere = true;
	} else {
		pins->somewhere = true;
		cpu_set_add_all(&pins->all, &set);
	}
	cpu_set_clear(&set);
}

/* libvirt writes one <vcpupin> for each vCPU that has a pin; the others follow the <vcpu>. Of those that may be plugged in
 * later only the pins count. */
static void
read_pins(struct _xmlNode *root, struct pins *pins)
{
	struct _xmlNode *vcpu = xml_child(root, "vcpu"), *tune = xml_child(root, "cputune");
	g_autofree char *usual = xml_attr(vcpu, "cpuset");
	guint64 now = xml_attr_number(vcpu, "current"), pinned = 0;

	for (struct _xmlNode *pin = xml_child(tune, "vcpupin"); pin; pin = xml_next(pin)) {
		g_autofree char *text = xml_attr(pin, "cpuset");

		pins_add(pins, text);
		pinned++;
	}
	if (pinned < MAX(now ? now : xml_number(vcpu), 1))
		pins_add(pins, usual);
}

/* All nodes that <numatune> names, for the guest as a whole and for its own cells. */
static char *
read_nodes(struct _xmlNode *tune)
{
	static const char *const places[] = { "memory", "memnode" };
	struct cpu_set nodes = { 0 }, some = { 0 };
	char *text;

	for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
		for (struct _xmlNode *node = xml_child(tune, places[i]); node; node = xml_next(node)) {
			g_autofree char *set = xml_attr(node, "nodeset");

			if (!cpu_set_parse(set, &some))
				continue;
			cpu_set_add_all(&nodes, &some);
			cpu_set_clear(&some);
		}
	}
	text = cpu_set_format(&nodes);
	cpu_set_clear(&nodes);
	return text;
}

/* A model without a mode is what libvirt calls custom. */
static char *
read_cpu_mode(struct _xmlNode *cpu)
{
	g_autofree char *mode = xml_attr(cpu, "mode"), *model = xml_text(xml_child(cpu, "model"));

	if (model && (!mode || strcmp(mode, "custom") == 0))
		return g_strconcat("custom: ", model, NULL);
	return g_steal_pointer(&mode);
}

void
domxml_read_place(struct _xmlNode *root, unsigned pcpus, struct vm_facts *facts)
{
	struct pins pins = { .pcpus = pcpus };

	read_pins(root, &pins);
	facts->pinned = pins.somewhere;
	if (pins.somewhere && !pins.everywhere)
		facts->cpuset = cpu_set_format(&pins.all);
	cpu_set_clear(&pins.all);
	facts->numa_nodes = read_nodes(xml_child(root, "numatune"));
	facts->cpu_mode = read_cpu_mode(xml_child(root, "cpu"));
}

/* ---- disks ---- */

/* The first that matches decides. SOURCE: how vm_disk.source begins, NULL: whatever it is. */
static const struct {
	const char *type, *source;
	enum storage storage;
} storage_rules[] = {
	{ "network", "rbd:", STORAGE_RBD },
	{ "network", "iscsi:", STORAGE_ISCSI },
	{ "network", "gluster:", STORAGE_GLUSTER },
	{ "network", "nbd:", STORAGE_NBD },
	{ "network", "nfs:", STORAGE_NFS },
	{ "block", "/dev/rbd/", STORAGE_RBD },
	{ "block", NULL, STORAGE_BLOCK },
	{ "file", NULL, STORAGE_FILE },
	{ "dir", NULL, STORAGE_FILE },
	{ "volume", NULL, STORAGE_VOLUME },
	{ "nvme", NULL, STORAGE_NVME },
};

/* udev's name for a disk that the host itself has from an iSCSI server: "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-…". */
static bool
is_host_iscsi(const struct vm_disk *disk)
{
	return g_str_has_prefix(disk->source, "/dev/disk/by-path/") && strstr(disk->source, "-iscsi-");
}

enum storage
domxml_storage(const struct vm_disk *disk)
{
	if (!disk->type || !disk->source)
		return STORAGE_UNKNOWN;
	if (is_host_iscsi(disk))
		return STORAGE_ISCSI;
	for (size_t i = 0; i < G_N_ELEMENTS(storage_rules); i++)
		if (strcmp(disk->type, storage_rules[i].type) == 0 &&
			(!storage_rules[i].source || g_str_has_prefix(disk->source, storage_rules[i].source)))
			return storage_rules[i].storage;
	return STORAGE_OTHER;
}

/* ---- NICs ---- */

/* The first that matches decides. MODEL: how it begins, "": none is told, NULL: whatever it is. */
static const struct {
	const char *type, *model;
	enum nic_kind kind;
} nic_rules[] = {
	{ "hostdev", NULL, NIC_SRIOV },
	{ "vhostuser", NULL, NIC_VHOST_USER },
	{ "direct", NULL, NIC_MACVTAP },
	{ NULL, "virtio", NIC_VIRTIO },
	{ NULL, "netfront", NIC_PV },
	{ NULL, "", NIC_UNKNOWN },
	{ NULL, NULL, NIC_EMULATED },
};

/* libxl gives the front end of Xen to a guest whose XML names no model, and beside it an imitated card to an HVM guest,
 * which uses it until it finds the front end: what it does, nobody tells. */
static bool
has_front_end(enum vm_type type)
{
	return type == VM_TYPE_PV || type == VM_TYPE_PVH;
}

enum nic_kind
domxml_nic_kind(const struct vm_nic *nic, enum vm_type type, bool direct)
{
	const char *model = nic->model ? nic->model : "";

	if (direct)
		return NIC_MACVTAP;
	if (has_front_end(type))
		return g_strcmp0(nic->type, "hostdev") == 0 ? NIC_SRIOV : NIC_PV;
	for (size_t i = 0; i < G_N_ELEMENTS(nic_rules); i++) {
		const char *want = nic_rules[i].model;

		if (nic_rules[i].type && g_strcmp0(nic->type, nic_rules[i].type) != 0)
			continue;
		if (!want || (*want ? g_str_has_prefix(model, want) : !*model))
			return nic_rules[i].kind;
	}
	return NIC_UNKNOWN;
}
