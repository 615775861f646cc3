#include "fleet/tunnel_keys.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file and what is known of it. */
struct slot {
	bool busy; /* a thread reads or decrypts it; guarded by keys->lock, as all below */
	struct stat stat;
	struct tunnel_key *key; /* NULL: not read yet */
	char *wrong;            /* digest of the last secret that did not fit */
};

struct tunnel_keys {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	GHashTable *slots; /* path → struct slot, never removed; guarded by lock */
};

static void
slot_free(void *data)
{
	struct slot *slot = data;

	tunnel_key_unref(slot->key);
	g_free(slot->wrong);
	g_free(slot);
}

struct tunnel_keys *
tunnel_keys_new(void)
{
	struct tunnel_keys *keys = g_new0(struct tunnel_keys, 1);

	pthread_mutex_init(&keys->lock, NULL);
	pthread_cond_init(&keys->changed, NULL);
	keys->slots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, slot_free);
	return keys;
}

void
tunnel_keys_free(struct tunnel_keys *keys)
{
	if (!keys)
		return;
	g_hash_table_unref(keys->slots);
	pthread_cond_destroy(&keys->changed);
	pthread_mutex_destroy(&keys->lock);
	g_free(keys);
}

static struct tunnel_key *
key_ref(struct tunnel_key *key)
{
	g_atomic_int_inc(&key->refs);
	return key;
}

void
tunnel_key_unref(struct tunnel_key *key)
{
	if (!key || !g_atomic_int_dec_and_test(&key->refs))
		return;
	ssh_key_free(key->private_key);
	ssh_key_free(key->public_key);
	ssh_key_free(key->certificate);
	g_free(key->path);
	g_free(key->shown);
	g_free(key->public_base64);
	g_free(key->why);
	g_free(key);
}

char *
tunnel_key_shown(const char *path)
{
	const char *home = g_get_home_dir();
	gsize len = strlen(home);

	if (len > 1 && g_str_has_prefix(path, home) && path[len] == '/')
		return g_strdup_printf("~%s", path + len);
	return g_strdup(path);
}

/* ---- reading ---- */

static int
note_question(const char *prompt, char *buf, size_t len, int echo, int verify, void *asked)
{
	(void)prompt, (void)buf, (void)len, (void)echo, (void)verify;
	*(bool *)asked = true;
	return -1;
}

static ssh_key
read_certificate(const struct tunnel_key *key)
{
	g_autofree char *file = g_strdup_printf("%s-cert.pub", key->path);

	return access(file, R_OK) == 0 ? tunnel_key_with_certificate(key, file) : NULL;
}

static void
read_public(struct tunnel_key *key)
{
	g_autofree char *file = g_strdup_printf("%s.pub", key->path);

	/* The file itself: a new private key's clear part, or a public key, as IdentityFile may name one. */
	if (key->private_key)
		ssh_pki_export_privkey_to_pubkey(key->private_key, &key->public_key);
	else if (ssh_pki_import_pubkey_file(file, &key->public_key) != SSH_OK)
		ssh_pki_import_pubkey_file(key->path, &key->public_key);
}

static void
set_public_base64(struct tunnel_key *key)
{
	char *text = NULL;

	if (key->public_key && ssh_pki_export_pubkey_base64(key->public_key, &text) == SSH_OK) {
		key->public_base64 = g_strdup(text);
		ssh_string_free_char(text);
	}
}

static void
read_private(struct tunnel_key *key, const char *secret)
{
	bool asked = false;

	if (ssh_pki_import_privkey_file(key->path, secret, note_question, &asked, &key->private_key) ==
		SSH_OK) {
		key->state = KEY_READY;
	} else if (asked || secret) {
		key->state = KEY_LOCKED;
	} else {
		key->state = KEY_BAD;
		key->why = g_strdup("not a private key that libssh can read");
	}
}

/* As ssh does: a private key that others can read may be known to them. */
static bool
is_too_open(const struct stat *st)
{
	return st->st_uid == getuid() && (st->st_mode & 077);
}

/* Without the lock: reads the disk and may take a key derivation's time. */
static struct tunnel_key *
read_key(const char *path, const struct stat *st, bool exists, const char *secret)
{
	struct tunnel_key *key = g_new0(struct tunnel_key, 1);

	key->refs = 1;
	key->path = g_strdup(path);
	key->shown = tunnel_key_shown(path);
	if (!exists) {
		key->state = KEY_MISSING;
	} else if (is_too_open(st)) {
		key->state = KEY_BAD;
		key->why = g_strdup_printf("permissions %04o are too open", (unsigned)st->st_mode & 07777);
	} else {
		read_private(key, secret);
	}
	/* The public half alone is enough to know the key again in the agent. */
	read_public(key);
	set_public_base64(key);
	if (key->state == KEY_READY)
		key->certificate = read_certificate(key);
	return key;
}

/* The bytes behind the string at the beginning of DATA; NULL: there is none. */
static const guint8 *
behind_string(const guint8 *data, gsize *len)
{
	guint32 size;

	if (!data || *len < 4)
		return NULL;
	size = (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];
	if (*len - 4 < size)
		return NULL;
	*len -= 4 + size;
	return data + 4 + size;
}

/* A public key is its type and its numbers, a certificate another type, a nonce, the same numbers and more. libssh
 * does not compare the two. */
static bool
certifies(const char *certificate_base64, const char *public_base64)
{
	gsize certificate_len, public_len;
	g_autofree guint8 *certificate = g_base64_decode(certificate_base64, &certificate_len);
	g_autofree guint8 *public = g_base64_decode(public_base64, &public_len);
	const guint8 *theirs = behind_string(behind_string(certificate, &certificate_len), &certificate_len);
	const guint8 *ours = behind_string(public, &public_len);

	return theirs && ours && certificate_len >= public_len && memcmp(theirs, ours, public_len) == 0;
}

ssh_key
tunnel_key_with_certificate(const struct tunnel_key *key, const char *file)
{
	ssh_key certificate = NULL, joined = NULL;
	char *base64 = NULL;

	if (ssh_pki_import_cert_file(file, &certificate) != SSH_OK)
		return NULL;
	if (key->public_base64 && ssh_pki_export_pubkey_base64(certificate, &base64) == SSH_OK &&
		certifies(base64, key->public_base64)) {
		joined = ssh_key_dup(key->private_key);
		if (joined && ssh_pki_copy_cert_to_privkey(certificate, joined) != SSH_OK) {
			ssh_key_free(joined);
			joined = NULL;
		}
	}
	ssh_string_free_char(base64);
	ssh_key_free(certificate);
	return joined;
}

/* ---- sharing ---- */

/* With the lock held: PATH's slot, nobody busy with it. */
static struct slot *
slot_take(struct tunnel_keys *keys, const char *path)
{
	struct slot *slot = g_hash_table_lookup(keys->slots, path);

	if (!slot) {
		slot = g_new0(struct slot, 1);
		g_hash_table_insert(keys->slots, g_strdup(path), slot);
	}
	while (slot->busy)
		pthread_cond_wait(&keys->changed, &keys->lock);
	return slot;
}

/* With the lock held, which is dropped meanwhile. */
static void
slot_read(struct tunnel_keys *keys, struct slot *slot, const char *path, const char *secret)
{
	struct tunnel_key *key;
	struct stat st = { 0 };
	bool exists;

	slot->busy = true;
	pthread_mutex_unlock(&keys->lock);
	exists = stat(path, &st) == 0;
	key = read_key(path, &st, exists, secret);
	pthread_mutex_lock(&keys->lock);
	tunnel_key_unref(slot->key);
	slot->key = key;
	slot->stat = st;
	slot->busy = false;
	pthread_cond_broadcast(&keys->changed);
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mode == b->st_mode && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

struct tunnel_key *
tunnel_keys_get(struct tunnel_keys *keys, const char *path)
{
	struct tunnel_key *key;
	struct stat st = { 0 };
	struct slot *slot;

	(void)stat(path, &st); /* zeros, like a slot's, when there is none */
	pthread_mutex_lock(&keys->lock);
	slot = slot_take(keys, path);
	if (!slot->key || !same_file(&slot->stat, &st))
		slot_read(keys, slot, path, NULL);
	key = key_ref(slot->key);
	pthread_mutex_unlock(&keys->lock);
	return key;
}

struct tunnel_key *
tunnel_keys_unlock(struct tunnel_keys *keys, const char *path, const char *secret)
{
	g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
	struct tunnel_key *key;
	struct slot *slot;

	pthread_mutex_lock(&keys->lock);
	slot = slot_take(keys, path);
	/* All hosts of the fleet come with the same secret: one pays for the derivation. */
	if ((!slot->key || slot->key->state == KEY_LOCKED) && g_strcmp0(slot->wrong, digest)) {
		slot_read(keys, slot, path, secret);
		g_clear_pointer(&slot->wrong, g_free);
		if (slot->key->state == KEY_LOCKED)
			slot->wrong = g_steal_pointer(&digest);
	}
	key = key_ref(slot->key);
	pthread_mutex_unlock(&keys->lock);
	return key;
}
