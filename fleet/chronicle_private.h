/* chronicle_private: shared by fleet/chronicle*.c alone. */
#pragma once

#include "fleet/chronicle.h"

#define SECOND_US INT64_C(1000000)

/* What all parts work with during one call. */
struct telling_ctx {
	const struct config *config;
	struct timeline *timeline;
	const struct fleet_snap *before; /* the snapshot looked at last; NULL: none yet */
	const struct fleet_snap *snap;   /* the newest; in an event, the same as before */
	struct moment now;
};

/* Writes one entry about HOST, or about its guest VM with UUID. DETAIL is taken, NULL: none. */
void tell_host(const struct telling_ctx *ctx, const struct host_snap *host, enum event_kind kind, enum event_level level,
               const char *what, char *detail);
void tell_guest(const struct telling_ctx *ctx, const struct row_key *key, const char *vm, enum event_kind kind,
                enum event_level level, const char *what, char *detail);

/* "4s", "4m 12s", "2h 5m", "3d 2h"; caller frees. */
char *duration_words(int64_t us);

/* ---- chronicle_links.c: hosts lost and found ---- */

/* What the reader of the time line knows of one host's link; zeroed at first. */
#define FLAP_FALLS 4
struct link_watch {
	bool known;           /* … anything at all */
	bool was_up;
	enum link_state told; /* what he was told, or took for granted */
	int64_t told_us;
	int64_t lost_us;      /* since when it is lost; with told a loss */
	enum link_state link; /* what it is … */
	int64_t since_us;     /* … since then */
	int64_t falls_us[FLAP_FALLS]; /* when it fell last, the oldest at next_fall */
	unsigned next_fall;
	bool damped;          /* it flaps */
	int64_t damped_us;    /* when that was told last … */
	unsigned damped_falls; /* … and how often it fell since */
};

void link_watch_look(struct link_watch *watch, const struct telling_ctx *ctx, const struct host_snap *host);

/* ---- chronicle_life.c: what guests are at, and in which words that is told ---- */

/* An event of the guest called NAME, whose row KEY is. */
struct guest_event {
	struct row_key key;
	const char *name;
	enum conn_event_kind kind;
	enum conn_cause cause;
	const char *detail; /* NULL: none */
};

/* What an event or a snapshot leaves a guest at. */
enum life { LIFE_UNKNOWN, LIFE_GONE, LIFE_OFF, LIFE_PAUSED, LIFE_RUNNING };

enum life life_of(const struct vm *vm); /* NULL: gone */
/* What an event of KIND makes of a guest that was at BEFORE. */
enum life life_after(enum life before, enum conn_event_kind kind);
/* Whether events of KIND are told at all, and whether they say what the guest is at. */
bool life_is_told(enum conn_event_kind kind);
bool life_is_said(enum conn_event_kind kind);
void tell_guest_event(const struct telling_ctx *ctx, const struct guest_event *event);

/* A change that no event told. */
struct life_change {
	struct row_key key;
	const char *name;
	enum life from, to;
	bool restarted; /* runs as before, but anew */
	bool away;      /* its host was not connected meanwhile */
};
void tell_change(const struct telling_ctx *ctx, const struct life_change *change);

/* ---- chronicle_guests.c: guests started, stopped and so on ---- */

struct guests;
struct guests *guests_new(void);
void guests_free(struct guests *guests);
void guests_event(struct guests *guests, const struct telling_ctx *ctx, uint32_t index, const struct conn_event *event);
void guests_look(struct guests *guests, const struct telling_ctx *ctx);

/* ---- chronicle_moves.c: migrations, whose halves two hosts tell ---- */

struct migrations;
struct migrations *migrations_new(void);
void migrations_free(struct migrations *migrations);
/* True: EVENT is part of a migration, which is told by itself. */
bool migrations_event(struct migrations *migrations, const struct telling_ctx *ctx, const struct guest_event *event);
/* KEY is on its way, here or from here: its state means nothing. */
bool migrations_underway(const struct migrations *migrations, const struct row_key *key);
/* Snapshots say that KEY's guest is gone, is there. True: that is the other half of a migration, which is told by that. */
bool migrations_left(struct migrations *migrations, const struct telling_ctx *ctx, const struct row_key *key);
bool migrations_came(struct migrations *migrations, const struct telling_ctx *ctx, const struct row_key *key);
/* Tells those whose other half is not ours. */
void migrations_look(struct migrations *migrations, const struct telling_ctx *ctx);
/* Writes "migrated" about the guest KEY, which came from FROM (a host's name). SUFFIX NULL: none. */
void tell_move(const struct telling_ctx *ctx, const struct row_key *key, const char *name, const char *from,
               const char *suffix);

/* ---- chronicle_limits.c: numbers beyond the thresholds of the config ---- */

struct limits;
struct limits *limits_new(void);
void limits_free(struct limits *limits);
void limits_look(struct limits *limits, const struct telling_ctx *ctx);
