#include "fleet/conn_libvirt_impl.h"

#include "fleet/cpuset.h"
#include "fleet/virerror.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#define KIB        1024
#define PARAMS_MAX 64

/* A host's memory moves slowly and is a round trip of its own. */
#define MEMORY_EVERY 3

static void
host_set(struct host_sample *out, enum host_raw raw, uint64_t value)
{
	out->raw[raw] = value;
	out->valid |= 1u << raw;
}

/* After a failed call: not asked again when the driver doesn't know it. False when the link was lost. */
static bool
forgive(struct libvirt *lv, bool *lacks, GError **error)
{
	if (libvirt_unsupported())
		*lacks = true;
	return !libvirt_lost(lv, error, "read the host's numbers");
}

bool
node_read_info(struct libvirt *lv, GError **error)
{
	virNodeInfo info;

	if (lv->pcpus > 0)
		return true;
	if (virNodeGetInfo(lv->vir, &info) < 0)
		return !libvirt_lost(lv, error, "read the host's numbers");
	lv->pcpus = MIN(info.cpus, CPU_SET_MAX);
	lv->mem_total = (uint64_t)info.memory * KIB;
	return true;
}

/* ---- CPU ---- */

struct cpu_times {
	uint64_t busy, waiting;
	bool has_busy, has_idle;
};

static void
add_cpu_time(struct cpu_times *times, const virNodeCPUStats *stat)
{
	static const struct {
		const char *name;
		bool busy;
	} fields[] = {
		{ VIR_NODE_CPU_STATS_KERNEL, true },
		{ VIR_NODE_CPU_STATS_USER, true },
		{ VIR_NODE_CPU_STATS_INTR, true },
		{ VIR_NODE_CPU_STATS_IDLE, false },
		{ VIR_NODE_CPU_STATS_IOWAIT, false },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
		if (strcmp(stat->field, fields[i].name) != 0)
			continue;
		if (fields[i].busy)
			times->busy += stat->value;
		else
			times->waiting += stat->value;
		times->has_busy |= fields[i].busy;
		times->has_idle |= strcmp(stat->field, VIR_NODE_CPU_STATS_IDLE) == 0;
	}
}

static int
ask_cpu(struct libvirt *lv, virNodeCPUStats *stats, int *n)
{
	return virNodeGetCPUStats(lv->vir, VIR_NODE_CPU_STATS_ALL_CPUS, stats, n, 0);
}

/* Returns how many there are in STATS, or -1. Only a daemon whose number isn't the usual one is asked for it. */
static int
fetch_cpu(struct libvirt *lv, virNodeCPUStats stats[PARAMS_MAX])
{
	int n = lv->cpu_params;

	if (ask_cpu(lv, stats, &n) == 0)
		return n;
	n = 0;
	if (virGetLastErrorCode() != VIR_ERR_INVALID_ARG || ask_cpu(lv, NULL, &n) < 0)
		return -1;
	n = lv->cpu_params = MIN(n, PARAMS_MAX);
	return ask_cpu(lv, stats, &n) < 0 ? -1 : n;
}

static bool
read_cpu(struct libvirt *lv, struct host_sample *out, GError **error)
{
	virNodeCPUStats stats[PARAMS_MAX];
	struct cpu_times times = { 0 };

	if (lv->lacks.node_cpu)
		return true;
	int n = fetch_cpu(lv, stats);
	if (n < 0)
		return forgive(lv, &lv->lacks.node_cpu, error);
	for (int i = 0; i < n; i++)
		add_cpu_time(&times, &stats[i]);
	if (times.has_busy && times.has_idle) {
		host_set(out, HRAW_CPU_BUSY_NS, times.busy);
		host_set(out, HRAW_CPU_TOTAL_NS, times.busy + times.waiting);
	}
	return true;
}

/* ---- memory ---- */

static void
set_memory(struct libvirt *lv, const virNodeMemoryStats *stats, int n)
{
	uint64_t free_bytes = 0;
	bool has_free = false;

	for (int i = 0; i < n; i++) {
		uint64_t bytes = (uint64_t)stats[i].value * KIB;

		if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0) {
			lv->mem_total = bytes;
		} else if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_FREE) == 0) {
			free_bytes += bytes;
			has_free = true;
		} else if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_BUFFERS) == 0 ||
			   strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_CACHED) == 0) {
			free_bytes += bytes;
		}
	}
	if (has_free)
		lv->mem_free = free_bytes;
}

static int
ask_memory(struct libvirt *lv, virNodeMemoryStats *stats, int *n)
{
	return virNodeGetMemoryStats(lv->vir, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, n, 0);
}

static int
fetch_memory(struct libvirt *lv, virNodeMemoryStats stats[PARAMS_MAX])
{
	int n = lv->mem_params;

	if (ask_memory(lv, stats, &n) == 0)
		return n;
	n = 0;
	if (virGetLastErrorCode() != VIR_ERR_INVALID_ARG || ask_memory(lv, NULL, &n) < 0)
		return -1;
	n = lv->mem_params = MIN(n, PARAMS_MAX);
	return ask_memory(lv, stats, &n) < 0 ? -1 : n;
}

static bool
read_memory_stats(struct libvirt *lv, GError **error)
{
	virNodeMemoryStats stats[PARAMS_MAX];
	int n = fetch_memory(lv, stats);

	if (n < 0)
		return forgive(lv, &lv->lacks.node_mem, error);
	set_memory(lv, stats, n);
	return true;
}

static bool
read_free_memory(struct libvirt *lv, GError **error)
{
	if (lv->lacks.node_free)
		return true;
	unsigned long long bytes = virNodeGetFreeMemory(lv->vir);
	if (bytes == 0)
		return forgive(lv, &lv->lacks.node_free, error);
	lv->mem_free = bytes;
	return true;
}

static bool
read_memory(struct libvirt *lv, GError **error)
{
	lv->mem_free = 0;
	lv->mem_due = lv->samples + MEMORY_EVERY;
	if (!lv->lacks.node_mem && !read_memory_stats(lv, error))
		return false;
	return !lv->lacks.node_mem || read_free_memory(lv, error);
}

/* ---- same-page merging ---- */

/* The host's page size, 0: unknown. */
static uint64_t
page_bytes(const struct libvirt *lv)
{
	if (lv->caps.page_bytes > 0)
		return lv->caps.page_bytes;
	return g_strcmp0(lv->caps.arch, "x86_64") == 0 ? 4096 : 0;
}

bool
node_read_ksm(struct libvirt *lv, GError **error)
{
	virTypedParameter params[PARAMS_MAX];
	unsigned long long pages;
	int n = 0;

	if (lv->lacks.ksm)
		return true;
	if (!libvirt_read_caps(lv, error))
		return false;
	if (lv->ksm_params == 0 && virNodeGetMemoryParameters(lv->vir, NULL, &n, 0) < 0)
		return forgive(lv, &lv->lacks.ksm, error);
	if (lv->ksm_params == 0)
		lv->ksm_params = MIN(n, PARAMS_MAX);
	n = lv->ksm_params;
	if (virNodeGetMemoryParameters(lv->vir, params, &n, 0) < 0)
		return forgive(lv, &lv->lacks.ksm, error);
	lv->ksm_known = page_bytes(lv) > 0 &&
			virTypedParamsGetULLong(params, n, VIR_NODE_MEMORY_SHARED_PAGES_SHARING, &pages) == 1;
	if (lv->ksm_known)
		lv->ksm_saved = pages * page_bytes(lv);
	virTypedParamsClear(params, n);
	return true;
}

bool
node_sample(struct libvirt *lv, bool fresh, struct host_sample *out, GError **error)
{
	int64_t rtt_us = lv->tunnel ? tunnel_rtt_us(lv->tunnel) : 0;

	if (rtt_us > 0)
		host_set(out, HRAW_RTT_US, (uint64_t)rtt_us);
	if (!node_read_info(lv, error) || !read_cpu(lv, out, error))
		return false;
	if ((fresh || lv->samples >= lv->mem_due) && !read_memory(lv, error))
		return false;
	if (lv->mem_total > 0)
		host_set(out, HRAW_MEM_TOTAL, lv->mem_total);
	if (lv->mem_free > 0)
		host_set(out, HRAW_MEM_FREE, lv->mem_free);
	if (lv->pcpus > 0)
		host_set(out, HRAW_PCPUS, lv->pcpus);
	if (lv->ksm_known)
		host_set(out, HRAW_KSM_SAVED, lv->ksm_saved);
	return true;
}
