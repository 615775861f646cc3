#include "views/groups.h"

#include "views/group_names.h"
#include "views/twins.h"

#include <assert.h>
#include <string.h>

#define NO_HOST UINT32_MAX

/* The group of the guest in some place of a host's, for as long as the guest there has the same token. Only of guests that
 * were counted last, for the token of another one may be gone, and its address be another's. */
struct memo {
	const void *token;
	struct group *group; /* NULL: not looked up yet */
};

struct host_memo {
	struct memo *memos;
	size_t n;
};

/* The groups and what they were made from. Groups stay where they are while their guests come and go. */
struct tally {
	const struct groups *groups;
	GHashTable *by_name; /* their names to struct group *, owned */
	GPtrArray *all;      /* struct group *: the same, and the nameless one */
	struct group *nameless;
	struct groups_totals totals;

	struct host_memo *hosts; /* by slot */
	size_t nhosts;
	const struct fleet_snap
		*snap;     /* one reference: it keeps alive what the tokens stand for; NULL: none yet */
	GByteArray *fresh; /* per host of it: did it answer? */
};

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
	group_identify(group, tally->groups);
	group_reset(group);
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

/* ---- gathering ---- */

static struct tally *
tally_new(const struct groups *groups)
{
	struct tally *tally = g_new0(struct tally, 1);

	tally->groups = groups;
	tally->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	tally->all = g_ptr_array_new_with_free_func(group_free);
	tally->fresh = g_byte_array_new();
	return tally;
}

static void
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
	fleet_snap_unref(tally->snap);
	g_free(tally);
}

/* Notes which hosts answer; false: as before, and the groups still hold. */
static bool
tally_outdated(struct tally *tally, const struct fleet_snap *snap, int64_t now_us)
{
	bool outdated = tally->snap != snap;

	g_byte_array_set_size(tally->fresh, (guint)snap->nhosts);
	for (size_t i = 0; i < snap->nhosts; i++) {
		guint8 fresh = host_snap_fresh(snap->hosts[i], now_us);

		outdated |= tally->fresh->data[i] != fresh;
		tally->fresh->data[i] = fresh;
	}
	return outdated;
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
		group_add(memos[i].group, vm, fresh);
		group_add(&tally->totals.all, vm, fresh);
		tally->totals.unread += !vm->facts && memos[i].group == tally->nameless;
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
			group_add(found->pdata[j], vm, fresh);
		group_add(&tally->totals.all, vm, fresh);
	}
}

static void
tally_count(struct tally *tally, const struct fleet_snap *snap, int64_t now_us)
{
	bool by_host = group_dimensions[tally->groups->by].of_host;
	g_autoptr(GHashTable) arriving =
		twins_of_hosts((const void *const *)snap->hosts, snap->nhosts, now_us);

	group_reset(&tally->totals.all);
	tally->totals.unread = 0;
	for (guint i = 0; i < tally->all->len; i++)
		group_reset(tally->all->pdata[i]);
	if (tally->nhosts < snap->nhosts) {
		tally->hosts = g_renew(struct host_memo, tally->hosts, snap->nhosts);
		memset(tally->hosts + tally->nhosts, 0,
			(snap->nhosts - tally->nhosts) * sizeof(*tally->hosts));
		tally->nhosts = snap->nhosts;
	}
	for (size_t i = 0; i < snap->nhosts; i++)
		(by_host ? add_by_host : add_by_guest)(
			tally, snap->hosts[i], tally->fresh->data[i], arriving);
	tally->totals.nameless = tally->nameless ? tally->nameless->totals.guests.vms : 0;
}

/* Counts the guests of SNAP, and notes in groups->shown which groups have some. */
static void
groups_count(struct groups *groups, const struct fleet_snap *snap, int64_t now_us)
{
	struct tally *tally = groups->tally;
	guint shown = 0;
	bool others;

	tally_count(tally, snap, now_us);
	fleet_snap_ref(snap);
	fleet_snap_unref(tally->snap);
	tally->snap = snap;
	others = !groups->shown;
	if (!groups->shown)
		groups->shown = g_ptr_array_new();
	for (guint i = 0; i < tally->all->len; i++) {
		struct group *group = tally->all->pdata[i];

		if (!group->totals.guests.vms)
			continue;
		if (shown == groups->shown->len)
			g_ptr_array_set_size(groups->shown, (gint)shown + 1);
		others |= groups->shown->pdata[shown] != group;
		groups->shown->pdata[shown++] = group;
	}
	others |= shown != groups->shown->len;
	g_ptr_array_set_size(groups->shown, (gint)shown);
	groups->roster += others;
}

static void
groups_forget(struct groups *groups)
{
	g_clear_pointer(&groups->tally, tally_free);
	g_clear_pointer(&groups->shown, g_ptr_array_unref);
}

void
groups_gather(void *source, const struct fleet_snap *snap, const struct row_ctx *ctx, GPtrArray *rows)
{
	struct groups *groups = source;

	/* Groups outlive their last guest, for it may come back; but not when there are more of these than of others. */
	if (groups->tally && groups->tally->all->len > 2 * (groups->shown->len + 1))
		groups_forget(groups);
	if (!groups->tally)
		groups->tally = tally_new(groups);
	if (tally_outdated(groups->tally, snap, ctx->now_us))
		groups_count(groups, snap, ctx->now_us);
	for (guint i = 0; groups->shown && i < groups->shown->len; i++)
		g_ptr_array_add(rows, groups->shown->pdata[i]);
}

uint64_t
groups_roster(const void *groups)
{
	return ((const struct groups *)groups)->roster;
}

/* ---- the source ---- */

static void
choice_error(GError **error, const char *text)
{
	GString *names = g_string_new(NULL);

	for (int i = 0; i < GROUP_BY_COUNT; i++)
		g_string_append_printf(names, "%s%s%s", i ? ", " : "", group_dimensions[i].name,
			i == GROUP_BY_LABEL ? " NAME" : "");
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "there are no groups by '%s'; allowed are: %s",
		text, names->str);
	g_string_free(names, TRUE);
}

bool
groups_choose(struct groups *groups, const char *text, GError **error)
{
	g_autofree char *words = g_strstrip(g_strdup(text));
	char *label = words + strcspn(words, " \t");
	int by = 0;

	if (*label)
		*label++ = '\0';
	label += strspn(label, " \t");
	while (by < GROUP_BY_COUNT && strcmp(group_dimensions[by].name, words) != 0)
		by++;
	if (by == GROUP_BY_COUNT || !*label != (by != GROUP_BY_LABEL)) {
		choice_error(error, text);
		return false;
	}
	groups_done(groups);
	groups->by = (enum group_by)by;
	groups->label = *label ? g_strdup(label) : NULL;
	return true;
}

void
groups_done(struct groups *groups)
{
	groups_forget(groups);
	g_clear_pointer(&groups->label, g_free);
}

char *
groups_by_name(const struct groups *groups)
{
	const char *name = group_dimensions[groups->by].name;

	return groups->label ? g_strdup_printf("%s %s", name, groups->label) : g_strdup(name);
}

char *
groups_by_noun(const struct groups *groups, size_t n)
{
	const struct group_dimension *dimension = &group_dimensions[groups->by];
	const char *noun = n == 1 ? dimension->one : dimension->many;

	return groups->label ? g_strdup_printf("%s of label %s", noun, groups->label) : g_strdup(noun);
}

const struct group *
groups_find(const struct groups *groups, const struct row_key *key)
{
	for (guint i = 0; groups->shown && i < groups->shown->len; i++) {
		const struct group *group = groups->shown->pdata[i];

		if (row_key_equal(&group->key, key))
			return group;
	}
	return NULL;
}

const struct groups_totals *
groups_totals(const struct groups *groups)
{
	return groups->tally ? &groups->tally->totals : NULL;
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
