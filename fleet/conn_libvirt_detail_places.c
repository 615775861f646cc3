#include "fleet/conn_libvirt_detail.h"

#include "fleet/clock.h"
#include "fleet/cpuset.h"
#include "fleet/snapshot.h"

#include <libvirt/libvirt.h>
#include <string.h>

/* Events tell of pins made with libvirt; taskset and xl tell nobody. */
#define AFFINITY_US (60 * INT64_C(1000000))
/* As many vCPUs as are asked about when nobody told how many a guest has. */
#define VCPUS_MAX 256

void
inspect_affinity_free(gpointer data)
{
	struct affinity *affinity = data;

	cpu_set_clear(&affinity->cpus);
	g_free(affinity);
}

/* From one string of maps, of LEN bytes each. */
static struct cpu_set
join_maps(const unsigned char *maps, size_t len, int n)
{
	struct cpu_set all = { 0 };

	for (int i = 0; i < n; i++)
		cpu_set_add_all(&all, &(struct cpu_set){ .bits = (uint8_t *)(uintptr_t)maps + (size_t)i * len,
					      .nbytes = len });
	return all;
}

/* As it really is, or else as the daemon was told. */
static int
fetch_maps(struct libvirt *lv, virDomainPtr dom, int nvcpus, unsigned char *maps, size_t len)
{
	g_autofree virVcpuInfo *info = g_new0(virVcpuInfo, nvcpus);
	int n = virDomainGetVcpus(dom, info, nvcpus, maps, (int)len);

	if (n >= 0 || virConnectIsAlive(virDomainGetConnect(dom)) != 1)
		return n;
	libvirt_progress(lv);
	memset(maps, 0, len * (size_t)nvcpus);
	return virDomainGetVcpuPinInfo(dom, nvcpus, maps, (int)len, VIR_DOMAIN_AFFECT_CURRENT);
}

/* A guest that can't be asked stays without: the next minute will tell. */
static bool
read_affinity(struct host_look *look, struct guest *guest, struct affinity *affinity)
{
	size_t len = VIR_CPU_MAPLEN(detail_ncpus(look->lv));
	int nvcpus = guest->vcpus_max > 0 ? (int)MIN(guest->vcpus_max, VCPUS_MAX) : VCPUS_MAX;
	g_autofree unsigned char *maps = g_malloc0(len * (size_t)nvcpus);
	int n = fetch_maps(look->lv, guest->dom, nvcpus, maps, len);

	libvirt_progress(look->lv);
	cpu_set_clear(&affinity->cpus);
	affinity->read_us = clock_now_us();
	affinity->changes = guest->changes;
	affinity->id = (int)virDomainGetID(guest->dom);
	if (n < 0)
		return !libvirt_lost(look->lv, look->error, "read where a guest may run");
	affinity->cpus = join_maps(maps, len, MIN(n, nvcpus));
	return true;
}

static struct affinity *
affinity_of(struct inspect_host *host, const struct guest *guest)
{
	GBytes *key = g_bytes_new(guest->uuid, UUID_LEN);
	struct affinity *affinity = g_hash_table_lookup(host->affinities, key);

	if (affinity) {
		g_bytes_unref(key);
		return affinity;
	}
	affinity = g_new0(struct affinity, 1);
	g_hash_table_insert(host->affinities, key, affinity);
	return affinity;
}

static bool
is_current(const struct affinity *affinity, const struct guest *guest, int64_t now_us)
{
	return affinity->read_us && now_us - affinity->read_us < AFFINITY_US &&
	       affinity->changes == guest->changes && affinity->id == (int)virDomainGetID(guest->dom);
}

static void
add_affinity(struct host_look *look, const struct guest *guest, const struct affinity *affinity)
{
	struct vm_affinity *out = &look->detail->vms[look->detail->nvms];

	if (affinity->cpus.nbytes == 0)
		return;
	memcpy(out->uuid, guest->uuid, UUID_LEN);
	out->cpus = cpu_set_copy(&affinity->cpus);
	out->pinned = !cpu_set_full(&out->cpus, look->lv->pcpus);
	look->detail->nvms++;
}

static gboolean
is_forgotten(gpointer key, gpointer value, gpointer guests)
{
	(void)value;
	return !g_hash_table_contains(guests, g_bytes_get_data(key, NULL));
}

gint
affinity_by_age(gconstpointer a, gconstpointer b)
{
	int64_t x = (*(const struct affinity *const *)a)->read_us,
		y = (*(const struct affinity *const *)b)->read_us;

	return (x > y) - (x < y);
}

/* Of the guests that run; each knows its guest. */
static GPtrArray *
affinities_wanted(struct host_look *look)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, look->lv->guests);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct guest *guest = value;
		struct affinity *affinity;

		if (virDomainGetID(guest->dom) == (unsigned)-1 ||
			libvirt_is_dom0(look->lv, guest->uuid, (int)virDomainGetID(guest->dom)))
			continue;
		affinity = affinity_of(look->host, guest);
		affinity->guest = guest;
		g_ptr_array_add(all, affinity);
	}
	return all;
}

/* As many as there is time for, the others next time. */
static bool
read_in_turn(struct host_look *look, GPtrArray *all)
{
	g_autoptr(GPtrArray) turns = g_ptr_array_copy(all, NULL, NULL);
	int64_t end_us = clock_now_us() + TURNS_US;

	g_ptr_array_sort(turns, affinity_by_age);
	for (guint i = 0; i < turns->len && clock_now_us() < end_us; i++) {
		struct affinity *affinity = turns->pdata[i];

		if (!is_current(affinity, affinity->guest, look->now_us) &&
			!read_affinity(look, affinity->guest, affinity))
			return false;
	}
	return true;
}

bool
look_at_affinities(struct host_look *look)
{
	g_autoptr(GPtrArray) all = NULL;
	unsigned waiting = 0;

	g_hash_table_foreach_remove(look->host->affinities, is_forgotten, look->lv->guests);
	all = affinities_wanted(look);
	if (!read_in_turn(look, all))
		return false;
	look->detail->vms = g_new0(struct vm_affinity, all->len);
	for (guint i = 0; i < all->len; i++) { /* not in turn: pages keep this order */
		struct affinity *affinity = all->pdata[i];

		waiting += affinity->read_us == 0;
		add_affinity(look, affinity->guest, affinity);
	}
	if (waiting > 0)
		g_ptr_array_add(
			look->unknowns, g_strdup_printf("where %u guests may run: not asked yet", waiting));
	return true;
}
