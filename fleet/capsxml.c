#include "fleet/capsxml.h"

#include "fleet/cpuset.h"
#include "fleet/xml.h"

#include <limits.h>

static uint64_t
bytes_of(struct _xmlNode *node, const char *unit_attr, uint64_t number)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {
		{ "b", 1 },
		{ "bytes", 1 },
		{ "KiB", 1024 },
		{ "MiB", 1024 * 1024 },
		{ "GiB", 1024 * 1024 * 1024 },
	};
	g_autofree char *unit = xml_attr(node, unit_attr);

	for (size_t i = 0; i < G_N_ELEMENTS(units); i++)
		if (g_strcmp0(unit, units[i].unit) == 0)
			return number * units[i].bytes;
	return number * 1024; /* libvirt's own default */
}

/* Each cell lists its CPUs with the socket they sit in. <topology sockets=> counts per cell and lies on odd machines. */
static int
count_sockets(struct _xmlNode *cells)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (struct _xmlNode *cell = xml_child(cells, "cell"); cell; cell = xml_next(cell)) {
		struct _xmlNode *cpus = xml_child(cell, "cpus");

		for (struct _xmlNode *cpu = xml_child(cpus, "cpu"); cpu; cpu = xml_next(cpu)) {
			char *socket = xml_attr(cpu, "socket_id");

			if (socket)
				g_hash_table_add(seen, socket);
		}
	}
	return (int)g_hash_table_size(seen);
}

/* From 0 to below END, which is at most INT_MAX; -1: not told, or nothing that can be. */
static int
id_below(struct _xmlNode *node, const char *name, int end)
{
	g_autofree char *text = xml_attr(node, name);
	gint64 id = text ? g_ascii_strtoll(text, NULL, 10) : -1;

	return id >= 0 && id < end ? (int)id : -1;
}

/* Of CPUs or parts of them; 0: not told, or more than can be. */
static int
count_of(struct _xmlNode *node, const char *name)
{
	guint64 count = xml_attr_number(node, name);

	return count <= CPU_SET_MAX ? (int)count : 0;
}

static void
read_cell_cpus(struct _xmlNode *cpus, int cell, GArray *out)
{
	for (struct _xmlNode *node = xml_child(cpus, "cpu"); node; node = xml_next(node)) {
		struct host_cpu cpu = {
			.id = id_below(node, "id", CPU_SET_MAX),
			.cell = cell,
			.socket = id_below(node, "socket_id", INT_MAX),
			.core = id_below(node, "core_id", INT_MAX),
		};

		if (cpu.id >= 0)
			g_array_append_val(out, cpu);
	}
}

static gint
by_id(gconstpointer a, gconstpointer b)
{
	int x = ((const struct host_cpu *)a)->id, y = ((const struct host_cpu *)b)->id;

	return (x > y) - (x < y);
}

static void
read_cells(struct _xmlNode *cells, struct capsxml *caps)
{
	GArray *cpus = g_array_new(FALSE, FALSE, sizeof(struct host_cpu));

	caps->cells = g_new0(struct numa_cell, xml_count(cells, "cell"));
	for (struct _xmlNode *node = xml_child(cells, "cell"); node; node = xml_next(node)) {
		struct _xmlNode *memory = xml_child(node, "memory");
		int id = id_below(node, "id", CAPSXML_CELLS_MAX);

		read_cell_cpus(xml_child(node, "cpus"), id, cpus);
		if (id >= 0)
			caps->cells[caps->ncells++] = (struct numa_cell){
				.id = id,
				.mem_bytes = bytes_of(memory, "unit", xml_number(memory)),
				.ncpus = count_of(xml_child(node, "cpus"), "num"),
			};
	}
	g_array_sort(cpus, by_id);
	caps->cpus = (struct host_cpu *)(gpointer)g_array_steal(cpus, &caps->ncpus);
	g_array_unref(cpus);
}

static void
read_cpu(struct _xmlNode *cpu, struct capsxml *caps)
{
	struct _xmlNode *topology = xml_child(cpu, "topology");

	caps->arch = xml_text(xml_child(cpu, "arch"));
	caps->cpu_model = xml_text(xml_child(cpu, "model"));
	caps->sockets = count_of(topology, "sockets");
	caps->cores = count_of(topology, "cores");
	caps->threads = count_of(topology, "threads");
	for (struct _xmlNode *pages = xml_child(cpu, "pages"); pages; pages = xml_next(pages)) {
		uint64_t bytes = bytes_of(pages, "unit", xml_attr_number(pages, "size"));

		if (bytes > 0 && (caps->page_bytes == 0 || bytes < caps->page_bytes))
			caps->page_bytes = bytes;
	}
}

static bool
has_kvm(struct _xmlNode *root)
{
	for (struct _xmlNode *guest = xml_child(root, "guest"); guest; guest = xml_next(guest)) {
		struct _xmlNode *domain = xml_child(xml_child(guest, "arch"), "domain");

		for (; domain; domain = xml_next(domain))
			if (xml_attr_is(domain, "type", "kvm"))
				return true;
	}
	return false;
}

bool
capsxml_parse(const char *xml, size_t len, struct capsxml *out, GError **error)
{
	struct _xmlDoc *doc = xml_parse(xml, len, "capabilities", error);

	if (!doc)
		return false;

	struct _xmlNode *root = xml_root(doc);
	struct _xmlNode *host = xml_child(root, "host");
	struct _xmlNode *cells = xml_child(xml_child(host, "topology"), "cells");
	struct capsxml caps = { 0 };
	int sockets = count_sockets(cells);

	caps.uuid = xml_text(xml_child(host, "uuid"));
	read_cpu(xml_child(host, "cpu"), &caps);
	read_cells(cells, &caps);
	if (sockets > 0)
		caps.sockets = sockets;
	caps.live_migration = xml_child(xml_child(host, "migration_features"), "live") != NULL;
	caps.kvm = has_kvm(root);
	xml_free(doc);
	*out = caps;
	return true;
}

void
capsxml_done(struct capsxml *caps)
{
	g_free(caps->uuid);
	g_free(caps->arch);
	g_free(caps->cpu_model);
	g_free(caps->cells);
	g_free(caps->cpus);
	*caps = (struct capsxml){ 0 };
}
