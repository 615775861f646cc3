/* What became of a migration, and how one is asked for. */
#include "actions/fate.h"
#include "actions/migration.h"
#include "fleet/error.h"
#include "fleet/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

struct fate_case {
	enum side goal, source, target;
	enum fate_kind kind;
	const char *text;
};

Test(fate, says_where_the_guest_is_and_what_to_do)
{
	static const struct fate_case cases[] = {
		{ SIDE_RUNNING, SIDE_ABSENT, SIDE_RUNNING, FATE_ARRIVED, "runs on b" },
		{ SIDE_RUNNING, SIDE_OFF, SIDE_RUNNING, FATE_ARRIVED, "runs on b; still defined on a" },
		{ SIDE_RUNNING, SIDE_RUNNING, SIDE_ABSENT, FATE_STAYED, "runs on a as before" },
		{ SIDE_RUNNING, SIDE_RUNNING, SIDE_RUNNING, FATE_TWICE,
			"runs on a and on b, which both write to its disks: force one of them off at once" },
		{ SIDE_RUNNING, SIDE_PAUSED, SIDE_RUNNING, FATE_LEFT,
			"runs on b; a paused copy is left on a: force that off" },
		{ SIDE_RUNNING, SIDE_PAUSED, SIDE_ABSENT, FATE_HALTED,
			"paused on a and not on b: resume it there" },
		{ SIDE_RUNNING, SIDE_ABSENT, SIDE_PAUSED, FATE_HALTED,
			"paused on b and not on a: resume it there" },
		{ SIDE_RUNNING, SIDE_RUNNING, SIDE_PAUSED, FATE_MOVING,
			"runs on a; a paused copy is on b: force that off, unless it is being migrated "
			"again" },
		{ SIDE_RUNNING, SIDE_ABSENT, SIDE_ABSENT, FATE_NOWHERE, "neither on a nor on b" },
		{ SIDE_RUNNING, SIDE_ABSENT, SIDE_UNKNOWN, FATE_UNKNOWN, "finished on a; b unknown: check" },
		{ SIDE_RUNNING, SIDE_UNKNOWN, SIDE_RUNNING, FATE_UNKNOWN,
			"finished, runs on b; a unknown: check" },
		{ SIDE_RUNNING, SIDE_UNKNOWN, SIDE_UNKNOWN, FATE_UNKNOWN,
			"unknown on a and on b: check both" },
		{ SIDE_PAUSED, SIDE_ABSENT, SIDE_PAUSED, FATE_ARRIVED, "on b, as it was" },
		{ SIDE_PAUSED, SIDE_PAUSED, SIDE_ABSENT, FATE_STAYED, "on a, as before" },
		{ SIDE_OFF, SIDE_ABSENT, SIDE_OFF, FATE_ARRIVED, "on b, as it was" },
		{ SIDE_OFF, SIDE_OFF, SIDE_ABSENT, FATE_STAYED, "on a, as before" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct fate fate = fate_of(cases[i].goal, cases[i].source, cases[i].target);
		g_autofree char *text = fate_text(&fate, "a", "b");

		cr_expect_eq(fate.kind, cases[i].kind, "%s", cases[i].text);
		cr_expect_str_eq(text, cases[i].text);
	}
}

/* Whatever two hosts may say, it has words, and only what is whole is no warning. */
Test(fate, has_words_for_everything)
{
	for (enum side goal = SIDE_OFF; goal < SIDE_COUNT; goal++)
		for (enum side source = 0; source < SIDE_COUNT; source++)
			for (enum side target = 0; target < SIDE_COUNT; target++) {
				struct fate fate = fate_of(goal, source, target);

				cr_assert_not_null(fate.words, "%d %d %d", goal, source, target);
				cr_expect_eq(fate.level == EVENT_INFO, fate.kind == FATE_ARRIVED);
				cr_expect_eq(fate.kind == FATE_UNKNOWN,
					source == SIDE_UNKNOWN || target == SIDE_UNKNOWN);
			}
}

/* A name is a text and no pattern. */
Test(fate, names_of_hosts_are_put_in_as_they_are)
{
	struct fate fate = fate_of(SIDE_RUNNING, SIDE_RUNNING, SIDE_RUNNING);
	g_autofree char *text = fate_text(&fate, "%s", "%n");

	cr_expect(g_str_has_prefix(text, "runs on %s and on %n,"), "%s", text);
}

Test(fate, a_side_is_told_by_the_host)
{
	static const struct {
		struct whereabouts where;
		enum side side;
	} cases[] = {
		{ { .defined = false }, SIDE_ABSENT },
		{ { .defined = true, .state = VM_STATE_OFF }, SIDE_OFF },
		{ { .defined = true, .active = true, .state = VM_STATE_RUNNING }, SIDE_RUNNING },
		{ { .defined = true, .active = true, .state = VM_STATE_PAUSED }, SIDE_PAUSED },
		{ { .defined = true, .active = true, .state = VM_STATE_IDLE }, SIDE_RUNNING },
		/* each has a part of its memory: neither may be forced off, or resumed, as if it were whole */
		{ { .defined = true,
			  .active = true,
			  .state = VM_STATE_PAUSED,
			  .reason = "post-copy migration" },
			SIDE_UNKNOWN },
		{ { .defined = true,
			  .active = true,
			  .state = VM_STATE_PAUSED,
			  .reason = "post-copy migration failed" },
			SIDE_UNKNOWN },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
		cr_expect_eq(side_of_whereabouts(&cases[i].where), cases[i].side, "%zu", i);
	cr_expect_eq(side_of_vm(NULL), SIDE_ABSENT);
	cr_expect_eq(side_of_vm(&(struct vm){
			     .id = 1, .state = VM_STATE_PAUSED, .reason = "post-copy migration" }),
		SIDE_UNKNOWN);
}

/* ---- how it is asked for ---- */

static char **
params_of(const char *text)
{
	return g_strsplit(text, " ", -1);
}

Test(migration, params_become_options)
{
	static const struct {
		const char *params;
		uint32_t wants;
	} cases[] = {
		{ "to kvm2", MOVE_BIT(LIVE) },
		{ "offline yes", MOVE_BIT(OFFLINE) },
		{ "copy all", MOVE_BIT(LIVE) | MOVE_BIT(COPY_ALL) },
		{ "copy inc autoconverge yes",
			MOVE_BIT(LIVE) | MOVE_BIT(COPY_INC) | MOVE_BIT(AUTO_CONVERGE) },
		{ "postcopy yes tls yes unsafe yes p2p yes compress yes",
			MOVE_BIT(LIVE) | MOVE_BIT(POST_COPY) | MOVE_BIT(TLS) | MOVE_BIT(UNSAFE) |
				MOVE_BIT(P2P) | MOVE_BIT(COMPRESS) },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_auto(GStrv) params = params_of(cases[i].params);
		struct move_opts opts;

		cr_assert(migration_opts(params, &opts, NULL));
		cr_expect_eq(opts.wants, cases[i].wants, "%s: %x", cases[i].params, opts.wants);
	}
}

Test(migration, limits_are_numbers_with_units)
{
	g_auto(GStrv) params = params_of("bandwidth 100M downtime 250ms parallel 4 stall 2m");
	struct move_opts opts;

	cr_assert(migration_opts(params, &opts, NULL));
	cr_expect_eq(
		opts.wants, MOVE_BIT(LIVE) | MOVE_BIT(BANDWIDTH) | MOVE_BIT(DOWNTIME) | MOVE_BIT(PARALLEL));
	cr_expect_eq(opts.bandwidth, 100 << 20);
	cr_expect_eq(opts.downtime_ms, 250);
	cr_expect_eq(opts.connections, 4);
	cr_expect_eq(migration_stall_ms(params), 120000);
	cr_expect_eq(migration_stall_ms(NULL), 30000);
}

Test(migration, a_guest_that_is_off_takes_no_storage_along)
{
	g_auto(GStrv) params = params_of("offline yes copy all");
	g_autoptr(GError) error = NULL;
	struct move_opts opts = { .wants = 7 };

	cr_assert_not(migration_opts(params, &opts, &error));
	cr_expect(g_error_matches(error, FLEET_ERROR, FLEET_ERROR_FAILED));
	cr_expect_eq(opts.wants, 7);
}

Test(migration, an_uri_is_for_p2p)
{
	g_auto(GStrv) alone = params_of("uri qemu+tcp://b/system");
	g_auto(GStrv) with = params_of("uri qemu+tcp://b/system p2p yes");
	g_autoptr(GError) error = NULL;
	struct move_opts opts;

	cr_assert_not(migration_opts(alone, &opts, &error));
	cr_expect(strstr(error->message, "say p2p"), "%s", error->message);
	cr_assert(migration_opts(with, &opts, NULL));
	cr_expect_str_eq(opts.dest_uri, "qemu+tcp://b/system");
}

Test(migration, what_libvirt_says_has_advice)
{
	static const struct {
		const char *message, *advice;
	} cases[] = {
		{ "Unsafe migration: Migration without shared storage is unsafe", "copy=all" },
		{ "unable to connect to server at 'kvm2:49152': No route to host", "migration_address" },
		{ "unable to connect to server at 'kvm2:16509': Connection refused", "plain TCP" },
		{ "operation failed: domain 'x' already exists with uuid 1", "rename" },
		{ "Timed out during operation: cannot acquire state change lock (held by x)", "try again" },
		{ "operation failed: guest CPU doesn't match specification: missing features: avx", "CPU" },
		{ "internal error: unable to execute QEMU command 'object-add': Unable to access credentials "
		  "/etc/pki/qemu/ca-cert.pem: No such file or directory",
			"certificates" },
		{ "internal error: unable to execute QEMU command 'migrate-set-capabilities': Postcopy is "
		  "not "
		  "supported",
			"userfaultfd" },
		{ "Operation not supported: pre-creation of storage targets for incremental storage "
		  "migration is "
		  "not supported",
			"qemu-img create -b" },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		const char *advice = migration_advice(cases[i].message);

		cr_assert_not_null(advice, "%s", cases[i].message);
		cr_expect(strstr(advice, cases[i].advice), "%s", advice);
	}
	cr_expect_null(migration_advice("internal error: something else"));
}
