/* Which guest should go where. */
#include "actions/evacuate.h"
#include "actions/maintenance.h"
#include "tests/support/snaps.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define GIB        (1024.0 * 1024 * 1024)
#define TEXT(text) ((char *)(uintptr_t)(text))
#define HOSTS      12
#define GUESTS     12
#define SEEDS      60

/* ---- fleets by dice ---- */

struct world {
	struct config *config;
	struct maintenance *maintenance;
	const struct host_facts *facts[2];
	const struct vm_facts *vm_facts;
	struct host_static places[HOSTS];
	char names[HOSTS][8];
	const struct fleet_snap *snap;
};

static const struct host_facts *
facts_of(enum hypervisor hypervisor)
{
	struct host_facts *facts = host_facts_new();

	facts->hypervisor = hypervisor;
	facts->driver = g_strdup(hypervisor == HYPERVISOR_XEN ? "Xen" : "QEMU");
	facts->live_migration = true;
	facts->moves = MOVE_BIT(FEATURE_COUNT) - 1;
	return facts;
}

/* What a host has and may not have is decided by DICE; a tenth of them is down, in maintenance or Xen. */
static void
roll_host(struct world *world, GRand *dice, unsigned i, struct snaps_part *part, struct vm *vms)
{
	double promised = 0;

	g_snprintf(world->names[i], sizeof(world->names[i]), "h%u", i);
	world->places[i] = (struct host_static){ .index = i,
		.name = world->names[i],
		.site = TEXT(g_rand_boolean(dice) ? "dc1" : "dc2"),
		.maintenance = i && g_rand_int_range(dice, 0, 10) == 0 };
	part->host = snaps_host(i, world->names[i]);
	part->host.config = &world->places[i];
	part->host.facts = world->facts[i && g_rand_int_range(dice, 0, 10) == 0];
	part->vms = vms;
	part->nvms = (size_t)g_rand_int_range(dice, 0, GUESTS + 1);
	for (size_t j = 0; j < part->nvms; j++) {
		char *name = g_strdup_printf("g%u-%zu", i, j);

		vms[j] = snaps_vm(name, i * 100 + (unsigned)j);
		vms[j].facts = world->vm_facts;
		snaps_set_vm(&vms[j], VM_MEM, GIB * (1 << g_rand_int_range(dice, 0, 5)));
		snaps_set_vm(&vms[j], VM_VCPUS, 1 << g_rand_int_range(dice, 0, 4));
		if (g_rand_int_range(dice, 0, 12) == 0)
			vms[j].state = VM_STATE_OFF;
		else
			promised += vms[j].value[VM_MEM];
	}
	snaps_set_host(&part->host, HOST_MEM_USED, MIN(promised + 4 * GIB, 127 * GIB));
	if (i && g_rand_int_range(dice, 0, 10) == 0)
		part->host.link = LINK_DOWN;
}

static void
world_roll(struct world *world, guint32 seed)
{
	GRand *dice = g_rand_new_with_seed(seed);
	struct snaps_part parts[HOSTS];
	struct vm vms[HOSTS][GUESTS];

	memset(world, 0, sizeof(*world));
	world->config = snaps_config();
	world->maintenance = maintenance_new(NULL);
	world->facts[0] = facts_of(HYPERVISOR_KVM);
	world->facts[1] = facts_of(HYPERVISOR_XEN);
	world->vm_facts = vm_facts_new(); /* nothing that could hold it */
	for (unsigned i = 0; i < HOSTS; i++)
		roll_host(world, dice, i, &parts[i], vms[i]);
	world->snap = snaps_fleet(parts, HOSTS);
	for (unsigned i = 0; i < HOSTS; i++)
		for (size_t j = 0; j < parts[i].nvms; j++)
			g_free((char *)(uintptr_t)vms[i][j].name);
	g_rand_free(dice);
}

static struct targets *
world_targets(const struct world *world)
{
	return targets_new(&(struct targets_opts){
		.snap = world->snap,
		.config = world->config,
		.maintenance = world->maintenance,
		.now_us = SNAPS_NOW_US,
	});
}

static void
world_done(struct world *world)
{
	fleet_snap_unref(world->snap);
	host_facts_unref(world->facts[0]);
	host_facts_unref(world->facts[1]);
	vm_facts_unref(world->vm_facts);
	maintenance_free(world->maintenance);
	config_free(world->config);
}

/* ---- what holds for every plan ---- */

/* Replays MOVES from the state that was: each goes where it may, and nobody is filled beyond what he has. */
static void
check_moves(const struct world *world, const struct relocation *moves, guint32 seed)
{
	struct targets *targets = world_targets(world);

	for (guint i = 0; i < moves->list->len; i++) {
		const struct move *move = moves->list->pdata[i];
		const struct vm *vm = fleet_snap_find_vm(world->snap, &move->guest);
		const struct host_snap *to = world->snap->hosts[move->dest];
		g_autofree char *why = NULL;
		struct room room;

		cr_assert_leq(targets_judge(targets, vm, to, &why), VERDICT_CAUTION, "seed %u: %s to %s: %s",
			seed, move->name, move->to, why);
		cr_expect(to->link == LINK_UP && !world->places[move->dest].maintenance);
		cr_expect_eq(to->facts->hypervisor, vm->host->facts->hypervisor);
		targets_put(targets, vm, to);
		room = targets_room(targets, to);
		cr_expect_geq(room.mem_free, 0, "seed %u", seed);
		cr_expect_leq(room_promised_pct(&room), 100, "seed %u", seed);
		cr_expect_leq(
			room_vcpu_ratio(&room) * 100, (double)world->config->vcpu_cap_pct, "seed %u", seed);
	}
	targets_free(targets);
}

static unsigned
alive_on(const struct host_snap *host)
{
	unsigned alive = 0;

	for (size_t i = 0; i < host->nvms; i++)
		alive += vm_is_running(&host->vms[i]);
	return alive;
}

Test(evacuate, never_fills_a_host_beyond_what_it_has_and_never_sends_to_one_that_refuses)
{
	unsigned moved = 0;

	for (guint32 seed = 1; seed <= SEEDS; seed++) {
		struct world world;
		struct targets *targets;
		struct relocation *moves;

		world_roll(&world, seed);
		targets = world_targets(&world);
		moves = evacuate_plan(targets, world.snap->hosts[0], NULL);
		cr_expect_eq(moves->list->len + moves->stays->len, alive_on(world.snap->hosts[0]),
			"seed %u: each goes or is said to stay", seed);
		cr_expect_eq(moves->off + alive_on(world.snap->hosts[0]), world.snap->hosts[0]->nvms);
		for (guint i = 0; i < moves->list->len; i++)
			cr_expect_neq(((const struct move *)moves->list->pdata[i])->dest, 0);
		check_moves(&world, moves, seed);
		moved += moves->list->len;
		relocation_free(moves);
		targets_free(targets);
		world_done(&world);
	}
	cr_expect_gt(moved, SEEDS, "the dice leave something to do");
}

Test(evacuate, gives_the_same_answer_to_the_same_question)
{
	struct world world;

	world_roll(&world, 7);
	struct targets *first = world_targets(&world), *second = world_targets(&world);
	struct relocation *a = evacuate_plan(first, world.snap->hosts[0], NULL);
	struct relocation *b = evacuate_plan(second, world.snap->hosts[0], NULL);

	cr_assert_eq(a->list->len, b->list->len);
	for (guint i = 0; i < a->list->len; i++)
		cr_expect_str_eq(
			((struct move *)a->list->pdata[i])->to, ((struct move *)b->list->pdata[i])->to);
	relocation_free(a);
	relocation_free(b);
	targets_free(first);
	targets_free(second);
	world_done(&world);
}

/* ---- evenness ---- */

/* A host of SIZES guests of so many GiB each, and COUNT others with nothing but what PROMISED says. */
static const struct fleet_snap *
plain_fleet(
	const struct host_facts *facts, const double *sizes, size_t n, const double *promised, size_t count)
{
	g_autofree struct snaps_part *parts = g_new0(struct snaps_part, count + 1);
	g_autofree struct vm *vms = g_new0(struct vm, n + count);
	static const char *const names[] = { "h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7" };
	static const char *const guests[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

	for (size_t i = 0; i < n; i++) {
		vms[i] = snaps_vm(guests[i], 100 + (unsigned)i);
		snaps_set_vm(&vms[i], VM_MEM, sizes[i] * GIB);
	}
	for (size_t i = 0; i <= count; i++) {
		parts[i] = (struct snaps_part){
			.host = snaps_host((uint32_t)i, names[i]), .vms = vms, .nvms = n
		};
		parts[i].host.facts = facts;
		if (i == 0)
			continue;
		vms[n + i - 1] = snaps_vm("load", (unsigned)i);
		snaps_set_vm(&vms[n + i - 1], VM_MEM, promised[i - 1] * GIB);
		parts[i].vms = &vms[n + i - 1];
		parts[i].nvms = 1;
	}
	return snaps_fleet(parts, count + 1);
}

/* All can go everywhere: then the difference between the fullest and the least full never grows, but for what the largest
 * guest itself makes. */
Test(evacuate, spreads_guests_over_the_least_full)
{
	static const double sizes[] = { 2, 8, 4, 16, 1, 8, 2, 4 }, promised[] = { 60, 20, 40, 44, 30 };
	struct config *config = snaps_config();
	const struct host_facts *facts = facts_of(HYPERVISOR_KVM);
	const struct fleet_snap *snap = plain_fleet(facts, sizes, 8, promised, 5);
	struct targets *targets =
		targets_new(&(struct targets_opts){ .snap = snap, .config = config, .now_us = SNAPS_NOW_US });
	struct relocation *moves = evacuate_plan(targets, snap->hosts[0], NULL);

	cr_expect_eq(moves->list->len, 8);
	cr_expect_str_eq(((struct move *)moves->list->pdata[0])->name, "d", "the largest first");
	cr_expect_str_eq(((struct move *)moves->list->pdata[0])->to, "h2", "to the least full");
	cr_expect_lt(moves->after.most - moves->after.least, moves->before.most - moves->before.least);
	cr_expect_lt(moves->after.deviation, moves->before.deviation);
	cr_expect_eq(moves->after.hosts, 5, "the one that is emptied does not count");
	relocation_free(moves);
	targets_free(targets);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
	config_free(config);
}

Test(evacuate, evens_out_with_moves_that_each_make_hosts_more_alike)
{
	unsigned moved = 0;

	for (guint32 seed = 1; seed <= SEEDS; seed++) {
		struct world world;
		struct targets *targets;
		struct relocation *moves;

		world_roll(&world, seed);
		targets = world_targets(&world);
		moves = evacuate_even_plan(targets, NULL, 10);
		cr_expect_leq(moves->list->len, 10);
		cr_expect_leq(moves->after.deviation, moves->before.deviation + 1e-9, "seed %u", seed);
		cr_expect_leq(moves->after.most, moves->before.most + 1e-9, "seed %u", seed);
		for (guint i = 0; i < moves->list->len; i++) {
			const struct move *move = moves->list->pdata[i];

			cr_expect_str_eq(world.places[move->guest.host].site, world.places[move->dest].site);
		}
		check_moves(&world, moves, seed);
		moved += moves->list->len;
		relocation_free(moves);
		targets_free(targets);
		world_done(&world);
	}
	cr_expect_gt(moved, SEEDS / 2, "the dice leave something to do");
}

Test(evacuate, leaves_alone_what_is_even)
{
	static const double sizes[] = { 10, 10, 10, 10 }, promised[] = { 38, 42 };
	struct config *config = snaps_config();
	const struct host_facts *facts = facts_of(HYPERVISOR_KVM);
	const struct fleet_snap *snap = plain_fleet(facts, sizes, 4, promised, 2);
	struct targets *targets =
		targets_new(&(struct targets_opts){ .snap = snap, .config = config, .now_us = SNAPS_NOW_US });
	struct relocation *moves = evacuate_even_plan(targets, NULL, 10);

	cr_expect_eq(moves->list->len, 0);
	relocation_free(moves);
	targets_free(targets);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
	config_free(config);
}

/* ---- the way back ---- */

Test(evacuate, brings_back_those_that_went_and_still_run_elsewhere)
{
	static const double sizes[] = { 4, 4, 4 }, promised[] = { 10 };
	struct config *config = snaps_config();
	const struct host_facts *facts = facts_of(HYPERVISOR_KVM);
	const struct fleet_snap *snap = plain_fleet(facts, sizes, 3, promised, 1);
	struct maintenance *maintenance = maintenance_new(NULL);
	g_autoptr(GPtrArray) guests = g_ptr_array_new();
	struct maintenance_guest left[] = { { .name = TEXT("a"), .to = TEXT("h0") },
		{ .name = TEXT("gone"), .to = TEXT("h0") }, { .name = TEXT("load"), .to = TEXT("h0") } };
	struct targets *targets;
	struct relocation *moves;

	memcpy(left[0].uuid, snap->hosts[0]->vms[0].uuid, UUID_LEN);
	memset(left[1].uuid, 0xee, UUID_LEN);
	memcpy(left[2].uuid, snap->hosts[1]->vms[0].uuid, UUID_LEN);
	for (size_t i = 0; i < G_N_ELEMENTS(left); i++)
		g_ptr_array_add(guests, &left[i]);
	cr_assert(maintenance_leave(maintenance, "h1", guests, NULL));
	targets = targets_new(&(struct targets_opts){ .snap = snap,
		.config = config,
		.maintenance = maintenance,
		.released = "h1",
		.now_us = SNAPS_NOW_US });
	moves = evacuate_return_plan(targets, snap->hosts[1], maintenance_find(maintenance, "h1"));
	cr_assert_eq(moves->list->len, 1, "one is gone, and one is there already");
	cr_expect_str_eq(((struct move *)moves->list->pdata[0])->name, "a");
	cr_expect_str_eq(((struct move *)moves->list->pdata[0])->to, "h1");
	relocation_free(moves);
	targets_free(targets);
	maintenance_free(maintenance);
	fleet_snap_unref(snap);
	host_facts_unref(facts);
	config_free(config);
}
