/*
 * chronicle: guests. An event is told when it comes. What two snapshots say beyond that is told after a while in which the
 * event may still come: a driver without events, or what happened while the host was not connected.
 */
#include "fleet/chronicle_private.h"

#include <string.h>

/* What the reader of the time line believes of a guest, where that is not simply what the last snapshot says. */
struct trace {
	struct row_key key; /* first: it is the trace's own key in the table */
	char *name;
	enum life life;
	int64_t event_us; /* an event told so, then; 0: a snapshot did */
	bool held;        /* snapshots say TO by now, which was not told yet */
	bool restarted;   /* … it is another run of the guest */
	bool away;        /* … its host was not connected meanwhile */
	enum life to;
	int64_t held_us;
};

struct guests {
	GHashTable *traces; /* struct trace, by itself */
	struct migrations *moves;
};

static void
trace_free(gpointer data)
{
	struct trace *trace = data;

	g_free(trace->name);
	g_free(trace);
}

struct guests *
guests_new(void)
{
	struct guests *guests = g_new0(struct guests, 1);

	guests->traces = g_hash_table_new_full(row_key_hash, row_key_equal_g, NULL, trace_free);
	guests->moves = migrations_new();
	return guests;
}

void
guests_free(struct guests *guests)
{
	g_hash_table_unref(guests->traces);
	migrations_free(guests->moves);
	g_free(guests);
}

static struct trace *
trace_of(const struct guests *guests, const struct row_key *key)
{
	return g_hash_table_lookup(guests->traces, key);
}

/* A trace of KEY that says LIFE; replaces the one there is. */
static struct trace *
trace_put(struct guests *guests, const struct row_key *key, const char *name, enum life life)
{
	struct trace *trace = g_new0(struct trace, 1);

	trace->key = *key;
	trace->name = g_strdup(name);
	trace->life = life;
	g_hash_table_replace(guests->traces, &trace->key, trace);
	return trace;
}

/* ---- events ---- */

/* What KEY is believed to be at. */
static enum life
believed(const struct guests *guests, const struct telling_ctx *ctx, const struct row_key *key)
{
	const struct trace *trace = trace_of(guests, key);

	return trace ? trace->life : life_of(fleet_snap_find_vm(ctx->snap, key));
}

/* Its name as the connection says, or as it was known; its uuid when nobody can say. */
static char *
name_of(const struct guests *guests, const struct telling_ctx *ctx, const struct row_key *key,
	const char *name)
{
	const struct trace *trace = trace_of(guests, key);
	const struct vm *vm = fleet_snap_find_vm(ctx->snap, key);
	char uuid[37];

	if (name)
		return g_strdup(name);
	if (vm || trace)
		return g_strdup(vm ? vm->name : trace->name);
	uuid_format(key->uuid, uuid);
	return g_strdup(uuid);
}

void
guests_event(
	struct guests *guests, const struct telling_ctx *ctx, uint32_t index, const struct conn_event *conn)
{
	struct row_key key = { .host = index };
	g_autofree char *name = NULL;
	struct guest_event event;
	enum life before, after;

	if (!life_is_told(conn->kind))
		return;
	memcpy(key.uuid, conn->uuid, UUID_LEN);
	name = name_of(guests, ctx, &key, conn->name);
	event = (struct guest_event){
		.key = key, .name = name, .kind = conn->kind, .cause = conn->cause, .detail = conn->detail
	};
	before = believed(guests, ctx, &key);
	/* QEMU's last step of a start; "started" follows */
	if (conn->kind == CONN_EVENT_RESUMED && conn->cause == CONN_CAUSE_NONE && before < LIFE_PAUSED)
		return;
	after = life_after(before, conn->kind);
	if (!migrations_event(guests->moves, ctx, &event))
		tell_guest_event(ctx, &event);
	/* a new definition of a guest that is there says nothing about whether it runs */
	if (after != before || life_is_said(conn->kind))
		trace_put(guests, &key, name, after)->event_us = ctx->now.now_us;
}

/* ---- what snapshots say ---- */

/* SNAP shows what was there after AT_US: the sample was not yet under way then. */
static bool
is_later(const struct host_snap *snap, int64_t at_us)
{
	double took_ms = HOST_HAS(snap, HOST_SAMPLE_MS) ? snap->value[HOST_SAMPLE_MS] : 0;

	return snap->sampled_us - (int64_t)(took_ms * 1000) > at_us;
}

/* SNAP can tell what its guests are at. */
static bool
can_tell(const struct host_snap *snap)
{
	return snap->listed && snap->link == LINK_UP;
}

static void
hold(struct trace *trace, enum life to, bool away, int64_t now_us)
{
	trace->held = true;
	trace->to = to;
	trace->away = away;
	trace->held_us = now_us;
}

/* A guest without a trace was OLD and is VM now; either may be NULL. */
static void
compare(struct guests *guests, const struct telling_ctx *ctx, const struct vm *old, const struct vm *vm,
	bool away)
{
	enum life before = life_of(old), now = life_of(vm);
	bool restarted = before == LIFE_RUNNING && now == LIFE_RUNNING && old->id != vm->id && old->id > 0 &&
			 vm->id > 0;
	struct row_key key = vm_key(vm ? vm : old);
	struct trace *trace;

	if ((vm ? vm : old)->is_dom0 || before == LIFE_UNKNOWN || now == LIFE_UNKNOWN ||
		(before == now && !restarted) || trace_of(guests, &key))
		return;
	trace = trace_put(guests, &key, (vm ? vm : old)->name, before);
	trace->restarted = restarted;
	hold(trace, now, away, ctx->now.now_us);
}

/* The guest of HOST with UUID; *HINT: where it probably is, and then the place after it. */
static const struct vm *
find(const struct host_snap *host, const uint8_t uuid[UUID_LEN], size_t *hint)
{
	for (size_t i = 0; i < host->nvms; i++) {
		size_t at = (*hint + i) % host->nvms;

		if (memcmp(host->vms[at].uuid, uuid, UUID_LEN) == 0) {
			*hint = at + 1;
			return &host->vms[at];
		}
	}
	return NULL;
}

/* Hosts keep their guests in an order that seldom changes: mostly this is one pass. */
static void
compare_host(struct guests *guests, const struct telling_ctx *ctx, const struct host_snap *old,
	const struct host_snap *host)
{
	bool away = old->link != LINK_UP;
	size_t hint = 0, found = 0;

	for (size_t i = 0; i < host->nvms; i++) {
		const struct vm *before = find(old, host->vms[i].uuid, &hint);

		found += before != NULL;
		compare(guests, ctx, before, &host->vms[i], away);
	}
	hint = 0;
	for (size_t i = 0; found < old->nvms && i < old->nvms; i++)
		if (!find(host, old->vms[i].uuid, &hint))
			compare(guests, ctx, &old->vms[i], NULL, away);
}

/* ---- telling what no event told ---- */

static bool
leaves(const struct trace *trace)
{
	return trace->to == LIFE_OFF || trace->to == LIFE_GONE;
}

/* The other half of a migration that no event told: the same guest, held on another host. */
static struct trace *
find_partner(const struct guests *guests, const struct trace *trace)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, guests->traces);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct trace *other = value;

		if (other->held && other->key.host != trace->key.host &&
			memcmp(other->key.uuid, trace->key.uuid, UUID_LEN) == 0 &&
			((leaves(trace) && other->to == LIFE_RUNNING) ||
				(trace->to == LIFE_RUNNING && leaves(other))))
			return other;
	}
	return NULL;
}

/* The other half of a migration that an event told. */
static bool
is_half(const struct guests *guests, const struct telling_ctx *ctx, const struct trace *trace)
{
	if (leaves(trace))
		return migrations_left(guests->moves, ctx, &trace->key);
	return trace->to == LIFE_RUNNING && !trace->restarted &&
	       migrations_came(guests->moves, ctx, &trace->key);
}

static void
tell_held(struct guests *guests, const struct telling_ctx *ctx, struct trace *trace)
{
	struct trace *partner = trace->restarted ? NULL : find_partner(guests, trace);
	const struct trace *to = partner && leaves(trace) ? partner : trace,
			   *from = to == trace ? partner : trace;

	if (partner) {
		tell_move(ctx, &to->key, to->name, ctx->snap->hosts[from->key.host]->name,
			to->away ? "while not connected" : "noticed at the sample");
		g_hash_table_remove(guests->traces, partner);
	} else if (!is_half(guests, ctx, trace)) {
		tell_change(ctx, &(struct life_change){ .key = trace->key,
					 .name = trace->name,
					 .from = trace->life,
					 .to = trace->to,
					 .restarted = trace->restarted,
					 .away = trace->away });
	}
	g_hash_table_remove(guests->traces, trace);
}

/* ---- traces, from one snapshot to the next ---- */

/* Whether the newest snapshot bears out what is believed: then nothing is left to say. */
static bool
is_settled(const struct trace *trace, enum life now)
{
	/* what stopped and is gone was never more than a run */
	return (now == trace->life && !trace->restarted) ||
	       (trace->event_us && trace->life == LIFE_OFF && now == LIFE_GONE);
}

/* True: TRACE is done with. */
static bool
follow(const struct guests *guests, const struct telling_ctx *ctx, struct trace *trace)
{
	const struct host_snap *old = ctx->before ? ctx->before->hosts[trace->key.host] : NULL;
	const struct host_snap *host = ctx->snap->hosts[trace->key.host];
	enum life now;

	if (host == old || !can_tell(host) || migrations_underway(guests->moves, &trace->key) ||
		(trace->event_us && !is_later(host, trace->event_us)))
		return false;
	now = life_of(fleet_snap_find_vm(ctx->snap, &trace->key));
	if (now == LIFE_UNKNOWN)
		return false;
	if (is_settled(trace, now))
		return true;
	if (!trace->held || trace->to != now) {
		trace->restarted = false;
		hold(trace, now, old && old->link != LINK_UP, ctx->now.now_us);
	}
	return false;
}

static gboolean
follow_and_drop(gpointer key G_GNUC_UNUSED, gpointer trace, gpointer data)
{
	const gpointer *both = data;

	return follow(both[0], both[1], trace);
}

/* Its event may come a little later than the sample that shows it. */
static bool
is_due(const struct telling_ctx *ctx, const struct trace *trace)
{
	int64_t grace_us = MAX(ctx->config->interval_ms * 1500, 2 * SECOND_US);

	return trace->held && ctx->now.now_us - trace->held_us >= grace_us;
}

static void
tell_due(struct guests *guests, const struct telling_ctx *ctx)
{
	g_autoptr(GPtrArray) due = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, guests->traces);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (is_due(ctx, value))
			g_ptr_array_add(due, g_memdup2(value, sizeof(struct row_key)));
	for (guint i = 0; i < due->len; i++) {
		struct trace *trace = trace_of(guests, due->pdata[i]);

		if (trace) /* else it was the other half of one before */
			tell_held(guests, ctx, trace);
		g_free(due->pdata[i]);
	}
}

void
guests_look(struct guests *guests, const struct telling_ctx *ctx)
{
	gpointer both[] = { guests, (gpointer)(uintptr_t)ctx };

	/* guests with a trace are left to it: so it goes last */
	for (size_t i = 0; ctx->before && i < ctx->snap->nhosts; i++) {
		const struct host_snap *old = ctx->before->hosts[i], *host = ctx->snap->hosts[i];

		if (old != host && old->listed && can_tell(host))
			compare_host(guests, ctx, old, host);
	}
	if (g_hash_table_size(guests->traces))
		g_hash_table_foreach_remove(guests->traces, follow_and_drop, both);
	tell_due(guests, ctx);
	migrations_look(guests->moves, ctx);
}
