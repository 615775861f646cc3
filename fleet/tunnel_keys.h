/*
 * tunnel_keys: private keys, read and decrypted once for all hosts. Private to fleet/tunnel*.c.
 *
 * A key is immutable once it is handed out; libssh only reads it while signing, so threads share it.
 */
#pragma once

#include <glib.h>
#include <libssh/libssh.h>
#include <stdbool.h>

enum tunnel_key_state {
	KEY_READY,
	KEY_LOCKED,  /* encrypted */
	KEY_MISSING, /* no such file */
	KEY_BAD,     /* why says it */
};

struct tunnel_key {
	gint refs; /* atomic */
	enum tunnel_key_state state;
	char *path;
	char *shown;         /* path with ~ */
	ssh_key private_key; /* KEY_READY */
	ssh_key public_key;  /* NULL: not known while locked */
	char *public_base64; /* likewise */
	ssh_key certificate; /* the one beside it, as a private key that shows it; KEY_READY, NULL: none */
	char *why;
};

struct tunnel_keys;

struct tunnel_keys *tunnel_keys_new(void);
void tunnel_keys_free(struct tunnel_keys *keys);

/* The key in PATH as it is now, with a reference; never NULL. Any thread; reads the file unless it is known. */
struct tunnel_key *tunnel_keys_get(struct tunnel_keys *keys, const char *path);
/* Decrypts it with SECRET for everybody. KEY_LOCKED again: the secret is wrong. Any thread; takes as long as the key's
 * derivation, once. */
struct tunnel_key *tunnel_keys_unlock(struct tunnel_keys *keys, const char *path, const char *secret);
void tunnel_key_unref(struct tunnel_key *key);

/* KEY showing the certificate in FILE, newly allocated; NULL when FILE is none for KEY. */
ssh_key tunnel_key_with_certificate(const struct tunnel_key *key, const char *file);
/* PATH with the user's own home as "~". Newly allocated. */
char *tunnel_key_shown(const char *path);
