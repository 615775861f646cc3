#include "fleet/tracker.h"

#include "fleet/rates.h"

#include <string.h>

/* A guest of the last sample. */
struct known {
	struct vm_sample prev;        /* what the next is compared with; no name */
	const struct vm_facts *facts; /* a reference; NULL: not read */
	uint64_t round;               /* number of the last sample that had it */
};

struct tracker {
	struct host_sample prev; /* last sample, without its guests; prev_known says whether there is one */
	bool prev_known;
	uint64_t round;  /* number of the last sample */
	GHashTable *vms; /* uuid in the guest to struct known, owned */
	const struct host_facts *host_facts;
};

static guint
uuid_hash(gconstpointer key)
{
	const uint8_t *uuid = key;
	guint hash;

	memcpy(&hash, uuid + UUID_LEN - sizeof hash, sizeof hash); /* random enough as it is */
	return hash;
}

static gboolean
uuid_equal(gconstpointer a, gconstpointer b)
{
	return memcmp(a, b, UUID_LEN) == 0;
}

static void
known_free(gpointer data)
{
	struct known *known = data;

	vm_facts_unref(known->facts);
	g_free(known);
}

struct tracker *
tracker_new(void)
{
	struct tracker *tracker = g_new0(struct tracker, 1);

	tracker->vms = g_hash_table_new_full(uuid_hash, uuid_equal, NULL, known_free);
	return tracker;
}

void
tracker_free(struct tracker *tracker)
{
	if (!tracker)
		return;
	host_facts_unref(tracker->host_facts);
	g_hash_table_unref(tracker->vms);
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
	const struct known *known = g_hash_table_lookup(tracker->vms, uuid);

	return known ? &known->prev : NULL;
}

static const struct vm_facts *
facts_find(const struct tracker *tracker, const uint8_t uuid[UUID_LEN])
{
	const struct known *known = g_hash_table_lookup(tracker->vms, uuid);

	return known ? known->facts : NULL;
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

/* When the guest came into its state, as far as we were watching: another number of the hypervisor's is another start. */
static int64_t
vm_since(const struct host_snap *old, const struct vm *was, const struct vm_sample *sample)
{
	if (!was)
		return old->listed ? sample->taken_us : 0;
	return was->state == sample->state && was->id == sample->id ? was->since_us : sample->taken_us;
}

/* One guest of a snapshot from its sample. Numbers that were not read anew keep their last values, with their age; a
 * guest that does not run has no rates. */
static void
vm_build(const struct tracker *tracker, const struct host_snap *old, const struct vm_sample *sample,
	size_t hint, struct vm *out)
{
	const struct vm_sample *prev = prev_find(tracker, sample->uuid);
	const struct vm *was = snap_find(old, sample->uuid, hint);

	*out = (struct vm){
		.name = sample->name,
		.id = sample->id,
		.state = sample->state,
		.reason = sample->reason,
		.sampled_us = sample->taken_us,
		.since_us = vm_since(old, was, sample),
		.is_dom0 = sample->is_dom0,
		.autostart = sample->autostart,
		.autostart_known = sample->autostart_known,
		.persistent = sample->persistent,
		.facts = facts_find(tracker, sample->uuid),
	};
	memcpy(out->uuid, sample->uuid, UUID_LEN);
	if (prev && too_soon(prev->taken_us, prev->valid, sample->taken_us, sample->valid)) {
		rates_vm(NULL, sample, out);
		vm_keep_rates(was, out);
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

static struct known *
known_make(struct tracker *tracker, const uint8_t uuid[UUID_LEN])
{
	struct known *known = g_hash_table_lookup(tracker->vms, uuid);

	if (known)
		return known;
	known = g_new0(struct known, 1);
	memcpy(known->prev.uuid, uuid, UUID_LEN);
	g_hash_table_insert(tracker->vms, known->prev.uuid, known);
	return known;
}

static gboolean
known_is_gone(gpointer key, gpointer value, gpointer tracker)
{
	(void)key;
	return ((const struct known *)value)->round != ((const struct tracker *)tracker)->round;
}

/* Keeps SAMPLE, whose contents are taken, as the one that the next is compared with; where the last one still is that, its
 * counters stay. Guests that are gone are forgotten. */
static void
prev_store(struct tracker *tracker, struct host_sample *sample)
{
	tracker->round++;
	for (size_t i = 0; i < sample->vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(sample->vms, struct vm_sample, i);
		struct known *known = known_make(tracker, vm->uuid);

		if (known->round == 0 ||
			!too_soon(known->prev.taken_us, known->prev.valid, vm->taken_us, vm->valid))
			known->prev = *vm;
		known->prev.name = NULL;
		known->round = tracker->round;
	}
	g_hash_table_foreach_remove(tracker->vms, known_is_gone, tracker);
	if (!tracker->prev_known ||
		!too_soon(tracker->prev.taken_us, tracker->prev.valid, sample->taken_us, sample->valid))
		tracker->prev = *sample;
	tracker->prev.vms = NULL;
	tracker->prev_known = true;
	host_sample_done(sample);
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

bool
tracker_next_unknown(struct tracker *tracker, uint8_t uuid[UUID_LEN])
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, tracker->vms);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		const struct known *known = value;

		if (known->facts)
			continue;
		memcpy(uuid, known->prev.uuid, UUID_LEN);
		return true;
	}
	return false;
}

void
tracker_set_vm_facts(struct tracker *tracker, const uint8_t uuid[UUID_LEN], struct vm_facts *facts)
{
	struct known *known = g_hash_table_lookup(tracker->vms, uuid);

	if (!known) { /* it is gone */
		vm_facts_unref(facts);
		return;
	}
	vm_facts_unref(known->facts);
	known->facts = facts;
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

	for (size_t i = 0; i < old->nvms; i++)
		vms[i].facts = facts_find(tracker, vms[i].uuid);
	skeleton.facts = tracker->host_facts;
	skeleton.facts_complete = facts_all_read(tracker, vms, old->nvms);
	return host_snap_build(&skeleton, vms, old->nvms);
}
