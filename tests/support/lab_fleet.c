#include "tests/support/lab_fleet.h"

#include "tests/support/lab_private.h"

#include <stdio.h>
#include <string.h>

static const char *const tenants[] = { "amber", "basalt", "cedar", "dune", "ember", "fjell", "garnet",
	"harbour", "iris", "jasper", "kelp", "larch", "moss", "nimbus", "ochre", "pebble", "quartz", "reed",
	"slate", "tundra", "umber", "vesper", "willow", "yarrow", "zephyr" };

static const struct service {
	const char *name;
	unsigned vcpus, mib;
} services[] = {
	{ "web", 2, 2048 },
	{ "web", 4, 4096 },
	{ "app", 4, 8192 },
	{ "db", 8, 32768 },
	{ "mail", 2, 4096 },
	{ "cache", 2, 16384 },
	{ "dns", 1, 512 },
	{ "ci", 8, 8192 },
	{ "file", 2, 4096 },
	{ "desk", 4, 16384 },
};

/* What a Xen host's guests have and a KVM host's don't. */
struct kind {
	const char *prefix, *os, *mac, *bridge, *disk_bus, *disk_name, *disk;
};

static const struct kind kvm = { "kvm", "<os><type>hvm</type></os>", "52:54:00", "br", "virtio", "vd",
	"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
	"<source file='/var/lib/libvirt/images/" };
static const struct kind xen = { "xen", "<os><type>xen</type><kernel>/boot/vmlinuz</kernel></os>", "00:16:3e",
	"xenbr", "xen", "xvd", "<disk type='block' device='disk'><source dev='/dev/vg0/" };

/* The test driver's run states: 1 running, 3 paused, 5 off, 6 crashed. */
static int
random_state(GRand *rand)
{
	int dice = g_rand_int_range(rand, 0, 1000);

	return dice < 940 ? 1 : dice < 990 ? 5 : dice < 997 ? 3 : 6;
}

static void
add_disks(GString *xml, const struct kind *kind, const char *name, int disks)
{
	for (int i = 0; i < disks; i++)
		g_string_append_printf(xml, "%s%s-%d'/><target dev='%s%c' bus='%s'/></disk>", kind->disk,
			name, i, kind->disk_name, 'a' + i, kind->disk_bus);
}

static void
add_guest(GString *xml, GRand *rand, const struct kind *kind, unsigned host, unsigned number)
{
	const struct service *service = &services[g_rand_int_range(rand, 0, G_N_ELEMENTS(services))];
	const char *tenant = tenants[g_rand_int_range(rand, 0, G_N_ELEMENTS(tenants))];
	g_autofree char *name = g_strdup_printf("%s-%s-%u%02u", tenant, service->name, host, number);

	g_string_append_printf(xml,
		"<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'><name>%s</name>"
		"<uuid>%08x-0000-4000-8000-%06u%06u</uuid><memory "
		"unit='MiB'>%u</memory><vcpu>%u</vcpu>%s<devices>",
		name, g_rand_int(rand), host, number, service->mib, service->vcpus, kind->os);
	add_disks(xml, kind, name, 1 + (g_rand_int_range(rand, 0, 10) < 3));
	g_string_append_printf(xml,
		"<interface type='bridge'><mac address='%s:%02x:%02x:%02x'/><source "
		"bridge='%s%d'/></interface>"
		"</devices><test:runstate>%d</test:runstate></domain>\n",
		kind->mac, host >> 8 & 255, host & 255, number & 255, kind->bridge,
		g_rand_int_range(rand, 0, 3), random_state(rand));
}

static const struct node {
	unsigned cores, gib;
} nodes[] = { { 8, 128 }, { 12, 256 }, { 16, 384 }, { 24, 512 }, { 32, 1024 } };

static char *
host_xml(GRand *rand, const struct kind *kind, unsigned host, unsigned guests)
{
	const struct node *node = &nodes[g_rand_int_range(rand, 0, G_N_ELEMENTS(nodes))];
	GString *xml = g_string_new("<node>\n");

	for (unsigned i = 0; i < guests; i++)
		add_guest(xml, rand, kind, host, i);
	g_string_append_printf(xml,
		"<cpu><mhz>2600</mhz><model>x86_64</model><active>%u</active><nodes>1</nodes><sockets>2</"
		"sockets>"
		"<cores>%u</cores><threads>2</threads></cpu>\n<memory>%lu</memory>\n</node>\n",
		node->cores * 4, node->cores, node->gib * 1024UL * 1024);
	return g_string_free(xml, FALSE);
}

/* The mean on each, then single guests moved about; the sum stays what it is. */
static unsigned *
spread(GRand *rand, const struct lab_fleet_opts *opts)
{
	unsigned *counts = g_new(unsigned, opts->hosts), mean = opts->guests / opts->hosts;

	for (unsigned i = 0; i < opts->hosts; i++)
		counts[i] = mean + (i < opts->guests % opts->hosts);
	for (unsigned i = 0; i < opts->hosts; i++) {
		unsigned *from = &counts[g_rand_int_range(rand, 0, (gint32)opts->hosts)];
		unsigned *to = &counts[g_rand_int_range(rand, 0, (gint32)opts->hosts)];

		if (*from > mean - 1 && *to < mean + 2 && *from > 0) {
			--*from;
			++*to;
		}
	}
	return counts;
}

static void
host_clear(void *data)
{
	g_free(((struct lab_fleet_host *)data)->path);
}

GArray *
lab_fleet_write(struct lab *lab, const struct lab_fleet_opts *opts)
{
	GArray *hosts = g_array_sized_new(FALSE, TRUE, sizeof(struct lab_fleet_host), opts->hosts);
	GRand *rand = g_rand_new_with_seed(opts->seed);
	g_autofree unsigned *counts = spread(rand, opts);

	g_array_set_clear_func(hosts, host_clear);
	for (unsigned i = 0; i < opts->hosts; i++) {
		unsigned nkvm = opts->hosts - opts->xen;
		const struct kind *kind = i < nkvm ? &kvm : &xen;
		struct lab_fleet_host host = { .guests = counts[i] };
		g_autofree char *xml = host_xml(rand, kind, i, counts[i]);

		snprintf(host.name, sizeof host.name, "%s%03u", kind->prefix, 1 + (i < nkvm ? i : i - nkvm));
		host.path = lab_path(lab, "%s.xml", host.name);
		lab_write(host.path, xml);
		g_array_append_val(hosts, host);
	}
	g_rand_free(rand);
	return hosts;
}
