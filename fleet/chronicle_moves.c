/*
 * chronicle: migrations. The host a guest leaves tells that it stopped, the one it comes to that it started, in either
 * order and seconds or hours apart; what the reader wants is one entry.
 */
#include "fleet/chronicle_private.h"

#include <string.h>

#define NO_HOST UINT32_MAX

/* How long the other half is waited for once one side is done, and for how long what it brings along (definitions that come
 * and go) belongs to it. */
#define OTHER_HALF_US (5 * SECOND_US)

/* A migration that nobody heard the end of. */
#define FORGOTTEN_US (24 * 3600 * SECOND_US)

struct move {
	uint8_t uuid[UUID_LEN];
	char *name;
	uint32_t from, to; /* slots, NO_HOST: not known, or none of ours */
	int64_t begun_us;
	int64_t done_us; /* one side said so; 0: under way */
	bool told;
};

struct migrations {
	GArray *all; /* struct move */
};

static void
move_clear(gpointer move)
{
	g_free(((struct move *)move)->name);
}

struct migrations *
migrations_new(void)
{
	struct migrations *migrations = g_new0(struct migrations, 1);

	migrations->all = g_array_new(FALSE, TRUE, sizeof(struct move));
	g_array_set_clear_func(migrations->all, move_clear);
	return migrations;
}

void
migrations_free(struct migrations *migrations)
{
	g_array_unref(migrations->all);
	g_free(migrations);
}

static struct move *
move_at(const struct migrations *migrations, guint i)
{
	return &g_array_index(migrations->all, struct move, i);
}

/* The newest one of the guest that satisfies all that is asked. */
static struct move *
find(const struct migrations *migrations, const uint8_t uuid[UUID_LEN],
	bool (*has)(const struct move *, uint32_t host), uint32_t host)
{
	for (guint i = migrations->all->len; i-- > 0;) {
		struct move *move = move_at(migrations, i);

		if (memcmp(move->uuid, uuid, UUID_LEN) == 0 && has(move, host))
			return move;
	}
	return NULL;
}

static bool
waits_for_arrival(const struct move *move, uint32_t host)
{
	return !move->told && move->to == NO_HOST && move->from != host;
}

static bool
waits_for_departure(const struct move *move, uint32_t host)
{
	return !move->told && move->from == NO_HOST && move->to != host;
}

static bool
arrives_at(const struct move *move, uint32_t host)
{
	return !move->told && move->to == host;
}

static bool
touches(const struct move *move, uint32_t host)
{
	return move->to == host || move->from == host;
}

static bool
is_untold_at(const struct move *move, uint32_t host)
{
	return !move->told && touches(move, host);
}

bool
migrations_underway(const struct migrations *migrations, const struct row_key *key)
{
	return find(migrations, key->uuid, is_untold_at, key->host) != NULL;
}

/* ---- words ---- */

void
tell_move(const struct telling_ctx *ctx, const struct row_key *key, const char *name, const char *from,
	const char *suffix)
{
	tell_guest(ctx, key, name, EVENT_KIND_GUEST, EVENT_INFO, "migrated",
		g_strdup_printf("from %s%s%s", from, suffix ? "; " : "", suffix ? suffix : ""));
}

static void
tell(struct move *move, const struct telling_ctx *ctx)
{
	struct row_key key = { .host = move->to != NO_HOST ? move->to : move->from };

	memcpy(key.uuid, move->uuid, UUID_LEN);
	if (move->to == NO_HOST)
		tell_guest(ctx, &key, move->name, EVENT_KIND_GUEST, EVENT_INFO, "migrated",
			g_strdup("to a host that is not ours"));
	else
		tell_move(ctx, &key, move->name,
			move->from == NO_HOST ? "a host that is not ours"
					      : ctx->snap->hosts[move->from]->name,
			NULL);
	move->told = true;
	move->done_us = ctx->now.now_us;
}

/* ---- events ---- */

static void
add(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event,
	uint32_t from, uint32_t to)
{
	struct move move = {
		.name = g_strdup(event->name),
		.from = from,
		.to = to,
		.begun_us = ctx->now.now_us,
		.done_us = to == NO_HOST ? ctx->now.now_us : 0,
	};

	memcpy(move.uuid, event->key.uuid, UUID_LEN);
	g_array_append_val(migrations->all, move);
}

bool
migrations_came(struct migrations *migrations, const struct telling_ctx *ctx, const struct row_key *key)
{
	struct move *move = find(migrations, key->uuid, waits_for_arrival, key->host);

	if (!move)
		return false;
	move->to = key->host;
	tell(move, ctx);
	return true;
}

bool
migrations_left(struct migrations *migrations, const struct telling_ctx *ctx, const struct row_key *key)
{
	struct move *move = find(migrations, key->uuid, waits_for_departure, key->host);

	if (!move)
		return false;
	move->from = key->host;
	tell(move, ctx);
	return true;
}

static bool
arrival(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event)
{
	if (!migrations_came(migrations, ctx, &event->key))
		add(migrations, ctx, event, NO_HOST, event->key.host);
	return true;
}

static bool
departure(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event)
{
	if (!migrations_left(migrations, ctx, &event->key))
		add(migrations, ctx, event, event->key.host, NO_HOST);
	return true;
}

/* The guest goes on: where it came to, because it has arrived; where it was, because it could not go. */
static bool
goes_on(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event)
{
	struct move *move = find(migrations, event->key.uuid, touches, event->key.host);

	if (!move) {
		tell_guest(ctx, &event->key, event->name, EVENT_KIND_GUEST, EVENT_WARN, "not migrated",
			g_strdup("runs on where it was"));
	} else if (!move->done_us) {
		move->done_us = ctx->now.now_us;
	}
	return true;
}

/* What was prepared for a guest to come is taken away again. Of a move that was aborted libvirt says there what it says of
 * an emulator that failed: neither is a fault of the guest, which runs on where it was. */
static bool
given_up(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event)
{
	struct move *move = find(migrations, event->key.uuid, arrives_at, event->key.host);
	const char *why = event->cause == CONN_CAUSE_FAULT ? "given up or failed on its way" : event->detail;

	if (!move)
		return false;
	tell_guest(ctx, &event->key, event->name, EVENT_KIND_GUEST, EVENT_WARN, "not migrated",
		g_strdup_printf("here: %s", why ? why : "given up"));
	move->told = true;
	move->done_us = ctx->now.now_us;
	return true;
}

bool
migrations_event(
	struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event)
{
	bool migrates = event->cause == CONN_CAUSE_MIGRATION;

	switch (event->kind) {
	case CONN_EVENT_STARTED:
		return migrates && arrival(migrations, ctx, event);
	case CONN_EVENT_STOPPED:
		return migrates ? departure(migrations, ctx, event) : given_up(migrations, ctx, event);
	case CONN_EVENT_RESUMED:
		return migrates && goes_on(migrations, ctx, event);
	case CONN_EVENT_SUSPENDED:
		return migrates;
	case CONN_EVENT_DEFINED:
	case CONN_EVENT_UNDEFINED:
		return find(migrations, event->key.uuid, touches, event->key.host) != NULL;
	default:
		return false;
	}
}

/* ---- looking ---- */

static bool
runs_on(const struct move *move, const struct fleet_snap *snap, uint32_t host)
{
	struct row_key key = { .host = host };
	const struct vm *vm;

	memcpy(key.uuid, move->uuid, UUID_LEN);
	vm = fleet_snap_find_vm(snap, &key);
	return vm && vm_is_running(vm) && strcmp(vm->name, move->name) == 0;
}

/* Libxl says that a guest that came was "restored": then the snapshots know where it went. */
static void
find_other_half(struct move *move, const struct fleet_snap *snap)
{
	for (uint32_t i = 0; move->to == NO_HOST && i < snap->nhosts; i++)
		if (i != move->from && runs_on(move, snap, i))
			move->to = i;
}

/* True: there is nothing left to say of MOVE. */
static bool
look(struct move *move, const struct telling_ctx *ctx)
{
	int64_t now_us = ctx->now.now_us;

	/* without an event that says so: it runs where it was to go */
	if (!move->done_us && move->to != NO_HOST && runs_on(move, ctx->snap, move->to))
		move->done_us = now_us;
	if (!move->done_us)
		return now_us - move->begun_us >= FORGOTTEN_US;
	if (now_us - move->done_us < OTHER_HALF_US)
		return false;
	if (move->told)
		return true;
	find_other_half(move, ctx->snap);
	tell(move, ctx);
	return false;
}

void
migrations_look(struct migrations *migrations, const struct telling_ctx *ctx)
{
	for (guint i = migrations->all->len; i-- > 0;)
		if (look(move_at(migrations, i), ctx))
			g_array_remove_index(migrations->all, i);
}
