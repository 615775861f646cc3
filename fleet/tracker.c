#include "fleet/tracker.h"

#include "fleet/rates.h"

#include <string.h>

struct tracker {
	struct host_sample prev; /* last sample, prev_known says whether there is one */
	bool prev_known;
	GHashTable *prev_index; /* uuid in prev → index + 1 */
	GHashTable *vm_facts;   /* uuid (GBytes) → const struct vm_facts * */
	const struct host_facts *host_facts;
};

static GBytes *
uuid_bytes(const uint8_t uuid[UUID_LEN])
{
	return g_bytes_new(uuid, UUID_LEN);
}

static void
facts_drop(gpointer facts)
{
	vm_facts_unref(facts);
}

struct tracker *
tracker_new(void)
{
	struct tracker *tracker = g_new0(struct tracker, 1);

	tracker->vm_facts =
		g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, facts_drop);
	tracker->prev_index =
		g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
	return tracker;
}

void
tracker_free(struct tracker *tracker)
{
	if (!tracker)
		return;
	if (tracker->prev_known)
		host_sample_done(&tracker->prev);
	host_facts_unref(tracker->host_facts);
	g_hash_table_unref(tracker->prev_index);
	g_hash_table_unref(tracker->vm_facts);
	g_free(tracker);
}

/* ---- numbers ---- */

/* The guest as it was published last, NULL: new. HINT: where it probably stands. */
static const struct vm *
snap_find(const struct host_snap *snap, const uint8_t uuid[UUID_LEN], size_t hint)
{
	if (hint < snap->nvms && memcmp(snap->vms[hint].uuid, uuid, UUID_LEN) == 0)
		return &snap->vms[hint];
	for (size_t i = 0; i < snap->nvms; i++)
		if (memcmp(snap->vms[i].uuid, uuid, UUID_LEN) == 0)
			return &snap->vms[i];
	return NULL;
}

static const struct vm_sample *
prev_find(const struct tracker *tracker, const uint8_t uuid[UUID_LEN])
{
	g_autoptr(GBytes) key = NULL;
	gpointer index;

	if (!tracker->prev_known)
		return NULL;
	key = g_bytes_new_static(uuid, UUID_LEN);
	index = g_hash_table_lookup(tracker->prev_index, key);
	return index ? &g_array_index(tracker->prev.vms, struct vm_sample, GPOINTER_TO_SIZE(index) - 1)
		     : NULL;
}

/* True when CUR comes so soon after PREV that PREV stays the one to compare with. */
static bool
too_soon(int64_t prev_us, uint32_t prev_valid, int64_t cur_us, uint32_t cur_valid)
{
	return cur_us - prev_us < TRACKER_RATE_GAP_US && (cur_valid & ~prev_valid) == 0;
}

/* Rates that could not be made anew stay as they were, as long as the guest's state did. */
static void
vm_keep_rates(const struct vm *old, struct vm *vm)
{
	if (!old || old->state != vm->state)
		return;
	for (unsigned field = 0; field < VM_FIELD_COUNT; field++)
		if (VM_HAS(old, field) && !VM_HAS(vm, field)) {
			vm->value[field] = old->value[field];
			vm->valid |= 1u << field;
		}
}

/* One guest of a snapshot from its sample. Numbers that were not read anew keep their last values, with their age; a
 * guest that does not run has no rates. */
static void
vm_build(const struct tracker *tracker, const struct host_snap *old, const struct vm_sample *sample,
	size_t hint, struct vm *out)
{
	const struct vm_sample *prev = prev_find(tracker, sample->uuid);
	g_autoptr(GBytes) key = g_bytes_new_static(sample->uuid, UUID_LEN);

	*out = (struct vm){
		.name = sample->name,
		.id = sample->id,
		.state = sample->state,
		.reason = sample->reason,
		.sampled_us = sample->taken_us,
		.is_dom0 = sample->is_dom0,
		.autostart = sample->autostart,
		.autostart_known = sample->autostart_known,
		.persistent = sample->persistent,
		.facts = g_hash_table_lookup(tracker->vm_facts, key),
	};
	memcpy(out->uuid, sample->uuid, UUID_LEN);
	if (prev && too_soon(prev->taken_us, prev->valid, sample->taken_us, sample->valid)) {
		rates_vm(NULL, sample, out);
		vm_keep_rates(snap_find(old, sample->uuid, hint), out);
	} else {
		rates_vm(prev, sample, out);
	}
}

/* A bare list has no numbers: until the next sample the last ones count, with their age. */
static void
sample_carry(const struct tracker *tracker, struct host_sample *cur)
{
	for (size_t i = 0; i < cur->vms->len; i++) {
		struct vm_sample *vm = &g_array_index(cur->vms, struct vm_sample, i);
		const struct vm_sample *prev = prev_find(tracker, vm->uuid);

		if (!prev)
			continue;
		vm->taken_us = prev->taken_us;
		vm->valid = prev->valid;
		memcpy(vm->raw, prev->raw, sizeof vm->raw);
	}
}

/* Keeps SAMPLE as the one that the next is compared with; where the last one still is that, its counters stay. */
static void
prev_store(struct tracker *tracker, struct host_sample *sample)
{
	for (size_t i = 0; i < sample->vms->len; i++) {
		struct vm_sample *vm = &g_array_index(sample->vms, struct vm_sample, i);
		const struct vm_sample *prev = prev_find(tracker, vm->uuid);

		if (prev && too_soon(prev->taken_us, prev->valid, vm->taken_us, vm->valid)) {
			vm->taken_us = prev->taken_us;
			vm->valid = prev->valid;
			memcpy(vm->raw, prev->raw, sizeof vm->raw);
		}
	}
	if (tracker->prev_known &&
		too_soon(tracker->prev.taken_us, tracker->prev.valid, sample->taken_us, sample->valid)) {
		sample->taken_us = tracker->prev.taken_us;
		sample->valid = tracker->prev.valid;
		memcpy(sample->raw, tracker->prev.raw, sizeof sample->raw);
	}
	if (tracker->prev_known)
		host_sample_done(&tracker->prev);
	tracker->prev = *sample;
	tracker->prev_known = true;
	g_hash_table_remove_all(tracker->prev_index);
	for (size_t i = 0; i < sample->vms->len; i++)
		g_hash_table_insert(tracker->prev_index,
			uuid_bytes(g_array_index(sample->vms, struct vm_sample, i).uuid),
			GSIZE_TO_POINTER(i + 1));
}

static bool
facts_all_read(const struct tracker *tracker, const struct vm *vms, size_t nvms)
{
	if (!tracker->host_facts)
		return false;
	for (size_t i = 0; i < nvms; i++)
		if (!vms[i].facts)
			return false;
	return true;
}

/* The host's own numbers; CPU use stays as it was when the last sample is too near. */
static void
host_build_numbers(const struct tracker *tracker, const struct host_snap *old,
	const struct host_sample *sample, const struct vm *vms, size_t nvms, int64_t took_us,
	struct host_snap *out)
{
	const struct host_sample *prev = tracker->prev_known ? &tracker->prev : NULL;

	if (prev && too_soon(prev->taken_us, prev->valid, sample->taken_us, sample->valid))
		prev = NULL;
	out->valid = 0;
	rates_host(prev, sample, vms, nvms, out);
	if (!prev && !HOST_HAS(out, HOST_CPU) && HOST_HAS(old, HOST_CPU)) {
		out->value[HOST_CPU] = old->value[HOST_CPU];
		out->valid |= 1u << HOST_CPU;
	}
	out->value[HOST_SAMPLE_MS] = (double)took_us / 1000;
	out->valid |= 1u << HOST_SAMPLE_MS;
}

const struct host_snap *
tracker_sample(struct tracker *tracker, const struct host_snap *old, const struct host_snap *link,
	struct host_sample *sample, enum sample_depth depth, int64_t took_us)
{
	struct host_snap skeleton = *link;
	const struct host_snap *snap;
	size_t nvms = sample->vms->len;
	g_autofree struct vm *vms = g_new0(struct vm, nvms);

	if (depth == SAMPLE_LIST)
		sample_carry(tracker, sample);
	for (size_t i = 0; i < nvms; i++)
		vm_build(tracker, old, &g_array_index(sample->vms, struct vm_sample, i), i, &vms[i]);

	skeleton.listed = true;
	skeleton.sampled_us = sample->taken_us;
	skeleton.facts = tracker->host_facts;
	skeleton.facts_complete = facts_all_read(tracker, vms, nvms);
	if (depth != SAMPLE_LIST)
		host_build_numbers(tracker, old, sample, vms, nvms, took_us, &skeleton);
	snap = host_snap_build(&skeleton, vms, nvms);
	prev_store(tracker, sample);
	return snap;
}

/* ---- facts ---- */

static gboolean
facts_is_gone(gpointer key, gpointer value, gpointer tracker)
{
	(void)value;
	return !g_hash_table_contains(((struct tracker *)tracker)->prev_index, key);
}

bool
tracker_next_unknown(struct tracker *tracker, uint8_t uuid[UUID_LEN])
{
	g_hash_table_foreach_remove(tracker->vm_facts, facts_is_gone, tracker);
	if (!tracker->prev_known)
		return false;
	for (size_t i = 0; i < tracker->prev.vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(tracker->prev.vms, struct vm_sample, i);
		g_autoptr(GBytes) key = g_bytes_new_static(vm->uuid, UUID_LEN);

		if (!g_hash_table_contains(tracker->vm_facts, key)) {
			memcpy(uuid, vm->uuid, UUID_LEN);
			return true;
		}
	}
	return false;
}

static void
facts_forget(struct tracker *tracker, const uint8_t uuid[UUID_LEN])
{
	g_autoptr(GBytes) key = g_bytes_new_static(uuid, UUID_LEN);

	g_hash_table_remove(tracker->vm_facts, key);
}

void
tracker_set_vm_facts(struct tracker *tracker, const uint8_t uuid[UUID_LEN], struct vm_facts *facts)
{
	if (facts)
		g_hash_table_replace(tracker->vm_facts, uuid_bytes(uuid), facts);
	else
		facts_forget(tracker, uuid);
}

void
tracker_set_host_facts(struct tracker *tracker, struct host_facts *facts)
{
	host_facts_unref(tracker->host_facts);
	tracker->host_facts = facts;
}

bool
tracker_knows_host(const struct tracker *tracker)
{
	return tracker->host_facts != NULL;
}

const struct host_snap *
tracker_with_facts(const struct tracker *tracker, const struct host_snap *old)
{
	struct host_snap skeleton = host_snap_skeleton(old);
	g_autofree struct vm *vms = g_memdup2(old->vms, old->nvms * sizeof(struct vm));

	for (size_t i = 0; i < old->nvms; i++) {
		g_autoptr(GBytes) key = g_bytes_new_static(vms[i].uuid, UUID_LEN);

		vms[i].facts = g_hash_table_lookup(tracker->vm_facts, key);
	}
	skeleton.facts = tracker->host_facts;
	skeleton.facts_complete = facts_all_read(tracker, vms, old->nvms);
	return host_snap_build(&skeleton, vms, old->nvms);
}
