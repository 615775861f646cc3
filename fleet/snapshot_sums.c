/* snapshot: what a host's guests come to, made by the host's thread so that nobody else has to look at all of them. */
#include "fleet/snapshot_private.h"

#include <string.h>

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
sum_fields(struct host_snap *snap)
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

static void
sum_add(struct sum *sum, const struct vm *vm, enum vm_field field)
{
	if (!VM_HAS(vm, field))
		return;
	sum->value += vm->value[field];
	sum->covered++;
}

static void
count_guest(struct guest_totals *totals, const struct vm *vm, bool fresh)
{
	totals->vms++;
	if (!fresh)
		totals->unknown++;
	else if (vm_is_running(vm))
		totals->running++;
	else
		totals->by_state[vm->state]++;
}

void
vm_totals_add(struct vm_totals *totals, const struct vm *vm, bool fresh)
{
	count_guest(&totals->guests, vm, fresh);
	if (!fresh || !vm_is_running(vm))
		return;
	sum_add(&totals->vcpus, vm, VM_VCPUS);
	sum_add(&totals->mem, vm, VM_MEM);
	sum_add(&totals->net, vm, VM_NET);
	sum_add(&totals->disk, vm, VM_DISK);
	if (VM_HAS(vm, VM_CPU) && VM_HAS(vm, VM_VCPUS)) {
		totals->cores_used.value += vm->value[VM_CPU] * vm->value[VM_VCPUS] / 100;
		totals->cores_used.covered++;
		sum_add(&totals->cpu_vcpus, vm, VM_VCPUS);
	}
}

static void
sum_join(struct sum *to, const struct sum *more)
{
	to->value += more->value;
	to->covered += more->covered;
}

void
guest_totals_join(struct guest_totals *to, const struct guest_totals *more, bool fresh)
{
	to->vms += more->vms;
	to->unknown += fresh ? more->unknown : more->vms;
	if (!fresh)
		return;
	to->running += more->running;
	for (int i = 0; i < VM_STATE_COUNT; i++)
		to->by_state[i] += more->by_state[i];
}

void
vm_totals_join(struct vm_totals *to, const struct vm_totals *more, bool fresh)
{
	guest_totals_join(&to->guests, &more->guests, fresh);
	if (!fresh)
		return;
	sum_join(&to->vcpus, &more->vcpus);
	sum_join(&to->mem, &more->mem);
	sum_join(&to->net, &more->net);
	sum_join(&to->disk, &more->disk);
	sum_join(&to->cores_used, &more->cores_used);
	sum_join(&to->cpu_vcpus, &more->cpu_vcpus);
}

/* ---- rosters ---- */

/* FNV-1a. */
#define HASH_START UINT64_C(0xcbf29ce484222325)

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
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < nvms; i++) {
		hash = hash_add(hash, vms[i].uuid, UUID_LEN);
		hash = hash_add(hash, vms[i].name, strlen(vms[i].name) + 1);
	}
	return hash;
}

static uint64_t
facts_hash(const struct host_snap *snap)
{
	uint64_t hash = hash_add(HASH_START, &snap->facts, sizeof(snap->facts));

	for (size_t i = 0; i < snap->nvms; i++)
		hash = hash_add(hash, &snap->vms[i].facts, sizeof(snap->vms[i].facts));
	return hash;
}

/* ---- digests ---- */

uint32_t
vm_tag(const uint8_t uuid[UUID_LEN])
{
	uint64_t half[2];

	memcpy(half, uuid, sizeof(half));
	return (uint32_t)(((half[0] ^ half[1]) * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
}

static void
make_gists(struct host_snap *snap)
{
	struct vm_gist *gists = g_new(struct vm_gist, snap->nvms);

	for (size_t i = 0; i < snap->nvms; i++)
		gists[i] = (struct vm_gist){
			.tag = vm_tag(snap->vms[i].uuid),
			.state = (uint8_t)snap->vms[i].state,
		};
	snap->gists = gists;
}

/* What a guest can be found by, in vm.words; NULL: it has none of these. */
static void
texts_of(const struct vm *vm, const char *texts[5])
{
	texts[0] = vm->name;
	texts[1] = vm->reason;
	texts[2] = vm->facts ? vm->facts->tenant : NULL;
	texts[3] = vm->facts ? vm->facts->title : NULL;
	texts[4] = vm->facts ? vm->facts->description : NULL;
}

static char *
add_lower(char *at, const char *text)
{
	for (; *text; text++)
		*at++ = (char)(*text >= 'A' && *text <= 'Z' ? *text | 0x20 : *text);
	*at++ = '\n';
	return at;
}

static void
make_words(struct host_snap *snap)
{
	struct vm *vms = (struct vm *)(uintptr_t)snap->vms;
	const char *texts[5];
	size_t size = 0;
	char *at;

	for (size_t i = 0; i < snap->nvms; i++) {
		texts_of(&vms[i], texts);
		size++;
		for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
			size += texts[j] ? strlen(texts[j]) + 1 : 0;
	}
	at = snap->words = g_malloc(size + 1);
	for (size_t i = 0; i < snap->nvms; i++) {
		texts_of(&vms[i], texts);
		vms[i].words = at;
		for (size_t j = 0; j < G_N_ELEMENTS(texts); j++)
			if (texts[j])
				at = add_lower(at, texts[j]);
		*at++ = '\0';
	}
}

void
snapshot_digest(struct host_snap *snap)
{
	make_gists(snap);
	make_words(snap);
}

void
snapshot_sum(struct host_snap *snap)
{
	snap->roster = vms_hash(snap->vms, snap->nvms);
	snap->facts_roster = facts_hash(snap);
	snapshot_digest(snap);
	snap->totals = (struct vm_totals){ 0 };
	for (size_t i = 0; i < snap->nvms; i++)
		if (!snap->vms[i].is_dom0)
			vm_totals_add(&snap->totals, &snap->vms[i], true);
	if (snap->listed)
		sum_fields(snap);
}
