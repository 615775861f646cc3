#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/detail.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOW_US    (60 * INT64_C(1000000))
#define POOLS_MAX  32
#define PARAMS_MAX 16

void
inspect_host_done(struct inspect_host *host)
{
	meter_free(host->meter);
	g_free(host->cpu_pct);
	g_clear_pointer(&host->affinities, g_hash_table_unref);
	host_detail_unref(host->slow);
	*host = (struct inspect_host){ 0 };
}

/* CPUs may come and go, and a host that did not tell how many it has may do so later. */
static void
fit_cpus(struct inspect_host *host, uint64_t ncpus)
{
	if (host->ncpus == ncpus)
		return;
	g_free(host->cpu_pct);
	host->cpu_pct = g_new(double, ncpus);
	for (uint64_t i = 0; i < ncpus; i++)
		host->cpu_pct[i] = -1;
	host->ncpus = ncpus;
	host->next_cpu = 0;
}

static struct inspect_host *
remembered(struct libvirt *lv)
{
	struct inspect_host *host;

	if (!lv->inspect)
		lv->inspect = g_new0(struct inspect, 1);
	host = &lv->inspect->host;
	fit_cpus(host, lv->pcpus);
	if (host->meter)
		return host;
	host->meter = meter_new();
	host->affinities = g_hash_table_new_full(
		g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, inspect_affinity_free);
	return host;
}

/* ---- each CPU ---- */

/* Time that is neither idle nor waiting for a disk. */
static bool
is_busy_field(const char *field)
{
	return strcmp(field, VIR_NODE_CPU_STATS_KERNEL) == 0 || strcmp(field, VIR_NODE_CPU_STATS_USER) == 0 ||
	       strcmp(field, VIR_NODE_CPU_STATS_INTR) == 0;
}

static bool
is_idle_field(const char *field)
{
	return strcmp(field, VIR_NODE_CPU_STATS_IDLE) == 0 || strcmp(field, VIR_NODE_CPU_STATS_IOWAIT) == 0;
}

static void
take_cpu(struct host_look *look, unsigned cpu, const virNodeCPUStats *stats, int n)
{
	uint64_t busy = 0, all = 0;
	double busy_rate, all_rate;
	char key[32];

	for (int i = 0; i < n; i++) {
		if (is_busy_field(stats[i].field))
			busy += stats[i].value;
		if (is_busy_field(stats[i].field) || is_idle_field(stats[i].field))
			all += stats[i].value;
	}
	snprintf(key, sizeof key, "busy %u", cpu);
	bool known = meter_rate(look->host->meter, key, busy, look->now_us, &busy_rate);
	snprintf(key, sizeof key, "all %u", cpu);
	known &= meter_rate(look->host->meter, key, all, look->now_us, &all_rate);
	look->host->cpu_pct[cpu] = known && all_rate > 0 ? CLAMP(100 * busy_rate / all_rate, 0, 100) : -1;
}

/* A CPU that is offline has no counters, which is no reason to ask for no other. */
static bool
read_cpu(struct host_look *look, unsigned cpu)
{
	virNodeCPUStats stats[PARAMS_MAX];
	int n = MIN(look->lv->cpu_params, PARAMS_MAX);

	if (virNodeGetCPUStats(look->lv->vir, (int)cpu, stats, &n, 0) < 0) {
		look->host->no_cpus = virGetLastErrorCode() == VIR_ERR_NO_SUPPORT;
		look->host->cpu_pct[cpu] = -1;
		return !libvirt_lost(look->lv, look->error, "read the use of a CPU");
	}
	libvirt_progress(look->lv);
	look->now_us = clock_now_us();
	take_cpu(look, cpu, stats, n);
	return true;
}

/* One call for each CPU: as many as there is time for, the others next time. */
static bool
look_at_cpus(struct host_look *look)
{
	struct inspect_host *host = look->host;
	int64_t end_us = clock_now_us() + TURNS_US;
	uint64_t ncpus = host->ncpus;

	host->no_cpus |= look->lv->lacks.node_cpu;
	for (uint64_t i = 0; !host->no_cpus && i < ncpus && clock_now_us() < end_us; i++) {
		if (!read_cpu(look, host->next_cpu))
			return false;
		host->next_cpu = (unsigned)((host->next_cpu + 1) % ncpus);
	}
	if (host->no_cpus) {
		detail_lacks(look->lv, look->unknowns, "use of each physical CPU", "doesn't count it");
		return true;
	}
	look->detail->ncpus = ncpus;
	look->detail->cpu_pct = g_memdup2(host->cpu_pct, ncpus * sizeof(*host->cpu_pct));
	return true;
}

/* ---- memory of each cell ---- */

/* The cells are numbered, with gaps maybe: the call takes the first number and how many follow. */
static bool
look_at_cells(struct host_look *look)
{
	const struct capsxml *caps = &look->lv->caps;
	unsigned long long bytes[CAPSXML_CELLS_MAX] = { 0 };
	int last = -1, n;

	for (size_t i = 0; i < caps->ncells; i++)
		last = MAX(last, caps->cells[i].id);
	if (last < 0)
		return true;
	n = virNodeGetCellsFreeMemory(look->lv->vir, bytes, 0, last + 1);
	if (n < 0)
		return detail_failed(look->lv, look->unknowns, "free memory of NUMA cells", look->error);
	libvirt_progress(look->lv);
	if (n <= last)
		return true;
	look->detail->ncells = caps->ncells;
	look->detail->cell_free = g_new(uint64_t, caps->ncells);
	for (size_t i = 0; i < caps->ncells; i++)
		look->detail->cell_free[i] = bytes[caps->cells[i].id];
	return true;
}

/* ---- pools and networks ---- */

static const char *
pool_state(int state)
{
	switch (state) {
	case VIR_STORAGE_POOL_INACTIVE:
		return "inactive";
	case VIR_STORAGE_POOL_BUILDING:
		return "building";
	case VIR_STORAGE_POOL_RUNNING:
		return "active";
	case VIR_STORAGE_POOL_DEGRADED:
		return "degraded";
	default:
		return "inaccessible";
	}
}

static bool
add_pool(struct host_look *look, virStoragePoolPtr pool, GPtrArray *texts)
{
	virStoragePoolInfo info;

	if (virStoragePoolGetInfo(pool, &info) < 0)
		return !libvirt_lost(look->lv, look->error, "read a storage pool");
	libvirt_progress(look->lv);
	g_ptr_array_add(texts, detail_pool_text(virStoragePoolGetName(pool), pool_state(info.state),
				       info.allocation, info.capacity));
	return true;
}

static bool
read_pools(struct host_look *look, struct host_detail *slow, GPtrArray *unknowns)
{
	virStoragePoolPtr *pools = NULL;
	GPtrArray *texts = g_ptr_array_new();
	int n = virConnectListAllStoragePools(look->lv->vir, &pools, 0);
	bool ok = n >= 0 || detail_failed(look->lv, unknowns, "storage pools", look->error);

	libvirt_progress(look->lv);
	for (int i = 0; i < n; i++) {
		ok = ok && (i >= POOLS_MAX || add_pool(look, pools[i], texts));
		virStoragePoolFree(pools[i]);
	}
	free(pools);
	detail_take(texts, &slow->pools);
	return ok;
}

static bool
add_network(struct host_look *look, virNetworkPtr network, GPtrArray *texts)
{
	int active = virNetworkIsActive(network);
	char *bridge = active == 1 ? virNetworkGetBridgeName(network) : NULL;

	libvirt_progress(look->lv);
	/* some have no bridge, which libvirt calls an error */
	if ((active < 0 || (active == 1 && !bridge)) && libvirt_lost(look->lv, look->error, "read a network"))
		return false;
	g_ptr_array_add(texts, detail_network_text(virNetworkGetName(network), active == 1, bridge));
	free(bridge);
	return true;
}

static bool
read_networks(struct host_look *look, struct host_detail *slow, GPtrArray *unknowns)
{
	virNetworkPtr *networks = NULL;
	GPtrArray *texts = g_ptr_array_new();
	int n = virConnectListAllNetworks(look->lv->vir, &networks, 0);
	bool ok = n >= 0 || detail_failed(look->lv, unknowns, "networks", look->error);

	libvirt_progress(look->lv);
	for (int i = 0; i < n; i++) {
		ok = ok && (i >= POOLS_MAX || add_network(look, networks[i], texts));
		virNetworkFree(networks[i]);
	}
	free(networks);
	detail_take(texts, &slow->networks);
	return ok;
}

static bool
look_at_slow(struct host_look *look)
{
	GPtrArray *unknowns;
	struct host_detail *slow;
	bool ok;

	if (look->host->slow && look->now_us - look->host->slow->taken_us < SLOW_US)
		return true;
	unknowns = g_ptr_array_new();
	slow = host_detail_new();
	slow->taken_us = look->now_us;
	ok = read_pools(look, slow, unknowns) && read_networks(look, slow, unknowns);
	detail_take(unknowns, &slow->unknowns);
	host_detail_unref(look->host->slow);
	look->host->slow = slow;
	return ok;
}

/* ---- all of it ---- */

static void
take_remembered(struct host_look *look)
{
	const struct host_detail *slow = look->host->slow;

	g_strfreev(look->detail->pools);
	g_strfreev(look->detail->networks);
	look->detail->pools = g_strdupv(slow->pools);
	look->detail->networks = g_strdupv(slow->networks);
	for (char **unknown = slow->unknowns; *unknown; unknown++)
		g_ptr_array_add(look->unknowns, g_strdup(*unknown));
}

struct host_detail *
libvirt_host_detail(struct conn *conn, const struct host_detail *old, GError **error)
{
	struct libvirt *lv = libvirt_of(conn);
	struct host_look look = { .lv = lv, .error = error, .now_us = clock_now_us() };
	bool ok;

	(void)old; /* the counters behind its rates are remembered here */
	if (!libvirt_ready(lv, error) || !libvirt_read_caps(lv, error))
		return NULL;
	libvirt_progress(lv);
	look.host = remembered(lv);
	look.detail = host_detail_new();
	look.detail->taken_us = look.now_us;
	look.unknowns = g_ptr_array_new();
	ok = look_at_cpus(&look) && look_at_cells(&look) && look_at_affinities(&look) && look_at_slow(&look);
	if (ok)
		take_remembered(&look);
	detail_take(look.unknowns, &look.detail->unknowns);
	if (ok)
		return look.detail;
	host_detail_unref(look.detail);
	return NULL;
}
