#include "views/twins.h"

#include <string.h>

/* Names the guest whatever host it is on. */
static guint
twin_hash(gconstpointer pointer)
{
	const struct vm *vm = pointer;
	guint hash;

	memcpy(&hash, vm->uuid, sizeof(hash));
	return hash;
}

static gboolean
twin_equal(gconstpointer a, gconstpointer b)
{
	const struct vm *left = a, *right = b;

	return memcmp(left->uuid, right->uuid, UUID_LEN) == 0 && strcmp(left->name, right->name) == 0;
}

/* Where to look: hosts or guests. */
struct crowd {
	const void *const *hosts, *const *vms;
	size_t n;
	int64_t now_us;
};

/* Calls EACH for the guests of all hosts that answer. */
static void
each_guest(const struct crowd *crowd, void (*each)(GHashTable *table, GHashTable *out, const struct vm *vm),
	GHashTable *table, GHashTable *out)
{
	for (size_t i = 0; crowd->vms && i < crowd->n; i++) {
		const struct vm *vm = crowd->vms[i];

		if (host_snap_fresh(vm->host, crowd->now_us))
			each(table, out, vm);
	}
	for (size_t i = 0; crowd->hosts && i < crowd->n; i++) {
		const struct host_snap *host = crowd->hosts[i];

		for (size_t j = 0; host_snap_fresh(host, crowd->now_us) && j < host->nvms; j++)
			each(table, out, &host->vms[j]);
	}
}

static void
add_paused(GHashTable *paused, GHashTable *out G_GNUC_UNUSED, const struct vm *vm)
{
	if (vm->state == VM_STATE_PAUSED)
		g_hash_table_add(paused, (gpointer)(uintptr_t)vm);
}

static void
add_arriving(GHashTable *paused, GHashTable *out, const struct vm *vm)
{
	gpointer twin = vm_is_running(vm) ? g_hash_table_lookup(paused, vm) : NULL;

	if (twin)
		g_hash_table_add(out, twin);
}

static GHashTable *
find(const struct crowd *crowd)
{
	g_autoptr(GHashTable) paused = g_hash_table_new(twin_hash, twin_equal);
	GHashTable *arriving;

	each_guest(crowd, add_paused, paused, NULL);
	if (g_hash_table_size(paused) == 0)
		return NULL;
	arriving = g_hash_table_new(NULL, NULL);
	each_guest(crowd, add_arriving, paused, arriving);
	return arriving;
}

GHashTable *
twins_of_hosts(const void *const *hosts, size_t n, int64_t now_us)
{
	return find(&(struct crowd){ .hosts = hosts, .n = n, .now_us = now_us });
}

GHashTable *
twins_of_vms(const void *const *vms, size_t n, int64_t now_us)
{
	return find(&(struct crowd){ .vms = vms, .n = n, .now_us = now_us });
}
