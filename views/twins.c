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

/* The paused ones, and which tags they have: a guest whose tag is not among these is none of them. */
#define TAG_BITS 16

struct waiting {
	GHashTable *paused;
	uint64_t tags[(1 << TAG_BITS) / 64];
};

static void
waiting_add(struct waiting *waiting, const struct vm *vm, uint32_t tag)
{
	uint32_t bit = tag >> (32 - TAG_BITS);

	g_hash_table_add(waiting->paused, (gpointer)(uintptr_t)vm);
	waiting->tags[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* VM runs: is it one that waits elsewhere? */
static void
waiting_find(const struct waiting *waiting, const struct vm *vm, uint32_t tag, GHashTable *out)
{
	uint32_t bit = tag >> (32 - TAG_BITS);
	gpointer twin;

	if (!(waiting->tags[bit / 64] >> bit % 64 & 1))
		return;
	twin = g_hash_table_lookup(waiting->paused, vm);
	if (twin)
		g_hash_table_add(out, twin);
}

static void
hosts_paused(const void *const *hosts, size_t n, struct waiting *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct host_snap *host = hosts[i];

		if (!host->totals.guests.by_state[VM_STATE_PAUSED])
			continue;
		for (size_t j = 0; j < host->nvms; j++)
			if (host->gists[j].state == VM_STATE_PAUSED)
				waiting_add(out, &host->vms[j], host->gists[j].tag);
	}
}

GHashTable *
twins_of_hosts(const void *const *hosts, size_t n, int64_t now_us)
{
	g_autoptr(GHashTable) paused = g_hash_table_new(twin_hash, twin_equal);
	struct waiting waiting = { .paused = paused };
	GHashTable *arriving;

	hosts_paused(hosts, n, &waiting);
	if (g_hash_table_size(paused) == 0)
		return NULL;
	arriving = g_hash_table_new(NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct host_snap *host = hosts[i];

		for (size_t j = 0; host_snap_fresh(host, now_us) && j < host->nvms; j++)
			if (vm_state_runs((enum vm_state)host->gists[j].state))
				waiting_find(&waiting, &host->vms[j], host->gists[j].tag, arriving);
	}
	return arriving;
}

GHashTable *
twins_of_vms(const void *const *vms, size_t n, int64_t now_us)
{
	g_autoptr(GHashTable) paused = g_hash_table_new(twin_hash, twin_equal);
	struct waiting waiting = { .paused = paused };
	GHashTable *arriving;

	for (size_t i = 0; i < n; i++) {
		const struct vm *vm = vms[i];

		if (vm->state == VM_STATE_PAUSED)
			waiting_add(&waiting, vm, vm_tag(vm->uuid));
	}
	if (g_hash_table_size(paused) == 0)
		return NULL;
	arriving = g_hash_table_new(NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct vm *vm = vms[i];

		if (vm_is_running(vm) && host_snap_fresh(vm->host, now_us))
			waiting_find(&waiting, vm, vm_tag(vm->uuid), arriving);
	}
	return arriving;
}
