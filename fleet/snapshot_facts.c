/* snapshot: facts, what changes rarely. */
#include "fleet/refs.h"
#include "fleet/snapshot.h"

struct vm_facts *
vm_facts_new(void)
{
	struct vm_facts *facts = g_new0(struct vm_facts, 1);

	facts->refs = 1;
	return facts;
}

const struct vm_facts *
vm_facts_ref(const struct vm_facts *facts)
{
	if (facts)
		refs_take(&facts->refs);
	return facts;
}

static void
vm_facts_free(struct vm_facts *facts)
{
	for (size_t i = 0; i < facts->ndisks; i++) {
		struct vm_disk *disk = &facts->disks[i];

		g_free(disk->target);
		g_free(disk->device);
		g_free(disk->type);
		g_free(disk->source);
		g_free(disk->bus);
		g_free(disk->format);
		g_free(disk->cache);
	}
	for (size_t i = 0; i < facts->nnics; i++) {
		struct vm_nic *nic = &facts->nics[i];

		g_free(nic->mac);
		g_free(nic->target);
		g_free(nic->type);
		g_free(nic->source);
		g_free(nic->model);
	}
	for (size_t i = 0; i < facts->nhostdevs; i++) {
		g_free(facts->hostdevs[i].type);
		g_free(facts->hostdevs[i].address);
	}
	for (size_t i = 0; i < facts->ngraphics; i++) {
		g_free(facts->graphics[i].type);
		g_free(facts->graphics[i].listen);
		g_free(facts->graphics[i].socket);
	}
	g_free(facts->disks);
	g_free(facts->nics);
	g_free(facts->hostdevs);
	g_free(facts->graphics);
	g_free(facts->os_type);
	g_free(facts->machine);
	g_free(facts->arch);
	g_free(facts->title);
	g_free(facts->description);
	g_free(facts->tenant);
	g_free(facts->emulator);
	g_free(facts->cpuset);
	g_free(facts->numa_nodes);
	g_free(facts->cpu_mode);
	g_free(facts);
}

void
vm_facts_unref(const struct vm_facts *facts)
{
	if (facts && refs_drop(&facts->refs))
		vm_facts_free((struct vm_facts *)(uintptr_t)facts);
}

struct host_facts *
host_facts_new(void)
{
	struct host_facts *facts = g_new0(struct host_facts, 1);

	facts->refs = 1;
	return facts;
}

const struct host_facts *
host_facts_ref(const struct host_facts *facts)
{
	if (facts)
		refs_take(&facts->refs);
	return facts;
}

static void
host_facts_free(struct host_facts *facts)
{
	g_free(facts->driver);
	g_free(facts->hv_version);
	g_free(facts->libvirt_version);
	g_free(facts->hostname);
	g_free(facts->uuid);
	g_free(facts->cpu_model);
	g_free(facts->arch);
	g_free(facts->cells);
	g_free(facts->cpus);
	g_free(facts->uri);
	g_free(facts->via);
	g_strfreev(facts->unknowns);
	g_free(facts);
}

void
host_facts_unref(const struct host_facts *facts)
{
	if (facts && refs_drop(&facts->refs))
		host_facts_free((struct host_facts *)(uintptr_t)facts);
}

bool
vm_disk_shared(const struct vm_disk *disk)
{
	switch (disk->storage) {
	case STORAGE_NFS:
	case STORAGE_RBD:
	case STORAGE_ISCSI:
	case STORAGE_GLUSTER:
	case STORAGE_NBD:
		return true;
	default:
		return false;
	}
}
