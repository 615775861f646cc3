#include "fleet/conn_libvirt_impl.h"

#include <string.h>

/* A guest that is off is read anew after so many samples. */
#define OFF_EVERY 30

struct waiting {
	struct guest *guest;
	int id;
};

struct queue {
	GArray *waiting; /* struct waiting, the one read longest ago first */
	guint next;
};

static gint
by_age(gconstpointer a, gconstpointer b)
{
	uint64_t x = ((const struct waiting *)a)->guest->read, y = ((const struct waiting *)b)->guest->read;

	return (x > y) - (x < y);
}

static bool
is_visible(const struct sample_opts *opts, const uint8_t uuid[UUID_LEN])
{
	for (size_t i = 0; i < opts->nvisible; i++)
		if (memcmp(opts->visible[i], uuid, UUID_LEN) == 0)
			return true;
	return false;
}

/* A guest that is off hardly changes without an event. */
static bool
needs_turn(const struct libvirt *lv, const struct guest *guest, int id)
{
	return guest->read == 0 || id >= 0 || guest->was_active || lv->samples - guest->read >= OFF_EVERY;
}

static void
fill_queues(struct libvirt *lv, const struct sample_opts *opts, const GArray *vms, struct queue *visible,
	struct queue *others)
{
	visible->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	others->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	for (guint i = 0; i < vms->len; i++) {
		const struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);
		struct waiting waiting = { .guest = guests_find(lv, vm->uuid), .id = vm->id };

		if (needs_turn(lv, waiting.guest, vm->id))
			g_array_append_val(
				is_visible(opts, vm->uuid) ? visible->waiting : others->waiting, waiting);
	}
	g_array_sort(visible->waiting, by_age);
	g_array_sort(others->waiting, by_age);
}

static const struct waiting *
queue_pop(struct queue *queue)
{
	return queue->next < queue->waiting->len
		       ? &g_array_index(queue->waiting, struct waiting, queue->next++)
		       : NULL;
}

/* Three turns for those on the screen, then one for the others, so that these get older but never old. */
static const struct waiting *
next_turn(struct queue *visible, struct queue *others, unsigned turn)
{
	struct queue *first = turn % 4 == 3 ? others : visible;
	const struct waiting *waiting = queue_pop(first);

	return waiting ? waiting : queue_pop(first == visible ? others : visible);
}

static bool
take_turns(struct libvirt *lv, const struct sample_opts *opts, const GArray *vms, GError **error)
{
	struct queue visible = { 0 }, others = { 0 };
	const struct waiting *waiting;
	bool ok = true;

	fill_queues(lv, opts, vms, &visible, &others);
	for (unsigned turn = 0; ok && (opts->calls == 0 || lv->spent < opts->calls); turn++) {
		waiting = next_turn(&visible, &others, turn);
		if (!waiting)
			break;
		ok = guest_read(lv, waiting->guest, waiting->id, error);
	}
	g_array_unref(visible.waiting);
	g_array_unref(others.waiting);
	return ok;
}

/* ---- into the sample ---- */

/* Puts what was read last into VM, unless the guest has been started or stopped since. */
static void
merge(const struct guest *guest, uint32_t raw_bits, struct vm_sample *vm)
{
	if (guest->read == 0 || guest->was_active != (vm->id >= 0))
		return;
	for (unsigned raw = 0; raw < RAW_COUNT; raw++)
		if (raw_bits & guest->last.valid & (1u << raw))
			vm_sample_set(vm, raw, guest->last.raw[raw]);
	if (vm->state == VM_STATE_UNKNOWN)
		vm->state = guest->last.state;
	vm->taken_us = guest->last.taken_us;
}

bool
guests_read(struct libvirt *lv, const struct sample_opts *opts, unsigned groups, GArray *vms, GError **error)
{
	uint32_t raw_bits = 0;

	for (unsigned g = 0; g < STATS_GROUP_COUNT; g++)
		if (groups & STATS_BIT(g))
			raw_bits |= stats_group_raw(g);
	if (raw_bits == 0)
		return true;
	if (!take_turns(lv, opts, vms, error))
		return false;
	for (guint i = 0; i < vms->len; i++) {
		struct vm_sample *vm = &g_array_index(vms, struct vm_sample, i);

		merge(guests_find(lv, vm->uuid), raw_bits, vm);
	}
	return true;
}
