#include "fleet/domxml.h"

#include "fleet/domxml_place.h"
#include "fleet/snapshot.h"
#include "fleet/xml.h"

struct type_rule {
	const char *domain; /* <domain type=…>, NULL: any */
	const char *os;     /* <os><type>, NULL: any */
	enum vm_type type;
};

/* The first that matches decides. */
static const struct type_rule type_rules[] = {
	{ "kvm", NULL, VM_TYPE_KVM },
	{ "qemu", NULL, VM_TYPE_QEMU },
	{ "test", NULL, VM_TYPE_TEST },
	{ "lxc", NULL, VM_TYPE_CONTAINER },
	{ "openvz", NULL, VM_TYPE_CONTAINER },
	{ NULL, "exe", VM_TYPE_CONTAINER },
	{ "xen", "xenpvh", VM_TYPE_PVH },
	{ "xen", "hvm", VM_TYPE_HVM },
	{ "xen", NULL, VM_TYPE_PV }, /* "linux" or "xen" */
	{ NULL, "hvm", VM_TYPE_HVM },
};

static enum vm_type
vm_type_of(const char *domain, const char *os)
{
	for (size_t i = 0; i < G_N_ELEMENTS(type_rules); i++) {
		const struct type_rule *rule = &type_rules[i];

		if ((!rule->domain || g_strcmp0(rule->domain, domain) == 0) &&
			(!rule->os || g_strcmp0(rule->os, os) == 0))
			return rule->type;
	}
	return VM_TYPE_UNKNOWN;
}

/* The first of NAMES (NULL-terminated) that NODE has as an attribute. */
static char *
first_attr(struct _xmlNode *node, const char *const *names)
{
	for (; *names; names++) {
		char *value = xml_attr(node, *names);

		if (value)
			return value;
	}
	return NULL;
}

/* "A:B", or the one of them that is there. Takes ownership of both. */
static char *
joined(char *a, const char *between, char *b)
{
	char *out;

	if (!a || !b)
		return a ? a : b;
	out = g_strconcat(a, between, b, NULL);
	g_free(a);
	g_free(b);
	return out;
}

static char *
disk_source(struct _xmlNode *source, const char *type)
{
	static const char *const places[] = { "file", "dev", "dir", "path", NULL };

	if (g_strcmp0(type, "network") == 0)
		return joined(xml_attr(source, "protocol"), ":", xml_attr(source, "name"));
	if (g_strcmp0(type, "volume") == 0)
		return joined(xml_attr(source, "pool"), "/", xml_attr(source, "volume"));
	if (g_strcmp0(type, "nvme") == 0)
		return xml_pci_address(xml_child(source, "address"));
	return first_attr(source, places);
}

static void
read_disk(struct _xmlNode *node, struct vm_disk *disk)
{
	struct _xmlNode *target = xml_child(node, "target");
	struct _xmlNode *driver = xml_child(node, "driver");

	disk->type = xml_attr(node, "type");
	disk->device = xml_attr(node, "device");
	if (!disk->device)
		disk->device = g_strdup("disk");
	disk->source = disk_source(xml_child(node, "source"), disk->type);
	disk->target = xml_attr(target, "dev");
	disk->bus = xml_attr(target, "bus");
	disk->format = xml_attr(driver, "type");
	disk->cache = xml_attr(driver, "cache");
	disk->readonly = xml_child(node, "readonly") != NULL;
	disk->shareable = xml_child(node, "shareable") != NULL;
	disk->storage = domxml_storage(disk);
}

static char *
nic_source(struct _xmlNode *source)
{
	static const char *const places[] = { "network", "bridge", "dev", "path", "name", NULL };
	struct _xmlNode *address = xml_child(source, "address");

	return address ? xml_pci_address(address) : first_attr(source, places);
}

/* A NIC of a network that resolved to a device of the host keeps its type, but names the device. */
static bool
is_direct(struct _xmlNode *source)
{
	g_autofree char *dev = xml_attr(source, "dev"), *mode = xml_attr(source, "mode");

	return dev && mode;
}

static void
read_nic(struct _xmlNode *node, enum vm_type type, struct vm_nic *nic)
{
	struct _xmlNode *source = xml_child(node, "source");

	nic->type = xml_attr(node, "type");
	nic->mac = xml_attr(xml_child(node, "mac"), "address");
	nic->target = xml_attr(xml_child(node, "target"), "dev");
	nic->source = nic_source(source);
	nic->model = xml_attr(xml_child(node, "model"), "type");
	nic->kind = domxml_nic_kind(nic, type, xml_attr_is(node, "type", "network") && is_direct(source));
}

/* What a passed-through device is called on its host. */
static char *
hostdev_address(struct _xmlNode *source)
{
	static const char *const places[] = { "block", "char", "interface", NULL };
	struct _xmlNode *address = xml_child(source, "address");
	struct _xmlNode *vendor = xml_child(source, "vendor");
	char *text = xml_pci_address(address);

	if (!text)
		text = xml_attr(address, "uuid"); /* mdev */
	if (!text)
		text = xml_attr(xml_child(source, "adapter"), "name"); /* scsi */
	if (!text && vendor)
		text = joined(xml_attr(vendor, "id"), ":", xml_attr(xml_child(source, "product"), "id"));
	if (!text && address)
		text = joined(xml_attr(address, "bus"), ".", xml_attr(address, "device")); /* usb */
	for (size_t i = 0; !text && places[i]; i++)
		text = xml_text(xml_child(source, places[i]));
	return text;
}

static void
read_hostdev(struct _xmlNode *node, struct vm_hostdev *hostdev)
{
	hostdev->type = xml_attr(node, "type");
	hostdev->address = hostdev_address(xml_child(node, "source"));
}

/* A NIC that is a passed-through device: its <source><address> says of which kind. */
static void
read_nic_hostdev(struct _xmlNode *node, struct vm_hostdev *hostdev)
{
	struct _xmlNode *source = xml_child(node, "source");

	hostdev->type = xml_attr(xml_child(source, "address"), "type");
	hostdev->address = hostdev_address(source);
}

static int
read_port(struct _xmlNode *node, const char *name)
{
	g_autofree char *text = xml_attr(node, name); /* "-1" while the guest is off */
	gint64 port = text ? g_ascii_strtoll(text, NULL, 10) : 0;

	return port > 0 && port <= G_MAXUINT16 ? (int)port : 0;
}

/* The first <listen> counts: libvirt repeats its address as an attribute, where older ones have it alone. */
static void
read_graphics(struct _xmlNode *node, struct vm_graphics *graphics)
{
	struct _xmlNode *listen = xml_child(node, "listen");

	graphics->type = xml_attr(node, "type");
	graphics->port = read_port(node, "port");
	graphics->tls_port = read_port(node, "tlsPort");
	graphics->socket = xml_attr(node, "socket");
	if (!graphics->socket && xml_attr_is(listen, "type", "socket"))
		graphics->socket = xml_attr(listen, "socket");
	graphics->listen = xml_attr(listen, "address");
	if (!graphics->listen)
		graphics->listen = xml_attr(node, "listen");
}

static bool
is_passthrough(struct _xmlNode *nic)
{
	return xml_attr_is(nic, "type", "hostdev");
}

static void
read_devices(struct _xmlNode *devices, struct vm_facts *facts)
{
	size_t nnics = xml_count(devices, "interface");

	facts->disks = g_new0(struct vm_disk, xml_count(devices, "disk"));
	facts->nics = g_new0(struct vm_nic, nnics);
	facts->hostdevs = g_new0(struct vm_hostdev, xml_count(devices, "hostdev") + nnics);
	facts->graphics = g_new0(struct vm_graphics, xml_count(devices, "graphics"));
	facts->emulator = xml_text(xml_child(devices, "emulator"));
	facts->has_console = xml_child(devices, "console") || xml_child(devices, "serial");

	for (struct _xmlNode *n = xml_child(devices, "disk"); n; n = xml_next(n))
		read_disk(n, &facts->disks[facts->ndisks++]);
	for (struct _xmlNode *n = xml_child(devices, "hostdev"); n; n = xml_next(n))
		read_hostdev(n, &facts->hostdevs[facts->nhostdevs++]);
	for (struct _xmlNode *n = xml_child(devices, "graphics"); n; n = xml_next(n))
		read_graphics(n, &facts->graphics[facts->ngraphics++]);
	for (struct _xmlNode *n = xml_child(devices, "interface"); n; n = xml_next(n)) {
		read_nic(n, facts->type, &facts->nics[facts->nnics++]);
		if (is_passthrough(n))
			read_nic_hostdev(n, &facts->hostdevs[facts->nhostdevs++]);
	}
}

struct vm_facts *
domxml_parse(const char *xml, size_t len, const struct domxml_opts *opts, unsigned *vcpus_max, GError **error)
{
	struct _xmlDoc *doc = xml_parse(xml, len, "domain", error);

	if (!doc)
		return NULL;

	struct _xmlNode *root = xml_root(doc);
	struct _xmlNode *os_type = xml_child(xml_child(root, "os"), "type");
	struct vm_facts *facts = vm_facts_new();
	g_autofree char *domain = xml_attr(root, "type");

	facts->os_type = xml_text(os_type);
	facts->machine = xml_attr(os_type, "machine");
	facts->arch = xml_attr(os_type, "arch");
	facts->title = xml_text(xml_child(root, "title"));
	facts->description = xml_text(xml_child(root, "description"));
	facts->type = vm_type_of(domain, facts->os_type);
	read_devices(xml_child(root, "devices"), facts);
	domxml_read_place(root, opts ? opts->pcpus : 0, facts);
	if (opts && opts->tenant)
		facts->tenant = tenant_find(opts->tenant, root, facts, opts->labels);
	if (vcpus_max)
		*vcpus_max = (unsigned)xml_number(xml_child(root, "vcpu"));
	xml_free(doc);
	return facts;
}

enum domxml_agent
domxml_agent(const char *xml, size_t len)
{
	struct _xmlDoc *doc = xml_parse(xml, len, "domain", NULL);
	enum domxml_agent agent = DOMXML_AGENT_NONE;
	struct _xmlNode *node;

	if (!doc)
		return DOMXML_AGENT_NONE;
	node = xml_child(xml_child(xml_root(doc), "devices"), "channel");
	for (; node && agent == DOMXML_AGENT_NONE; node = xml_next(node)) {
		struct _xmlNode *target = xml_child(node, "target");

		if (xml_attr_is(target, "name", "org.qemu.guest_agent.0"))
			agent = xml_attr_is(target, "state", "connected") ? DOMXML_AGENT_CONNECTED
									  : DOMXML_AGENT_SILENT;
	}
	xml_free(doc);
	return agent;
}
