/* Changes of pins as text, for the threads a guest has, and read back; and the job that makes them. */
#include "actions/pin_changes.h"
#include "actions/registry.h"
#include "fleet/cpuset.h"
#include "fleet/jobs.h"
#include "fleet/snapshot.h"
#include "tests/support/fake_conn.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t uuid[UUID_LEN] = { 1 };

static void
set(struct cpu_set *out, const char *text)
{
	cpu_set_clear(out);
	if (text)
		cr_assert(cpu_set_parse(text, out), "%s", text);
}

static struct pin_row *
add(struct vm_pins *pins, enum pin_what what, unsigned number, const char *live, const char *kept)
{
	struct pin_row *row = vm_pins_add(pins, what, number);

	row->active = live != NULL;
	set(&row->live, live);
	set(&row->kept, kept);
	return row;
}

/* Two vCPUs that run, one that is offline, the emulator and an I/O thread. */
static struct vm_pins *
a_guest(void)
{
	struct vm_pins *pins = vm_pins_new(uuid);

	pins->running = pins->persistent = true;
	add(pins, PIN_IOTHREAD, 4, "0-7", "0-7");
	add(pins, PIN_VCPU, 2, NULL, "0-7");
	add(pins, PIN_VCPU, 0, "0-7", "0-7");
	add(pins, PIN_EMULATOR, 0, "0-7", "0-7");
	add(pins, PIN_VCPU, 1, "3", "0-7");
	return pins;
}

Test(pin_changes, rows_stand_in_order)
{
	struct vm_pins *pins = a_guest();
	static const char *const names[] = { "vCPU 0", "vCPU 1", "vCPU 2", "emulator", "I/O thread 4" };
	char name[PIN_NAME_SIZE];

	cr_assert_eq(pins->rows->len, G_N_ELEMENTS(names));
	for (guint i = 0; i < pins->rows->len; i++) {
		pin_name(vm_pins_at(pins, i)->what, vm_pins_at(pins, i)->number, name);
		cr_expect_str_eq(name, names[i]);
	}
	cr_expect_null(vm_pins_find(pins, PIN_VCPU, 3));
	vm_pins_unref(pins);
}

/* ---- as text ---- */

Test(pin_changes, text_comes_back)
{
	static const char *const texts[] = {
		"vcpu0:0-7",
		"vcpu0-3:0-7;vcpu4:8;emulator:0-7,9;iothread1:4",
		"vcpu*:2;emulator*:2;iothread*:2",
		"iothread1,3:0",
	};

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) changes = pin_changes_parse(texts[i], &error);
		g_autofree char *text = NULL;

		cr_assert(changes, "%s", error ? error->message : "");
		text = pin_changes_format(changes);
		cr_expect_str_eq(text, texts[i]);
	}
}

Test(pin_changes, nonsense_is_named)
{
	static const char *const texts[] = { "", "vcpu0", "vcpu:0", "vcpu0:", "emulator1:0", "cpu0:1",
		"vcpu0:1;", "vcpu0:^1", "vcpu0:9-1", "vcpu**:1", "vcpu0 0:1" };

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(pin_changes_parse(texts[i], &error), "%s", texts[i]);
		cr_assert(error);
		cr_expect(strstr(error->message, "is no pin"), "%s", error->message);
	}
}

/* ---- for the threads there are ---- */

static const struct {
	const char *text;
	unsigned scope;
	const char *xen;             /* not NULL: only vCPUs can be pinned */
	const char *wanted, *scopes; /* L, K or B for each */
	const char *error;
} aims[] = {
	{ "vcpu*:3", PIN_BOTH, NULL, "vcpu0-2:3", "BKK", NULL }, /* 1 is there live already, 2 is offline */
	{ "vcpu*:3", PIN_LIVE, NULL, "vcpu0:3", "L", NULL },
	{ "vcpu1:3", PIN_LIVE, NULL, "", "", NULL },
	{ "vcpu2:1", PIN_LIVE, NULL, NULL, NULL, "vCPU 2: is offline" },
	{ "vcpu2:1", PIN_BOTH, NULL, "vcpu2:1", "K", NULL },
	{ "vcpu7:1", PIN_BOTH, NULL, NULL, NULL, "vCPU 7: the guest has no such" },
	{ "vcpu0:1;emulator*:1;iothread*:1", PIN_KEPT, NULL, "vcpu0:1;emulator:1;iothread4:1", "KKK", NULL },
	{ "vcpu0:1;emulator*:1;iothread*:1", PIN_KEPT, "vCPUs only", "vcpu0:1", "K", NULL },
	{ "emulator:1", PIN_KEPT, "vCPUs only", NULL, NULL, "emulator: vCPUs only" },
};

static char *
scopes_of(const GArray *changes)
{
	static const char letters[] = { [PIN_LIVE] = 'L', [PIN_KEPT] = 'K', [PIN_BOTH] = 'B' };
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < changes->len; i++)
		g_string_append_c(out, letters[g_array_index(changes, struct pin_change, i).scope]);
	return g_string_free(out, FALSE);
}

Test(pin_changes, are_aimed_at_what_there_is)
{
	for (size_t i = 0; i < G_N_ELEMENTS(aims); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GArray) told = pin_changes_parse(aims[i].text, NULL);
		GArray *aimed = NULL;
		struct vm_pins *pins = a_guest();
		bool ok;

		pins->cannot[PIN_EMULATOR] = pins->cannot[PIN_IOTHREAD] = aims[i].xen;
		ok = pin_changes_aim(told, pins, aims[i].scope, &aimed, &error);
		cr_expect_eq(ok, aims[i].error == NULL, "%s: %s", aims[i].text, error ? error->message : "");
		if (ok) {
			g_autofree char *text = pin_changes_format(aimed), *scopes = scopes_of(aimed);

			cr_expect_str_eq(text, aims[i].wanted);
			cr_expect_str_eq(scopes, aims[i].scopes, "%s: %s", aims[i].text, scopes);
			g_array_unref(aimed);
		} else {
			cr_expect(strstr(error->message, aims[i].error), "%s", error->message);
		}
		vm_pins_unref(pins);
	}
}

/* ---- the job ---- */

struct act {
	struct fake *fake;
	struct conn *conn;
	struct job *job;
};

static struct act
act_new(const char *pins, const char *holds)
{
	struct act act = { .fake = fake_new(1), .job = job_new() };
	struct conn_factory factory = fake_factory(act.fake);
	const char *const params[] = { "pins", pins, "holds", holds, NULL };

	act.conn = factory.make(factory.ctx, 0, CONN_PURPOSE_JOB, NULL);
	cr_assert(act.conn->ops->open(act.conn, NULL));
	memcpy(act.job->target.uuid, uuid, UUID_LEN);
	act.job->params = g_strdupv((char **)(uintptr_t)params);
	return act;
}

static void
act_done(struct act *act)
{
	act->conn->ops->free(act->conn);
	job_free(act->job);
	fake_free(act->fake);
}

static bool
act_run(struct act *act, GError **error)
{
	return registry_find(false, "pin")->run(act->job, act->conn, error);
}

static void
expect_row(struct act *act, unsigned vcpu, const char *live, const char *kept)
{
	struct vm_pins *pins = act->conn->ops->pins(act->conn, uuid, false, NULL);
	const struct pin_row *row = vm_pins_find(pins, PIN_VCPU, vcpu);
	g_autofree char *is_live = cpu_set_format(&row->live), *is_kept = cpu_set_format(&row->kept);

	cr_expect_str_eq(is_live, live);
	cr_expect_str_eq(is_kept, kept);
	vm_pins_unref(pins);
}

Test(pin_changes, job_sets_each_thread_and_reads_back)
{
	struct act act = act_new("vcpu0:1;vcpu1:2-3", "both");

	cr_assert(act_run(&act, NULL));
	cr_expect_str_eq(act.job->remark, "2 threads, read back");
	cr_expect_eq(fake_count(act.fake, 0, FAKE_PIN), 2u);
	expect_row(&act, 0, "1", "1");
	expect_row(&act, 1, "2-3", "2-3");
	act_done(&act);
}

Test(pin_changes, job_does_what_is_asked_for_and_no_more)
{
	struct act act = act_new("vcpu*:0-7;emulator*:0-7", "both");

	cr_assert(act_run(&act, NULL));
	cr_expect_str_eq(act.job->remark, "it was so already");
	cr_expect_eq(fake_count(act.fake, 0, FAKE_PIN), 0u);
	act_done(&act);
	act = act_new("vcpu0:1", "live");
	cr_assert(act_run(&act, NULL));
	expect_row(&act, 0, "1", "0-7");
	act_done(&act);
}

/* A daemon that says yes and does nothing. */
Test(pin_changes, job_fails_when_it_reads_back_otherwise)
{
	struct act act = act_new("vcpu0:1", "live");
	struct vm_pins *pins = a_guest();
	g_autoptr(GError) error = NULL;

	fake_set_pins(act.fake, 0, pins, true);
	cr_assert_not(act_run(&act, &error));
	cr_expect_str_eq(error->message, "vCPU 0 reads back as 0-7 (live), not as 1");
	vm_pins_unref(pins);
	act_done(&act);
}

Test(pin_changes, job_that_fails_midway_says_how_far_it_was)
{
	static const struct fake_step steps[] = { { 0 }, { .error = "no", .code = FLEET_ERROR_FAILED } };
	struct act act = act_new("vcpu0:1;vcpu1:2", "both");
	g_autoptr(GError) error = NULL;

	fake_script(act.fake, 0, FAKE_PIN, steps, G_N_ELEMENTS(steps));
	cr_assert_not(act_run(&act, &error));
	cr_expect_str_eq(error->message, "1 of 2 threads are pinned; no");
	act_done(&act);
}

Test(pin_changes, job_refuses_what_the_driver_cannot)
{
	struct act act = act_new("vcpu0:1", "both");
	g_autoptr(GError) error = NULL;

	fake_set_cannot(act.fake, 0, VM_ACT_PIN, "a container's CPUs can't be pinned");
	cr_assert_not(act_run(&act, &error));
	cr_expect_str_eq(error->message, "a container's CPUs can't be pinned");
	cr_expect_eq(fake_count(act.fake, 0, FAKE_PIN), 0u);
	act_done(&act);
}
