/* history: feeding; history_read.c has the reading, history_line.c the rings. */
#include "views/history_private.h"

#include <math.h>
#include <string.h>

#define STALE_INTERVALS 3                 /* a host that missed so many samples has a gap … */
#define GONE_US         INT64_C(60000000) /* so long a guest that left may turn up on another host */

/* LINE may be NULL. */
static void
free_line(struct line *line)
{
	if (line)
		line_done(line);
	g_free(line);
}

static void
gone_clear(gpointer gone)
{
	free_line(((struct gone *)gone)->guest.line);
}

struct history *
history_new(void)
{
	struct history *history = g_new0(struct history, 1);

	line_init(&history->fleet);
	history->gone = g_array_new(FALSE, FALSE, sizeof(struct gone));
	g_array_set_clear_func(history->gone, gone_clear);
	return history;
}

static void
host_free(struct host *host)
{
	if (!host)
		return;
	for (size_t i = 0; i < host->nguests; i++)
		free_line(host->guests[i].line);
	line_done(&host->line);
	g_free(host->guests);
	g_free(host);
}

void
history_free(struct history *history)
{
	if (!history)
		return;
	for (size_t i = 0; i < history->nhosts; i++)
		host_free(history->hosts[i]);
	g_array_free(history->gone, TRUE);
	line_done(&history->fleet);
	g_free(history->hosts);
	g_free(history);
}

/* ---- guests ---- */

static double
vm_number(const struct vm *vm, enum vm_field field)
{
	return VM_HAS(vm, field) ? vm->value[field] : NAN;
}

static void
vm_numbers(const struct vm *vm, double out[HISTORY_SERIES_COUNT])
{
	enum vm_field used = VM_HAS(vm, VM_MEM_USED) ? VM_MEM_USED : VM_MEM_RSS;

	out[HISTORY_CPU] = vm_number(vm, VM_CPU);
	out[HISTORY_READY] = vm_number(vm, VM_READY);
	out[HISTORY_MEM] = 100 * vm_number(vm, used) / vm_number(vm, VM_MEM);
	out[HISTORY_NET_RX] = vm_number(vm, VM_NET_RX);
	out[HISTORY_NET_TX] = vm_number(vm, VM_NET_TX);
	out[HISTORY_DISK_RD] = vm_number(vm, VM_DISK_RD);
	out[HISTORY_DISK_WR] = vm_number(vm, VM_DISK_WR);
}

static bool
any_known(const double numbers[HISTORY_SERIES_COUNT])
{
	for (int i = 0; i < HISTORY_SERIES_COUNT; i++)
		if (!isnan(numbers[i]))
			return true;
	return false;
}

struct guest *
history_find_guest(const struct host *host, const uint8_t uuid[UUID_LEN], size_t hint)
{
	for (size_t n = 0; n < host->nguests; n++) {
		struct guest *guest = &host->guests[(hint + n) % host->nguests];

		if (memcmp(guest->uuid, uuid, UUID_LEN) == 0)
			return guest;
	}
	return NULL;
}

/* Takes LINE. */
static void
let_go(struct history *history, struct guest guest, int64_t at_us)
{
	struct gone gone = { .guest = guest, .at_us = at_us };

	if (guest.line)
		g_array_append_val(history->gone, gone);
}

/* The line of the guest that left another host, or this one; NULL: there was none. */
static struct line *
find_gone(struct history *history, const uint8_t uuid[UUID_LEN])
{
	for (guint i = 0; i < history->gone->len; i++) {
		struct gone *gone = &g_array_index(history->gone, struct gone, i);
		struct line *line = gone->guest.line;

		if (memcmp(gone->guest.uuid, uuid, UUID_LEN) != 0)
			continue;
		gone->guest.line = NULL;
		g_array_remove_index(history->gone, i);
		return line;
	}
	return NULL;
}

static void
forget_gone(struct history *history, int64_t now_us)
{
	guint n = 0;

	while (n < history->gone->len &&
		g_array_index(history->gone, struct gone, n).at_us < now_us - GONE_US)
		n++;
	if (n)
		g_array_remove_range(history->gone, 0, n);
}

/* Guests stand where they stood in the last snapshot, but for those that came or went. */
static void
match_guests(struct history *history, struct host *host, const struct host_snap *snap)
{
	struct guest *guests;
	size_t hint = 0;

	if (host->roster == snap->roster && host->nguests == snap->nvms)
		return;
	guests = g_new(struct guest, snap->nvms);
	for (size_t i = 0; i < snap->nvms; i++) {
		struct guest *old = history_find_guest(host, snap->vms[i].uuid, hint);

		memcpy(guests[i].uuid, snap->vms[i].uuid, UUID_LEN);
		guests[i].line = old ? g_steal_pointer(&old->line) : NULL;
		if (old)
			hint = (size_t)(old - host->guests) + 1;
	}
	for (size_t i = 0; i < host->nguests; i++)
		let_go(history, host->guests[i], snap->sampled_us);
	g_free(host->guests);
	host->guests = guests;
	host->nguests = snap->nvms;
	host->roster = snap->roster;
}

/* A guest's line runs ahead of the clock by so much, that the points of longer spans do not end at the same moment for all
 * 100,000 guests: to make them costs twenty times what else there is to do. The same on every host. */
int64_t
history_shift_us(const uint8_t uuid[UUID_LEN])
{
	return uuid[UUID_LEN - 1] % LINE_STEPS_1H * LINE_STEP_US;
}

/* What a guest uses is known once its balloon driver tells; what was held of it before is another thing. */
static void
note_source(struct line *line, const struct vm *vm)
{
	bool held = !VM_HAS(vm, VM_MEM_USED);

	if (line->mem_held == held || (held && !VM_HAS(vm, VM_MEM_RSS)))
		return;
	line_forget(line, HISTORY_MEM);
	line->mem_held = held;
}

/* A guest that was not read at each sample of its host has means over a longer time, but no gap: STEADY. */
static void
feed_guest(struct history *history, struct guest *guest, const struct vm *vm, bool steady,
	const double numbers[HISTORY_SERIES_COUNT])
{
	int64_t at_us = vm->sampled_us + history_shift_us(guest->uuid);
	bool first = !guest->line;

	if (first && !any_known(numbers))
		return;
	if (first)
		guest->line = find_gone(history, guest->uuid);
	if (!guest->line) {
		guest->line = g_new(struct line, 1);
		line_init(guest->line);
	}
	note_source(guest->line, vm);
	line_put(guest->line, steady && !first ? guest->line->at_us : at_us, at_us, numbers);
}

/* ---- hosts ---- */

static double
host_number(const struct host_snap *host, enum host_field field)
{
	return HOST_HAS(host, field) ? host->value[field] : NAN;
}

static void
feed_host(struct history *history, struct host *host, const struct host_snap *snap)
{
	int64_t before = host->line.at_us;
	bool steady = before && snap->sampled_us - before <= host->stale_us;
	double worst = NAN, numbers[HISTORY_SERIES_COUNT];

	for (size_t i = 0; i < snap->nvms; i++) {
		vm_numbers(&snap->vms[i], numbers);
		feed_guest(history, &host->guests[i], &snap->vms[i], steady, numbers);
		if (!snap->vms[i].is_dom0)
			worst = fmax(worst, numbers[HISTORY_READY]);
	}
	numbers[HISTORY_CPU] = host_number(snap, HOST_CPU);
	numbers[HISTORY_READY] = worst;
	numbers[HISTORY_MEM] = host_number(snap, HOST_MEM_USED_PCT);
	numbers[HISTORY_NET_RX] = host_number(snap, HOST_NET_RX);
	numbers[HISTORY_NET_TX] = host_number(snap, HOST_NET_TX);
	numbers[HISTORY_DISK_RD] = host_number(snap, HOST_DISK_RD);
	numbers[HISTORY_DISK_WR] = host_number(snap, HOST_DISK_WR);
	line_put(&host->line, steady ? before : snap->sampled_us, snap->sampled_us, numbers);
	host->stale_us = STALE_INTERVALS * snap->interval_us + snap->slow_us;
}

static struct host *
make_room(struct history *history, uint32_t index)
{
	if (index >= history->nhosts) {
		history->hosts = g_renew(struct host *, history->hosts, index + 1);
		memset(history->hosts + history->nhosts, 0,
			(index + 1 - history->nhosts) * sizeof(*history->hosts));
		history->nhosts = index + 1;
	}
	if (!history->hosts[index]) {
		history->hosts[index] = g_new0(struct host, 1);
		line_init(&history->hosts[index]->line);
	}
	return history->hosts[index];
}

/* ---- the fleet ---- */

/* Part of a whole, over the hosts that tell both. */
struct share {
	double part, whole;
};

static void
share_add(struct share *share, double part, double whole)
{
	if (isnan(part) || isnan(whole))
		return;
	share->part += part;
	share->whole += whole;
}

static double
share_pct(const struct share *share)
{
	return share->whole > 0 ? 100 * share->part / share->whole : NAN;
}

void
history_sum(double *sum, double number)
{
	if (!isnan(number))
		*sum = isnan(*sum) ? number : *sum + number;
}

static void
feed_fleet(struct history *history, const struct fleet_snap *snap, int64_t now_us)
{
	static const enum host_field rates[HISTORY_SERIES_COUNT] = {
		[HISTORY_NET_RX] = HOST_NET_RX,
		[HISTORY_NET_TX] = HOST_NET_TX,
		[HISTORY_DISK_RD] = HOST_DISK_RD,
		[HISTORY_DISK_WR] = HOST_DISK_WR,
	};
	struct share cpu = { 0, 0 }, mem = { 0, 0 };
	double numbers[HISTORY_SERIES_COUNT];
	bool steady = now_us - history->fleet.at_us <= FLEET_STALE_US;

	for (int i = 0; i < HISTORY_SERIES_COUNT; i++)
		numbers[i] = NAN;
	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];
		double pcpus = host_number(host, HOST_PCPUS), ready;

		if (!host_snap_fresh(host, now_us))
			continue;
		share_add(&cpu, pcpus * host_number(host, HOST_CPU) / 100, pcpus);
		share_add(&mem, host_number(host, HOST_MEM_USED), host_number(host, HOST_MEM_TOTAL));
		for (int j = HISTORY_NET_RX; j <= HISTORY_DISK_WR; j++)
			history_sum(&numbers[j], host_number(host, rates[j]));
		ready = host->index < history->nhosts && history->hosts[host->index]
				? line_newest(&history->hosts[host->index]->line, HISTORY_READY)
				: NAN;
		numbers[HISTORY_READY] = fmax(numbers[HISTORY_READY], ready);
	}
	numbers[HISTORY_CPU] = share_pct(&cpu);
	numbers[HISTORY_MEM] = share_pct(&mem);
	if (history->fleet.at_us || any_known(numbers))
		line_put(&history->fleet, steady ? history->fleet.at_us : now_us, now_us, numbers);
}

/* The slot of HOST when there is something new in it, else NULL. */
static struct host *
find_changed(struct history *history, const struct host_snap *host)
{
	struct host *slot;

	if (!host->samples) /* connected just now: what it shows is from before */
		return NULL;
	slot = make_room(history, host->index);
	return host->sampled_us > slot->line.at_us ? slot : NULL;
}

/* Does FN to the hosts with something new from PART's on, until GUESTS are used up. */
static void
each_changed(struct history *history, const struct fleet_snap *snap, struct history_part *part,
	size_t *guests, void (*fn)(struct history *history, struct host *host, const struct host_snap *snap))
{
	for (; part->host<snap->nhosts && * guests> 0; part->host++) {
		struct host *host = find_changed(history, snap->hosts[part->host]);

		if (!host)
			continue;
		fn(history, host, snap->hosts[part->host]);
		*guests -= MIN(*guests, snap->hosts[part->host]->nvms + 1);
	}
}

/* All guests that left are let go before any that came is fed: it may be the same one. */
bool
history_feed_part(struct history *history, const struct fleet_snap *snap, int64_t now_us,
	struct history_part *part, size_t guests)
{
	if (!part->matched) {
		each_changed(history, snap, part, &guests, match_guests);
		part->matched = part->host == snap->nhosts;
		part->host = part->matched ? 0 : part->host;
	}
	if (part->matched)
		each_changed(history, snap, part, &guests, feed_host);
	if (!part->matched || part->host < snap->nhosts)
		return false;
	forget_gone(history, now_us);
	feed_fleet(history, snap, now_us);
	return true;
}

void
history_feed(struct history *history, const struct fleet_snap *snap, int64_t now_us)
{
	struct history_part part = { 0 };

	while (!history_feed_part(history, snap, now_us, &part, SIZE_MAX))
		;
}
