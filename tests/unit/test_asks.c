#include "fleet/asks.h"

#include <criterion/criterion.h>

struct seen {
	unsigned pokes, changes;
	uint32_t hosts[16];
};

static void
on_poke(void *ctx, uint32_t host)
{
	struct seen *seen = ctx;

	seen->hosts[seen->pokes++] = host;
}

static void
on_changed(void *ctx)
{
	struct seen *seen = ctx;

	seen->changes++;
}

Test(asks, one_question_serves_all_hosts)
{
	struct seen seen = { 0 };
	struct asks *asks = asks_new(true, on_poke, on_changed, &seen);
	struct ask *ask;
	char *secret = NULL;

	for (uint32_t host = 3; host < 6; host++)
		cr_assert_eq(
			asks_get(asks, ASK_PASSPHRASE, "/k", "Passphrase of /k", host, &secret), ASK_PENDING);
	cr_assert_eq(asks_get(asks, ASK_PASSPHRASE, "/k", "Passphrase of /k", 4, &secret), ASK_PENDING);
	cr_assert_null(secret);
	cr_assert_eq(seen.changes, 1);
	cr_assert_eq(asks_open_count(asks), 1);

	ask = asks_next(asks);
	cr_assert_eq(ask->kind, ASK_PASSPHRASE);
	cr_assert_str_eq(ask->subject, "/k");
	cr_assert_str_eq(ask->text, "Passphrase of /k");
	cr_assert_eq(ask->hosts, 3);
	ask_free(ask);

	asks_answer(asks, ASK_PASSPHRASE, "/k", true, "geheim");
	cr_assert_eq(seen.pokes, 3);
	cr_assert_eq(seen.hosts[0], 3);
	cr_assert_eq(seen.hosts[2], 5);
	cr_assert_null(asks_next(asks));
	cr_assert_eq(asks_open_count(asks), 0);

	cr_assert_eq(asks_get(asks, ASK_PASSPHRASE, "/k", "Passphrase of /k", 9, &secret), ASK_YES);
	cr_assert_str_eq(secret, "geheim");
	asks_wipe(secret);
	asks_free(asks);
}

Test(asks, no_is_final_and_reject_asks_again)
{
	struct seen seen = { 0 };
	struct asks *asks = asks_new(true, on_poke, on_changed, &seen);
	char *secret = NULL;

	cr_assert_eq(asks_get(asks, ASK_HOSTKEY, "h:22 SHA256:x", "?", 1, NULL), ASK_PENDING);
	asks_answer(asks, ASK_HOSTKEY, "h:22 SHA256:x", false, NULL);
	cr_assert_eq(asks_get(asks, ASK_HOSTKEY, "h:22 SHA256:x", "?", 1, NULL), ASK_NO);
	asks_reject(asks, ASK_HOSTKEY, "h:22 SHA256:x", NULL);
	cr_assert_eq(asks_get(asks, ASK_HOSTKEY, "h:22 SHA256:x", "?", 1, NULL), ASK_NO);

	cr_assert_eq(asks_get(asks, ASK_PASSWORD, "me@h", "?", 1, &secret), ASK_PENDING);
	asks_reject(asks, ASK_PASSWORD, "me@h", "");
	cr_assert_eq(asks_open_count(asks), 1, "an open question can't turn out wrong");
	asks_answer(asks, ASK_PASSWORD, "me@h", true, "wrong");
	asks_reject(asks, ASK_PASSWORD, "me@h", "wrong");
	cr_assert_eq(asks_get(asks, ASK_PASSWORD, "me@h", "?", 1, &secret), ASK_PENDING);
	cr_assert_null(secret);

	asks_answer(asks, ASK_PASSWORD, "me@h", true, "right");
	asks_reject(asks, ASK_PASSWORD, "me@h", "wrong"); /* says somebody late */
	cr_assert_eq(asks_get(asks, ASK_PASSWORD, "me@h", "?", 1, &secret), ASK_YES);
	asks_wipe(secret);
	asks_free(asks);
}

Test(asks, kinds_and_subjects_are_apart_and_oldest_comes_first)
{
	struct seen seen = { 0 };
	struct asks *asks = asks_new(true, on_poke, on_changed, &seen);
	static const struct {
		enum ask_kind kind;
		const char *subject;
	} order[] = { { ASK_PASSWORD, "x" }, { ASK_PASSPHRASE, "x" }, { ASK_PASSWORD, "y" } };

	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++)
		cr_assert_eq(asks_get(asks, order[i].kind, order[i].subject, "?", i, NULL), ASK_PENDING);
	for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
		struct ask *ask = asks_next(asks);

		cr_assert_eq(ask->kind, order[i].kind);
		cr_assert_str_eq(ask->subject, order[i].subject);
		asks_answer(asks, ask->kind, ask->subject, true, "s");
		cr_assert_eq(seen.pokes, i + 1);
		cr_assert_eq(seen.hosts[i], i);
		ask_free(ask);
	}
	asks_answer(asks, ASK_PASSWORD, "nobody asked", true, "s");
	cr_assert_eq(seen.pokes, 3);
	asks_free(asks);
}

Test(asks, without_an_operator_everything_is_refused)
{
	struct seen seen = { 0 };
	struct asks *asks = asks_new(false, on_poke, on_changed, &seen);

	cr_assert_eq(asks_get(asks, ASK_HOSTKEY, "h", "?", 1, NULL), ASK_NO);
	cr_assert_eq(seen.changes, 0);
	cr_assert_null(asks_next(asks));
	asks_free(asks);
}
