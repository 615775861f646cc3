/* snapshot: building, sharing and reading; snapshot_sums.c has what the guests come to, snapshot_facts.c,
 * snapshot_details.c and snapshot_names.c the rest. */
#include "fleet/snapshot.h"

#include "fleet/pins.h"
#include "fleet/refs.h"
#include "fleet/snapshot_private.h"

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
	g_free((struct vm_gist *)(uintptr_t)snap->gists);
	g_free(snap->strings);
	g_free(snap->words);
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

const struct host_snap *
host_snap_build(const struct host_snap *skeleton, const struct vm *vms, size_t nvms)
{
	struct host_snap *snap = host_snap_copy(skeleton, vms, nvms);

	if (nvms > 0) /* qsort() wants an array, even of nothing */
		qsort((struct vm *)(uintptr_t)snap->vms, nvms, sizeof(struct vm), vm_compare);
	snapshot_sum(snap);
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
	struct host_snap skeleton = host_snap_skeleton(snap), *changed;

	skeleton.link = link;
	skeleton.why = why;
	skeleton.link_since_us = since_us;
	skeleton.retry_us = retry_us;
	changed = host_snap_copy(&skeleton, snap->vms, snap->nvms);
	snapshot_digest(changed);
	return changed;
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
