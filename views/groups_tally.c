/* groups: counting. */
#include "views/groups_private.h"

#include "views/group_names.h"
#include "views/twins.h"

#include <assert.h>
#include <string.h>

#define NO_HOST UINT32_MAX

/* ---- groups ---- */

/* A digest of DIMENSION and NAME, so that cursor and marks stay with the group. */
static void
group_identify(struct group *group, const struct groups *groups)
{
	g_autofree char *by = groups_by_name(groups);
	g_autoptr(GChecksum) digest = g_checksum_new(G_CHECKSUM_MD5);
	gsize length = UUID_LEN;

	static_assert(UUID_LEN == 16, "as long as an MD5");
	g_checksum_update(digest, (const guchar *)by, (gssize)strlen(by) + 1);
	if (group->name)
		g_checksum_update(digest, (const guchar *)group->name, -1);
	group->key = (struct row_key){ .host = NO_HOST };
	g_checksum_get_digest(digest, group->key.uuid, &length);
}

static void
group_free(gpointer pointer)
{
	struct group *group = pointer;

	g_free(group->name);
	g_free(group->next);
	g_free(group);
}

static void
group_reset(struct group *group)
{
	memset(&group->totals, 0, sizeof(group->totals));
	memset(group->sums, 0, sizeof(group->sums));
	group->mem_telling = (struct sum){ 0 };
	group->hosts = group->crashed = 0;
	group->waiting = NULL;
	group->host_seen = NO_HOST;
}

static struct group *
tally_group(struct tally *tally, const char *name)
{
	struct group *group = name ? g_hash_table_lookup(tally->by_name, name) : tally->nameless;

	if (group)
		return group;
	group = g_new0(struct group, 1);
	group->tally = tally;
	group->name = g_strdup(name);
	group->next = g_new0(struct group, 1);
	group_identify(group, tally->groups);
	group_reset(group->next);
	g_ptr_array_add(tally->all, group);
	if (name)
		g_hash_table_insert(tally->by_name, group->name, group);
	else
		tally->nameless = group;
	return group;
}

static void
group_add_running(struct group *group, const struct vm *vm)
{
	static const enum vm_field fields[GROUP_SUM_COUNT] = {
		[GROUP_MEM_USED] = VM_MEM_USED,
		[GROUP_RSS] = VM_MEM_RSS,
		[GROUP_NET_RX] = VM_NET_RX,
		[GROUP_NET_TX] = VM_NET_TX,
		[GROUP_DISK_RD] = VM_DISK_RD,
		[GROUP_DISK_WR] = VM_DISK_WR,
	};

	for (size_t i = 0; i < GROUP_SUM_COUNT; i++) {
		if (!VM_HAS(vm, fields[i]))
			continue;
		group->sums[i].value += vm->value[fields[i]];
		group->sums[i].covered++;
	}
	if (VM_HAS(vm, VM_MEM_USED) && VM_HAS(vm, VM_MEM)) {
		group->mem_telling.value += vm->value[VM_MEM];
		group->mem_telling.covered++;
	}
	if (VM_HAS(vm, VM_READY) &&
		(!group->waiting || vm->value[VM_READY] > group->waiting->value[VM_READY]))
		group->waiting = vm;
}

static void
group_add(struct group *group, const struct vm *vm, bool fresh)
{
	if (group->host_seen != vm->host->index) {
		group->host_seen = vm->host->index;
		group->hosts++;
	}
	vm_totals_add(&group->totals, vm, fresh);
	if (!fresh)
		return;
	if (vm_is_running(vm)) {
		group_add_running(group, vm);
	} else if (vm_plight(vm) != PLIGHT_NONE) {
		group->crashed++;
		group->totals.guests.by_state[vm->state]--;
	}
}

/* What was counted in NEXT is the group's now. */
static void
group_publish(struct group *group, const struct group *next)
{
	group->totals = next->totals;
	memcpy(group->sums, next->sums, sizeof(group->sums));
	group->mem_telling = next->mem_telling;
	group->hosts = next->hosts;
	group->crashed = next->crashed;
	group->waiting = next->waiting;
}

/* ---- gathering ---- */

struct tally *
tally_new(const struct groups *groups)
{
	struct tally *tally = g_new0(struct tally, 1);

	tally->groups = groups;
	tally->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	tally->all = g_ptr_array_new_with_free_func(group_free);
	tally->fresh = g_byte_array_new();
	tally->next.fresh = g_byte_array_new();
	tally->next.all = g_new0(struct group, 1);
	return tally;
}

static void
tally_next_done(struct tally *tally)
{
	g_clear_pointer(&tally->next.snap, fleet_snap_unref);
	g_clear_pointer(&tally->next.arriving, g_hash_table_unref);
}

/* Forgets the count under way, and the tokens of guests that nobody keeps alive any more. */
static void
tally_give_up(struct tally *tally)
{
	for (size_t i = 0; tally->next.snap && i < tally->next.host; i++) {
		struct host_memo *memo = &tally->hosts[tally->next.snap->hosts[i]->index];

		memset(memo->memos, 0, memo->n * sizeof(*memo->memos));
	}
	tally_next_done(tally);
}

void
tally_free(struct tally *tally)
{
	if (!tally)
		return;
	for (size_t i = 0; i < tally->nhosts; i++)
		g_free(tally->hosts[i].memos);
	g_free(tally->hosts);
	g_hash_table_destroy(tally->by_name);
	g_ptr_array_free(tally->all, TRUE);
	g_byte_array_free(tally->fresh, TRUE);
	tally_next_done(tally);
	g_byte_array_free(tally->next.fresh, TRUE);
	g_free(tally->next.all);
	fleet_snap_unref(tally->snap);
	g_free(tally);
}

/* Do the same hosts of SNAP answer as FRESH says? */
static bool
same_fresh(const GByteArray *fresh, const struct fleet_snap *snap, int64_t now_us)
{
	for (size_t i = 0; i < snap->nhosts; i++)
		if (i >= fresh->len || fresh->data[i] != host_snap_fresh(snap->hosts[i], now_us))
			return false;
	return true;
}

/* Makes HOST's memo as long as it has guests; what it knows of these places stays. */
static struct memo *
host_memos(struct tally *tally, const struct host_snap *host)
{
	struct host_memo *memo = &tally->hosts[host->index];

	if (memo->n == host->nvms)
		return memo->memos;
	memo->memos = g_renew(struct memo, memo->memos, host->nvms);
	if (memo->n < host->nvms)
		memset(memo->memos + memo->n, 0, (host->nvms - memo->n) * sizeof(*memo->memos));
	memo->n = host->nvms;
	return memo->memos;
}

/* Guests that are counted; ARRIVING: those that run elsewhere by now, NULL: none. */
static bool
counted(const struct vm *vm, GHashTable *arriving)
{
	return !vm->is_dom0 && !(arriving && g_hash_table_contains(arriving, vm));
}

static void
add_by_guest(struct tally *tally, const struct host_snap *host, bool fresh, GHashTable *arriving)
{
	const struct group_dimension *dimension = &group_dimensions[tally->groups->by];
	struct memo *memos = host_memos(tally, host);

	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];
		const void *token = dimension->token(vm, fresh);

		if (!counted(vm, arriving)) {
			memos[i] = (struct memo){ 0 };
			continue;
		}
		if (!memos[i].group || memos[i].token != token)
			memos[i] = (struct memo){ token, tally_group(tally, dimension->name_of(vm, fresh)) };
		group_add(memos[i].group->next, vm, fresh);
		group_add(tally->next.all, vm, fresh);
		tally->next.unread += !vm->facts && memos[i].group == tally->nameless;
	}
}

/* The groups that HOST's guests are in: one, or as many as it has tags. */
static GPtrArray *
groups_of_host(struct tally *tally, const struct host_snap *host)
{
	GPtrArray *found = g_ptr_array_new();

	group_dimensions[tally->groups->by].of_host(tally->groups, host, found);
	if (found->len == 0)
		g_ptr_array_add(found, NULL);
	for (guint i = 0; i < found->len; i++)
		found->pdata[i] = tally_group(tally, found->pdata[i]);
	return found;
}

static void
add_by_host(struct tally *tally, const struct host_snap *host, bool fresh, GHashTable *arriving)
{
	g_autoptr(GPtrArray) found = NULL;

	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];

		if (!counted(vm, arriving))
			continue;
		if (!found)
			found = groups_of_host(tally, host);
		for (guint j = 0; j < found->len; j++)
			group_add(((struct group *)found->pdata[j])->next, vm, fresh);
		group_add(tally->next.all, vm, fresh);
	}
}

static void
count_begin(struct tally *tally, const struct fleet_snap *snap, int64_t now_us)
{
	tally_give_up(tally);
	tally->next.snap = fleet_snap_ref(snap);
	tally->next.arriving = twins_of_hosts((const void *const *)snap->hosts, snap->nhosts, now_us);
	tally->next.host = tally->next.unread = 0;
	g_byte_array_set_size(tally->next.fresh, (guint)snap->nhosts);
	for (size_t i = 0; i < snap->nhosts; i++)
		tally->next.fresh->data[i] = host_snap_fresh(snap->hosts[i], now_us);
	group_reset(tally->next.all);
	for (guint i = 0; i < tally->all->len; i++)
		group_reset(((struct group *)tally->all->pdata[i])->next);
	if (tally->nhosts < snap->nhosts) {
		tally->hosts = g_renew(struct host_memo, tally->hosts, snap->nhosts);
		memset(tally->hosts + tally->nhosts, 0,
			(snap->nhosts - tally->nhosts) * sizeof(*tally->hosts));
		tally->nhosts = snap->nhosts;
	}
}

/* Counts about GUESTS more guests; true: these were the last. */
static bool
count_on(struct tally *tally, size_t guests)
{
	bool by_host = group_dimensions[tally->groups->by].of_host;
	const struct fleet_snap *snap = tally->next.snap;

	for (; tally->next.host < snap->nhosts && guests > 0; tally->next.host++) {
		const struct host_snap *host = snap->hosts[tally->next.host];

		(by_host ? add_by_host : add_by_guest)(
			tally, host, tally->next.fresh->data[tally->next.host], tally->next.arriving);
		guests -= MIN(guests, host->nvms + 1);
	}
	return tally->next.host == snap->nhosts;
}

void
tally_publish(struct tally *tally)
{
	GByteArray *fresh = tally->fresh;

	group_publish(&tally->totals.all, tally->next.all);
	for (guint i = 0; i < tally->all->len; i++)
		group_publish(tally->all->pdata[i], ((struct group *)tally->all->pdata[i])->next);
	tally->totals.unread = tally->next.unread;
	tally->totals.nameless = tally->nameless ? tally->nameless->totals.guests.vms : 0;
	fleet_snap_unref(tally->snap);
	tally->snap = fleet_snap_ref(tally->next.snap);
	tally->fresh = tally->next.fresh;
	tally->next.fresh = fresh;
	tally_next_done(tally);
}

enum count
tally_count(struct tally *tally, const struct fleet_snap *snap, int64_t now_us, size_t guests)
{
	if (tally->snap == snap && same_fresh(tally->fresh, snap, now_us))
		return COUNT_HOLDS;
	if (tally->next.snap != snap || !same_fresh(tally->next.fresh, snap, now_us))
		count_begin(tally, snap, now_us);
	return count_on(tally, guests) ? COUNT_ENDS : COUNT_GOES_ON;
}

const struct groups *
tally_groups(const struct tally *tally)
{
	return tally->groups;
}

const struct groups_totals *
tally_totals(const struct tally *tally)
{
	return &tally->totals;
}
