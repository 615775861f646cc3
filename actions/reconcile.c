#include "actions/reconcile.h"

#include <string.h>

#define SECOND_US INT64_C(1000000)

/* A good end is told soon; what looks bad may be a daemon that is still clearing away, and a pair of a running and a paused
 * copy a move that goes on without us. */
static const int64_t settle_us[] = {
	[FATE_ARRIVED] = 2 * SECOND_US,
	[FATE_STAYED] = 2 * SECOND_US,
	[FATE_LEFT] = 10 * SECOND_US,
	[FATE_HALTED] = 10 * SECOND_US,
	[FATE_NOWHERE] = 10 * SECOND_US,
	[FATE_TWICE] = 10 * SECOND_US,
	[FATE_MOVING] = 60 * SECOND_US,
};

struct open_case {
	struct lost_move lost;
	int64_t since_us;    /* only what is sampled later counts */
	enum fate_kind kind; /* what it looks like … */
	int64_t kind_us;     /* … since then */
	bool told;           /* that it is still on its way */
};

struct reconcile {
	GArray *cases; /* struct open_case */
};

static void
case_clear(gpointer pointer)
{
	struct open_case *open = pointer;

	g_free(open->lost.vm);
	g_free(open->lost.source);
	g_free(open->lost.target);
	g_free(open->lost.id);
}

struct reconcile *
reconcile_new(void)
{
	struct reconcile *reconcile = g_new0(struct reconcile, 1);

	reconcile->cases = g_array_new(FALSE, TRUE, sizeof(struct open_case));
	g_array_set_clear_func(reconcile->cases, case_clear);
	return reconcile;
}

void
reconcile_free(struct reconcile *reconcile)
{
	if (!reconcile)
		return;
	g_array_unref(reconcile->cases);
	g_free(reconcile);
}

void
reconcile_add(struct reconcile *reconcile, const struct lost_move *lost, int64_t now_us)
{
	struct open_case open = {
		.lost = *lost, .since_us = now_us, .kind = FATE_UNKNOWN, .kind_us = now_us
	};

	open.lost.vm = g_strdup(lost->vm);
	open.lost.source = g_strdup(lost->source);
	open.lost.target = g_strdup(lost->target);
	open.lost.id = g_strdup(lost->id);
	g_array_append_val(reconcile->cases, open);
}

unsigned
reconcile_open(const struct reconcile *reconcile)
{
	return reconcile->cases->len;
}

/* ---- looking ---- */

static const struct vm *
find(const struct fleet_snap *snap, const struct lost_move *lost, uint32_t host)
{
	struct row_key key = { .host = host };

	memcpy(key.uuid, lost->guest.uuid, UUID_LEN);
	return fleet_snap_find_vm(snap, &key);
}

static enum side
side_on(const struct fleet_snap *snap, const struct open_case *open, uint32_t index, int64_t now_us)
{
	const struct host_snap *host = index < snap->nhosts ? snap->hosts[index] : NULL;

	if (!host || !host->listed || host->sampled_us <= open->since_us || !host_snap_fresh(host, now_us))
		return SIDE_UNKNOWN;
	return side_of_vm(find(snap, &open->lost, index));
}

static struct fate
judge(const struct fleet_snap *snap, const struct open_case *open, int64_t now_us)
{
	enum side source = side_on(snap, open, open->lost.guest.host, now_us);
	enum side target = side_on(snap, open, open->lost.dest, now_us);

	return fate_of(open->lost.offline ? SIDE_OFF : SIDE_RUNNING, source, target);
}

/* Somebody may have moved it on. NULL: it runs nowhere else. */
static const struct host_snap *
runs_elsewhere(const struct fleet_snap *snap, const struct lost_move *lost)
{
	for (uint32_t i = 0; i < snap->nhosts; i++) {
		const struct vm *vm = find(snap, lost, i);

		if (i != lost->guest.host && i != lost->dest && vm && side_of_vm(vm) == SIDE_RUNNING)
			return snap->hosts[i];
	}
	return NULL;
}

static bool
has_settled(struct open_case *open, const struct fate *fate, int64_t now_us)
{
	if (fate->kind != open->kind) {
		open->kind = fate->kind;
		open->kind_us = now_us;
	}
	return fate->kind != FATE_UNKNOWN && now_us - open->kind_us >= settle_us[fate->kind];
}

void
reconcile_look(struct reconcile *reconcile, const struct fleet_snap *snap, int64_t now_us,
	void (*found)(void *ctx, const struct lost_move *lost, const struct fate *fate, const char *where),
	void *ctx)
{
	for (guint i = reconcile->cases->len; i-- > 0;) {
		struct open_case *open = &g_array_index(reconcile->cases, struct open_case, i);
		struct fate fate = judge(snap, open, now_us);
		const struct host_snap *elsewhere;
		g_autofree char *where = NULL;

		if (!has_settled(open, &fate, now_us) || (fate.kind == FATE_MOVING && open->told))
			continue;
		elsewhere = fate.kind == FATE_NOWHERE ? runs_elsewhere(snap, &open->lost) : NULL;
		if (elsewhere)
			fate = fate_of(SIDE_RUNNING, SIDE_ABSENT, SIDE_RUNNING);
		where = fate_text(&fate, open->lost.source, elsewhere ? elsewhere->name : open->lost.target);
		found(ctx, &open->lost, &fate, where);
		/* the hosts may need hours for it, and bring it to an end without us */
		open->told = fate.kind == FATE_MOVING;
		if (!open->told)
			g_array_remove_index(reconcile->cases, i);
	}
}
