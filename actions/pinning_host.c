/* pinning: a host's CPUs in order, and who is pinned to them. */
#include "actions/pinning.h"

#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <string.h>

/* ---- the CPUs ---- */

static gint
compare_cpus(gconstpointer a, gconstpointer b)
{
	const struct host_cpu *left = &((const struct pinning_cpu *)a)->cpu;
	const struct host_cpu *right = &((const struct pinning_cpu *)b)->cpu;
	const int keys[][2] = { { left->cell, right->cell }, { left->socket, right->socket },
		{ left->core, right->core }, { left->id, right->id } };

	for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

static void
add_cpu(struct pinning_host *host, const struct host_snap *snap, struct host_cpu cpu)
{
	const struct host_detail *detail = snap->detail;
	bool told = detail && (size_t)cpu.id < detail->ncpus;
	struct pinning_cpu it = { .cpu = cpu, .load = told ? detail->cpu_pct[cpu.id] : -1 };

	if (cpu.id < 0)
		return;
	g_array_append_val(host->cpus, it);
	host->all = MAX(host->all, (size_t)cpu.id + 1);
	host->cells |= cpu.cell >= 0;
	host->cores |= cpu.core >= 0;
}

static bool
same_cell(const struct host_cpu *a, const struct host_cpu *b)
{
	return a->cell == b->cell;
}

static bool
same_core(const struct host_cpu *a, const struct host_cpu *b)
{
	return a->core >= 0 && a->core == b->core && a->socket == b->socket && same_cell(a, b);
}

/* They are in order. */
static void
count_cores(struct pinning_host *host)
{
	for (guint i = 1; i < host->cpus->len; i++) {
		struct pinning_cpu *cpu = &g_array_index(host->cpus, struct pinning_cpu, i),
				   *before = cpu - 1;

		cpu->core = before->core + !same_core(&before->cpu, &cpu->cpu);
		cpu->cell = before->cell + !same_cell(&before->cpu, &cpu->cpu);
	}
}

/* As the topology says; where none is told, as many as there are. A CPU that is offline is in no topology, but has a number. */
static void
add_cpus(struct pinning_host *host, const struct host_snap *snap)
{
	const struct host_facts *facts = snap->facts;
	size_t n = HOST_HAS(snap, HOST_PCPUS) ? (size_t)snap->value[HOST_PCPUS] : 0;

	for (size_t i = 0; facts && i < facts->ncpus; i++)
		add_cpu(host, snap, facts->cpus[i]);
	for (size_t i = 0; !(facts && facts->ncpus) && i < n; i++)
		add_cpu(host, snap, (struct host_cpu){ .id = (int)i, .cell = -1, .socket = -1, .core = -1 });
	g_array_sort(host->cpus, compare_cpus);
	count_cores(host);
}

struct cpu_set
pinning_everywhere(const struct pinning_host *host)
{
	struct cpu_set set = { 0 };

	for (size_t cpu = 0; cpu < host->all; cpu++)
		cpu_set_add(&set, cpu);
	return set;
}

bool
pinning_is_everywhere(const struct pinning_host *host, const struct cpu_set *set)
{
	for (guint i = 0; i < host->cpus->len; i++)
		if (!cpu_set_has(set, (size_t)pinning_cpu_at(host, i)->cpu.id))
			return false;
	return true;
}

/* ---- those who are pinned ---- */

void
pinning_host_add(struct pinning_host *host, const struct cpu_set *set, double vcpus)
{
	size_t n = cpu_set_count(set);

	if (n == 0 || pinning_is_everywhere(host, set))
		return;
	for (guint i = 0; i < host->cpus->len; i++) {
		struct pinning_cpu *cpu = &g_array_index(host->cpus, struct pinning_cpu, i);

		if (!cpu_set_has(set, (size_t)cpu->cpu.id))
			continue;
		cpu->pinned++;
		cpu->claims += vcpus / (double)n;
	}
}

static const struct vm_affinity *
find_affinity(const struct host_detail *detail, const struct vm *vm)
{
	for (size_t i = 0; detail && i < detail->nvms; i++)
		if (memcmp(detail->vms[i].uuid, vm->uuid, UUID_LEN) == 0)
			return &detail->vms[i];
	return NULL;
}

/* Where VM may run, for the caller; no bytes: everywhere, as far as is known. */
static struct cpu_set
set_of(const struct vm *vm)
{
	const struct vm_affinity *really = find_affinity(vm->host->detail, vm);
	struct cpu_set set = { 0 };

	if (really && really->cpus.nbytes)
		return cpu_set_copy(&really->cpus);
	if (vm->facts && vm->facts->pinned)
		cpu_set_parse(vm->facts->cpuset, &set);
	return set;
}

static void
add_guest(struct pinning_host *host, const struct vm *vm)
{
	double vcpus = vm_is_running(vm) && VM_HAS(vm, VM_VCPUS) ? vm->value[VM_VCPUS] : 0;
	struct cpu_set set = set_of(vm);

	host->others_known &= vm->facts || set.nbytes;
	pinning_host_add(host, &set, vcpus);
	cpu_set_clear(&set);
}

GPtrArray *
pinning_names(
	const struct host_snap *snap, const struct vm *self, const struct pinning_host *host, size_t cpu)
{
	GPtrArray *names = g_ptr_array_new();

	for (size_t i = 0; i < snap->nvms; i++) {
		const struct vm *vm = &snap->vms[i];
		struct cpu_set set = set_of(vm);

		if (!vm->is_dom0 && memcmp(vm->uuid, self->uuid, UUID_LEN) != 0 && cpu_set_has(&set, cpu) &&
			!pinning_is_everywhere(host, &set))
			g_ptr_array_add(names, (gpointer)(uintptr_t)vm->name);
		cpu_set_clear(&set);
	}
	return names;
}

struct pinning_host *
pinning_host_new(const struct host_snap *snap, GHashTable *without)
{
	struct pinning_host *host = g_new0(struct pinning_host, 1);

	host->cpus = g_array_new(FALSE, FALSE, sizeof(struct pinning_cpu));
	host->others_known = snap->listed;
	add_cpus(host, snap);
	for (size_t i = 0; i < snap->nvms; i++) {
		struct row_key key = vm_key(&snap->vms[i]);

		if (!snap->vms[i].is_dom0 && !(without && g_hash_table_contains(without, &key)))
			add_guest(host, &snap->vms[i]);
	}
	if (host->cpus->len)
		return host;
	pinning_host_free(host);
	return NULL;
}

void
pinning_host_free(struct pinning_host *host)
{
	if (!host)
		return;
	g_array_free(host->cpus, TRUE);
	g_free(host);
}
