/* Plans of moves: who is sent where, who is left out, and what is kept of it. */
#include "actions/aim.h"
#include "actions/evacuate.h"
#include "actions/maintenance.h"
#include "actions/registry.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <glib/gstdio.h>
#include <string.h>

#define GIB        (1024.0 * 1024 * 1024)
#define TEXT(text) ((char *)(uintptr_t)(text))
#define HOSTS      3

/* Three hosts; two guests on the first. */
struct world {
	struct config *config;
	struct maintenance *maintenance;
	const struct host_facts *facts;
	struct host_static places[HOSTS];
	const struct fleet_snap *snap;
	GArray *keys;
};

static const char *const names[HOSTS] = { "h0", "h1", "h2" };

static void
world_init(struct world *world, bool aborts)
{
	struct host_facts *facts = host_facts_new();
	struct vm vms[] = { snaps_vm("small", 1), snaps_vm("large", 2) };
	struct snaps_part parts[HOSTS];

	facts->hypervisor = HYPERVISOR_KVM;
	facts->driver = g_strdup("QEMU");
	facts->live_migration = true;
	facts->moves = MOVE_BIT(LIVE) | (aborts ? MOVE_BIT(ABORT) : 0);
	*world = (struct world){ .config = snaps_config(),
		.maintenance = maintenance_new(NULL),
		.facts = facts,
		.keys = g_array_new(FALSE, FALSE, sizeof(struct row_key)) };
	snaps_set_vm(&vms[1], VM_MEM, 40 * GIB);
	for (unsigned i = 0; i < HOSTS; i++) {
		world->places[i] = (struct host_static){ .index = i, .name = TEXT(names[i]) };
		parts[i] =
			(struct snaps_part){ .host = snaps_host(i, names[i]), .vms = vms, .nvms = i ? 0 : 2 };
		parts[i].host.facts = facts;
		parts[i].host.config = &world->places[i];
	}
	snaps_set_host(&parts[1].host, HOST_MEM_USED, 100 * GIB);
	world->snap = snaps_fleet(parts, HOSTS);
}

static void
world_done(struct world *world)
{
	fleet_snap_unref(world->snap);
	host_facts_unref(world->facts);
	g_array_unref(world->keys);
	maintenance_free(world->maintenance);
	config_free(world->config);
}

static struct plan *
make_plan(struct world *world, const char *verb, const char *to, const struct relocation *relocation)
{
	char *params[] = { TEXT("to"), TEXT(to), NULL };
	const struct action *action = registry_find(false, verb);
	struct row_key host = host_key(world->snap->hosts[0]);

	g_array_set_size(world->keys, 0);
	if (action->target == TARGET_HOST)
		g_array_append_val(world->keys, host);
	for (size_t i = 0; action->target == TARGET_VM && i < 2; i++)
		g_array_append_val(
			world->keys, ((struct row_key[]){ vm_key(&world->snap->hosts[0]->vms[i]) }));
	return plan_new(&(struct plan_opts){
		.action = action,
		.params = to ? params : NULL,
		.snap = world->snap,
		.keys = world->keys,
		.config = world->config,
		.maintenance = world->maintenance,
		.relocation = relocation,
		.now_us = SNAPS_NOW_US,
	});
}

static const struct plan_target *
target_of(const struct plan *plan, const char *name)
{
	for (guint i = 0; i < plan->targets->len; i++) {
		const struct plan_target *target = plan->targets->pdata[i];

		if (strcmp(target->name, name) == 0)
			return target;
	}
	return NULL;
}

Test(aim, sends_to_one_host_what_can_go_there_and_says_what_cant)
{
	struct world world;
	struct plan *plan;
	const struct plan_refusal *refusal;

	world_init(&world, true);
	plan = make_plan(&world, "migrate", "h1", NULL);
	cr_assert_eq(plan->targets->len, 1);
	cr_expect_str_eq(target_of(plan, "small")->dest_name, "h1");
	cr_expect_eq(target_of(plan, "small")->dest, 1);
	cr_assert_eq(plan->refusals->len, 1);
	refusal = plan->refusals->pdata[0];
	cr_expect_str_eq(refusal->why, "can't go to h1: memory");
	cr_expect_str_eq(((const struct plan_target *)refusal->guests->pdata[0])->detail,
		"needs 40.0 GiB, 24.0 GiB are free");
	plan_free(plan);
	world_done(&world);
}

Test(aim, refuses_what_is_no_host_and_what_is_not_said)
{
	struct world world;
	struct plan *plan;

	world_init(&world, true);
	plan = make_plan(&world, "migrate", "h9", NULL);
	cr_expect(plan->blocked && strstr(plan->blocked, "no host 'h9'"), "%s", plan->blocked);
	plan_free(plan);
	plan = make_plan(&world, "migrate", NULL, NULL);
	cr_expect(plan->blocked && strstr(plan->blocked, "where to?"), "%s", plan->blocked);
	plan_free(plan);
	world_done(&world);
}

Test(aim, empties_a_host_the_largest_first_and_remembers_it)
{
	struct world world;
	struct plan *plan;
	const struct maintenance_note *note;

	world_init(&world, true);
	plan = make_plan(&world, "evacuate", NULL, NULL);
	cr_assert_eq(plan->targets->len, 2);
	cr_expect_str_eq(((struct plan_target *)plan->targets->pdata[0])->name, "large");
	cr_expect_str_eq(target_of(plan, "large")->dest_name, "h2");
	cr_expect_str_eq(action_param(target_of(plan, "large")->params, "to"), "h2",
		"for the journal, and to try again");
	cr_assert(aim_note(plan, world.maintenance, NULL));
	note = maintenance_find(world.maintenance, "h0");
	cr_assert_not_null(note);
	cr_expect_eq(note->guests->len, 2);
	plan_free(plan);
	plan = make_plan(&world, "migrate", "h0", NULL);
	cr_expect_eq(plan->targets->len, 0);
	plan_free(plan);
	world_done(&world);
}

/* What the operator saw is what runs, unless it has become impossible meanwhile. */
Test(aim, keeps_to_the_plan_that_was_shown)
{
	struct world world;
	struct relocation *shown = relocation_new(RELOCATION_EVACUATE, "h0");
	struct plan *plan;

	world_init(&world, true);
	relocation_add(shown, &world.snap->hosts[0]->vms[0], world.snap->hosts[1], VERDICT_FITS, "because");
	relocation_add(shown, &world.snap->hosts[0]->vms[1], world.snap->hosts[1], VERDICT_FITS, "because");
	plan = make_plan(&world, "evacuate", NULL, shown);
	cr_assert_eq(plan->targets->len, 1);
	cr_expect_str_eq(target_of(plan, "small")->dest_name, "h1");
	cr_expect_eq(plan->refusals->len, 1, "the large one has no room there");
	plan_free(plan);
	relocation_free(shown);
	world_done(&world);
}

Test(aim, says_before_whether_it_can_be_given_up)
{
	for (int aborts = 0; aborts < 2; aborts++) {
		struct world world;
		struct plan *plan;

		world_init(&world, aborts);
		plan = make_plan(&world, "migrate", "h2", NULL);
		cr_expect(plan->note && strstr(plan->note, aborts ? "can be given up" : "can't be given up"),
			"%s", plan->note);
		plan_free(plan);
		world_done(&world);
	}
}

Test(aim, moves_nothing_while_maintenance_is_not_known)
{
	g_autofree char *folder = g_dir_make_tmp("virt-fleet-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(folder, "maintenance", NULL);
	struct world world;
	struct plan *plan;

	world_init(&world, true);
	maintenance_free(world.maintenance);
	world.maintenance = maintenance_new(path);
	cr_assert(g_file_set_contents(path, "not a key file\n", -1, NULL));
	cr_assert_not(maintenance_refresh(world.maintenance, NULL));
	plan = make_plan(&world, "migrate", "h2", NULL);
	cr_expect_eq(plan->targets->len, 0);
	cr_expect(plan->blocked && strstr(plan->blocked, "maintenance is not known: "), "%s", plan->blocked);
	plan_free(plan);
	g_unlink(path);
	cr_assert(maintenance_refresh(world.maintenance, NULL));
	plan = make_plan(&world, "migrate", "h2", NULL);
	cr_expect_null(plan->blocked);
	plan_free(plan);
	world_done(&world);
	g_rmdir(folder);
}

/* Whatever a guest is called, it is not in the way of a shell. */
Test(aim, prints_a_plan_as_commands)
{
	struct world world;
	struct relocation *shown = relocation_new(RELOCATION_EVACUATE, "h0");
	const char *const hosts[] = { "h0", "root@[fd00::1]:2222", "root@h2:2222", NULL };
	struct vm evil = snaps_vm("a\nrm -rf /;$(x)", 7);
	g_autofree char *text = NULL;

	world_init(&world, true);
	cr_assert(config_select(world.config, hosts, NULL, NULL));
	evil.host = world.snap->hosts[0];
	relocation_add(shown, &evil, world.snap->hosts[2], VERDICT_FITS, "because");
	relocation_add(shown, &evil, world.snap->hosts[1], VERDICT_FITS, "because");
	relocation_leave(shown, &evil, NULL, "no\nroom");
	text = relocation_virsh(
		shown, world.snap, world.config, &(struct move_wish){ .copy = COPY_ALL, .unsafe = true });
	cr_expect_str_eq(text,
		"# Evacuate h0: 2 moves\n"
		"virsh -c 'qemu+ssh://h0/system' migrate --live --persistent "
		"--undefinesource --copy-storage-all --abort-on-error --unsafe "
		"aa000000-0000-0000-0000-000000000007 "
		"'qemu+ssh://root@h2:2222/system' 'tcp://h2'  # a?rm -rf /???x?\n"
		"virsh -c 'qemu+ssh://h0/system' migrate --live --persistent "
		"--undefinesource --copy-storage-all --abort-on-error --unsafe "
		"aa000000-0000-0000-0000-000000000007 "
		"'qemu+ssh://root@[fd00::1]:2222/system' 'tcp://[fd00::1]'  # a?rm -rf /???x?\n"
		"# a?rm -rf /???x? stays: no?room\n");
	relocation_free(shown);
	world_done(&world);
}
