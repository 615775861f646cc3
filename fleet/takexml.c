#include "fleet/takexml.h"

#include "fleet/xml.h"

#include <string.h>

static char *
child_text(struct _xmlNode *node, const char *name)
{
	return xml_text(xml_child(node, name));
}

static void
add(GPtrArray *list, char *name)
{
	if (name && !g_ptr_array_find_with_equal_func(list, name, g_str_equal, NULL))
		g_ptr_array_add(list, name);
	else
		g_free(name);
}

static void
take_card(struct takexml *take, struct _xmlNode *card)
{
	struct _xmlNode *source = xml_child(card, "source");
	g_autofree char *type = xml_attr(card, "type");

	if (g_strcmp0(type, "network") == 0)
		add(take->networks, xml_attr(source, "network"));
	else if (g_strcmp0(type, "bridge") == 0)
		add(take->devices, xml_attr(source, "bridge"));
	else if (g_strcmp0(type, "direct") == 0)
		add(take->devices, xml_attr(source, "dev"));
}

static void
folder_clear(gpointer pointer)
{
	struct take_folder *folder = pointer;

	g_free(folder->path);
	g_free(folder->disks);
}

/* Takes PATH and DISK. */
static void
add_folder(GArray *folders, char *path, char *disk)
{
	struct take_folder folder = { .path = path, .disks = disk ? disk : g_strdup("a disk") };

	for (guint i = 0; i < folders->len; i++) {
		struct take_folder *known = &g_array_index(folders, struct take_folder, i);
		char *disks;

		if (strcmp(known->path, path) != 0)
			continue;
		disks = g_strdup_printf("%s, %s", known->disks, folder.disks);
		g_free(known->disks);
		known->disks = disks;
		folder_clear(&folder);
		return;
	}
	g_array_append_val(folders, folder);
}

static void
take_disk(struct takexml *take, struct _xmlNode *disk)
{
	struct _xmlNode *source = xml_child(disk, "source");
	g_autofree char *pool = xml_attr(source, "pool"), *volume = xml_attr(source, "volume");
	g_autofree char *file = xml_attr(source, "file");

	if (file && !xml_child(disk, "readonly") && !xml_child(disk, "shareable"))
		add_folder(
			take->folders, g_path_get_dirname(file), xml_attr(xml_child(disk, "target"), "dev"));
	if (pool && volume)
		add(take->pools, g_strdup_printf("%s/%s", pool, volume));
}

/* libvirt's memory is in KiB, whatever it was defined in. */
static void
take_all(struct takexml *take, struct _xmlNode *domain)
{
	struct _xmlNode *os = xml_child(xml_child(domain, "os"), "type"),
			*devices = xml_child(domain, "devices");
	struct _xmlNode *memory = xml_child(domain, "currentMemory"), *cpu = xml_child(domain, "cpu");

	take->type = xml_attr(domain, "type");
	take->arch = xml_attr(os, "arch");
	take->machine = xml_attr(os, "machine");
	take->emulator = child_text(devices, "emulator");
	take->cpu = cpu ? xml_dump(cpu) : NULL;
	/* huge pages are put aside: what is free besides says nothing of them */
	if (memory && !xml_child(xml_child(domain, "memoryBacking"), "hugepages"))
		take->mem_bytes = xml_number(memory) * 1024;
	for (struct _xmlNode *card = xml_child(devices, "interface"); card; card = xml_next(card))
		take_card(take, card);
	for (struct _xmlNode *disk = xml_child(devices, "disk"); disk; disk = xml_next(disk))
		take_disk(take, disk);
}

gboolean
takexml_parse(const char *xml, struct takexml *out, GError **error)
{
	struct _xmlDoc *doc = xml_parse(xml, strlen(xml), "domain", error);

	if (!doc)
		return FALSE;
	*out = (struct takexml){
		.networks = g_ptr_array_new_with_free_func(g_free),
		.devices = g_ptr_array_new_with_free_func(g_free),
		.pools = g_ptr_array_new_with_free_func(g_free),
		.folders = g_array_new(FALSE, FALSE, sizeof(struct take_folder)),
	};
	g_array_set_clear_func(out->folders, folder_clear);
	take_all(out, xml_root(doc));
	xml_free(doc);
	return TRUE;
}

void
takexml_done(struct takexml *take)
{
	g_free(take->type);
	g_free(take->arch);
	g_free(take->machine);
	g_free(take->emulator);
	g_free(take->cpu);
	g_ptr_array_unref(take->networks);
	g_ptr_array_unref(take->devices);
	g_ptr_array_unref(take->pools);
	g_array_unref(take->folders);
}
