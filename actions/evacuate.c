#include "actions/evacuate_private.h"

#include "actions/maintenance.h"

#include <math.h>
#include <string.h>

#define CROWDED 0.90 /* so full that another site is better */

/* ---- how full ---- */

static double
score_of(const struct targets *targets, const struct room *room)
{
	return room_score(room, targets->opts.config);
}

double
evacuate_score(const struct targets *targets, const struct host_snap *host)
{
	return score_of(targets, &targets->rooms[host->index]);
}

bool
evacuate_takes_part(const struct targets *targets, const struct host_snap *host, const struct host_snap *like)
{
	return host->link == LINK_UP && host->facts && like->facts &&
	       host->facts->hypervisor == like->facts->hypervisor && !targets_excludes(targets, host);
}

/* Until spread_end() mean and deviation are sums, of scores and of their squares. */
void
spread_add(struct spread *spread, double score)
{
	score *= 100;
	spread->least = spread->hosts ? MIN(spread->least, score) : score;
	spread->most = spread->hosts ? MAX(spread->most, score) : score;
	spread->mean += score;
	spread->deviation += score * score;
	spread->hosts++;
}

void
spread_end(struct spread *spread)
{
	if (spread->hosts == 0)
		return;
	spread->mean /= spread->hosts;
	spread->deviation = sqrt(MAX(spread->deviation / spread->hosts - spread->mean * spread->mean, 0));
}

static bool
is_in(const GPtrArray *hosts, const struct host_snap *host)
{
	return hosts && g_ptr_array_find((GPtrArray *)(uintptr_t)hosts, host, NULL);
}

/* Over the hosts like LIKE, but those EMPTIED (NULL: none). */
static struct spread
spread_of(const struct targets *targets, const struct host_snap *like, const GPtrArray *emptied)
{
	const struct fleet_snap *snap = targets->opts.snap;
	struct spread spread = { 0 };

	for (size_t i = 0; i < snap->nhosts; i++) {
		const struct host_snap *host = snap->hosts[i];

		if (!is_in(emptied, host) && evacuate_takes_part(targets, host, like) &&
			evacuate_score(targets, host) >= 0)
			spread_add(&spread, evacuate_score(targets, host));
	}
	spread_end(&spread);
	return spread;
}

/* ---- the best host for a guest ---- */

struct choice {
	const struct host_snap *host; /* NULL: none */
	enum verdict verdict;
	int strangeness;      /* 2: another site, 1: other tags */
	double before, after; /* scores */
};

static const char *
tags_of(const struct host_snap *host)
{
	return host->config && host->config->tag_list ? host->config->tag_list : "";
}

/* Other tags are better than another site, and both are better than to be crowded at home. */
static int
strangeness(const struct host_snap *a, const struct host_snap *b, double after)
{
	return (strcmp(tags_of(a), tags_of(b)) == 0 ? 0 : 1) + (hosts_same_site(a, b) ? 0 : 2) +
	       (after > CROWDED ? 4 : 0);
}

/* Nothing is promised twice, and nobody is given more than the operator wants of vCPUs: what nobody knows is no room. */
bool
evacuate_has_room(const struct targets *targets, const struct room *after)
{
	double ratio = room_vcpu_ratio(after);

	return after->mem_free >= 0 && room_promised_pct(after) >= 0 && room_promised_pct(after) <= 100 &&
	       (ratio < 0 || ratio * 100 <= (double)targets->opts.config->vcpu_cap_pct);
}

static bool
is_better(const struct choice *a, const struct choice *b)
{
	if (!b->host)
		return true;
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict;
	if (a->strangeness != b->strangeness)
		return a->strangeness < b->strangeness;
	return a->after < b->after;
}

/* Whether HOST can take VM, in CHOICE what comes of it; else *WHAT: a word for why not. */
static bool
try_host(struct targets *targets, const struct vm *vm, const struct host_snap *host, struct choice *choice,
	const char **what)
{
	const struct room *room = &targets->rooms[host->index];
	struct room after = room_with(*room, vm);

	choice->verdict = targets_quick(targets, vm, host, what);
	if (choice->verdict > VERDICT_CAUTION)
		return false;
	*what = "room";
	if (!evacuate_has_room(targets, &after))
		return false;
	choice->host = host;
	choice->before = score_of(targets, room);
	choice->after = score_of(targets, &after);
	choice->strangeness = strangeness(vm->host, host, choice->after);
	return true;
}

/* Over all hosts but those AVOIDED; CAUSES counts why the others can't. */
static struct choice
choose(struct targets *targets, const struct vm *vm, const GPtrArray *avoided, GHashTable *causes)
{
	const struct fleet_snap *snap = targets->opts.snap;
	struct choice best = { 0 };

	for (size_t i = 0; i < snap->nhosts; i++) {
		struct choice choice = { 0 };
		const char *what = NULL;

		if (is_in(avoided, snap->hosts[i]) || snap->hosts[i] == vm->host)
			continue;
		if (!try_host(targets, vm, snap->hosts[i], &choice, &what))
			g_hash_table_insert(causes, (gpointer)(uintptr_t)what,
				GUINT_TO_POINTER(GPOINTER_TO_UINT(g_hash_table_lookup(causes, what)) + 1));
		else if (is_better(&choice, &best))
			best = choice;
	}
	return best;
}

/* ---- in words ---- */

static char *
why_there(struct targets *targets, const struct choice *choice, const struct vm *vm)
{
	const char *where =
		hosts_same_site(vm->host, choice->host) ? "least full here" : "least full elsewhere";
	g_autofree char *caution =
		choice->verdict == VERDICT_CAUTION ? targets_words_there(targets, vm, choice->host) : NULL;

	return g_strdup_printf("%s: %.0f to %.0f%%%s%s", where, 100 * choice->before, 100 * choice->after,
		caution ? "; " : "", caution ? caution : "");
}

/* What its own side says is the reason, with a word for it in *CAUSE; else what the hosts say, by how many of them. */
static char *
why_nowhere(struct targets *targets, const struct vm *vm, GHashTable *causes, const char **cause)
{
	const GArray *own = targets_candidate(targets, vm)->own;
	GString *text = g_string_new("no host can take it:");
	GHashTableIter iter;
	gpointer what, count;
	bool first = true;

	if (own->len && g_array_index(own, struct obstacle, 0).kind != OBSTACLE_CAUTION) {
		const struct obstacle *worst = &g_array_index(own, struct obstacle, 0);

		*cause = targets_own_word(worst);
		g_string_printf(text, "%s %s%s", worst->what, worst->why,
			worst->kind == OBSTACLE_COPY ? ": goes only if storage is copied" : "");
		return g_string_free(text, FALSE);
	}
	g_hash_table_iter_init(&iter, causes);
	for (; g_hash_table_iter_next(&iter, &what, &count); first = false)
		g_string_append_printf(
			text, "%s %s (%u)", first ? "" : ",", (const char *)what, GPOINTER_TO_UINT(count));
	if (first)
		g_string_assign(text, "there is no other host");
	return g_string_free(text, FALSE);
}

/* ---- a list of guests ---- */

bool
evacuate_has_life(const struct vm *vm)
{
	return !vm->is_dom0 && (vm_is_running(vm) || vm->state == VM_STATE_PAUSED);
}

/* The largest first: the small ones fit into what is left. */
static gint
compare_sizes(gconstpointer a, gconstpointer b)
{
	const struct vm *left = *(const struct vm *const *)a, *right = *(const struct vm *const *)b;
	double sizes[] = { VM_HAS(left, VM_MEM) ? left->value[VM_MEM] : 0,
		VM_HAS(right, VM_MEM) ? right->value[VM_MEM] : 0 };

	if (sizes[0] < sizes[1] || sizes[0] > sizes[1])
		return sizes[0] > sizes[1] ? -1 : 1;
	return strcmp(left->name, right->name);
}

static bool
is_among(const GArray *keys, const struct vm *vm)
{
	const struct row_key key = vm_key(vm);

	for (guint i = 0; keys && i < keys->len; i++)
		if (row_key_equal(&g_array_index(keys, struct row_key, i), &key))
			return true;
	return !keys;
}

static void
place_one(struct targets *targets, struct relocation *moves, const struct vm *vm, const GPtrArray *avoided)
{
	g_autoptr(GHashTable) causes = g_hash_table_new(g_str_hash, g_str_equal);
	struct choice choice = choose(targets, vm, avoided, causes);
	const char *cause = NULL;
	g_autofree char *why =
		choice.host ? why_there(targets, &choice, vm) : why_nowhere(targets, vm, causes, &cause);

	if (choice.host) {
		relocation_add(moves, vm, choice.host, choice.verdict, why);
		targets_put(targets, vm, choice.host);
	} else {
		relocation_leave(moves, vm, cause, why);
	}
}

/* Those of HOST among KEYS that there is something to move of are added to VMS. */
static void
gather(const struct host_snap *host, const GArray *keys, struct relocation *moves, GPtrArray *vms)
{
	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];

		if (evacuate_has_life(vm) && is_among(keys, vm))
			g_ptr_array_add(vms, (gpointer)(uintptr_t)vm);
		else if (!vm->is_dom0 && !evacuate_has_life(vm))
			moves->off++;
	}
}

struct relocation *
evacuate_hosts_plan(struct targets *targets, const GPtrArray *hosts, const GArray *keys)
{
	const struct host_snap *first = hosts->pdata[0];
	g_autofree char *several = g_strdup_printf("%u hosts", hosts->len);
	struct relocation *moves =
		relocation_new(RELOCATION_EVACUATE, hosts->len == 1 ? first->name : several);
	g_autoptr(GPtrArray) vms = g_ptr_array_new();

	for (guint i = 0; i < hosts->len; i++)
		gather(hosts->pdata[i], keys, moves, vms);
	g_ptr_array_sort(vms, compare_sizes);
	moves->before = spread_of(targets, first, hosts);
	for (guint i = 0; i < vms->len; i++)
		place_one(targets, moves, vms->pdata[i], hosts);
	moves->after = spread_of(targets, first, hosts);
	return moves;
}

struct relocation *
evacuate_plan(struct targets *targets, const struct host_snap *host, const GArray *keys)
{
	g_autoptr(GPtrArray) hosts = g_ptr_array_new();

	g_ptr_array_add(hosts, (gpointer)(uintptr_t)host);
	return evacuate_hosts_plan(targets, hosts, keys);
}

/* ---- the way back ---- */

/* The one that runs with this UUID, wherever it is. */
static const struct vm *
find_running(const struct fleet_snap *snap, const uint8_t uuid[UUID_LEN])
{
	for (size_t i = 0; i < snap->nhosts; i++)
		for (size_t j = 0; j < snap->hosts[i]->nvms; j++) {
			const struct vm *vm = &snap->hosts[i]->vms[j];

			if (memcmp(vm->uuid, uuid, UUID_LEN) == 0 && evacuate_has_life(vm))
				return vm;
		}
	return NULL;
}

struct relocation *
evacuate_return_plan(
	struct targets *targets, const struct host_snap *host, const struct maintenance_note *note)
{
	struct relocation *moves = relocation_new(RELOCATION_RETURN, host->name);

	moves->before = spread_of(targets, host, NULL);
	for (guint i = 0; i < note->guests->len; i++) {
		const struct maintenance_guest *guest = note->guests->pdata[i];
		const struct vm *vm = find_running(targets->opts.snap, guest->uuid);
		g_autofree char *why = NULL;
		const char *cause = NULL;
		enum verdict verdict;

		if (!vm || vm->host == host)
			continue;
		verdict = targets_judge(targets, vm, host, &why);
		if (verdict > VERDICT_CAUTION) {
			targets_quick(targets, vm, host, &cause);
			relocation_leave(moves, vm, cause, why);
			continue;
		}
		relocation_add(moves, vm, host, verdict, why ? why : "it came from there");
		targets_put(targets, vm, host);
	}
	moves->after = spread_of(targets, host, NULL);
	return moves;
}
