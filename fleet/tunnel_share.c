#include "fleet/tunnel_share.h"

#include <pthread.h>

struct session {
	/* constant */
	struct pump_link *link;
	char *peer;
	uint32_t index;
	size_t founder; /* the user who began it */
	/* guarded by shared->lock */
	unsigned users;
	bool offered;
};

struct shared {
	pthread_mutex_t lock;
	/* guarded by lock */
	GHashTable *offers; /* host's index to struct session *, borrowed */
	size_t last_user;
};

struct shared *
shared_new(void)
{
	struct shared *shared = g_new0(struct shared, 1);

	pthread_mutex_init(&shared->lock, NULL);
	shared->offers = g_hash_table_new(NULL, NULL);
	return shared;
}

void
shared_free(struct shared *shared)
{
	if (!shared)
		return;
	g_hash_table_unref(shared->offers);
	pthread_mutex_destroy(&shared->lock);
	g_free(shared);
}

static void
withdraw_locked(struct shared *shared, struct session *session)
{
	if (!session->offered)
		return;
	session->offered = false;
	g_hash_table_remove(shared->offers, GUINT_TO_POINTER(session->index));
}

struct share
share_new(struct shared *shared, uint32_t index, struct pump_link *link, const char *peer)
{
	struct session *session = g_new0(struct session, 1), *older;
	struct share share = { .session = session };

	pthread_mutex_lock(&shared->lock);
	share.user = ++shared->last_user;
	*session = (struct session){
		.link = link,
		.peer = g_strdup(peer),
		.index = index,
		.founder = share.user,
		.users = 1,
		.offered = true,
	};
	older = g_hash_table_lookup(shared->offers, GUINT_TO_POINTER(index));
	if (older)
		older->offered = false;
	g_hash_table_insert(shared->offers, GUINT_TO_POINTER(index), session);
	pthread_mutex_unlock(&shared->lock);
	return share;
}

struct share
share_join(struct shared *shared, uint32_t index)
{
	struct share share = { 0 };

	pthread_mutex_lock(&shared->lock);
	share.session = g_hash_table_lookup(shared->offers, GUINT_TO_POINTER(index));
	if (share.session) {
		share.user = ++shared->last_user;
		share.session->users++;
	}
	pthread_mutex_unlock(&shared->lock);
	if (share.session && !pump_link_alive(share.session->link, NULL))
		share_leave(shared, &share);
	return share;
}

struct pump_link *
share_link(const struct share *share)
{
	return share->session ? share->session->link : NULL;
}

const char *
share_peer(const struct share *share)
{
	return share->session ? share->session->peer : NULL;
}

void
share_cut(struct shared *shared, const struct share *share)
{
	struct session *session = share->session;
	bool alone;

	pthread_mutex_lock(&shared->lock);
	alone = session->users == 1;
	if (alone || share->user == session->founder)
		withdraw_locked(shared, session);
	pthread_mutex_unlock(&shared->lock);
	if (alone)
		pump_link_cut(session->link);
	else
		pump_user_cut(session->link, share->user);
}

void
share_leave(struct shared *shared, struct share *share)
{
	struct session *session = share->session;
	bool last;

	if (!session)
		return;
	share->session = NULL;
	pump_user_leave(session->link, share->user);
	pthread_mutex_lock(&shared->lock);
	last = --session->users == 0;
	if (last || share->user == session->founder)
		withdraw_locked(shared, session);
	pthread_mutex_unlock(&shared->lock);
	if (!last)
		return;
	pump_link_drop(session->link);
	g_free(session->peer);
	g_free(session);
}
