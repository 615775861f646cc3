/* snapshot: details, what is known while somebody looks. */
#include "fleet/refs.h"
#include "fleet/snapshot.h"

struct vm_detail *
vm_detail_new(void)
{
	struct vm_detail *detail = g_new0(struct vm_detail, 1);

	detail->refs = 1;
	detail->snapshots = -1;
	detail->scheduling = (struct vm_scheduling){ .weight = -1, .cap_pct = -1, .vcpu_cap_pct = -1 };
	detail->addresses = g_new0(char *, 1);
	detail->unknowns = g_new0(char *, 1);
	return detail;
}

const struct vm_detail *
vm_detail_ref(const struct vm_detail *detail)
{
	if (detail)
		refs_take(&detail->refs);
	return detail;
}

static void
vm_detail_free(struct vm_detail *detail)
{
	for (size_t i = 0; i < detail->ndisks; i++)
		g_free(detail->disks[i].target);
	for (size_t i = 0; i < detail->nnics; i++)
		g_free(detail->nics[i].target);
	for (size_t i = 0; i < detail->nvcpus; i++)
		g_free(detail->vcpus[i].affinity.bits);
	for (size_t i = 0; i < detail->nfs; i++) {
		g_free(detail->fs[i].mountpoint);
		g_free(detail->fs[i].type);
	}
	g_free(detail->disks);
	g_free(detail->nics);
	g_free(detail->vcpus);
	g_free(detail->fs);
	g_free(detail->emulator.bits);
	g_free(detail->scheduling.name);
	g_free(detail->agent_hostname);
	g_free(detail->agent_os);
	g_free(detail->xml);
	g_strfreev(detail->addresses);
	g_strfreev(detail->unknowns);
	g_free(detail);
}

void
vm_detail_unref(const struct vm_detail *detail)
{
	if (detail && refs_drop(&detail->refs))
		vm_detail_free((struct vm_detail *)(uintptr_t)detail);
}

struct host_detail *
host_detail_new(void)
{
	struct host_detail *detail = g_new0(struct host_detail, 1);

	detail->refs = 1;
	detail->pools = g_new0(char *, 1);
	detail->networks = g_new0(char *, 1);
	detail->unknowns = g_new0(char *, 1);
	return detail;
}

const struct host_detail *
host_detail_ref(const struct host_detail *detail)
{
	if (detail)
		refs_take(&detail->refs);
	return detail;
}

static void
host_detail_free(struct host_detail *detail)
{
	for (size_t i = 0; i < detail->nvms; i++)
		g_free(detail->vms[i].cpus.bits);
	g_free(detail->vms);
	g_free(detail->cpu_pct);
	g_free(detail->cell_free);
	g_strfreev(detail->pools);
	g_strfreev(detail->networks);
	g_strfreev(detail->unknowns);
	g_free(detail);
}

void
host_detail_unref(const struct host_detail *detail)
{
	if (detail && refs_drop(&detail->refs))
		host_detail_free((struct host_detail *)(uintptr_t)detail);
}

bool
cpu_set_has(const struct cpu_set *set, size_t cpu)
{
	return cpu / 8 < set->nbytes && set->bits[cpu / 8] >> cpu % 8 & 1;
}
