/* Starting a guest that its driver has not cleared away yet: libvirt's test driver, with virDomainCreate() in our way. */
#include "fleet/error.h"
#include "fleet/events.h"
#include "tests/support/witness.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <libvirt/libvirt.h>

static unsigned calls, refusals; /* of virDomainCreate(): made so far, and that are still to be refused */

/* Instead of libvirt's: refuses as libxl does, with an error of the same code, which the test driver has for other calls. */
int
virDomainCreate(virDomainPtr dom)
{
	int (*create)(virDomainPtr) = (int (*)(virDomainPtr))dlsym(RTLD_NEXT, "virDomainCreate");

	calls++;
	if (refusals == 0)
		return create(dom);
	refusals--;
	cr_assert_lt(
		virDomainIsActive(dom) == 1 ? virDomainRename(dom, "other", 0) : virDomainReset(dom, 0), 0);
	return -1;
}

static struct witness witness;
static struct conn *conn;
static uint8_t uuid[UUID_LEN];

static void
start(void)
{
	witness_init(&witness);
	cr_assert(events_start(NULL));
	conn = witness_open(&witness, "test:///default");
	state_of(conn, "test", uuid);
}

static void
stop(void)
{
	conn->ops->free(conn);
	events_stop();
	witness_done(&witness);
}

TestSuite(start, .init = start, .fini = stop, .timeout = 60);

Test(start, is_tried_again_while_the_guest_is_off_and_called_active)
{
	do_act(conn, uuid, VM_ACT_DESTROY);
	refusals = 1;
	do_act(conn, uuid, VM_ACT_START);
	cr_expect_eq(calls, 2);
	cr_expect_eq(state_of(conn, "test", NULL), VM_STATE_RUNNING);
}

Test(start, of_a_guest_that_runs_fails_at_once_with_its_words)
{
	g_autoptr(GError) error = NULL;

	refusals = 2;
	cr_expect_not(conn->ops->act(conn, uuid, VM_ACT_START, &error));
	cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_STATE), "%s", error->message);
	cr_expect_eq(calls, 2, "the second to hear the words again");
}
