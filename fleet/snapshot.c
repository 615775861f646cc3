/* snapshot: building, sharing and reading; snapshot_names.c, snapshot_facts.c and snapshot_details.c have the rest. */
#include "fleet/snapshot.h"

#include "fleet/pins.h"
#include "fleet/refs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- snapshots ---- */

const struct host_snap *
host_snap_ref(const struct host_snap *snap)
{
	refs_take(&snap->refs);
	return snap;
}

static void
host_snap_free(struct host_snap *snap)
{
	for (size_t i = 0; i < snap->nvms; i++)
		vm_facts_unref(snap->vms[i].facts);
	host_facts_unref(snap->facts);
	host_detail_unref(snap->detail);
	vm_detail_unref(snap->vm_detail);
	vm_pins_unref(snap->pins);
	g_free((struct vm *)(uintptr_t)snap->vms);
	g_free(snap->strings);
	g_free(snap);
}

void
host_snap_unref(const struct host_snap *snap)
{
	if (snap && refs_drop(&snap->refs))
		host_snap_free((struct host_snap *)(uintptr_t)snap);
}

const struct fleet_snap *
fleet_snap_ref(const struct fleet_snap *snap)
{
	refs_take(&snap->refs);
	return snap;
}

void
fleet_snap_unref(const struct fleet_snap *snap)
{
	if (!snap || !refs_drop(&snap->refs))
		return;
	for (size_t i = 0; i < snap->nhosts; i++)
		host_snap_unref(snap->hosts[i]);
	g_free((struct fleet_snap *)(uintptr_t)snap);
}

/* ---- building ---- */

static int
vm_compare(const void *a, const void *b)
{
	const struct vm *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : memcmp(left->uuid, right->uuid, UUID_LEN);
}

/* Copies TEXT to *AT and moves it on; NULL stays NULL. */
static const char *
strings_add(char **at, const char *text)
{
	const char *copy = *at;

	if (!text)
		return NULL;
	*at = stpcpy(*at, text) + 1;
	return copy;
}

static size_t
strings_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

bool
vm_is_running(const struct vm *vm)
{
	return vm->state == VM_STATE_RUNNING || vm->state == VM_STATE_IDLE || vm->state == VM_STATE_STOPPING;
}

/* A guest that holds its memory and its vCPUs on the host, whether they turn or not. */
static bool
vm_is_active(const struct vm *vm)
{
	return vm_is_running(vm) || vm->state == VM_STATE_PAUSED || vm->state == VM_STATE_SUSPENDED;
}

static void
host_set(struct host_snap *snap, enum host_field field, double value)
{
	snap->value[field] = value;
	snap->valid |= 1u << field;
}

/* Adds a guest's VM_FIELD into HOST_FIELD; the sum is known when at least one guest's part is. */
static void
host_add(struct host_snap *snap, enum host_field field, const struct vm *vm, enum vm_field part)
{
	if (VM_HAS(vm, part))
		host_set(snap, field, (HOST_HAS(snap, field) ? snap->value[field] : 0) + vm->value[part]);
}

static void
host_sum(struct host_snap *snap)
{
	static const struct {
		enum host_field sum;
		enum vm_field part;
	} sums[] = {
		{ HOST_NET, VM_NET },
		{ HOST_NET_RX, VM_NET_RX },
		{ HOST_NET_TX, VM_NET_TX },
		{ HOST_DISK, VM_DISK },
		{ HOST_DISK_RD, VM_DISK_RD },
		{ HOST_DISK_WR, VM_DISK_WR },
		{ HOST_MEM_PROMISED, VM_MEM },
		{ HOST_VCPUS, VM_VCPUS },
	};
	size_t total = 0, running = 0;

	for (size_t i = 0; i < G_N_ELEMENTS(sums); i++)
		snap->valid &= ~(1u << sums[i].sum);
	for (size_t i = 0; i < snap->nvms; i++) {
		const struct vm *vm = &snap->vms[i];

		if (vm->is_dom0)
			continue;
		total++;
		if (vm_is_running(vm))
			running++;
		if (vm_is_active(vm))
			for (size_t j = 0; j < G_N_ELEMENTS(sums); j++)
				host_add(snap, sums[j].sum, vm, sums[j].part);
	}
	host_set(snap, HOST_VMS, (double)total);
	host_set(snap, HOST_VMS_RUNNING, (double)running);
	if (running == 0) { /* nothing runs: these sums are truly zero */
		host_set(snap, HOST_MEM_PROMISED,
			HOST_HAS(snap, HOST_MEM_PROMISED) ? snap->value[HOST_MEM_PROMISED] : 0);
		host_set(snap, HOST_VCPUS, HOST_HAS(snap, HOST_VCPUS) ? snap->value[HOST_VCPUS] : 0);
	}
	if (HOST_HAS(snap, HOST_PCPUS) && snap->value[HOST_PCPUS] > 0 && HOST_HAS(snap, HOST_VCPUS))
		host_set(snap, HOST_VCPU_RATIO, snap->value[HOST_VCPUS] / snap->value[HOST_PCPUS]);
	if (HOST_HAS(snap, HOST_MEM_TOTAL) && snap->value[HOST_MEM_TOTAL] > 0) {
		if (HOST_HAS(snap, HOST_MEM_USED))
			host_set(snap, HOST_MEM_USED_PCT,
				100 * snap->value[HOST_MEM_USED] / snap->value[HOST_MEM_TOTAL]);
		if (HOST_HAS(snap, HOST_MEM_PROMISED))
			host_set(snap, HOST_MEM_PROMISED_PCT,
				100 * snap->value[HOST_MEM_PROMISED] / snap->value[HOST_MEM_TOTAL]);
	}
}

/* A copy of SKELETON with VMS, all strings in one block of their own. */
static struct host_snap *
host_snap_copy(const struct host_snap *skeleton, const struct vm *vms, size_t nvms)
{
	struct host_snap *snap = g_new(struct host_snap, 1);
	struct vm *copy = g_new(struct vm, nvms);
	size_t size = strings_size(skeleton->name) + strings_size(skeleton->why);
	char *at;

	*snap = *skeleton;
	snap->refs = 1;
	for (size_t i = 0; i < nvms; i++)
		size += strings_size(vms[i].name) + strings_size(vms[i].reason);
	at = snap->strings = g_malloc(size + 1);
	snap->name = strings_add(&at, skeleton->name);
	snap->why = strings_add(&at, skeleton->why);
	for (size_t i = 0; i < nvms; i++) {
		copy[i] = vms[i];
		copy[i].host = snap;
		copy[i].name = strings_add(&at, vms[i].name);
		copy[i].reason = strings_add(&at, vms[i].reason);
		vm_facts_ref(vms[i].facts);
	}
	snap->vms = copy;
	snap->nvms = nvms;
	host_facts_ref(skeleton->facts);
	host_detail_ref(skeleton->detail);
	vm_detail_ref(skeleton->vm_detail);
	vm_pins_ref(skeleton->pins);
	return snap;
}

/* FNV-1a. */
static uint64_t
hash_add(uint64_t hash, const void *data, size_t n)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t
vms_hash(const struct vm *vms, size_t nvms)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < nvms; i++) {
		hash = hash_add(hash, vms[i].uuid, UUID_LEN);
		hash = hash_add(hash, vms[i].name, strlen(vms[i].name) + 1);
	}
	return hash;
}

const struct host_snap *
host_snap_build(const struct host_snap *skeleton, const struct vm *vms, size_t nvms)
{
	struct host_snap *snap = host_snap_copy(skeleton, vms, nvms);

	if (nvms > 0) /* qsort() wants an array, even of nothing */
		qsort((struct vm *)(uintptr_t)snap->vms, nvms, sizeof(struct vm), vm_compare);
	snap->roster = vms_hash(snap->vms, nvms);
	if (snap->listed)
		host_sum(snap);
	return snap;
}

static_assert(offsetof(struct host_snap, refs) == 0, "host_snap_skeleton() copies all behind the count");

struct host_snap
host_snap_skeleton(const struct host_snap *snap)
{
	const size_t behind = sizeof snap->refs;
	struct host_snap skeleton = { .refs = 0 };

	memcpy((char *)&skeleton + behind, (const char *)snap + behind, sizeof skeleton - behind);
	return skeleton;
}

const struct host_snap *
host_snap_with_link(const struct host_snap *snap, enum link_state link, const char *why, int64_t since_us,
	int64_t retry_us)
{
	struct host_snap skeleton = host_snap_skeleton(snap);

	skeleton.link = link;
	skeleton.why = why;
	skeleton.link_since_us = since_us;
	skeleton.retry_us = retry_us;
	return host_snap_copy(&skeleton, snap->vms, snap->nvms);
}

/* ---- reading ---- */

/* Three missed intervals are "stale" (DESIGN.md, rule 8), but not before a slow answer had its chance. */
#define STALE_INTERVALS 3

enum link_state
host_snap_link(const struct host_snap *snap, int64_t now_us)
{
	int64_t age = now_us - snap->sampled_us;

	if (snap->link != LINK_UP || !snap->sampled_us)
		return snap->link;
	if (snap->once)
		age = 0;
	if (age > STALE_INTERVALS * snap->interval_us + snap->slow_us)
		return snap->warming ? LINK_SLOW : LINK_STALE;
	if (age > snap->interval_us + snap->slow_us ||
		(HOST_HAS(snap, HOST_SAMPLE_MS) &&
			snap->value[HOST_SAMPLE_MS] * 1000 > (double)snap->slow_us))
		return LINK_SLOW;
	return LINK_UP;
}

bool
host_snap_fresh(const struct host_snap *snap, int64_t now_us)
{
	enum link_state link = host_snap_link(snap, now_us);

	return snap->listed && (link == LINK_UP || link == LINK_SLOW);
}

bool
host_snap_meets(const struct host_snap *host, const struct snap_need *need)
{
	if (!host->listed || host->samples < need->samples || (need->host_facts && !host->facts))
		return false;
	for (size_t i = 0; need->vm_facts && i < host->nvms; i++)
		if (!host->vms[i].facts)
			return false;
	return true;
}

struct row_key
vm_key(const struct vm *vm)
{
	struct row_key key = { .host = vm->host->index };

	memcpy(key.uuid, vm->uuid, UUID_LEN);
	return key;
}

struct row_key
host_key(const struct host_snap *host)
{
	return (struct row_key){ .host = host->index, .is_host = true };
}

bool
row_key_equal(const struct row_key *a, const struct row_key *b)
{
	return a->host == b->host && a->is_host == b->is_host && memcmp(a->uuid, b->uuid, UUID_LEN) == 0;
}

gboolean
row_key_equal_g(gconstpointer a, gconstpointer b)
{
	return row_key_equal(a, b);
}

guint
row_key_hash(gconstpointer pointer)
{
	const struct row_key *key = pointer;
	uint32_t part[UUID_LEN / sizeof(uint32_t)];

	memcpy(part, key->uuid, UUID_LEN); /* a uuid is random enough as it is */
	return key->host * 2654435761u ^ part[0] ^ part[1] ^ part[2] ^ part[3] ^ key->is_host;
}

const struct vm *
fleet_snap_find_vm(const struct fleet_snap *snap, const struct row_key *key)
{
	const struct host_snap *host;

	if (key->is_host || key->host >= snap->nhosts)
		return NULL;
	host = snap->hosts[key->host];
	for (size_t i = 0; i < host->nvms; i++)
		if (memcmp(host->vms[i].uuid, key->uuid, UUID_LEN) == 0)
			return &host->vms[i];
	return NULL;
}

void
uuid_format(const uint8_t uuid[UUID_LEN], char out[37])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < UUID_LEN; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid[i] >> 4];
		*out++ = digits[uuid[i] & 15];
	}
	*out = '\0';
}

bool
uuid_parse(const char *text, uint8_t out[UUID_LEN])
{
	uint8_t uuid[UUID_LEN];

	for (size_t i = 0; i < UUID_LEN; i++) {
		if (*text == '-')
			text++;
		if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1]))
			return false;
		uuid[i] = (uint8_t)(g_ascii_xdigit_value(text[0]) << 4 | g_ascii_xdigit_value(text[1]));
		text += 2;
	}
	if (*text)
		return false;
	memcpy(out, uuid, UUID_LEN);
	return true;
}
