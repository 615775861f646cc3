#include "fleet/startup.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* Longer than any test may take. */
#define NEVER_US (INT64_C(3600) * 1000000)
#define WAITERS  8

struct waiters {
	struct startup *startup;
	atomic_uint come, through;
	pthread_t threads[WAITERS];
};

static void *
wait_main(void *arg)
{
	struct waiters *waiters = arg;

	atomic_fetch_add(&waiters->come, 1);
	startup_wait(waiters->startup);
	atomic_fetch_add(&waiters->through, 1);
	return NULL;
}

static void
waiters_start(struct waiters *waiters, struct startup *startup)
{
	waiters->startup = startup;
	atomic_init(&waiters->come, 0);
	atomic_init(&waiters->through, 0);
	for (size_t i = 0; i < WAITERS; i++)
		pthread_create(&waiters->threads[i], NULL, wait_main, waiters);
}

/* Returns when all are about to wait, or do. */
static void
waiters_come(struct waiters *waiters)
{
	while (atomic_load(&waiters->come) < WAITERS)
		sched_yield();
}

/* Returns only when all came through. */
static void
waiters_end(struct waiters *waiters)
{
	for (size_t i = 0; i < WAITERS; i++)
		pthread_join(waiters->threads[i], NULL);
	cr_assert_eq(atomic_load(&waiters->through), WAITERS);
	startup_free(waiters->startup);
}

TestSuite(startup, .timeout = 20);

Test(startup, nobody_goes_on_before_the_last_has_arrived)
{
	struct startup *startup = startup_new(2, NEVER_US, NEVER_US);
	struct waiters waiters;

	startup_arrived(startup);
	waiters_start(&waiters, startup);
	waiters_come(&waiters);
	for (unsigned i = 0; i < 1000; i++) {
		startup_step(startup);
		sched_yield();
		cr_assert_eq(atomic_load(&waiters.through), 0);
	}
	startup_arrived(startup);
	waiters_end(&waiters);
}

Test(startup, a_fleet_without_hosts_waits_for_nobody)
{
	struct waiters waiters;

	waiters_start(&waiters, startup_new(0, NEVER_US, NEVER_US));
	waiters_end(&waiters);
}

Test(startup, those_who_make_no_step_are_not_waited_for)
{
	struct waiters waiters;

	waiters_start(&waiters, startup_new(1, 1000, NEVER_US));
	waiters_end(&waiters);
}

Test(startup, patience_ends)
{
	struct waiters waiters;

	waiters_start(&waiters, startup_new(1, NEVER_US, 1000));
	waiters_end(&waiters);
}

Test(startup, opening_ends_the_wait)
{
	struct startup *startup = startup_new(1, NEVER_US, NEVER_US);
	struct waiters waiters;

	waiters_start(&waiters, startup);
	startup_open(startup);
	waiters_end(&waiters);
}
