/*
 * asks: questions that a host's thread has for the operator – an unknown host key, a passphrase, a password – without
 * ever waiting for him. The thread asks, is told "not yet", sleeps as a host that waits for a decision, and is poked
 * when the answer is there. One question serves all hosts that need the same key. Secrets are wiped when dropped.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct asks;

enum ask_kind {
	ASK_HOSTKEY,    /* subject "host:port" as in known_hosts plus fingerprint; answered yes or no */
	ASK_PASSPHRASE, /* subject: the key file */
	ASK_PASSWORD,   /* subject: "user@host", answered with a secret */
};

enum ask_answer { ASK_PENDING, ASK_YES, ASK_NO };

struct ask {
	enum ask_kind kind;
	char *subject;
	char *text;     /* the question in full, fingerprint included; several lines */
	unsigned hosts; /* that wait for it */
};

/* INTERACTIVE false: every question is answered no at once. POKE is called (with the lock not held) for each waiting
 * host when its question is answered. CHANGED is called when a question was added. */
struct asks *asks_new(bool interactive, void (*poke)(void *ctx, uint32_t host), void (*changed)(void *ctx), void *ctx);
void asks_free(struct asks *asks);

/* Host HOST wants an answer. PENDING: registered, come back when poked. YES: *SECRET (NULL for host keys, else newly
 * allocated, to be given to asks_wipe()). NO: refused for this session. Any thread, never blocks. */
enum ask_answer asks_get(struct asks *asks, enum ask_kind kind, const char *subject, const char *text, uint32_t host,
                         char **secret);
/* SECRET turned out wrong: forgets it, so that the next asks_get() asks again; does nothing when another one has been
 * given since. Whoever still needs an answer has to ask again to be poked. Any thread. */
void asks_reject(struct asks *asks, enum ask_kind kind, const char *subject, const char *secret);
/* Answers; SECRET is copied. UI thread. */
void asks_answer(struct asks *asks, enum ask_kind kind, const char *subject, bool yes, const char *secret);
/* The oldest open question, newly allocated, or NULL. UI thread. */
struct ask *asks_next(struct asks *asks);
unsigned asks_open_count(struct asks *asks);
void ask_free(struct ask *ask);
void asks_wipe(char *secret); /* explicit_bzero and free; accepts NULL */
