/*
 * chronicle: numbers beyond the thresholds of the config. High from the threshold "bad" on, normal again below "warn": in
 * between nothing changes, and either must have lasted a while.
 */
#include "fleet/chronicle_private.h"

#include <stddef.h>
#include <string.h>

#define HOLD_US (20 * SECOND_US)

/* So many guests of a host are told of one by one; more that cross at the same time share an entry. */
#define ONE_BY_ONE 3

enum limit { LIMIT_HOST_CPU, LIMIT_HOST_MEM, LIMIT_VM_READY, LIMIT_COUNT };

static const struct limit_info {
	const char *high, *normal;
	size_t warn, bad; /* into struct config */
} infos[LIMIT_COUNT] = {
	[LIMIT_HOST_CPU] = { "CPU high", "CPU normal", offsetof(struct config, cpu_warn_pct),
		offsetof(struct config, cpu_bad_pct) },
	[LIMIT_HOST_MEM] = { "memory high", "memory normal", offsetof(struct config, mem_warn_pct),
		offsetof(struct config, mem_bad_pct) },
	[LIMIT_VM_READY] = { "ready high", "ready normal", offsetof(struct config, ready_warn_pct),
		offsetof(struct config, ready_bad_pct) },
};

/* A number that is high, or is about to become so. */
struct crossing {
	struct row_key key; /* first, like the next: both are its key in the table */
	enum limit limit;
	bool high; /* as it was told */
	int64_t told_us;
	bool turns;       /* it is not as it was told … */
	int64_t turns_us; /* … since then */
};

struct limits {
	GHashTable *crossings; /* struct crossing, by itself */
};

/* A crossing that is to be told now. */
struct news {
	struct crossing *crossing;
	const struct vm *vm; /* NULL: of the host */
	double value;
};

static guint
crossing_hash(gconstpointer crossing)
{
	return row_key_hash(crossing) ^ (guint)((const struct crossing *)crossing)->limit;
}

static gboolean
crossing_equal(gconstpointer a, gconstpointer b)
{
	return ((const struct crossing *)a)->limit == ((const struct crossing *)b)->limit &&
	       row_key_equal(a, b);
}

struct limits *
limits_new(void)
{
	struct limits *limits = g_new0(struct limits, 1);

	limits->crossings = g_hash_table_new_full(crossing_hash, crossing_equal, NULL, g_free);
	return limits;
}

void
limits_free(struct limits *limits)
{
	g_hash_table_unref(limits->crossings);
	g_free(limits);
}

static double
threshold(const struct config *config, size_t offset)
{
	return (double)*(const int64_t *)(const void *)((const char *)config + offset);
}

/* ---- words ---- */

static char *
describe(const struct telling_ctx *ctx, const struct news *news)
{
	const struct limit_info *info = &infos[news->crossing->limit];
	int64_t since_us = news->crossing->high ? news->crossing->turns_us : news->crossing->told_us;
	g_autofree char *span = duration_words(ctx->now.now_us - since_us);

	if (news->crossing->high)
		return g_strdup_printf("%.0f%% for %s, the limit is %.0f%%", news->value, span,
			threshold(ctx->config, info->bad));
	return g_strdup_printf("%.0f%%, after %s", news->value, span);
}

static const char *
word(const struct news *news)
{
	const struct limit_info *info = &infos[news->crossing->limit];

	return news->crossing->high ? info->high : info->normal;
}

static enum event_level
level(const struct news *news)
{
	return news->crossing->high ? EVENT_WARN : EVENT_GOOD;
}

static void
tell_one(const struct telling_ctx *ctx, const struct host_snap *host, const struct news *news)
{
	char *detail = describe(ctx, news);

	if (news->vm)
		tell_guest(ctx, &news->crossing->key, news->vm->name, EVENT_KIND_LIMIT, level(news),
			word(news), detail);
	else
		tell_host(ctx, host, EVENT_KIND_LIMIT, level(news), word(news), detail);
}

/* N guests' numbers, all high or all normal, in one entry about their host. */
static void
tell_together(
	const struct telling_ctx *ctx, const struct host_snap *host, const struct news *news, unsigned n)
{
	const struct news *first = &news[0];

	for (unsigned i = 1; i < n; i++)
		if (news[i].value > first->value)
			first = &news[i];
	tell_host(ctx, host, EVENT_KIND_LIMIT, level(first), word(first),
		g_strdup_printf("%u VMs, up to %.0f%%: %s", n, first->value, first->vm->name));
}

/* ---- crossing ---- */

/* What LIMIT of KEY is at, told; true when that has changed and is news. */
static bool
step(struct limits *limits, const struct telling_ctx *ctx, const struct row_key *key, enum limit limit,
	double value, struct crossing **out)
{
	const struct crossing wanted = { .key = *key, .limit = limit };
	struct crossing *crossing = g_hash_table_lookup(limits->crossings, &wanted);
	bool high = value >=
		    threshold(ctx->config, crossing && crossing->high ? infos[limit].warn : infos[limit].bad);

	if (!crossing && !high)
		return false;
	if (!crossing) {
		crossing = g_memdup2(&wanted, sizeof(wanted));
		g_hash_table_add(limits->crossings, crossing);
	}
	if (high == crossing->high) {
		crossing->turns = false;
		if (!high) /* it did not last */
			g_hash_table_remove(limits->crossings, crossing);
		return false;
	}
	if (!crossing->turns) {
		crossing->turns = true;
		crossing->turns_us = ctx->now.now_us;
	}
	if (ctx->now.now_us - crossing->turns_us < HOLD_US)
		return false;
	*out = crossing;
	crossing->high = high;
	return true;
}

static void
told(struct limits *limits, const struct telling_ctx *ctx, struct crossing *crossing)
{
	crossing->turns = false;
	crossing->told_us = ctx->now.now_us;
	if (!crossing->high)
		g_hash_table_remove(limits->crossings, crossing);
}

static void
look_at_host(struct limits *limits, const struct telling_ctx *ctx, const struct host_snap *host)
{
	static const struct {
		enum limit limit;
		enum host_field field;
	} numbers[] = { { LIMIT_HOST_CPU, HOST_CPU }, { LIMIT_HOST_MEM, HOST_MEM_USED_PCT } };
	const struct row_key key = host_key(host);

	for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
		struct news news = { .value = host->value[numbers[i].field] };

		if (!HOST_HAS(host, numbers[i].field) ||
			!step(limits, ctx, &key, numbers[i].limit, news.value, &news.crossing))
			continue;
		tell_one(ctx, host, &news);
		told(limits, ctx, news.crossing);
	}
}

static void
tell_guests(struct limits *limits, const struct telling_ctx *ctx, const struct host_snap *host, GArray *news)
{
	const struct news *all = (const struct news *)(const void *)news->data;

	if (news->len > ONE_BY_ONE)
		tell_together(ctx, host, all, news->len);
	for (guint i = 0; i < news->len; i++) {
		if (news->len <= ONE_BY_ONE)
			tell_one(ctx, host, &all[i]);
		told(limits, ctx, all[i].crossing);
	}
	g_array_set_size(news, 0);
}

static void
look_at_guests(struct limits *limits, const struct telling_ctx *ctx, const struct host_snap *host,
	GArray *high, GArray *normal)
{
	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *vm = &host->vms[i];
		struct news news = { .vm = vm, .value = vm->value[VM_READY] };
		struct row_key key;

		if (!VM_HAS(vm, VM_READY))
			continue;
		key = vm_key(vm);
		if (step(limits, ctx, &key, LIMIT_VM_READY, news.value, &news.crossing))
			g_array_append_val(news.crossing->high ? high : normal, news);
	}
	tell_guests(limits, ctx, host, high);
	tell_guests(limits, ctx, host, normal);
}

/* Guests that are gone, or tell no longer, are none to wait for. */
static gboolean
is_gone(gpointer key, gpointer value, gpointer data)
{
	const struct crossing *crossing = value;
	const struct fleet_snap *snap = data;
	const struct vm *vm;

	(void)key;
	if (crossing->key.is_host)
		return FALSE;
	vm = fleet_snap_find_vm(snap, &crossing->key);
	return !vm || !VM_HAS(vm, VM_READY);
}

void
limits_look(struct limits *limits, const struct telling_ctx *ctx)
{
	g_autoptr(GArray) high = g_array_new(FALSE, FALSE, sizeof(struct news));
	g_autoptr(GArray) normal = g_array_new(FALSE, FALSE, sizeof(struct news));

	for (size_t i = 0; i < ctx->snap->nhosts; i++) {
		const struct host_snap *host = ctx->snap->hosts[i];

		if (host->link != LINK_UP || (ctx->before && ctx->before->hosts[i] == host))
			continue;
		look_at_host(limits, ctx, host);
		look_at_guests(limits, ctx, host, high, normal);
	}
	if (g_hash_table_size(limits->crossings))
		g_hash_table_foreach_remove(limits->crossings, is_gone, (gpointer)(uintptr_t)ctx->snap);
}
