/*
 * tunnel_share: sessions that several tunnels use – a host's polling connection, and those of acts on its guests. The
 * session ends with its last user; each may be cut alone. Private to fleet/tunnel*.c.
 */
#pragma once

#include "fleet/tunnel_pump.h"

struct shared; /* all sessions of a struct tunnels */
struct session;

struct shared *shared_new(void);
void shared_free(struct shared *shared); /* all sessions have been left; accepts NULL */

/* One user's part in it; what it has open there goes by its number. */
struct share {
	struct session *session; /* NULL: none */
	size_t user;
};

/* LINK (taken) as a session with one user, offered to others that go to host INDEX, in place of an older one. PEER: the name
 * it leads to, copied. Any thread, as all below; none blocks. */
struct share share_new(struct shared *shared, uint32_t index, struct pump_link *link, const char *peer);
/* A part in the session that is offered for INDEX; none when there is none that lives. */
struct share share_join(struct shared *shared, uint32_t index);
struct pump_link *share_link(const struct share *share); /* NULL when there is no session */
const char *share_peer(const struct share *share);       /* likewise; the session's */
/* Ends what this user has open, for good. The session, too, when nobody else uses it; else it lives on. It is offered no more,
 * when it was this user who began it: there is something wrong with it. */
void share_cut(struct shared *shared, const struct share *share);
/* Leaves it; accepts a share that is none. */
void share_leave(struct shared *shared, struct share *share);
