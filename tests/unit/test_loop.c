#include "tui/loop.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <unistd.h>

struct fixture {
	struct loop *loop;
	int pipes[2][2];
	int ready[2], caught, ticks, rounds;
};

static void
fixture_init(struct fixture *it)
{
	*it = (struct fixture){ .loop = loop_new(NULL) };
	cr_assert_not_null(it->loop);
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pipe(it->pipes[i]), 0);
}

static void
fixture_done(struct fixture *it)
{
	loop_free(it->loop);
	for (int i = 0; i < 2; i++) {
		close(it->pipes[i][0]);
		close(it->pipes[i][1]);
	}
}

static void
poke(struct fixture *it, int i)
{
	cr_assert_eq(write(it->pipes[i][1], "x", 1), 1);
}

static void
quit(void *ctx)
{
	struct fixture *it = ctx;

	loop_quit(it->loop);
}

static void
count_round(void *ctx)
{
	struct fixture *it = ctx;

	it->rounds++;
}

static void
first_ready(void *ctx)
{
	struct fixture *it = ctx;
	char byte;

	it->ready[0]++;
	cr_assert_eq(read(it->pipes[0][0], &byte, 1), 1);
	poke(it, 1);
}

static void
second_ready(void *ctx)
{
	struct fixture *it = ctx;

	it->ready[1]++;
	loop_quit(it->loop);
}

Test(loop, calls_what_is_ready)
{
	struct fixture it;

	fixture_init(&it);
	loop_add_fd(it.loop, it.pipes[0][0], first_ready, &it);
	loop_add_fd(it.loop, it.pipes[1][0], second_ready, &it);
	loop_set_after(it.loop, count_round, &it);
	poke(&it, 0);
	loop_run(it.loop);
	cr_expect(it.ready[0] == 1 && it.ready[1] == 1);
	cr_expect_eq(it.rounds, 2, "before each sleep: %d", it.rounds);
	fixture_done(&it);
}

static void
closed(void *ctx)
{
	struct fixture *it = ctx;

	it->ready[0]++;
	loop_remove_fd(it->loop, it->pipes[0][0]);
	loop_set_timer(it->loop, 0, g_get_monotonic_time() + 1000, quit, it);
}

Test(loop, reports_a_lost_end_and_forgets_what_is_removed)
{
	struct fixture it;

	fixture_init(&it);
	loop_add_fd(it.loop, it.pipes[0][0], closed, &it);
	close(it.pipes[0][1]);
	loop_run(it.loop);
	cr_expect_eq(it.ready[0], 1);
	fixture_done(&it);
}

static void
remove_the_other(void *ctx)
{
	struct fixture *it = ctx;

	it->ready[0]++;
	loop_remove_fd(it->loop, it->pipes[0][0]);
	loop_remove_fd(it->loop, it->pipes[1][0]);
	loop_set_timer(it->loop, 7, 1, quit, it);
}

static void
add_and_remove(void *ctx)
{
	struct fixture *it = ctx;

	/* Both were ready in this round; the second may not be called any more. */
	remove_the_other(ctx);
	for (int i = 0; i < 100; i++)
		loop_add_fd(it->loop, it->pipes[1][0], second_ready, it);
	loop_remove_fd(it->loop, it->pipes[1][0]);
}

Test(loop, descriptors_come_and_go_during_a_round)
{
	static void (*const ways[])(void *) = { remove_the_other, add_and_remove };

	for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
		struct fixture it;

		fixture_init(&it);
		loop_add_fd(it.loop, it.pipes[0][0], ways[i], &it);
		loop_add_fd(it.loop, it.pipes[1][0], second_ready, &it);
		poke(&it, 0);
		poke(&it, 1);
		loop_run(it.loop);
		cr_expect(
			it.ready[0] == 1 && it.ready[1] == 0, "way %zu: %d %d", i, it.ready[0], it.ready[1]);
		fixture_done(&it);
	}
}

static void
caught(void *ctx, int signal)
{
	struct fixture *it = ctx;

	it->caught += signal;
	if (it->caught == SIGUSR1 + SIGUSR2)
		loop_quit(it->loop);
}

Test(loop, catches_signals)
{
	struct fixture it;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fixture_init(&it);
	loop_add_signal(it.loop, SIGUSR1, caught, &it);
	loop_add_signal(it.loop, SIGUSR2, caught, &it);
	raise(SIGUSR1);
	raise(SIGUSR2);
	loop_run(it.loop);
	cr_expect_eq(it.caught, SIGUSR1 + SIGUSR2);
	fixture_done(&it);
}

static void
tick(void *ctx)
{
	struct fixture *it = ctx;

	it->ticks++;
	if (it->ticks < 3)
		loop_set_timer(it->loop, 1, g_get_monotonic_time() + 100, tick, it);
	else
		loop_quit(it->loop);
}

Test(loop, timers_run_once_and_can_be_set_again)
{
	struct fixture it;

	fixture_init(&it);
	loop_set_timer(it.loop, 0, 1, quit, &it);
	loop_set_timer(it.loop, 0, 0, NULL, NULL); /* removed */
	loop_set_timer(it.loop, 1, 1, tick, &it);
	loop_run(it.loop);
	cr_expect_eq(it.ticks, 3);
	fixture_done(&it);
}

Test(loop, a_timer_is_never_early)
{
	struct fixture it;
	int64_t due_us;

	fixture_init(&it);
	due_us = g_get_monotonic_time() + 2500;
	loop_set_timer(it.loop, 0, due_us, quit, &it);
	loop_run(it.loop);
	cr_expect_geq(g_get_monotonic_time(), due_us);
	fixture_done(&it);
}

Test(loop, can_be_quit_before_it_sleeps)
{
	struct fixture it;

	fixture_init(&it);
	loop_set_after(it.loop, quit, &it);
	loop_run(it.loop);
	fixture_done(&it);
	loop_free(NULL);
}
