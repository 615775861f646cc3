#include "fleet/conn_libvirt_impl.h"

#include "fleet/clock.h"

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
	unsigned spent; /* round trips */
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

static bool
is_empty(const struct queue *queue)
{
	return queue->next >= queue->waiting->len;
}

/* Three turns for those on the screen, then one for the others, so that these get older but never old. NULL: no more. */
static struct queue *
next_queue(const struct sample_opts *opts, struct queue *visible, struct queue *others, unsigned turn)
{
	bool others_may = !is_empty(others) && (!opts->limited || others->spent < opts->calls);

	if (opts->limited && clock_now_us() > opts->until_us)
		return NULL;
	if (others_may && (turn % 4 == 3 || is_empty(visible)))
		return others;
	return is_empty(visible) ? NULL : visible;
}

static bool
take_turn(struct libvirt *lv, struct queue *queue, GError **error)
{
	const struct waiting *waiting = &g_array_index(queue->waiting, struct waiting, queue->next++);
	unsigned before = lv->spent;
	bool ok = guest_read(lv, waiting->guest, waiting->id, error);

	queue->spent += lv->spent - before;
	if (ok)
		libvirt_progress(lv);
	return ok;
}

static bool
take_turns(struct libvirt *lv, const struct sample_opts *opts, struct host_sample *out, GError **error)
{
	struct queue visible = { 0 }, others = { 0 }, *queue;
	bool ok = true;

	fill_queues(lv, opts, out->vms, &visible, &others);
	for (unsigned turn = 0; ok && (queue = next_queue(opts, &visible, &others, turn)); turn++)
		ok = take_turn(lv, queue, error);
	out->one_by_one = true;
	out->calls = others.spent;
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
	if (vm->state != guest->state) { /* it has told us since the list did */
		vm->state = guest->state;
		vm->reason = guest->reason;
	}
	vm->taken_us = guest->last.taken_us;
}

bool
guests_read(struct libvirt *lv, const struct sample_opts *opts, unsigned groups, struct host_sample *out,
	GError **error)
{
	uint32_t raw_bits = 0;

	for (unsigned g = 0; g < STATS_GROUP_COUNT; g++)
		if (groups & STATS_BIT(g))
			raw_bits |= stats_group_raw(g);
	if (raw_bits == 0)
		return true;
	if (!take_turns(lv, opts, out, error))
		return false;
	for (guint i = 0; i < out->vms->len; i++) {
		struct vm_sample *vm = &g_array_index(out->vms, struct vm_sample, i);

		merge(guests_find(lv, vm->uuid), raw_bits, vm);
	}
	return true;
}
