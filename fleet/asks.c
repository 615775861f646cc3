#include "fleet/asks.h"

#include <pthread.h>
#include <string.h>

/* A question and, once given, its answer. Answered ones stay: they are what later hosts are told. */
struct question {
	enum ask_kind kind;
	char *subject;
	char *text;
	enum ask_answer answer;
	char *secret;  /* NULL: none */
	GArray *hosts; /* uint32_t, waiting, each once */
};

struct asks {
	bool interactive;                       /* constant */
	void (*poke)(void *ctx, uint32_t host); /* constant */
	void (*changed)(void *ctx);             /* constant */
	void *ctx;                              /* constant */
	pthread_mutex_t lock;
	GPtrArray *questions; /* struct question, oldest first; guarded by lock */
};

static void
question_free(void *data)
{
	struct question *question = data;

	g_free(question->subject);
	g_free(question->text);
	asks_wipe(question->secret);
	g_array_unref(question->hosts);
	g_free(question);
}

static struct question *
question_new(enum ask_kind kind, const char *subject, const char *text)
{
	struct question *question = g_new0(struct question, 1);

	question->kind = kind;
	question->subject = g_strdup(subject);
	question->text = g_strdup(text);
	question->answer = ASK_PENDING;
	question->hosts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	return question;
}

static void
question_add_host(struct question *question, uint32_t host)
{
	for (guint i = 0; i < question->hosts->len; i++) {
		if (g_array_index(question->hosts, uint32_t, i) == host)
			return;
	}
	g_array_append_val(question->hosts, host);
}

/* With the lock held. */
static struct question *
asks_find(struct asks *asks, enum ask_kind kind, const char *subject)
{
	for (guint i = 0; i < asks->questions->len; i++) {
		struct question *question = g_ptr_array_index(asks->questions, i);

		if (question->kind == kind && strcmp(question->subject, subject) == 0)
			return question;
	}
	return NULL;
}

struct asks *
asks_new(bool interactive, void (*poke)(void *ctx, uint32_t host), void (*changed)(void *ctx), void *ctx)
{
	struct asks *asks = g_new0(struct asks, 1);

	asks->interactive = interactive;
	asks->poke = poke;
	asks->changed = changed;
	asks->ctx = ctx;
	pthread_mutex_init(&asks->lock, NULL);
	asks->questions = g_ptr_array_new_with_free_func(question_free);
	return asks;
}

void
asks_free(struct asks *asks)
{
	if (!asks)
		return;
	g_ptr_array_unref(asks->questions);
	pthread_mutex_destroy(&asks->lock);
	g_free(asks);
}

enum ask_answer
asks_get(struct asks *asks, enum ask_kind kind, const char *subject, const char *text, uint32_t host,
	char **secret)
{
	enum ask_answer answer;
	struct question *question;
	bool added = false;

	if (!asks->interactive)
		return ASK_NO;

	pthread_mutex_lock(&asks->lock);
	question = asks_find(asks, kind, subject);
	if (!question) {
		question = question_new(kind, subject, text);
		g_ptr_array_add(asks->questions, question);
		added = true;
	}
	answer = question->answer;
	if (answer == ASK_PENDING)
		question_add_host(question, host);
	else if (answer == ASK_YES && secret)
		*secret = g_strdup(question->secret);
	pthread_mutex_unlock(&asks->lock);

	if (added && asks->changed)
		asks->changed(asks->ctx);
	return answer;
}

void
asks_reject(struct asks *asks, enum ask_kind kind, const char *subject, const char *secret)
{
	struct question *question;

	pthread_mutex_lock(&asks->lock);
	question = asks_find(asks, kind, subject);
	if (question && question->answer == ASK_YES && g_strcmp0(question->secret, secret) == 0)
		g_ptr_array_remove(asks->questions, question);
	pthread_mutex_unlock(&asks->lock);
}

void
asks_answer(struct asks *asks, enum ask_kind kind, const char *subject, bool yes, const char *secret)
{
	g_autoptr(GArray) hosts = NULL;
	struct question *question;

	pthread_mutex_lock(&asks->lock);
	question = asks_find(asks, kind, subject);
	if (question && question->answer == ASK_PENDING) {
		question->answer = yes ? ASK_YES : ASK_NO;
		question->secret = yes ? g_strdup(secret) : NULL;
		hosts = question->hosts;
		question->hosts = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	}
	pthread_mutex_unlock(&asks->lock);

	for (guint i = 0; hosts && asks->poke && i < hosts->len; i++)
		asks->poke(asks->ctx, g_array_index(hosts, uint32_t, i));
}

static struct ask *
ask_new(const struct question *question)
{
	struct ask *ask = g_new0(struct ask, 1);

	ask->kind = question->kind;
	ask->subject = g_strdup(question->subject);
	ask->text = g_strdup(question->text);
	ask->hosts = question->hosts->len;
	return ask;
}

struct ask *
asks_next(struct asks *asks)
{
	struct ask *ask = NULL;

	pthread_mutex_lock(&asks->lock);
	for (guint i = 0; i < asks->questions->len && !ask; i++) {
		const struct question *question = g_ptr_array_index(asks->questions, i);

		if (question->answer == ASK_PENDING)
			ask = ask_new(question);
	}
	pthread_mutex_unlock(&asks->lock);
	return ask;
}

unsigned
asks_open_count(struct asks *asks)
{
	unsigned count = 0;

	pthread_mutex_lock(&asks->lock);
	for (guint i = 0; i < asks->questions->len; i++) {
		const struct question *question = g_ptr_array_index(asks->questions, i);

		count += question->answer == ASK_PENDING;
	}
	pthread_mutex_unlock(&asks->lock);
	return count;
}

void
ask_free(struct ask *ask)
{
	if (!ask)
		return;
	g_free(ask->subject);
	g_free(ask->text);
	g_free(ask);
}

void
asks_wipe(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	g_free(secret);
}
